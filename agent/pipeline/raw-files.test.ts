import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import { sealingKey } from '../../db/seal.ts';
import { type RawFacts, rawFilesThere, readRawFacts, readRawFile, withoutCards, writeRawFile } from './raw-files.ts';
import { writeSealedFile } from './sealed-file.ts';

const key = sealingKey(Buffer.alloc(32, 7));
const atMs = Date.UTC(2026, 2, 1, 10);
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bellhop-raw-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const told = {
  connectionId: 'pms',
  hotelId: 'ALDQ',
  source: 'opera',
  entity: 'booking',
  name: 'Brandt.csv',
  path: 'c:\\drops\\Brandt.csv',
};
const facts: RawFacts = {
  ...told,
  mark: '1-2',
  sha256: 'ab',
  mappingJson: '{}',
  layoutJson: '{}',
  bytes: 12,
  afterFileId: 4,
  afterwards: null,
};
const write = (bytes: Uint8Array, size = 100_000, about: (() => RawFacts) | null = null) =>
  writeRawFile({ home, source: 'opera', key, chunks: pieces(bytes, size), atMs, facts: about });

async function read(path: string, by = key): Promise<Buffer | string> {
  const parts: Buffer[] = [];
  try {
    for await (const part of readRawFile({ home, path, key: by })) parts.push(part);
    return Buffer.concat(parts);
  } catch (error) {
    return error instanceof Fault ? `${error.code} ${error.detail.file}` : `not named: ${error}`;
  }
}

/** The frames of a raw file, each with its length in front. */
function frames(path: string): Buffer[] {
  const bytes = readFileSync(join(home, path));
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + (bytes.readUInt32LE(at) & 0x7fff_ffff);
    found.push(bytes.subarray(at, end));
    at = end;
  }
  return found;
}

const frame = 256 * 1024;
const sizes = [0, 1, frame - 1, frame, frame + 1, 2 * frame, 3 * frame + 17];

