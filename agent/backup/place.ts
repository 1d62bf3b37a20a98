import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { BackupFacts } from '../../contract/backup.ts';
import { Fault } from '../../contract/faults.ts';
import { placeFile } from '../pipeline/sealed-file.ts';

/**
 * Where backups lie: `FOLDER/bellhop-HOTEL/`. Each has a folder of its own, named by its time, with the sealed database, the secrets and,
 * written last, `backup.json`: without it a backup is not whole. Raw files never change, so they lie beside them once for all.
 */
export const factsName = 'backup.json';
export const secretsNames = ['secrets.json', 'secrets.copy.json'] as const;

const placePrefix = 'bellhop-';

export function placeOf(folder: string, hotelId: string | null): string {
  return join(folder, `${placePrefix}${(hotelId ?? 'hotel').replace(/[^A-Za-z0-9_-]/g, '_')}`);
}

/** The name of a backup's folder: its time in UTC, which sorts as it is written. */
export function stampOf(atMs: number): string {
  return new Date(atMs).toISOString().replaceAll(':', '').replace('.', '-');
}

/** Refuse to lay backups into the data folder itself: they would go where it goes. */
export function assertOutside(home: string, folder: string): void {
  const way = relative(resolve(home), resolve(folder));
  if (way === '' || (!way.startsWith('..') && resolve(way) !== way))
    throw new Fault('backup-folder-unusable', { folder, detail: 'it lies in the data folder itself' });
}

/**
 * Find a backup: the folder itself, else the newest below it.
 * @throws {Fault} `backup-not-found`, also when there are those of several hotels to choose from.
 */
export function findBackup(folder: string): string {
  if (existsSync(join(folder, factsName))) return folder;
  const whole = (parent: string) => foldersBelow(parent).filter((one) => existsSync(join(one, factsName)));
  const here = whole(folder);
  const hotels = foldersBelow(folder).filter((one) => basename(one).startsWith(placePrefix));
  const places = here.length > 0 ? [here] : hotels.map(whole).filter((found) => found.length > 0);
  const [found, other] = places;
  if (!found) throw new Fault('backup-not-found', { folder });
  if (other) throw new Fault('backup-not-found', { folder: `${folder}, where those of several hotels lie` });
  return found.sort().at(-1) as string;
}

/** On the root of a stick lie folders that nobody may open. */
function foldersBelow(parent: string): string[] {
  try {
    const entries = readdirSync(parent, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(parent, entry.name));
  } catch {
    return [];
  }
}

/** @throws {Fault} `backup-damaged` */
export function readFacts(backup: string): BackupFacts {
  try {
    return BackupFacts.parse(JSON.parse(readFileSync(join(backup, factsName), 'utf8')));
  } catch (error) {
    throw new Fault('backup-damaged', { folder: backup, detail: factsName }, { cause: error });
  }
}

/** Copy one file so that it is there whole or not at all. */
export async function copyFile(from: string, to: string): Promise<void> {
  const content = await readFile(from);
  await placeFile(to, async (file) => {
    await file.writeFile(content);
  });
}
