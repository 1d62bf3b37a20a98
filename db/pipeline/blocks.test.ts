import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import { openForWriting, type WriteDb } from '../open.ts';
import { sealingKey, sealOverheadBytes } from '../seal.ts';
import { blockWriter, listed, pendingRows } from './blocks.ts';

const key = sealingKey(Buffer.alloc(32, 7));
let folder: string;
let db: WriteDb;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-blocks-'));
  db = openForWriting(join(folder, 'pipeline.db'));
  db.exec("insert into ledgers (id, hotel_id, source, entity) values (1, 'ALDQ', 'opera', 'booking'), (2, 'ALDQ', 'opera', 'guest')");
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const headOf = (seq: number) => `{"eventId":"${seq}",`;
const restOf = (seq: number) => `"n":${seq},"guest":"Ada Łukasz 😀 \\n ${'x'.repeat((seq * 37) % 400)}"}`;
const textOf = (seq: number) => headOf(seq) + restOf(seq);

/** Write rows `from` to `upTo` in one transaction. */
function keep(from: number, upTo: number, ledgerId = 1): void {
  const blocks = blockWriter(db, key);
  const documents = Array.from({ length: upTo - from + 1 }, (_, at) => Buffer.from(restOf(from + at)));
  db.transaction(() => {
    blocks.begin({ ledgerId, fileId: 1, generation: 1, keptAtMs: from * 1000, correlationId: Buffer.alloc(16) });
    for (const [at, document] of documents.entries()) {
      db.prepare("insert into outbox (seq, external_id, version) values (?, 'x', 1)").run(from + at);
      blocks.add(from + at, headOf(from + at), document);
    }
    blocks.finish();
  })();
}

const blocks = () => db.prepare('select first_seq, rows, sealed from blocks order by first_seq').raw().all() as [number, number, Buffer][];
const replace = (firstSeq: number, sealed: Buffer) => db.prepare('update blocks set sealed = ? where first_seq = ?').run(sealed, firstSeq);
const range = (from: number, upTo: number) => Array.from({ length: upTo - from + 1 }, (_, at) => from + at);

function read(seq: number, rows = pendingRows(db, key)): string {
  try {
    return rows(seq - 1, 1)[0]?.text.toString('utf8') ?? 'nothing';
  } catch (error) {
    return error instanceof Fault ? error.code : `not named: ${error}`;
  }
}

it('gives texts back in any order, however they were cut into blocks', () => {
  for (const [from, upTo] of [
    [1, 1],
    [2, 2],
    [3, 20],
    [21, 800],
    [801, 820],
  ] as const)
    keep(from, upTo);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 820 }), fc.nat(400)), { maxLength: 20 }), (asked) => {
      const rows = pendingRows(db, key);
      for (const [after, limit] of asked) {
        const expected = range(after + 1, Math.min(820, after + limit));
        expect(rows(after, limit).map((row) => [row.seq, row.text.toString('utf8')])).toEqual(expected.map((seq) => [seq, textOf(seq)]));
      }
    }),
    { numRuns: 60, seed: 20_261_121 },
  );
});

it('takes texts of any size, one larger than all before it too', () => {
  const blocks = blockWriter(db, key);
  const sizes = [0, 1, 500_000, 3_000_000, 2, 1_500_000];
  const rest = (size: number) => `"guest":"${'ü'.repeat(size)}"}`;
  blocks.begin({ ledgerId: 1, fileId: 1, generation: 1, keptAtMs: 0, correlationId: Buffer.alloc(16) });
  for (const [at, size] of sizes.entries()) {
    db.prepare("insert into outbox (seq, external_id, version) values (?, 'x', 1)").run(at + 1);
    blocks.add(at + 1, headOf(at + 1), Buffer.from(rest(size)));
  }
  blocks.finish();
  const found = pendingRows(db, key)(0, 10).map((row) => row.text.toString('utf8'));
  expect(found.every((text, at) => text === headOf(at + 1) + rest(sizes[at] as number))).toBe(true);
  expect(found.length).toBe(sizes.length);
});

it('puts 250 rows into one block, and begins a new one with every batch', () => {
  keep(1, 600);
  keep(601, 610);
  expect(blocks().map(([firstSeq, rows]) => [firstSeq, rows])).toEqual([
    [1, 250],
    [251, 250],
    [501, 100],
    [601, 10],
  ]);
});

it('says of each row whose it is', () => {
  keep(1, 2);
  keep(3, 4, 2);
  expect(pendingRows(db, key)(0, 9).map((row) => [row.seq, row.source, row.entity])).toEqual([
    [1, 'opera', 'booking'],
    [2, 'opera', 'booking'],
    [3, 'opera', 'guest'],
    [4, 'opera', 'guest'],
  ]);
});

it('of no rows writes no block', () => {
  keep(1, 0);
  expect([blocks(), pendingRows(db, key)(0, 10)]).toEqual([[], []]);
});

it('forgets what a failed transaction had begun', () => {
  const writer = blockWriter(db, key);
  const facts = { ledgerId: 1, fileId: 1, generation: 1, keptAtMs: 0, correlationId: Buffer.alloc(16) };
  writer.begin(facts);
  writer.add(1, headOf(1), Buffer.from('"gone":1}'));
  writer.begin(facts);
  writer.add(1, headOf(1), Buffer.from(restOf(1)));
  writer.finish();
  db.prepare("insert into outbox (seq, external_id, version) values (1, 'x', 1)").run();
  expect([read(1), blocks().length]).toEqual([textOf(1), 1]);
});

