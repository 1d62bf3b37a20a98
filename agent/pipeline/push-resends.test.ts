import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DestinationHealth } from '../../contract/health.ts';
import type { Resend, ResendRehearsal, ResendSelection } from '../../contract/resend.ts';
import { startUpstream, type Upstream } from '../../sandbox/upstream/server.ts';
import { bookingRow, bookingsFile, hubDraft, type TestHotel, testHotel } from '../testing.ts';
import { Attempts } from './push-attempts.ts';
import { Resending, type ResendingTools } from './push-resends.ts';

/** Sending again what a hub has lost, has refused, or may have: through the whole agent, to a real hub. */

let test: TestHotel;
let others: Upstream[];
beforeEach(async () => {
  others = [];
  test = await testHotel();
});
afterEach(async () => {
  await Promise.all(others.map((one) => one.close()));
  await test.close();
});

const health = async () => (await test.client.overview.get({})).systems.find((system) => system.id === 'hub') as DestinationHealth;
const keptBy = (upstream: Upstream) =>
  upstream.received() === 0
    ? []
    : readFileSync(upstream.file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).record as { externalId: string; eventId: string; guestName: string; totalAmountMinor: number });
const keysAt = (upstream: Upstream) => [...new Set(keptBy(upstream).map(({ externalId }) => externalId))].sort();

async function deliver(name: string, ...rows: readonly string[]): Promise<void> {
  test.drop(name, bookingsFile(...rows));
  await test.sync();
  await test.until(health, (hub) => hub.waiting === 0 && hub.state === 'idle');
}

/** The same hub at a new address, with nothing of what it had: its database was lost. */
async function lostEverything(): Promise<Upstream> {
  const empty = await startUpstream({ dir: join(test.folder, `empty-${others.length}`), secret: test.upstream.secret });
  others.push(empty);
  await test.client.connections.change({ ...hubDraft(empty), id: 'hub' });
  return empty;
}

async function rehearse(selection: ResendSelection): Promise<ResendRehearsal> {
  let last: ResendRehearsal | null = null;
  for await (const step of await test.client.resends.rehearse({ destinationId: 'hub', selection })) last = step;
  if (!last) throw new Error('a rehearsal that says nothing');
  return last;
}

const order = (selection: ResendSelection) => test.client.resends.order({ destinationId: 'hub', selection });
const orderOf = async (id: number) => (await test.client.resends.list({})).find((one) => one.id === id) as Resend;
const over = (id: number) =>
  test.until(
    () => orderOf(id),
    ({ state }) => state === 'done' || state === 'cancelled',
  );
async function keyOf(externalId: string) {
  const [row] = (await test.client.records.list({ entity: 'booking', key: externalId })).rows;
  return { ledgerId: row?.ledgerId ?? 0, externalId };
}
const all: ResendSelection = { kind: 'range', by: 'kept' };
const said = ({ total, confirmed, refused, newer, onItsWay, damaged, state }: Resend) => ({
  total,
  confirmed,
  refused,
  newer,
  onItsWay,
  damaged,
  state,
});
const nothing = { total: 0, confirmed: 0, refused: 0, newer: 0, onItsWay: 0, damaged: 0, state: 'done' };

const stay = (arrival: string, departure: string) => ({ arrival, departure });
const five = [
  bookingRow('A-1', stay('2026-03-01', '2026-03-02')),
  bookingRow('A-2', stay('2026-03-02', '2026-03-03')),
  bookingRow('A-3', stay('2026-03-03', '2026-03-04')),
  bookingRow('A-4', stay('2026-03-04', '2026-03-05')),
  bookingRow('A-5', stay('2026-03-05', '2026-03-06')),
];

