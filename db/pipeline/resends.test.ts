import { hash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForWriting, type WriteDb } from '../open.ts';
import { sealingKey } from '../seal.ts';
import { type PipelineSteps, pipelineSteps } from '../steps.ts';
import { knowFolded } from './record-views.ts';
import { type CountFrom, countBite, countStart, type ResendChoice, resendBite } from './resend-walk.ts';
import { resendById, runningResend, sendRate } from './resends.ts';

const key = sealingKey(Buffer.alloc(32, 7));
const startMs = 1_770_000_000_000;
let folder: string;
let db: WriteDb;
let steps: PipelineSteps;
let nowMs: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-resends-'));
  db = openForWriting(join(folder, 'pipeline.db'));
  knowFolded(db);
  nowMs = startMs;
  steps = pipelineSteps(db, key, () => nowMs);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
/** Keep these keys in this order, all of one file; `state` tells one version of a key from another. */
function keep(keys: readonly string[], state = '1', entity = 'booking'): void {
  const content = `file ${files++}`;
  const { id } = steps.registerFile({
    connectionId: 'pms',
    hotelId: 'ALDQ',
    source: 'opera',
    entity,
    name: 'a.csv',
    path: '/drops/a.csv',
    mark: content,
    sha256: hash('sha256', content),
    rawPath: 'raw/a',
    mappingJson: '{}',
    layoutJson: '{"encoding":"utf-8","otherEncodings":[],"delimiter":",","isFound":false}',
    bytes: 100,
  });
  const documents = keys.map((one) => Buffer.from(`{"n":"${one} ${state}"}`));
  let end = 0;
  steps.storeBatch(
    {
      fileId: id,
      count: keys.length,
      texts: keys.map((one, at) => `${one}\0${`2026-03-${String((at % 28) + 1).padStart(2, '0')}`}\0\0${state}\0\0\0\0`).join('\0'),
      places: Float64Array.from(keys.flatMap((_, at) => [at + 2, at, 1])),
      hashes: Buffer.concat(documents.map((document) => hash('sha256', document, 'buffer'))),
      documents: Buffer.concat(documents),
      ends: Uint32Array.from(documents, (document) => (end += document.length)),
      letters: [],
      position: 100,
      rows: keys.length,
      bytesNormalised: 100,
      bytesDeadLetters: 0,
      bytesStructural: 0,
    },
    0,
    randomUUID(),
  );
}
const many = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `K-${from + at}`);

/** All seqs that a walk finds, bite by bite. */
function walked(choice: ResendChoice, upTo: number, limit = 300): number[] {
  const seqs: number[] = [];
  for (let after = 0; ; ) {
    const bite = resendBite(db, { choice, destinationId: 'hub', after, upTo, limit });
    expect([bite.rows.length <= limit, bite.reached > after || bite.isEnd]).toEqual([true, true]);
    seqs.push(...bite.rows.map(({ seq }) => seq));
    if (bite.isEnd) return seqs;
    after = bite.reached;
  }
}

function counted(choice: ResendChoice, { upTo, confirmedSeq }: { readonly upTo: number; readonly confirmedSeq: number }) {
  const sum = { total: 0, onItsWay: 0, refused: 0, older: 0 };
  for (let from: CountFrom | null = countStart; from; ) {
    const bite = countBite(db, { choice, destinationId: 'hub', confirmedSeq, upTo, examples: 0 }, from);
    for (const name of ['total', 'onItsWay', 'refused', 'older'] as const) sum[name] += bite[name];
    from = bite.next;
  }
  return sum;
}

