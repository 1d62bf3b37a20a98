import { hash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForWriting, type WriteDb } from '../open.ts';
import { sealingKey } from '../seal.ts';
import { type PipelineSteps, pipelineSteps } from '../steps.ts';
import { pendingRows } from './blocks.ts';
import { contentName, documentOf } from './event-text.ts';
import { eventId } from './ids.ts';
import { sumsOf } from './ledger-sums.ts';

const key = sealingKey(Buffer.alloc(32, 7));
let folder: string;
let db: WriteDb;
let steps: PipelineSteps;
let nowMs: number;
const open = () => {
  db = openForWriting(join(folder, 'pipeline.db'));
  steps = pipelineSteps(db, key, () => nowMs);
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-figures-'));
  nowMs = 1_770_000_000_000;
  open();
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

type Fields = Readonly<Record<string, unknown>>;
type Kind = 'booking' | 'guest';

let files = 0;
/** Keep records as an import does, from a file of their own. */
function keep(entity: Kind, records: readonly Fields[], source = 'opera'): { kept: number; unchanged: number } {
  const sha256 = hash('sha256', `file ${files++}`);
  const names = { connectionId: 'pms', hotelId: 'ALDQ', source, entity, name: `${files}.csv`, path: '/', mark: sha256, rawPath: 'raw' };
  const layoutJson = '{"encoding":"utf-8","otherEncodings":[],"delimiter":",","isFound":false}';
  const { id: fileId } = steps.registerFile({ ...names, sha256, mappingJson: '{}', layoutJson, bytes: 100 });
  const documents = records.map((record) => Buffer.from(JSON.stringify({ id: 'x', hotelId: 'ALDQ', source, ...record })));
  const column = (value: unknown) => (value === undefined ? '' : String(value));
  const texts = records.map((r) =>
    entity === 'booking'
      ? [r.externalId, r.checkInDate, r.checkOutDate, r.status, '', '', r.totalAmountMinor, r.currency]
      : [r.externalId, r.lastStay, '', '', r.lastName, '', r.totalSpendMinor, r.currency],
  );
  let end = 0;
  const batch = {
    fileId,
    count: records.length,
    texts: texts.flat().map(column).join('\0'),
    places: Float64Array.from(records.flatMap((_, at) => [at + 2, at * 10, 10])),
    hashes: Buffer.concat(records.map((record) => hash('sha256', JSON.stringify(record), 'buffer'))),
    documents: Buffer.concat(documents),
    ends: Uint32Array.from(documents, (document) => (end += document.length)),
    letters: [],
    position: 100,
    rows: records.length,
    bytesNormalised: 100,
    bytesDeadLetters: 0,
    bytesStructural: 0,
  };
  return steps.storeBatch(batch, 0, randomUUID());
}

function booking(externalId: string, checkInDate: string, more: Fields = {}): Fields {
  const checkOutDate = `${checkInDate.slice(0, 8)}${String(Number(checkInDate.slice(8)) + 2).padStart(2, '0')}`;
  return {
    externalId,
    checkInDate,
    checkOutDate,
    status: 'checked_out',
    totalAmountMinor: 20_000,
    currency: 'EUR',
    guestId: 'G1',
    ...more,
  };
}
const guest = (externalId: string, more: Fields = {}): Fields => ({ externalId, lastName: 'Almeida', ...more });

/** Follow the log to its end. @returns how many versions were kept for it. */
function settle(): number {
  const before = events().length;
  while (steps.readForFigures());
  while (steps.workOutFigures() > 0);
  while (steps.readForFigures());
  expect(steps.workOutFigures()).toBe(0);
  return events().length - before;
}

type Event = Fields & { eventId: string; externalId: string; generation: number; version: number; hash: string; source: string };
const events = (): (Event & { entity: string })[] =>
  pendingRows(db, key)(0, 100_000).map((row) => ({ ...JSON.parse(row.text.toString('utf8')), entity: row.entity }));
/** The newest state of every record. */
const newest = (entity: Kind) => new Map(events().flatMap((event) => (event.entity === entity ? [[event.externalId, event]] : [])));

const figureNames = {
  booking: ['previousStays', 'previousNoShows'],
  guest: [
    'totalStays',
    'totalSpendMinor',
    'avgRoomRateMinor',
    'lifetimeValueMinor',
    'firstStay',
    'lastStay',
    'avgDaysInAdvance',
    'noShowCount',
    'cancellationCount',
    'currency',
  ],
} as const;
function figuresOf(entity: Kind, externalId: string, records = newest(entity)): Fields {
  const record = records.get(externalId) ?? ({} as Fields);
  return Object.fromEntries(figureNames[entity].flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]])));
}

