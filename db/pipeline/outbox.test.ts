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
import { connections, isIdUsed } from './connections.ts';
import { entityCounts, recentFiles, setAsideByRule } from './counts.ts';
import { isContentKnown, isSighted, unfinishedFiles } from './files.ts';
import { openIntents } from './intents.ts';
import { delivery, waitingBehind } from './outbox.ts';
import { sendRate } from './resends.ts';
import { standingAlerts, syncOf } from './standing.ts';

const key = sealingKey(Buffer.alloc(32, 7));
const startMs = 1_770_000_000_000;
const hourMs = 3_600_000;
let folder: string;
let db: WriteDb;
let steps: PipelineSteps;
let nowMs: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-outbox-'));
  db = openForWriting(join(folder, 'pipeline.db'));
  nowMs = startMs;
  steps = pipelineSteps(db, key, () => nowMs);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const taken = (content: string, more: object = {}) => ({
  connectionId: 'pms',
  hotelId: 'ALDQ',
  source: 'opera',
  entity: 'booking',
  name: 'a.csv',
  path: '/drops/a.csv',
  mark: 'mark 1',
  sha256: hash('sha256', content),
  rawPath: 'raw/a',
  mappingJson: '{}',
  layoutJson: '{"encoding":"utf-8","otherEncodings":[],"delimiter":",","isFound":false}',
  bytes: 100,
  ...more,
});

let kept = 0;
/** Keep so many new bookings, all of one file of a hundred bytes. */
function keep(count: number): number {
  const { id } = steps.registerFile(taken(`file ${kept}`));
  const ids = Array.from({ length: count }, () => String(kept++));
  const documents = ids.map((one) => Buffer.from(`{"n":${one}}`));
  let end = 0;
  steps.storeBatch(
    {
      fileId: id,
      count,
      texts: ids.map((one) => `${one}\0\0\0\0\0\0\0`).join('\0'),
      places: Float64Array.from(ids.flatMap((_, at) => [at + 2, at, 1])),
      hashes: Buffer.concat(documents.map((document) => hash('sha256', document, 'buffer'))),
      documents: Buffer.concat(documents),
      ends: Uint32Array.from(documents, (document) => (end += document.length)),
      letters: [],
      position: 100,
      rows: count,
      bytesNormalised: 100,
      bytesDeadLetters: 0,
      bytesStructural: 0,
    },
    0,
    randomUUID(),
  );
  return id;
}
const refusal = (seq: number, message = 'no') => ({ seq, code: 'bad-field', field: 'guestName', message });

