import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../contract/faults.ts';
import {
  allUnfinishedFiles,
  fileById,
  isFollowed,
  namedRawFiles,
  type UnfinishedFile,
  type UnnamedSince,
} from '../../db/pipeline/files.ts';
import { daysOf, normaliseAndStore, type PullTools, resumed, type Then } from './pull.ts';
import { rawFilesThere, readRawFacts } from './raw-files.ts';

/** What became of the files that no row had named: how many were read again, and the names of those that could not be. */
export type ReadAgain = { readonly read: number; readonly unread: readonly string[] };

/**
 * Read what was taken since a backup that has taken the place of the database: raw files that no row of it names. Their sources may have
 * moved or deleted the files since, so the copies are all there is. They come before anything new, in the order in which the files had been
 * taken: an old state never follows a newer one. What is cut short is begun anew with the next start; what was read by then is named.
 *
 * @throws {Fault} `stopped`, `disk-full`, and what keeping throws; not what is wrong with one file. What the disk did not give is thrown as it
 *   is, unless this is the last try.
 */
export async function readUnnamedFiles(
  tools: PullTools,
  since: UnnamedSince,
  { isLastTry, signal }: { readonly isLastTry: boolean; readonly signal: AbortSignal },
): Promise<ReadAgain> {
  const unread: string[] = [];
  const attempt = async (name: string, run: () => Promise<unknown>): Promise<boolean> => {
    try {
      await run();
      return true;
    } catch (error) {
      if (signal.aborted) throw new Fault('stopped', {}, { cause: error });
      if (!concernsOneFile(error) || (!isLastTry && wasNotGiven(error))) throw error;
      unread.push(name);
      return false;
    }
  };
  const readOne = (file: UnfinishedFile, then: Then | null) =>
    attempt(file.name, () => normaliseAndStore(tools, file.connectionId, file, then, daysOf(file.connectionId), signal));

  for (const file of allUnfinishedFiles(tools.read)) await readOne(file, null);
  let read = 0;
  for (const { path } of await inTheirOrder(tools, since, { attempt, unread, signal })) {
    if (signal.aborted) throw new Fault('stopped');
    await attempt(path, async () => {
      const facts = await readRawFacts({ home: tools.home, path, key: tools.key });
      if (!facts) return;
      const { afterwards, afterFileId: _, ...about } = facts;
      const { id, uselessRaw, isFinished } = await tools.writer.step('registerFile', [{ ...about, rawPath: path }]);
      const file = fileById(tools.read, id);
      if (uselessRaw !== '' && file && existsSync(join(tools.home, file.rawPath))) await rm(join(tools.home, uselessRaw), { force: true });
      if (!isFinished && file && (await readOne(file, resumed({ afterwards })))) read++;
    });
  }
  return { read, unread };
}

type Unnamed = { readonly path: string; readonly takenAtMs: number; readonly afterFileId: number };
type Looking = {
  readonly attempt: (name: string, run: () => Promise<unknown>) => Promise<boolean>;
  readonly unread: string[];
  readonly signal: AbortSignal;
};

/** Copies that were begun so long before the backup belong to no file that it could know. */
const longBeforeMs = 3_600_000;

/** The copies that are to be read, in the order of the files; only among those that were taken at once the clock decides. */
async function inTheirOrder({ home, key, read }: PullTools, since: UnnamedSince, looking: Looking): Promise<Unnamed[]> {
  const named = namedRawFiles(read);
  const found: Unnamed[] = [];
  for (const { path, takenAtMs } of rawFilesThere(home)) {
    if (looking.signal.aborted) throw new Fault('stopped');
    if (named.has(path)) continue;
    await looking.attempt(path, async () => {
      const facts = await readRawFacts({ home, path, key });
      if (!facts) return;
      const { afterFileId, name } = facts;
      // What the backup knows of these records is newer. A kill has left such a copy behind before its row was written; what lay at its source
      // then was taken anew.
      if (!isFollowed(read, facts, afterFileId, since.newestFileId)) found.push({ path, takenAtMs, afterFileId });
      else if (takenAtMs > since.madeAtMs - longBeforeMs) looking.unread.push(name);
    });
  }
  return found.toSorted((one, other) => one.afterFileId - other.afterFileId || one.takenAtMs - other.takenAtMs);
}

/** A damaged copy, one that does not add up, or a mapping that is none. Anything else stops all of it, and is said: a full disk, say. */
function concernsOneFile(error: unknown): boolean {
  if (!(error instanceof Fault)) return false;
  if (error.code === 'database-damaged') return error.detail.file?.startsWith('raw') ?? false;
  return error.code === 'input-wrong' || error.code === 'bytes-unaccounted';
}

/** Whether the disk did not give a file that is there. */
function wasNotGiven(error: unknown): boolean {
  const code = (error as { cause?: { code?: unknown } }).cause?.code;
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) && code !== 'ENOENT';
}
