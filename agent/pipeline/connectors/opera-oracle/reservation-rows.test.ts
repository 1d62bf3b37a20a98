import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumOf } from './amounts.ts';
import { isPostingMaster, type Night, nobody, reachOf, reservationColumns, reservationRow } from './reservation-rows.ts';

const night = (day: string, more: Partial<Night> = {}): Night => ({
  day,
  amount: '100',
  currency: 'EUR',
  rateCode: 'BAR',
  adults: '2',
  children: '0',
  room: '101',
  category: '7',
  label: 'DLXK',
  market: null,
  origin: null,
  ...more,
});
const head = (arrival: string, departure: string) =>
  ['2026-05-01 10:00:00', 'ALDQ', '17', 'C17', '4', 'RESERVED', arrival, departure, '2026-04-01 09:00:00', 'CA', null, 'N', null] as const;
const cell = (row: ReturnType<typeof reservationRow>, name: (typeof reservationColumns)[number]) =>
  row.cells[reservationColumns.indexOf(name)];
const put = (nights: readonly Night[], dates: readonly [string, string] = ['2026-05-01', '2026-05-04'], businessDate = '2026-05-01') =>
  reservationRow(head(...dates), { nights, profile: undefined, reach: nobody, businessDate });

describe('a reservation', () => {
  it('costs its nights and not the day of departure, which has a row too', () => {
    const nights = ['2026-05-01', '2026-05-02', '2026-05-03', '2026-05-04'].map((day) => night(day, { amount: '120.10' }));
    expect([cell(put(nights), 'TOTAL'), cell(put(nights), 'CURRENCY')]).toEqual(['360.3', 'EUR']);
  });

  it('of one day costs that day', () => {
    expect(cell(put([night('2026-05-01', { amount: '80' })], ['2026-05-01', '2026-05-01']), 'TOTAL')).toBe('80');
  });

  it('in two currencies has no total rather than a wrong one', () => {
    const row = put([night('2026-05-01'), night('2026-05-02', { currency: 'USD' }), night('2026-05-03')]);
    expect([cell(row, 'TOTAL'), cell(row, 'CURRENCY')]).toEqual([null, null]);
  });

  it('stands in the room of the night that has begun, before that in the first', () => {
    const moved = [night('2026-05-01'), night('2026-05-02', { room: '202' }), night('2026-05-03', { room: '303' })];
    const dates = ['2026-05-01', '2026-05-04'] as const;
    expect(['2026-04-20', '2026-05-02', '2026-06-01'].map((today) => cell(put(moved, dates, today), 'ROOM'))).toEqual([
      '101',
      '202',
      '303',
    ]);
  });

  it('without nights and without a guest is kept all the same', () => {
    expect([put([]).key, cell(put([]), 'RESV_STATUS'), cell(put([]), 'TOTAL'), cell(put([]), 'GUEST_NAME')]).toEqual([
      '17',
      'RESERVED',
      null,
      null,
    ]);
  });

  it('is none when it is a posting master', () => {
    expect([
      isPostingMaster([night('2026-05-01', { category: '-1' })]),
      isPostingMaster([night('2026-05-01')]),
      isPostingMaster([]),
    ]).toEqual([true, false, false]);
  });
});

it('reaches a guest by the primary of each kind, and takes no number for an address', () => {
  expect(
    reachOf([
      { role: 'EMAIL', number: '+44 20 7946', isPrimary: true },
      { role: 'EMAIL', number: 'second@example.com', isPrimary: false },
      { role: 'PHONE', number: 'a@example.com', isPrimary: true },
      { role: 'PHONE', number: '+31 20 1', isPrimary: false },
      { role: 'FAX', number: '+31 20 9', isPrimary: true },
    ]),
  ).toEqual({ email: 'second@example.com', phone: '+31 20 1' });
});

describe('amounts', () => {
  it('are added exactly', () => {
    expect([sumOf(['0.1', '0.2']), sumOf(['.5', '1']), sumOf(['-5.25', '5.25']), sumOf(['10', '-30.5']), sumOf(['1e3'])]).toEqual([
      '0.3',
      '1.5',
      '0',
      '-20.5',
      null,
    ]);
  });

  it('come to the same as whole cents do, whatever they are', () => {
    const cents = fc.integer({ min: -10_000_000, max: 10_000_000 });
    const written = (value: number) =>
      `${value < 0 ? '-' : ''}${Math.floor(Math.abs(value) / 100)}.${String(Math.abs(value) % 100).padStart(2, '0')}`;
    fc.assert(
      fc.property(fc.array(cents, { minLength: 1, maxLength: 30 }), (all) => {
        const sum = all.reduce((total, one) => total + one, 0);
        return Math.round(Number(sumOf(all.map(written))) * 100) === sum;
      }),
    );
  });
});
