import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { z } from 'zod';
import { Fault } from '../../contract/faults.ts';
import { ownerOfBegun } from './owner.ts';
import { factsName, rawListName, readDrill, readFacts, stampShape, wholeBackups } from './place.ts';

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
export function rotate(place: string, rotation: Rotation): string[] {
  const all = wholeBackups(place);
  const doomed = doomedOf(all, rotation);
  for (const backup of doomed) {
    // Without it the rest counts for nothing: a deletion that is cut short leaves no half backup that looks whole.
    rmSync(join(backup, factsName), { force: true });
    rmSync(backup, { recursive: true, force: true });
  }
  const isAlone = removeHalfMade(place, rotation.dataFolder);
  if (doomed.length > 0 && isAlone)
    removeUnneeded(
      place,
      all.filter((one) => !doomed.includes(one)),
    );
  return doomed.map((one) => basename(one));
}

function doomedOf(all: readonly string[], { keep, dataFolder, made }: Rotation): string[] {
  const own = all.filter((one) => stampShape.test(basename(one)) && isOf(one, dataFolder));
  const verified = own.filter((one) => readDrill(one)?.isWell);
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

function isOf(backup: string, dataFolder: string): boolean {
  try {
    return readFacts(backup).dataFolder === dataFolder;
  } catch (error) {
    if (error instanceof Fault && error.code === 'backup-damaged') return false;
    throw error;
  }
}

/** @returns whether none is left that another data folder may be making. */
function removeHalfMade(place: string, dataFolder: string): boolean {
  let isAlone = true;
  for (const name of readdirSync(place)) {
    const folder = join(place, name);
    if (!stampShape.test(name) || existsSync(join(folder, factsName))) continue;
    if (ownerOfBegun(folder) === dataFolder) rmSync(folder, { recursive: true, force: true });
    else isAlone = isRemovedEmpty(folder) && isAlone;
  }
  return isAlone;
}

/** Remove a folder with nothing in it. Whoever is about to write into it makes it anew. */
function isRemovedEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** Delete the raw files that stand in no list of a backup, whosever it is. Where one has no list, nobody knows what it needs. */
function removeUnneeded(place: string, kept: readonly string[]): void {
  const needed = new Set<string>();
  for (const backup of kept) {
    const list = rawList(backup);
    if (!list) return;
    for (const path of list) needed.add(path);
  }
  const raw = join(place, 'raw');
  if (!existsSync(raw)) return;
  for (const entry of readdirSync(raw, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && entry.name.endsWith('.raw') && !needed.has(relative(place, path).replaceAll('\\', '/'))) rmSync(path);
  }
}

function rawList(backup: string): string[] | null {
  try {
    return z.array(z.string()).parse(JSON.parse(readFileSync(join(backup, rawListName), 'utf8')));
  } catch {
    return null;
  }
}
