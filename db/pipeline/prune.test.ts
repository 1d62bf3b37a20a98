import { hash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../contract/connection.ts';
import { openForWriting, type WriteDb } from '../open.ts';
import { sealingKey } from '../seal.ts';
import { type PipelineSteps, pipelineSteps } from '../steps.ts';
import { outboxText, pendingRows } from './blocks.ts';
import { delivery } from './outbox.ts';
import { openRecord } from './record-page.ts';
import { resendBite } from './resend-walk.ts';

const key = sealingKey(Buffer.alloc(32, 7));
const dayMs = 86_400_000;
const startMs = 1_770_000_000_000;
let folder: string;
let db: WriteDb;
let steps: PipelineSteps;
let nowMs: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-prune-'));
  db = openForWriting(join(folder, 'pipeline.db'));
  nowMs = startMs;
  steps = pipelineSteps(db, key, () => nowMs);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const destination = (id: string, more: Partial<Connection> = {}) =>
  steps.saveConnection({
    id,
    kind: 'https-ingest',
    direction: 'destination',
    title: id,
    settings: {},
    secrets: [],
    schedule: { kind: 'manual' },
    isPaused: false,
    createdAtMs: 0,
    ...more,
  });

let files = 0;
function keep(ids: readonly string[], content: string): void {
  const sha256 = hash('sha256', `file ${files++}`);
  const names = { connectionId: 'pms', hotelId: 'ALDQ', source: 'opera', entity: 'booking', name: 'a.csv', path: '/', mark: sha256 };
  const layoutJson = '{"encoding":"utf-8","otherEncodings":[],"delimiter":",","isFound":false}';
  const { id: fileId } = steps.registerFile({ ...names, sha256, rawPath: 'raw', mappingJson: '{}', layoutJson, bytes: 100 });
  const documents = ids.map((externalId) => Buffer.from(JSON.stringify({ id: 'x', externalId, content })));
  let end = 0;
  steps.storeBatch(
    {
      fileId,
      count: ids.length,
      texts: ids.flatMap((id) => [id, '2026-03-01', '2026-03-04', 'confirmed', 'Ada', '', '', '']).join('\0'),
      places: Float64Array.from(ids.flatMap((_, at) => [at + 2, at * 10, 10])),
      hashes: Buffer.concat(ids.map(() => hash('sha256', content, 'buffer'))),
      documents: Buffer.concat(documents),
      ends: Uint32Array.from(documents, (document) => (end += document.length)),
      letters: [],
      position: 100,
      rows: ids.length,
      bytesNormalised: 100,
      bytesDeadLetters: 0,
      bytesStructural: 0,
    },
    0,
    randomUUID(),
  );
}

const lastSeq = () => db.prepare<[], number>('select max(seq) from outbox').pluck().get() as number;
const read = () => {
  while (steps.readForFigures());
};
/** Everything is a year and a day old, and was read. */
function age(): void {
  read();
  nowMs += 366 * dayMs;
}
function prune(keepDays = 365): number {
  let versions = 0;
  for (let after: number | null = 0; after !== null; ) {
    const step: { after: number | null; versions: number } = steps.pruneNext(after, nowMs - keepDays * dayMs);
    ({ after } = step);
    versions += step.versions;
  }
  return versions;
}
const there = () => db.prepare('select seq from outbox order by seq').pluck().all();
const texts = (after = 0) => pendingRows(db, key)(after, 1000).map(({ seq, text }) => [seq, JSON.parse(text.toString('utf8')).content]);

describe('pruning', () => {
  it('removes what is older than the time set, delivered everywhere, and not the newest of its record', () => {
    destination('hub');
    destination('second');
    keep(['1', '2', '3'], 'old');
    keep(['1', '2'], 'new');
    steps.confirm('hub', 5, []);
    steps.confirm('second', 5, []);
    age();
    expect([prune(), there(), texts()]).toEqual([
      2,
      [3, 4, 5],
      [
        [3, 'old'],
        [4, 'new'],
        [5, 'new'],
      ],
    ]);
  });

  it.each<[string, () => void]>([
    ['nothing is old enough', () => (nowMs -= 2 * dayMs)],
    ['a destination has not confirmed it, though it is paused', () => destination('slow', { isPaused: true })],
    ['no destination is set up', () => void steps.removeConnection('hub', nowMs)],
    [
      'something is to be sent again',
      () => {
        const order = { actorId: 'a', actorName: 'A', correlationId: 'c', upToSeq: 4, total: 2 };
        const selection = { kind: 'range', by: 'kept' } as const;
        steps.orderResend({ ...order, destinationId: 'hub', selection, choice: { kind: 'filter', filter: {} } });
      },
    ],
    ['the figures have not read it', () => steps.figuresAnew()],
  ])('removes nothing while %s', (_name, given) => {
    destination('hub');
    keep(['1', '2'], 'old');
    keep(['1', '2'], 'new');
    steps.confirm('hub', 4, []);
    age();
    given();
    expect([prune(), there()]).toEqual([0, [1, 2, 3, 4]]);
  });

  it('hides no loss: what is missing and was not pruned is damage, though newer versions were pruned behind it', () => {
    destination('hub');
    keep(['1'], 'first');
    keep(['2', '3'], 'old');
    keep(['2', '3'], 'new');
    steps.confirm('hub', 5, []);
    age();
    expect(prune()).toBe(2);
    expect(texts().map(([seq]) => seq)).toEqual([1, 4, 5]);
    db.prepare('delete from blocks where first_seq = 1').run();
    expect(() => texts()).toThrow(expect.objectContaining({ code: 'database-damaged' }));
    expect(texts(1).map(([seq]) => seq)).toEqual([4, 5]);
  });

  it('removes what was refused and settled by a newer version, and keeps the refusal of a newest one with its row', () => {
    destination('hub');
    keep(['1', '2'], 'old');
    keep(['1', '2'], 'new');
    steps.confirm('hub', 4, [
      { seq: 1, code: 'no', field: null },
      { seq: 4, code: 'no', field: null },
    ]);
    age();
    const letters = () => db.prepare('select seq from dead_letters').pluck().all();
    expect([prune(), there(), texts()[0], letters()]).toEqual([2, [3, 4], [3, 'new'], [4]]);
  });

  it('is not held back by a shadow, which gets the newest state of everything all the same and knows what it missed', () => {
    destination('hub');
    destination('shadow', { isShadow: true });
    keep(['1', '2', '3'], 'old');
    keep(['1', '2'], 'new');
    steps.confirm('hub', 5, []);
    age();
    expect(prune()).toBe(2);
    const rows = pendingRows(db, key)(0, 10);
    steps.confirm('shadow', rows.at(-1)?.seq ?? 0, [], null, { withheld: [], missed: 5 - rows.length });
    const { confirmed, missed } = delivery(db, 'shadow');
    expect([texts(), confirmed, missed]).toEqual([
      [
        [3, 'old'],
        [4, 'new'],
        [5, 'new'],
      ],
      3,
      2,
    ]);
  });

  it('goes over a block of which everything is gone, and still calls one that is lost a damage', () => {
    destination('hub');
    for (const content of ['a', 'b', 'c', 'd']) keep(['1', '2'], content);
    steps.confirm('hub', 8, []);
    age();
    expect([prune(), texts(), texts(6)]).toEqual([
      6,
      [
        [7, 'd'],
        [8, 'd'],
      ],
      [
        [7, 'd'],
        [8, 'd'],
      ],
    ]);
    keep(['3'], 'x');
    keep(['4'], 'y');
    db.prepare('delete from blocks where first_seq = 9').run();
    expect(() => texts(8)).toThrow(/damaged/i);
    expect(() => outboxText(db, key, 1)).toThrow(/damaged/i);
  });

  it('leaves every record sendable in its newest state, by a filter and by its key', () => {
    destination('hub');
    const ids = Array.from({ length: 40 }, (_, at) => `B${at}`);
    for (const content of ['a', 'b', 'c']) keep(ids, content);
    keep(ids.slice(0, 3), 'd');
    steps.confirm('hub', lastSeq(), []);
    age();
    // Three of forty are not worth a new seal.
    expect(prune()).toBe(80);
    const window = { destinationId: 'hub', after: 0, upTo: lastSeq(), limit: 100 };
    const all = resendBite(db, { ...window, choice: { kind: 'filter', filter: {} } }).rows;
    const one = resendBite(db, { ...window, choice: { kind: 'keys', keys: [{ ledgerId: 1, externalId: 'B7' }] } }).rows;
    const content = (seq: number) => JSON.parse(outboxText(db, key, seq).toString('utf8')).content;
    expect([all.length, new Set(all.map(({ seq }) => content(seq))), one.map(({ seq }) => content(seq))]).toEqual([
      40,
      new Set(['c', 'd']),
      ['c'],
    ]);
  });

  it('says in the page of a record that older versions are gone, and not that the oldest it has was the first', async () => {
    destination('hub');
    for (const content of ['a', 'b', 'c']) keep(['1'], content);
    steps.confirm('hub', 3, []);
    const before = await openRecord(db, key, 1, '1');
    age();
    prune();
    const after = await openRecord(db, key, 1, '1');
    const facts = ({ versions, total, areOlderPruned }: typeof after) => [versions.map(({ seq }) => seq), total, areOlderPruned];
    expect([facts(before), facts(after)]).toEqual([
      [[3, 2, 1], 3, false],
      [[3], 1, true],
    ]);
  });

  it('gives the room back to what comes next: the file does not grow by what replaces it', () => {
    destination('hub');
    const ids = Array.from({ length: 1000 }, (_, at) => `B${at}`);
    const fill = (round: number) => keep(ids, `${round} ${'x'.repeat(20)} ${randomUUID()}`);
    for (let round = 0; round < 6; round++) fill(round);
    const pages = () => db.pragma('page_count', { simple: true }) as number;
    steps.confirm('hub', lastSeq(), []);
    age();
    const full = pages();
    prune();
    const free = db.pragma('freelist_count', { simple: true }) as number;
    for (let round = 6; round < 9; round++) fill(round);
    expect([free > 0, pages() <= full]).toEqual([true, true]);
  });

  it('keeps the seals: what is left opens under the numbers it had, also when the generation is raised over it', () => {
    keep(['1', '2', '3'], 'old');
    keep(['1'], 'new');
    destination('hub');
    steps.confirm('hub', 4, []);
    age();
    expect(prune()).toBe(1);
    steps.takeOver('second', 2_000_000_000);
    expect(texts()).toEqual([
      [2, 'old'],
      [3, 'old'],
      [4, 'new'],
    ]);
  });
});
