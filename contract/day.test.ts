import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, dayFrom, daysBetween, isDay } from './day.ts';

const days = fc
  .date({ min: new Date('1900-01-01T00:00:00Z'), max: new Date('2199-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

describe('a calendar day', () => {
  it('exists only when the calendar has it', () => {
    expect(
      ['2024-02-29', '2025-02-29', '1900-02-29', '2000-02-29', '2026-04-31', '2026-13-01', '0000-00-00', '2026-1-1'].map(isDay),
    ).toEqual([true, false, false, true, false, false, false, false]);
    expect(dayFrom(2026, 2, 30)).toBeNull();
  });

  it('counts nights as the calendar does, over every leap year and DST change', () => {
    fc.assert(
      fc.property(days, days, (from, to) => {
        expect(daysBetween(from, to)).toBe((Date.parse(to) - Date.parse(from)) / 86_400_000);
      }),
    );
  });

  it('adds what it counts', () => {
    fc.assert(
      fc.property(days, fc.integer({ min: -3000, max: 3000 }), (day, count) => {
        expect(daysBetween(day, addDays(day, count))).toBe(count);
      }),
    );
  });

  it.each(['', '2026-03', 'soon', '2026-03-1x'])('refuses to count from %j', (text) => {
    expect(() => daysBetween(text, '2026-03-01')).toThrow(RangeError);
  });
});
