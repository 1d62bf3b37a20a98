import { type KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { hideCards } from './normalise/cards.ts';
import { frameStart, readSealedFile, writeSealedFile } from './sealed-file.ts';

/**
 * Raw payloads, just as they came but for card numbers: compressed, encrypted, fsynced and renamed before the row that names
 * them commits.
 */

/** Give the folder of a source and a day: `raw/{source}/{yyyy}/{mm}/{dd}` (HI-090). */
function rawFolder(source: string, atMs: number): string {
  const day = new Date(atMs).toISOString().slice(0, 10);
  return join('raw', source, ...day.split('-'));
}

/** Hide the card numbers in a stream of chunks; a number that two chunks share is found too. */
export async function* withoutCards(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Buffer = Buffer.alloc(0);
  let before = 0;
  for await (const chunk of chunks) {
    held = Buffer.concat([held, chunk]);
    const { settled } = hideCards(held, { isEnd: false, before });
    if (settled > 0) yield held.subarray(0, settled);
    before = settled > 0 ? (held[settled - 1] as number) : before;
    held = held.subarray(settled);
  }
  hideCards(held, { isEnd: true, before });
  if (held.length > 0) yield held;
}

/**
 * Write one raw file from chunks of bytes.
 *
 * @returns its path relative to `home`. The file is durable when this resolves; on any failure nothing is left behind.
 * @throws {Fault} `disk-full`
 */
export async function writeRawFile(spec: {
  readonly home: string;
  readonly source: string;
  readonly key: KeyObject;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly atMs: number;
}): Promise<string> {
  const name = `${spec.atMs.toString(36)}-${randomBytes(9).toString('base64url')}.raw`;
  const path = join(rawFolder(spec.source, spec.atMs), name);
  await writeSealedFile(join(spec.home, path), spec.key, spec.chunks);
  return path.replaceAll('\\', '/');
}

/**
 * Read a raw file back: the bytes as they were taken, from the frame with byte `from` on.
 * @throws {Fault} `database-damaged` when a frame was changed, exchanged or is missing.
 */
export function readRawFile(spec: {
  readonly home: string;
  readonly path: string;
  readonly key: KeyObject;
  readonly from?: number;
}): AsyncGenerator<Buffer> {
  return readSealedFile(join(spec.home, spec.path), spec.key, spec.path, spec.from);
}

/**
 * Read a few bytes of a raw file: those from `from` on, as many as there are up to `length`.
 * @throws {Fault} `database-damaged`
 */
export async function rawBytes(
  file: { readonly home: string; readonly path: string; readonly key: KeyObject },
  from: number,
  length: number,
): Promise<Buffer> {
  const skipped = from - frameStart(from);
  const chunks: Buffer[] = [];
  let read = 0;
  for await (const chunk of readRawFile({ ...file, from })) {
    chunks.push(chunk);
    read += chunk.length;
    if (read >= skipped + length) break;
  }
  return Buffer.concat(chunks).subarray(skipped, skipped + length);
}
