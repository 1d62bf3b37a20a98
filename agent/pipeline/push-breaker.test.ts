import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DestinationHealth } from '../../contract/health.ts';
import { policies } from '../resilience/policies.ts';
import { bookingRow, bookingsFile, type TestHotel, testHotel } from '../testing.ts';

/** A line that fails, and one that a person stops: through the whole agent, to a real hub. */

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel();
  await test.connect();
});
afterEach(() => test.close());

const health = async () => (await test.client.overview.get({})).systems.find((system) => system.id === 'hub') as DestinationHealth;
const until = (isSo: (hub: DestinationHealth) => boolean) => test.until(health, isSo);
const actions = async () => (await test.client.audit.list({})).entries.map(({ action, detail }) => [action, detail] as const);

async function drop(name: string, ...keys: readonly string[]): Promise<void> {
  test.drop(name, bookingsFile(...keys.map((key) => bookingRow(key))));
  await test.sync();
}

it('says of a hub that is down which five failures opened the breaker, since when, what waits and when it is tried; back, it forgets them', async () => {
  test.upstream.faults.status = { code: 500, requests: 100_000 };
  await drop('a.csv', 'A-1', 'A-2');
  const open = await until((hub) => hub.breaker === 'open');
  const leftMs = (open.nextTryAtMs ?? 0) - Date.now();
  test.upstream.faults.status = null;
  await test.client.connections.resetBreaker({ id: 'hub' });
  const back = await until((hub) => hub.confirmed === 2 && hub.state === 'idle');
  expect(open).toMatchObject({ state: 'failing', waiting: 2, held: null, failures: Array(5).fill({ fault: { code: 'upstream-error' } }) });
  expect([open.breakerOpenedAtMs, open.oldestWaitingAtMs === null, leftMs > 0 && leftMs <= policies.breakerHalfOpenMs + 1]).toEqual([
    open.failures[4]?.atMs,
    false,
    true,
  ]);
  expect([back.breaker, back.failures, back.breakerOpenedAtMs, (await actions())[0]?.[0]]).toEqual(['closed', [], null, 'breaker-reset']);
});

it('sends nothing while a person has stopped it, also after a restart, and everything once it goes on', async () => {
  await drop('a.csv', 'A-1');
  await until((hub) => hub.confirmed === 1);
  await test.client.connections.tripBreaker({ id: 'hub', reason: 'the hub is being moved' });
  await drop('b.csv', 'B-1', 'B-2');
  const stopped = await health();
  await test.restart();
  await test.client.connections.syncNow({ id: 'hub' }).catch(({ data }) => expect(data.code).toBe('input-wrong'));
  await test.agent.destinations.beat();
  const later = await until((hub) => hub.state === 'paused');
  const receivedMeanwhile = test.upstream.received();
  await test.client.connections.resetBreaker({ id: 'hub' });
  const back = await until((hub) => hub.confirmed === 3);
  const held = { reason: 'the hub is being moved', untilMs: null, heldAtMs: expect.any(Number), actorName: expect.any(String) };
  expect([stopped, later].map((hub) => [hub.state, hub.waiting, hub.held])).toEqual(Array(2).fill(['paused', 2, held]));
  expect([receivedMeanwhile, back.held, test.upstream.received()]).toEqual([1, null, 3]);
  expect((await actions()).filter(([action]) => action.startsWith('breaker'))).toEqual([
    ['breaker-reset', {}],
    ['breaker-tripped', { reason: 'the hub is being moved', until: null }],
  ]);
});

it('stopped until the trial only, goes on by itself when a minute is over', async () => {
  await test.client.connections.tripBreaker({ id: 'hub', reason: 'a moment', until: 'trial' });
  await drop('a.csv', 'A-1');
  const { held, nextTryAtMs } = await health();
  // A minute is long for a test: the end of the stop is moved to where it is nearly over.
  await test.agent.stores.writer.step('holdSending', [
    { destinationId: 'hub', reason: 'a moment', actorName: 'Local operator', untilMs: Date.now() + 300 },
  ]);
  test.agent.destinations.lookAgain('hub');
  const receivedMeanwhile = test.upstream.received();
  const back = await until((hub) => hub.confirmed === 1);
  expect([nextTryAtMs === held?.untilMs, (held?.untilMs ?? 0) - (held?.heldAtMs ?? 0) > 59_000, receivedMeanwhile, back.held]).toEqual([
    true,
    true,
    0,
    null,
  ]);
});

it('neither stops what is no destination, nor without a reason', async () => {
  const outcomes = await Promise.allSettled([
    test.client.connections.tripBreaker({ id: 'pms', reason: 'no' }),
    test.client.connections.resetBreaker({ id: 'pms' }),
    test.client.connections.tripBreaker({ id: 'hub', reason: '  ' }),
  ]);
  expect([outcomes.map(({ status }) => status), (await health()).held]).toEqual([Array(3).fill('rejected'), null]);
});
