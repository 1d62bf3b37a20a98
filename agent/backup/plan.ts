import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BackupPlan } from '../../contract/backup.ts';
import { Fault, FaultReport } from '../../contract/faults.ts';
import { errnoOf, placeJson } from './place.ts';

/**
 * When backups are made by themselves, and how the last ones ended. It stands in a file beside the database, not in it: it is needed where
 * the database does not open any more.
 */
export const planName = 'backups.json';

const BackupNotes = z.strictObject({
  plan: BackupPlan.nullable(),
  plannedAtMs: z.int(),
  triedAtMs: z.int().nullable(),
  verifiedAtMs: z.int().nullable(),
  /** The folder of the newest verified backup; earlier ones lie beside it. */
  verifiedBackup: z.string().nullable(),
  failedAtMs: z.int().nullable(),
  fault: FaultReport.nullable(),
});
export type BackupNotes = z.infer<typeof BackupNotes>;

export const noNotes: BackupNotes = {
  plan: null,
  plannedAtMs: 0,
  triedAtMs: null,
  verifiedAtMs: null,
  verifiedBackup: null,
  failedAtMs: null,
  fault: null,
};

/**
 * Read what is noted of backups; nothing where there is no such file.
 * @throws {Fault} `backup-plan-unreadable` where it is damaged or cannot be read: there may be backups all the same.
 */
export function readNotes(home: string): BackupNotes {
  const path = join(home, planName);
  try {
    return BackupNotes.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return noNotes;
    throw new Fault('backup-plan-unreadable', { file: path, detail: errno ?? 'JSON' }, { cause: error });
  }
}

export function writeNotes(home: string, notes: BackupNotes): Promise<void> {
  return placeJson(join(home, planName), notes);
}
