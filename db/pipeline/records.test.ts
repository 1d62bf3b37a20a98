import { hash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForWriting, type WriteDb } from '../open.ts';
import { sealingKey } from '../seal.ts';
import { type PipelineSteps, pipelineSteps } from '../steps.ts';
import { pendingRows } from './blocks.ts';
import type { BatchLetter } from './letter-steps.ts';
import { waitingBehind } from './outbox.ts';
import type { Batch } from './records.ts';

const key = sealingKey(Buffer.alloc(32, 7));
const startMs = 1_770_000_000_000;
let folder: string;
let db: WriteDb;
let steps: PipelineSteps;
let nowMs: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-records-'));
  db = openForWriting(join(folder, 'pipeline.db'));
  nowMs = startMs;
  steps = pipelineSteps(db, key, () => nowMs);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

type Given = readonly [externalId: string, content: string];

let fileNumber = 0;
function takeFile(connectionId = 'pms', hotelId = 'ALDQ', entity = 'booking'): number {
  const sha256 = hash('sha256', `file ${fileNumber++}`);
  return steps.registerFile({
    connectionId,
    hotelId,
    source: 'opera',
    entity,
    name: `${sha256.slice(0, 6)}.csv`,
    path: `/drops/${sha256.slice(0, 6)}.csv`,
    mark: sha256,
    sha256,
    rawPath: 'raw',
    mappingJson: '{}',
    layoutJson: '{"encoding":"utf-8","otherEncodings":[],"delimiter":",","isFound":false}',
    bytes: 1000,
  }).id;
}

function letter(line: number): BatchLetter {
  return {
    rule: 'day-unreadable' as BatchLetter['rule'],
    field: 'checkInDate',
    column: 'Arrival',
    detail: 'no day',
    line,
    byteOffset: line * 10,
    byteLength: 10,
    externalId: null,
    raw: Buffer.from('sealed'),
  };
}

function batch(fileId: number, given: readonly Given[], more: Partial<Batch> = {}): Batch {
  const documents = given.map(([externalId, content]) => Buffer.from(JSON.stringify({ id: 'x', externalId, content })));
  let end = 0;
  return {
    fileId,
    count: given.length,
    texts: given.flatMap(([id]) => [id, '2026-03-01', '2026-03-04', 'reserved', 'Ada', '', '', '']).join('\0'),
    places: Float64Array.from(given.flatMap((_, at) => [at + 2, at * 10, 10])),
    hashes: Buffer.concat(given.map(([, content]) => hash('sha256', content, 'buffer'))),
    documents: Buffer.concat(documents),
    ends: Uint32Array.from(documents, (document) => (end += document.length)),
    letters: [],
    position: 100,
    rows: given.length,
    bytesNormalised: 100,
    bytesDeadLetters: 0,
    bytesStructural: 0,
    ...more,
  };
}

const correlationId = randomUUID();
const store = (given: Batch, startsAt = 0) => steps.storeBatch(given, startsAt, correlationId);

/** Everything of every table, as text: what a batch must not change when it is refused. */
function everything(): string {
  const tables = db.prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name").pluck().all();
  return JSON.stringify(
    tables.map((table) => [table, db.prepare(`select * from "${table}"`).all()]),
    (_key, value) => (value?.type === 'Buffer' ? Buffer.from(value.data).toString('hex') : value),
  );
}

type Event = { eventId: string; generation: number; version: number; syncedAt: string; hash: string; externalId: string; content: string };
const events = (): Event[] => pendingRows(db, key)(0, 10_000).map((row) => JSON.parse(row.text.toString('utf8')));

/** What waits for a destination: number, key, version and content. */
function waiting(): unknown[] {
  return events().map((event, at) => [at + 1, event.externalId, event.version, event.content]);
}
const lastSeq = () => db.prepare('select max(seq) from outbox').pluck().get();

const many = (count: number, from = 0): Given[] => Array.from({ length: count }, (_, at) => [`B${from + at}`, `{"n":${from + at}}`]);

