import { type KeyObject, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { Fault } from '../../contract/faults.ts';
import { seal, sealOverheadBytes, unseal } from '../../db/seal.ts';
import { hideCards } from './normalise/cards.ts';

/**
 * Raw payloads, just as they came but for card numbers: compressed, encrypted, fsynced and renamed before the row that names
 * them commits.
 *
 * A raw file is a row of frames: length (4 bytes, little endian), then gzip output sealed with the data key. Each frame is bound
 * to the file's own random name and to its place, and the last one says that it is the last: frames cannot be exchanged, reordered
 * or cut off unnoticed.
 */
const frameBytes = 64 * 1024;

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
  const gzip = createGzip({ level: 1 });
  const feeding = feed(gzip, chunks);
  feeding.catch((error) => gzip.destroy(error));
  let index = 0;
  let held: Buffer = Buffer.alloc(0);
  const write = async (plain: Buffer, isLast: boolean) => {
    const sealed = seal(key, plain, frameContext(name, index++, isLast));
    const head = Buffer.alloc(4);
    head.writeUInt32LE(sealed.length);
    await file.writev([head, sealed]);
  };
  for await (const chunk of gzip as AsyncIterable<Buffer>) {
    held = Buffer.concat([held, chunk]);
    for (; held.length > frameBytes; held = held.subarray(frameBytes)) await write(held.subarray(0, frameBytes), false);
  }
  await feeding;
  await write(held, true);
}

async function feed(gzip: Transform, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) if (!gzip.write(chunk)) await once(gzip, 'drain');
  gzip.end();
}

/**
 * Read a raw file back: the bytes as they were taken.
 * @throws {Fault} `database-damaged` when a frame was changed, exchanged or is missing.
 */
export function readRawFile(spec: { readonly home: string; readonly path: string; readonly key: KeyObject }): AsyncIterable<Buffer> {
  const name = spec.path.slice(spec.path.lastIndexOf('/') + 1);
  const damaged = () => new Fault('database-damaged', { file: spec.path });
  let held: Buffer = Buffer.alloc(0);
  let index = 0;
  const frames = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      try {
        // The last frame is told apart by its context, so one is always held back.
        for (let length = frameLength(held); length !== null && held.length > length + 4; length = frameLength(held)) {
          this.push(unseal(spec.key, held.subarray(4, length + 4), frameContext(name, index++, false)));
          held = held.subarray(length + 4);
        }
        done();
      } catch {
        done(damaged());
      }
    },
    flush(done) {
      try {
        const length = frameLength(held);
        if (length === null || held.length !== length + 4) throw damaged();
        this.push(unseal(spec.key, held.subarray(4), frameContext(name, index, true)));
        done();
      } catch {
        done(damaged());
      }
    },
  });
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  const stream = createReadStream(join(spec.home, spec.path), { highWaterMark: 256 * 1024 });
  stream.on('error', (error) => frames.destroy(new Fault('database-damaged', { file: spec.path }, { cause: error })));
  frames.on('error', (error) => gunzip.destroy(error));
  gunzip.on('close', () => stream.destroy());
  stream.pipe(frames).pipe(gunzip);
  return gunzip as AsyncIterable<Buffer>;
}

function frameLength(held: Buffer): number | null {
  if (held.length < 4) return null;
  const length = held.readUInt32LE(0);
  if (length < sealOverheadBytes || length > frameBytes + 1024) throw new Error('no frame');
  return length;
}
