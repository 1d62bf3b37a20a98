import { describe, expect, it } from 'vitest';
import {
  beginPoll,
  beginSweep,
  finishPoll,
  finishSweep,
  lowerBound,
  mostVanished,
  noWatermark,
  readClock,
  type Seconds,
  secondsOf,
  stampOf,
  type Watermark,
  watermarkRules,
  windowSeconds,
  withClock,
  withLateness,
} from './watermark.ts';

const at = (text: string): Seconds => secondsOf(text) ?? Number.NaN;
const clock = (utc: string, local: string) => readClock({ utc, local });
/** A mark whose last pass has begun at a time, on a clock an hour ahead of UTC. */
const passed = (utc: string, offset = 3600): Watermark =>
  withClock({ ...noWatermark, passUtc: at(utc), widePassUtc: at(utc) }, { utc: at(utc), local: at(utc) + offset });

describe('the times of a source', () => {
  it('are counted by the calendar alone, whatever the zone of this PC', () => {
    expect([stampOf(at('2026-03-29 02:30:00')), at('2026-03-01 10:00:00.987654') - at('2026-03-01 09:00:00'), at('2026-03-01')]).toEqual([
      '2026-03-29 02:30:00',
      3600,
      at('2026-03-01 00:00:00'),
    ]);
  });

  it('are none when the text is none', () => {
    expect(['', 'yesterday', '2026-3-1', '10:00', '2026-03-01T10'].map(secondsOf)).toEqual([null, null, null, null, null]);
  });

  it('of a database that says none end with a clear message', () => {
    expect(() => readClock({ utc: '', local: '' })).toThrow(/no time/);
  });
});

describe('where a pass begins', () => {
  const { leastWindowSeconds, skewSeconds } = watermarkRules;

  it('lies a window, the skew and one second before the start of the last pass, on the clock of the database', () => {
    const mark = passed('2026-03-10 10:00:00');
    const { poll } = beginPoll(mark, clock('2026-03-10 10:01:00', '2026-03-10 11:01:00'), 1);
    expect(poll?.after).toEqual({ stamp: stampOf(at('2026-03-10 11:00:00') - leastWindowSeconds - skewSeconds - 1), key: null });
  });

  it('goes back by the hour that comes twice when summer time ends', () => {
    // 03:00 summer time becomes 02:00: the offset falls from two hours to one.
    const before = passed('2026-10-25 00:59:30', 7200);
    const { poll } = beginPoll(before, clock('2026-10-25 01:00:30', '2026-10-25 02:00:30'), 1);
    expect(poll?.after?.stamp).toBe(stampOf(at('2026-10-25 00:59:30') + 3600 - leastWindowSeconds - skewSeconds - 1));
  });

  it('keeps the smaller offset for as long as the window reaches back to it', () => {
    let mark = withClock(noWatermark, clock('2026-03-29 00:50:00', '2026-03-29 01:50:00'));
    mark = withClock(mark, clock('2026-03-29 01:05:00', '2026-03-29 03:05:00'));
    const soon = lowerBound(mark, at('2026-03-29 01:10:00'), 900, 1);
    const later = lowerBound(mark, at('2026-03-29 01:30:00'), 900, 1);
    expect([soon - (at('2026-03-29 01:10:00') - 903), later - (at('2026-03-29 01:30:00') - 903)]).toEqual([3600, 7200]);
  });

  it('lies two hours earlier when this PC was off so long that the clock may have gone and come back', () => {
    const mark = passed('2026-03-10 10:00:00');
    const { poll } = beginPoll(mark, clock('2026-03-10 13:00:00', '2026-03-10 14:00:00'), 1);
    // A pass after more than an hour looks a day back.
    expect(poll?.after?.stamp).toBe(stampOf(at('2026-03-10 11:00:00') - 24 * 3600 - skewSeconds - 1 - 7200));
  });

  it('is where a restored source stands, not where it had been', () => {
    const mark = passed('2026-03-10 10:00:00');
    const back = beginPoll(mark, clock('2026-03-09 10:00:00', '2026-03-09 11:00:00'), 1);
    expect([at(back.poll?.after?.stamp ?? '') < at('2026-03-09 11:00:00'), back.sweptUtc]).toEqual([true, null]);
    // Once an hour a pass looks a day back, by the clock as it stands now.
    const day = 24 * 3600;
    expect([back.poll?.windowSeconds, finishPoll(back).widePassUtc]).toEqual([day, at('2026-03-09 10:00:00')]);
  });

  it('stays the place of a pass that was cut short, and its time the time at which it began', () => {
    const running = beginPoll(passed('2026-03-10 10:00:00'), clock('2026-03-10 10:01:00', '2026-03-10 11:01:00'), 1);
    const half = { ...running, poll: running.poll && { ...running.poll, after: { stamp: '2026-03-10 10:58:00', key: '17' } } };
    const again = beginPoll(half, clock('2026-03-10 10:09:00', '2026-03-10 11:09:00'), 1);
    expect([again.poll?.after, finishPoll(again).passUtc]).toEqual([
      { stamp: '2026-03-10 10:58:00', key: '17' },
      at('2026-03-10 10:01:00'),
    ]);
  });

  it('does not come before the first load is whole', () => {
    const first = beginSweep(noWatermark, clock('2026-03-10 10:00:00', '2026-03-10 11:00:00'));
    const polled = beginPoll(first, clock('2026-03-10 10:05:00', '2026-03-10 11:05:00'), 1);
    expect([polled.poll, finishSweep(polled).passUtc]).toEqual([null, at('2026-03-10 10:00:00')]);
  });
});

