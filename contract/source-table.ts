import { z } from 'zod';

/**
 * How a table of a database that is read stands.
 *
 * @units times are UTC milliseconds, by the clock of the database; windows and lateness are seconds.
 */
export const TableStanding = z.strictObject({
  name: z.string(),
  /** Read by the time of the last change; otherwise compared whole, each time or at night alone. */
  isPolled: z.boolean(),
  isNightly: z.boolean(),
  /** When the last whole pass has begun: what was committed before it has been seen. Null while the first load lasts. */
  passAtMs: z.int().nullable(),
  /** When the last comparison of everything has begun. Null: never. */
  sweptAtMs: z.int().nullable(),
  isSweeping: z.boolean(),
  /** How far a pass looks back. */
  windowSeconds: z.int(),
  /** The latest that a row came into sight after its stamp, in the last 30 days. */
  latenessSeconds: z.int(),
  /** Rows that were read, and those of them that had something new. */
  rowsRead: z.int(),
  rowsChanged: z.int(),
  /** How many rows are missing at once, where that is too many to believe. */
  vanished: z.int().nullable(),
});
export type TableStanding = z.infer<typeof TableStanding>;
