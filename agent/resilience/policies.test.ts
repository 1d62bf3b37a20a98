import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import { backoffMs, destinationBreaker, policies, retryAfterMs, sleep } from './policies.ts';

describe('the wait before the next try', () => {
  it('may be anything up to a bound that doubles, and never more than a minute', () => {
    const longest = Array.from({ length: 10 }, (_, attempt) => backoffMs(attempt, () => 1));
    expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect([backoffMs(0, () => 0), backoffMs(1_000_000, () => 0.999_999)]).toEqual([0, 60_000]);
  });

  it('is spread evenly, so that a hundred hotels do not come back at once', () => {
    let seed = 20_261_121;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let at = 0; at < 10_000; at++) {
      const tenth = Math.min(9, Math.floor(backoffMs(3, random) / 400));
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    expect(tenths.filter((count) => count < 800 || count > 1200)).toEqual([]);
  });
});

describe('Retry-After', () => {
  const nowMs = Date.parse('2026-03-01T12:00:00Z');

  it.each<[string | undefined, number | null]>([
    [undefined, null],
    ['', null],
    ['0', 0],
    ['7', 7000],
    [' 7 ', 7000],
    ['3600', 3_600_000],
    ['3601', 3_600_000],
    ['1000000000', 3_600_000],
    ['9'.repeat(400), null],
    ['-5', null],
    ['1.5', null],
    ['soon', null],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['Sun, 01 Mar 2026 11:59:30 GMT', null],
    ['Mon, 01 Mar 2126 12:00:00 GMT', 3_600_000],
  ])('%j waits %j ms', (header, waitMs) => {
    expect(retryAfterMs(header, nowMs)).toBe(waitMs);
  });

  it('is never more than an hour and never less than nothing, whatever stands there', () => {
    const header = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    );
    fc.assert(
      fc.property(header, (text) => {
        const waitMs = retryAfterMs(text, nowMs);
        expect(waitMs === null || (waitMs >= 0 && waitMs <= 3_600_000)).toBe(true);
      }),
      { numRuns: 500, seed: 20_261_121 },
    );
  });
});

describe('the breaker of a destination', () => {
  const failing = (fault: Error) => () => Promise.reject(fault);
  const away = new Fault('upstream-unreachable', { host: 'hub' });

  it('opens after five failures in a row, and lets one try through a minute later', async () => {
    vi.useFakeTimers();
    try {
      const breaker = destinationBreaker();
      const states = [];
      for (let at = 0; at < 5; at++) {
        await breaker.execute(failing(away)).catch(() => undefined);
        states.push(breaker.state);
      }
      let tries = 0;
      const knock = () => breaker.execute(async () => ++tries).catch(() => undefined);
      await knock();
      vi.advanceTimersByTime(policies.breakerHalfOpenMs - 1);
      await knock();
      const before = tries;
      vi.advanceTimersByTime(1);
      await knock();
      expect([new Set(states.slice(0, 4)).size, states[4] !== states[0], before, tries, breaker.state === states[0]]).toEqual([
        1,
        true,
        0,
        1,
        true,
      ]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not count what is no failure of the line: our own stop, and records that are refused', async () => {
    const breaker = destinationBreaker();
    const before = breaker.state;
    for (let at = 0; at < 20; at++) {
      await breaker.execute(failing(new Fault('stopped'))).catch(() => undefined);
      await breaker.execute(failing(new Error('data'))).catch(() => undefined);
    }
    expect(breaker.state).toBe(before);
  });
});

describe('a rest', () => {
  it('ends at once when it is told to, also before it has begun, and leaves no timer', async () => {
    vi.useFakeTimers();
    try {
      const stop = new AbortController();
      const resting = sleep(3_600_000, stop.signal);
      stop.abort();
      await resting;
      await sleep(3_600_000, stop.signal);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
