import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isInShare } from '../../db/pipeline/withheld.ts';
import { startUpstream, type Upstream } from '../../sandbox/upstream/server.ts';
import { bookingRow, bookingsFile, hubDraft, sourceDraft, type TestHotel, testHotel } from '../testing.ts';
import { arrivedAt, type TwoSources, twoSources } from '../testing-two-sources.ts';

const keysAt = (upstream: Upstream) => [...new Set(arrivedAt(upstream).map(({ source, externalId }) => `${source} ${externalId}`))].sort();

describe('two sources that speak of one booking', () => {
  let test: TwoSources;
  let { read, delivered, said, ledgerOf } = {} as TwoSources;
  beforeEach(async () => {
    test = await twoSources();
    ({ read, delivered, said, ledgerOf } = test);
  });
  afterEach(() => test.close());

  it('are kept and sent apart as long as nobody says otherwise, and the page says that there are two', async () => {
    await read('pms', bookingRow('1'));
    await read('channel', bookingRow('1'), bookingRow('2'));
    await delivered();
    const { otherSources, rule } = await test.client.records.get({ ledgerId: await ledgerOf('pms', '1'), externalId: '1' });
    const alone = await test.client.records.get({ ledgerId: await ledgerOf('channel', '2'), externalId: '2' });
    expect([keysAt(test.upstream), otherSources.map(({ source }) => source), rule, alone.otherSources]).toEqual([
      ['channel 1', 'channel 2', 'pms 1'],
      ['channel'],
      { rule: 'apart' },
      [],
    ]);
    expect((await test.client.sameRecords.list({}))[0]).toEqual({
      entity: 'booking',
      rule: { rule: 'apart' },
      sources: ['pms', 'channel'],
      shared: 1,
    });
  });

  it('are counted once, however many sources know of a record', async () => {
    const third = join(test.folder, 'third');
    mkdirSync(third);
    await test.client.connections.add({ ...sourceDraft(third, { source: 'third' }), id: 'third' });
    await read('pms', bookingRow('1'), bookingRow('2'), bookingRow('3'));
    await read('channel', bookingRow('1'), bookingRow('4'));
    writeFileSync(join(third, 'third.csv'), bookingsFile(bookingRow('1'), bookingRow('2'), bookingRow('4'), bookingRow('5')));
    writeFileSync(join(third, 'third.csv.done'), '');
    const connection = (await test.client.connections.list({})).find(({ id }) => id === 'third');
    if (connection) await test.agent.sources.syncNow(connection);
    expect((await test.client.sameRecords.list({}))[0]?.shared).toBe(3);
  });

  it('follow the one that leads: what the other says of the same booking is kept, not sent, and says why', async () => {
    await read('pms', bookingRow('1'));
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'leads', source: 'pms' } });
    await read('channel', bookingRow('1', { status: 'CANCELLED' }), bookingRow('2'));
    await delivered();
    await read('pms', bookingRow('1', { status: 'NO SHOW' }));
    await delivered();
    const ledgerId = await ledgerOf('channel', '1');
    const { versions } = await test.client.records.get({ ledgerId, externalId: '1' });
    const [hub] = (await test.client.overview.get({})).systems.filter(({ id }) => id === 'hub');
    const trace = await test.client.trace.get({ ledgerId, externalId: '1' });
    expect([
      said(),
      versions[0]?.deliveries.map(({ state, withheld }) => [state, withheld]),
      hub?.direction === 'destination' && [hub.confirmed, hub.withheld, hub.waiting],
      trace.stations.flatMap((station) => (station.kind === 'delivery' ? [[station.state, station.withheld, station.attempts]] : [])),
    ]).toEqual([
      ['pms 1 confirmed', 'channel 2 confirmed', 'pms 1 no_show'],
      [['withheld', { reason: 'other-source-leads', otherSource: 'pms' }]],
      [3, 1, 0],
      [['withheld', { reason: 'other-source-leads', otherSource: 'pms' }, []]],
    ]);
  });

  it('send the newest of what waits where that is the rule, and both as they come when nothing waits', async () => {
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'newest' } });
    await test.client.connections.pause({ id: 'hub' });
    await read('pms', bookingRow('1'), bookingRow('3'));
    await read('channel', bookingRow('1', { status: 'CANCELLED' }));
    await test.client.connections.resume({ id: 'hub' });
    await delivered();
    await read('pms', bookingRow('1', { status: 'NO SHOW' }));
    await delivered();
    expect(said()).toEqual(['pms 3 confirmed', 'channel 1 cancelled', 'pms 1 no_show']);
  });

  it('hold the rule when something is sent again, and send what was withheld once the rule is taken back', async () => {
    await read('pms', bookingRow('1'));
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'leads', source: 'pms' } });
    await read('channel', bookingRow('1', { status: 'CANCELLED' }));
    await delivered();
    const again = async () => {
      const { id } = await test.client.resends.order({ destinationId: 'hub', selection: { kind: 'range', by: 'kept' } });
      const order = await test.until(
        async () => (await test.client.resends.list({})).find((one) => one.id === id),
        (one) => one?.state === 'done',
      );
      return [order?.total, order?.confirmed, order?.withheld];
    };
    const counts = async () => {
      const [hub] = (await test.client.overview.get({})).systems.filter(({ id }) => id === 'hub');
      return hub?.direction === 'destination' && [hub.confirmed, hub.refused, hub.withheld];
    };
    const withRule = [await again(), keysAt(test.upstream), await counts()];
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'apart' } });
    const beforeMs = Date.now();
    const without = [await again(), keysAt(test.upstream), await counts()];
    const { versions } = await test.client.records.get({ ledgerId: await ledgerOf('channel', '1'), externalId: '1' });
    const [sentAtLast] = versions[0]?.deliveries ?? [];
    // Sent once more it is no news.
    const more = [await again(), await counts()];
    expect([more, (sentAtLast?.atMs ?? 0) >= beforeMs]).toEqual([
      [
        [2, 2, 0],
        [2, 0, 0],
      ],
      true,
    ]);
    expect([withRule, without, sentAtLast?.state]).toEqual([
      [[2, 1, 1], ['pms 1'], [1, 0, 1]],
      [
        [2, 2, 0],
        ['channel 1', 'pms 1'],
        [2, 0, 0],
      ],
      'confirmed',
    ]);
  });

  it('are not led by a record that the destination refuses: then the other goes, be it judged before or behind the refusal', async () => {
    test.upstream.faults.refuseKeys = ['1'];
    await test.client.connections.pause({ id: 'hub' });
    await read('pms', bookingRow('1'), bookingRow('2'));
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'leads', source: 'pms' } });
    await read('channel', bookingRow('1'), bookingRow('2'), bookingRow('3'));
    await test.client.connections.resume({ id: 'hub' });
    await delivered();
    const refusals = async () =>
      (await test.client.deadLetters.list({})).letters.map(({ connectionId, detail }) => `${connectionId} ${detail}`).sort();
    // What was withheld for the refused one is ordered by itself.
    const together = [said(), await test.until(refusals, (list) => list.length === 2)];
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'newest' } });
    test.upstream.faults.refuseKeys = ['4'];
    await read('pms', bookingRow('4'));
    await delivered();
    test.upstream.faults.refuseKeys = [];
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'leads', source: 'pms' } });
    await read('channel', bookingRow('4'));
    await delivered();
    const [hub] = (await test.client.overview.get({})).systems.filter(({ id }) => id === 'hub');
    expect([together, said(), hub?.direction === 'destination' && [hub.confirmed, hub.refused, hub.withheld]]).toEqual([
      [
        ['pms 2 confirmed', 'channel 3 confirmed'],
        ['channel key-refused', 'pms key-refused'],
      ],
      ['pms 2 confirmed', 'channel 3 confirmed', 'channel 4 confirmed'],
      [3, 3, 1],
    ]);
  });

  it('are not led by a record whose refusal is just being written down, nor by one that is refused when it is sent again', async () => {
    const refusals = async () => (await test.client.deadLetters.list({})).letters.map(({ connectionId }) => connectionId).sort();
    await test.client.connections.pause({ id: 'hub' });
    await read('pms', bookingRow('1'));
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'leads', source: 'pms' } });
    test.upstream.faults.refuseKeys = ['1'];
    test.upstream.faults.latencyMs = 1000;
    await test.client.connections.resume({ id: 'hub' });
    await test.until(
      () => test.agent.destinations.state('hub'),
      (state) => state?.isSending === true,
    );
    await read('channel', bookingRow('1'));
    test.upstream.faults.latencyMs = 0;
    await delivered();
    const atFirst = await test.until(refusals, (list) => list.length === 2);
    const isOutside = (key: string) => !isInShare({ hotelId: 'ALDQ', entity: 'booking', externalId: key }, 1);
    const key = ['2', '3', '4', '5'].find(isOutside) ?? '';
    await test.client.connections.setShare({ id: 'hub', percent: 1 });
    await read('pms', bookingRow(key));
    await read('channel', bookingRow(key));
    await delivered();
    test.upstream.faults.refuseKeys = ['1', key];
    await test.client.connections.setShare({ id: 'hub', percent: 100 });
    const ends = await test.until(
      () => test.client.resends.list({}),
      (list) => list.length > 0 && list.every(({ state }) => state !== 'running'),
    );
    expect([atFirst, await refusals(), ends.map(({ state }) => state)]).toEqual([
      ['channel', 'pms'],
      ['channel', 'channel', 'pms', 'pms'],
      ['done', 'done'],
    ]);
  });

  it('are not led by a record that is refused only later: what was withheld for it long before is sent then, by one order', async () => {
    await test.client.connections.change({ ...hubDraft(test.upstream, { batchRecords: 50 }), id: 'hub' });
    await read('pms', bookingRow('0'));
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'leads', source: 'pms' } });
    await test.client.connections.pause({ id: 'hub' });
    const keys = Array.from({ length: 60 }, (_, at) => `L-${at}`);
    await read('channel', ...keys.map((key) => bookingRow(key)));
    await read('pms', ...Array.from({ length: 60 }, (_, at) => bookingRow(`F-${at}`)), ...keys.map((key) => bookingRow(key)));
    test.upstream.faults.refuseKeys = keys.map((key) => `pms ${key}`);
    await test.client.connections.resume({ id: 'hub' });
    await delivered();
    const ends = await test.until(
      () => test.client.resends.list({}),
      (list) => list.reduce((sum, { total }) => sum + total, 0) === keys.length && list.every(({ state }) => state === 'done'),
    );
    const arrived = keysAt(test.upstream).filter((key) => key.startsWith('channel'));
    const [hub] = (await test.client.overview.get({})).systems.filter(({ id }) => id === 'hub');
    expect([
      arrived,
      hub?.direction === 'destination' && [hub.confirmed, hub.refused, hub.withheld, hub.waiting],
      ends.length <= 3,
      ends.every(({ actorId, withheld }) => actorId === 'agent' && withheld === 0),
    ]).toEqual([keys.map((key) => `channel ${key}`).sort(), [121, 60, 0, 0], true, true]);
  });

  it('were not tried with the request among whose rows they were withheld, but with the order that sent them', async () => {
    await read('pms', bookingRow('1'));
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'leads', source: 'pms' } });
    await read('channel', bookingRow('0'), bookingRow('1'), bookingRow('2'));
    await delivered();
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'apart' } });
    const key = { ledgerId: await ledgerOf('channel', '1'), externalId: '1' };
    const { id } = await test.client.resends.order({ destinationId: 'hub', selection: { kind: 'records', keys: [key] } });
    await test.until(
      () => test.client.resends.list({}),
      ([order]) => order?.state === 'done',
    );
    const { stations } = await test.client.trace.get(key);
    const tries = stations.flatMap((station) => (station.kind === 'delivery' ? station.attempts.map(({ resendId }) => resendId) : []));
    expect([tries, keysAt(test.upstream)]).toEqual([[id], ['channel 0', 'channel 1', 'channel 2', 'pms 1']]);
  });

  it('follow a rule from the next record on, also where that was prepared while the one before was on its way', async () => {
    await test.client.connections.change({ ...hubDraft(test.upstream, { batchRecords: 2 }), id: 'hub' });
    await test.client.connections.pause({ id: 'hub' });
    await read('pms', bookingRow('1'), bookingRow('2'));
    await read('channel', bookingRow('1'), bookingRow('2'), bookingRow('3'));
    test.upstream.faults.latencyMs = 500;
    await test.client.connections.resume({ id: 'hub' });
    await test.until(
      () => test.agent.destinations.state('hub'),
      (state) => state?.isSending === true,
    );
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'leads', source: 'pms' } });
    const atOnce = said();
    test.upstream.faults.latencyMs = 0;
    await delivered();
    expect([atOnce, said()]).toEqual([[], ['pms 1 confirmed', 'pms 2 confirmed', 'channel 3 confirmed']]);
  });

  it('keep their leading source: its connection is not removed, nor called otherwise, as long as the rule names it', async () => {
    await read('pms', bookingRow('1'));
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'leads', source: 'pms' } });
    const saidOf = (error: { data: { code: string; detail: { detail: string } } }) => [error.data.code, error.data.detail.detail];
    const removed = await test.client.connections.remove({ id: 'pms' }).catch(saidOf);
    const renamed = await test.client.connections.change({ ...sourceDraft(test.drops, { source: 'other' }), id: 'pms' }).catch(saidOf);
    await test.client.connections.remove({ id: 'channel' });
    await test.client.connections.add({ ...sourceDraft(join(test.folder, 'channel'), { source: 'pms' }), id: 'second' });
    await test.client.connections.remove({ id: 'pms' });
    const last = await test.client.connections.remove({ id: 'second' }).catch(saidOf);
    await test.client.sameRecords.save({ entity: 'booking', rule: { rule: 'apart' } });
    await test.client.connections.remove({ id: 'second' });
    const refused = [
      'input-wrong',
      'by the rule for booking the source pms leads, and no other connection brings it; change the rule first',
    ];
    expect([removed, renamed, last]).toEqual([refused, refused, refused]);
  });

  it('are never led by a source that has not brought such a record', async () => {
    await read('pms', bookingRow('1'));
    const failure = await test.client.sameRecords
      .save({ entity: 'booking', rule: { rule: 'leads', source: 'pmss' } })
      .catch((error) => error);
    expect(failure.data.code).toBe('input-wrong');
  });
});

