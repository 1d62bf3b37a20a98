import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DestinationHealth } from '../../contract/health.ts';
import type { Station, Trace, TraceFound, TraceQuery } from '../../contract/trace.ts';
import { bookingRow, bookingsFile, type TestHotel, testHotel } from '../testing.ts';

/** Where a booking is, asked by whatever a person holds of it: through the whole path, from the file to the hub. */

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel();
  await test.connect();
});
afterEach(() => test.close());

const hub = async () => (await test.client.overview.get({})).systems.find((system) => system.id === 'hub') as DestinationHealth;

async function drop(name: string, ...rows: readonly string[]): Promise<void> {
  test.drop(name, bookingsFile(...rows));
  await test.sync();
}
async function deliver(name: string, ...rows: readonly string[]): Promise<void> {
  await drop(name, ...rows);
  await test.until(hub, ({ waiting, state }) => waiting === 0 && state === 'idle');
}

const find = (query: TraceQuery): Promise<TraceFound> => test.client.trace.find(query);
const named = ({ hits }: TraceFound) => hits.map(({ by, row }) => [by, row.externalId]);
async function wayOf(key: string, seq?: number): Promise<Trace> {
  const { hits } = await find({ text: key });
  return test.client.trace.get({ ledgerId: hits[0]?.row.ledgerId ?? 0, externalId: key, seq });
}
type Kind = Station['kind'];
const at = <K extends Kind>({ stations }: Trace, kind: K) =>
  stations.find((one): one is Extract<Station, { kind: K }> => one.kind === kind) as Extract<Station, { kind: K }>;

it('a booking is found by its number or how it begins, its guest without accents, its room on a day, and its event id', async () => {
  await deliver(
    'a.csv',
    bookingRow('HX-100', { name: 'Zoë Brouwer', arrival: '2026-03-01', departure: '2026-03-04' }),
    bookingRow('HX-101', { name: 'Adam Ost', arrival: '2026-04-01', departure: '2026-04-04' }),
  );
  const { eventId } = at(await wayOf('HX-101'), 'outbox');
  const asked: TraceQuery[] = [
    { text: 'HX-100' },
    { text: 'hx-100' },
    { text: 'HX-1' },
    { text: 'brouwer' },
    { room: '101', day: '2026-03-02' },
    { room: '101', day: '2026-04-04' },
    { room: '101', day: '2026-05-01' },
    { text: eventId ?? '' },
    { text: (eventId ?? '').toUpperCase() },
    { text: 'HX-100', entity: 'guest' },
    { text: "' or 1=1 --" },
  ];
  const found = [];
  for (const query of asked) found.push(named(await find(query)));
  expect(found).toEqual([
    [['key', 'HX-100']],
    [['key', 'HX-100']],
    [
      ['key-begins', 'HX-101'],
      ['key-begins', 'HX-100'],
    ],
    [['name', 'HX-100']],
    [['room', 'HX-100']],
    [['room', 'HX-101']],
    [],
    [['event', 'HX-101']],
    [['event', 'HX-101']],
    [],
    [],
  ]);
});

it('the event of an older version leads to that version of its record, past a block that is damaged', async () => {
  await deliver('a.csv', bookingRow('A-1'));
  const { eventId } = at(await wayOf('A-1'), 'outbox');
  await deliver('b.csv', bookingRow('A-1', { status: 'CHECKED IN' }));
  await deliver('c.csv', bookingRow('A-2'));
  await test.agent.stop();
  const db = new Database(join(test.home, 'pipeline.db'));
  db.prepare('update blocks set sealed = zeroblob(100) where first_seq = 3').run();
  db.close();
  await test.restart();
  const unknown = (eventId ?? '').replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  const found = await find({ text: eventId ?? '' });
  const seq = found.hits[0]?.seq ?? undefined;
  const { isNewest } = await test.client.trace.get({ ledgerId: found.hits[0]?.row.ledgerId ?? 0, externalId: 'A-1', seq });
  expect([named(found), seq, isNewest, named(await find({ text: unknown }))]).toEqual([[['event', 'A-1']], 1, false, []]);
});