/** A second stay whose first version the hub refuses. */
function refusedFirst(): { refused: unknown[] } {
  const hub = { id: 'hub', kind: 'https-ingest', direction: 'destination', title: 'Hub', settings: {}, secrets: [] } as const;
  steps.saveConnection({ ...hub, secrets: [], schedule: { kind: 'manual' }, isPaused: false, createdAtMs: 0 });
  keep('booking', [booking('1', '2025-01-10'), booking('2', '2025-06-10')]);
  steps.confirm('hub', 2, [{ seq: 2, code: 'no', field: null }]);
  return { refused: letters() };
}
const letters = () => db.prepare('select external_id from dead_letters order by id').pluck().all();

it('confirmation numbers follow the newest word of their booking, and none stands where it is the key', () => {
  const numbers = () => db.prepare('select external_id, number from confirmation_numbers order by external_id').raw().all();
  const day = '2025-01-10';
  keep('booking', [booking('1', day, { confirmationNumber: 'C-1' }), booking('2', day, { confirmationNumber: '2' }), booking('3', day)]);
  settle();
  const first = numbers();
  keep('booking', [booking('1', day, { confirmationNumber: 'C-9' }), booking('3', day, { confirmationNumber: 'C-9' })]);
  settle();
  const second = numbers();
  keep('booking', [booking('1', day, { confirmationNumber: '1' })]);
  settle();
  expect([first, second, numbers()]).toEqual([
    [['1', 'C-1']],
    [
      ['1', 'C-9'],
      ['3', 'C-9'],
    ],
    [['3', 'C-9']],
  ]);
});

