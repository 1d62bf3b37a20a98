import { z } from 'zod';
import { FaultReport } from './faults.ts';
import { ClockTime } from './property.ts';

/** What a backup says of itself in the open: enough to choose one. Everything else in it is sealed. */
export const BackupFacts = z.strictObject({
  format: z.literal(1),
  /** Of which data folder it is; one that an earlier version made does not say. */
  dataFolder: z.string().optional(),
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
 * The restore drill of a backup: it was opened as for a restore, into a place of its own, and compared. `isWell`: it can be restored.
 * `blocks`, `rawFiles`: how many seals of each were opened. `flaw` says what did not fit.
 */
export const BackupDrill = z.strictObject({
  atMs: z.int(),
  isWell: z.boolean(),
  records: z.int(),
  blocks: z.int(),
  rawFiles: z.int(),
  flaw: z.string().nullable(),
});
export type BackupDrill = z.infer<typeof BackupDrill>;

/**
 * How far a backup is. `result` comes with the last word: the folder of the backup, and how many raw files are missing or damaged
 * in the data folder itself, so that they could not be copied.
 */
export const BackupProgress = z.strictObject({
  phase: z.enum(['snapshot', 'raw-files', 'database', 'check', 'drill', 'done']),
  doneBytes: z.int(),
  totalBytes: z.int(),
  result: z
    .strictObject({
      folder: z.string(),
      records: z.int(),
      rawFiles: z.int(),
      newRawFiles: z.int(),
      bytes: z.int(),
      lostRawFiles: z.int(),
      drill: BackupDrill,
    })
    .nullable(),
});
export type BackupProgress = z.infer<typeof BackupProgress>;

/** When backups are made by themselves: into which folder, when by the hotel's clock, and how many are kept. */
export const BackupPlan = z.strictObject({
  folder: z.string().trim().min(1).max(500),
  at: ClockTime.default('02:30'),
  keep: z.int().min(1).max(365).default(14),
});
export type BackupPlan = z.infer<typeof BackupPlan>;

/** A whole backup that lies in the folder of the plan; `drill` is null where none was made, or it was cut short. */
export const LyingBackup = z.strictObject({
  name: z.string(),
  madeAtMs: z.int(),
  records: z.int(),
  rawFiles: z.int(),
  drill: BackupDrill.nullable(),
});
export type LyingBackup = z.infer<typeof LyingBackup>;

/** How backups stand. `plan` is null where none are made by themselves; `backups` lie in its folder, the newest first. */
export const BackupStanding = z.strictObject({
  plan: BackupPlan.nullable(),
  nextAtMs: z.int().nullable(),
  backups: z.array(LyingBackup),
  lastVerifiedAtMs: z.int().nullable(),
  lastFailedAtMs: z.int().nullable(),
  lastFault: FaultReport.nullable(),
  underWay: BackupProgress.nullable(),
});
export type BackupStanding = z.infer<typeof BackupStanding>;