it('its way leads from the file over row, mapping and masking to the outbox and what the hub has said, with times', async () => {
  await deliver('a.csv', bookingRow('A-1'));
  await deliver('b.csv', bookingRow('A-0'), `${bookingRow('A-1', { total: '120.00', status: 'CHECKED IN' })}Card 4111 1111 1111 1111`);
  const trace = await wayOf('A-1');
  const { stations, ...known } = trace;
  const { correlationId } = at(trace, 'kept');
  expect(known).toMatchObject({ externalId: 'A-1', entity: 'booking', hotelId: 'ALDQ', source: 'pms', isNewest: true });
  expect(stations).toEqual([
    {
      kind: 'file',
      atMs: expect.any(Number),
      fileId: expect.any(Number),
      name: 'b.csv',
      connectionTitle: 'PMS exports',
      mark: expect.any(String),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      bytes: expect.any(Number),
    },
    { kind: 'row', atMs: null, line: 3, byteOffset: expect.any(Number), byteLength: expect.any(Number) },
    expect.objectContaining({
      kind: 'mapping',
      name: 'generic-pms-bookings',
      columns: expect.arrayContaining(['Confirmation No', 'Room']),
    }),
    { kind: 'masking', atMs: null, fields: [{ field: 'specialRequests', signs: 16 }] },
    expect.objectContaining({ kind: 'kept', version: 2, isFirst: false, changed: ['totalAmountMinor', 'status', 'specialRequests'] }),
    expect.objectContaining({ kind: 'outbox', seq: 3, isWhole: true, eventId: expect.any(String), hash: expect.any(String) }),
    expect.objectContaining({ kind: 'delivery', title: 'Group hub', state: 'confirmed', atMs: expect.any(Number), waiting: null }),
  ]);
  expect(at(trace, 'delivery').attempts).toMatchObject([{ outcome: 'confirmed', code: null, records: 2, count: 1, resendId: null }]);
  const log = readdirSync(join(test.home, 'logs')).map((name) => readFileSync(join(test.home, 'logs', name), 'utf8'));
  const opened = (await test.client.audit.list({ action: 'record-opened' })).entries;
  expect([log.join('').includes(correlationId), log.join('').includes('A-1'), opened.map(({ targetId }) => targetId)]).toEqual([
    true,
    false,
    ['A-1'],
  ]);
});

it('what waits says how many are before it and why: the breaker, a person, the pause, or only its turn', async () => {
  test.upstream.faults.status = { code: 500, requests: 100_000 };
  await drop('a.csv', bookingRow('A-1'), bookingRow('A-2'), bookingRow('A-3'));
  await test.until(hub, ({ breaker }) => breaker === 'open');
  const waiting = async () => at(await wayOf('A-3'), 'delivery');
  // The breaker opens a moment before the failure that opened it is written down.
  const failing = await test.until(waiting, ({ attempts }) => attempts[0]?.count === 5);
  await test.client.connections.tripBreaker({ id: 'hub', reason: 'the hub moves' });
  const held = await waiting();
  await test.client.connections.pause({ id: 'hub' });
  const paused = await waiting();
  test.upstream.faults.status = null;
  await test.client.connections.resume({ id: 'hub' });
  await test.client.connections.resetBreaker({ id: 'hub' });
  await test.until(hub, ({ confirmed }) => confirmed === 3);
  const arrived = await waiting();
  expect([failing, held, paused].map((one) => one.waiting)).toMatchObject([
    { before: 2, why: 'breaker', fault: { code: 'upstream-error' }, nextTryAtMs: expect.any(Number) },
    { before: 2, why: 'held', reason: 'the hub moves', nextTryAtMs: null },
    { before: 2, why: 'paused' },
  ]);
  expect([failing.attempts.length, failing.attempts[0]]).toMatchObject([
    1,
    { outcome: 'failed', code: 'upstream-error', records: 3, count: 5 },
  ]);
  expect([arrived.state, arrived.waiting, arrived.attempts.map(({ outcome }) => outcome)]).toEqual([
    'confirmed',
    null,
    ['failed', 'confirmed'],
  ]);
});

it('what was refused says by which code, and once sent again, by which order', async () => {
  test.upstream.faults.refuseKeys = ['A-2'];
  await deliver('a.csv', bookingRow('A-1'), bookingRow('A-2'));
  const refused = at(await wayOf('A-2'), 'delivery');
  const letters = (await find({ text: 'A-2' })).letters;
  test.upstream.faults.refuseKeys = [];
  const { hits } = await find({ text: 'A-2' });
  const keys = [{ ledgerId: hits[0]?.row.ledgerId ?? 0, externalId: 'A-2' }];
  const order = await test.client.resends.order({ destinationId: 'hub', selection: { kind: 'records', keys } });
  await test.until(
    () => test.client.resends.list({}),
    ([one]) => one?.state === 'done',
  );
  const again = at(await wayOf('A-2'), 'delivery');
  const other = at(await wayOf('A-1'), 'delivery');
  expect([refused.state, refused.code, letters.map(({ rule, settledAs }) => [rule, settledAs])]).toEqual([
    'refused',
    expect.any(String),
    [['refused-by-destination', null]],
  ]);
  expect([again.state, again.attempts.map(({ outcome, resendId }) => [outcome, resendId]), other.attempts.length]).toEqual([
    'confirmed',
    [
      ['partly', null],
      ['confirmed', order.id],
    ],
    1,
  ]);
});

