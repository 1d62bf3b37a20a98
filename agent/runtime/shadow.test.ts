import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bookingRow, bookingsFile, sourceDraft, type TestHotel, testHotel } from '../testing.ts';

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel();
  await test.connect();
});
afterEach(() => test.close());

/** Do something in the middle of the next count of an order, which takes seconds on a large ledger. */
function whileCounting(work: () => Promise<unknown>): void {
  const { stores } = test.agent;
  const { reads } = stores;
  const countBite = async (...args: Parameters<typeof reads.countBite>) => {
    const bite = await reads.countBite(...args);
    Object.assign(stores, { reads });
    await work();
    return bite;
  };
  Object.assign(stores, { reads: Object.create(reads, { countBite: { value: countBite } }) });
}

const quiet = () =>
  test.until(
    async () => [test.agent.heartbeat('hub').depth, (await test.client.resends.list({})).filter(({ state }) => state === 'running').length],
    ([waiting, running]) => waiting === 0 && running === 0,
  );
async function deliver(name: string, ids: readonly string[]): Promise<void> {
  test.drop(name, bookingsFile(...ids.map((id) => bookingRow(id))));
  await test.sync();
  await quiet();
}
const keys = (letter: string) => Array.from({ length: 100 }, (_, at) => `${letter}-${at}`);
function arrived(): number {
  const lines = readFileSync(test.upstream.file, 'utf8').trim().split('\n');
  return new Set(lines.map((line) => JSON.parse(line).record.externalId)).size;
}

describe('a share that grows', { timeout: 60_000 }, () => {
  it('leaves nothing out that is kept while its order is being counted', async () => {
    await test.client.connections.setShare({ id: 'hub', percent: 10 });
    await deliver('a.csv', keys('A'));
    whileCounting(() => deliver('b.csv', keys('B')));
    await test.client.connections.setShare({ id: 'hub', percent: 100 });
    await quiet();
    const [order] = await test.client.resends.list({});
    const sum = order && order.confirmed + order.refused + order.newer + order.onItsWay + order.damaged + order.withheld;
    expect([arrived(), order?.total === sum]).toEqual([200, true]);
  });

  it('orders what is missing also where the first of it was withheld while it was being counted', async () => {
    await test.client.connections.setShare({ id: 'hub', percent: 10 });
    whileCounting(() => deliver('a.csv', keys('A')));
    await test.client.connections.setShare({ id: 'hub', percent: 100 });
    await quiet();
    expect(arrived()).toBe(100);
  });

  it('goes on with its order when its destination is removed and that is taken back', async () => {
    await test.client.connections.setShare({ id: 'hub', percent: 1 });
    await deliver('a.csv', keys('A'));
    test.upstream.faults.latencyMs = 1000;
    await test.client.connections.setShare({ id: 'hub', percent: 100 });
    await test.client.connections.remove({ id: 'hub' });
    const [ended] = await test.client.resends.list({});
    await test.client.connections.restore({ id: 'hub' });
    test.upstream.faults.latencyMs = 0;
    await quiet();
    expect([ended?.state, arrived(), (await test.client.resends.list({}))[0]?.state]).toEqual(['cancelled', 100, 'done']);
  });

  it('is refused where somebody else has changed it meanwhile, and leaves what else was changed as it is', async () => {
    await test.client.connections.setShare({ id: 'hub', percent: 10 });
    whileCounting(() => test.client.connections.setShare({ id: 'hub', percent: 5 }));
    const refused = await test.client.connections.setShare({ id: 'hub', percent: 50 }).catch((error) => error.data.code);
    whileCounting(() => test.client.connections.pause({ id: 'hub' }));
    const { isPaused, sharePercent } = await test.client.connections.setShare({ id: 'hub', percent: 50 });
    whileCounting(() => test.client.connections.remove({ id: 'hub' }));
    const removed = await test.client.connections.setShare({ id: 'hub', percent: 100 }).catch((error) => error.data.code);
    const left = (await test.client.connections.list({})).map(({ id }) => id);
    expect([refused, isPaused, sharePercent, removed, left]).toEqual(['input-wrong', true, 50, 'connection-not-found', ['pms']]);
  });
});

describe('a shadow', () => {
  it('is made one without touching what somebody else has changed meanwhile', async () => {
    const { writer } = test.agent.stores;
    const audited = writer.audited.bind(writer);
    const meanwhile = (work: () => Promise<unknown>) => {
      writer.audited = (async (...args: Parameters<typeof audited>) => {
        writer.audited = audited;
        await work();
        return audited(...args);
      }) as typeof audited;
    };
    meanwhile(() => test.client.connections.pause({ id: 'hub' }));
    const { isPaused, isShadow } = await test.client.connections.setShadow({ id: 'hub', isShadow: true });
    meanwhile(() => test.client.connections.remove({ id: 'hub' }));
    const removed = await test.client.connections.setShadow({ id: 'hub', isShadow: false }).catch((error) => error.data.code);
    const left = (await test.client.connections.list({})).map(({ id }) => id);
    expect([isPaused, isShadow, removed, left]).toEqual([true, true, 'connection-not-found', ['pms']]);
  });

  it('that knew more than this PC gets every record again once it leads, also when ours stand above by then', async () => {
    await deliver('a.csv', ['A-1']);
    await test.client.connections.setShadow({ id: 'hub', isShadow: true });
    const { writer } = test.agent.stores;
    const ours = await writer.step('generation', []);
    await writer.step('meetGeneration', ['hub', ours - 1]);
    await deliver('b.csv', ['A-2']);
    const again = async (...ids: readonly string[]) => {
      test.drop(`again-${ids[0]}.csv`, bookingsFile(...ids.map((id) => bookingRow(id))));
      await test.sync();
      await quiet();
      return readFileSync(test.upstream.file, 'utf8').trim().split('\n').length;
    };
    const asShadow = await again('A-1', 'A-2');
    await test.client.connections.setShadow({ id: 'hub', isShadow: false });
    expect([asShadow, await again('A-2', 'A-1')]).toEqual([2, 4]);
  });
});

describe('a connection', () => {
  it('is paused, resumed, changed and scheduled without touching what else of it was changed, and never comes back by it', async () => {
    const { writer } = test.agent.stores;
    const audited = writer.audited.bind(writer);
    const meanwhile = (work: () => Promise<unknown>) => {
      writer.audited = (async (...args: Parameters<typeof audited>) => {
        writer.audited = audited;
        await work();
        return audited(...args);
      }) as typeof audited;
    };
    const { connections } = test.client;
    const schedule = { kind: 'daily', at: '05:00' } as const;
    const acts = [
      () => connections.pause({ id: 'pms' }),
      () => connections.setSchedule({ id: 'pms', schedule }),
      () => connections.change({ ...sourceDraft(test.drops), id: 'pms', title: 'The other name' }),
      () => connections.resume({ id: 'pms' }),
    ];
    meanwhile(() => connections.setSchedule({ id: 'pms', schedule }));
    const paused = await acts[0]?.();
    meanwhile(() => connections.resume({ id: 'pms' }));
    const changed = await acts[2]?.();
    const gone: unknown[] = [];
    for (const act of acts) {
      meanwhile(() => connections.remove({ id: 'pms' }));
      gone.push(
        await act().catch((error) => error.data.code),
        (await connections.list({})).map(({ id }) => id),
      );
      await connections.restore({ id: 'pms' });
    }
    expect([paused?.isPaused, paused?.schedule, changed?.isPaused, changed?.title]).toEqual([true, schedule, false, 'The other name']);
    expect(gone).toEqual(acts.flatMap(() => ['connection-not-found', ['hub']]));
  });
});
