import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForWriting, type WriteDb } from '../open.ts';
import { sealingKey } from '../seal.ts';
import { blockWriter, pendingRows } from './blocks.ts';
import { eventHead } from './event-text.ts';
import { generations } from './generation.ts';
import { eventId, type RecordKey } from './ids.ts';

const sealing = sealingKey(Buffer.alloc(32, 7));
const key: RecordKey = { hotelId: 'ALDQ', source: 'opera', entity: 'booking', externalId: '00123' };
const content = hash('sha256', 'content');

describe('the generation of a ledger', () => {
  let folder: string;
  let db: WriteDb;
  let ledger: ReturnType<typeof generations>;
  const nowMs = 1_770_000_000_999;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-generation-'));
    db = openForWriting(join(folder, 'pipeline.db'));
    ledger = generations(db, sealing);
  });
  afterEach(() => {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** One row in a block of its own. The guest's name looks like the fields of the ledger. */
  function keep(seq: number, externalId: string, version: number, generation: number): void {
    db.prepare("insert or ignore into ledgers (id, hotel_id, source, entity) values (1, 'ALDQ', 'opera', 'booking')").run();
    db.prepare('insert into outbox (seq, external_id, version) values (?, ?, ?)').run(seq, externalId, version);
    const { hotelId, source } = key;
    const document = Buffer.from(JSON.stringify({ id: 'x', hotelId, source, externalId, guestName: '"id":"Ł😀' }).slice(1));
    const blocks = blockWriter(db, sealing);
    blocks.begin({ ledgerId: 1, fileId: 1, generation, keptAtMs: 0, correlationId: Buffer.alloc(16) });
    const id = eventId({ ...key, externalId }, generation, version, content);
    blocks.add(seq, eventHead(id, generation, version, '2026-03-01T10:00:00.000Z', content), document);
    blocks.finish();
    db.prepare(
      'insert or replace into records (ledger_id, external_id, generation, version, hash, seq, first_kept_at_ms, kept_at_ms) values (1, ?, ?, ?, ?, ?, 0, 0)',
    ).run(externalId, generation, version, Buffer.from(content, 'hex'), seq);
  }
  const kept = () => pendingRows(db, sealing)(0, 100).map((row) => JSON.parse(row.text.toString('utf8')));
  /** What a row of {@link keep} says under a generation. */
  const event = (externalId: string, version: number, generation: number) => ({
    eventId: eventId({ ...key, externalId }, generation, version, content),
    generation,
    version,
    syncedAt: '2026-03-01T10:00:00.000Z',
    hash: content,
    id: 'x',
    hotelId: 'ALDQ',
    source: 'opera',
    externalId,
    guestName: '"id":"Ł😀',
  });

  const confirm = (destination: string, upTo: number) =>
    db.prepare('insert or replace into deliveries (destination_id, confirmed_seq) values (?, ?)').run(destination, upTo);
  const records = () =>
    db.prepare('select external_id, generation, version, length(hash) from records order by external_id').raw().all() as unknown[];

  it('is the second of the start, and rises with every start, whatever the clock says', () => {
    const begun = [nowMs, nowMs, 0, nowMs + 60_000, 1].map((at) => ledger.begin(at));
    expect([begun, ledger.newest()]).toEqual([[1_770_000_000, 1_770_000_001, 1_770_000_002, 1_770_000_060, 1_770_000_061], 1_770_000_061]);
  });

  it('decides nothing by a shadow: nothing of the others is made anew or sent again, and what it has seen is still news at them', () => {
    const first = ledger.begin(nowMs);
    keep(1, 'A', 1, first);
    confirm('hub', 1);
    const shadow = { id: 'beside', direction: 'destination', isShadow: true };
    db.prepare('insert into connections (id, doc) values (?, ?)').run(shadow.id, JSON.stringify(shadow));
    confirm('beside', 1);
    const second = ledger.begin(nowMs + 60_000);
    const before = [kept(), records()];
    const between = first + 1;
    const above = second + 1000;
    const met = [between, between, above].map((seen) => ledger.meet('beside', seen, nowMs));
    const refusedAt = ledger.newest();
    ledger.takeOver('beside', above, nowMs);
    const after = [ledger.meet('beside', above, nowMs), ledger.newest()];
    expect([met, refusedAt, after, [kept(), records()]]).toEqual([['well', 'well', 'ahead'], second, ['well', above + 1], before]);
    expect([ledger.meet('hub', between, nowMs), ledger.meet('hub', above, nowMs)]).toEqual(['put-back', 'put-back']);
  });

  it('sends every record again once a shadow leads that had something from elsewhere, and only then', () => {
    const first = ledger.begin(nowMs);
    keep(1, 'A', 1, first);
    const shadow = { id: 'beside', direction: 'destination', isShadow: true };
    db.prepare('insert into connections (id, doc) values (?, ?)').run(shadow.id, JSON.stringify(shadow));
    ledger.meet('beside', first, nowMs);
    ledger.beginToLead('beside', nowMs);
    const ours = records();
    ledger.meet('beside', first - 1, nowMs);
    // Ours stands above by now: what it sees says nothing of the other any more.
    ledger.meet('beside', first, nowMs);
    const before = records();
    ledger.beginToLead('beside', nowMs);
    const after = records();
    keep(2, 'A', 2, first);
    ledger.beginToLead('beside', nowMs);
    expect([ours, before, after, records()]).toEqual([
      [['A', first, 1, 32]],
      [['A', first, 1, 32]],
      [['A', first, 1, 0]],
      [['A', first, 2, 32]],
    ]);
  });

  it('has nothing confirmed as long as only a shadow has confirmed something, and a shadow does not end what was restored', () => {
    const first = ledger.begin(nowMs);
    keep(1, 'A', 1, first);
    const shadow = { id: 'beside', direction: 'destination', isShadow: true };
    const hub = { id: 'hub', direction: 'destination' };
    for (const one of [shadow, hub]) db.prepare('insert into connections (id, doc) values (?, ?)').run(one.id, JSON.stringify(one));
    confirm('beside', 1);
    const above = first + 1000;
    const met = ledger.meet('hub', above, nowMs);
    const raised = [kept(), ledger.newest()];
    ledger.restored(nowMs, nowMs);
    const restored = [kept(), records()];
    const seen = ledger.newest() + 1000;
    expect([met, raised, ledger.meet('beside', seen, nowMs), ledger.newest(), [kept(), records()]]).toEqual([
      'well',
      [[event('A', 1, above + 1)], above + 1],
      'well',
      seen + 1,
      restored,
    ]);
    keep(2, 'B', 2, seen + 1);
    expect([ledger.meet('hub', seen, nowMs), kept()]).toEqual(['put-back', [event('A', 1, above + 1), event('B', 2, seen + 2)]]);
  });

  it('is well with a destination that has seen nothing, or nothing but ours, of this start or an earlier one', () => {
    const [first, second] = [ledger.begin(nowMs), ledger.begin(nowMs)];
    keep(1, 'A', 1, first);
    const before = [kept(), records()];
    const fresh = [0, first, second].map((seen) => ledger.meet('hub', seen, nowMs));
    confirm('hub', 1);
    expect([fresh, [0, first, second].map((seen) => ledger.meet('hub', seen, nowMs)), [kept(), records()], ledger.newest()]).toEqual([
      ['well', 'well', 'well'],
      ['well', 'well', 'well'],
      before,
      second,
    ]);
  });

  it.each([
    ['above ours', 1_800_000_000, 1_800_000_001],
    ['below ours, which what waits from an earlier start may not outrank', 1_770_000_000, 1_770_000_061],
  ])('ranks everything above what somebody else has sent, as long as nothing of ours is confirmed: %s', (_name, seen, raised) => {
    const first = ledger.begin(1_000_000_000_000);
    keep(1, 'A', 1, first);
    keep(2, 'A', 2, first);
    keep(3, 'B', 1, first);
    const second = ledger.begin(1_770_000_060_000);
    keep(4, 'A', 1, second);
    confirm('hub', 0);
    expect([ledger.meet('hub', seen, nowMs), ledger.newest(), kept(), records()]).toEqual([
      'well',
      raised,
      [event('A', 1, raised), event('A', 2, raised), event('B', 3, raised), event('A', 4, raised)],
      [
        ['A', raised, 4, 32],
        ['B', raised, 3, 32],
      ],
    ]);
    expect(db.prepare('select seq, version from outbox order by seq').raw().all()).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
    ]);
  });

  it('notices that the folder was put back: what it remembers counts no more, what it has kept stays as it is', () => {
    const generation = ledger.begin(nowMs);
    keep(1, 'A', 1, generation);
    confirm('hub', 1);
    // A later start of this very PC has sent, and the folder was then put back to before it.
    const lost = generation + 500;
    ledger.begin(nowMs + 1_000_000);
    const before = kept();
    const found = [ledger.meet('hub', lost, nowMs), ledger.meet('hub', lost, nowMs)];
    expect([found, kept(), records()]).toEqual([['put-back', 'well'], before, [['A', generation, 1, 0]]]);
  });

  it('does not move by itself once anything is confirmed and somebody else ranks above', () => {
    const generation = ledger.begin(nowMs);
    keep(1, 'A', 1, generation);
    confirm('hub', 1);
    const before = [kept(), records()];
    expect([ledger.meet('hub', 1_800_000_000, nowMs), ledger.newest(), [kept(), records()]]).toEqual(['ahead', generation, before]);
  });

  it('takes over: what waits for the destination ranks above, what others have confirmed keeps its id, every record is sent again', () => {
    const generation = ledger.begin(nowMs);
    for (const [at, id] of ['A', 'B', 'C'].entries()) keep(at + 1, id, 1, generation);
    confirm('hub', 1);
    confirm('hub-2', 3);
    ledger.takeOver('hub', 1_800_000_000, nowMs);
    const raised = 1_800_000_001;
    expect([ledger.meet('hub', 1_800_000_000, nowMs), ledger.newest(), kept(), records()]).toEqual([
      'well',
      raised,
      [event('A', 1, generation), event('B', 2, raised), event('C', 3, raised)],
      [
        ['A', generation, 1, 0],
        ['B', raised, 2, 0],
        ['C', raised, 3, 0],
      ],
    ]);
  });

  it('moves whole or not at all', () => {
    const generation = ledger.begin(nowMs);
    keep(1, 'A', 1, generation);
    keep(2, 'B', 1, generation);
    const before = [kept(), records()];
    db.exec("create trigger stop_here before update on blocks when new.first_seq = 2 begin select raise(abort, 'here'); end");
    expect(() => ledger.meet('hub', 1_800_000_000, nowMs)).toThrow(/here/);
    expect([[kept(), records()], ledger.newest()]).toEqual([before, generation]);
  });

  it('never takes a number of the old PC for its own after a restore, and leaves what waited before as it was', () => {
    db.prepare('insert into connections (id, doc) values (\'hub\', \'{"direction":"destination"}\')').run();
    keep(1, 'waited', 1, ledger.begin(nowMs));
    db.prepare("insert into deliveries (destination_id, confirmed_seq) values ('hub', 1)").run();
    ledger.restored(nowMs, nowMs + 1);
    const gap = ledger.newest() - Math.floor(nowMs / 1000);
    // The same number at both PCs, as after a clock that stood ahead.
    const collided = ledger.begin(nowMs + 2);
    keep(2, 'since', 1, collided);
    const met = ledger.meet('hub', collided, nowMs + 3);
    const [before, since] = kept();
    expect([
      gap >= 100_000,
      met,
      before.generation < collided,
      since.generation > collided,
      ledger.meet('hub', collided, nowMs + 4),
    ]).toEqual([true, 'put-back', true, true, 'well']);
  });
});
