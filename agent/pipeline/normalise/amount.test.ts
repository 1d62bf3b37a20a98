import { describe, expect, it } from 'vitest';
import { amountMinor, numberReader } from './amount.ts';

describe('reading amounts', () => {
  it.each([
    ['.', '', '1249.50', '1249.50'],
    [',', '.', '1.249,50', '1249.50'],
    ['.', ',', '1,234,567.89', '1234567.89'],
    [',', ' ', '1 234,56', '1234.56'],
    [',', ' ', '1\u00a0234,56', '1234.56'],
    [',', ' ', '1\u202f234,56', '1234.56'],
    ['.', "'", "1'234.50", '1234.50'],
    [',', '.', '1249,50', '1249.50'],
    ['.', '', '-5', '-5'],
  ] as const)('with %j and %j takes %s', (decimal, grouping, text, plain) => {
    expect(numberReader(decimal, grouping)(text)).toBe(plain);
  });

  it.each(['(12.00)', '12.00-', '€12', '12 EUR', '1e3', 'NaN', '1e400', '1,234.56', '1.234,56', '12.', '.5', '1.2.3', '', '+5'])(
    'never guesses at %j',
    (text) => {
      expect(numberReader('.', '')(text)).toBeNull();
    },
  );

  it.each([
    ['behind', '12.00-', '-12.00'],
    ['behind', '1,012.00 -', '-1012.00'],
    ['behind', '-12.00', null],
    ['brackets', '(1,012.00)', '-1012.00'],
    ['brackets', '(12.00', null],
    ['brackets', '12.00', '12.00'],
    ['before', '-1,012.00', '-1012.00'],
    ['before', '--12.00', null],
  ] as const)('with the minus %s reads %s as %s', (negative, text, plain) => {
    expect(numberReader('.', ',', negative)(text)).toBe(plain);
  });

  it('refuses a thousands sign in the wrong place', () => {
    const read = numberReader(',', '.');
    expect([read('1.23,00'), read('12.3456'), read('1.234.56')]).toEqual([null, null, null]);
  });

  it('counts in the minor unit of the currency, or takes cents as they are', () => {
    expect([
      amountMinor('12.5', 'EUR', 'major'),
      amountMinor('12.5', 'JPY', 'major'),
      amountMinor('1250', 'EUR', 'minor'),
      amountMinor('12.5', 'EUR', 'minor'),
    ]).toEqual([1250, null, 1250, null]);
  });
});
