import { hotelTime } from '../runtime/hotel-clock.ts';

const hourMs = 3_600_000;
/** A check a day, in the hours in which a hotel is quiet. */
const notBeforeMs = 20 * hourMs;
const quietFrom = 1;
const quietTo = 5;
/** A PC that is off by night is checked by day. */
const atLatestMs = 48 * hourMs;

/** Whether everything is to be checked again. A clock that was set back does not put it off. */
export function isCheckDue({ sinceMs, nowMs, zone }: { readonly sinceMs: number; readonly nowMs: number; readonly zone: string }): boolean {
  const ageMs = nowMs - sinceMs;
  if (ageMs < 0 || ageMs > atLatestMs) return true;
  const { hour } = hotelTime(zone, nowMs);
  return ageMs >= notBeforeMs && hour >= quietFrom && hour < quietTo;
}