describe('figures of a guest', () => {
  it('follow from all bookings that name them, and stand in the record with an event of their own', () => {
    keep('guest', [guest('G1')]);
    keep('booking', [
      booking('1', '2025-01-10', { leadTime: 10 }),
      booking('2', '2025-06-10', { leadTime: 21, totalAmountMinor: 30_001 }),
      booking('3', '2025-08-10', { status: 'no_show' }),
      booking('4', '2025-09-10', { status: 'cancelled' }),
      booking('5', '2027-01-10', { status: 'confirmed', totalAmountMinor: 1_000 }),
    ]);
    settle();
    expect(figuresOf('guest', 'G1')).toEqual({
      totalStays: 2,
      currency: 'EUR',
      totalSpendMinor: 50_001,
      avgRoomRateMinor: 12_500,
      lifetimeValueMinor: 51_001,
      firstStay: '2025-01-10',
      lastStay: '2025-06-10',
      avgDaysInAdvance: 15.5,
      noShowCount: 1,
      cancellationCount: 1,
    });
    expect(['1', '2', '3', '5'].map((id) => figuresOf('booking', id))).toEqual([
      {},
      { previousStays: 1, previousNoShows: 0 },
      { previousStays: 2, previousNoShows: 0 },
      { previousStays: 2, previousNoShows: 1 },
    ]);
  });

  it('make a new version with another event id and the same content hash, and an unchanged row stays unchanged', () => {
    keep('booking', [booking('1', '2025-01-10'), booking('2', '2025-06-10')]);
    settle();
    const [first, second] = events().filter(({ externalId }) => externalId === '2') as unknown as [Event, Event];
    const of = { hotelId: 'ALDQ', source: 'opera', entity: 'booking', externalId: '2' };
    const { entity: _, ...text } = second as Event & { entity: string };
    expect([second.version, second.generation, second.hash, second.eventId]).toEqual([
      first.version + 1,
      first.generation,
      first.hash,
      eventId(of, second.generation, second.version, contentName(second.hash, 'figures', documentOf(JSON.stringify(text)))),
    ]);
    const before = events().length;
    const { kept, unchanged } = keep('booking', [booking('1', '2025-01-10'), booking('2', '2025-06-10')]);
    expect([kept, unchanged, settle(), events().length - before]).toEqual([0, 2, 0, 0]);
  });

  it('are kept with the place and the reason of their version, so that a later row of a file stays the later one', () => {
    keep('booking', [booking('1', '2025-01-10'), booking('2', '2025-06-10')]);
    settle();
    const rows = db
      .prepare(
        'select o.seq, o.line, o.byte_offset as byteOffset, o.previous_seq as previousSeq, b.file_id as fileId, b.reason from outbox o ' +
          'join blocks b on b.first_seq = (select max(first_seq) from blocks where first_seq <= o.seq) order by o.seq',
      )
      .all();
    expect(rows).toEqual([
      { seq: 1, line: 2, byteOffset: 0, previousSeq: null, fileId: 1, reason: null },
      { seq: 2, line: 3, byteOffset: 10, previousSeq: null, fileId: 1, reason: null },
      { seq: 3, line: 3, byteOffset: 10, previousSeq: 2, fileId: 1, reason: 'figures' },
    ]);
  });

  it('never come under an event id that other figures had, when the folder of a day before is put back', () => {
    keep('booking', [booking('2', '2025-06-10')]);
    settle();
    const dayBefore = db.serialize();
    const newestOf2 = () => newest('booking').get('2') as Event;
    db.close();
    // Both start in the same second, so they have the same generation.
    open();
    keep('booking', [booking('1', '2025-01-10')]);
    settle();
    const lost = newestOf2();
    db.close();
    for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `pipeline.db${end}`), { force: true });
    writeFileSync(join(folder, 'pipeline.db'), dayBefore);
    open();
    keep('booking', [booking('0', '2025-02-10', { status: 'no_show' })]);
    settle();
    const anew = newestOf2();
    const rank = ({ generation, version, hash }: Event) => [generation, version, hash];
    expect(rank(anew)).toEqual(rank(lost));
    expect([lost.previousStays, anew.previousNoShows]).toEqual([1, 1]);
    expect(anew.eventId).not.toBe(lost.eventId);
  });

  it('count nothing that the source has deleted, until it is there again', () => {
    keep('guest', [guest('G1')]);
    const first = booking('1', '2025-01-10');
    keep('booking', [first, booking('2', '2025-06-10')]);
    settle();
    const seen = () => [figuresOf('guest', 'G1').totalStays, figuresOf('booking', '2').previousStays];
    expect(seen()).toEqual([2, 1]);
    keep('booking', [{ ...first, goneAt: '2026-01-01T00:00:00.000Z' }]);
    settle();
    expect(seen()).toEqual([1, undefined]);
    keep('booking', [{ ...first, totalAmountMinor: 1 }]);
    settle();
    expect(seen()).toEqual([2, 1]);
  });

  it('of an address go to the record that is left when the other one that carries it is deleted', () => {
    const email = 'ada@example.com';
    keep('guest', [guest('G1', { email }), guest('G2', { email })]);
    keep('booking', [booking('1', '2025-01-10', { guestId: undefined, guestEmail: email })]);
    settle();
    expect(figuresOf('guest', 'G2')).toEqual({});
    keep('guest', [guest('G1', { email, goneAt: '2026-01-01T00:00:00.000Z' })]);
    settle();
    expect(figuresOf('guest', 'G2').totalStays).toBe(1);
  });

  it('are right for a guest with more stays than a step works out, and for an address that hundreds of records carry', () => {
    const day = (at: number) => new Date(Date.UTC(2018, 0, 1 + at)).toISOString().slice(0, 10);
    const stays = Array.from({ length: 1_500 }, (_, at) => booking(`S${at}`, day(at), { checkOutDate: day(at + 1) }));
    keep('booking', stays.toReversed());
    keep(
      'guest',
      Array.from({ length: 300 }, (_, at) => guest(`D${at}`, { email: 'reception@hotel.example' })),
    );
    keep('booking', [booking('M', '2025-01-10', { guestId: undefined, guestEmail: 'reception@hotel.example' })]);
    keep('booking', [booking('N', '2025-03-10', { guestId: undefined, guestEmail: 'reception@hotel.example' })]);
    settle();
    const right = Array.from({ length: 1_500 }, (_, at) => (at === 0 ? {} : { previousStays: at, previousNoShows: 0 }));
    const records = newest('booking');
    expect(stays.map(({ externalId }) => figuresOf('booking', externalId as string, records))).toEqual(right);
    expect(figuresOf('booking', 'N', records)).toEqual({});
  });

  it('make no second version of a first stay', () => {
    keep('booking', [booking('1', '2025-01-10'), booking('2', '2025-01-10', { guestId: 'G2' })]);
    expect(settle()).toBe(0);
  });

  it('come back with the next version when a booking changes, and go when nothing is left to say', () => {
    keep('booking', [booking('1', '2025-01-10'), booking('2', '2025-06-10')]);
    settle();
    keep('booking', [booking('2', '2025-06-10', { status: 'cancelled' })]);
    const between = figuresOf('booking', '2');
    settle();
    const after = figuresOf('booking', '2');
    keep('booking', [booking('1', '2025-01-10', { status: 'cancelled' })]);
    settle();
    expect([between, after, figuresOf('booking', '2'), newest('booking').get('2')?.status]).toEqual([
      {},
      { previousStays: 1, previousNoShows: 0 },
      {},
      'cancelled',
    ]);
  });

  it('move with a booking that goes to another guest', () => {
    keep('guest', [guest('G1'), guest('G2')]);
    keep('booking', [booking('1', '2025-01-10'), booking('2', '2025-06-10')]);
    settle();
    keep('booking', [booking('1', '2025-01-10', { guestId: 'G2' })]);
    settle();
    const stays = (id: string) => figuresOf('guest', id).totalStays;
    expect([stays('G1'), stays('G2'), figuresOf('booking', '2')]).toEqual([1, 1, {}]);
  });

  it('are added up when two guests are merged, also for what comes later under the old number, and can be parted again', () => {
    keep('guest', [guest('G1'), guest('G2')]);
    keep('booking', [booking('1', '2025-01-10'), booking('2', '2025-06-10', { guestId: 'G2' })]);
    settle();
    const stays = () => ['G1', 'G2'].map((id) => figuresOf('guest', id).totalStays);
    const apart = stays();
    steps.mergeGuests({ hotelId: 'ALDQ', source: 'opera' }, 'G1', 'G2');
    steps.mergeGuests({ hotelId: 'ALDQ', source: 'opera' }, 'G1', 'G2');
    settle();
    const merged = [stays(), figuresOf('booking', '2')];
    keep('booking', [booking('3', '2025-07-10')]);
    settle();
    const later = [stays(), figuresOf('booking', '3')];
    steps.mergeGuests({ hotelId: 'ALDQ', source: 'opera' }, 'G2', 'G1');
    settle();
    expect([apart, merged, later, stays()]).toEqual([
      [1, 1],
      [[undefined, 2], { previousStays: 1, previousNoShows: 0 }],
      [[undefined, 3], { previousStays: 2, previousNoShows: 0 }],
      [3, undefined],
    ]);
  });

  it('find the guest of a booking without a number by its address, whatever its letters, and nobody where two guests share it', () => {
    const byMail = (id: string, day: string) => booking(id, day, { guestId: undefined, guestEmail: 'Ada@Example.com' });
    keep('booking', [byMail('1', '2025-01-10'), byMail('2', '2025-06-10')]);
    settle();
    const alone = figuresOf('booking', '2');
    keep('guest', [guest('G1', { email: 'ada@example.com' })]);
    keep('booking', [booking('3', '2025-08-10')]);
    settle();
    const owned = [figuresOf('guest', 'G1').totalStays, figuresOf('booking', '3')];
    keep('guest', [guest('G2', { email: 'ADA@example.com' })]);
    settle();
    const shared = [figuresOf('guest', 'G1').totalStays, figuresOf('guest', 'G2').totalStays, figuresOf('booking', '2')];
    keep('guest', [guest('G2', { email: 'other@example.com' })]);
    settle();
    expect([alone, owned, shared, figuresOf('guest', 'G1').totalStays]).toEqual([
      { previousStays: 1, previousNoShows: 0 },
      [3, { previousStays: 2, previousNoShows: 0 }],
      [1, undefined, {}],
      3,
    ]);
  });

  it('never meet by a name, across sources or across hotels', () => {
    keep('booking', [booking('1', '2025-01-10', { guestId: undefined, guestName: 'Ada Almeida' })]);
    keep('booking', [booking('2', '2025-06-10', { guestId: undefined, guestName: 'Ada Almeida' })]);
    keep('booking', [booking('3', '2025-07-10')], 'mews');
    keep('booking', [booking('4', '2025-08-10')], 'opera');
    expect(settle()).toBe(0);
  });

  it('say no sum over two currencies, nor where an amount is missing, and never overwrite what the source says itself', () => {
    keep('guest', [guest('G1'), guest('G2'), guest('G3', { totalStays: 40, totalSpendMinor: 5, currency: 'USD', lastStay: '2019-01-01' })]);
    keep('booking', [
      booking('1', '2025-01-10'),
      booking('2', '2025-06-10', { currency: 'USD' }),
      booking('3', '2025-01-10', { guestId: 'G2' }),
      booking('4', '2025-06-10', { guestId: 'G2', totalAmountMinor: undefined }),
      booking('5', '2025-06-10', { guestId: 'G3' }),
    ]);
    settle();
    const money = ({ totalSpendMinor, avgRoomRateMinor, lifetimeValueMinor, currency }: Fields) =>
      [totalSpendMinor, avgRoomRateMinor, lifetimeValueMinor, currency].filter((one) => one !== undefined);
    const { totalStays, firstStay, lastStay } = figuresOf('guest', 'G3');
    expect([
      money(figuresOf('guest', 'G1')),
      money(figuresOf('guest', 'G2')),
      money(figuresOf('guest', 'G3')),
      [totalStays, firstStay, lastStay],
    ]).toEqual([[], [], [5, 'USD'], [40, '2025-06-10', '2019-01-01']]);
  });

  it('stand in the open columns of the guest and in the sums of the list', () => {
    keep('guest', [guest('G1')]);
    keep('booking', [booking('1', '2025-01-10'), booking('2', '2025-06-10')]);
    settle();
    const columns = db.prepare('select day, amount, currency from records where external_id = ?').get('G1');
    expect([columns, sumsOf(db, 'guest'), sumsOf(db, 'booking').total]).toEqual([
      { day: '2025-06-10', amount: 40_000, currency: 'EUR' },
      { total: 1, sums: [{ currency: 'EUR', records: 1, sumMinor: '40000' }] },
      2,
    ]);
  });

  it('settle what was refused of the version without them, which the hub gets no more', () => {
    const { refused } = refusedFirst();
    expect([refused, settle(), letters()]).toEqual([['2'], 1, []]);
  });

  it('lead to what the source has said also when versions between are pruned', () => {
    refusedFirst();
    settle();
    for (const [at, id] of ['3', '4'].entries()) {
      keep('booking', [booking(id, `2024-0${at + 1}-10`)]);
      settle();
    }
    const chain = () => {
      const rows = db.prepare<[], { seq: number; previous: number | null }>(
        "select seq, previous_seq as previous from outbox where external_id = '2' order by seq desc",
      );
      return rows.all().map(({ seq, previous }) => [seq, previous]);
    };
    const before = chain();
    const [newest, , , said] = before.map(([seq]) => seq);
    steps.confirm('hub', newest as number, []);
    nowMs += 400 * 86_400_000;
    for (let after: number | null = 0; after !== null; ) ({ after } = steps.pruneNext(after, nowMs));
    expect([before.length, chain()]).toEqual([4, [[newest, said]]]);
  });

  it('are left out for a house account', () => {
    keep(
      'booking',
      Array.from({ length: 2001 }, (_, at) => booking(`B${at}`, `2025-01-${String((at % 20) + 1).padStart(2, '0')}`)),
    );
    expect([settle(), db.prepare('select count(*) from figures').pluck().get()]).toEqual([0, 0]);
  });

  it('pass over a block that does not open, and go on behind it', () => {
    keep('booking', [booking('1', '2025-01-10')]);
    keep('booking', [booking('2', '2025-06-10')]);
    keep('booking', [booking('3', '2025-07-10')]);
    db.prepare("update blocks set sealed = x'00' where first_seq = 1").run();
    while (steps.readForFigures());
    while (steps.workOutFigures() > 0);
    const texts = pendingRows(db, key)(3, 10).map(({ text }) => JSON.parse(text.toString('utf8')));
    expect(texts.map(({ externalId, previousStays }) => [externalId, previousStays])).toEqual([['3', 1]]);
  });

  it('keep no number and no address of a guest readable', () => {
    keep('guest', [guest('canary-number', { email: 'canary@example.com' })]);
    keep('booking', [booking('1', '2025-01-10', { guestId: 'canary-other', guestEmail: 'canary@example.com' })]);
    settle();
    const tables = ['stays', 'profiles', 'guest_merges', 'figures', 'figures_due'];
    const text = (rows: unknown) =>
      JSON.stringify(rows, (_, value) => (value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value));
    const all = tables.map((table) => text(db.prepare(`select * from ${table}`).all())).join();
    // The number of a guest record is its key, which stands open in the records already.
    expect([all.includes('canary@'), all.includes('canary-other')]).toEqual([false, false]);
  });
});

