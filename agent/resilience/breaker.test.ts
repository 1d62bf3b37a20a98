import { BrokenCircuitError } from 'cockatiel';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import { LineBreaker } from './breaker.ts';
import { policies } from './policies.ts';

/** The breaker with its failures, by a clock of the test. */

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-03-01T12:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

const signal = new AbortController().signal;
const away = () => Promise.reject(new Fault('upstream-unreachable', { host: 'hub' }));
const well = () => Promise.resolve('well');
const tried = (breaker: LineBreaker, run: () => Promise<unknown>) =>
  breaker.execute(run, signal).then(
    (said) => said,
    (error: unknown) => (error instanceof BrokenCircuitError ? 'held up' : 'failed'),
  );

async function failing(breaker: LineBreaker, times: number): Promise<void> {
  for (let at = 0; at < times; at++) {
    await tried(breaker, away);
    vi.advanceTimersByTime(1000);
  }
}

describe('the failures that opened a breaker', () => {
  it('are kept with their times, and it says since when it is open, also after a trial in vain', async () => {
    const breaker = new LineBreaker(Date.now);
    const startMs = Date.now();
    await failing(breaker, 5);
    const open = [breaker.state, breaker.openedAtMs, breaker.failures.map(({ atMs }) => atMs - startMs)];
    vi.advanceTimersByTime(policies.breakerHalfOpenMs);
    const trial = await tried(breaker, away);
    expect([open, trial, breaker.state, breaker.openedAtMs, breaker.failures.length, breaker.failures[4]?.fault]).toEqual([
      ['open', startMs + 4000, [0, 1000, 2000, 3000, 4000]],
      'failed',
      'open',
      startMs + 4000,
      5,
      { code: 'upstream-unreachable', detail: { host: 'hub' } },
    ]);
  });

  it('are forgotten when something arrives, and when a person wants a try', async () => {
    const [mended, reset] = [new LineBreaker(Date.now), new LineBreaker(Date.now)];
    await failing(mended, 5);
    await failing(reset, 5);
    reset.reset();
    vi.advanceTimersByTime(policies.breakerHalfOpenMs);
    const said = await tried(mended, well);
    const both = [mended, reset].map((one) => [one.state, one.openedAtMs, one.failures.length]);
    expect([said, ...both]).toEqual(['well', ['closed', null, 0], ['closed', null, 0]]);
  });

  it('are not counted where they began before a person wanted a new count', async () => {
    const breaker = new LineBreaker(Date.now);
    const { promise, reject } = Promise.withResolvers<never>();
    const old = tried(breaker, () => promise);
    breaker.reset();
    reject(new Fault('upstream-timeout', { host: 'hub', seconds: '60' }));
    expect([await old, breaker.failures]).toEqual(['failed', []]);
  });

  it('say the truth however tries come: never more than five, none after a good one, open exactly after five in a row', async () => {
    const step = fc.oneof(
      fc.constant('good' as const),
      fc.constant('bad' as const),
      fc.constant('data' as const),
      fc.constant('wait' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (way) => {
        const breaker = new LineBreaker(Date.now);
        let inRow = 0;
        let restUntilMs = 0;
        for (const one of way) {
          if (one === 'wait') {
            vi.advanceTimersByTime(policies.breakerHalfOpenMs);
            continue;
          }
          const isHeld = inRow >= policies.breakerFailures && Date.now() < restUntilMs;
          const said = await tried(breaker, one === 'good' ? well : one === 'bad' ? away : () => Promise.reject(new Error('data')));
          expect(said === 'held up').toBe(isHeld);
          if (isHeld) continue;
          if (one === 'good') inRow = 0;
          // What is no failure of the line does not open it, and mends nothing but a trial.
          if (one === 'data') return;
          if (one === 'bad' && ++inRow >= policies.breakerFailures) restUntilMs = Date.now() + policies.breakerHalfOpenMs;
          expect([breaker.failures.length, breaker.openedAtMs !== null]).toEqual([Math.min(inRow, 5), inRow >= 5]);
        }
      }),
      { numRuns: 200, seed: 20_261_121 },
    );
  });
});