describe('a destination with a share', () => {
  let test: TestHotel;
  beforeEach(async () => {
    test = await testHotel();
  });
  afterEach(() => test.close());

  it('gets the same records for good, and what is missing when its share grows', async () => {
    await test.connect();
    await test.client.connections.setShare({ id: 'hub', percent: 10 });
    const ids = Array.from({ length: 200 }, (_, at) => `B-${at}`);
    test.drop('a.csv', bookingsFile(...ids.map((id) => bookingRow(id))));
    await test.sync();
    const quiet = () =>
      test.until(
        async () => [
          test.agent.heartbeat('hub').depth,
          (await test.client.resends.list({})).filter(({ state }) => state === 'running').length,
        ],
        ([waiting, running]) => waiting === 0 && running === 0,
      );
    await quiet();
    const arrived = () => new Set(arrivedAt(test.upstream).map(({ externalId }) => externalId));
    const expected = (percent: number) =>
      ids.filter((externalId) => isInShare({ hotelId: 'ALDQ', entity: 'booking', externalId }, percent));
    const first = [[...arrived()].sort(), expected(10).length > 5 && expected(10).length < 40];
    test.drop('b.csv', bookingsFile(...ids.map((id) => bookingRow(id, { status: 'CANCELLED' }))));
    await test.sync();
    await quiet();
    const second = [...arrived()].sort();
    await test.client.connections.setShare({ id: 'hub', percent: 50 });
    await quiet();
    const half = [...arrived()].sort();
    await test.client.connections.setShare({ id: 'hub', percent: 100 });
    await quiet();
    const cancelled = new Set(
      arrivedAt(test.upstream)
        .filter(({ status }) => status === 'cancelled')
        .map(({ externalId }) => externalId),
    );
    expect([first, second, half, cancelled.size, expected(10).every((id) => expected(50).includes(id))]).toEqual([
      [expected(10).sort(), true],
      expected(10).sort(),
      expected(50).sort(),
      200,
      true,
    ]);
  });
});