/** What figures should be, worked out from the newest states in the plainest way. */
function expected(merges: ReadonlyMap<string, string>): unknown {
  const bookings = [...newest('booking').values()];
  const guests = [...newest('guest').values()];
  const becomes = (id: string) => merges.get(id) ?? id;
  const ownerOf = (one: Fields): string | null => {
    if (typeof one.guestId === 'string') return `g ${becomes(one.guestId)}`;
    if (typeof one.guestEmail !== 'string') return null;
    const carriers = new Set(guests.filter(({ email }) => email === one.guestEmail).map(({ externalId }) => becomes(externalId)));
    if (carriers.size > 1) return null;
    return carriers.size === 1 ? `g ${[...carriers][0]}` : `e ${one.guestEmail}`;
  };
  const stays = (of: string | null, before?: unknown) =>
    bookings.filter(
      (one) =>
        of !== null &&
        ownerOf(one) === of &&
        one.status === 'checked_out' &&
        (before === undefined || String(one.checkInDate) < String(before)),
    );
  return [
    bookings.map((one) => [one.externalId, stays(ownerOf(one), one.checkInDate).length]).sort(),
    guests
      .map(({ externalId }) => {
        const isMerged = merges.has(externalId);
        const own = stays(`g ${externalId}`);
        const isKnown = bookings.some((one) => ownerOf(one) === `g ${externalId}`);
        if (isMerged || !isKnown) return [externalId, null, null];
        return [externalId, own.length, own.reduce((sum, one) => sum + Number(one.totalAmountMinor), 0) || null];
      })
      .sort(),
  ];
}

