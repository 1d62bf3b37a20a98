import { createHash, type KeyObject, randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupDrill, BackupFacts } from '../../contract/backup.ts';
import { Fault } from '../../contract/faults.ts';
import { openForReading } from '../../db/open.ts';
import { lastBlocksFrom } from '../../db/pipeline/check.ts';
import { property } from '../../db/pipeline/connections.ts';
import { recordCounts } from '../../db/pipeline/record-page.ts';
import { startReader } from '../../db/reader.ts';
import { isSound, placeFile, readSealedFile } from '../pipeline/sealed-file.ts';
import { policies } from '../resilience/policies.ts';
import { diskSpace } from '../runtime/disk.ts';
import { Secrets } from '../runtime/secrets.ts';
import { copyFile, drillName, errnoOf, factsName, isThere, onlyThose, placeJson, readFacts, unreadable } from './place.ts';

type DrillTools = { readonly home: string; readonly key: KeyObject; readonly now: () => number };

/** So many blocks and raw files are opened; of the raw files other ones each day, so that all have their turn. */
const sampledBlocks = 40;
const sampledRawFiles = 50;
const dayMs = 86_400_000;

/**
 * Do with a backup what a restore does: open it with its own secrets into a place of its own, check every page of the database, compare the
 * counts, open seals of the outbox and of raw files. What was found is written down beside it; the copy is removed.
 * @param lost how many raw files could not be copied, because they were lost here before.
 * @throws {Fault} `backup-no-room`, `stopped`
 */
