import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Fault } from '../../contract/faults.ts';
import type { SourceFile } from './connector.ts';

/** A file of this PC with everything by which the file system tells one content from the next. */
export type LocalFile = Pick<SourceFile, 'name' | 'path' | 'bytes' | 'mark'> & { readonly changedAtMs: number };

/** Look at one plain file; null when there is none. */
export async function lookAtFile(path: string): Promise<LocalFile | null> {
  try {
    const found = await stat(path, { bigint: true });
    if (!found.isFile()) return null;
    return {
      name: basename(path),
      path,
      bytes: Number(found.size),
      mark: `${found.size} ${found.mtimeNs} ${found.ctimeNs} ${found.ino}`,
      changedAtMs: Number(found.mtimeMs),
    };
  } catch {
    return null;
  }
}

/** Offer a file that was looked at to the pull. */
export function localSourceFile(file: LocalFile): SourceFile {
  return {
    ...file,
    // Reading it again costs little here, and its content decides.
    isMarkProof: false,
    read: (signal) => readChunks(file, signal),
    isUnchanged: async () => (await lookAtFile(file.path))?.mark === file.mark,
  };
}

async function* readChunks(file: LocalFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file.path, { highWaterMark: 256 * 1024, signal }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (signal.aborted) throw new Fault('stopped');
    const isGone = (error as { code?: string }).code === 'ENOENT';
    throw new Fault(isGone ? 'file-gone' : 'file-unreadable', { file: file.name }, { cause: error });
  }
}
