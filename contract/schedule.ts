import { z } from 'zod';
import { ClockTime } from './property.ts';

/** The intervals of X-17, and shorter ones for databases, which are asked for what has changed at most once a minute. */
export const intervals = ['1m', '5m', '15m', '1h', '6h', '12h', '24h', '7d'] as const;

/**
 * When a connection reads its system by itself. Times are the hotel's wall clock.
 *
 * `every` counts from the last start; `daily` means HH:MM in hotel time, also over both DST changes;
 * `cron` has five fields, or six with seconds first.
 */
export const Schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('every'), interval: z.enum(intervals) }),
  z.strictObject({ kind: z.literal('daily'), at: ClockTime }),
  z.strictObject({ kind: z.literal('cron'), expression: z.string().trim().min(9).max(100) }),
  z.strictObject({ kind: z.literal('manual') }),
]);
export type Schedule = z.infer<typeof Schedule>;
