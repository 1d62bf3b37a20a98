import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Recorded, recordedRuns, reliabilityFile, reliabilityPage } from './reliability.ts';

const run = (more: Partial<Recorded>): Recorded => ({
  rig: 'powercut',
  recordedOn: '2026-11-29',
  command: 'npm run rig -- powercut --n 5 --seed 1',
  commit: 'abc1234',
  n: 5,
  passed: true,
  lost: 0,
  ...more,
});
const lineOf = (page: string, text: string) => page.split('\n').find((line) => line.includes(text));

it('is the page that the recorded runs give', () => {
  expect(readFileSync(reliabilityFile, 'utf8').replaceAll('\r\n', '\n')).toBe(reliabilityPage(recordedRuns()));
});

it('says what a run has found, and that a small one is only a sign', () => {
  const page = reliabilityPage([run({ n: 20, lost: 0, twice: 0 }), run({ n: 5 })]);
  expect(lineOf(page, 'powercut')).toContain('| 2026-11-29 | abc1234 | lost 0, twice 0 | a sign: 20 of 100,000 |');
  expect(lineOf(reliabilityPage([run({ n: 100_000 })]), 'powercut')).toContain('| proved |');
});

it('says that nothing proves a promise, and shows a failure until a later run holds', () => {
  expect(lineOf(reliabilityPage([]), 'powercut')).toContain('**unproven**');
  const failed = run({ passed: false, lost: 3 });
  expect(lineOf(reliabilityPage([run({ n: 100_000 }), failed]), 'powercut')).toContain('lost 3 | **failed** |');
  expect(lineOf(reliabilityPage([failed, run({ n: 100_000 })]), 'powercut')).toContain('proved');
});
