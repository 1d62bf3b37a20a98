import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { answersRun } from './answers.ts';
import { killRun } from './kill.ts';
import { malformedRun } from './malformed.ts';
import { sftpRun } from './sftp.ts';
import { outcomeHolds } from './site.ts';

const program = join(import.meta.dirname, '..', 'out', 'main', 'cli.js');
const seed = 20_261_121;

it.skipIf(!existsSync(program))(
  'delivers 10,500 rows once, in order and whole, although the agent is killed three times',
  { timeout: 120_000 },
  async () => {
    const run = await killRun({ seed, most: 3, program, receivers: null });
    expect({ seed, holds: outcomeHolds(run), findings: run.verdict.findings, isKilled: run.effectiveKills > 0 }).toEqual({
      seed,
      holds: true,
      findings: [],
      isKilled: true,
    });
  },
);

it.skipIf(!existsSync(program))(
  'delivers 10,500 rows once, in order and whole, although the hub misbehaves ten times',
  { timeout: 120_000 },
  async () => {
    const run = await answersRun({ seed, most: 10, program });
    expect({ seed, holds: outcomeHolds(run), findings: run.verdict.findings, troubles: run.troubles }).toEqual({
      seed,
      holds: true,
      findings: [],
      troubles: 10,
    });
  },
);

it.skipIf(!existsSync(program))(
  'delivers 10,500 rows once, in order and whole, from a file server that cuts the line, although the agent is killed twice',
  { timeout: 120_000 },
  async () => {
    const run = await sftpRun({ seed, most: 2, program });
    expect({ seed, holds: outcomeHolds(run), findings: run.verdict.findings, isKilled: run.effectiveKills > 0 }).toEqual({
      seed,
      holds: true,
      findings: [],
      isKilled: true,
    });
  },
);

it('accounts for every byte of sixty broken files', { timeout: 60_000 }, async () => {
  const { rows, kept, setAside, ...run } = await malformedRun({ seed, files: 60 });
  expect([run, kept > 100, setAside > 10, rows >= kept + setAside]).toEqual([
    { files: 60, crashed: 0, unaccountedBytes: 0, findings: [] },
    true,
    true,
    true,
  ]);
});
