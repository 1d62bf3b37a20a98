import { type KeyObject, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { z } from 'zod';
import { Fault } from '../../contract/faults.ts';
import { hideCards } from './normalise/cards.ts';
import { frameStart, readSealedFacts, readSealedFile, writeSealedFile } from './sealed-file.ts';

/**
 * Raw payloads, just as they came but for card numbers: compressed, encrypted, fsynced and renamed before the row that names
 * them commits.
 */

/**
 * What a raw file tells of itself: all that it takes to read it again where no database knows of it.
 * @shape `afterFileId`: the file behind which it has its place (`placeOfContent`); `afterwards`: what was to become of it at its source.
 */
const RawFacts = z.object({
  connectionId: z.string(),
  hotelId: z.string(),
  source: z.string(),
  entity: z.string(),
  name: z.string(),
  path: z.string(),
  mark: z.string(),
  sha256: z.string(),
  mappingJson: z.string(),
  layoutJson: z.string(),
  bytes: z.int().nonnegative(),
  afterFileId: z.int().nonnegative(),
  afterwards: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('archive-file'), to: z.string() }),
      z.object({ kind: z.literal('put-away-file') }),
    ])
    .nullable(),
});
export type RawFacts = z.infer<typeof RawFacts>;

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
 * @param facts asked for when all chunks are written; null for what nobody reads again, as a page of a table: its source gives the rows.
 * @returns its path relative to `home`. The file is durable when this resolves; on any failure nothing is left behind.
 * @throws {Fault} `disk-full`
 */
export async function writeRawFile(spec: {
  readonly home: string;
  readonly source: string;
  readonly key: KeyObject;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly atMs: number;
  readonly facts: (() => RawFacts) | null;
}): Promise<string> {
  const name = `${spec.atMs.toString(36)}-${randomBytes(9).toString('base64url')}.raw`;
  const path = join(rawFolder(spec.source, spec.atMs), name);
  await writeSealedFile(join(spec.home, path), spec.key, spec.chunks, () => JSON.stringify(spec.facts?.() ?? null));
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
 * Read what a raw file tells of itself; null where it says that nobody reads it again.
 * @throws {Fault} `database-damaged`, also where it tells nothing, or what this version does not understand.
 */
export async function readRawFacts(file: {
  readonly home: string;
  readonly path: string;
  readonly key: KeyObject;
}): Promise<RawFacts | null> {
  const text = await readSealedFacts(join(file.home, file.path), file.key, file.path);
  try {
    return RawFacts.nullable().parse(JSON.parse(text ?? ''));
  } catch (error) {
    throw new Fault('database-damaged', { file: file.path }, { cause: error });
  }
}

/** All raw files that lie in a home, by their paths relative to it, in the order of the clock by which they were taken. */
export function rawFilesThere(home: string): { readonly path: string; readonly takenAtMs: number }[] {
  const folder = join(home, 'raw');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && one.name.endsWith('.raw'))
    .map((one) => relative(home, join(one.parentPath, one.name)).replaceAll('\\', '/'))
    .map((path) => ({ path, takenAtMs: Number.parseInt(basename(path), 36) }))
    .filter(({ takenAtMs }) => !Number.isNaN(takenAtMs))
    .toSorted((one, other) => one.takenAtMs - other.takenAtMs);
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
