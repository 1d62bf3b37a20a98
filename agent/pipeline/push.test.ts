import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import type { DestinationHealth } from '../../contract/health.ts';
import { startUpstream } from '../../sandbox/upstream/server.ts';
import { bookingRow, bookingsFile, hubDraft, type TestHotel, testHotel } from '../testing.ts';

const health = async (test: TestHotel) =>
  (await test.client.overview.get({})).systems.find((system) => system.id === 'hub') as DestinationHealth;
const rows = (count: number, from = 1) => Array.from({ length: count }, (_, index) => bookingRow(String(from + index)));
const events = (test: TestHotel) =>
  readFileSync(test.upstream.file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).record);

/** Nothing lost, nothing applied twice: every booking stands there once, by one event. */
function expectOnceEach(test: TestHotel, count: number): void {
  const ids = events(test).map((record) => record.eventId);
  expect([ids.length, new Set(ids).size, new Set(events(test).map((record) => record.externalId)).size]).toEqual([count, count, count]);
}

describe('forwarding', { timeout: 60_000 }, () => {
  let test: TestHotel;
  beforeEach(async () => {
    test = await testHotel();
  });
  afterEach(async () => {
    await test.close();
  });

  async function send(count: number): Promise<void> {
    test.drop('bookings.csv', bookingsFile(...rows(count)));
    await test.sync();
  }

  it('sends again with the same ids when the answer is lost, and nothing is applied twice', async () => {
    await test.connect();
    test.upstream.faults.dropAnswers = 2;
    await send(30);
    await test.until(
      () => health(test),
      (hub) => hub.confirmed === 30,
    );
    expectOnceEach(test, 30);
    expect(test.upstream.counts.wireDuplicates).toBeGreaterThan(0);
  });

  it.each([
    ['500', { code: 500, requests: 2 }],
    ['503 with Retry-After', { code: 503, requests: 1, retryAfter: '1' }],
    ['429 with a date', { code: 429, requests: 1, retryAfter: new Date(Date.now() + 1000).toUTCString() }],
    ['408', { code: 408, requests: 1 }],
  ])('waits and follows after %s', async (_name, status) => {
    await test.connect();
    test.upstream.faults.status = status;
    await send(5);
    await test.until(
      () => health(test),
      (hub) => hub.confirmed === 5,
    );
    expectOnceEach(test, 5);
  });

  it('counts a web page with status 200 as nothing delivered, and says what it may be', async () => {
    await test.connect();
    test.upstream.faults.captivePortal = 1000;
    await send(3);
    const failing = await test.until(
      () => health(test),
      (hub) => hub.state === 'failing',
    );
    expect(failing).toMatchObject({ confirmed: 0, waiting: 3, fault: { code: 'upstream-answer', detail: { detail: 'a web page' } } });
    test.upstream.faults.captivePortal = 0;
    await test.client.connections.syncNow({ id: 'hub' });
    await test.until(
      () => health(test),
      (hub) => hub.confirmed === 3,
    );
  });

  it('does not take an answer that leaves a record out as its delivery', async () => {
    await test.connect();
    test.upstream.faults.omitIds = 1;
    await send(10);
    await test.until(
      () => health(test),
      (hub) => hub.confirmed === 10,
    );
    expectOnceEach(test, 10);
  });

  it.each([1, 2, 3])('never moves on over a record that an answer has left out, in requests of %i', async (batchRecords) => {
    await test.connect({}, { batchRecords });
    test.upstream.faults.omitIds = 3;
    await send(6);
    await test.until(
      () => health(test),
      (hub) => hub.confirmed === 6,
    );
    expectOnceEach(test, 6);
  });

  it('splits a batch that is too large', async () => {
    await test.connect();
    test.upstream.faults.maxRecords = 3;
    await send(40);
    await test.until(
      () => health(test),
      (hub) => hub.confirmed === 40,
    );
    expectOnceEach(test, 40);
  });

  it('sets one refused booking aside and delivers the rest', async () => {
    await test.connect();
    test.upstream.faults.refuseKeys = ['7'];
    await send(20);
    await test.until(
      () => health(test),
      (hub) => hub.waiting === 0 && hub.refused === 1,
    );
    const overview = await test.client.overview.get({});
    expect([(await health(test)).confirmed, overview.setAsideByRule]).toEqual([19, [{ rule: 'refused-by-destination', count: 1 }]]);
    expectOnceEach(test, 19);
  });

  it('takes a hub that refuses everything for a trouble of the hub, and sets nothing aside', async () => {
    await test.connect();
    test.upstream.faults.status = { code: 422, requests: 100_000 };
    await send(25);
    const failing = await test.until(
      () => health(test),
      (hub) => hub.state === 'failing',
    );
    expect([failing.fault?.code, failing.waiting, (await test.client.overview.get({})).setAside]).toEqual(['upstream-refuses-all', 25, 0]);
  });

  it('sets records aside that the hub refuses one by one, however many', async () => {
    await test.connect();
    test.upstream.faults.refuseKeys = Array.from({ length: 15 }, (_, index) => String(index + 1));
    await send(15);
    const done = await test.until(
      () => health(test),
      (hub) => hub.waiting === 0,
    );
    expect([done.refused, done.state]).toEqual([15, 'idle']);
  });

  it('goes on delivering after a commit has failed', async () => {
    await test.connect();
    const { writer } = test.agent.stores;
    const step = writer.step.bind(writer);
    let failed = 0;
    writer.step = ((name: never, args: never) => {
      if (name === ('confirm' as never) && failed++ === 0) return Promise.reject(new Fault('disk-full'));
      return step(name, args);
    }) as typeof writer.step;
    await send(5);
    await test.until(
      () => health(test),
      (hub) => hub.confirmed === 5,
    );
    expectOnceEach(test, 5);
  });

  it('never sends stored secrets to another address than the one they were stored for', async () => {
    await test.connect();
    const other = await startUpstream({ dir: join(test.folder, 'elsewhere') });
    try {
      const steps = [];
      const draft = { ...hubDraft(other), id: 'hub', secrets: {} };
      for await (const step of await test.client.connections.test({ draft }))
        if (step.state !== 'running') steps.push([step.step, step.state]);
      expect(steps).toEqual([
        ['address', 'passed'],
        ['secret', 'failed'],
        ['answer', 'skipped'],
        ['signature', 'skipped'],
      ]);
    } finally {
      await other.close();
    }
  });

  it('opens the breaker after five failures and lets a person try at once', async () => {
    await test.connect();
    test.upstream.faults.status = { code: 500, requests: 100_000 };
    await send(2);
    const open = await test.until(
      () => health(test),
      (hub) => hub.breaker === 'open',
    );
    expect([open.fault?.code, open.waiting]).toEqual(['upstream-error', 2]);
    test.upstream.faults.status = null;
    await test.client.connections.syncNow({ id: 'hub' });
    const closed = await test.until(
      () => health(test),
      (hub) => hub.confirmed === 2,
    );
    expect([closed.breaker, closed.fault]).toEqual(['closed', null]);
  });

  it('counts failures between which something is delivered as none in a row: the breaker stays closed', async () => {
    await test.connect({}, { batchRecords: 10 });
    // Each batch arrives by its first half; then the hub fails once. The delay leaves time to arrange that.
    Object.assign(test.upstream.faults, { maxRecords: 5, answerLatencyMs: 100 });
    await send(40);
    let arrived = 0;
    let failures = 0;
    await test.until(
      () => {
        if (test.upstream.received() > arrived && test.upstream.received() < 40) {
          test.upstream.faults.status = { code: 500, requests: 1 };
          failures += 1;
        }
        arrived = test.upstream.received();
        return health(test);
      },
      (hub) => hub.confirmed === 40,
    );
    expect(failures).toBeGreaterThan(5);
    expectOnceEach(test, 40);
  });

  it('goes on where it stood after a restart, and keeps what was gathered while the hub was away', async () => {
    await test.connect();
    await send(4);
    await test.until(
      () => health(test),
      (hub) => hub.confirmed === 4,
    );
    await test.client.connections.pause({ id: 'hub' });
    test.drop('more.csv', bookingsFile(...rows(6, 100)));
    await test.sync();
    expect(await health(test)).toMatchObject({ state: 'paused', waiting: 6 });
    await test.restart();
    await test.client.connections.resume({ id: 'hub' });
    await test.until(
      () => health(test),
      (hub) => hub.confirmed === 10,
    );
    expectOnceEach(test, 10);
  });

  it('gives a second destination everything, without holding up the first', async () => {
    const second = await startUpstream({ dir: join(test.folder, 'second') });
    try {
      await test.connect();
      await send(5);
      await test.until(
        () => health(test),
        (hub) => hub.confirmed === 5,
      );
      second.faults.hang = 1000;
      await test.client.connections.add({ ...hubDraft(second), id: 'hub-2', title: 'Second hub' });
      test.drop('more.csv', bookingsFile(...rows(5, 50)));
      await test.sync();
      await test.until(
        () => health(test),
        (hub) => hub.confirmed === 10,
      );
      second.faults.hang = 0;
      await test.client.connections.pause({ id: 'hub-2' });
      await test.client.connections.resume({ id: 'hub-2' });
      await test.until(
        () => second.received(),
        (count) => count === 10,
      );
    } finally {
      await second.close();
    }
  });

  it('ranks a new ledger above what the hub has seen of this hotel', async () => {
    await test.connect();
    await send(2);
    await test.until(
      () => health(test),
      (hub) => hub.confirmed === 2,
    );
    const seen = events(test)[0].generation as number;
    // The clock of the new PC is years behind, so its ledger starts far below.
    const other = await startOther(test, 1000);
    await other.close();
    const newest = events(test).at(-1);
    expect([newest.externalId, newest.status, newest.generation > seen]).toEqual(['1', 'cancelled', true]);
  });

  it('notices that its folder was put back, and sends again what the hub may have otherwise', async () => {
    await test.connect();
    await send(2);
    await test.until(
      () => health(test),
      (hub) => hub.confirmed === 2,
    );
    await test.agent.stop();
    const image = join(test.folder, 'image');
    cpSync(test.home, image, { recursive: true });
    await test.restart();
    test.drop('b.csv', bookingsFile(bookingRow('1', { status: 'CANCELLED' })));
    await test.sync();
    await test.until(
      () => test.upstream.received(),
      (count) => count === 3,
    );
    await test.agent.stop();
    rmSync(test.home, { recursive: true });
    cpSync(image, test.home, { recursive: true });
    await test.restart();
    // The booking is what it was when the image was taken: for this folder nothing has changed, for the hub everything.
    test.drop('c.csv', bookingsFile(bookingRow('1'), bookingRow('9')));
    await test.until(
      () => health(test),
      (hub) => hub.state === 'idle',
    );
    await test.sync();
    await test.until(
      () => health(test),
      (hub) => hub.waiting === 0,
    );
    // The cancelled state of b.csv comes again, under its old id or a new one: that depends on the second in which each start fell.
    const last = (key: string) => events(test).findLast((record) => record.externalId === key)?.status;
    expect([last('1'), last('9'), test.upstream.counts.stale]).toEqual(['confirmed', 'confirmed', 0]);
  });

  it('sends nothing while somebody else ranks above, and everything once a person has decided that it is the one', async () => {
    await test.connect();
    await send(2);
    await test.until(
      () => health(test),
      (hub) => hub.confirmed === 2,
    );
    const other = await startOther(test, 4_000_000_000);
    await other.close();
    await test.agent.stop();
    test.drop('b.csv', bookingsFile(bookingRow('1', { status: 'NO SHOW' })));
    await test.restart();
    await test.sync();
    const failing = await test.until(
      () => health(test),
      (hub) => hub.state === 'failing',
    );
    expect([failing.fault?.code, failing.waiting, test.upstream.received()]).toEqual(['upstream-ahead', 1, 3]);
    await test.client.connections.takeOver({ id: 'hub' });
    await test.until(
      () => health(test),
      (hub) => hub.waiting === 0 && hub.state === 'idle',
    );
    const last = events(test).at(-1);
    expect([last.externalId, last.status, last.generation > 4_000_000_000]).toEqual(['1', 'no_show', true]);
    await expect(test.client.connections.takeOver({ id: 'pms' })).rejects.toMatchObject({ data: { code: 'input-wrong' } });
  });

  it('notices a wrong signing secret in the test, before anything is sent', async () => {
    await test.connect();
    const draft = { ...hubDraft(test.upstream), id: 'hub', secrets: { signingSecret: `whsec_${Buffer.alloc(24, 7).toString('base64')}` } };
    const steps = [];
    for await (const step of await test.client.connections.test({ draft }))
      if (step.state !== 'running') steps.push([step.step, step.state, step.fault?.code]);
    expect(steps).toEqual([
      ['address', 'passed', undefined],
      ['secret', 'passed', undefined],
      ['answer', 'passed', undefined],
      ['signature', 'failed', 'upstream-forbidden'],
    ]);
  });

  it('tells the hub that it lives, in counts only', async () => {
    await test.connect();
    await send(3);
    await test.until(
      () => health(test),
      (hub) => hub.confirmed === 3,
    );
    await test.agent.destinations.beat();
    expect(test.upstream.lastHeartbeat()).toMatchObject({ hotelId: 'ALDQ', depth: 0, deadLetters: 0, entities: { booking: 3 } });
  });
});

