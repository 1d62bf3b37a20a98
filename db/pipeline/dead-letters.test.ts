import { hash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DeadLetter, keptLetterBytes, type RuleId } from '../../contract/dead-letter.ts';
import { Fault } from '../../contract/faults.ts';
import { openForWriting, type WriteDb } from '../open.ts';
import { letterContext, seal, sealingKey } from '../seal.ts';
import { type PipelineSteps, pipelineSteps } from '../steps.ts';
import { type LetterQuery, letterCounts, letterPage, openLetter } from './dead-letters.ts';

const key = sealingKey(Buffer.alloc(32, 7));
const startMs = 1_770_000_000_000;
let folder: string;
let db: WriteDb;
let steps: PipelineSteps;
let nowMs: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-letters-'));
  db = openForWriting(join(folder, 'pipeline.db'));
  nowMs = startMs;
  steps = pipelineSteps(db, key, () => nowMs);
  for (const id of ['pms', 'spa', 'hub']) connect(id, `The ${id}`);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

function connect(id: string, title: string): void {
  const schedule = { kind: 'manual' as const };
  steps.saveConnection({ id, kind: 'x', direction: 'source', title, settings: {}, secrets: [], schedule, isPaused: false, createdAtMs: 0 });
}

let files = 0;
type Given = { readonly rule?: RuleId; readonly raw?: Buffer; readonly byteLength?: number };

/** Keep one file that holds so many good bookings and these letters, each 1000 bytes behind the one before. */
function keepFile(connectionId: string, letters: readonly Given[], good: readonly string[] = [], encoding = 'windows-1252'): number {
  const name = `file-${files++}.csv`;
  const { id } = steps.registerFile({
    connectionId,
    hotelId: 'ALDQ',
    source: 'opera',
    entity: 'booking',
    name,
    path: `/drops/${name}`,
    mark: name,
    sha256: hash('sha256', name),
    rawPath: 'raw',
    mappingJson: '{}',
    layoutJson: JSON.stringify({ encoding, otherEncodings: [], delimiter: ',', isFound: false }),
    bytes: 1_000_000,
  });
  const documents = good.map((text) => Buffer.from(text));
  let end = 0;
  const batch = {
    fileId: id,
    count: good.length,
    texts: good.map((_, at) => `${name}-${at}\0\0\0\0\0\0\0`).join('\0'),
    places: Float64Array.from(good.flatMap((_, at) => [at + 2, at * 10, 10])),
    hashes: Buffer.concat(documents.map((document) => hash('sha256', document, 'buffer'))),
    documents: Buffer.concat(documents),
    ends: Uint32Array.from(documents, (document) => (end += document.length)),
    letters: letters.map(({ rule = 'day-unreadable', raw = Buffer.from(`row ${at()}`), byteLength }, index) => ({
      rule,
      field: 'checkInDate',
      column: 'Arrival',
      detail: 'YYYY-MM-DD',
      line: index + 2,
      byteOffset: index * 1000,
      byteLength: byteLength ?? raw.length + 2,
      raw: seal(key, raw, letterContext(id, index * 1000)),
      externalId: null,
    })),
    position: 1_000_000,
    rows: good.length + letters.length,
    bytesNormalised: 0,
    bytesDeadLetters: 0,
    bytesStructural: 1_000_000,
  };
  steps.storeBatch(batch, 0, randomUUID());
  return id;
}
let made = 0;
const at = () => made++;

/** Go through all pages of a filter and give the ids as they came. */
function walk(filter: Omit<LetterQuery, 'limit' | 'belowId'>, limit: number): { ids: number[]; totals: number[]; sizes: number[] } {
  const pages: { ids: number[]; total: number }[] = [];
  for (let belowId: number | undefined; ; ) {
    const page = letterPage(db, { ...filter, belowId, limit });
    pages.push({ ids: page.letters.map((letter) => letter.id), total: page.total });
    if (page.nextBelowId === null) break;
    belowId = page.nextBelowId;
  }
  return { ids: pages.flatMap((page) => page.ids), totals: pages.map((page) => page.total), sizes: pages.map((page) => page.ids.length) };
}