describe('what a destination has confirmed', () => {
  it('is nothing at first, and then everything up to a place', () => {
    keep(10);
    const before = [delivery(db, 'hub'), waitingBehind(db, 0)];
    nowMs += 1000;
    steps.confirm('hub', 4, []);
    expect([before, delivery(db, 'hub'), waitingBehind(db, 4)]).toEqual([
      [
        {
          destinationId: 'hub',
          confirmedSeq: 0,
          confirmed: 0,
          refused: 0,
          withheld: 0,
          missed: 0,
          lastConfirmedAtMs: null,
          confirmedUpToMs: null,
        },
        { waiting: 10, oldestAtMs: startMs, lastSeq: 10 },
      ],
      {
        destinationId: 'hub',
        confirmedSeq: 4,
        confirmed: 4,
        refused: 0,
        withheld: 0,
        missed: 0,
        lastConfirmedAtMs: startMs + 1000,
        confirmedUpToMs: startMs,
      },
      { waiting: 6, oldestAtMs: startMs, lastSeq: 10 },
    ]);
  });

  it('says nothing where all that it passes over was withheld, and rates count only what was sent', () => {
    keep(40);
    const withheld = (...seqs: number[]) => ({
      withheld: seqs.map((seq) => ({ seq, reason: 'not-in-share', otherLedgerId: null }) as const),
      missed: 0,
    });
    steps.confirm('hub', 2, [], null, withheld(1, 2));
    const nothing = delivery(db, 'hub');
    nowMs += 1000;
    steps.confirm('hub', 10, [], null, withheld(3, 4, 5));
    const said = delivery(db, 'hub');
    nowMs += 1000;
    steps.confirm('hub', 12, [], null, withheld(11, 12));
    const passed = delivery(db, 'hub');
    nowMs += 1000;
    steps.confirm('hub', 20, [], null, withheld(13, 14));
    const confirmations = db.prepare('select up_to_seq from confirmations order by 1').pluck().all();
    const times = [nothing, said, passed].map((one) => [one.confirmedSeq, one.withheld, one.lastConfirmedAtMs, one.confirmedUpToMs]);
    // Six records in two seconds.
    expect([times, confirmations, sendRate(db, 'hub')]).toEqual([
      [
        [2, 2, null, null],
        [10, 5, startMs + 1000, startMs],
        [12, 7, startMs + 1000, startMs],
      ],
      [10, 20],
      3,
    ]);
  });

  it('only ever moves forward, and saying the same twice changes nothing', () => {
    keep(10);
    steps.confirm('hub', 7, [refusal(5)]);
    const before = [delivery(db, 'hub'), setAsideByRule(db)];
    nowMs += 1000;
    steps.confirm('hub', 7, [refusal(5)]);
    steps.confirm('hub', 3, [refusal(2)]);
    expect([delivery(db, 'hub'), setAsideByRule(db)]).toEqual(before);
  });

  it('is its own for each destination', () => {
    keep(5);
    steps.confirm('hub', 5, [refusal(1)]);
    steps.confirm('hub-2', 2, [refusal(1)]);
    expect([delivery(db, 'hub').confirmedSeq, delivery(db, 'hub-2').confirmedSeq, setAsideByRule(db)]).toEqual([
      5,
      2,
      [{ rule: 'refused-by-destination', count: 2 }],
    ]);
  });

  it('counts a refused booking as set aside, with its place in the file, never as delivered', () => {
    const fileId = keep(5);
    steps.confirm('hub', 5, [refusal(2, 'x'.repeat(900)), refusal(4)]);
    const letters = db
      .prepare(
        "select destination_id, seq, file_id, line, field, detail like 'bad-field%' and length(detail) <= 500 from dead_letters order by seq",
      )
      .raw()
      .all();
    expect([delivery(db, 'hub'), letters, entityCounts(db, nowMs)[0]?.deadLetters]).toEqual([
      expect.objectContaining({ confirmedSeq: 5, confirmed: 3, refused: 2 }),
      [
        ['hub', 2, fileId, 3, 'guestName', 1],
        ['hub', 4, fileId, 5, 'guestName', 1],
      ],
      2,
    ]);
  });

  it('adds up however the confirmations come: nothing waits twice, nothing is left out', () => {
    keep(60);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.array(fc.nat(20), { maxLength: 3 })), { maxLength: 12 }),
        (moves) => {
          db.exec('delete from deliveries; delete from dead_letters');
          let at = 0;
          for (const [upTo, places] of moves) {
            const refused = upTo > at ? [...new Set(places.map((place) => at + 1 + (place % (upTo - at))))].map((seq) => refusal(seq)) : [];
            steps.confirm('hub', upTo, refused);
            at = Math.max(at, upTo);
          }
          const { confirmedSeq, confirmed, refused } = delivery(db, 'hub');
          const letters = db.prepare('select count(*) from dead_letters').pluck().get();
          expect([confirmedSeq, confirmed + refused, refused, waitingBehind(db, confirmedSeq).waiting]).toEqual([at, at, letters, 60 - at]);
        },
      ),
      { numRuns: 100, seed: 20_261_121 },
    );
  });

  it('fails whole: a refusal that cannot be kept moves nothing', () => {
    keep(5);
    db.exec("create trigger stop_here before insert on dead_letters begin select raise(abort, 'here'); end");
    expect(() => steps.confirm('hub', 5, [refusal(3)])).toThrow(/here/);
    expect(delivery(db, 'hub').confirmedSeq).toBe(0);
  });

  it('is followed by the rows behind it, in the order in which they were kept', () => {
    keep(10);
    keep(5);
    const pending = pendingRows(db, key);
    const seqs = (after: number, limit: number) => pending(after, limit).map((row) => row.seq);
    expect([seqs(0, 3), seqs(8, 4), seqs(14, 100), seqs(15, 100)]).toEqual([[1, 2, 3], [9, 10, 11, 12], [15], []]);
  });
});

