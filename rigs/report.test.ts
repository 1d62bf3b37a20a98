import { expect, it } from 'vitest';
import { type Run, reportLine, runsHold } from './report.ts';

const verdict = {
  keys: 1,
  changes: 1,
  delivered: 10,
  lost: 0,
  twice: 0,
  inverted: 0,
  corrupt: 0,
  missed: 0,
  wronglySetAside: 0,
  skipped: 0,
  findings: [],
};
const good: Run = { verdict, isDelivered: true, isIntact: true, n: 5, wireDuplicates: 3, restartMs: [300, 500], figures: { kills: 6 } };

it('adds the homes up and leaves no figure out', () => {
  const worse: Run = { ...good, verdict: { ...verdict, lost: 2, twice: 1 }, isDelivered: false, figures: { kills: 1 } };
  expect(reportLine([good, worse], 7)).toEqual({
    seed: 7,
    n: 10,
    lost: 2,
    twice: 1,
    inverted: 0,
    corrupt: 0,
    missed: 0,
    wronglySetAside: 0,
    skipped: 0,
    undelivered: 1,
    untidy: 0,
    damaged: 0,
    broken: 0,
    delivered: 20,
    wireDuplicates: 6,
    kills: 7,
    p99RestartMs: 500,
  });
});

it('passes only when every home holds, was disturbed enough, and came back fast enough', () => {
  const spoilt: Partial<Run>[] = [
    { isDelivered: false },
    { isIntact: false },
    { isTidy: false },
    { broken: 1 },
    { restartMs: [3001] },
    ...(['lost', 'twice', 'inverted', 'corrupt', 'missed', 'wronglySetAside'] as const).map((name) => ({
      verdict: { ...verdict, [name]: 1 },
    })),
  ];
  expect([runsHold([good, good], 10), runsHold([good], 10), spoilt.filter((wrong) => runsHold([good, { ...good, ...wrong }], 10))]).toEqual(
    [true, false, []],
  );
});

it('judges how long a start takes where nothing ran beside it, and everything else in any case', () => {
  const slow: Run = { ...good, restartMs: [3001] };
  expect([
    runsHold([slow], 5, 'alone'),
    runsHold([slow], 5, 'beside others'),
    runsHold([{ ...slow, verdict: { ...verdict, lost: 1 } }], 5, 'beside others'),
  ]).toEqual([false, true, false]);
});
