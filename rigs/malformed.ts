import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DocumentMemory } from '../agent/pipeline/batch-builder.ts';
import { LayoutSampler } from '../agent/pipeline/file-layout.ts';
import { normaliseFile } from '../agent/pipeline/normalise-file.ts';
import { writeRawFile } from '../agent/pipeline/raw-files.ts';
import { delimiters, FileLayout, Mapping } from '../contract/mapping.ts';
import type { Batch } from '../db/pipeline/records.ts';
import { letterContext, sealingKey, unseal } from '../db/seal.ts';
import { csvText } from '../sandbox/hotel/export-file.ts';
import { openHotel } from '../sandbox/hotel/hotel.ts';
import { type Random, seededRandom } from '../sandbox/hotel/random.ts';

/** What came of some files. A finding names the seed of the file that is to be looked at. */
export type MalformedRun = {
  readonly files: number;
  readonly crashed: number;
  readonly unaccountedBytes: number;
  readonly rows: number;
  readonly kept: number;
  readonly setAside: number;
  readonly findings: readonly string[];
};

const key = sealingKey(Buffer.alloc(32, 11));
const template = Mapping.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'resources', 'mappings', 'generic-pms-bookings.json'), 'utf8')),
);
const layouts = FileLayout.shape;

/**
 * Read files that hotels, editors, broken lines and bad luck have made: every byte of each must be in exactly one account (record, dead
 * letter, structure), a dead letter must hold the bytes of its place, and going on from any batch must come to the same end.
 */
