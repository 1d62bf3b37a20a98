import { z } from 'zod';

/** What a backup says of itself in the open: enough to choose one. Everything else in it is sealed. */
export const BackupFacts = z.strictObject({
  format: z.literal(1),
  madeAtMs: z.int(),
  bellhopVersion: z.string(),
  hotelId: z.string().nullable(),
  records: z.int(),
  rawFiles: z.int(),
  /** The name of the sealed database beside it, and the hash of what is in it. */
  database: z.strictObject({ name: z.string(), bytes: z.int(), sha256: z.string() }),
});
export type BackupFacts = z.infer<typeof BackupFacts>;

/**
 * How far a backup is. `result` comes with the last word: the folder of the backup, and how many raw files are missing or damaged
 * in the data folder itself, so that they could not be copied.
 */
export const BackupProgress = z.strictObject({
  phase: z.enum(['snapshot', 'raw-files', 'database', 'check', 'done']),
  doneBytes: z.int(),
  totalBytes: z.int(),
  result: z
    .strictObject({ folder: z.string(), records: z.int(), rawFiles: z.int(), newRawFiles: z.int(), bytes: z.int(), lostRawFiles: z.int() })
    .nullable(),
});
export type BackupProgress = z.infer<typeof BackupProgress>;
