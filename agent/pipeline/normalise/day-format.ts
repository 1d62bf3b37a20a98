import { dayFrom } from '../../../contract/day.ts';

/** English and German short months, as PMS exports write them. */
const months: Readonly<Record<string, number>> = {
  JAN: 1,
  FEB: 2,
  MAR: 3,
  MRZ: 3,
  APR: 4,
  MAY: 5,
  MAI: 5,
  JUN: 6,
  JUL: 7,
  AUG: 8,
  SEP: 9,
  OCT: 10,
  OKT: 10,
  NOV: 11,
  DEC: 12,
  DEZ: 12,
};

/** The signs of a format, longest first. M and D take one or two digits, all others have a fixed width. */
const tokens = ['YYYY', 'MON', 'YY', 'MM', 'DD', 'HH', 'mm', 'ss', 'M', 'D'] as const;
type Token = (typeof tokens)[number];

/** Reads a text as a hotel-local day or moment; null when it is none. */
export type MomentReader = (text: string) => string | null;

function parseFormat(format: string): (Token | { readonly literal: string })[] {
  const parts: (Token | { readonly literal: string })[] = [];
  for (let at = 0; at < format.length; ) {
    const token = tokens.find((name) => format.startsWith(name, at));
    parts.push(token ?? { literal: format[at] as string });
    at += token ? token.length : 1;
  }
  const has = (...names: readonly Token[]) => names.some((name) => parts.includes(name));
  if (!has('YYYY', 'YY') || !has('MM', 'M', 'MON') || !has('DD', 'D')) throw new RangeError('the format needs a year, a month and a day');
  return parts;
}

/**
 * Build a reader for days or moments in one written format.
 *
 * A two-digit year means 1970 to 2069. A day that the calendar lacks (29 Feb 2025, 0000-00-00) is none; an hour of 24 is none.
 *
 * @shape `momentReader('DD.MM.YYYY')('01.03.2026')` gives `'2026-03-01'`; with `HH:mm` in the format `'2026-03-01T14:05:00'`.
 * @throws {RangeError} when the format does not name a year, a month and a day.
 */
export function momentReader(format: string): MomentReader {
  const parts = parseFormat(format);
  const hasTime = parts.includes('HH');
  return (text) => {
    let at = 0;
    let year = -1;
    let month = -1;
    let day = -1;
    let hour = 0;
    let minute = 0;
    let second = 0;
    for (const part of parts) {
      if (typeof part !== 'string') {
        if (text[at] !== part.literal) return null;
        at++;
        continue;
      }
      const width = part === 'M' || part === 'D' ? digitsAt(text, at) : part.length;
      const value = part === 'MON' ? (months[text.slice(at, at + 3).toUpperCase()] ?? -1) : digits(text, at, at + width);
      if (value < 0) return null;
      at += width;
      if (part === 'YYYY') year = value;
      else if (part === 'YY') year = value < 70 ? 2000 + value : 1900 + value;
      else if (part === 'MM' || part === 'M' || part === 'MON') month = value;
      else if (part === 'DD' || part === 'D') day = value;
      else if (part === 'HH') hour = value;
      else if (part === 'mm') minute = value;
      else second = value;
    }
    if (at !== text.length || year < 1900) return null;
    const found = dayFrom(year, month, day);
    return found === null || !hasTime ? found : withTime(found, hour, minute, second);
  };
}

/** One digit or two: as many as stand there. */
function digitsAt(text: string, at: number): number {
  return digits(text, at, at + 2) >= 0 ? 2 : 1;
}

const two = (value: number) => (value < 10 ? `0${value}` : String(value));

function withTime(day: string, hour: number, minute: number, second: number): string | null {
  if (hour > 23 || minute > 59 || second > 59) return null;
  return `${day}T${two(hour)}:${two(minute)}:${two(second)}`;
}

/** The reader for a field whose mapping names no format: ISO days, and for moments ISO times with a space or a T. */
export function isoReader(kind: 'day' | 'moment'): MomentReader {
  if (kind === 'day') return isoDay;
  const spaced = momentReader('YYYY-MM-DD HH:mm:ss');
  const joined = momentReader('YYYY-MM-DDTHH:mm:ss');
  return (text) => (text.length === 10 ? isoDay(text) : (spaced(text) ?? joined(text)));
}

/** `2026-03-01` by its characters: the common case of the hot path, without a regular expression. */
function isoDay(text: string): string | null {
  if (text.length !== 10 || text[4] !== '-' || text[7] !== '-') return null;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  if (year < 1900 || month < 0 || day < 0) return null;
  return dayFrom(year, month, day) === null ? null : text;
}

function digits(text: string, from: number, to: number): number {
  if (to > text.length) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