describe('sending again', { timeout: 60_000 }, () => {
  const today = () => new Date().toLocaleDateString('sv-SE', { timeZone: 'Europe/Amsterdam' });
  const ways: Record<string, [() => Promise<ResendSelection> | ResendSelection, string[]]> = {
    everything: [() => all, ['A-1', 'A-2', 'A-3', 'A-4', 'A-5']],
    'what was kept today': [() => ({ kind: 'range', by: 'kept', from: today(), to: today() }), ['A-1', 'A-2', 'A-3', 'A-4', 'A-5']],
    'what was kept last year': [() => ({ kind: 'range', by: 'kept', to: '2020-12-31' }), []],
    'days of stay': [() => ({ kind: 'range', by: 'stay', from: '2026-03-02', to: '2026-03-03' }), ['A-2', 'A-3']],
    'one kind of record': [() => ({ kind: 'range', by: 'kept', entity: 'booking' }), ['A-1', 'A-2', 'A-3', 'A-4', 'A-5']],
    'another kind of record': [() => ({ kind: 'range', by: 'kept', entity: 'guest' }), []],
    'two by their keys': [
      async () => ({ kind: 'records', keys: [await keyOf('A-4'), await keyOf('A-1'), await keyOf('A-4')] }),
      ['A-1', 'A-4'],
    ],
    'what a list shows': [() => ({ kind: 'list', query: { entity: 'booking', search: 'a-5' } }), ['A-5']],
  };

  it.each(Object.keys(ways))('gives a hub that has lost its data back: %s', async (name) => {
    await test.connect();
    await deliver('a.csv', ...five);
    const [select, keys] = ways[name] ?? [() => all, []];
    const selection = await select();
    const before = await rehearse(selection);
    const empty = await lostEverything();
    const { id } = await order(selection);
    const done = await over(id);
    expect([keysAt(empty), said(done), before.total, before.skip]).toEqual([
      keys,
      { ...nothing, total: keys.length, confirmed: keys.length },
      keys.length,
      keys.length,
    ]);
  });

  it('sends nothing more once it is cancelled, also while its rows are being looked for, and is not called finished', async () => {
    await test.connect();
    await deliver('a.csv', ...five);
    await test.client.connections.pause({ id: 'hub' });
    const { id } = await order(all);
    const { stores } = test.agent;
    const tools: ResendingTools = {
      key: stores.secrets.dataKey,
      read: stores.read,
      writer: stores.writer,
      reads: {
        resendBite: async (window) => {
          const bite = await stores.reads.resendBite(window);
          await test.client.resends.cancel({ id });
          return bite;
        },
      },
      onDamage: async () => false,
      onResent: () => undefined,
      finished: () => {
        throw new Error('it was cancelled');
      },
    };
    let requests = 0;
    const session = { host: 'hub', batchRecords: 100, send: () => ++requests } as never;
    const attempts = new Attempts({ read: stores.read, writer: stores.writer, now: Date.now }, 'hub');
    await new Resending(tools, { id: 'hub', leave: () => null, sharePercent: 100 }, attempts).sendNext(
      session,
      new AbortController().signal,
      () => undefined,
    );
    expect([requests, said(await orderOf(id))]).toEqual([0, { ...nothing, total: 5, state: 'cancelled' }]);
  });

  it('keeps nothing of a part by which its line was stopped: the next line judges it anew', async () => {
    await test.connect();
    await deliver('a.csv', ...five);
    await test.client.connections.pause({ id: 'hub' });
    const { id } = await order(all);
    const { stores } = test.agent;
    const tools: ResendingTools = {
      key: stores.secrets.dataKey,
      read: stores.read,
      writer: stores.writer,
      reads: stores.reads,
      onDamage: async () => false,
      onResent: () => undefined,
      finished: () => {
        throw new Error('it was stopped');
      },
    };
    const stop = new AbortController();
    const send = async ({ records }: { records: readonly { eventId: string }[] }) => {
      stop.abort();
      return { confirmed: new Set(records.map(({ eventId }) => eventId)), refused: new Map() };
    };
    const attempts = new Attempts({ read: stores.read, writer: stores.writer, now: Date.now }, 'hub');
    const resending = new Resending(tools, { id: 'hub', leave: () => null, sharePercent: 50 }, attempts);
    const ended = await resending
      .sendNext({ host: 'hub', batchRecords: 100, send } as never, stop.signal, () => undefined)
      .catch((error) => error.code);
    expect([ended, said(await orderOf(id))]).toEqual(['stopped', { ...nothing, total: 5, state: 'running' }]);
  });

  it('changes nothing at a hub that has it: the same ids, and it keeps what it has', async () => {
    await test.connect();
    await deliver('a.csv', ...five);
    const before = keptBy(test.upstream);
    const { id } = await order(all);
    const done = await over(id);
    expect([keptBy(test.upstream), test.upstream.counts.wireDuplicates + test.upstream.counts.stale > 0, said(done)]).toEqual([
      before,
      true,
      { ...nothing, total: 5, confirmed: 5 },
    ]);
    expect(done.finishedAtMs).toEqual(expect.any(Number));
  });

  it('sends the newest state of a record once, however many it has had', async () => {
    await test.connect();
    await deliver('a.csv', ...five);
    await deliver('b.csv', bookingRow('A-2', { name: 'Second' }));
    await deliver('c.csv', bookingRow('A-2', { name: 'Third' }));
    const empty = await lostEverything();
    const { id } = await order(all);
    await over(id);
    expect(
      keptBy(empty)
        .map(({ externalId, guestName }) => `${externalId} ${guestName}`)
        .sort(),
    ).toEqual(['A-1 Ada Almeida', 'A-2 Third', 'A-3 Ada Almeida', 'A-4 Ada Almeida', 'A-5 Ada Almeida']);
  });

  it('sends nothing twice that is on its way for the first time, and says so', async () => {
    await test.connect();
    await deliver('a.csv', five[0] as string);
    await test.client.connections.pause({ id: 'hub' });
    test.drop('b.csv', bookingsFile(five[1] as string));
    await test.sync();
    const before = await rehearse(all);
    const { id } = await order(all);
    await test.client.connections.resume({ id: 'hub' });
    const done = await over(id);
    // What waited went out first, so it may have been sent again as well: the counts say what was done.
    expect([before, done.confirmed + done.onItsWay, keysAt(test.upstream)]).toEqual([
      expect.objectContaining({ total: 2, skip: 1, onItsWay: 1, insert: 0, update: 0 }),
      2,
      ['A-1', 'A-2'],
    ]);
  });

  it('waits while its destination is paused, and outlives a restart', async () => {
    await test.connect();
    await deliver('a.csv', ...five);
    await test.client.connections.pause({ id: 'hub' });
    const { id } = await order(all);
    await test.restart();
    const waiting = await orderOf(id);
    await test.client.connections.resume({ id: 'hub' });
    expect([said(waiting), said(await over(id))]).toEqual([
      { ...nothing, total: 5, state: 'running' },
      { ...nothing, total: 5, confirmed: 5 },
    ]);
  });

  it('ends with its destination, and goes on where its removal is taken back', async () => {
    await test.connect();
    await deliver('a.csv', ...five);
    await test.client.connections.pause({ id: 'hub' });
    const { id } = await order(all);
    await test.client.connections.remove({ id: 'hub' });
    const { state } = await orderOf(id);
    await test.client.connections.restore({ id: 'hub' });
    expect([state, (await orderOf(id)).state, (await orderOf(id)).confirmed]).toEqual(['cancelled', 'running', 0]);
    await expect(order({ kind: 'range', by: 'kept', from: '2026-02-02', to: '2026-01-01' })).rejects.toMatchObject({
      data: { code: 'input-wrong' },
    });
    await expect(test.client.resends.order({ destinationId: 'pms', selection: all })).rejects.toMatchObject({
      data: { code: 'input-wrong' },
    });
    await expect(test.client.resends.order({ destinationId: 'nobody', selection: all })).rejects.toMatchObject({
      data: { code: 'connection-not-found' },
    });
  });

  it('stops where it is when paused, goes on, and a cancelled one sends nothing more; what was sent stands', async () => {
    await test.connect({}, { batchRecords: 10 });
    const rows = Array.from({ length: 100 }, (_, at) => bookingRow(`B-${at}`));
    await deliver('many.csv', ...rows);
    test.upstream.faults.latencyMs = 30;
    const { id } = await order(all);
    await test.until(
      () => orderOf(id),
      ({ confirmed }) => confirmed >= 10,
    );
    await test.client.resends.pause({ id });
    // What was under way when it was paused ends; then nothing moves.
    const paused = await test.until(health, (hub) => hub.state === 'idle').then(() => orderOf(id));
    await test.client.resends.resume({ id });
    await test.until(
      () => orderOf(id),
      ({ confirmed }) => confirmed > paused.confirmed,
    );
    await test.client.resends.cancel({ id });
    const cancelled = await test.until(health, (hub) => hub.state === 'idle').then(() => orderOf(id));
    await expect(test.client.resends.resume({ id })).rejects.toMatchObject({ data: { code: 'input-wrong' } });
    expect([
      paused.state,
      paused.confirmed < 100,
      cancelled.state,
      cancelled.confirmed > paused.confirmed && cancelled.confirmed < 100,
      (await orderOf(id)).confirmed,
    ]).toEqual(['paused', true, 'cancelled', true, cancelled.confirmed]);
  });

  it('goes on where it stood when it was killed between the answer and the commit, with the same ids', async () => {
    await test.connect({}, { batchRecords: 2 });
    await deliver('a.csv', ...five);
    const empty = await lostEverything();
    await test.client.connections.change({ ...hubDraft(empty, { batchRecords: 2 }), id: 'hub' });
    const { writer } = test.agent.stores;
    const step = writer.step.bind(writer);
    let lost = 0;
    // The second part is sent and never committed: as after a kill, only what is committed is known.
    writer.step = ((name: never, args: never) => {
      if (name === ('resent' as never) && ++lost > 1) return new Promise(() => undefined);
      return step(name, args);
    }) as typeof writer.step;
    const { id } = await order(all);
    await test.until(
      () => empty.received(),
      (received) => received === 4,
    );
    const image = await orderOf(id);
    // The agent never gets the answer of its writing thread: it is left behind, as a killed one is.
    writer.step = step as typeof writer.step;
    test.agent.destinations.stop = () => Promise.resolve();
    await test.restart();
    const done = await over(id);
    expect([image.confirmed, said(done), keysAt(empty), keptBy(empty).length]).toEqual([
      2,
      { ...nothing, total: 5, confirmed: 5 },
      ['A-1', 'A-2', 'A-3', 'A-4', 'A-5'],
      5,
    ]);
  });

  it('waits and follows when the hub fails in its middle', async () => {
    await test.connect({}, { batchRecords: 2 });
    await deliver('a.csv', ...five);
    test.upstream.faults.status = { code: 500, requests: 2 };
    test.upstream.faults.omitIds = 1;
    const { id } = await order(all);
    expect(said(await over(id))).toEqual({ ...nothing, total: 5, confirmed: 5 });
  });

  it('lets what is new go first, and has its turn all the same while new rows keep waiting', async () => {
    await test.connect();
    await deliver('a.csv', ...five);
    await test.client.connections.pause({ id: 'hub' });
    const empty = await startUpstream({ dir: join(test.folder, 'empty'), secret: test.upstream.secret });
    others.push(empty);
    await test.client.connections.change({ ...hubDraft(empty, { batchRecords: 1 }), id: 'hub' });
    test.drop('b.csv', bookingsFile(...Array.from({ length: 40 }, (_, at) => bookingRow(`N-${at}`))));
    await test.sync();
    const { id } = await order({ kind: 'range', by: 'stay', from: '2026-03-02', to: '2026-03-05' });
    await test.client.connections.resume({ id: 'hub' });
    await over(id);
    await test.until(health, (hub) => hub.waiting === 0);
    const arrived = keptBy(empty).map(({ externalId }) => externalId.slice(0, 1));
    const first = arrived.indexOf('A');
    expect([first >= 5 && first <= 15, arrived.filter((one) => one === 'A').length, arrived.filter((one) => one === 'N').length]).toEqual([
      true,
      4,
      40,
    ]);
  });

  it('passes over a block that is damaged, sends the rest, and says how many could not be read', async () => {
    await test.connect();
    await deliver('a.csv', five[0] as string, five[1] as string);
    await deliver('b.csv', five[2] as string);
    await test.agent.stop();
    const db = new Database(join(test.home, 'pipeline.db'));
    db.prepare('update blocks set sealed = zeroblob(500) where first_seq = 1').run();
    db.close();
    await test.restart();
    const { id } = await order(all);
    expect(said(await over(id))).toEqual({ ...nothing, total: 3, confirmed: 1, damaged: 2 });
    await test.until(health, (hub) => hub.state === 'idle');
  });
});

