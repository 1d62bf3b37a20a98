import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../contract/faults.ts';
import { allUnfinishedFiles, fileById, isContentTaken, namedRawFiles, type UnfinishedFile } from '../../db/pipeline/files.ts';
import { concernsOneFile, daysOf, normaliseAndStore, type PullTools } from './pull.ts';
import { type RawFacts, rawFilesThere, readRawFacts } from './raw-files.ts';

/** What became of the files that no row had named: how many were read again, and the names of those that could not be. */
export type ReadAgain = { readonly read: number; readonly unread: readonly string[] };

/**
 * Read what was taken since a backup that has taken the place of the database: raw files that no row of it names. Their sources may have
 * moved or deleted the files since, so the copies are all there is. They come before anything new, in the order in which they were taken:
 * an old state never follows a newer one. What is cut short is begun anew with the next start; what was read by then is named.
 *
 * @param sinceMs when the backup was made.
 * @throws {Fault} `stopped`, `disk-full`, and what keeping throws; not what is wrong with one file.
 */
export async function readUnnamedFiles(tools: PullTools, sinceMs: number, signal: AbortSignal): Promise<ReadAgain> {
  const unread: string[] = [];
  for (const file of allUnfinishedFiles(tools.read)) await readAgain(tools, file, unread, signal);
  const named = namedRawFiles(tools.read);
  let read = 0;
  for (const { path, takenAtMs } of rawFilesThere(tools.home)) {
    if (signal.aborted) throw new Fault('stopped');
    if (named.has(path)) continue;
    const facts = await factsOf(tools, path, unread);
    // A start that was cut short before it could name its copy has left it behind; the file itself was taken once more.
    if (!facts || (takenAtMs < sinceMs && isContentTaken(tools.read, facts.connectionId, facts.sha256))) continue;
    const { id, uselessRaw, isFinished } = await tools.writer.step('registerFile', [{ ...facts, rawPath: path }]);
    if (uselessRaw !== '') await rm(join(tools.home, uselessRaw), { force: true });
    const file = fileById(tools.read, id);
    if (!isFinished && file && (await readAgain(tools, file, unread, signal))) read++;
  }
  return { read, unread };
}

/** What a copy tells of itself; null where it tells nothing, as a page of a table does: its source gives the rows once more. */
async function factsOf({ home, key }: PullTools, path: string, unread: string[]): Promise<RawFacts | null> {
  try {
    return await readRawFacts({ home, path, key });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    unread.push(path);
    return null;
  }
}

/** Read one copy to its end. @returns whether that could be done; what is wrong with it alone is noted by its name. */
async function readAgain(tools: PullTools, file: UnfinishedFile, unread: string[], signal: AbortSignal): Promise<boolean> {
  try {
    await normaliseAndStore(tools, file.connectionId, file, null, daysOf(file.connectionId), signal);
    return true;
  } catch (error) {
    if (!(error instanceof Fault) || !concernsOneFile(error)) throw error;
    unread.push(file.name);
    return false;
  }
}
