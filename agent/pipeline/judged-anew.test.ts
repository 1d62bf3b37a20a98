import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startUpstream } from '../../sandbox/upstream/server.ts';
import { bookingRow, hubDraft } from '../testing.ts';
import { arrivedAt, saidBy, type TwoSources, twoSources } from '../testing-two-sources.ts';

let test: TwoSources;
beforeEach(async () => {
  test = await twoSources({ batchRecords: 1 });
});
afterEach(() => test.close());

const overview = () => test.client.overview.get({});
async function hub() {
  const [one] = (await overview()).systems.filter(({ id }) => id === 'hub');
  if (one?.direction !== 'destination') throw new Error('no hub');
  return one;
}
const isSending = () =>
  test.until(
    () => test.agent.destinations.state('hub'),
    (state) => state?.isSending === true,
  );
const ordersDone = () =>
  test.until(
    () => test.client.resends.list({}),
    (list) => list.every(({ state }) => state === 'done' || state === 'cancelled'),
  );

describe('what was judged before something changed', { timeout: 60_000 }, () => {
  it('is judged anew where an order has just had its leading record refused', async () => {
    await test.read('pms', bookingRow('K'));
    await test.delivered();
    const lost = await startUpstream({ dir: join(test.folder, 'lost') });
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'leads', source: 'pms' } });
    await test.client.connections.change({ ...hubDraft(lost, { batchRecords: 1 }), id: 'hub' });
    await test.client.connections.pause({ id: 'hub' });
    // The order has its turn after some requests, in front of the row that is withheld for what it sends.
    await test.read('pms', ...Array.from({ length: 9 }, (_, at) => bookingRow(`F${at}`)));
    await test.read('channel', bookingRow('K', { status: 'CANCELLED' }));
    const key = { ledgerId: await test.ledgerOf('pms', 'K'), externalId: 'K' };
    await test.client.resends.order({ destinationId: 'hub', selection: { kind: 'records', keys: [key] } });
    lost.faults.refuseKeys = ['pms K'];
    await test.client.connections.resume({ id: 'hub' });
    await test.delivered();
    await ordersDone();
    const arrived = arrivedAt(lost).map(saidBy);
    await lost.close();
    expect(arrived.filter((one) => one.includes(' K '))).toEqual(['channel K cancelled']);
  });

  it('is judged anew where the rule has changed while the request was on its way: one of the two goes in any case', async () => {
    await test.client.connections.change({ ...hubDraft(test.upstream, { batchRecords: 2 }), id: 'hub' });
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'newest' } });
    await test.client.connections.pause({ id: 'hub' });
    await test.read('pms', bookingRow('1'), bookingRow('2'));
    await test.read('channel', bookingRow('1'), bookingRow('3'));
    test.upstream.faults.latencyMs = 500;
    await test.client.connections.resume({ id: 'hub' });
    await isSending();
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'leads', source: 'pms' } });
    test.upstream.faults.latencyMs = 0;
    await test.delivered();
    const { confirmed, withheld } = await hub();
    expect([test.said().sort(), confirmed, withheld]).toEqual([['channel 3 confirmed', 'pms 1 confirmed', 'pms 2 confirmed'], 3, 1]);
  });
});

it('a refusal of an older version is settled at once where a newer one is kept already', async () => {
  await test.client.connections.pause({ id: 'hub' });
  await test.read('pms', bookingRow('1'));
  await test.read('pms', bookingRow('1', { status: 'NO SHOW' }));
  test.upstream.faults.refuseKeys = ['1'];
  test.upstream.faults.latencyMs = 500;
  await test.client.connections.resume({ id: 'hub' });
  await test.until(
    async () => (await hub()).refused,
    (refused) => refused === 1,
  );
  test.upstream.faults.refuseKeys = [];
  await test.delivered();
  const { versions } = await test.client.records.get({ ledgerId: await test.ledgerOf('pms', '1'), externalId: '1' });
  const states = versions.map(({ deliveries }) => deliveries.map(({ state }) => state));
  expect([test.said(), (await overview()).setAside, states]).toEqual([['pms 1 no_show'], 0, [['confirmed'], ['refused']]]);
});

it('an order that is cancelled between two requests keeps all that was sent of it', async () => {
  await test.client.connections.change({ ...hubDraft(test.upstream, { batchRecords: 100 }), id: 'hub' });
  await test.read('pms', bookingRow('1'));
  await test.read('channel', bookingRow('2'));
  await test.read('pms', bookingRow('3'), bookingRow('4'));
  await test.delivered();
  test.upstream.faults.latencyMs = 600;
  const before = test.upstream.counts.wireDuplicates;
  const { id } = await test.client.resends.order({ destinationId: 'hub', selection: { kind: 'range', by: 'kept' } });
  await isSending();
  await test.client.resends.cancel({ id });
  const [order] = await test.until(
    () => test.client.resends.list({}),
    ([one]) => (one?.confirmed ?? 0) > 0,
  );
  const key = { ledgerId: await test.ledgerOf('pms', '4'), externalId: '4' };
  const { stations } = await test.client.trace.get(key);
  const tries = stations.flatMap((station) => (station.kind === 'delivery' ? station.attempts.map(({ resendId }) => resendId) : []));
  expect([order?.state, order?.confirmed, test.upstream.counts.wireDuplicates - before, tries.at(-1)]).toEqual(['cancelled', 3, 3, id]);
});

it('a rehearsal says what the rules keep back, and what they let through by now', async () => {
  await test.read('pms', bookingRow('1'), bookingRow('2'));
  await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'leads', source: 'pms' } });
  await test.read('channel', bookingRow('1', { status: 'CANCELLED' }));
  await test.delivered();
  const keys = [{ ledgerId: await test.ledgerOf('channel', '1'), externalId: '1' }];
  const rehearsed = async () => {
    const said: unknown[] = [];
    for (const selection of [{ kind: 'range', by: 'kept' } as const, { kind: 'records', keys } as const]) {
      for await (const step of await test.client.resends.rehearse({ destinationId: 'hub', selection })) {
        const { total, insert, update, skip, withheld, samples, isOver } = step;
        const outcomes = samples.map(({ externalId, outcome }) => `${externalId} ${outcome}`).sort();
        if (isOver) said.push([total, insert, update, skip, withheld, outcomes]);
      }
    }
    return said;
  };
  const led = await rehearsed();
  await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'apart' } });
  expect([led, await rehearsed()]).toEqual([
    [
      [3, 0, 0, 2, 1, ['1 skip', '1 withheld', '2 skip']],
      [1, 0, 0, 0, 1, ['1 withheld']],
    ],
    [
      [3, 1, 0, 2, 0, ['1 insert', '1 skip', '2 skip']],
      [1, 1, 0, 0, 0, ['1 insert']],
    ],
  ]);
});