describe('what a hub has refused', { timeout: 60_000 }, () => {
  const letters = async () => (await test.client.deadLetters.list({})).letters;

  it('is sent again, one or all: taken, it is set aside no more; refused again, that is counted', async () => {
    await test.connect();
    await deliver('a.csv', five[0] as string, five[2] as string);
    test.upstream.faults.refuseKeys = ['A-1', 'A-2', 'A-3'];
    await deliver(
      'b.csv',
      bookingRow('A-1', { name: 'Zoë Brouwer', ...stay('2026-03-01', '2026-03-02') }),
      five[1] as string,
      bookingRow('A-3', { name: 'Zoë Brouwer' }),
    );
    const [third, second, first] = await letters();
    const every: ResendSelection = { kind: 'letters', letters: { upToId: third?.id ?? 0 } };
    const before = await rehearse(every);
    test.upstream.faults.refuseKeys = ['A-2', 'A-3'];
    const one = await order({ kind: 'letters', letters: { ids: [first?.id ?? 0] } });
    const oneDone = await over(one.id);
    const afterOne = [(await health()).confirmed, (await health()).refused];
    test.upstream.faults.refuseKeys = ['A-2'];
    const rest = await order(every);
    const restDone = await over(rest.id);
    const record = await test.client.records.get(await keyOf('A-1'));
    expect(before).toMatchObject({
      total: 3,
      insert: 1,
      update: 2,
      skip: 0,
      refused: 3,
      samples: [
        {
          externalId: 'A-1',
          outcome: 'update',
          wasRefused: true,
          changes: [{ field: 'guestName', before: 'Ada Almeida', after: 'Zoë Brouwer' }],
        },
        { externalId: 'A-2', outcome: 'insert', changes: [] },
        { externalId: 'A-3', outcome: 'update' },
      ],
    });
    expect([said(oneDone), afterOne, said(restDone), (await letters()).map(({ id, replays }) => [id, replays])]).toEqual([
      { ...nothing, total: 1, confirmed: 1 },
      [3, 2],
      { ...nothing, total: 2, confirmed: 1, refused: 1 },
      [[second?.id, 1]],
    ]);
    expect([
      record.versions.map(({ deliveries }) => deliveries[0]?.state),
      (await test.client.overview.get({})).setAside,
      keptBy(test.upstream).findLast(({ externalId }) => externalId === 'A-1')?.guestName,
    ]).toEqual([['confirmed', 'confirmed'], 1, 'Zoë Brouwer']);
  });

  it('is sent again with a range of days as well, and a record that was taken before can be refused then', async () => {
    await test.connect();
    test.upstream.faults.refuseKeys = ['A-2'];
    await deliver('a.csv', ...five);
    const before = await rehearse(all);
    const empty = await lostEverything();
    empty.faults.refuseKeys = ['A-4'];
    const { id } = await order(all);
    const done = await over(id);
    const aside = (await letters()).map(({ rule, line }) => [rule, line]);
    // The fourth booking stands in line 5; the second, which was refused at first, was taken.
    expect([before.total, before.insert, before.skip, said(done), aside, (await health()).refused]).toEqual([
      5,
      1,
      4,
      { ...nothing, total: 5, confirmed: 4, refused: 1 },
      [['refused-by-destination', 5]],
      1,
    ]);
  });

  it('is asked for anew each time: a hub that keeps its answers does not give the old one to the same records', async () => {
    await test.connect();
    test.upstream.faults.refuseKeys = ['A-1', 'A-2'];
    await deliver('a.csv', five[0] as string, five[1] as string);
    const every: ResendSelection = { kind: 'letters', letters: { upToId: 1000 } };
    const vain = await over((await order(every)).id);
    const tried = (await letters()).map(({ replays }) => replays);
    test.upstream.faults.refuseKeys = [];
    const taken = await over((await order(every)).id);
    expect([said(vain), tried, said(taken), await letters(), keysAt(test.upstream)]).toEqual([
      { ...nothing, total: 2, refused: 2 },
      [1, 1],
      { ...nothing, total: 2, confirmed: 2 },
      [],
      ['A-1', 'A-2'],
    ]);
  });
});

