import { type KeyObject, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Fault } from '../../contract/faults.ts';
import { seal, sealOverheadBytes, unseal } from '../../db/seal.ts';
import { hideCards } from './normalise/cards.ts';

/**
 * Raw payloads, just as they came but for card numbers: compressed, encrypted, fsynced and renamed before the row that names
 * them commits.
 *
 * A raw file is a row of frames: length (4 bytes, little endian), then up to 256 KiB of the source, packed with zstd and sealed with
 * the data key. Each frame is bound to the file's own random name and to its place, and the last one says that it is the last:
 * frames cannot be exchanged, reordered or cut off unnoticed.
 */
const frameBytes = 256 * 1024;
const lengthBytes = 4;
// Room for the whole answer at once: piece by piece it would be put together anew each time.
const packing = { params: { [constants.ZSTD_c_compressionLevel]: 1 }, chunkSize: frameBytes };
const unpacking = { chunkSize: frameBytes, maxOutputLength: frameBytes };

/** Give the folder of a source and a day: `raw/{source}/{yyyy}/{mm}/{dd}` (HI-090). */
function rawFolder(source: string, atMs: number): string {
  const day = new Date(atMs).toISOString().slice(0, 10);
  return join('raw', source, ...day.split('-'));
}

function frameContext(name: string, index: number, isLast: boolean): string {
  return `raw ${name} ${index}${isLast ? ' last' : ''}`;
}

/** Flush a folder's entries, so that a rename in it survives a power cut. Windows has no such call and needs none on NTFS. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
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
 */
export async function writeRawFile(spec: {
  readonly home: string;
  readonly source: string;
  readonly key: KeyObject;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly atMs: number;
}): Promise<string> {
  const name = `${spec.atMs.toString(36)}-${randomBytes(9).toString('base64url')}.raw`;
  const folder = rawFolder(spec.source, spec.atMs);
  const part = join(spec.home, folder, `${name}.part`);
  await mkdir(dirname(part), { recursive: true });
  const file = await open(part, 'wx', 0o600);
  try {
    await writeFrames(file, name, spec.key, spec.chunks);
    await file.sync();
    await file.close();
    await rename(part, join(spec.home, folder, name));
    await syncFolder(join(spec.home, folder));
    return join(folder, name).replaceAll('\\', '/');
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(part, { force: true });
    if ((error as { code?: string }).code === 'ENOSPC') throw new Fault('disk-full', {}, { cause: error });
    throw error;
  }
}

async function writeFrames(file: FileHandle, name: string, key: KeyObject, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let index = 0;
  for await (const { plain, isLast } of inFrames(chunks)) {
    const sealed = seal(key, zstdCompressSync(plain, packing), frameContext(name, index++, isLast));
    const head = Buffer.alloc(lengthBytes);
    head.writeUInt32LE(sealed.length);
    await file.writev([head, sealed]);
  }
}

/** Cut a stream of bytes into frames of equal size; the last is the rest, be it empty. */
async function* inFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<{ plain: Uint8Array; isLast: boolean }> {
  let held: Uint8Array = new Uint8Array(0);
  for await (const chunk of chunks) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (; held.length > frameBytes; held = held.subarray(frameBytes)) yield { plain: held.subarray(0, frameBytes), isLast: false };
  }
  yield { plain: held, isLast: true };
}

/**
 * Read a raw file back: the bytes as they were taken. With `from`, frames that end before this byte are skipped unopened, and the
 * first bytes given are those at {@link frameStart} of it.
 * @throws {Fault} `database-damaged` when a frame was changed, exchanged or is missing.
 */
export async function* readRawFile(spec: {
  readonly home: string;
  readonly path: string;
  readonly key: KeyObject;
  readonly from?: number;
}): AsyncGenerator<Buffer> {
  const name = spec.path.slice(spec.path.lastIndexOf('/') + 1);
  let file: FileHandle | null = null;
  try {
    file = await open(join(spec.home, spec.path), 'r');
    const { size } = await file.stat();
    let at = 0;
    for (let index = 0; at < size || index === 0; index++) {
      const length = (await bytesAt(file, at, lengthBytes)).readUInt32LE(0);
      // zstd makes bytes that it cannot pack a little longer.
      if (length < sealOverheadBytes || length > frameBytes * 2) throw new RangeError('no frame');
      if ((index + 1) * frameBytes <= (spec.from ?? 0)) {
        at += lengthBytes + length;
        continue;
      }
      const sealed = await bytesAt(file, at + lengthBytes, length);
      at += lengthBytes + length;
      const packed = unseal(spec.key, sealed, frameContext(name, index, at === size));
      yield zstdDecompressSync(packed, unpacking);
    }
  } catch (error) {
    throw new Fault('database-damaged', { file: spec.path }, { cause: error });
  } finally {
    await file?.close();
  }
}

/** The byte at which the frame with this byte starts. */
export function frameStart(byte: number): number {
  return byte - (byte % frameBytes);
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
  if (bytesRead < length) throw new RangeError('cut off');
  return buffer;
}