function outcome(open: () => unknown): unknown {
  try {
    return open();
  } catch (error) {
    return error instanceof Fault ? error.report() : String(error);
  }
}

describe('the list', () => {
  it('says of each row what brought it, why it was set aside, and where it stands', () => {
    const fileId = keepFile('pms', [{}, { rule: 'stay-backwards' }]);
    nowMs += 60_000;
    keepFile('#import', [{}]);
    const { name } = db.prepare('select name from files where id = ?').get(fileId) as { name: string };
    const { letters, total, nextBelowId } = letterPage(db, { limit: 10 });
    expect([letters.map((letter) => [letter.id, letter.connectionId, letter.connectionTitle]), total, nextBelowId]).toEqual([
      [
        [3, '#import', null],
        [2, 'pms', 'The pms'],
        [1, 'pms', 'The pms'],
      ],
      3,
      null,
    ]);
    expect(letters[1]).toEqual({
      id: 2,
      connectionId: 'pms',
      connectionTitle: 'The pms',
      destinationId: null,
      destinationTitle: null,
      entity: 'booking',
      rule: 'stay-backwards',
      field: 'checkInDate',
      column: 'Arrival',
      detail: 'YYYY-MM-DD',
      fileName: name,
      line: 3,
      byteOffset: 1000,
      byteLength: expect.any(Number),
      setAsideAtMs: startMs,
      replays: 0,
    } satisfies DeadLetter);
  });

  it('names the destination that refused a record, and the connection that had brought it', () => {
    keepFile('spa', [], ['{"n":1}', '{"n":2}']);
    steps.confirm('hub', 2, [{ seq: 2, code: 'bad-field', field: 'guestName' }]);
    const [letter] = letterPage(db, { limit: 10 }).letters;
    expect(letter).toMatchObject({
      connectionId: 'spa',
      destinationId: 'hub',
      destinationTitle: 'The hub',
      rule: 'refused-by-destination',
      field: 'guestName',
      detail: 'bad-field',
      line: 3,
      byteOffset: 10,
      byteLength: 10,
    });
  });

  it('still says what a removed connection was called', () => {
    keepFile('spa', [{}]);
    steps.removeConnection('spa', nowMs);
    expect(letterPage(db, { limit: 10 }).letters[0]?.connectionTitle).toBe('The spa');
  });

  it('has no rows when nothing is set aside', () => {
    expect([letterPage(db, { limit: 10 }), letterCounts(db)]).toEqual([{ letters: [], total: 0, nextBelowId: null }, []]);
  });

  it('takes imports of chosen days for imports by hand', () => {
    keepFile('#import', [{}, {}]);
    keepFile('#import 2026-03-01 2026-03-31', [{}]);
    keepFile('pms', [{}]);
    const { letters, total } = letterPage(db, { connectionId: '#import', limit: 10 });
    expect([letters.map((letter) => [letter.id, letter.connectionId]), total, letterCounts(db)]).toEqual([
      [
        [3, '#import'],
        [2, '#import'],
        [1, '#import'],
      ],
      3,
      [
        { connectionId: '#import', connectionTitle: null, rule: 'day-unreadable', count: 3 },
        { connectionId: 'pms', connectionTitle: 'The pms', rule: 'day-unreadable', count: 1 },
      ],
    ]);
  });

  it('has no gap and no repeat between pages, whatever is filtered and however large they are', () => {
    const rules = ['day-unreadable', 'stay-backwards', 'row-nul'] as const;
    const sources = ['pms', 'spa', '#import'] as const;
    const all: { id: number; connectionId: string; rule: RuleId }[] = [];
    const drawn = fc.sample(fc.tuple(fc.constantFrom(...sources), fc.array(fc.constantFrom(...rules), { maxLength: 9 })), {
      numRuns: 40,
      seed: 4711,
    });
    for (const [connectionId, given] of drawn) {
      keepFile(
        connectionId,
        given.map((rule) => ({ rule })),
      );
      for (const rule of given) all.push({ id: all.length + 1, connectionId, rule });
    }
    fc.assert(
      fc.property(
        fc.option(fc.constantFrom(...rules), { nil: undefined }),
        fc.option(fc.constantFrom(...sources), { nil: undefined }),
        fc.integer({ min: 1, max: 60 }),
        (rule, connectionId, limit) => {
          const wanted = all
            .filter((one) => (!rule || one.rule === rule) && (!connectionId || one.connectionId === connectionId))
            .map((one) => one.id)
            .reverse();
          const { ids, totals, sizes } = walk({ rule, connectionId }, limit);
          expect([ids, new Set(totals), sizes.slice(0, -1).every((size) => size === limit)]).toEqual([
            wanted,
            new Set([wanted.length]),
            true,
          ]);
          const counted = letterCounts(db)
            .filter((one) => (!rule || one.rule === rule) && (!connectionId || one.connectionId === connectionId))
            .reduce((sum, one) => sum + one.count, 0);
          expect(counted).toBe(wanted.length);
        },
      ),
      { numRuns: 120, seed: 20_261_121 },
    );
  });

  it('goes on where it was when rows are set aside meanwhile', () => {
    keepFile('pms', [{}, {}, {}, {}]);
    const first = letterPage(db, { limit: 2 });
    keepFile('pms', [{}, {}]);
    const second = letterPage(db, { limit: 2, belowId: first.nextBelowId ?? 0 });
    expect([first, second].map((page) => page.letters.map((letter) => letter.id))).toEqual([
      [4, 3],
      [2, 1],
    ]);
    expect(second.nextBelowId).toBeNull();
  });

  it.each<[string, Omit<LetterQuery, 'limit'>, RegExp]>([
    ['of everything', {}, /SCAN d\n/],
    ['of everything, from a place on', { belowId: 50 }, /SEARCH d USING INTEGER PRIMARY KEY/],
    ['of a rule', { rule: 'row-nul' }, /INDEX dead_letters_by_rule /],
    ['of a rule, from a place on', { rule: 'row-nul', belowId: 50 }, /INDEX dead_letters_by_rule /],
    ['of a connection', { connectionId: 'pms' }, /INDEX dead_letters_by_connection /],
    ['of a connection, from a place on', { connectionId: 'pms', belowId: 50 }, /INDEX dead_letters_by_connection /],
    ['of both, from a place on', { connectionId: 'pms', rule: 'row-nul', belowId: 50 }, /INDEX dead_letters_by_connection_and_rule /],
  ])('%s is read from what stands in its order, and nothing is sorted', (_name, query, index) => {
    const asked = vi.spyOn(db, 'prepare');
    letterPage(db, { ...query, limit: 100 });
    const [counting = '', paging = ''] = asked.mock.calls.map(([sql]) => sql);
    const plan = (sql: string, given: object) =>
      (db.prepare(`explain query plan ${sql}`).all(given) as { detail: string }[]).map((step) => `${step.detail}\n`).join('');
    const { belowId, ...filter } = query;
    const page = plan(paging, { ...query, most: 101 });
    expect([page, page.includes('TEMP B-TREE'), plan(counting, filter)]).toEqual([
      expect.stringMatching(index),
      false,
      expect.stringContaining('COVERING INDEX'),
    ]);
  });
});