describe('a raw file', () => {
  it.each(sizes)('of %i bytes comes back as it was, whatever pieces it came in, also when nothing of it can be packed', async (size) => {
    const bytes = randomBytes(size);
    for (const piece of [1000, 64 * 1024, frame, 10 * frame]) expect((await read(await write(bytes, piece))) as Buffer).toEqual(bytes);
  });

  it('lies under its source and day, is packed, and holds nothing that can be read', async () => {
    const text = 'Brandt, Jürgen;2026-03-01;Double\r\n'.repeat(20_000);
    const path = await write(Buffer.from(text));
    const stored = readFileSync(join(home, path));
    expect([path, stored.length < text.length / 20, stored.includes('Brandt')]).toEqual([
      expect.stringMatching(/^raw\/opera\/2026\/03\/01\/[\w-]+\.raw$/),
      true,
      false,
    ]);
    expect(await read(path, sealingKey(Buffer.alloc(32, 8)))).toBe(`database-damaged ${path}`);
  });

  it('leaves nothing behind when its source fails', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(frame * 2);
      throw new Fault('file-changed', { file: 'a.csv' });
    }
    await expect(writeRawFile({ home, source: 'opera', key, chunks: broken(), atMs, facts: null })).rejects.toMatchObject({
      code: 'file-changed',
    });
    expect(readdirSync(join(home, 'raw', 'opera', '2026', '03', '01'))).toEqual([]);
  });

  it('is damaged, by its name, when a bit of it is flipped, wherever that is', async () => {
    const path = await write(randomBytes(2 * frame + 10));
    const sound = readFileSync(join(home, path));
    const found = new Set<unknown>();
    for (let at = 0; at < sound.length; at += at < 40 ? 1 : 9_973) {
      const torn = Buffer.from(sound);
      torn[at] = (torn[at] as number) ^ (1 << (at % 8));
      writeFileSync(join(home, path), torn);
      found.add(await read(path));
    }
    expect([...found]).toEqual([`database-damaged ${path}`]);
  });

  it('is damaged when frames are cut off, doubled, exchanged, missing or from another file', async () => {
    const withoutFacts = async (path: string) => {
      await writeSealedFile(join(home, path), key, pieces(randomBytes(3 * frame + 10), frame));
      return path;
    };
    const path = await withoutFacts('one.raw');
    const other = frames(await withoutFacts('other.raw'));
    const [a, b, c, d] = frames(path) as [Buffer, Buffer, Buffer, Buffer];
    const wrong = [[], [a], [a, b, c], [a, c, b, d], [a, b, c, d, d], [b, c, d], [a, b, d], [a, b, other[2] as Buffer, d], other];
    for (const parts of [...wrong, [a, b, c, d.subarray(0, -1)], [a, b, c, d, Buffer.from([0])], [Buffer.from([255, 255, 255, 255])]]) {
      writeFileSync(join(home, path), Buffer.concat(parts));
      expect(await read(path)).toBe(`database-damaged ${path}`);
    }
    writeFileSync(join(home, path), Buffer.concat([a, b, c, d]));
    expect(((await read(path)) as Buffer).length).toBe(3 * frame + 10);
  });

  it.each(sizes)('of %i bytes tells what it was told of itself when it had come to its end, and comes back as it was', async (size) => {
    const bytes = randomBytes(size);
    const order: string[] = [];
    async function* chunks() {
      yield* pieces(bytes, 100_000);
      order.push('content');
    }
    const tell = () => {
      order.push('facts');
      return facts;
    };
    const path = await writeRawFile({ home, source: 'opera', key, chunks: chunks(), atMs, facts: tell });
    const none = await write(bytes);
    expect([await readRawFacts({ home, path, key }), await readRawFacts({ home, path: none, key }), order]).toEqual([
      facts,
      null,
      ['content', 'facts'],
    ]);
    expect((await read(path)) as Buffer).toEqual(bytes);
    expect(readFileSync(join(home, path)).includes('Brandt')).toBe(false);
  });

  it('is damaged when its facts are cut off, flipped, exchanged or followed by something', async () => {
    const path = await write(randomBytes(frame + 10), frame, () => facts);
    const other = await write(randomBytes(frame + 10), frame, () => facts);
    const bare = await write(randomBytes(frame + 10), frame);
    const [a, b, told] = frames(path) as [Buffer, Buffer, Buffer];
    const flipped = Buffer.from(told);
    flipped[20] = (flipped[20] as number) ^ 1;
    const wrong = [
      [a, b],
      [a, told],
      [told],
      [a, b, flipped],
      [a, b, frames(other)[2] as Buffer],
      [a, b, told, told],
      [a, b, told, b],
      [a, b, told.subarray(0, -1)],
    ];
    for (const parts of wrong) {
      writeFileSync(join(home, path), Buffer.concat(parts));
      expect(await read(path)).toBe(`database-damaged ${path}`);
    }
    writeFileSync(join(home, bare), Buffer.concat([...frames(bare), told]));
    expect(await read(bare)).toBe(`database-damaged ${bare}`);
  });

  it('is listed where it lies, in the order in which files were taken, beside nothing else', async () => {
    const later = await writeRawFile({ home, source: 'a', key, chunks: pieces(Buffer.from('x'), 1), atMs: atMs + 86_400_000, facts: null });
    const first = await write(Buffer.from('x'));
    writeFileSync(join(home, 'raw', 'opera', 'half.raw.part'), 'x');
    expect([rawFilesThere(home), rawFilesThere(join(home, 'nowhere'))]).toEqual([
      [
        { path: first, takenAtMs: atMs },
        { path: later, takenAtMs: atMs + 86_400_000 },
      ],
      [],
    ]);
  });

  it('that is not there is damaged too', async () => {
    expect([await read('raw/opera/gone.raw'), existsSync(join(home, 'raw'))]).toEqual(['database-damaged raw/opera/gone.raw', false]);
  });
});

it('a card number is hidden also where two pieces meet', async () => {
  const text = Buffer.from('Ada,4111111111111111,101\r\nBea,4111-1111-1111-1111,102\r\n');
  for (let size = 1; size < text.length; size++) {
    const parts: Uint8Array[] = [];
    for await (const part of withoutCards(pieces(Buffer.from(text), size))) parts.push(Buffer.from(part));
    expect(Buffer.concat(parts).toString()).toBe('Ada,****************,101\r\nBea,****-****-****-****,102\r\n');
  }
});
