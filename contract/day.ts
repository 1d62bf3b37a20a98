/** A calendar day in hotel time, `2026-03-01`. It has no zone and no hour, and is never a JavaScript Date. */
export type Day = string;

const dayShape = /^(\d{4})-(\d{2})-(\d{2})$/;
const dayMs = 86_400_000;

/** Give `2026-03-01` for (2026, 3, 1), or null when the calendar has no such day. */
export function dayFrom(year: number, month: number, day: number): Day | null {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null;
  return `${String(year).padStart(4, '0')}-${month < 10 ? '0' : ''}${month}-${day < 10 ? '0' : ''}${day}`;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Tell whether a text is a day that the calendar has. */
export function isDay(text: string): text is Day {
  const parts = dayShape.exec(text);
  return parts !== null && dayFrom(Number(parts[1]), Number(parts[2]), Number(parts[3])) === text;
}

/**
 * Number the days from 1970 on, by arithmetic alone: the hot path asks twice a row.
 * @source Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
 */
function dayNumber(day: Day): number {
  const year = number(day, 0, 4);
  const month = number(day, 5, 7);
  const date = number(day, 8, 10);
  if (day.length !== 10 || !(year >= 0 && month >= 0 && date >= 0)) throw new RangeError('not a day');
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + date - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

function number(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * Count the nights between two days; negative when `to` lies before `from`.
 * @throws {RangeError} when either text is not a day.
 */
export function daysBetween(from: Day, to: Day): number {
  return dayNumber(to) - dayNumber(from);
}

/** Give the day `count` days later (or earlier, when negative). */
export function addDays(day: Day, count: number): Day {
  return new Date((dayNumber(day) + count) * dayMs).toISOString().slice(0, 10);
}