/** Put a stopped agent's ledger back to an old generation, as a wrong clock would have made it. */
function setBack(home: string, generation: number): void {
  const db = new Database(join(home, 'pipeline.db'));
  db.prepare('update generations set generation = ?').run(generation);
  db.prepare('update records set generation = ?').run(generation);
  db.close();
}

/** Another PC, with a ledger of that generation, delivers that booking 1 is cancelled. */
async function startOther(test: TestHotel, generation: number): Promise<TestHotel> {
  const other = await testHotel();
  await other.client.property.save((await test.client.agent.facts({})).property as never);
  await other.client.connections.add({
    id: 'pms',
    kind: 'folder-csv',
    title: 'PMS',
    settings: { folder: other.drops, completeWhen: 'done-file' },
    schedule: { kind: 'manual' },
    secrets: {},
  });
  other.drop('b.csv', bookingsFile(bookingRow('1', { status: 'CANCELLED' })));
  await other.sync();
  await other.agent.stop();
  setBack(other.home, generation);
  // A generation is the second of a start. That of two PCs in the same second would be the same, which is not what is looked at here.
  const seen = events(test).at(-1).generation as number;
  await test.until(
    () => Math.floor(Date.now() / 1000),
    (second) => second > seen,
  );
  await other.restart();
  await other.client.connections.add(hubDraft(test.upstream));
  await other.until(
    () => health(other),
    (hub) => hub.confirmed === 1,
  );
  return other;
}