describe('a file', () => {
  it('is the same by its content, whatever it is called, and is noted when it comes again', () => {
    const first = steps.registerFile(taken('a'));
    const lying = steps.registerFile(taken('a'));
    const renamed = steps.registerFile(taken('a', { path: '/drops/b.csv', mark: 'mark 2' }));
    const written = steps.registerFile(taken('a', { mark: 'mark 3' }));
    const other = steps.registerFile(taken('b'));
    expect([
      [first, lying, renamed, written, other].map(({ id, isKnown }) => [id, isKnown]),
      recentFiles(db, 5).map((file) => file.seenBefore),
    ]).toEqual([
      [
        [1, false],
        [1, true],
        [1, true],
        [1, true],
        [2, false],
      ],
      [0, 2],
    ]);
  });

  it('of one connection is news to another', () => {
    const content = `file ${kept}`;
    const id = keep(1);
    steps.finishFile(id, null);
    const other = steps.registerFile(taken(content, { connectionId: 'pms-2' }));
    const known = ['pms', 'pms-3'].map((connectionId) => isContentKnown(db, connectionId, hash('sha256', content)));
    expect([other.id === id, other.isKnown, known]).toEqual([false, false, [true, false]]);
  });

  it('is known at a place by its size and times there', () => {
    steps.registerFile(taken('a'));
    const at = (path: string, mark: string) => isSighted(db, 'pms', path, mark);
    expect([at('/drops/a.csv', 'mark 1'), at('/drops/a.csv', 'mark 2'), at('/drops/b.csv', 'mark 1')]).toEqual([true, false, false]);
  });

  it('ends only when every byte of it is accounted for, and stays open where it stands until then', () => {
    const { id } = steps.registerFile(taken('a'));
    expect(() => steps.finishFile(id, null)).toThrow(
      expect.objectContaining({ code: 'bytes-unaccounted', detail: { file: 'a.csv', missing: '100' } }),
    );
    const open = unfinishedFiles(db, 'pms').map((file) => [file.id, file.position]);
    const done = keep(3);
    steps.finishFile(done, null);
    expect([open, unfinishedFiles(db, 'pms').map((file) => file.id)]).toEqual([[[1, 0]], [1]]);
  });

  it('is moved to the archive only after it has ended, and both are decided together', () => {
    const id = keep(1);
    db.exec("create trigger stop_here before insert on intents begin select raise(abort, 'here'); end");
    const archive = {
      kind: 'archive-file' as const,
      connectionId: 'pms',
      fileId: id,
      path: '/drops/a.csv',
      mark: 'mark 1',
      to: '/drops/taken',
    };
    expect(() => steps.finishFile(id, archive)).toThrow(/here/);
    const before = unfinishedFiles(db, 'pms').length;
    db.exec('drop trigger stop_here');
    steps.finishFile(id, archive);
    const [intent] = openIntents(db, nowMs);
    steps.intentDone(intent?.id ?? 0);
    expect([before, unfinishedFiles(db, 'pms'), intent?.intent, openIntents(db, nowMs)]).toEqual([1, [], archive, []]);
  });
});

describe('counts', () => {
  it('of the last day forget what was kept before it', () => {
    keep(5);
    nowMs += 23 * hourMs;
    keep(2);
    const seen = [0, 1, 24, 48]
      .map((hours) => entityCounts(db, nowMs + hours * hourMs)[0])
      .map((count) => [count?.records, count?.keptLast24h]);
    expect(seen).toEqual([
      [7, 7],
      [7, 2],
      [7, 0],
      [7, 0],
    ]);
  });
});

describe('troubles', () => {
  const fault = (code: 'folder-missing' | 'disk-full') => ({ code, detail: { folder: '/x' } });

  it('stand once for each connection, since they began, with how often they came', () => {
    steps.raiseAlert('pms', fault('folder-missing'), 'critical', 1000);
    steps.raiseAlert('pms', fault('folder-missing'), 'critical', 2000);
    steps.raiseAlert('hub', fault('disk-full'), 'warning', 3000);
    const standing = standingAlerts(db).map((alert) => [
      alert.connectionId,
      alert.fault.code,
      alert.sinceMs,
      alert.lastSeenMs,
      alert.count,
    ]);
    steps.raiseAlert('pms', fault('disk-full'), 'warning', 4000);
    const changed = standingAlerts(db).map((alert) => [alert.connectionId, alert.fault.code, alert.sinceMs]);
    steps.noteSyncOk('pms', 5000);
    expect([standing, changed, standingAlerts(db).map((alert) => alert.connectionId), syncOf(db, 'pms')]).toEqual([
      [
        ['pms', 'folder-missing', 1000, 2000, 2],
        ['hub', 'disk-full', 3000, 3000, 1],
      ],
      [
        ['hub', 'disk-full', 3000],
        ['pms', 'disk-full', 4000],
      ],
      ['hub'],
      { lastStartedAtMs: null, lastOkAtMs: 5000 },
    ]);
  });

  it('of a connection go with it', () => {
    steps.raiseAlert('pms', fault('folder-missing'), 'critical', 1000);
    steps.removeConnection('pms', nowMs);
    expect(standingAlerts(db)).toEqual([]);
  });
});

describe('a removed connection', () => {
  const connection = {
    id: 'pms',
    kind: 'folder-csv',
    direction: 'source' as const,
    title: 'PMS',
    settings: {},
    secrets: [],
    schedule: { kind: 'manual' as const },
    isPaused: false,
    createdAtMs: 0,
  };

  it('keeps its name, and its secrets until their time has come', () => {
    steps.saveConnection(connection);
    const removed = steps.removeConnection('pms', nowMs + 1000);
    expect([
      removed,
      connections(db),
      isIdUsed(db, 'pms'),
      openIntents(db, nowMs + 999),
      openIntents(db, nowMs + 1000).map(({ intent }) => intent),
    ]).toEqual([true, [], true, [], [{ kind: 'forget-secrets', connectionId: 'pms' }]]);
  });

  it('that comes back forgets nothing', () => {
    steps.saveConnection(connection);
    steps.removeConnection('pms', nowMs);
    const restored = steps.restoreConnection('pms');
    expect([restored, connections(db), openIntents(db, nowMs + 1_000_000)]).toEqual([true, [connection], []]);
  });
});
