import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { z } from 'zod';
import { factsName, rawListName, readDrill, wholeBackups } from './place.ts';

/** What {@link stampOf} makes. Nothing else is ever deleted. */
const stampShape = /^\d{4}-\d{2}-\d{2}T\d{6}-\d{3}Z$/;

/**
 * Delete the oldest backups in the place of a hotel, whole ones each, until `keep` are left; the last verified one stays in any case. What a
 * backup that was cut short has left goes with them, and the raw files that no backup needs any more.
 * @returns the names of the backups that were deleted.
 */
export function rotate(place: string, keep: number): string[] {
  const whole = wholeBackups(place).filter((one) => stampShape.test(basename(one)));
  const verified = whole.filter((one) => readDrill(one)?.isWell).at(-1);
  const doomed = whole.slice(0, Math.max(0, whole.length - keep)).filter((one) => one !== verified);
  for (const backup of doomed) {
    // Without it the rest counts for nothing: a deletion that is cut short leaves no half backup that looks whole.
    rmSync(join(backup, factsName), { force: true });
    rmSync(backup, { recursive: true, force: true });
  }
  const kept = whole.filter((one) => !doomed.includes(one));
  removeHalfMade(place, kept);
  if (doomed.length > 0) removeUnneeded(place, kept);
  return doomed.map((one) => basename(one));
}

function removeHalfMade(place: string, kept: readonly string[]): void {
  const newest = basename(kept.at(-1) ?? '');
  for (const name of readdirSync(place))
    if (stampShape.test(name) && name < newest && !kept.some((one) => basename(one) === name))
      rmSync(join(place, name), { recursive: true, force: true });
}

/** Delete the raw files that stand in no list of a backup. Where one has no list, nobody knows what it needs. */
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
