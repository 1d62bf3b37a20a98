import { type KeyObject, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { z } from 'zod';
import { Fault } from '../../contract/faults.ts';
import { assertNotNewer, isCorrupt, isWhole, openForReading } from '../../db/open.ts';
import { auditEnd } from '../../db/pipeline/audit.ts';
import { isOfOtherKey } from '../../db/pipeline/check.ts';
import { suspectFile } from '../check/suspect.ts';
import { isSound, syncFolder } from '../pipeline/sealed-file.ts';
import { byItself } from '../runtime/audit.ts';
import { type SealedSecrets, Secrets } from '../runtime/secrets.ts';
import { unsealDatabase } from './drill.ts';
import { copyFile, errnoOf, placeJson, readFacts, stampOf, unreadable, verifiedBackups } from './place.ts';
import { planName, readNotes } from './plan.ts';
import { prepareDatabase, staging } from './restore.ts';

export type HomeTools = { readonly home: string; readonly secrets: Secrets; readonly log: Logger; readonly nowMs: number };

/** That a restore by itself has begun: until it is gone, every start does all of it again. */
const begunName = 'by-itself.json';
const Begun = z.strictObject({ quarantine: z.string(), why: z.string() });
type Begun = z.infer<typeof Begun>;

const databaseFiles = ['pipeline.db', 'pipeline.db-wal', 'pipeline.db-shm'] as const;

/** Whether a restore by itself was cut short. */
export function isRestoreBegun(home: string): boolean {
  return existsSync(join(home, staging, begunName));
}

/**
 * Open the database of a home by `open`. Where it is damaged, its files are moved into `quarantine/DATE`, the last verified backup takes
 * their place under a new generation, and that is opened.
 *
 * What only looks like damage, because the file cannot be reached or is of a newer Bellhop, is nobody's to replace.
 *
 * @throws {Fault} `database-lost` where no verified backup can be had; then nothing was moved.
 */
export async function openedSound<T>(tools: HomeTools, open: () => Promise<T>): Promise<T> {
  const { home, secrets } = tools;
  if (!isRestoreBegun(home)) {
    try {
      assertNotNewer(join(home, 'pipeline.db'));
      assertOwn(home, secrets);
      assertNotSuspect(home);
      return await open();
    } catch (error) {
      const why = damage(home, error);
      if (why === null) throw error;
      await restoreByItself(tools, { quarantine: join('quarantine', stampOf(tools.nowMs)), why });
    }
  } else await restoreByItself(tools, begun(home));
  return open();
}

/**
 * Where something was kept before, a database that is gone or empty is no new one. And a log of another database makes that one of it: its
 * pages fit together, and nothing in it opens by our key.
 */
function assertOwn(home: string, { dataKey }: Secrets): void {
  const wasUsed = existsSync(join(home, 'raw')) || existsSync(join(home, planName));
  if (!wasUsed) return;
  const path = join(home, 'pipeline.db');
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes === 0) throw new Fault('database-damaged', { file: 'pipeline.db, which is empty or gone' });
  const db = openForReading(path);
  try {
    // That a backup is made is written down before it is begun: where none was ever noted down, it was made of another database.
    const isOther = isOfOtherKey(db, dataKey) || (auditEnd(db, dataKey).newestSeq === 0 && readNotes(home).verifiedBackup !== null);
    if (isOther) throw new Fault('database-damaged', { file: 'pipeline.db, which is of another data folder' });
  } catch (error) {
    // Whoever opens it for writing says what is wrong with it.
    if (error instanceof Fault) throw error;
  } finally {
    db.close();
  }
}

/** Where a check has found pages that do not fit together, all of them are looked at before anything is written. */
function assertNotSuspect(home: string): void {
  if (!existsSync(suspectFile(home))) return;
  if (!isWhole(join(home, 'pipeline.db'))) throw new Fault('database-damaged', { file: 'pipeline.db, whose pages do not fit together' });
  rmSync(suspectFile(home), { force: true });
}

/** What is wrong with the database; null when that is no damage, or nobody can tell. */
function damage(home: string, error: unknown): string | null {
  if (!(error instanceof Fault) || error.code !== 'database-damaged') return null;
  const path = join(home, 'pipeline.db');
  if (error.detail.file?.startsWith('pipeline.db, ')) return error.detail.file;
  return existsSync(path) && isCorrupt(path) ? 'pipeline.db' : null;
}

function begun(home: string): Begun {
  return Begun.parse(JSON.parse(readFileSync(join(home, staging, begunName), 'utf8')));
}

