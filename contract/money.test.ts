import { describe, expect, it } from 'vitest';
import { currencyDecimals, decimalText, isCurrency, minorUnits } from './money.ts';

describe('money', () => {
  it.each([
    ['1249.50', 'USD', 124_950],
    ['1250', 'JPY', 1250],
    ['1.234', 'KWD', 1234],
    ['-12.5', 'EUR', -1250],
    ['12.500', 'EUR', 1250],
    ['0.29', 'EUR', 29],
    ['90071992547409.91', 'EUR', 9_007_199_254_740_991],
    ['-0', 'EUR', 0],
  ])('counts %s %s as %i minor units, without a float', (text, currency, minor) => {
    expect(minorUnits(text, currency)).toBe(minor);
  });

  it.each(['', ' 1', '1,5', '1e3', 'NaN', '--1', '1.2.3', '(12.00)', '€12'])('refuses %j', (text) => {
    expect(() => minorUnits(text, 'EUR')).toThrow(RangeError);
  });

  it('refuses more decimals than the currency has, and sums that are not exact', () => {
    expect(() => minorUnits('1.005', 'EUR')).toThrow(RangeError);
    expect(() => minorUnits('12.5', 'JPY')).toThrow(RangeError);
    expect(() => minorUnits('90071992547409.92', 'EUR')).toThrow(RangeError);
  });

  it('writes every amount back as it was', () => {
    for (const [minor, currency] of [
      [0, 'EUR'],
      [5, 'EUR'],
      [-1250, 'EUR'],
      [1234, 'KWD'],
      [1250, 'JPY'],
      [-5, 'KWD'],
    ] as const) {
      expect(minorUnits(decimalText(minor, currency), currency)).toBe(minor);
    }
    expect(decimalText(5, 'EUR')).toBe('0.05');
  });

  it('knows the codes of ISO 4217 and their decimals', () => {
    expect([isCurrency('EUR'), isCurrency('eur'), isCurrency('XXX'), isCurrency('DEM')]).toEqual([true, false, false, false]);
    expect(['EUR', 'JPY', 'KWD', 'CLF'].map(currencyDecimals)).toEqual([2, 0, 3, 4]);
  });
});