it('a row that was set aside is found by its key and its number; tried again, it stands on the way of its record', async () => {
  await deliver('a.csv', bookingRow('A-9', { total: 'a lot' }));
  const before = await find({ text: 'A-9' });
  const id = before.letters[0]?.id ?? 0;
  const byNumber = await find({ text: `#${id}` });
  const replay = { letters: { ids: [id] }, text: bookingRow('A-9', { total: '12.00' }) };
  for await (const step of await test.client.deadLetters.replay(replay)) expect(step.total).toBe(1);
  const after = await find({ text: 'A-9' });
  const trace = await wayOf('A-9');
  expect([before, byNumber, after].map(({ hits, letters }) => [hits.length, letters.map((one) => [one.rule, one.settledAs])])).toEqual([
    [0, [['amount-unreadable', null]]],
    [0, [['amount-unreadable', null]]],
    [1, [['amount-unreadable', 'kept']]],
  ]);
  expect(at(trace, 'set-aside').letter).toMatchObject({
    id,
    settledAs: 'kept',
    settledAtMs: expect.any(Number),
    fileName: 'a.csv',
    line: 2,
  });
});

it('an older version has its own way, and a row of the same key that could not be read stands at the end of the newest', async () => {
  await deliver('a.csv', bookingRow('A-1'));
  await deliver('b.csv', bookingRow('A-1', { status: 'CHECKED IN' }));
  await deliver('c.csv', bookingRow('A-1', { total: 'a lot' }));
  const [newest, first] = [await wayOf('A-1'), await wayOf('A-1', 1)];
  expect([newest, first].map((one) => [one.isNewest, at(one, 'file').name, at(one, 'kept').isFirst, one.stations.at(-1)?.kind])).toEqual([
    [true, 'b.csv', false, 'set-aside'],
    [false, 'a.csv', true, 'delivery'],
  ]);
  const wrong = await test.client.trace.get({ ledgerId: newest.ledgerId, externalId: 'A-1', seq: 99 }).catch(({ data }) => data.code);
  expect(wrong).toBe('record-not-found');
});

it('a row of the outbox that a flipped bit has changed is called damaged, and the rest of the way is shown all the same', async () => {
  await deliver('a.csv', bookingRow('A-1'));
  await test.agent.stop();
  const db = new Database(join(test.home, 'pipeline.db'));
  const sealed = db.prepare('select sealed from blocks').pluck().get() as Buffer;
  sealed[40] = (sealed[40] as number) ^ 1;
  db.prepare('update blocks set sealed = ?').run(sealed);
  db.close();
  await test.restart();
  const trace = await wayOf('A-1');
  expect([at(trace, 'outbox').isWhole, trace.stations.map(({ kind }) => kind)]).toEqual([
    false,
    ['file', 'row', 'mapping', 'kept', 'outbox', 'delivery'],
  ]);
});

it('of what is nowhere it says what has come in today, and how many rows nobody could read a key of', async () => {
  const before = await find({ text: 'A-404' });
  await deliver('a.csv', bookingRow('A-1'), bookingRow('', { name: 'No Key' }), bookingRow('A-2', { total: 'a lot' }));
  const { hits, letters, absence } = await find({ text: 'A-404' });
  expect([before.absence, hits, letters, absence]).toEqual([
    { filesToday: 0, newestFile: null, setAside: 0, setAsideWithoutKey: 0 },
    [],
    [],
    {
      filesToday: 1,
      newestFile: { name: 'a.csv', connectionTitle: 'PMS exports', takenAtMs: expect.any(Number) },
      setAside: 2,
      setAsideWithoutKey: 1,
    },
  ]);
});

it('finding guests leaves nothing of them in the log', async () => {
  await deliver('a.csv', bookingRow('A-1', { name: 'Zoë Brouwer' }));
  await find({ text: 'Brouwer' });
  await find({ text: '' }).catch(() => undefined);
  const logs = readdirSync(join(test.home, 'logs')).map((name) => readFileSync(join(test.home, 'logs', name), 'utf8'));
  expect(logs.join('')).not.toContain('Brouwer');
});