async function restoreByItself({ home, secrets, log, nowMs }: HomeTools, { quarantine, why }: Begun): Promise<void> {
  log.error({ why }, 'the database is damaged; the last verified backup is restored');
  const stage = join(home, staging);
  mkdirSync(stage, { recursive: true, mode: 0o700 });
  const database = join(stage, 'pipeline.db');
  const { backup, madeAtMs, sealedSecrets } = await prepared({ home, secrets, nowMs, database, quarantine, why }).catch((error) => {
    // What has not begun leaves nothing behind by which the next start would take it for begun.
    if (!isRestoreBegun(home)) rmSync(stage, { recursive: true, force: true });
    throw error;
  });
  // From here on half of it would be something else than either whole: the next start goes on.
  await placeJson(join(stage, begunName), { quarantine, why });
  setAside(home, quarantine);
  renameSync(database, join(home, 'pipeline.db'));
  await syncFolder(home);
  secrets.adopt(sealedSecrets);
  rmSync(suspectFile(home), { force: true });
  rmSync(stage, { recursive: true, force: true });
  log.error({ why, backup, madeAtMs, quarantine }, 'a backup was restored; what was damaged is kept');
}

type Prepared = {
  readonly backup: string;
  readonly madeAtMs: number;
  readonly sealedSecrets: SealedSecrets;
};

/**
 * Open the newest verified backup that opens, and mark it as restored. Only one that is damaged makes way for an older one.
 * @throws {Fault} `backup-unreadable` where one cannot be read now.
 */
async function prepared(order: Omit<HomeTools, 'log'> & Begun & { readonly database: string }): Promise<Prepared> {
  const { home, secrets, nowMs, database, quarantine } = order;
  const { plan, verifiedBackup } = readNotes(home);
  const verified = verifiedBackup === null ? [] : (await verifiedBackups(dirname(verifiedBackup))).reverse();
  // Their names are those of a clock that may have been wrong: which one was the last is noted.
  const candidates = verified.toSorted((one, other) => Number(other === verifiedBackup) - Number(one === verifiedBackup));
  for (const backup of candidates) {
    for (const name of databaseFiles) rmSync(join(dirname(database), name), { force: true });
    try {
      const facts = await readFacts(backup);
      const sealedSecrets = sealedSecretsOf(backup);
      await unsealDatabase(backup, facts, secrets.dataKey, database);
      const detail = { made: minuteOf(facts.madeAtMs), found: minuteOf(nowMs), folder: join(home, quarantine) };
      const said = new Fault('database-restored', detail).report();
      const rawPaths = prepareDatabase(database, secrets.dataKey, facts, { nowMs, caller: byItself(randomUUID()), said });
      await copyMissing(rawPaths, { home, place: dirname(backup), key: secrets.dataKey });
      return { backup, madeAtMs: facts.madeAtMs, sealedSecrets };
    } catch (error) {
      if (!(error instanceof Fault) || (error.code !== 'backup-damaged' && error.code !== 'database-damaged')) throw error;
    }
  }
  throw new Fault('database-lost', { folder: plan?.folder ?? '–' });
}

/** Copy the raw files back that are missing here. */
async function copyMissing(paths: readonly string[], { home, place, key }: { home: string; place: string; key: KeyObject }): Promise<void> {
  for (const path of paths)
    if (!existsSync(join(home, path)) && (await isSound(join(place, path), key, path))) await copyFile(join(place, path), join(home, path));
}

/** @throws {Fault} `backup-damaged` where they are gone or damaged, `backup-unreadable` */
function sealedSecretsOf(backup: string): SealedSecrets {
  try {
    return Secrets.sealedIn(backup);
  } catch (error) {
    const cause = (error as Error).cause;
    const errno = errnoOf(cause);
    if (errno && errno !== 'ENOENT') throw unreadable(backup, cause);
    throw new Fault('backup-damaged', { folder: backup, detail: 'secrets.json' }, { cause: error });
  }
}

const minuteOf = (atMs: number) => `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Move the files of the database into the quarantine, never over what an earlier try has moved there. */
function setAside(home: string, quarantine: string): void {
  const folder = join(home, quarantine);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const taken = readdirSync(folder);
  for (const name of databaseFiles) {
    if (!existsSync(join(home, name))) continue;
    const again = taken.filter((one) => one === name || one.startsWith(`${name}.`)).length;
    renameSync(join(home, name), join(folder, again === 0 ? name : `${name}.${again}`));
  }
}
