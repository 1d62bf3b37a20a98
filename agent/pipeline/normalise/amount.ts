import { minorUnits } from '../../../contract/money.ts';

/** Reads a written number into a plain decimal text with a point; null when it is not written that way. */
export type NumberReader = (text: string) => string | null;

/**
 * Build a reader for numbers with a given decimal sign and thousands sign. What is written any other way is not guessed at:
 * brackets, trailing minus signs, currency signs, exponents and a thousands sign in the wrong place all give null.
 *
 * @shape `numberReader(',', '.')('1.249,50')` gives `'1249.50'`.
 */
export function numberReader(decimal: '.' | ',', grouping: string): NumberReader {
  const point = decimal === '.' ? '\\.' : ',';
  const group = grouping === '' ? '' : grouping === ' ' ? '[ \\u00a0\\u202f]' : grouping === '.' ? '\\.' : grouping;
  const whole = group === '' ? '\\d{1,15}' : `(?:\\d{1,3}(?:${group}\\d{3})+|\\d{1,15})`;
  const regex = new RegExp(`^(-?)(${whole})(?:${point}(\\d{1,10}))?$`);
  const groups = group === '' ? null : new RegExp(group, 'g');
  const isPlain = decimal === '.' ? /^-?\d{1,15}(?:\.\d{1,10})?$/ : /^-?\d{1,15}$/;
  return (text) => {
    // The way most are written is the way they are given on.
    if (isPlain.test(text)) return text;
    const parts = regex.exec(text);
    if (!parts) return null;
    const digits = groups ? (parts[2] as string).replace(groups, '') : (parts[2] as string);
    return `${parts[1]}${digits}${parts[3] === undefined ? '' : `.${parts[3]}`}`;
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
