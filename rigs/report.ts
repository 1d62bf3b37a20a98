import { type Outcome, outcomeHolds } from './site.ts';

/** One home of a rig, as the report counts it. */
export type Run = Outcome & {
  /** How many times this home was disturbed. */
  readonly n: number;
  readonly wireDuplicates: number;
  /** How long each start took until the agent was ready. */
  readonly restartMs: readonly number[];
  /** What only this rig counts. */
  readonly figures: Readonly<Record<string, number>>;
};

/** P1: 99 of 100 starts are ready within this time. */
const mostRestartMs = 3000;

/** Add up some runs to one line of figures; every key is there, also when it is 0. */
export function reportLine(runs: readonly Run[], seed: number) {
  const sum = (of: (run: Run) => number) => runs.reduce((total, run) => total + of(run), 0);
  const figures = [...new Set(runs.flatMap((run) => Object.keys(run.figures)))];
  return {
    seed,
    n: sum((run) => run.n),
    lost: sum((run) => run.verdict.lost),
    twice: sum((run) => run.verdict.twice),
    inverted: sum((run) => run.verdict.inverted),
    corrupt: sum((run) => run.verdict.corrupt),
    missed: sum((run) => run.verdict.missed),
    wronglySetAside: sum((run) => run.verdict.wronglySetAside),
    skipped: sum((run) => run.verdict.skipped),
    undelivered: sum((run) => (run.isDelivered ? 0 : 1)),
    untidy: sum((run) => (run.isTidy === false ? 1 : 0)),
    damaged: sum((run) => (run.isIntact ? 0 : 1)),
    broken: sum((run) => run.broken ?? 0),
    delivered: sum((run) => run.verdict.delivered),
    wireDuplicates: sum((run) => run.wireDuplicates),
    ...Object.fromEntries(figures.map((name) => [name, sum((run) => run.figures[name] ?? 0)])),
    p99RestartMs: p99(runs.flatMap((run) => run.restartMs)),
  };
}

/**
 * Tell whether all runs hold and were disturbed often enough to mean something. How long a start takes is told in any case, and judged where
 * nothing else of ours ran beside it.
 */
export function runsHold(runs: readonly Run[], n: number, ran: 'alone' | 'beside others' = 'alone'): boolean {
  const { n: reached, p99RestartMs } = reportLine(runs, 0);
  return runs.every(outcomeHolds) && reached >= n && (ran === 'beside others' || p99RestartMs <= mostRestartMs);
}

/** Give the value that only one in a hundred exceeds; 0 where there are none. */
function p99(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return Math.round(sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0);
}
