import { describe, expect, it } from 'vitest';
import { isoReader, momentReader } from './day-format.ts';

describe('reading days', () => {
  it.each([
    ['DD.MM.YYYY', '01.03.2026', '2026-03-01'],
    ['D.M.YYYY', '1.3.2026', '2026-03-01'],
    ['D.M.YYYY', '11.12.2026', '2026-12-11'],
    ['DD-MON-YY', '01-MAR-26', '2026-03-01'],
    ['DD-MON-YY', '01-Mrz-26', '2026-03-01'],
    ['DD/MM/YY', '31/12/69', '2069-12-31'],
    ['DD/MM/YY', '31/12/70', '1970-12-31'],
    ['YYYYMMDD', '20260301', '2026-03-01'],
    ['DD.MM.YYYY HH:mm', '01.03.2026 14:05', '2026-03-01T14:05:00'],
    ['YYYY-MM-DD HH:mm:ss', '2026-03-01 23:59:59', '2026-03-01T23:59:59'],
  ])('by %s reads %s as %s', (format, text, day) => {
    expect(momentReader(format)(text)).toBe(day);
  });

  it.each([
    ['DD.MM.YYYY', '29.02.2025'],
    ['DD.MM.YYYY', '12/31/2025'],
    ['MM/DD/YYYY', '31/12/2025'],
    ['DD.MM.YYYY', '1.3.2026'],
    ['DD.MM.YYYY', '01.03.2026 '],
    ['DD.MM.YYYY', ''],
    ['YYYY-MM-DD', '0000-00-00'],
    ['YYYY-MM-DD', '0001-01-01'],
    ['DD-MON-YY', '01-XXX-26'],
    ['DD.MM.YYYY HH:mm', '01.03.2026 24:00'],
    ['YYYY-MM-DD', '2026-03-0١'],
  ])('by %s never guesses at %j', (format, text) => {
    expect(momentReader(format)(text)).toBeNull();
  });

  it.each([
    ['fr', 'D MONTH YYYY', '1 février 2026', '2026-02-01'],
    ['fr', 'DD MON YY', '14 juil. 26', '2026-07-14'],
    ['es', 'DD-MON-YYYY', '03-AGO-2026', '2026-08-03'],
    ['pl', 'D MONTH YYYY', '1 marca 2026', '2026-03-01'],
    ['tr', 'DD MON YYYY', '05 Ağu 2026', '2026-08-05'],
    ['de', 'D. MONTH YYYY', '3. Dezember 2026', '2026-12-03'],
    ['en', 'MM/DD/YYYY hh:mm AM', '03/01/2026 12:05 AM', '2026-03-01T00:05:00'],
    ['en', 'MM/DD/YYYY hh:mm AM', '03/01/2026 01:05 pm', '2026-03-01T13:05:00'],
  ] as const)('in %s by %s reads %s', (language, format, text, day) => {
    expect(momentReader(format, language)(text)).toBe(day);
  });

  it.each([
    ['fr', 'D MONTH YYYY', '1 February 2026'],
    ['en', 'MM/DD/YYYY hh:mm AM', '03/01/2026 13:05 PM'],
    ['en', 'MM/DD/YYYY hh:mm AM', '03/01/2026 00:05 AM'],
  ] as const)('in %s by %s never guesses at %s', (language, format, text) => {
    expect(momentReader(format, language)(text)).toBeNull();
  });

  it('without a format takes ISO days and moments', () => {
    const moment = isoReader('moment');
    expect([
      moment('2026-03-01'),
      moment('2026-03-01 14:05:00'),
      moment('2026-03-01T14:05:00'),
      isoReader('day')('2026-03-01 14:05:00'),
    ]).toEqual(['2026-03-01', '2026-03-01T14:05:00', '2026-03-01T14:05:00', null]);
  });

  it('refuses a format without a year, a month or a day, or with half a clock of twelve hours', () => {
    for (const format of ['DD.MM', 'YYYY-MM', 'HH:mm', 'YYYY-MM-DD hh:mm']) expect(() => momentReader(format)).toThrow(RangeError);
  });
});
