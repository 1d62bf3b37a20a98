import { z } from 'zod';

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** A wall-clock time of the hotel, `02:00`. */
export const ClockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/);

/**
 * The hotel this agent works for. Its zone is the only zone that stays and schedules are read in.
 *
 * `businessDateRollsAt` is when the night audit usually closes the day: before it, "today" is still yesterday.
 */
export const Property = z.strictObject({
  hotelId: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  name: z.string().trim().min(1).max(120),
  timeZone: z.string().refine(isTimeZone, 'not a time zone of the IANA list'),
  businessDateRollsAt: ClockTime.default('03:00'),
  currency: z.string().length(3),
});
export type Property = z.infer<typeof Property>;