describe('a batch', () => {
  it('is kept with its records, its place in the file, its letters and its counts', () => {
    const fileId = takeFile();
    const stored = store(batch(fileId, many(3), { letters: [letter(5)], rows: 4, bytesDeadLetters: 10 }));
    expect([
      stored,
      waiting(),
      events().map((event) => [event.generation, event.syncedAt, event.hash]),
      db
        .prepare('select position, rows, kept, unchanged, duplicates, dead_letters, bytes_normalised, bytes_dead_letters from files')
        .raw()
        .get(),
      db.prepare('select records, dead_letters, last_kept_at_ms from entity_counts').raw().get(),
      db.prepare('select kept, hour from kept_hours').raw().get(),
      db.prepare('select count(*), max(rule), max(line) from dead_letters').raw().get(),
    ]).toEqual([
      {
        kept: 3,
        unchanged: 0,
        duplicates: 0,
      },
      [
        [1, 'B0', 1, '{"n":0}'],
        [2, 'B1', 1, '{"n":1}'],
        [3, 'B2', 1, '{"n":2}'],
      ],
      [0, 1, 2].map((n) => [Math.floor(startMs / 1000), new Date(startMs).toISOString(), hash('sha256', `{"n":${n}}`)]),
      [100, 4, 3, 0, 0, 1, 100, 10],
      [3, 1, startMs],
      [3, Math.floor(startMs / 3_600_000)],
      [1, 'day-unreadable', 5],
    ]);
  });

  const texts = fc.oneof(
    fc.constantFrom('', 'Ada', "O'Neil", '"quoted", with a \\', '\u0001\u001f', 'İstanbul ß 北京 \u{1f600}', '\u2028'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  // Half a surrogate pair sends a whole batch the slow way, so it is rare here.
  const cell = fc.oneof(
    { weight: 800, arbitrary: texts.map((text) => text.replaceAll('\0', '')) },
    { weight: 1, arbitrary: fc.constant('\ud800') },
  );
  const anyRow = fc.record({
    key: fc.oneof({ weight: 80, arbitrary: fc.uuid() }, { weight: 1, arbitrary: fc.constantFrom('a', 'b', 'İ "x"', '12', '1e3') }),
    cells: fc.tuple(cell, cell, cell, cell, cell, fc.constantFrom('', '0', '-250', '9007199254740991'), fc.constantFrom('', 'EUR', 'JPY')),
    content: fc.nat({ max: 3 }),
  });

  it('is kept alike as a whole and in small parts, whatever its rows hold and whether or not they are new', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 40, maxLength: 90 }), fc.array(fc.nat({ max: 60 }), { maxLength: 3 }), (rows, again) => {
        const given = [...rows, ...again.map((at) => rows[at % rows.length]).filter((row) => row !== undefined)];
        const kept = [given.length, 10].map((size) => {
          const path = join(folder, `${randomUUID()}.db`);
          const own = openForWriting(path);
          const { registerFile, storeBatch } = pipelineSteps(own, key, () => startMs);
          const told = {
            connectionId: 'pms',
            hotelId: 'ALDQ',
            source: 'opera',
            entity: 'booking',
            name: 'x',
            path: 'x',
            mark: 'x',
            rawPath: 'raw',
          };
          const { id } = registerFile({ ...told, sha256: 'x', mappingJson: '{}', layoutJson: '{}', bytes: 1000 });
          const sum = { kept: 0, unchanged: 0, duplicates: 0 };
          for (let at = 0; at < given.length; at += size) {
            const part = given.slice(at, at + size);
            const whole = batch(
              id,
              part.map((row) => [row.key, String(row.content)]),
              {
                texts: part.flatMap((row) => [row.key, ...row.cells]).join('\0'),
                places: Float64Array.from(part.flatMap((_, index) => [at + index + 2, (at + index) * 10, 10])),
                position: at + size,
              },
            );
            const stored = storeBatch(whole, at, correlationId);
            sum.kept += stored.kept;
            sum.unchanged += stored.unchanged;
            sum.duplicates += stored.duplicates;
          }
          const all = (sql: string) => own.prepare(sql).raw().all();
          const found = {
            sum,
            records: all('select * from records order by external_id'),
            outbox: all('select * from outbox order by seq'),
            sums: all('select * from ledger_sums order by currency'),
            counts: all('select records, dead_letters from entity_counts'),
            events: pendingRows(own, key)(0, 10_000).map(({ seq, text }) => [seq, text.toString('utf8')]),
          };
          own.close();
          return found;
        });
        expect(kept[0]).toEqual(kept[1]);
      }),
      { numRuns: 40 },
    );
  });

  it('of nothing but structure moves the place in the file and keeps nothing', () => {
    const stored = store(batch(takeFile(), [], { bytesNormalised: 0, bytesStructural: 100 }));
    expect([stored.kept, waiting(), db.prepare('select position, bytes_structural from files').raw().get()]).toEqual([0, [], [100, 100]]);
  });

  it('of rows that are all known writes no version and takes no number', () => {
    store(batch(takeFile(), many(50)));
    const records = () => JSON.stringify(db.prepare('select * from records').all());
    const before = [records(), waiting()];
    nowMs += 60_000;
    const again = store(batch(takeFile(), many(50)));
    const unmoved = lastSeq();
    store(batch(takeFile(), [['NEW', '{}']]));
    expect([again, unmoved, lastSeq()]).toEqual([{ kept: 0, unchanged: 50, duplicates: 0 }, 50, 51]);
    expect(before[1]).toEqual(waiting().slice(0, 50));
    expect(records()).toContain('NEW');
  });

  it('counts the versions of one booking up, also within one batch', () => {
    const fileId = takeFile();
    const stored = store(
      batch(fileId, [
        ['7', 'a'],
        ['7', 'b'],
        ['8', 'a'],
        ['7', 'a'],
      ]),
    );
    expect([stored.kept, stored.duplicates, waiting()]).toEqual([
      4,
      2,
      [
        [1, '7', 1, 'a'],
        [2, '7', 2, 'b'],
        [3, '8', 1, 'a'],
        [4, '7', 3, 'a'],
      ],
    ]);
  });

  it('keeps the same number of two hotels, two systems and two kinds apart', () => {
    store(batch(takeFile('pms', 'ALDQ'), [['7', 'a']]));
    store(batch(takeFile('pms', 'LISB'), [['7', 'a']]));
    store(batch(takeFile('pms', 'ALDQ', 'guest'), [['7', 'a']]));
    const found = events();
    expect([new Set(found.map((event) => event.eventId)).size, found.map((event) => event.version)]).toEqual([3, [1, 1, 1]]);
  });
});

