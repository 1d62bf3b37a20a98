import { hkdfSync, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What a backup that is being made says of itself before it is whole. */
export const begunName = 'begun.json';
export const BegunBackup = z.strictObject({ dataFolder: z.string() });

/** By what backups of one data folder are told from those of others. No secret: the key cannot be had from it. */
export function dataFolderId(key: KeyObject): string {
  return Buffer.from(hkdfSync('sha256', key.export(), 'bellhop', 'data-folder', 12)).toString('base64url');
}

/** Of which data folder a backup is that was cut short; null where nobody knows. */
export async function ownerOfBegun(backup: string): Promise<string | null> {
  try {
    return BegunBackup.parse(JSON.parse(await readFile(join(backup, begunName), 'utf8'))).dataFolder;
  } catch {
    return null;
  }
}
