import { hash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FaultReport } from '../../contract/faults.ts';
import type { RunCause } from '../../contract/run.ts';
import { openForWriting, type WriteDb } from '../open.ts';
import { sealingKey } from '../seal.ts';
import { type PipelineSteps, pipelineSteps } from '../steps.ts';
import { fingerprintOf } from './fingerprints.ts';
import { type RunEnd, runsOf } from './runs.ts';

const startMs = 1_770_000_000_000;
const dayMs = 86_400_000;
let folder: string;
let db: WriteDb;
let steps: PipelineSteps;
let nowMs: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-runs-'));
  db = openForWriting(join(folder, 'pipeline.db'));
  nowMs = startMs;
  steps = pipelineSteps(db, sealingKey(Buffer.alloc(32, 7)), () => nowMs);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const away: FaultReport = { code: 'source-unreachable', detail: { host: 'opera-db:1521', detail: 'the line broke' } };
const ended = (outcome: RunEnd['outcome'], fault: FaultReport | null = null) => ({ outcome, fault });

type Given = { readonly connectionId?: string; readonly cause?: RunCause; readonly reads?: 'files' | 'tables'; readonly atMs?: number };
function begin({ connectionId = 'opera', cause = 'schedule', reads = 'tables', atMs = 0 }: Given = {}): number {
  return steps.beginRun({ connectionId, cause, reads, startedAtMs: startMs + atMs });
}
/** A run of 50 ms that brings what `brings` counts for it. */
function run(given: Given, how: Pick<RunEnd, 'outcome' | 'fault'>, brings: (id: number) => void = () => undefined): void {
  const id = begin(given);
  brings(id);
  steps.endRun({ id, endedAtMs: startMs + (given.atMs ?? 0) + 50, tookMs: 50, ...how });
}

let looks = 0;
/** One look at a table: `read` rows, of which `changed` had something new. */
function look(runId: number | null, read: number, changed = 0): void {
  const rows = Array.from({ length: changed }, (_, at) => ({ key: `${looks++}-${at}`, hash: Buffer.alloc(16), stamp: null }));
  steps.keepTable({
    connectionId: 'opera',
    runId,
    rowsRead: read,
    table: 'reservations',
    identity: 'x',
    watermark: '{}',
    sweep: 1,
    changed: rows.map((row) => ({ ...row, byteOffset: 0, byteLength: 0 })),
    seen: [],
    missed: [],
    gone: [],
    file: null,
  });
}

/** A batch of a file, and the end of the file. */
function keep(runId: number | null, ids: readonly string[], content: string): void {
  const sha256 = hash('sha256', `file ${looks++}`);
  const names = { connectionId: 'pms', hotelId: 'ALDQ', source: 'pms', entity: 'booking', name: 'a.csv', path: '/', mark: sha256 };
  const { id: fileId } = steps.registerFile({ ...names, sha256, rawPath: 'raw', mappingJson: '{}', layoutJson: '{}', bytes: 100 });
  const documents = ids.map((externalId) => Buffer.from(JSON.stringify({ id: 'x', externalId, content })));
  let end = 0;
  const places = Float64Array.from(ids.flatMap((_, at) => [at + 2, at * 10, 10]));
  const letter = {
    rule: 'value-unknown',
    field: null,
    column: null,
    detail: null,
    externalId: null,
    line: 9,
    byteOffset: 90,
    byteLength: 10,
  };
  const batch = {
    fileId,
    count: ids.length,
    texts: ids.flatMap((id) => [id, '2026-03-01', '2026-03-04', 'confirmed', 'Ada', '', '', '']).join('\0'),
    places,
    hashes: Buffer.concat(ids.map(() => hash('sha256', content, 'buffer'))),
    documents: Buffer.concat(documents),
    ends: Uint32Array.from(documents, (document) => (end += document.length)),
    letters: [{ ...letter, raw: Buffer.from('x') }],
    position: 100,
    rows: ids.length + 1,
    bytesNormalised: 90,
    bytesDeadLetters: 10,
    bytesStructural: 0,
  };
  steps.storeBatch(batch as never, 0, randomUUID(), runId);
  steps.finishFile(fileId, null, runId);
}

