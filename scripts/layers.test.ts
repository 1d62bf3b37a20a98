import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** One import a rule must catch: the file it is planted in, what it imports, and the words of the rule. */
const forbidden: readonly (readonly [file: string, source: string, rule: string])[] = [
  ['contract/planted-a.ts', '../db/open.ts', 'contract imports no other layer'],
  ['contract/planted-b.ts', 'node:fs', 'contract sees neither Node nor the DOM'],
  ['contract/planted-c.ts', '@orpc/server', 'contract sees neither Node nor the DOM'],
  ['db/planted-a.ts', '../agent/index.ts', 'db imports contract only'],
  ['db/pipeline/planted-b.ts', '../../sandbox/index.ts', 'db imports contract only'],
  ['db/planted-c.ts', 'undici', 'db uses its database drivers and Node only'],
  ['agent/planted-a.ts', '../sandbox/index.ts', 'agent imports db and contract only'],
  ['agent/planted-b.ts', 'electron', 'agent imports db and contract only'],
  ['agent/runtime/planted-c.ts', '../../rigs/checker.ts', 'agent imports db and contract only'],
  ['agent/commands/planted-d.ts', '@orpc/server', 'oRPC stays in contract'],
  ['agent/pipeline/planted-e.ts', 'oracledb', 'drivers stay in'],
  ['agent/pipeline/planted-f.ts', 'undici', 'the line to a destination stays in pipeline/upstream'],
  ['agent/pipeline/planted-g.ts', 'pg', 'the line to a destination stays in pipeline/upstream'],
  ['agent/runtime/planted-h.ts', 'rabbitmq-client', 'the line to a destination stays in pipeline/upstream'],
  ['agent/pipeline/connectors/planted-d.ts', 'rabbitmq-client', 'the line to a destination stays in pipeline/upstream'],
  ['agent/pipeline/planted-m.ts', 'mysql2', 'drivers stay in'],
  ['agent/pipeline/normalise/planted-c.ts', 'rabbitmq-client', 'the line to a destination stays in pipeline/upstream'],
  ['agent/pipeline/connectors/planted-a.ts', './folder-csv.ts', 'no connector imports its sibling'],
  ['agent/pipeline/connectors/sftp-csv/planted-c.ts', '../folder-csv.ts', 'no connector imports its sibling'],
  ['agent/pipeline/connectors/planted-b.ts', '../normalise/rows.ts', 'the steps of a path never import each other'],
  ['agent/pipeline/normalise/planted-a.ts', 'node:crypto', 'normalise is pure'],
  ['agent/pipeline/normalise/planted-b.ts', '../outbox/settle.ts', 'the steps of a path never import each other'],
  ['agent/pipeline/outbox/planted-a.ts', '../upstream/https-ingest/index.ts', 'the steps of a path never import each other'],
  ['agent/pipeline/upstream/planted-a.ts', './https-ingest/index.ts', 'no destination imports its sibling'],
  ['agent/pipeline/upstream/https-ingest/planted-c.ts', '../planted.ts', 'no destination imports its sibling'],
  ['agent/pipeline/upstream/planted-b.ts', '../connectors/folder-csv.ts', 'the steps of a path never import each other'],
  ['main/planted-a.ts', '../agent/index.ts', 'main imports contract only'],
  ['main/planted-b.ts', 'better-sqlite3', 'main imports contract only'],
  ['preload/planted-a.ts', '../contract/faults.ts', 'preload imports contract/shell and electron only'],
  ['preload/planted-b.ts', 'node:fs', 'preload imports contract/shell and electron only'],
  ['renderer/planted-a.ts', '../db/open.ts', 'renderer imports contract only'],
  ['renderer/ui/planted-b.ts', 'node:path', 'renderer imports contract only'],
  ['renderer/ui/planted-c.ts', '@orpc/client', 'oRPC stays in contract'],
  ['renderer/monitoring/planted-d.ts', '../connections/list.tsx', 'the parts of the console never import each other'],
  ['renderer/connections/planted-e.ts', '../settings/settings.tsx', 'the parts of the console never import each other'],
  ['renderer/first-run/planted-f.ts', '../monitoring/overview.tsx', 'the parts of the console never import each other'],
  ['renderer/set-aside/planted-h.ts', '../monitoring/overview.tsx', 'the parts of the console never import each other'],
  ['renderer/records/planted-i.ts', '../set-aside/content.tsx', 'the parts of the console never import each other'],
  ['renderer/set-aside/planted-j.ts', '../records/records.tsx', 'the parts of the console never import each other'],
  ['renderer/leaves/planted-k.ts', '../records/records.tsx', 'the parts of the console never import each other'],
  ['renderer/records/planted-l.ts', '../leaves/leaves.tsx', 'the parts of the console never import each other'],
  ['renderer/certificate/planted-p.ts', '../leaves/leaves.tsx', 'the parts of the console never import each other'],
  ['renderer/leaves/planted-q.ts', '../certificate/certificate.tsx', 'the parts of the console never import each other'],
  ['renderer/resend/planted-m.ts', '../records/records.tsx', 'what several parts of the console share'],
  ['renderer/sending/planted-n.ts', '../monitoring/overview.tsx', 'what several parts of the console share'],
  ['renderer/forms/planted-o.ts', '../connections/add.tsx', 'what several parts of the console share'],
  ['renderer/settings/planted-g.ts', '../first-run/first-run.tsx', 'the parts of the console never import each other'],
];

