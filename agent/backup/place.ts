import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { BackupDrill, BackupFacts } from '../../contract/backup.ts';
import { Fault } from '../../contract/faults.ts';
import { placeFile } from '../pipeline/sealed-file.ts';

/**
 * Where backups lie: `FOLDER/bellhop-HOTEL/`. Each has a folder of its own, named by its time, with the sealed database, the secrets and,
 * written last, `backup.json`: without it a backup is not whole. Raw files never change, so they lie beside them once for all.
 *
 * It may be a stick or a share that answers after seconds, or not at all: nothing here is waited for by the agent's thread.
 */
export const factsName = 'backup.json';
/** Which raw files a backup needs; they lie beside it. */
export const rawListName = 'raw-files.json';
/** What the restore drill of a backup has found, written behind it. */
export const drillName = 'drill.json';
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
 * Find a backup: the folder itself, else the newest verified one below it, else the newest.
 * @throws {Fault} `backup-not-found`, also when there are those of several hotels to choose from; `backup-unreadable`
 */
export async function findBackup(folder: string): Promise<string> {
  if (await isThere(join(folder, factsName))) return folder;
  const here = await wholeBackups(folder);
  const hotels = (await foldersBelow(folder)).filter((one) => basename(one).startsWith(placePrefix));
  const inHotels = (await Promise.all(hotels.map(wholeBackups))).filter((found) => found.length > 0);
  const places = here.length > 0 ? [here] : inHotels;
  const [found, other] = places;
  if (!found) throw new Fault('backup-not-found', { folder });
  if (other) throw new Fault('backup-not-found', { folder: `${folder}, where those of several hotels lie` });
  const newestFirst = found.sort().reverse();
  for (const one of newestFirst) if ((await readDrill(one))?.isWell) return one;
  return newestFirst[0] as string;
}

/** The whole backups in the place of a hotel, the oldest first. */
export async function wholeBackups(place: string): Promise<string[]> {
  return (await onlyThose(await foldersBelow(place), (one) => isThere(join(one, factsName)))).sort();
}

/** What {@link stampOf} makes. */
export const stampShape = /^\d{4}-\d{2}-\d{2}T\d{6}-\d{3}Z$/;

/**
 * The backups in the place of a hotel whose drill has passed, the oldest first.
 * @throws {Fault} `backup-unreadable` where one of them cannot be looked at: an older one must not pass for the newest.
 */
export async function verifiedBackups(place: string): Promise<string[]> {
  const names = (await reading(place, () => readdir(place))) ?? [];
  const backups = names
    .filter((name) => stampShape.test(name))
    .sort()
    .map((name) => join(place, name));
  return onlyThose(
    backups,
    async (one) => (await reading(one, () => stat(join(one, factsName)))) !== null && ((await readDrill(one))?.isWell ?? false),
  );
}

/** Those of some paths for which something is so, asked one after the other. */
export async function onlyThose(paths: readonly string[], isSo: (path: string) => Promise<boolean>): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) if (await isSo(path)) found.push(path);
  return found;
}

/** Whether something lies at a path. What cannot be looked at does not. */
export async function isThere(path: string): Promise<boolean> {
  return (await bytesOf(path)) !== null;
}

/** How long a file is; null where there is none, or it cannot be looked at. */
export async function bytesOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  );
}

/**
 * What the drill of a backup has found; null where none came to its end.
 * @throws {Fault} `backup-unreadable`
 */
export async function readDrill(backup: string): Promise<BackupDrill | null> {
  const text = await reading(backup, () => readFile(join(backup, drillName), 'utf8'));
  try {
    return text === null ? null : BackupDrill.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** What is read of a backup; null where it is not there. */
async function reading<T>(folder: string, read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw unreadable(folder, error);
  }
}

/** A disk or a share that does not answer says nothing of what lies on it. */
export function unreadable(folder: string, error: unknown): Fault {
  return new Fault('backup-unreadable', { folder, detail: errnoOf(error) ?? (error as Error).message }, { cause: error });
}

/** The name that the system gives to a failure of its own; null for any other. */
export function errnoOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : null;
}

/** Write a small file so that it is there whole or not at all. */
export async function placeJson(path: string, value: unknown): Promise<void> {
  const text = JSON.stringify(value, null, 2);
  await placeFile(path, async (file) => void (await file.writeFile(text)));
}

/** On the root of a stick lie folders that nobody may open. */
async function foldersBelow(parent: string): Promise<string[]> {
  try {
    const entries = await readdir(parent, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(parent, entry.name));
  } catch {
    return [];
  }
}

/** @throws {Fault} `backup-damaged`, `backup-unreadable` */
export async function readFacts(backup: string): Promise<BackupFacts> {
  try {
    return BackupFacts.parse(JSON.parse(await readFile(join(backup, factsName), 'utf8')));
  } catch (error) {
    if (errnoOf(error)) throw unreadable(backup, error);
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