describe('one of them, opened', () => {
  it('gives the bytes as they came, whatever they are, and in what they are written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        const raw = Buffer.from(bytes);
        keepFile('pms', [{ raw }]);
        const id = db.prepare<[], number>('select max(id) from dead_letters').pluck().get() ?? 0;
        expect(openLetter(db, key, id).content).toEqual({
          kind: 'bytes',
          base64: raw.toString('base64'),
          encoding: 'windows-1252',
          otherEncodings: [],
          isCut: false,
        });
      }),
      { numRuns: 60, seed: 20_261_121 },
    );
  });

  it('has the place and the reason that the list has', () => {
    keepFile('pms', [{}, { rule: 'row-nul' }]);
    const { content, ...place } = openLetter(db, key, 2);
    expect([content.kind, place]).toEqual(['bytes', letterPage(db, { limit: 1 }).letters[0]]);
  });

  it('says that it is cut when more came than is kept', () => {
    const raw = randomBytes(keptLetterBytes);
    keepFile('pms', [{ raw, byteLength: 300_000 }, { raw: raw.subarray(1) }]);
    expect([openLetter(db, key, 1).content, openLetter(db, key, 2).content]).toMatchObject([
      { base64: raw.toString('base64'), isCut: true },
      { base64: raw.subarray(1).toString('base64'), isCut: false },
    ]);
  });

  it('gives for a refused record the text that was sent, byte for byte', () => {
    const documents = Array.from({ length: 600 }, (_, n) => `{"id":"x","guest":"Ada Łukasz 😀 ${n}"}`);
    keepFile('pms', [], documents);
    steps.confirm('hub', 600, [
      { seq: 1, code: 'no', field: null },
      { seq: 333, code: 'no', field: null },
    ]);
    const opened = [1, 2].map((id) => openLetter(db, key, id).content);
    expect(opened.map((content) => content.kind === 'record' && JSON.parse(content.json).guest)).toEqual([
      'Ada Łukasz 😀 0',
      'Ada Łukasz 😀 332',
    ]);
    expect(opened[1]).toEqual({ kind: 'record', json: expect.stringMatching(/^\{"eventId":"[^"]{36}","generation":\d+,"version":1,/) });
  });

  it.each<[string, string]>([
    ['a bit of it has turned', 'update dead_letters set raw = zeroblob(length(raw)) where id = 1'],
    ['it is cut short', 'update dead_letters set raw = substr(raw, 1, 20) where id = 1'],
    ['it is the one of another row', 'update dead_letters set raw = (select raw from dead_letters where id = 2) where id = 1'],
    ['its place was changed', 'update dead_letters set byte_offset = 7 where id = 1'],
    ['it is gone', 'update dead_letters set raw = null where id = 1'],
    ['its file is gone', 'delete from files'],
  ])('is a damaged database when %s, and the others open', (_name, harm) => {
    keepFile('spa', [{}, {}]);
    keepFile('pms', [{}]);
    db.exec(harm);
    expect(outcome(() => openLetter(db, key, 1))).toEqual({ code: 'database-damaged', detail: { file: 'dead-letter 1' } });
    if (!harm.startsWith('delete')) expect(openLetter(db, key, 3).content.kind).toBe('bytes');
  });

  it('is a damaged database when the block of a refused record does not open or is gone', () => {
    keepFile('pms', [], ['{"n":1}']);
    steps.confirm('hub', 1, [{ seq: 1, code: 'no', field: null }]);
    const damaged = { code: 'database-damaged', detail: { file: 'dead-letter 1' } };
    db.exec('update blocks set sealed = zeroblob(length(sealed))');
    const torn = outcome(() => openLetter(db, key, 1));
    db.exec('delete from blocks; delete from outbox');
    expect([torn, outcome(() => openLetter(db, key, 1))]).toEqual([damaged, damaged]);
  });

  it('does not open under another key', () => {
    keepFile('pms', [{}]);
    expect(outcome(() => openLetter(db, sealingKey(Buffer.alloc(32, 8)), 1))).toMatchObject({ code: 'database-damaged' });
  });

  it('is not found under a number that there is not', () => {
    keepFile('pms', [{}]);
    expect(outcome(() => openLetter(db, key, 2))).toEqual({ code: 'dead-letter-not-found', detail: { id: '2' } });
  });
});
