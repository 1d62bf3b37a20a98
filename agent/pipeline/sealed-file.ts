import type { KeyObject } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Fault } from '../../contract/faults.ts';
import { seal, sealOverheadBytes, unseal } from '../../db/seal.ts';

/**
 * A file of any size, compressed and encrypted.
 *
 * It is a row of frames: length (4 bytes, little endian), then up to 256 KiB of the content, packed with zstd and sealed with the data
 * key. Each frame is bound to the file's own name, which is random, and to its place, and the last one says that it is the last: frames
 * cannot be exchanged, reordered or cut off unnoticed.
 *
 * Behind the content there may be facts about it, in a frame of their own whose length has its top bit set. The last frame of the
 * content says whether they follow.
 */
const frameBytes = 256 * 1024;
const lengthBytes = 4;
// Room for the whole answer at once: piece by piece it would be put together anew each time.
const packing = { params: { [constants.ZSTD_c_compressionLevel]: 1 }, chunkSize: frameBytes };
const unpacking = { chunkSize: frameBytes, maxOutputLength: frameBytes };

const factsBit = 0x8000_0000;
const factsIndex = 'facts';

/** How a frame of the content ends the content: not at all, as the end of the file, or with facts behind it. */
type End = '' | ' last' | ' last before facts';

function frameContext(name: string, index: number | typeof factsIndex, end: End): string {
  return `raw ${name} ${index}${end}`;
}

/** Flush a folder's entries, so that a rename in it survives a power cut. Windows has no such call and needs none on NTFS. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Put a file in its place so that it is there whole or not at all: `fill` writes it under another name, then it is flushed and renamed.
 * @throws {Fault} `disk-full`; on any failure nothing is left behind.
 */
export async function placeFile(path: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const part = `${path}.part`;
  await mkdir(dirname(path), { recursive: true });
  await rm(part, { force: true });
  const file = await open(part, 'wx', 0o600);
  try {
    await fill(file);
    await file.sync();
    await file.close();
    await rename(part, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(part, { force: true });
    if ((error as { code?: string }).code === 'ENOSPC') throw new Fault('disk-full', {}, { cause: error });
    throw error;
  }
}

/**
 * Write chunks of bytes into a sealed file. It is durable when this resolves.
 * @param facts asked when all of the content is written: a text that is kept with it.
 * @throws {Fault} `disk-full`
 */
export function writeSealedFile(
  path: string,
  key: KeyObject,
  chunks: AsyncIterable<Uint8Array>,
  facts: (() => string) | null = null,
): Promise<void> {
  return placeFile(path, (file) => writeFrames(file, basename(path), key, chunks, facts));
}

async function writeFrames(
  file: FileHandle,
  name: string,
  key: KeyObject,
  chunks: AsyncIterable<Uint8Array>,
  facts: (() => string) | null,
): Promise<void> {
  let index = 0;
  const write = async (plain: Uint8Array, at: number | typeof factsIndex, end: End) => {
    const sealed = seal(key, zstdCompressSync(plain, packing), frameContext(name, at, end));
    const head = Buffer.alloc(lengthBytes);
    head.writeUInt32LE(at === factsIndex ? sealed.length + factsBit : sealed.length);
    await file.writev([head, sealed]);
  };
  const last = facts === null ? ' last' : ' last before facts';
  for await (const { plain, isLast } of inFrames(chunks)) await write(plain, index++, isLast ? last : '');
  if (facts !== null) await write(Buffer.from(facts()), factsIndex, '');
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
 * Read a sealed file back. With `from`, frames that end before this byte are skipped unopened, and the first bytes given are those at
 * {@link frameStart} of it.
 * @param shownAs how a fault names the file.
 * @throws {Fault} `database-damaged` when a frame was changed, exchanged or is missing.
 */
export async function* readSealedFile(path: string, key: KeyObject, shownAs: string, from = 0): AsyncGenerator<Buffer> {
  for await (const { kind, plain } of openedFrames(path, key, shownAs, from)) if (kind === 'content') yield plain;
}

/**
 * Read the facts that were kept with a file, opening nothing of its content but its last frame where there are none; null then.
 * @throws {Fault} `database-damaged`
 */
export async function readSealedFacts(path: string, key: KeyObject, shownAs: string): Promise<string | null> {
  for await (const { kind, plain } of openedFrames(path, key, shownAs, Number.POSITIVE_INFINITY))
    if (kind === 'facts') return plain.toString('utf8');
  return null;
}

type Opened = { readonly kind: 'content' | 'facts'; readonly plain: Buffer };

async function* openedFrames(path: string, key: KeyObject, shownAs: string, from: number): AsyncGenerator<Opened> {
  const name = basename(path);
  let file: FileHandle | null = null;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    const opened = async (at: number, length: number, context: string) =>
      zstdDecompressSync(unseal(key, await bytesAt(file as FileHandle, at, length), context), unpacking);
    // zstd makes bytes that it cannot pack a little longer.
    const assertFrame = (length: number) => {
      if (length < sealOverheadBytes || length > frameBytes * 2) throw new RangeError('no frame');
    };
    let length = await lengthAt(file, 0);
    for (let index = 0, at = 0; ; index++) {
      assertFrame(length);
      const behind = at + lengthBytes + length;
      const next = behind === size ? null : await lengthAt(file, behind);
      const hasFacts = next !== null && next >= factsBit;
      const end = next === null ? ' last' : hasFacts ? ' last before facts' : '';
      // The last one says that nothing was cut off behind it.
      const isSkipped = (index + 1) * frameBytes <= from && next !== null;
      if (!isSkipped) yield { kind: 'content', plain: await opened(at + lengthBytes, length, frameContext(name, index, end)) };
      if (next === null) return;
      at = behind;
      length = next;
      if (!hasFacts) continue;
      length -= factsBit;
      assertFrame(length);
      if (at + lengthBytes + length !== size) throw new RangeError('something behind the facts');
      yield { kind: 'facts', plain: await opened(at + lengthBytes, length, frameContext(name, factsIndex, '')) };
      return;
    }
  } catch (error) {
    throw new Fault('database-damaged', { file: shownAs }, { cause: error });
  } finally {
    await file?.close();
  }
}

/** Whether every seal of a file opens. */
export async function isSound(path: string, key: KeyObject, shownAs: string): Promise<boolean> {
  try {
    for await (const _ of readSealedFile(path, key, shownAs));
    return true;
  } catch {
    return false;
  }
}

/** The byte at which the frame with this byte starts. */
export function frameStart(byte: number): number {
  return byte - (byte % frameBytes);
}

async function lengthAt(file: FileHandle, at: number): Promise<number> {
  return (await bytesAt(file, at, lengthBytes)).readUInt32LE(0);
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
  if (bytesRead < length) throw new RangeError('cut off');
  return buffer;
}
