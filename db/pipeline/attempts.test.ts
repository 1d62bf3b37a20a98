import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForWriting, type WriteDb } from '../open.ts';
import { sealingKey } from '../seal.ts';
import { type PipelineSteps, pipelineSteps } from '../steps.ts';
import { attemptsOf, runsOf } from './attempts.ts';

const startMs = 1_770_000_000_000;
const dayMs = 86_400_000;
let folder: string;
let db: WriteDb;
let steps: PipelineSteps;
let nowMs: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-attempts-'));
  db = openForWriting(join(folder, 'pipeline.db'));
  nowMs = startMs;
  steps = pipelineSteps(db, sealingKey(Buffer.alloc(32, 7)), () => nowMs);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const tried = (atMs: number, tookMs = 50) => ({ startedAtMs: startMs + atMs, endedAtMs: startMs + atMs + tookMs });
const failed = (fromSeq: number, records: number, atMs: number, more: object = {}) => {
  const toSeq = fromSeq + Math.max(records, 1) - 1;
  return { destinationId: 'hub', fromSeq, toSeq, records, code: 'upstream-error', ...tried(atMs), ...more };
};
const of = (seq: number, keptAtMs = startMs) =>
  attemptsOf(db, 'hub')(seq, keptAtMs).map(({ outcome, code, records, count, startedAtMs, endedAtMs }) => [
    outcome,
    code,
    records,
    count,
    startedAtMs - startMs,
    endedAtMs - startMs,
  ]);
const rowCount = () => db.prepare('select count(*) from attempts').pluck().get();

describe('what was tried with a record', () => {
  it('is the request that held it, with what came of it', () => {
    steps.confirm('hub', 3, [], tried(0));
    steps.confirm('hub', 5, [{ seq: 4, code: 'bad-field', field: null }], tried(100));
    steps.confirm('hub', 6, [{ seq: 6, code: 'bad-field', field: null }], tried(200));
    expect([of(1), of(3), of(4), of(6), of(7)]).toEqual([
      [['confirmed', null, 3, 1, 0, 50]],
      [['confirmed', null, 3, 1, 0, 50]],
      [['partly', 'bad-field', 2, 1, 100, 150]],
      [['refused', 'bad-field', 1, 1, 200, 250]],
      [],
    ]);
  });

  it('is one line for an outage, however long: the first, the last and how many; another fault is another line', () => {
    for (let at = 0; at < 500; at++) steps.noteFailedAttempt(failed(1, 2, at * 1000));
    steps.noteFailedAttempt({ ...failed(1, 3, 600_000), code: 'upstream-timeout' });
    steps.noteFailedAttempt(failed(1, 0, 700_000));
    nowMs = startMs + 800_050;
    steps.confirm('hub', 3, [], tried(800_000));
    expect([of(2), rowCount()]).toEqual([
      [
        ['failed', 'upstream-error', 2, 500, 0, 499_050],
        ['failed', 'upstream-timeout', 3, 1, 600_000, 600_050],
        ['failed', 'upstream-error', 0, 1, 700_000, 700_050],
        ['confirmed', null, 3, 1, 800_000, 800_050],
      ],
      4,
    ]);
  });

  it('holds no failure of the line from before the record was there, and none from after it had arrived', () => {
    steps.noteFailedAttempt(failed(1, 0, 0));
    nowMs = startMs + 20_050;
    steps.confirm('hub', 2, [], tried(20_000));
    steps.noteFailedAttempt(failed(3, 0, 30_000));
    expect([of(2, startMs + 10_000), of(2, startMs), of(3, startMs + 25_000)]).toEqual([
      [['confirmed', null, 2, 1, 20_000, 20_050]],
      [
        ['failed', 'upstream-error', 0, 1, 0, 50],
        ['confirmed', null, 2, 1, 20_000, 20_050],
      ],
      [['failed', 'upstream-error', 0, 1, 30_000, 30_050]],
    ]);
  });

  it('holds what was sent again only where the record itself was in it', () => {
    steps.confirm('hub', 9, [], tried(0));
    const order = { destinationId: 'hub', actorId: 'a', actorName: 'A', correlationId: 'c-1', upToSeq: 9, total: 3 };
    const id = steps.orderResend({ ...order, selection: { kind: 'all' }, choice: { kind: 'all' } } as never);
    const nothing = { onItsWay: 0, damaged: 0, overtaken: [], isEnd: true };
    const part = { id, destinationId: 'hub', after: 0, position: 9, confirmed: [2, 3, 8], refused: [], ...nothing };
    steps.resent({ ...part, tried: { ...tried(1000), correlationId: 'c-1' } });
    const again = attemptsOf(db, 'hub')(3, startMs).at(-1);
    expect([of(3).length, of(8).length, of(5).length, again]).toEqual([
      2,
      2,
      1,
      { outcome: 'confirmed', code: null, records: 3, ...tried(1000), tookMs: 50, count: 1, resendId: id, correlationId: 'c-1' },
    ]);
  });

  it('is another destination’s own business', () => {
    steps.confirm('hub-2', 3, [], tried(0));
    steps.noteFailedAttempt({ ...failed(1, 2, 0), destinationId: 'hub-2' });
    expect(of(2)).toEqual([]);
  });
});

it('drops what is older than 90 days, and of a destination everything behind its newest 100,000', () => {
  steps.noteFailedAttempt({ ...failed(1, 0, 0), destinationId: 'old' });
  nowMs = startMs + 90 * dayMs;
  db.exec(
    'insert into attempts (destination_id, from_seq, to_seq, records, outcome, started_at_ms, ended_at_ms, took_ms) ' +
      `with recursive n (at) as (select 1 union all select at + 1 from n where at < 100007) select 'hub', at, at, 1, 'confirmed', ${nowMs}, ${nowMs}, 0 from n`,
  );
  steps.pruneAttempts();
  const edge = db.prepare('select count(*), min(from_seq) from attempts').raw().get();
  const before = db.prepare("select count(*) from attempts where destination_id = 'old'").pluck().get();
  nowMs += 1000;
  steps.pruneAttempts();
  expect([edge, before, rowCount()]).toEqual([[100_001, 1], 1, 100_000]);
});

it('writes numbers as runs', () => {
  expect([runsOf([4, 5, 9]), runsOf([]), runsOf([7])]).toEqual(['[[4,2],[9,1]]', '[]', '[[7,1]]']);
});
