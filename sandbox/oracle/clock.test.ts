import { describe, expect, it } from 'vitest';
import { momentOf, offsetMinutes, wallDate, wallTimestamp } from './clock.ts';
import { dayOf } from './opera/rows.ts';

describe('the wall clock of a database server', () => {
  it('shows the hour of autumn twice, and leaves out the one of spring', () => {
    const at = (text: string) => wallDate('Europe/Amsterdam', Date.parse(text));
    expect([at('2026-10-25T00:30:00Z'), at('2026-10-25T01:30:00Z'), at('2026-03-29T00:59:59Z'), at('2026-03-29T01:00:00Z')]).toEqual([
      '2026-10-25 02:30:00',
      '2026-10-25 02:30:00',
      '2026-03-29 01:59:59',
      '2026-03-29 03:00:00',
    ]);
  });

  it('keeps its fraction and its offset, also of half an hour and before 1970', () => {
    expect([
      wallTimestamp('Asia/Kolkata', Date.parse('2026-01-01T00:00:00.123Z')),
      wallTimestamp('-03:30', Date.parse('1969-12-31T23:59:59.5Z')),
      offsetMinutes('UTC', 0),
    ]).toEqual(['2026-01-01 05:30:00.123+05:30', '1969-12-31 20:29:59.5-03:30', 0]);
  });

  it('finds the moment of an hour of the hotel on both sides of a change', () => {
    const moment = (day: string, hour: number) => new Date(momentOf('Europe/Amsterdam', dayOf(day), hour)).toISOString();
    expect([moment('2026-03-29', 0), moment('2026-03-29', 12), moment('2026-10-25', 12), moment('2026-10-26', 0)]).toEqual([
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T10:00:00.000Z',
      '2026-10-25T11:00:00.000Z',
      '2026-10-25T23:00:00.000Z',
    ]);
  });
});
