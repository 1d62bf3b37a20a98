import type { Database } from 'better-sqlite3';
import { OracleError } from '../errors.ts';
import { offsetText, timeParts, timeText, wallMsOf } from '../values.ts';
import { formatNumber, formatTime, readTime } from './masks.ts';

/** What Oracle's functions do and SQLite's do not: registered with every connection. None of them is asked about a null but where said. */

const dayMs = 86_400_000;
type Value = string | number | null;

function wall(text: string): number {
  const time = timeParts(text);
  if (!time) throw new OracleError(1858, 'a non-numeric character was found where a numeric was expected');
  return wallMsOf(time);
}

function truncated(text: string, unit: string): string {
  if (/^(YYYY|YEAR|YY|Y)$/i.test(unit)) return `${text.slice(0, 4)}-01-01 00:00:00`;
  if (/^(MONTH|MON|MM)$/i.test(unit)) return `${text.slice(0, 7)}-01 00:00:00`;
  if (/^(HH24|HH)$/i.test(unit)) return `${text.slice(0, 13)}:00:00`;
  if (/^MI$/i.test(unit)) return `${text.slice(0, 16)}:00`;
  return `${text.slice(0, 10)} 00:00:00`;
}

function monthsLater(text: string, months: number): string {
  const time = timeParts(text);
  if (!time) throw new OracleError(1858, 'a non-numeric character was found where a numeric was expected');
  const lastDay = (year: number, month: number) => new Date(Date.UTC(year, month, 0)).getUTCDate();
  const target = new Date(Date.UTC(time.year, time.month - 1 + Math.trunc(months), 1));
  const last = lastDay(target.getUTCFullYear(), target.getUTCMonth() + 1);
  const isLast = time.day === lastDay(time.year, time.month);
  target.setUTCDate(isLast ? last : Math.min(time.day, last));
  return timeText(target.getTime() + (wall(text) % dayMs));
}

/** A time with a zone in UTC; one without is taken as it is. */
function inUtc(text: string): string {
  const time = timeParts(text);
  if (!time) throw new OracleError(1858, 'a non-numeric character was found where a numeric was expected');
  return timeText(wallMsOf(time) - (time.zoneMinutes ?? 0) * 60_000, time.nanosecond);
}

function toNumber(value: Value): Value {
  const number = typeof value === 'string' ? Number(value.trim()) : value;
  if (number === null || Number.isNaN(number) || (typeof value === 'string' && value.trim() === '')) throw new OracleError(1722);
  return number;
}

function padded(text: string, length: number, filling: string, side: 'left' | 'right'): string {
  return side === 'left' ? text.slice(0, length).padStart(length, filling) : text.slice(0, length).padEnd(length, filling);
}

function part(text: string, start: number, length: number | null): string | null {
  const from = start > 0 ? start - 1 : start < 0 ? text.length + start : 0;
  if (from < 0 || (length !== null && length < 1)) return null;
  return text.slice(from, length === null ? undefined : from + length) || null;
}

const functions: Readonly<Record<string, (...args: never[]) => Value>> = {
  ora_time_text: (value: string, mask: string) => formatTime(value, mask),
  ora_number_text: (value: number | bigint, mask: string | null) => formatNumber(value, mask),
  ora_date: (text: string, mask: string, today: string) => readTime(text, mask, today).slice(0, 19),
  ora_timestamp: (text: string, mask: string, today: string) => readTime(text, mask, today),
  ora_number: (value: Value) => toNumber(value),
  ora_trunc_time: (value: string, unit: string) => truncated(value, unit),
  ora_trunc_number: (value: number, places: number) => Math.trunc(Number((value * 10 ** places).toPrecision(15))) / 10 ** places,
  ora_add_days: (value: string, days: number) => timeText(wall(value) + Math.round(days * 86_400) * 1000),
  ora_days_between: (one: string, other: string) => (wall(one) - wall(other)) / dayMs,
  ora_add_months: (value: string, months: number) => monthsLater(value, months),
  ora_utc: (value: string) => inUtc(value),
  ora_with_zone: (value: string, minutes: number) => (timeParts(value)?.zoneMinutes === null ? value + offsetText(minutes) : value),
  ora_upper: (text: string) => text.toUpperCase(),
  ora_lower: (text: string) => text.toLowerCase(),
  ora_lpad: (text: string, length: number, filling: string) => padded(String(text), length, filling, 'left'),
  ora_rpad: (text: string, length: number, filling: string) => padded(String(text), length, filling, 'right'),
  ora_part: (text: string, start: number, length: number | null) => part(String(text), start, length),
  ora_place: (text: string, wanted: string, from: number) => String(text).indexOf(wanted, from - 1) + 1,
  ora_replace: (text: string, what: string, by: string | null) => String(text).replaceAll(what, by ?? '') || null,
};
/** The arguments that may be null without making the result null. */
const optional: Readonly<Record<string, number>> = { ora_number_text: 1, ora_part: 2, ora_replace: 2 };

export function registerFunctions(database: Database): void {
  for (const [name, run] of Object.entries(functions)) {
    const apply = run as (...args: Value[]) => Value;
    const needed = optional[name] ?? run.length;
    const guarded = (...args: Value[]) => (args.slice(0, needed).includes(null) ? null : apply(...args));
    database.function(name, { deterministic: true, varargs: true }, guarded as (...args: unknown[]) => unknown);
  }
}
