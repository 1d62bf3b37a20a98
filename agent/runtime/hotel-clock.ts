import { Temporal } from 'temporal-polyfill';
import type { Day } from '../../contract/day.ts';
import type { Property } from '../../contract/property.ts';

/** The hotel's wall clock at a moment. */
export function hotelTime(zone: string, atMs: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone);
}

/**
 * Give the business date: the hotel's calendar day, or the day before until the night audit has rolled it.
 * @shape at 02:10 with a roll at 03:00, Sunday's business date still is Saturday.
 */
export function businessDate(property: Property, atMs: number): Day {
  const time = hotelTime(property.timeZone, atMs);
  const rolls = Temporal.PlainTime.from(property.businessDateRollsAt);
  const isBefore = Temporal.PlainTime.compare(time.toPlainTime(), rolls) < 0;
  return (isBefore ? time.toPlainDate().subtract({ days: 1 }) : time.toPlainDate()).toString();
}

/**
 * Give the next moment after `afterMs` at which the hotel's clock shows HH:MM: once each day, also when a DST change leaves the
 * time out (then as much later) or shows it twice (then the first).
 */
export function nextDailyMs(at: string, zone: string, afterMs: number): number {
  const time = Temporal.PlainTime.from(at);
  let day = hotelTime(zone, afterMs).toPlainDate().subtract({ days: 1 });
  for (;;) {
    const moment = day.toZonedDateTime({ timeZone: zone, plainTime: time }).epochMilliseconds;
    if (moment > afterMs) return moment;
    day = day.add({ days: 1 });
  }
}