describe('a batch that comes twice', () => {
  it('is refused by its place in the file, and changes nothing', () => {
    const fileId = takeFile();
    store(batch(fileId, many(5)));
    const before = everything();
    expect(() => store(batch(fileId, many(5)))).toThrow(expect.objectContaining({ code: 'file-changed' }));
    expect(everything()).toBe(before);
  });

  it('is refused when it starts behind where the file stands, so that no row is left out', () => {
    const fileId = takeFile();
    expect(() => store(batch(fileId, many(5), { position: 300 }), 200)).toThrow(expect.objectContaining({ code: 'file-changed' }));
    expect(waiting()).toEqual([]);
  });

  it('goes on where it stood', () => {
    const fileId = takeFile();
    store(batch(fileId, many(2)));
    store(batch(fileId, many(2, 2), { position: 200 }), 100);
    expect(waiting().map((row) => (row as unknown[])[1])).toEqual(['B0', 'B1', 'B2', 'B3']);
  });
});

describe('a batch that fails somewhere is not there at all', () => {
  const failing: [string, string][] = [
    ['the first booking', "before insert on records when new.external_id = 'B0'"],
    ['a booking in the middle', "before insert on records when new.external_id = 'B33'"],
    ['the last event', "before insert on outbox when new.external_id = 'B59'"],
    ['a block of texts in the middle', 'before insert on blocks when new.first_seq = 252'],
    ['the last block of texts', 'before insert on blocks when new.first_seq > 500'],
    ['a changed booking', 'before update on records'],
    ['a letter', 'before insert on dead_letters'],
    ['the place in the file', 'before update of position on files'],
    ['the counts', 'before insert on entity_counts'],
    ['the counts by the hour', 'after insert on kept_hours'],
  ];

  it.each(failing)('%s', (_name, when) => {
    const known = takeFile();
    store(batch(known, [['B5', 'old']]));
    db.exec('delete from entity_counts; delete from kept_hours');
    const fileId = takeFile();
    const before = everything();
    db.exec(`create trigger stop_here ${when} begin select raise(abort, 'here'); end`);

    expect(() => store(batch(fileId, many(600), { letters: [letter(601)] }))).toThrow(/here/);
    expect(everything()).toBe(before);

    db.exec('drop trigger stop_here');
    const next = store(batch(fileId, many(600), { letters: [letter(601)] }));
    expect([lastSeq(), next.kept, waiting().length, waitingBehind(db, 0).waiting]).toEqual([601, 600, 601, 601]);
  });

  it('the commit itself: its numbers are free again, so what waits is counted right', () => {
    // A deferred foreign key is looked at only when the transaction ends.
    db.exec('create table parent (id integer primary key)');
    db.exec('create table child (p integer references parent (id) deferrable initially deferred)');
    db.exec("create trigger late after insert on outbox when new.external_id = 'B3' begin insert into child values (99); end");
    const fileId = takeFile();
    const before = everything();
    expect(() => store(batch(fileId, many(40)))).toThrow(/FOREIGN KEY/);
    expect(everything()).toBe(before);

    db.exec('drop trigger late');
    store(batch(fileId, many(40)));
    expect([lastSeq(), waitingBehind(db, 0), waiting().length]).toEqual([40, { waiting: 40, oldestAtMs: startMs, lastSeq: 40 }, 40]);
  });

  it.each([
    ['texts of fewer rows than it says', { texts: ['B0', '', '', '', '', '', '', ''].join('\0') }],
    ['a text too many', { texts: `${['B0', '', '', '', '', '', '', ''].join('\0').repeat(3)}\0x` }],
    ['places that end too early', { places: new Float64Array(3) }],
    ['a place in the file that is no number', { position: 'far' as never }],
    ['a letter without its reason', { letters: [{ ...letter(1), rule: null as never }] }],
    ['a file that was never taken', { fileId: 4711 }],
  ])('%s', (_name, wrong) => {
    const fileId = takeFile();
    const before = everything();
    expect(() => store(batch(fileId, many(3), wrong))).toThrow();
    expect(everything()).toBe(before);
    store(batch(fileId, many(3)));
    expect([lastSeq(), waiting().length]).toEqual([3, 3]);
  });

  it('a disk without room is named, and the next batch is whole', () => {
    const fileId = takeFile();
    const room = db.pragma('max_page_count', { simple: true });
    db.pragma(`max_page_count = ${(db.pragma('page_count', { simple: true }) as number) + 1}`);
    const before = everything();
    const large: Given[] = many(500).map(([id, content]) => [id, content + 'x'.repeat(500)]);
    expect(() => store(batch(fileId, large))).toThrow(expect.objectContaining({ code: 'SQLITE_FULL' }));
    expect(everything()).toBe(before);
    db.pragma(`max_page_count = ${room}`);
    store(batch(fileId, large));
    expect([lastSeq(), waiting().length]).toEqual([500, 500]);
  });
});

