import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { answersRun } from './answers.ts';
import { killRun } from './kill.ts';
import { outcomeHolds } from './site.ts';

const program = join(import.meta.dirname, '..', 'out', 'main', 'cli.js');
const seed = 20_261_121;

it.skipIf(!existsSync(program))(
  'delivers 10,500 rows once, in order and whole, although the agent is killed three times',
  { timeout: 120_000 },
  async () => {
    const run = await killRun({ seed, most: 3, program });
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
