import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import { openForWriting, type WriteDb } from '../open.ts';
import { sealingKey, sealOverheadBytes } from '../seal.ts';
import { payloadReader, payloadWriter } from './payloads.ts';

const key = sealingKey(Buffer.alloc(32, 7));
let folder: string;
let db: WriteDb;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-payloads-'));
  db = openForWriting(join(folder, 'pipeline.db'));
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const hashOf = (document: string) => hash('sha256', document, 'buffer');
const documentOf = (seq: number) => `{"n":${seq},"guest":"Ada ${'x'.repeat((seq * 37) % 400)}"}`;

/** Write documents 1 to `count`, with a new transaction after each number of `cuts`. */
function keep(count: number, cuts: readonly number[] = []): void {
  const writer = payloadWriter(db, key);
  for (let seq = 1; seq <= count; seq++) {
    writer.add(seq, hashOf(documentOf(seq)), Buffer.from(documentOf(seq)));
    if (cuts.includes(seq)) writer.flush();
  }
  writer.flush();
}

const blocks = () => db.prepare('select first_seq, sealed from payloads order by first_seq').raw().all() as [number, Buffer][];
const replace = (firstSeq: number, sealed: Buffer) =>
  db.prepare('update payloads set sealed = ? where first_seq = ?').run(sealed, firstSeq);

function read(seq: number, of = seq): string {
  try {
    return payloadReader(db, key)(seq, hashOf(documentOf(of))).toString('utf8');
  } catch (error) {
    return error instanceof Fault ? error.code : `not named: ${error}`;
  }
}

it('gives documents back in any order, however they were cut into blocks', () => {
  keep(100, [1, 2, 20, 21, 70]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 60 }), (order) => {
      const reader = payloadReader(db, key);
      expect(order.map((seq) => reader(seq, hashOf(documentOf(seq))).toString('utf8'))).toEqual(order.map(documentOf));
    }),
    { numRuns: 100, seed: 20_261_121 },
  );
});

it('puts sixteen documents into one block, and begins a new one with every batch', () => {
  keep(40, [20]);
  expect(blocks().map(([firstSeq]) => firstSeq)).toEqual([1, 17, 21, 37]);
});

it('gives an empty document and one of a megabyte back as they were', () => {
  const large = 'ü'.repeat(500_000);
  const writer = payloadWriter(db, key);
  writer.add(1, hashOf(''), Buffer.alloc(0));
  writer.add(2, hashOf(large), Buffer.from(large));
  writer.add(3, hashOf('end'), Buffer.from('end'));
  writer.flush();
  const reader = payloadReader(db, key);
  expect([reader(3, hashOf('end')).toString(), reader(1, hashOf('')).length, reader(2, hashOf(large)).toString() === large]).toEqual([
    'end',
    0,
    true,
  ]);
});

it('holds nothing that can be read without the key', () => {
  keep(40);
  expect(blocks().some(([, sealed]) => sealed.includes('Ada') || sealed.includes('guest'))).toBe(false);
  expect(() => payloadReader(db, sealingKey(Buffer.alloc(32, 8)))(1, hashOf(documentOf(1)))).toThrow(
    expect.objectContaining({ code: 'database-damaged' }),
  );
});

it('seals the same document twice into two different blocks', () => {
  keep(1);
  const [first] = blocks();
  db.exec('delete from payloads');
  keep(1);
  expect(blocks()[0]?.[1].equals(first?.[1] as Buffer)).toBe(false);
});

it('refuses every row of a block in which one bit was flipped, wherever it was', () => {
  keep(16);
  const [[, sound] = [0, Buffer.alloc(0)]] = blocks();
  const wrong: number[] = [];
  const places = [...Array.from({ length: sealOverheadBytes }, (_, at) => at), ...Array.from({ length: 60 }, (_, at) => at * 29)];
  for (const place of places.flatMap((at) => [at, sound.length - 1 - at])) {
    const torn = Buffer.from(sound);
    torn[place] = (torn[place] as number) ^ (1 << (place % 8));
    replace(1, torn);
    if (read(1) !== 'database-damaged' || read(16) !== 'database-damaged') wrong.push(place);
  }
  expect(wrong).toEqual([]);
});

it('refuses a block that is cut off, empty, or too short to be one', () => {
  keep(16);
  const [[, sound] = [0, Buffer.alloc(0)]] = blocks();
  const found = [0, 1, 11, 12, 27, 28, 29, 100, sound.length - 1].map((bytes) => {
    replace(1, sound.subarray(0, bytes));
    return read(1);
  });
  expect(found).toEqual(found.map(() => 'database-damaged'));
});

it('refuses two blocks that have changed places, and one that was moved behind another number', () => {
  keep(32);
  const [first, second] = blocks().map(([, sealed]) => sealed) as [Buffer, Buffer];
  replace(1, second);
  replace(17, first);
  const swapped = [read(1), read(17)];
  db.prepare('delete from payloads').run();
  db.prepare('insert into payloads (first_seq, sealed) values (33, ?)').run(first);
  expect([...swapped, read(33, 1)]).toEqual(['database-damaged', 'database-damaged', 'database-damaged']);
});

it('refuses a row whose hash in the outbox is that of another row', () => {
  keep(16);
  expect([read(3), read(3, 4), read(4, 3)]).toEqual([documentOf(3), 'database-damaged', 'database-damaged']);
});

it('refuses a number whose block is not there, before, behind and in a hole', () => {
  keep(48);
  db.prepare('delete from payloads where first_seq = 17').run();
  expect([read(16), read(17), read(32), read(33), read(49)]).toEqual([
    documentOf(16),
    'database-damaged',
    'database-damaged',
    documentOf(33),
    'database-damaged',
  ]);
});

it('goes on reading the sound rows after it has met a damaged one', () => {
  keep(48);
  replace(17, Buffer.alloc(200));
  const reader = payloadReader(db, key);
  const seen = [16, 17, 33, 18, 1].map((seq) => {
    try {
      return reader(seq, hashOf(documentOf(seq))).toString('utf8');
    } catch (error) {
      return (error as Fault).code;
    }
  });
  expect(seen).toEqual([documentOf(16), 'database-damaged', documentOf(33), 'database-damaged', documentOf(1)]);
});

it('forgets what a rolled back transaction had collected', () => {
  const writer = payloadWriter(db, key);
  writer.add(1, hashOf('gone'), Buffer.from('gone'));
  writer.drop();
  writer.add(1, hashOf(documentOf(1)), Buffer.from(documentOf(1)));
  writer.flush();
  writer.flush();
  expect([read(1), blocks().length]).toEqual([documentOf(1), 1]);
});
