import type { FieldRule } from '../../../contract/mapping.ts';
import { minorUnits } from '../../../contract/money.ts';

/** Reads a written number into a plain decimal text with a point; null when it is not written that way. */
export type NumberReader = (text: string) => string | null;

/**
 * Build a reader for numbers with a given decimal sign and thousands sign. A number below zero has its
 * minus sign before or behind it, or stands in brackets, as `negative` says. What is written any other way is not guessed at: currency
 * signs, exponents and a thousands sign in the wrong place all give null.
 *
 * @shape `numberReader(',', '.')('1.249,50')` gives `'1249.50'`.
 */
export function numberReader(decimal: '.' | ',', grouping: string, negative: FieldRule['negative'] = 'before'): NumberReader {
  const read = unsignedReader(decimal, grouping);
  const plain = decimal === '.' ? /^-?\d{1,15}(?:\.\d{1,10})?$/ : /^-?\d{1,15}$/;
  const below = negative === 'before' ? /^-(.+)$/ : negative === 'behind' ? /^(.+?) ?-$/ : /^\((.+)\)$/;
  return (text) => {
    // The way most are written is the way they are given on.
    if (plain.test(text) && (negative === 'before' || text[0] !== '-')) return text;
    const parts = below.exec(text);
    const found = read(parts?.[1] ?? text);
    return found === null || !parts ? found : `-${found}`;
  };
}

function unsignedReader(decimal: '.' | ',', grouping: string): NumberReader {
  const point = decimal === '.' ? '\\.' : ',';
  const group = grouping === '' ? '' : grouping === ' ' ? '[ \\u00a0\\u202f]' : grouping === '.' ? '\\.' : grouping;
  const whole = group === '' ? '\\d{1,15}' : `(?:\\d{1,3}(?:${group}\\d{3})+|\\d{1,15})`;
  const regex = new RegExp(`^(${whole})(?:${point}(\\d{1,10}))?$`);
  const groups = group === '' ? null : new RegExp(group, 'g');
  return (text) => {
    const parts = regex.exec(text);
    if (!parts) return null;
    const digits = groups ? (parts[1] as string).replace(groups, '') : (parts[1] as string);
    return `${digits}${parts[2] === undefined ? '' : `.${parts[2]}`}`;
  };
}

/**
 * Turn a plain decimal text into minor units, or null when the currency has fewer decimals than the text or it is too large.
 * `unit: 'minor'` says that the text already counts cents.
 */
export function amountMinor(plain: string, currency: string, unit: 'major' | 'minor'): number | null {
  try {
    if (unit === 'major') return minorUnits(plain, currency);
    return plain.includes('.') ? null : minorUnits(plain, 'JPY');
  } catch {
    return null;
  }
}