it('are right whatever comes in, in whichever order it is read, and wherever the agent was killed', () => {
  const ids = fc.constantFrom('G1', 'G2', 'G3');
  const mails = fc.constantFrom('a@x', 'b@x');
  const act = fc.oneof(
    fc.record({
      kind: fc.constant('booking' as const),
      id: fc.constantFrom('1', '2', '3', '4', '5', '6'),
      day: fc.integer({ min: 10, max: 15 }),
      status: fc.constantFrom('checked_out', 'cancelled'),
      guestId: fc.option(ids, { nil: undefined }),
      guestEmail: fc.option(mails, { nil: undefined }),
      amount: fc.integer({ min: 1, max: 900 }),
    }),
    fc.record({ kind: fc.constant('guest' as const), id: ids, email: fc.option(mails, { nil: undefined }) }),
    fc.record({ kind: fc.constant('merge' as const), from: ids, into: ids }),
    fc.record({ kind: fc.constantFrom('read' as const, 'work' as const, 'restart' as const, 'anew' as const) }),
  );
  fc.assert(
    fc.property(fc.array(act, { minLength: 5, maxLength: 40 }), (acts) => {
      db.close();
      rmSync(join(folder, 'pipeline.db'));
      open();
      const merges = new Map<string, string>();
      for (const one of acts) {
        nowMs += 1000;
        if (one.kind === 'booking') {
          const { id, day, status, guestId, guestEmail, amount } = one;
          keep('booking', [booking(id, `2025-01-${day}`, { status, guestId, guestEmail, totalAmountMinor: amount })]);
        } else if (one.kind === 'guest') keep('guest', [guest(one.id, { email: one.email })]);
        else if (one.kind === 'merge') {
          steps.mergeGuests({ hotelId: 'ALDQ', source: 'opera' }, one.from, one.into);
          if (one.from === one.into) continue;
          const become = merges.get(one.into) ?? one.into;
          const target = become === one.from ? one.into : become;
          if (become === one.from) merges.delete(one.into);
          for (const [from, into] of merges) if (into === one.from) merges.set(from, target);
          merges.set(one.from, target);
        } else if (one.kind === 'read') steps.readForFigures();
        else if (one.kind === 'work') steps.workOutFigures();
        else if (one.kind === 'anew') steps.figuresAnew();
        else {
          db.close();
          open();
        }
      }
      settle();
      const found = [
        [...newest('booking').values()].map((one) => [one.externalId, one.previousStays ?? 0]).sort(),
        [...newest('guest').values()].map((one) => [one.externalId, one.totalStays ?? null, one.totalSpendMinor ?? null]).sort(),
      ];
      expect(found).toEqual(expected(merges));
      // Read once more from the start, nothing is said anew.
      steps.figuresAnew();
      expect(settle()).toBe(0);
    }),
    { numRuns: 60 },
  );
}, 120_000);
