import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeClock } from './fake-clock.ts';

const startMs = Date.parse('2026-03-01T12:00:00Z');
beforeEach(() => {
  vi.useFakeTimers({ now: startMs, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('goes on from where it is when it gets another speed, and tells the library so', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'bellhop-clock-')), 'clock');
  const clock = new FakeClock(file, { speed: 600 });
  const seen = [clock.aheadMs];
  vi.setSystemTime(startMs + 10_000);
  seen.push(clock.aheadMs);
  clock.run(10);
  const told = readFileSync(file, 'utf8');
  seen.push(clock.aheadMs);
  vi.setSystemTime(startMs + 11_000);
  clock.run(1);
  seen.push(clock.aheadMs);
  vi.setSystemTime(startMs + 99_000);
  seen.push(clock.aheadMs);
  // 10 s at 600 times are 5990 s ahead; of those 90 are what 10 times would have given by then.
  expect([seen, told, readFileSync(file, 'utf8')]).toEqual([
    [0, 5_990_000, 5_990_000, 5_999_000, 5_999_000],
    '+5900.000 x10\n',
    '+5999.000 x1\n',
  ]);
});

it('can be set, also back', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'bellhop-clock-')), 'clock');
  const clock = new FakeClock(file);
  clock.set(-3_600_000);
  expect([clock.now(), readFileSync(file, 'utf8')]).toEqual([startMs - 3_600_000, '-3600.000 x1\n']);
});
