import { offsetText, timeText } from './values.ts';

/** What wall clocks say: the server's own, in the zone of the hotel with its summer time, and those of sessions. */

/** A zone by its name, as `Europe/Amsterdam`, or by its distance from UTC, as `+02:00`. */
export type Zone = string;

const dayMs = 86_400_000;
const formats = new Map<Zone, Intl.DateTimeFormat>();
const wholeDays = new Map<string, number>();

/** Give how far a zone is ahead of UTC. @units minutes @throws {RangeError} for a zone that nobody knows. */
export function offsetMinutes(zone: Zone, atMs: number): number {
  const fixed = /^([+-])(\d{1,2}):(\d{1,2})$/.exec(zone);
  if (fixed) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3]));
  const day = Math.floor(atMs / dayMs);
  const key = `${zone} ${day}`;
  const known = wholeDays.get(key);
  if (known !== undefined) return known;
  const [start, end] = [lookUp(zone, day * dayMs), lookUp(zone, (day + 1) * dayMs)];
  if (start !== end) return lookUp(zone, atMs);
  // Asking for a zone is slow, and nearly all days have one offset.
  wholeDays.set(key, start);
  return start;
}

function lookUp(zone: Zone, atMs: number): number {
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  formats.set(zone, format);
  const name = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  return name === 'GMT' ? 0 : offsetMinutes(name.slice(3), atMs);
}

/** The wall clock of a zone as a DATE. */
export function wallDate(zone: Zone, atMs: number): string {
  return timeText(Math.floor(atMs / 1000) * 1000 + offsetMinutes(zone, atMs) * 60_000);
}

/** The wall clock of a zone as a TIMESTAMP WITH TIME ZONE. */
export function wallTimestamp(zone: Zone, atMs: number): string {
  const offset = offsetMinutes(zone, atMs);
  const wholeMs = Math.floor(atMs);
  const millisecond = ((wholeMs % 1000) + 1000) % 1000;
  const nanosecond = millisecond * 1_000_000 + Math.round((atMs - wholeMs) * 1000) * 1000;
  return timeText(wholeMs + offset * 60_000, nanosecond) + offsetText(offset);
}

/** Give the moment at which the wall clock of a zone shows an hour of a day; the day is counted from 1970. */
export function momentOf(zone: Zone, day: number, hour: number): number {
  const guessMs = day * dayMs + hour * 3_600_000;
  return guessMs - offsetMinutes(zone, guessMs - offsetMinutes(zone, guessMs) * 60_000) * 60_000;
}
