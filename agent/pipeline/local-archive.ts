import { access, mkdir, rename } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { Fault } from '../../contract/faults.ts';
import { lookAtFile } from './local-file.ts';

/** A file of this PC that was taken, and the folder it goes to. */
export type ArchiveOrder = { readonly path: string; readonly mark: string; readonly fileId: number; readonly to: string };

/**
 * Move a taken file, with its done-file, into the archive. Only the very file that was taken: the hotel system may have written the
 * next export under the same name meanwhile, and that one has not been read. One that is gone was moved before or by somebody else.
 */
export async function archiveHere({ path, mark, to, fileId }: ArchiveOrder): Promise<void> {
  if ((await lookAtFile(path))?.mark !== mark) return;
  try {
    await mkdir(to, { recursive: true });
    for (const from of [path, `${path}.done`]) {
      if (await isThere(from)) await rename(from, await freeName(join(to, basename(from)), fileId));
    }
  } catch (error) {
    throw new Fault('folder-unwritable', { folder: to }, { cause: error });
  }
}

/** A hotel system may use a name again: the archived file of the same name is never overwritten. */
async function freeName(path: string, fileId: number): Promise<string> {
  if (!(await isThere(path))) return path;
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-${fileId}${extension}`;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