describe('a shadow', () => {
  let test: TestHotel;
  let beside: Upstream;
  beforeEach(async () => {
    test = await testHotel();
    await test.connect();
    beside = await startUpstream({ dir: join(test.folder, 'beside') });
    await test.client.connections.add({ ...hubDraft(beside), id: 'new-hub', title: 'New hub' });
    await test.client.connections.setShadow({ id: 'new-hub', isShadow: true });
  });
  afterEach(async () => {
    await test.close();
    await beside.close();
  });

  const shadow = async () => {
    const { systems, waiting } = await test.client.overview.get({});
    const found = systems.find(({ id }) => id === 'new-hub');
    return { waiting, differences: found?.direction === 'destination' ? found.shadow : null };
  };

  it('gets everything, and what one has refused and the other taken is counted', async () => {
    test.upstream.faults.refuseKeys = ['1', '2'];
    beside.faults.refuseKeys = ['2', '3', '4', '5'];
    test.drop('a.csv', bookingsFile(...['1', '2', '3', '4', '5', '6'].map((id) => bookingRow(id))));
    await test.sync();
    const found = await test.until(shadow, ({ differences }) => (differences?.onlyShadowRefused ?? 0) > 0 && differences?.behind === 0);
    const [row] = (await test.client.records.list({ entity: 'booking', key: '3' })).rows;
    const { versions } = await test.client.records.get({ ledgerId: row?.ledgerId ?? 0, externalId: '3' });
    expect([
      found.differences,
      versions[0]?.deliveries.map(({ destinationId, isShadow, state }) => [destinationId, isShadow, state]),
    ]).toEqual([
      { leadingTitle: 'Group hub', onlyShadowRefused: 3, onlyLeadingRefused: 1, behind: 0, missed: 0 },
      [
        ['hub', false, 'confirmed'],
        ['new-hub', true, 'refused'],
      ],
    ]);
  });

  it('is not compared in what was withheld from the other', async () => {
    await test.client.connections.setShare({ id: 'hub', percent: 1 });
    const ids = Array.from({ length: 20 }, (_, at) => `B-${at}`);
    const inShare = ids.filter((externalId) => isInShare({ hotelId: 'ALDQ', entity: 'booking', externalId }, 1));
    beside.faults.refuseKeys = ids.slice(0, 5);
    test.drop('a.csv', bookingsFile(...ids.map((id) => bookingRow(id))));
    await test.sync();
    await test.until(
      () => [test.agent.heartbeat('hub').depth, test.agent.heartbeat('new-hub').depth],
      ([one, other]) => one === 0 && other === 0,
    );
    const found = await test.until(shadow, ({ differences }) => differences?.behind === 0);
    const refused = (await test.client.deadLetters.list({})).letters.length;
    expect([refused, found.differences?.onlyShadowRefused]).toEqual([5, inShare.filter((id) => ids.indexOf(id) < 5).length]);
  });

  it('that is gone holds nobody back, and does not count as waiting', async () => {
    await beside.close();
    test.drop('a.csv', bookingsFile(bookingRow('1'), bookingRow('2')));
    await test.sync();
    const found = await test.until(shadow, ({ differences }) => differences?.behind === 2);
    expect([found.waiting, keysAt(test.upstream)]).toEqual([0, ['pms 1', 'pms 2']]);
    beside = await startUpstream({ dir: join(test.folder, 'beside again') });
  });
});