const list = (connectionId = 'opera', more: { runningId?: number | null; belowId?: number; limit?: number } = {}) =>
  runsOf(db, connectionId, { runningId: null, limit: 50, ...more });
/** [cause, outcome, count, began, last began, ended, took, rows read]. */
const lines = (connectionId?: string) =>
  list(connectionId).runs.map((one) => [
    one.cause,
    one.outcome,
    one.count,
    one.startedAtMs - startMs,
    one.lastStartedAtMs - startMs,
    one.endedAtMs === null ? null : one.endedAtMs - startMs,
    one.tookMs,
    one.rowsRead,
  ]);

describe('the runs of a source', () => {
  it('are one line for a quiet night, with the first, the last, how many and what they read in all', () => {
    for (let at = 0; at < 500; at++) run({ atMs: at * 60_000 }, ended('well'), (id) => look(id, 3));
    expect(lines()).toEqual([['schedule', 'well', 500, 0, 499 * 60_000, 499 * 60_000 + 50, 25_000, 1500]]);
  });

  it('are one line for a fault that comes again and again, and another for another fault or other words of it', () => {
    for (let at = 0; at < 40; at++) run({ atMs: at * 60_000, cause: 'catch-up' }, ended('failed', away));
    run({ atMs: 3_000_000, cause: 'catch-up' }, ended('failed', { ...away, detail: { ...away.detail, detail: 'refused' } }));
    run({ atMs: 3_060_000, cause: 'catch-up' }, ended('well'));
    run({ atMs: 3_120_000, cause: 'catch-up' }, ended('failed', away));
    expect(list().runs.map(({ outcome, count, fault }) => [outcome, count, fault?.detail.detail ?? null])).toEqual([
      ['failed', 1, 'the line broke'],
      ['well', 1, null],
      ['failed', 1, 'refused'],
      ['failed', 40, 'the line broke'],
    ]);
  });

  it('stand by themselves when they have brought something, were stopped, were asked for by a person, or are of another source', () => {
    run({ atMs: 0 }, ended('well'), (id) => look(id, 5, 2));
    run({ atMs: 1000 }, ended('well'));
    run({ atMs: 2000 }, ended('well'), (id) => look(id, 5, 1));
    run({ atMs: 3000 }, ended('stopped'));
    run({ atMs: 4000 }, ended('stopped'));
    run({ atMs: 5000 }, ended('well'));
    run({ atMs: 6000, cause: 'by-hand' }, ended('well'));
    run({ atMs: 7000, connectionId: 'pms', reads: 'files' }, ended('well'));
    run({ atMs: 8000 }, ended('failed', away), (id) => look(id, 5, 1));
    run({ atMs: 9000 }, ended('failed', away), (id) => look(id, 5, 1));
    expect([list().runs.length, list().runs.filter(({ count }) => count > 1), lines('pms').length]).toEqual([9, [], 1]);
  });

  it('count what they have brought and nothing else: rows of a database where they are read, its pages as no files', () => {
    keep(null, ['1', '2', '3'], 'before');
    run({ connectionId: 'pms', reads: 'files' }, ended('well'), (id) => keep(id, ['1', '2', '3', '4', '4'], 'after'));
    run({}, ended('well'), (id) => {
      look(id, 70, 4);
      look(null, 1000, 3);
      keep(id, ['1', '9'], 'after');
    });
    const counts = ({ files, rowsRead, rowsChanged, kept, unchanged, duplicates, setAside }: ReturnType<typeof list>['runs'][number]) => ({
      ...{ files, rowsRead, rowsChanged, kept, unchanged, duplicates, setAside },
    });
    expect([list('pms').runs.map(counts), list().runs.map(counts)]).toEqual([
      [{ files: 1, rowsRead: 6, rowsChanged: null, kept: 4, unchanged: 1, duplicates: 1, setAside: 1 }],
      [{ files: null, rowsRead: 70, rowsChanged: 4, kept: 1, unchanged: 1, duplicates: 0, setAside: 1 }],
    ]);
  });

  it('that the agent did not see the end of are called that at the next start, with what they had brought until then', () => {
    const id = begin();
    look(id, 12, 7);
    const open = list('opera', { runningId: id }).runs;
    expect([lines(), open.map(({ outcome, rowsChanged }) => [outcome, rowsChanged])]).toEqual([[], [[null, 7]]]);
    steps.closeRuns();
    steps.endRun({ id, endedAtMs: startMs + 5, tookMs: 5, ...ended('well') });
    run({ atMs: 1000 }, ended('well'));
    expect(lines()).toEqual([
      ['schedule', 'well', 1, 1000, 1000, 1050, 50, 0],
      ['schedule', 'agent-ended', 1, 0, 0, null, null, 12],
    ]);
  });

  it('that are under way are told once they have brought something', () => {
    const id = begin();
    look(id, 12);
    const before = list('opera', { runningId: id }).runs.length;
    look(id, 3, 1);
    expect([before, list('opera', { runningId: id }).runs.length]).toEqual([0, 1]);
  });

  it('are given page by page, the newest first', () => {
    for (let at = 0; at < 7; at++) run({ atMs: at }, ended('stopped'));
    const began = (belowId?: number) => {
      const page = list('opera', { limit: 3, ...(belowId === undefined ? {} : { belowId }) });
      return { at: page.runs.map(({ startedAtMs }) => startedAtMs - startMs), next: page.nextBelowId };
    };
    const first = began();
    const second = began(first.next ?? 0);
    const third = began(second.next ?? 0);
    expect([first.at, second.at, third.at, third.next]).toEqual([[6, 5, 4], [3, 2, 1], [0], null]);
  });

  it('are dropped after 90 days, and behind the newest 20,000 of their source; one under way never is', () => {
    run({ connectionId: 'old', atMs: 0 }, ended('well'));
    const open = begin({ connectionId: 'open' });
    nowMs = startMs + 90 * dayMs + 51;
    db.exec(
      'insert into runs (connection_id, cause, started_at_ms, last_started_at_ms, ended_at_ms, took_ms, outcome) ' +
        `with recursive n (at) as (select 1 union all select at + 1 from n where at < 20007) select 'opera', 'schedule', at, at, ${nowMs}, 0, 'well' from n`,
    );
    steps.pruneRuns();
    const left = (of: string) => db.prepare('select count(*), min(started_at_ms) from runs where connection_id = ?').raw().get(of);
    expect([left('old'), left('open'), left('opera')]).toEqual([
      [0, null],
      [1, startMs],
      [20_000, 8],
    ]);
    expect(open).toBeGreaterThan(0);
  });

  it('does not count what a run has brought whose commit failed', () => {
    const id = begin({ connectionId: 'pms', reads: 'files' });
    expect(() => steps.storeBatch({ fileId: 99, rows: 4, letters: [] } as never, 0, randomUUID(), id)).toThrow();
    expect(list('pms', { runningId: id }).runs).toEqual([]);
  });
});

it('gives the fingerprint that was kept last, and none that was found with other settings', () => {
  const found = { comparedAtMs: startMs, tables: 10, columns: 60, differences: [] };
  const later = { ...found, comparedAtMs: startMs + 5, differences: [{ table: 'ROOM', isMissing: true, columns: [], stops: ['rooms'] }] };
  steps.keepFingerprint('opera', 'a', found);
  steps.keepFingerprint('opera', 'a', later);
  expect([fingerprintOf(db, 'opera', 'a'), fingerprintOf(db, 'opera', 'b'), fingerprintOf(db, 'pms', 'a')]).toEqual([later, null, null]);
});
