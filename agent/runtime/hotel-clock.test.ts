import { describe, expect, it } from 'vitest';
import type { Property } from '../../contract/property.ts';
import { businessDate, hotelTime, nextDailyMs } from './hotel-clock.ts';

const hotel: Property = {
  hotelId: 'ALDQ',
  name: 'Aldermoor Quay',
  timeZone: 'Europe/Amsterdam',
  businessDateRollsAt: '03:00',
  currency: 'EUR',
};
const on = (time: string, given: Partial<Property> = {}) => businessDate({ ...hotel, ...given }, Date.parse(time));

describe('the business date', () => {
  it('stays yesterday until the night audit has rolled it', () => {
    expect(
      ['2026-06-13T22:00Z', '2026-06-14T00:10Z', '2026-06-14T00:59:59Z', '2026-06-14T01:00Z', '2026-06-14T21:59Z'].map((time) => on(time)),
    ).toEqual(['2026-06-13', '2026-06-13', '2026-06-13', '2026-06-14', '2026-06-14']);
  });

  it('is the calendar day for a hotel that rolls at midnight', () => {
    expect([on('2026-06-13T21:59Z', { businessDateRollsAt: '00:00' }), on('2026-06-13T22:00Z', { businessDateRollsAt: '00:00' })]).toEqual([
      '2026-06-13',
      '2026-06-14',
    ]);
  });

  it('is that of the hotel, not of the PC', () => {
    const time = '2026-06-14T12:00Z';
    expect(
      ['Pacific/Auckland', 'Pacific/Kiritimati', 'America/Los_Angeles', 'Pacific/Pago_Pago'].map((timeZone) => on(time, { timeZone })),
    ).toEqual(['2026-06-14', '2026-06-14', '2026-06-14', '2026-06-13']);
  });

  it('goes over the month, the year and the leap day', () => {
    expect(['2026-03-01T01:00Z', '2027-01-01T01:00Z', '2028-03-01T01:00Z'].map((time) => on(time))).toEqual([
      '2026-02-28',
      '2026-12-31',
      '2028-02-29',
    ]);
  });

  it.each([
    ['2026-03-29T00:59Z', '2026-03-28'],
    ['2026-03-29T01:00Z', '2026-03-29'],
    ['2026-10-25T00:30Z', '2026-10-24'],
    ['2026-10-25T01:30Z', '2026-10-24'],
    ['2026-10-25T02:00Z', '2026-10-25'],
  ])('at %s, in the night of a clock change, is %s', (time, day) => {
    expect(on(time)).toBe(day);
  });

  it('never goes back and leaves no day out, minute by minute over both changes', () => {
    const seen: string[] = [];
    for (const start of ['2026-03-27T00:00Z', '2026-10-23T00:00Z']) {
      for (let minute = 0; minute < 5 * 1440; minute += 7) {
        const day = businessDate(hotel, Date.parse(start) + minute * 60_000);
        if (day !== seen.at(-1)) seen.push(day);
      }
    }
    expect(seen).toEqual([
      ...['2026-03-26', '2026-03-27', '2026-03-28', '2026-03-29', '2026-03-30', '2026-03-31'],
      ...['2026-10-22', '2026-10-23', '2026-10-24', '2026-10-25', '2026-10-26', '2026-10-27'],
    ]);
  });
});

describe('a time of the day', () => {
  it('that is left out comes as much later, one that is shown twice comes the first time', () => {
    const next = (at: string, after: string) => new Date(nextDailyMs(at, 'Europe/Amsterdam', Date.parse(after))).toISOString().slice(0, 16);
    expect([
      next('02:30', '2026-03-28T12:00Z'),
      next('02:30', '2026-03-29T01:30Z'),
      next('02:30', '2026-10-24T12:00Z'),
      next('02:30', '2026-10-25T00:30Z'),
    ]).toEqual(['2026-03-29T01:30', '2026-03-30T00:30', '2026-10-25T00:30', '2026-10-26T01:30']);
  });

  it('that is now comes tomorrow: the run that it started is not started again', () => {
    expect(nextDailyMs('02:30', 'UTC', Date.parse('2026-03-10T02:30Z'))).toBe(Date.parse('2026-03-11T02:30Z'));
  });

  it('a day that a country left out altogether is not waited for', () => {
    // Samoa went over the date line: 30 December 2011 was never there.
    const next = nextDailyMs('10:00', 'Pacific/Apia', Date.parse('2011-12-30T00:00Z'));
    expect(hotelTime('Pacific/Apia', next).toPlainDateTime().toString()).toBe('2011-12-31T10:00:00');
  });
});
