import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DemoOptions, runDemo } from './demo.ts';

const agentProgram = join(import.meta.dirname, '..', '..', 'out', 'main', 'cli.js');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-demo-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

function options(changes: Partial<DemoOptions> = {}): DemoOptions {
  const nothing = () => undefined;
  return {
    folder,
    seed: 4,
    agentProgram,
    agentArgs: [],
    signal: new AbortController().signal,
    onReady: nothing,
    onExport: nothing,
    onStanding: nothing,
    ...changes,
  };
}

it.skipIf(!existsSync(agentProgram))('delivers what a living hotel dropped, and says so by the checker', { timeout: 60_000 }, async () => {
  const stop = new AbortController();
  const report = await runDemo(options({ signal: stop.signal, onExport: ({ name }) => name.endsWith('-002.csv') && stop.abort() }));
  const { captured, changes, delivered, lost, twice, inverted, corrupt, missed, isWhole, files } = report;
  expect({ lost, twice, inverted, corrupt, missed, isWhole, files, all: captured === changes && delivered === changes }).toEqual({
    lost: 0,
    twice: 0,
    inverted: 0,
    corrupt: 0,
    missed: 0,
    isWhole: true,
    files: 2,
    all: true,
  });
});

it('keeps away from a folder in which there is anything', async () => {
  writeFileSync(join(folder, 'pipeline.db'), 'somebody else’s');
  await expect(runDemo(options())).rejects.toThrow('is not empty');
});

it('says why when the agent cannot start, and leaves no process behind', async () => {
  const notAnAgent = join(folder, '..', `${folder.split('/').at(-1)}.mjs`);
  writeFileSync(
    notAnAgent,
    `process.stdout.write('{"error":{"code":"home-in-use","what":"Somebody is there.","safe":"","next":"Ask them."}}\\n');`,
  );
  await expect(runDemo(options({ agentProgram: notAnAgent }))).rejects.toThrow('Somebody is there. Ask them.');
  rmSync(notAnAgent);
});