it('is a fraction of the texts in size, and holds nothing that can be read without the key', () => {
  keep(1, 250);
  const [[, , sealed] = [0, 0, Buffer.alloc(0)]] = blocks();
  const bytes = range(1, 250).reduce((sum, seq) => sum + Buffer.byteLength(textOf(seq)), 0);
  expect([sealed.length < bytes / 4, sealed.includes('Ada'), sealed.includes('guest')]).toEqual([true, false, false]);
  expect(() => pendingRows(db, sealingKey(Buffer.alloc(32, 8)))(0, 1)).toThrow(expect.objectContaining({ code: 'database-damaged' }));
});

it('seals the same texts twice into two different blocks', () => {
  keep(1, 10);
  const [first] = blocks();
  db.exec('delete from blocks; delete from outbox');
  keep(1, 10);
  expect(blocks()[0]?.[2].equals(first?.[2] as Buffer)).toBe(false);
});

it('refuses every row of a block in which one bit was flipped, wherever it was', () => {
  keep(1, 100);
  const [[, , sound] = [0, 0, Buffer.alloc(0)]] = blocks();
  const wrong: number[] = [];
  const places = [...Array.from({ length: sealOverheadBytes }, (_, at) => at), ...Array.from({ length: 60 }, (_, at) => at * 17)];
  for (const place of places.flatMap((at) => [at, sound.length - 1 - at]).filter((at) => at >= 0 && at < sound.length)) {
    const torn = Buffer.from(sound);
    torn[place] = (torn[place] as number) ^ (1 << (place % 8));
    replace(1, torn);
    if (read(1) !== 'database-damaged' || read(100) !== 'database-damaged') wrong.push(place);
  }
  expect(wrong).toEqual([]);
});

it('refuses a block that is cut off, empty, or too short to be one', () => {
  keep(1, 16);
  const [[, , sound] = [0, 0, Buffer.alloc(0)]] = blocks();
  const found = [0, 1, 11, 12, 27, 28, 29, 100, sound.length - 1].map((bytes) => {
    replace(1, sound.subarray(0, bytes));
    return read(1);
  });
  expect(found).toEqual(found.map(() => 'database-damaged'));
});

it('refuses blocks that have changed places, one moved behind another number, and one that claims other rows', () => {
  keep(1, 500);
  const [first, second] = blocks().map(([, , sealed]) => sealed) as [Buffer, Buffer];
  replace(1, second);
  replace(251, first);
  const swapped = [read(1), read(251)];
  replace(1, first);
  replace(251, second);
  db.exec('update blocks set rows = 249 where first_seq = 251');
  const fewer = read(300);
  db.exec('update blocks set rows = 250, first_seq = 252 where first_seq = 251');
  expect([...swapped, fewer, read(300), read(251), read(1)]).toEqual([...Array(5).fill('database-damaged'), textOf(1)]);
});

it('refuses a number whose block is not there, before, behind and in a hole', () => {
  keep(1, 750);
  db.exec('delete from blocks where first_seq = 251');
  expect([read(250), read(251), read(500), read(501), read(751)]).toEqual([
    textOf(250),
    'database-damaged',
    'database-damaged',
    textOf(501),
    'nothing',
  ]);
});

it('goes on reading the sound rows after it has met a damaged one', () => {
  keep(1, 750);
  replace(251, Buffer.alloc(200));
  const rows = pendingRows(db, key);
  expect([250, 251, 501, 300, 1].map((seq) => read(seq, rows))).toEqual([
    textOf(250),
    'database-damaged',
    textOf(501),
    'database-damaged',
    textOf(1),
  ]);
});

it('gives what lies before a damaged block, and names the block when it is the next', () => {
  keep(1, 750);
  replace(251, Buffer.alloc(200));
  const rows = pendingRows(db, key);
  expect([
    rows(0, 1000).length,
    rows(100, 1000)
      .map((row) => row.seq)
      .at(-1),
    read(251, rows),
  ]).toEqual([250, 250, 'database-damaged']);
});

it('lists texts with a comma between any two, and copies none that lie side by side', () => {
  keep(1, 600);
  keep(601, 603);
  const rows = pendingRows(db, key);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 603 }), fc.nat(300)), { maxLength: 8 }), (asked) => {
      const some = asked.flatMap(([after, limit]) => rows(after, limit));
      const list = JSON.parse(`[${Buffer.concat(listed(some.map((row) => row.text))).toString('utf8')}]`) as { n: number }[];
      expect(list.map((one) => one.n)).toEqual(some.map((row) => row.seq));
    }),
    { numRuns: 100, seed: 20_261_121 },
  );
  // One piece for each of the four blocks, with a comma between.
  expect(listed(rows(0, 603).map((row) => row.text)).length).toBe(7);
  // What lies two bytes further is not always the next text.
  const memory = Buffer.from('{"a":1}xx{"b":2}');
  expect(Buffer.concat(listed([memory.subarray(0, 7), memory.subarray(9)])).toString()).toBe('{"a":1},{"b":2}');
});