/** Imports that look alike and are right. */
const allowed: readonly (readonly [file: string, source: string])[] = [
  ['contract/fine-a.ts', './money.ts'],
  ['db/fine-b.ts', '../contract/faults.ts'],
  ['agent/pipeline/connectors/fine-c.ts', '../connector.ts'],
  ['agent/pipeline/connectors/sftp-csv/fine-i.ts', './line.ts'],
  ['agent/pipeline/connectors/sftp-csv/fine-j.ts', '../../csv-drops.ts'],
  ['agent/pipeline/upstream/https-ingest/fine-k.ts', './settings.ts'],
  ['agent/pipeline/upstream/fine-d.ts', '../upstream.ts'],
  ['agent/pipeline/upstream/postgres/fine-l.ts', 'pg'],
  ['agent/pipeline/upstream/rabbitmq/fine-m.ts', 'rabbitmq-client'],
  ['agent/pipeline/normalise/fine-e.ts', '../../../contract/day.ts'],
  ['agent/runtime/fine-f.ts', '@orpc/server'],
  ['preload/fine-g.ts', '../contract/shell.ts'],
  ['renderer/rpc.ts', '@orpc/client'],
  ['renderer/monitoring/fine-h.ts', '../ui/chip.tsx'],
  ['renderer/records/fine-n.ts', '../resend/dialog.tsx'],
];

describe('the layer rules', () => {
  const root = mkdtempSync(join(tmpdir(), 'bellhop-layers-'));
  let said = '';

  beforeAll(() => {
    copyFileSync('biome.json', join(root, 'biome.json'));
    for (const [file, source] of [...forbidden, ...allowed]) {
      mkdirSync(join(root, dirname(file)), { recursive: true });
      writeFileSync(join(root, file), `import { planted } from '${source}';\nexport const used = planted;\n`);
    }
    const biome = join(process.cwd(), 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
    const args = ['lint', '--vcs-enabled=false', '--only=style/noRestrictedImports', '--max-diagnostics=none', '--colors=off', '.'];
    const run = spawnSync(process.execPath, [biome, ...args], { cwd: root, encoding: 'utf8' });
    said = run.stdout + run.stderr;
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** What was said of one file: from its name to the next. */
  const saidOf = (file: string) =>
    said
      .split(/\n(?=\S+:\d+:\d+ lint)/)
      .filter((part) => part.startsWith(`${file}:`))
      .join('\n');

  it.each(forbidden)('catch %s importing %s', (file, _source, rule) => {
    expect(saidOf(file).replace(/\s+/g, ' ')).toContain(rule);
  });

  it.each(allowed)('let %s import %s', (file) => {
    expect(saidOf(file)).toBe('');
  });
});