export async function malformedRun({ seed, files }: { readonly seed: number; readonly files: number }): Promise<MalformedRun> {
  const home = mkdtempSync(join(tmpdir(), 'bellhop-malformed-'));
  const totals = { crashed: 0, unaccountedBytes: 0, rows: 0, kept: 0, setAside: 0 };
  const findings: string[] = [];
  try {
    for (let at = 0; at < files; at++) {
      const fileSeed = seed + at;
      try {
        const { unaccounted, problems, ...counts } = await readOne(home, fileSeed);
        totals.unaccountedBytes += unaccounted;
        totals.rows += counts.rows;
        totals.kept += counts.kept;
        totals.setAside += counts.setAside;
        findings.push(...problems.map((problem) => `seed ${fileSeed}: ${problem}`));
      } catch (error) {
        totals.crashed += 1;
        findings.push(`seed ${fileSeed}: ${error}`);
      }
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return { files, ...totals, findings: findings.slice(0, 20) };
}

async function readOne(home: string, seed: number) {
  const random = seededRandom(seed);
  const file = FileLayout.parse({
    encoding: random.pick(layouts.encoding.unwrap().options),
    delimiter: random.pick(layouts.delimiter.unwrap().options),
    shortRows: random.pick(layouts.shortRows.unwrap().options),
    footers: random.chance(0.3) ? ['Total'] : [],
  });
  const mapping = { ...template, file };
  const sampler = new LayoutSampler();
  const sent = mutated(random, exportBytes(random, seed, file.delimiter === 'auto' ? random.pick(delimiters) : file.delimiter));
  // What is kept of a file in UTF-16 is the same text as UTF-8.
  const kept: Uint8Array[] = [];
  for await (const piece of sampler.keptBytes(pieces(random, sent), file.encoding)) kept.push(piece);
  const bytes = Buffer.concat(kept);
  const layout = sampler.layout(mapping, random.pick(['Europe/Berlin', 'Europe/Istanbul', 'Asia/Dubai']));
  const rawPath = await writeRawFile({ home, source: 'rig', key, chunks: pieces(random, bytes), atMs: 0, facts: null });
  try {
    const read = (position: number) =>
      normaliseFile(
        {
          home,
          key,
          fileId: seed,
          hotelId: 'ALDQ',
          source: 'rig',
          rawPath,
          mapping,
          layout,
          bytes: bytes.length,
          position,
          credits: 1,
          days: null,
        },
        new DocumentMemory(),
      );
    const whole = await totalled(read(0), bytes, seed);
    const from = whole.positions.length > 0 ? random.pick(whole.positions) : 0;
    const rest = await totalled(read(from), bytes, seed);
    const problems = [...whole.problems];
    if (from > 0 && rest.accounted !== bytes.length - from)
      problems.push(`from ${from} on ${rest.accounted} of ${bytes.length - from} bytes`);
    const unaccounted = Math.abs(bytes.length - whole.accounted);
    if (unaccounted !== 0) problems.push(`${unaccounted} bytes in no account`);
    return { rows: whole.rows, kept: whole.kept, setAside: whole.setAside, unaccounted, problems };
  } finally {
    await rm(join(home, rawPath), { force: true });
  }
}

async function totalled(batches: AsyncIterable<Batch>, bytes: Buffer, fileId: number) {
  const total = { accounted: 0, rows: 0, kept: 0, setAside: 0 };
  const positions: number[] = [];
  const problems: string[] = [];
  for await (const batch of batches) {
    total.accounted += batch.bytesNormalised + batch.bytesDeadLetters + batch.bytesStructural;
    total.rows += batch.rows;
    total.kept += batch.count;
    total.setAside += batch.letters.length;
    if (batch.position <= (positions.at(-1) ?? -1)) problems.push(`the position went from ${positions.at(-1)} to ${batch.position}`);
    positions.push(batch.position);
    for (const { byteOffset, byteLength, raw } of batch.letters) {
      const kept = unseal(key, raw, letterContext(fileId, byteOffset));
      const there = bytes.subarray(byteOffset, byteOffset + kept.length);
      if (byteOffset + byteLength > bytes.length || (byteOffset > 0 && !kept.equals(there)))
        problems.push(`the letter at ${byteOffset} does not hold the bytes of its place`);
    }
    if (Buffer.from(batch.documents).includes('\uFFFD')) problems.push('a record with a sign that nobody wrote');
  }
  return { ...total, positions, problems };
}

function exportBytes(random: Random, seed: number, delimiter: string): Buffer {
  const rows = openHotel({ seed, today: '2026-03-01' }).nextExport({
    rows: random.between(0, 60),
    changes: 0.2,
    bad: random.between(0, 5),
  });
  const text = csvText(rows);
  // Sometimes in another delimiter than the mapping says, as an export is that somebody has saved anew.
  return Buffer.from(random.chance(0.8) ? text.replaceAll(',', delimiter) : text, random.chance(0.85) ? 'utf8' : 'latin1');
}

type Mutation = (random: Random, bytes: Buffer) => Buffer;

const spliced = (bytes: Buffer, at: number, gone: number, put: Uint8Array | string) =>
  Buffer.concat([bytes.subarray(0, at), Buffer.from(put as string), bytes.subarray(at + gone)]);
const place = (random: Random, bytes: Buffer) => random.between(0, Math.max(0, bytes.length - 1));
const inserts =
  (what: Uint8Array | string): Mutation =>
  (random, bytes) =>
    spliced(bytes, place(random, bytes), 0, what);
const lines = (bytes: Buffer) => bytes.toString('latin1').split('\n');
const fromLines = (parts: readonly string[]) => Buffer.from(parts.join('\n'), 'latin1');

/** What befalls files on their way: editors, other systems, cut lines, full disks. */
const mutations: readonly Mutation[] = [
  inserts('"'),
  inserts('""'),
  inserts('\0'),
  inserts('\u001a'),
  inserts('\r'),
  inserts('\n'),
  inserts('\n\r'),
  inserts('\uFEFF'),
  inserts(Buffer.from([0xff, 0xfe, 0x80, 0xc3])),
  inserts('"a\nb""c"'),
  inserts(',,,,,,,,'),
  inserts(' '.repeat(5000)),
  (random, bytes) => spliced(bytes, place(random, bytes), 0, 'x'.repeat(random.between(1, 40) * 60_000)),
  (random, bytes) => spliced(bytes, place(random, bytes), random.between(1, 400), ''),
  (random, bytes) => bytes.subarray(0, place(random, bytes)),
  (random, bytes) => bytes.subarray(place(random, bytes)),
  (_random, bytes) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
  (_random, bytes) => Buffer.concat([bytes, bytes]),
  (_random, bytes) => Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\r'), 'latin1'),
  (_random, bytes) => Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'),
  (_random, bytes) => Buffer.from(bytes.toString('latin1'), 'utf16le'),
  (_random, bytes) => bytes.subarray(0, bytes.lastIndexOf('\r')),
  (_random, bytes) => Buffer.concat([bytes, Buffer.from('\r\nTotal;12\r\n\r\n\u001a')]),
  (random, bytes) => {
    const all = lines(bytes);
    const at = random.between(0, all.length - 1);
    return fromLines([...all.slice(0, at), all[0] as string, ...all.slice(at)]);
  },
  (_random, bytes) => Buffer.concat([Buffer.from('Arrivals of the day\r\nprinted 01.03.2026;by "night"\r\n\r\n'), bytes]),
  (_random, bytes) => Buffer.from(`\uFEFF${bytes.toString('utf8')}`, 'utf16le').swap16(),
  (random, bytes) => fromLines(lines(bytes).flatMap((line) => (random.chance(0.2) ? line.replace(',1', '\n,1').split('\n') : [line]))),
  (_random, bytes) => fromLines(lines(bytes).map((line) => line.replace('\r', ',\r'))),
  (random, bytes) => fromLines(lines(bytes).filter((_, at) => at === 0 || random.chance(0.7))),
  (_random, bytes) => fromLines(lines(bytes).slice(1)),
  (random, bytes) => {
    const flipped = Buffer.from(bytes);
    for (let n = random.between(1, 20); n > 0 && flipped.length > 0; n--) {
      const at = place(random, flipped);
      flipped[at] = (flipped[at] as number) ^ (1 << random.between(0, 7));
    }
    return flipped;
  },
  (random) => Buffer.from(Array.from({ length: random.between(0, 3000) }, () => random.between(0, 255))),
];

function mutated(random: Random, bytes: Buffer): Buffer {
  let result = bytes;
  for (let count = random.between(0, 4); count > 0; count--) result = random.pick(mutations)(random, result);
  return result;
}

async function* pieces(random: Random, bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const length = random.between(1, 70_000);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}
