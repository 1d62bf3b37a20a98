import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { killRun, p99, runHolds } from './kill.ts';

const program = join(import.meta.dirname, '..', 'out', 'main', 'cli.js');

it.skipIf(!existsSync(program))(
  'delivers 10,500 rows once, in order and whole, although the agent is killed three times',
  { timeout: 120_000 },
  async () => {
    const seed = 20_261_121;
    const run = await killRun({ seed, most: 3, program });
    expect({ seed, holds: runHolds(run), findings: run.verdict.findings, isKilled: run.effectiveKills > 0 }).toEqual({
      seed,
      holds: true,
      findings: [],
      isKilled: true,
    });
  },
);

it('calls a run failed when anything at all is wrong with it', () => {
  const verdict = {
    keys: 1,
    changes: 1,
    delivered: 1,
    lost: 0,
    twice: 0,
    inverted: 0,
    corrupt: 0,
    missed: 0,
    wronglySetAside: 0,
    skipped: 0,
  };
  const good = {
    seed: 1,
    kills: 1,
    effectiveKills: 1,
    killsWhileReading: 1,
    restartMs: [300],
    verdict: { ...verdict, findings: [] },
    wireDuplicates: 5,
    isDelivered: true,
    isIntact: true,
    wallMs: 1,
  };
  const spoilt = [{ isDelivered: false }, { isIntact: false }, { verdict: { ...good.verdict, twice: 1 } }];
  expect([runHolds(good), spoilt.map((wrong) => runHolds({ ...good, ...wrong }))]).toEqual([true, [false, false, false]]);
});

it('finds the value that only one in a hundred exceeds', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([p99(hundred), p99([7]), p99([])]).toEqual([99, 7, 0]);
});
