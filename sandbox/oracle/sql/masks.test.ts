import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timeText } from '../values.ts';
import { formatNumber, formatTime, readTime } from './masks.ts';

describe('the masks of TO_CHAR and TO_DATE', () => {
  it('reads what it has written, for every moment and every mask that a sync uses', () => {
    const masks = ['YYYY-MM-DD HH24:MI:SS.FF9', 'DD-MON-YYYY HH12.MI.SS.FF9 AM', 'YYYYMMDD"T"HH24MISS"."FF9', 'MM/DD/RRRR HH24:MI:SS.FF9'];
    const moment = fc.tuple(
      fc.date({ min: new Date('1950-01-01'), max: new Date('2049-12-31'), noInvalidDate: true }),
      fc.nat(999_999_999),
    );
    fc.assert(
      fc.property(moment, fc.constantFrom(...masks), ([at, nanosecond], mask) => {
        const text = timeText(Math.floor(at.getTime() / 1000) * 1000, nanosecond);
        expect(readTime(formatTime(text, mask), mask, '2026-01-01')).toBe(text);
      }),
    );
  });

  it('takes a text that ends early, and the month of today where the mask names none', () => {
    expect([readTime('2026-03-01', 'YYYY-MM-DD HH24:MI:SS', '2026-01-01'), readTime('13:45', 'HH24:MI', '2026-07-20 10:00:00')]).toEqual([
      '2026-03-01 00:00:00',
      '2026-07-01 13:45:00',
    ]);
  });

  it('refuses what Oracle refuses, with its number', () => {
    const number = (text: string, mask: string) => {
      try {
        return readTime(text, mask, '2026-01-01');
      } catch (error) {
        return (error as { readonly number: number }).number;
      }
    };
    const wrong: readonly (readonly [string, string])[] = [
      ['2026-03-01 10:00', 'YYYY-MM-DD'],
      ['2026-03-x1', 'YYYY-MM-DD'],
      ['2026/03/01', 'YYYY-MM-DD'],
      ['2026-02-29', 'YYYY-MM-DD'],
      ['2026-03-01 25', 'YYYY-MM-DD HH24'],
      ['2026-03-01', 'YYYY-MM-QQ'],
    ];
    expect(wrong.map(([text, mask]) => number(text, mask))).toEqual([1830, 1858, 1861, 1839, 1850, 1821]);
  });

  it('writes numbers with and without a picture', () => {
    expect([
      formatNumber(1234.5, null),
      formatNumber(-0.25, 'TM9'),
      formatNumber(1234.5, 'FM9999990.00'),
      formatNumber(0.1 + 0.2, 'FM9999990D99'),
      formatNumber(7, '0009'),
      formatNumber(123_456, '999'),
      formatNumber(0.1 + 0.2, null),
    ]).toEqual(['1234.5', '-.25', '1234.50', '0.3', ' 0007', '####', '.3']);
  });
});
