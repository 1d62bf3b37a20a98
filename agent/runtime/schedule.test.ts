import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervals, Schedule } from '../../contract/schedule.ts';
import { intervalMs, nextRunMs, previewMs } from './schedule.ts';

const zone = 'Europe/Amsterdam';
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const at = (text: string) => Date.parse(text);
const utc = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString().slice(0, 16));
const hotelClock = (ms: number, inZone = zone) =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: inZone, dateStyle: 'short', timeStyle: 'medium' }).format(ms);

/** The starts of a connection that is looked at all the time, as the agent does: each counts from the one before. */
function runs(schedule: Schedule, inZone: string, from: string, until: string): number[] {
  const found: number[] = [];
  let last = at(from);
  for (;;) {
    const next = nextRunMs(schedule, inZone, { startedAtMs: last, setUpAtMs: at(from) }, last);
    if (next === null || next >= at(until)) return found;
    expect(next).toBeGreaterThan(last);
    found.push(next);
    last = next;
  }
}

/** A connection that last started then, seen at a moment: when does it run next? */
const next = (schedule: Schedule, startedAt: string | null, now: string, setUpAt = '2026-01-01T00:00Z') =>
  utc(nextRunMs(schedule, zone, { startedAtMs: startedAt === null ? null : at(startedAt), setUpAtMs: at(setUpAt) }, at(now)));

const daily: Schedule = { kind: 'daily', at: '02:30' };