it('whatever comes in which order, numbers have no holes and the last version is what the booking says', () => {
  const content = fc.array(fc.tuple(fc.constantFrom('1', '2', '3', 'ä', "'"), fc.constantFrom('a', 'b', 'c', '')), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(fc.record({ rows: content, isTorn: fc.boolean() }), { maxLength: 8 }), (batches) => {
      db.exec('delete from outbox; delete from blocks; delete from records; delete from ledgers');
      const own = pipelineSteps(db, key, () => nowMs);
      const model = new Map<string, string>();
      let expected = 0;
      for (const { rows, isTorn } of batches) {
        const fileId = takeFile();
        if (isTorn) expect(() => own.storeBatch(batch(fileId, rows, { position: null as never }), 0, correlationId)).toThrow();
        own.storeBatch(batch(fileId, rows), 0, correlationId);
        for (const [id, text] of rows) {
          if (model.get(id) !== text) expected++;
          model.set(id, text);
        }
      }
      const rows = pendingRows(db, key)(0, 10_000).map((row) => ({ seq: row.seq, ...(JSON.parse(row.text.toString('utf8')) as Event) }));
      const last = new Map(rows.map((row) => [row.externalId, row.content]));
      expect([rows.map((row) => row.seq), last]).toEqual([Array.from({ length: expected }, (_, at) => at + 1), model]);
    }),
    { numRuns: 60, seed: 20_261_121 },
  );
}, 60_000);