describe('what is to be sent again', () => {
  it('is every record once, by its newest state, in the order of the outbox, in parts of any size', () => {
    keep(many(6000));
    keep(many(1000, 500), '2');
    const expected = [...Array.from({ length: 500 }, (_, at) => at + 1), ...Array.from({ length: 5500 }, (_, at) => at + 1501)];
    const all: ResendChoice = { kind: 'filter', filter: {} };
    expect(
      [walked(all, 7000), walked(all, 7000, 1), counted(all, { upTo: 7000, confirmedSeq: 6500 })].map((one) =>
        Array.isArray(one) ? JSON.stringify(one) === JSON.stringify(expected) : one,
      ),
    ).toEqual([true, true, { total: 6000, onItsWay: 500, refused: 0, older: 0 }]);
  });

  it('leaves out what has changed since the order was given', () => {
    keep(['A', 'B', 'C']);
    keep(['B'], '2');
    expect([walked({ kind: 'filter', filter: {} }, 3), walked({ kind: 'filter', filter: {} }, 4)]).toEqual([
      [1, 3],
      [1, 3, 4],
    ]);
  });

  it('is narrowed by kind, day, state, words and the time of keeping, and counted alike', () => {
    keep(['A', 'B', 'C']);
    keep(['G'], '1', 'guest');
    nowMs += 3_600_000;
    keep(['D'], 'cancelled');
    const filters = [
      { entity: 'guest' },
      { dayFrom: '2026-03-02', dayTo: '2026-03-02' },
      { state: 'cancelled' },
      { search: 'b' },
      { keptFromMs: startMs + 1 },
      { keptToMs: startMs },
      { keptFromMs: startMs + 1, keptToMs: startMs + 2 },
    ] as const;
    const found = filters.map((filter) => walked({ kind: 'filter', filter }, 5));
    const totals = filters.map((filter) => counted({ kind: 'filter', filter }, { upTo: 5, confirmedSeq: 5 }).total);
    expect([found, totals]).toEqual([
      [[4], [2], [5], [2], [5], [1, 2, 3, 4], []],
      [1, 1, 1, 1, 1, 4, 0],
    ]);
  });

  /** How SQLite goes about a bite: the lines of its plans. */
  function plansOf(choice: ResendChoice): string[] {
    const plans: string[] = [];
    const note = (sql: string, given: unknown[]) =>
      plans.push(
        ...db
          .prepare<unknown[], { detail: string }>(`explain query plan ${sql}`)
          .all(...given)
          .map(({ detail }) => detail),
      );
    const spied = new Proxy(db, {
      get: (target, name) => {
        if (name !== 'prepare') return Reflect.get(target, name);
        return (sql: string) => {
          const statement = target.prepare(sql);
          const all = (...given: unknown[]) => {
            note(sql, given);
            return statement.all(...given);
          };
          return { all, get: (...given: unknown[]) => statement.get(...given) };
        };
      },
    });
    resendBite(spied as WriteDb, { choice, destinationId: 'hub', after: 5, upTo: 50, limit: 10 });
    return plans;
  }

  it('is found without going through a table: by keys, by the index of refusals, or from one place of the outbox to another', () => {
    keep(many(50));
    const keys = [
      { ledgerId: 1, externalId: 'K-7' },
      { ledgerId: 1, externalId: 'K-3' },
      { ledgerId: 1, externalId: 'nobody' },
    ];
    const plans = [
      plansOf({ kind: 'keys', keys }),
      plansOf({ kind: 'letters', ids: null, connectionId: null, upToId: 9 }),
      plansOf({ kind: 'filter', filter: { entity: 'booking', dayFrom: '2026-03-01' } }),
    ];
    const isThroughTable = (line: string) => /^SCAN (?!k\b|ledgers\b|json_each|CONSTANT)/.test(line) && !line.includes('VIRTUAL TABLE');
    expect([
      plans.map((plan) => plan.filter(isThroughTable)),
      plans.every((plan) => plan.length > 1),
      walked({ kind: 'keys', keys }, 50),
    ]).toEqual([[[], [], []], true, [4, 8]]);
    expect(plans[2]?.filter((line) => line.includes('TEMP B-TREE'))).toEqual([]);
  });

  it('tells refused records of which the destination has an older state from those of which it has none', () => {
    keep(['A', 'B']);
    steps.confirm('hub', 2, []);
    keep(['A', 'C'], '2');
    steps.confirm('hub', 4, [
      { seq: 3, code: 'no', field: null },
      { seq: 4, code: 'no', field: null },
    ]);
    const all: ResendChoice = { kind: 'filter', filter: {} };
    const letters: ResendChoice = { kind: 'letters', ids: null, connectionId: 'pms', upToId: 10 };
    expect([counted(all, { upTo: 4, confirmedSeq: 4 }), counted(letters, { upTo: 4, confirmedSeq: 4 }), walked(letters, 4)]).toEqual([
      { total: 3, onItsWay: 0, refused: 2, older: 1 },
      { total: 2, onItsWay: 0, refused: 2, older: 1 },
      [3, 4],
    ]);
  });
});

