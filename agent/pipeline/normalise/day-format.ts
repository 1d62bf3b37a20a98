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

const tokens: Readonly<Record<string, string>> = {
  YYYY: '(?<year>\\d{4})',
  YY: '(?<shortYear>\\d{2})',
  MON: '(?<monthName>\\p{L}{3})',
  MM: '(?<month>\\d{2})',
  M: '(?<month>\\d{1,2})',
  DD: '(?<day>\\d{2})',
  D: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
};

/** Reads a text as a hotel-local day or moment; null when it is none. */
export type MomentReader = (text: string) => string | null;

/**
 * Build a reader for days or moments in one written format.
 *
 * A two-digit year means 1970 to 2069. A day that the calendar lacks (29 Feb 2025, 0000-00-00) is none; an hour of 24 is none.
 *
 * @shape `momentReader('DD.MM.YYYY')('01.03.2026')` gives `'2026-03-01'`; with `HH:mm` in the format `'2026-03-01T14:05:00'`.
 * @throws {RangeError} when the format does not name a year, a month and a day.
 */
export function momentReader(format: string): MomentReader {
  let pattern = '';
  for (let at = 0; at < format.length; ) {
    const token = Object.keys(tokens).find((name) => format.startsWith(name, at));
    pattern += token ? tokens[token] : (format[at] as string).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    at += token ? token.length : 1;
  }
  const has = (name: string) => pattern.includes(`<${name}>`);
  if (!(has('year') || has('shortYear')) || !(has('month') || has('monthName')) || !has('day')) {
    throw new RangeError('the format needs a year, a month and a day');
  }
  const regex = new RegExp(`^${pattern}$`, 'u');
  return (text) => {
    const parts = regex.exec(text)?.groups;
    if (!parts) return null;
    const day = dayFrom(yearOf(parts), monthOf(parts), Number(parts.day));
    if (day === null || Number(day.slice(0, 4)) < 1900) return null;
    return parts.hour === undefined ? day : withTime(day, Number(parts.hour), Number(parts.minute ?? 0), Number(parts.second ?? 0));
  };
}

function yearOf(parts: Record<string, string | undefined>): number {
  if (parts.year !== undefined) return Number(parts.year);
  const short = Number(parts.shortYear);
  return short < 70 ? 2000 + short : 1900 + short;
}

function monthOf(parts: Record<string, string | undefined>): number {
  return parts.monthName === undefined ? Number(parts.month) : (months[parts.monthName.toUpperCase()] ?? 0);
}

const two = (value: number) => String(value).padStart(2, '0');

function withTime(day: string, hour: number, minute: number, second: number): string | null {
  if (hour > 23 || minute > 59 || second > 59) return null;
  return `${day}T${two(hour)}:${two(minute)}:${two(second)}`;
}

/** The reader for a field whose mapping names no format: ISO days, and for moments ISO times with a space or a T. */
export function isoReader(kind: 'day' | 'moment'): MomentReader {
  const day = isoDay;
  if (kind === 'day') return day;
  const spaced = momentReader('YYYY-MM-DD HH:mm:ss');
  const joined = momentReader('YYYY-MM-DDTHH:mm:ss');
  return (text) => (text.length === 10 ? day(text) : (spaced(text) ?? joined(text)));
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
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
