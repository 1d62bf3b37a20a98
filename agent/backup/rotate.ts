import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { z } from 'zod';
import { Fault } from '../../contract/faults.ts';
import { ownerOfBegun } from './owner.ts';
import { factsName, isThere, onlyThose, rawListName, readDrill, readFacts, stampShape, wholeBackups } from './place.ts';

export type Rotation = {
  /** How many verified backups are left. */
  readonly keep: number;
  /** The data folder whose backups these are. Those of others, or of nobody known, are left alone. */
  readonly dataFolder: string;
  /** The folder of the backup that was made just now. */
  readonly made: string;
};

/**
 * Delete the oldest verified backups of a data folder in the place of a hotel until `keep` are left; the one that was made just now and the
 * newest stay in any case. Of those that are not verified the newest is left. What a backup that was cut short has left goes with them, and
 * the raw files that no backup needs any more.
 * @returns the names of the backups that were deleted.
 * @throws {Fault} `backup-unreadable` where one of them cannot be looked at: nothing was deleted then.
 */
export async function rotate(place: string, rotation: Rotation): Promise<string[]> {
  const all = await wholeBackups(place);
  const doomed = await doomedOf(all, rotation);
  for (const backup of doomed) {
    // Without it the rest counts for nothing: a deletion that is cut short leaves no half backup that looks whole.
    await rm(join(backup, factsName), { force: true });
    await rm(backup, { recursive: true, force: true });
  }
  const isAlone = await removeHalfMade(place, rotation.dataFolder);
  if (doomed.length > 0 && isAlone)
    await removeUnneeded(
      place,
      all.filter((one) => !doomed.includes(one)),
    );
  return doomed.map((one) => basename(one));
}

async function doomedOf(all: readonly string[], { keep, dataFolder, made }: Rotation): Promise<string[]> {
  const own = await onlyThose(all, async (one) => stampShape.test(basename(one)) && (await isOf(one, dataFolder)));
  const verified = await onlyThose(own, async (one) => (await readDrill(one))?.isWell ?? false);
  const rest = own.filter((one) => !verified.includes(one));
  const isMade = (one: string) => basename(one) === basename(made);
  // The clock may have been ahead once: the name of what was made just now is not always the last.
  const madeLast = (some: readonly string[]) => some.toSorted((one, other) => Number(isMade(one)) - Number(isMade(other)));
  const newest = verified.at(-1);
  return [
    ...madeLast(verified)
      .slice(0, Math.max(0, verified.length - keep))
      .filter((one) => one !== newest && !isMade(one)),
    ...madeLast(rest).slice(0, -1),
  ];
}

async function isOf(backup: string, dataFolder: string): Promise<boolean> {
  try {
    return (await readFacts(backup)).dataFolder === dataFolder;
  } catch (error) {
    if (error instanceof Fault && error.code === 'backup-damaged') return false;
    throw error;
  }
}

/** @returns whether none is left that another data folder may be making. */
async function removeHalfMade(place: string, dataFolder: string): Promise<boolean> {
  let isAlone = true;
  for (const name of await readdir(place)) {
    const folder = join(place, name);
    if (!stampShape.test(name) || (await isThere(join(folder, factsName)))) continue;
    if ((await ownerOfBegun(folder)) === dataFolder) await rm(folder, { recursive: true, force: true });
    else isAlone = (await isRemovedEmpty(folder)) && isAlone;
  }
  return isAlone;
}

/** Remove a folder with nothing in it. Whoever is about to write into it makes it anew. */
async function isRemovedEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch {
    return false;
  }
}

/** Delete the raw files that stand in no list of a backup, whosever it is. Where one has no list, nobody knows what it needs. */
async function removeUnneeded(place: string, kept: readonly string[]): Promise<void> {
  const needed = new Set<string>();
  for (const backup of kept) {
    const list = await rawList(backup);
    if (!list) return;
    for (const path of list) needed.add(path);
  }
  const raw = join(place, 'raw');
  if (!(await isThere(raw))) return;
  for (const entry of await readdir(raw, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && entry.name.endsWith('.raw') && !needed.has(relative(place, path).replaceAll('\\', '/'))) await rm(path);
  }
}

async function rawList(backup: string): Promise<string[] | null> {
  try {
    return z.array(z.string()).parse(JSON.parse(await readFile(join(backup, rawListName), 'utf8')));
  } catch {
    return null;
  }
}