describe('every day at 02:30', () => {
  it('runs once each day of 2026, also where the clock of Amsterdam goes forward and back', () => {
    const found = runs(daily, zone, '2025-12-31T12:00Z', '2026-12-31T12:00Z');
    const days = found.map((ms) => hotelClock(ms).slice(0, 10));
    expect([found.length, new Set(days).size]).toEqual([365, 365]);
    expect(found.filter((ms) => !hotelClock(ms).endsWith('02:30:00')).map((ms) => hotelClock(ms))).toEqual(['2026-03-29 03:30:00']);
    expect(found.map(utc).filter((time) => /-(03-(28|29|30)|10-(24|25|26))T/.test(time ?? ''))).toEqual([
      '2026-03-28T01:30',
      '2026-03-29T01:30',
      '2026-03-30T00:30',
      '2026-10-24T00:30',
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
  });

  it.each([
    ['Australia/Lord_Howe', '02:15'],
    ['Australia/Lord_Howe', '01:45'],
    ['America/St_Johns', '02:30'],
    ['America/Havana', '00:30'],
    ['Africa/Cairo', '00:30'],
    ['Africa/Casablanca', '02:30'],
    ['Asia/Kathmandu', '02:30'],
    ['Pacific/Chatham', '02:50'],
    ['Pacific/Auckland', '02:30'],
    ['America/Nuuk', '23:30'],
    ['Europe/Dublin', '01:30'],
    ['UTC', '00:00'],
  ])('runs once each day in %s at %s', (inZone, time) => {
    const found = runs({ kind: 'daily', at: time }, inZone, '2025-12-31T12:00Z', '2026-12-31T12:00Z');
    const gaps = found.slice(1).map((ms, index) => (ms - (found[index] as number)) / hourMs);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(22.5);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(25.5);
    expect(found.length).toBe(365);
  });

  it('follows the half hour by which Lord Howe changes its clock', () => {
    const found = runs({ kind: 'daily', at: '02:15' }, 'Australia/Lord_Howe', '2026-10-02T00:00Z', '2026-10-06T00:00Z');
    expect(found.map((ms) => hotelClock(ms, 'Australia/Lord_Howe'))).toEqual([
      '2026-10-03 02:15:00',
      '2026-10-04 02:45:00',
      '2026-10-05 02:15:00',
      '2026-10-06 02:15:00',
    ]);
  });

  it('moves with the zone of the hotel, not with that of the PC', () => {
    expect(
      ['Europe/Amsterdam', 'America/New_York', 'Asia/Tokyo'].map((inZone) =>
        utc(previewMs(daily, inZone, at('2026-07-01T00:00Z'), 1)[0] ?? 0),
      ),
    ).toEqual(['2026-07-01T00:30', '2026-07-01T06:30', '2026-07-01T17:30']);
  });
});

describe('every so often', () => {
  it.each(intervals)('%s counts from the last start, over both changes of the clock', (interval) => {
    const found = runs({ kind: 'every', interval }, zone, '2026-03-28T00:00Z', '2026-04-20T00:00Z');
    const gaps = new Set(found.slice(1).map((ms, index) => ms - (found[index] as number)));
    expect([...gaps]).toEqual([intervalMs[interval]]);
  });

  it('has a length for each interval that a person can choose', () => {
    expect(intervals.map((interval) => intervalMs[interval] / 60_000)).toEqual([1, 5, 15, 60, 360, 720, 1440, 10_080]);
  });
});

describe('by a cron expression', () => {
  it.each([
    ['30 2 * * *', '2026-03-10T12:00Z', '2026-03-11T01:30'],
    ['15 30 2 * * *', '2026-03-10T12:00Z', '2026-03-11T01:30'],
    ['*/10 * * * *', '2026-03-10T12:01Z', '2026-03-10T12:10'],
    ['0 6 * * MON', '2026-03-10T12:00Z', '2026-03-16T05:00'],
    ['0 0 1 * *', '2026-03-10T12:00Z', '2026-03-31T22:00'],
    ['0 12 29 2 *', '2026-03-10T12:00Z', '2028-02-29T11:00'],
  ])('%s after %s runs at %s', (expression, after, wanted) => {
    expect(next({ kind: 'cron', expression }, after, after)).toBe(wanted);
  });

  it('knows seconds', () => {
    const schedule: Schedule = { kind: 'cron', expression: '*/20 30 2 * * *' };
    const found = runs(schedule, zone, '2026-03-10T00:00Z', '2026-03-10T12:00Z');
    expect(found.map((ms) => new Date(ms).toISOString().slice(11, 19))).toEqual(['01:30:00', '01:30:20', '01:30:40']);
  });

  it('at 02:30 runs once each day of 2026 too', () => {
    const found = runs({ kind: 'cron', expression: '30 2 * * *' }, zone, '2025-12-31T12:00Z', '2026-12-31T12:00Z');
    expect([found.length, new Set(found.map((ms) => hotelClock(ms).slice(0, 10))).size]).toEqual([365, 365]);
  });

  it('every quarter of an hour leaves none out while the clock goes back', () => {
    const found = runs({ kind: 'cron', expression: '*/15 * * * *' }, zone, '2026-10-24T23:50Z', '2026-10-25T03:01Z');
    expect(found.length).toBe(13);
  });

  it.each(['a b c d e', '61 * * * *', '* * * *x', '0 25 * * *', '0 0 32 * *', 'every day at two'])(
    '%s is refused by its name',
    (expression) => {
      expect(() => next({ kind: 'cron', expression }, null, '2026-03-10T12:00Z')).toThrow(expect.objectContaining({ code: 'input-wrong' }));
    },
  );

  it('that never comes never runs, and nobody waits for it for ever', () => {
    expect([
      next({ kind: 'cron', expression: '0 0 30 2 *' }, null, '2026-03-10T12:00Z'),
      previewMs({ kind: 'cron', expression: '0 0 30 2 *' }, zone, 0, 3),
    ]).toEqual([null, []]);
  });
});

it('a schedule by hand never runs by itself', () => {
  expect([next({ kind: 'manual' }, null, '2026-03-10T12:00Z'), previewMs({ kind: 'manual' }, zone, 0, 3)]).toEqual([null, []]);
});

describe('after the PC was asleep or off', () => {
  const schedules: [string, Schedule, string][] = [
    ['every 15 minutes', { kind: 'every', interval: '15m' }, '2026-03-10T10:15'],
    ['every hour', { kind: 'every', interval: '1h' }, '2026-03-10T11:00'],
    ['daily', { kind: 'daily', at: '04:30' }, '2026-03-11T03:30'],
    ['by cron', { kind: 'cron', expression: '*/10 * * * *' }, '2026-03-10T10:10'],
  ];

  it.each(schedules)('of eight hours and more, %s catches up once and no more', (_name, schedule, missed) => {
    const slept = '2026-03-10T10:00Z';
    const woke = '2026-03-11T06:00Z';
    const due = next(schedule, slept, woke);
    const afterwards = nextRunMs(schedule, zone, { startedAtMs: at(woke), setUpAtMs: 0 }, at(woke)) ?? 0;
    expect([due, afterwards > at(woke)]).toEqual([missed, true]);
  });

  it('of a month, there is one start for all that were missed', () => {
    for (const [, schedule] of schedules) {
      const now = at('2026-04-10T10:00Z');
      const due = nextRunMs(schedule, zone, { startedAtMs: at('2026-03-10T10:00Z'), setUpAtMs: 0 }, now) ?? 0;
      const later = nextRunMs(schedule, zone, { startedAtMs: now, setUpAtMs: 0 }, now) ?? 0;
      expect([due <= now, later > now]).toEqual([true, true]);
    }
  });
});

describe('when somebody turns the clock of the PC', () => {
  const all: Schedule[] = [
    ...intervals.map((interval): Schedule => ({ kind: 'every', interval })),
    daily,
    { kind: 'cron', expression: '0 */6 * * *' },
  ];

  it.each(all)('back by a year, nothing waits for the old future: %j', (schedule) => {
    const now = at('2025-03-10T12:00Z');
    for (const setUpAtMs of [at('2024-01-01T00:00Z'), at('2026-01-01T00:00Z')]) {
      const due = nextRunMs(schedule, zone, { startedAtMs: at('2026-03-10T12:00Z'), setUpAtMs }, now) ?? Number.POSITIVE_INFINITY;
      expect(due - now).toBeLessThanOrEqual(dayMs);
    }
  });

  it.each(all)('ahead by a day, it starts once: %j', (schedule) => {
    const now = at('2026-03-11T12:00Z');
    const due = nextRunMs(schedule, zone, { startedAtMs: at('2026-03-10T11:59Z'), setUpAtMs: 0 }, now) ?? 0;
    const afterwards = nextRunMs(schedule, zone, { startedAtMs: now, setUpAtMs: 0 }, now) ?? 0;
    const isWeekly = schedule.kind === 'every' && schedule.interval === '7d';
    expect([due <= now, afterwards > now]).toEqual([!isWeekly, true]);
  });

  it.each(all)('ahead by a day and back again, it goes on within its own time: %j', (schedule) => {
    const now = at('2026-03-10T12:00Z');
    const due =
      nextRunMs(schedule, zone, { startedAtMs: now + dayMs, setUpAtMs: at('2026-03-01T00:00Z') }, now) ?? Number.POSITIVE_INFINITY;
    expect(due - now).toBeLessThanOrEqual(dayMs);
  });
});

describe('a connection that has never run', () => {
  it('reads at once when it runs every so often', () => {
    expect(next({ kind: 'every', interval: '24h' }, null, '2026-03-10T12:00Z', '2026-03-10T11:59Z')).toBe('2026-03-10T12:00');
  });

  it('counts from its set-up: the first night, not a night that was before', () => {
    expect([
      next(daily, null, '2026-03-10T12:00Z', '2026-03-10T11:59Z'),
      next({ kind: 'cron', expression: '30 2 * * *' }, null, '2026-03-10T12:00Z', '2026-03-10T11:59Z'),
    ]).toEqual(['2026-03-11T01:30', '2026-03-11T01:30']);
  });

  it('catches up when its first night passed while the PC was off', () => {
    expect(next(daily, null, '2026-03-15T12:00Z', '2026-03-10T11:59Z')).toBe('2026-03-11T01:30');
  });

  it('does not wait for a set-up that lies in the future of a clock that was turned back', () => {
    expect(next(daily, null, '2025-03-10T12:00Z', '2026-03-10T12:00Z')).toBe('2025-03-11T01:30');
  });
});

it('shows the next times that will come true', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Schedule>(daily, { kind: 'every', interval: '6h' }, { kind: 'cron', expression: '0 */5 * * *' }),
      fc.constantFrom(zone, 'Australia/Lord_Howe', 'America/New_York'),
      fc.integer({ min: at('2026-01-01T00:00Z'), max: at('2027-01-01T00:00Z') }),
      (schedule, inZone, nowMs) => {
        const shown = previewMs(schedule, inZone, nowMs, 3);
        expect([shown.length, shown.every((ms, index) => ms > (shown[index - 1] ?? nowMs))]).toEqual([3, true]);
        expect(nextRunMs(schedule, inZone, { startedAtMs: nowMs, setUpAtMs: nowMs }, nowMs)).toBe(shown[0]);
      },
    ),
    { numRuns: 200, seed: 20_261_121 },
  );
});

it('takes in the contract what a person can choose, and nothing else', () => {
  const good = [
    { kind: 'daily', at: '02:30' },
    { kind: 'every', interval: '15m' },
    { kind: 'cron', expression: '0 2 * * *' },
  ];
  const bad = [
    { kind: 'daily', at: '24:00' },
    { kind: 'daily', at: '2:30' },
    { kind: 'every', interval: '2m' },
    { kind: 'cron', expression: '' },
  ];
  expect([good.map((one) => Schedule.safeParse(one).success), bad.map((one) => Schedule.safeParse(one).success)]).toEqual([
    good.map(() => true),
    bad.map(() => false),
  ]);
});