describe('an old state', { timeout: 120_000 }, () => {
  /** A sequence that is the same for the same seed. */
  function picks(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return state % below;
    };
  }

  it.each([11, 23, 42])('never follows a newer one, whatever is changed while it is sent again (seed %i)', async (seed) => {
    const pick = picks(seed);
    await test.connect({}, { batchRecords: 5 });
    const keys = Array.from({ length: 30 }, (_, at) => `K-${at}`);
    await deliver('first.csv', ...keys.map((key) => bookingRow(key, { total: '0.00' })));
    const empty = await lostEverything();
    await test.client.connections.change({ ...hubDraft(empty, { batchRecords: 5 }), id: 'hub' });
    empty.faults.latencyMs = 2;
    const newest = new Map(keys.map((key) => [key, 0]));
    const orders: number[] = [];
    for (let round = 1; round <= 8; round++) {
      orders.push((await order(all)).id);
      const changed = keys.filter(() => pick(4) === 0);
      for (const key of changed) newest.set(key, round * 100);
      test.drop(`${round}.csv`, bookingsFile(...changed.map((key) => bookingRow(key, { total: `${round}.00` }))));
      await test.sync();
    }
    for (const id of orders) await over(id);
    await test.until(health, (hub) => hub.waiting === 0);
    // What the hub has written down of each key only ever rises, and ends on the newest: it takes what it is given, in that order.
    const amounts = new Map<string, number[]>();
    for (const { externalId, totalAmountMinor } of keptBy(empty))
      amounts.set(externalId, [...(amounts.get(externalId) ?? []), totalAmountMinor]);
    const wrong = keys.filter((key) => {
      const seen = amounts.get(key) ?? [];
      return seen.at(-1) !== newest.get(key) || seen.some((value, at) => at > 0 && value <= (seen[at - 1] ?? 0));
    });
    expect([wrong, empty.counts.stale]).toEqual([[], 0]);
  });
});