describe('an order', () => {
  const order = (total: number) =>
    steps.orderResend({
      destinationId: 'hub',
      selection: { kind: 'range', by: 'kept' },
      choice: { kind: 'filter', filter: {} },
      actorId: 'local-operator',
      actorName: 'Local operator',
      correlationId: randomUUID(),
      upToSeq: total,
      total,
    });
  const part = (id: number, more: object = {}) => ({
    id,
    destinationId: 'hub',
    position: 2,
    confirmed: [1, 2],
    refused: [],
    onItsWay: 0,
    damaged: 0,
    overtaken: [],
    isEnd: false,
    after: runningResend(db, 'hub')?.position ?? 0,
    ...more,
  });

  it('is carried out in the order in which it was given, paused or not, and each part is kept as a whole', () => {
    keep(many(4));
    steps.confirm('hub', 4, []);
    const [first, second] = [order(4), order(4)];
    steps.changeResend(first, ['running'], 'paused');
    const meanwhile = runningResend(db, 'hub')?.id;
    steps.changeResend(first, ['paused'], 'running');
    steps.resent(part(first));
    db.exec("create trigger no_move before update on resends begin select raise(abort, 'no'); end");
    expect(() => steps.resent(part(first, { position: 4, confirmed: [3], refused: [{ seq: 4, code: 'no', field: null }] }))).toThrow('no');
    db.exec('drop trigger no_move');
    expect([meanwhile, runningResend(db, 'hub')?.position, db.prepare('select count(*) from dead_letters').pluck().get()]).toEqual([
      second,
      2,
      0,
    ]);
    steps.resent(part(first, { position: 4, confirmed: [3], refused: [{ seq: 4, code: 'no', field: null }], isEnd: true }));
    expect([
      resendById(db, first),
      runningResend(db, 'hub')?.id,
      db.prepare('select confirmed, refused from deliveries').raw().get(),
    ]).toEqual([expect.objectContaining({ state: 'done', confirmed: 3, refused: 1, newer: 0, finishedAtMs: startMs }), second, [3, 1]]);
  });

  it('that was cancelled while a request was under way keeps what was sent, and stays cancelled', () => {
    keep(many(4));
    steps.confirm('hub', 4, []);
    const id = order(4);
    const isCancelled = steps.changeResend(id, ['running', 'paused'], 'cancelled');
    steps.resent(part(id, { isEnd: true }));
    expect([isCancelled, steps.changeResend(id, ['paused'], 'running'), resendById(db, id)]).toEqual([
      true,
      false,
      expect.objectContaining({ state: 'cancelled', confirmed: 2 }),
    ]);
  });

  it('of which records have changed meanwhile says how many at its end', () => {
    keep(many(4));
    steps.confirm('hub', 4, []);
    const id = order(4);
    steps.resent(part(id, { isEnd: true, onItsWay: 1 }));
    expect(resendById(db, id)).toMatchObject({ confirmed: 2, onItsWay: 1, newer: 1, state: 'done' });
  });

  it('takes a refusal off the list, and off the counts of its connection, when the record is taken', () => {
    keep(many(2));
    steps.confirm('hub', 2, [{ seq: 1, code: 'no', field: null }]);
    const before = db.prepare('select dead_letters from entity_counts').pluck().all();
    steps.resent(part(order(2)));
    expect([
      before,
      db.prepare('select dead_letters from entity_counts').pluck().all(),
      db.prepare('select seq, settled_as from settled_letters').raw().all(),
      db.prepare('select confirmed, refused from deliveries').raw().get(),
    ]).toEqual([[1], [0], [[1, 'confirmed']], [2, 0]]);
  });

  it('knows the rate of a destination only by confirmations that lie close together', () => {
    keep(many(30));
    const unknown = sendRate(db, 'hub');
    for (const [upTo, waitMs] of [
      [10, 3_600_000],
      [20, 2000],
      [30, 2000],
    ] as const) {
      nowMs += waitMs;
      steps.confirm('hub', upTo, []);
    }
    expect([unknown, sendRate(db, 'hub')]).toEqual([null, 5]);
  });
});
