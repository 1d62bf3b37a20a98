import { dayFrom } from '../../../contract/day.ts';
import type { FieldRule } from '../../../contract/mapping.ts';

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

/** The signs of a format, longest first. M and D take one or two digits, months in letters as many as their name has, all others have a fixed width. */
const tokens = ['MONTH', 'YYYY', 'MON', 'YY', 'MM', 'DD', 'HH', 'hh', 'AM', 'mm', 'ss', 'M', 'D'] as const;
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
  if (!has('YYYY', 'YY') || !has('MM', 'M', 'MON', 'MONTH') || !has('DD', 'D'))
    throw new RangeError('the format needs a year, a month and a day');
  const isDigits = (part: (typeof parts)[number] | undefined) =>
    typeof part === 'string' && part !== 'MON' && part !== 'MONTH' && part !== 'AM';
  // Where one digit or two are followed by more, 2026111 could be two days.
  if (parts.some((part, at) => (part === 'M' || part === 'D') && (isDigits(parts[at + 1]) || isDigits(parts[at - 1]))))
    throw new RangeError('M and D need a sign before and behind them');
  if (has('hh') !== has('AM') || (has('hh') && has('HH'))) throw new RangeError('hours of twelve need hh and AM, hours of 24 need HH');
  return parts;
}

type MonthFinder = (text: string, at: number) => { readonly month: number; readonly width: number } | null;

/** Without regard to capitals, accents and a dot behind: nobody writes them alike. */
const folded = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ı', 'i');

/** The months of a language as its calendars write them, short and long, also as they stand behind a day. */
function monthFinder(language: string, width: 'short' | 'long'): MonthFinder {
  const names: { name: string; month: number }[] = [];
  for (let month = 1; month <= 12; month++) {
    const day = new Date(Date.UTC(2026, month - 1, 1));
    for (const more of [{}, { day: 'numeric' }] as const) {
      const parts = new Intl.DateTimeFormat(language, { month: width, timeZone: 'UTC', ...more }).formatToParts(day);
      const name = folded(parts.find((part) => part.type === 'month')?.value ?? '').replace(/\.$/, '');
      if (/^\p{L}+$/u.test(name) && !names.some((one) => one.name === name)) names.push({ name, month });
    }
  }
  names.sort((a, b) => b.name.length - a.name.length);
  return (text, at) => {
    const found = names.find(({ name }) => folded(text.slice(at, at + name.length)) === name);
    if (!found) return null;
    const end = at + found.name.length;
    return { month: found.month, width: found.name.length + (text[end] === '.' ? 1 : 0) };
  };
}

const threeLetters: MonthFinder = (text, at) => {
  const month = months[text.slice(at, at + 3).toUpperCase()];
  return month === undefined ? null : { month, width: 3 };
};

/**
 * Build a reader for days or moments in one written format.
 *
 * `months` is the language of month names; without one, three letters in English or German.
 * A two-digit year means 1970 to 2069. A day that the calendar lacks (29 Feb 2025, 0000-00-00) is none; an hour of 24 is none.
 *
 * @shape `momentReader('DD.MM.YYYY')('01.03.2026')` gives `'2026-03-01'`; with `HH:mm` in the format `'2026-03-01T14:05:00'`.
 * @throws {RangeError} when the format does not name a year, a month and a day.
 */
export function momentReader(format: string, language?: FieldRule['months']): MomentReader {
  const parts = parseFormat(format);
  const hasTime = parts.includes('HH') || parts.includes('hh');
  const short = language === undefined ? threeLetters : monthFinder(language, 'short');
  const long = parts.includes('MONTH') ? monthFinder(language ?? 'en', 'long') : short;
  return (text) => {
    let at = 0;
    let year = -1;
    let month = -1;
    let day = -1;
    let hour = 0;
    let minute = 0;
    let second = 0;
    let isAfternoon: boolean | null = null;
    for (const part of parts) {
      if (typeof part !== 'string') {
        if (text[at] !== part.literal) return null;
        at++;
        continue;
      }
      if (part === 'MON' || part === 'MONTH') {
        const found = (part === 'MON' ? short : long)(text, at);
        if (!found) return null;
        month = found.month;
        at += found.width;
        continue;
      }
      if (part === 'AM') {
        const half = text.slice(at, at + 2).toUpperCase();
        if (half !== 'AM' && half !== 'PM') return null;
        isAfternoon = half === 'PM';
        at += 2;
        continue;
      }
      const width = part === 'M' || part === 'D' ? digitsAt(text, at) : part.length;
      const value = digits(text, at, at + width);
      if (value < 0) return null;
      at += width;
      if (part === 'YYYY') year = value;
      else if (part === 'YY') year = value < 70 ? 2000 + value : 1900 + value;
      else if (part === 'MM' || part === 'M') month = value;
      else if (part === 'DD' || part === 'D') day = value;
      else if (part === 'HH' || part === 'hh') hour = value;
      else if (part === 'mm') minute = value;
      else second = value;
    }
    if (at !== text.length || year < 1900) return null;
    if (isAfternoon !== null) {
      if (hour < 1 || hour > 12) return null;
      hour = (hour % 12) + (isAfternoon ? 12 : 0);
    }
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