export async function drill(tools: DrillTools, backup: string, lost: number, signal: AbortSignal): Promise<BackupDrill> {
  const place = join(tools.home, 'run', `drill-${randomBytes(6).toString('hex')}`);
  const facts = await readFacts(backup);
  assertRoomFor(facts.database.bytes, tools.home);
  await mkdir(place, { mode: 0o700 });
  try {
    const found = await restoredInto(place, { ...tools, backup, facts, lost, signal });
    const drilled: BackupDrill = { atMs: tools.now(), ...found, isWell: found.flaw === null };
    await placeJson(join(backup, drillName), drilled);
    return drilled;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

type Drilled = Omit<BackupDrill, 'atMs' | 'isWell'>;
type DrillOrder = DrillTools & {
  readonly backup: string;
  readonly facts: BackupFacts;
  readonly lost: number;
  readonly signal: AbortSignal;
};

async function restoredInto(place: string, order: DrillOrder): Promise<Drilled> {
  const { home, backup, facts, lost, signal } = order;
  const database = join(place, 'pipeline.db');
  const nothing = { records: 0, blocks: 0, rawFiles: 0 };
  const key = keyIn(backup, home);
  if (!key) return { ...nothing, flaw: 'its secrets do not open' };
  try {
    await unsealDatabase(backup, facts, key, database);
  } catch (error) {
    if (error instanceof Fault && error.code === 'backup-damaged') return { ...nothing, flaw: 'the sealed database does not open' };
    throw error;
  }
  if (signal.aborted) throw new Fault('stopped');
  const { blocks, isSound: isWhole, opened } = await pages(database, key);
  if (!isWhole) return { ...nothing, flaw: 'the pages of the database do not fit together' };
  const { records, rawPaths } = contents(database);
  const counted = { records, blocks: opened, rawFiles: 0 };
  if (records !== facts.records || rawPaths.length !== facts.rawFiles) return { ...counted, flaw: 'it holds another number of records' };
  if (blocks > 0 && opened === 0) return { ...counted, flaw: 'its seals are of another key' };
  const { length: missing } = await onlyThose(rawPaths, async (path) => !(await isThere(join(backup, '..', path))));
  if (missing > lost) return { ...counted, flaw: `${missing - lost} raw files are missing` };
  const rawFiles = await openRawFiles(order, key, rawPaths);
  return {
    ...counted,
    rawFiles: rawFiles.whole,
    flaw: rawFiles.damaged > lost ? `${rawFiles.damaged - lost} raw files are damaged` : null,
  };
}

function keyIn(backup: string, home: string): KeyObject | null {
  try {
    return Secrets.keyOf(backup, { home });
  } catch {
    return null;
  }
}

/** Check every page, and open the blocks that were written last. */
async function pages(database: string, key: KeyObject): Promise<{ isSound: boolean; blocks: number; opened: number }> {
  const reader = await startReader(database);
  try {
    if (!(await reader.reads.isDatabaseSound())) return { isSound: false, blocks: 0, opened: 0 };
    let blocks = 0;
    let damaged = 0;
    for (let from: number | null = firstToOpen(database); from !== null; ) {
      const bite = await reader.reads.checkBlocks(key, from);
      blocks += bite.blocks;
      damaged += bite.found.filter(({ kind }) => kind === 'block').length;
      from = bite.nextSeq;
    }
    return { isSound: true, blocks, opened: blocks - damaged };
  } finally {
    await reader.close();
  }
}

function firstToOpen(database: string): number {
  const db = openForReading(database);
  try {
    return lastBlocksFrom(db, sampledBlocks);
  } finally {
    db.close();
  }
}

/** Open some raw files of a backup. One that has gone bad there is copied once more where it is whole here. */
async function openRawFiles(
  { home, backup, now, signal }: DrillOrder,
  key: KeyObject,
  paths: readonly string[],
): Promise<{ whole: number; damaged: number }> {
  const place = join(backup, '..');
  const turns = Math.max(1, Math.ceil(paths.length / sampledRawFiles));
  const turn = Math.floor(now() / dayMs) % turns;
  let whole = 0;
  let damaged = 0;
  for (const path of paths.filter((_, at) => at % turns === turn)) {
    if (signal.aborted) throw new Fault('stopped');
    const copy = join(place, path);
    if (await isSound(copy, key, path)) whole++;
    else if ((await isThere(copy)) && (await isSound(join(home, path), key, path))) {
      await copyFile(join(home, path), copy);
      if (await isSound(copy, key, path)) whole++;
      else damaged++;
    } else damaged++;
  }
  return { whole, damaged };
}

/** For a moment a second copy of the database lies in the data folder: never at the price of what the agent has to write meanwhile. */
export function assertRoomFor(bytes: number, home: string): void {
  const { freeBytes, totalBytes } = diskSpace(home);
  if (freeBytes - bytes < totalBytes * policies.diskStopEndsShare) throw new Fault('backup-no-room', { folder: home });
}

/** What a copy of the database holds. */
export function contents(database: string): { rawPaths: string[]; records: number; hotelId: string | null } {
  const db = openForReading(database);
  try {
    const rawPaths = db.prepare<[], string>("select distinct raw_path from files where raw_path <> '' order by raw_path").pluck().all();
    const records = recordCounts(db).reduce((sum, { records: count }) => sum + count, 0);
    return { rawPaths, records, hotelId: property(db)?.hotelId ?? null };
  } finally {
    db.close();
  }
}

/**
 * Open the sealed database of a backup into a file.
 * @throws {Fault} `backup-damaged` where a seal does not open or the file is gone, `backup-unreadable` where it cannot be read now.
 */
export async function unsealDatabase(backup: string, { database }: BackupFacts, key: KeyObject, to: string): Promise<void> {
  const sha256 = createHash('sha256');
  try {
    await placeFile(to, async (file) => {
      for await (const chunk of readSealedFile(join(backup, database.name), key, database.name)) {
        sha256.update(chunk);
        // Goes on at the end, and writes all of it.
        await file.writeFile(chunk);
      }
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw new Fault('database-unreadable', { file: to, detail: errnoOf(error) ?? '' }, { cause: error });
    if (error.code !== 'database-damaged') throw error;
    const errno = errnoOf(error.cause);
    // Where the rest of the backup is there still, a file that is gone was deleted; else all of it is away.
    if (errno && (errno !== 'ENOENT' || !(await isThere(join(backup, factsName))))) throw unreadable(backup, error.cause);
    throw new Fault('backup-damaged', { folder: backup, detail: database.name }, { cause: error });
  }
  if (sha256.digest('hex') !== database.sha256) throw new Fault('backup-damaged', { folder: backup, detail: database.name });
}