describe('the window', () => {
  const polling = beginPoll(passed('2026-03-10 10:00:00'), clock('2026-03-10 10:01:00', '2026-03-10 11:01:00'), 1);

  it('grows to four times the largest lateness that was seen', () => {
    const late = withLateness(polling, ['2026-03-10 10:41:00', '2026-03-10 11:00:30', null]);
    expect([windowSeconds(polling), windowSeconds(late)]).toEqual([900, 4 * 20 * 60]);
  });

  it('is never wider than four hours, and is not moved by stamps that somebody has written by hand', () => {
    const late = withLateness(polling, ['2026-03-10 01:00:00']);
    expect([windowSeconds(late), windowSeconds(withLateness(polling, ['2019-01-01 00:00:00', '2099-01-01 00:00:00']))]).toEqual([
      14_400, 900,
    ]);
  });

  it('is not widened by the hour that a clock skips in spring', () => {
    // 01:59:50 becomes 03:00:00 ten seconds later; the row was twenty seconds old.
    const before = withClock(passed('2026-03-29 00:59:30'), clock('2026-03-29 00:59:55', '2026-03-29 01:59:55'));
    const polls = beginPoll(before, clock('2026-03-29 01:00:10', '2026-03-29 03:00:10'), 1);
    expect(windowSeconds(withLateness({ ...polls, passUtc: at('2026-03-29 00:59:55') }, ['2026-03-29 01:59:50']))).toBe(900);
  });

  it('forgets a lateness after thirty days', () => {
    const late = withLateness(polling, ['2026-03-10 10:41:00']);
    const month = {
      ...late,
      poll: late.poll && { ...late.poll, utc: late.poll.utc + 31 * 86_400, local: late.poll.local + 31 * 86_400 },
      passUtc: at('2026-04-10 09:59:00'),
    };
    expect(windowSeconds(withLateness(month, ['2026-04-10 10:58:00']))).toBe(900);
  });
});

it('believes a handful of missing rows, a fiftieth of many, and never more than five hundred', () => {
  expect([10, 1000, 1_000_000].map((rows) => mostVanished(noWatermark, rows))).toEqual([5, 20, 500]);
});

it('keeps no more of the clock than it needs, however often it looks', () => {
  let mark = noWatermark;
  for (let minute = 0; minute < 5000; minute++) mark = withClock(mark, { utc: minute * 60, local: minute * 60 + 3600 });
  expect(mark.offsets).toEqual([{ seconds: 3600, fromUtc: 0, toUtc: 4999 * 60 }]);
});
