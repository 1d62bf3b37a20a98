import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DestinationHealth } from '../../contract/health.ts';
import { startUpstream } from '../../sandbox/upstream/server.ts';
import { bookingRow, bookingsFile, hubDraft, type TestHotel, testHotel } from '../testing.ts';
import { arrivedAt } from '../testing-two-sources.ts';

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel();
  await test.connect();
});
afterEach(() => test.close());

const overview = () => test.client.overview.get({});
async function hub(): Promise<DestinationHealth> {
  return (await overview()).systems.find(({ id }) => id === 'hub') as DestinationHealth;
}
const rows = (from: number, count: number, more: Parameters<typeof bookingRow>[1] = {}) =>
  Array.from({ length: count }, (_, index) => bookingRow(`B-${from + index}`, more));
async function read(name: string, ...lines: readonly string[]): Promise<void> {
  test.drop(name, bookingsFile(...lines));
  await test.sync();
}
/** Change the database as a bad disk does, while the agent is stopped. */
async function damage(change: (db: Database.Database) => void): Promise<void> {
  await test.agent.stop();
  const db = new Database(join(test.home, 'pipeline.db'));
  change(db);
  db.close();
  await test.restart();
}
const flipBit = (where: string) => (db: Database.Database) => {
  const sealed = db.prepare(`select sealed from blocks ${where}`).pluck().get() as Buffer;
  sealed[40] = (sealed[40] as number) ^ 1;
  db.prepare(`update blocks set sealed = ? ${where}`).run(sealed);
};
const calm = () => test.until(overview, ({ waiting, setAside }) => waiting === 0 && setAside === 0);
const arrived = () => arrivedAt(test.upstream);
const keys = () => [...new Set(arrived().map(({ externalId }) => externalId))].length;

describe('a block of the outbox that is damaged', { timeout: 60_000 }, () => {
  it('is never sent; its rows are read once more from the copy of their file, and nothing else waits for them', async () => {
    await test.client.connections.pause({ id: 'hub' });
    await read('a.csv', ...rows(0, 600));
    await damage(flipBit('where first_seq = 251'));
    await test.client.connections.resume({ id: 'hub' });
    await test.until(keys, (count) => count === 600);
    const { alerts } = await calm();
    const [letter] = (await test.client.deadLetters.list({})).letters;
    const report = (await test.client.files.list({ limit: 1 }))[0];
    const { confirmed, refused, state } = await hub();
    expect([
      arrived().length,
      alerts.map(({ fault }) => [fault.code, fault.detail.rows]),
      letter,
      [report?.kept, report?.deadLetters],
      [confirmed, refused, state],
    ]).toEqual([600, [['database-mended', '250']], undefined, [850, 0], [600, 0, 'idle']]);
  });

  it('leaves the newest word of each record: what has changed since is not read once more from an older file', async () => {
    await test.client.connections.pause({ id: 'hub' });
    await read('a.csv', ...rows(0, 3));
    await read('b.csv', ...rows(1, 1, { status: 'CANCELLED' }));
    await damage(flipBit('where first_seq = 1'));
    await test.client.connections.resume({ id: 'hub' });
    await test.until(keys, (count) => count === 3);
    await calm();
    const said = arrived().map(({ externalId, status }) => `${externalId} ${status}`);
    expect(said.sort()).toEqual(['B-0 confirmed', 'B-1 cancelled', 'B-2 confirmed']);
  });

  it('stops no destination, not even where the copy is gone: what cannot be read stands set aside, and comes with the next export', async () => {
    const beside = await startUpstream({ dir: join(test.folder, 'beside') });
    await test.client.connections.add({ ...hubDraft(beside), id: 'beside' });
    for (const id of ['hub', 'beside']) await test.client.connections.pause({ id });
    await read('a.csv', ...rows(0, 2));
    await read('b.csv', ...rows(2, 2));
    await damage((db) => {
      db.prepare('update blocks set sealed = zeroblob(500) where first_seq = 3').run();
      rmSync(join(test.home, db.prepare("select raw_path from files where name = 'b.csv'").pluck().get() as string));
    });
    for (const id of ['hub', 'beside']) await test.client.connections.resume({ id });
    const { waiting, setAside } = await test.until(overview, (found) => found.waiting === 0 && found.setAside === 2);
    const { letters } = await test.client.deadLetters.list({});
    const { content } = await test.client.deadLetters.get({ id: letters[0]?.id ?? 0 });
    const first = [arrived().length, arrivedAt(beside).length, letters.map(({ rule, line }) => [rule, line]), content.kind];
    await read('c.csv', ...rows(2, 2));
    await calm();
    expect([waiting, setAside, first]).toEqual([
      0,
      2,
      [
        2,
        2,
        [
          ['kept-damaged', 3],
          ['kept-damaged', 2],
        ],
        'bytes',
      ],
    ]);
    expect([keys(), arrivedAt(beside).length]).toEqual([4, 4]);
    await beside.close();
  });

  it('is passed over once it is set aside: by orders, by another PC that takes over, by figures and by pruning', async () => {
    await read('a.csv', ...rows(0, 3));
    await test.until(hub, ({ confirmed }) => confirmed === 3);
    await damage(flipBit('where first_seq = 1'));
    const { id } = await test.client.resends.order({ destinationId: 'hub', selection: { kind: 'range', by: 'kept' } });
    const order = async () => (await test.client.resends.list({})).find((one) => one.id === id);
    const first = await test.until(order, (found) => found?.state === 'done');
    const { writer } = test.agent.stores;
    const again = await writer.step('setDamagedAside', [2]);
    await test.until(
      () => arrived().length,
      (count) => count === 6,
    );
    await writer.step('takeOver', ['hub', (await writer.step('generation', [])) + 1000]);
    await calm();
    // The order has met it, and had it set aside.
    expect([first?.damaged, again]).toEqual([3, { firstSeq: 1, rows: 3, setAside: 0, isNew: false }]);
  });

  it('holds up neither who takes over for the hotel, nor the agent behind it', async () => {
    await test.client.connections.pause({ id: 'hub' });
    await read('a.csv', ...rows(0, 600));
    await damage(flipBit('where first_seq = 251'));
    const { writer } = test.agent.stores;
    await writer.step('takeOver', ['hub', (await writer.step('generation', [])) + 1000]);
    await test.client.connections.resume({ id: 'hub' });
    await test.agent.mending.look();
    await test.until(keys, (count) => count === 600);
    const { alerts } = await calm();
    expect(alerts.map(({ fault }) => fault.code)).toEqual(['database-mended']);
  });

  it('is set aside again later where that could not be done at once', async () => {
    await test.client.connections.pause({ id: 'hub' });
    await read('a.csv', ...rows(0, 3));
    await damage(flipBit('where first_seq = 1'));
    const { writer } = test.agent.stores;
    const step = writer.step.bind(writer);
    let failed = 0;
    writer.step = (async (...args: Parameters<typeof step>) => {
      if (args[0] === 'setDamagedAside' && failed++ === 0) throw new Error('no room');
      return step(...args);
    }) as typeof step;
    await test.client.connections.resume({ id: 'hub' });
    await test.until(hub, ({ state }) => state === 'failing');
    test.agent.destinations.urge('hub');
    await test.until(keys, (count) => count === 3);
    expect(failed).toBe(2);
  });

  it('is many blocks in a row without opening the breaker, and its records can be looked at again', async () => {
    await test.client.connections.pause({ id: 'hub' });
    await read('a.csv', ...rows(0, 2000));
    await damage((db) => db.prepare('update blocks set sealed = zeroblob(500) where first_seq < 1751').run());
    await test.client.connections.resume({ id: 'hub' });
    await test.until(keys, (count) => count === 2000);
    await calm();
    const [row] = (await test.client.records.list({ entity: 'booking', key: 'B-7' })).rows;
    const { versions } = await test.client.records.get({ ledgerId: row?.ledgerId ?? 0, externalId: 'B-7' });
    expect([(await hub()).breaker, versions.length]).toEqual(['closed', 1]);
  });

  it('brings no old state back: the same file once more is not read where a later one of its records has been', async () => {
    await test.client.connections.pause({ id: 'hub' });
    await read('a.csv', ...rows(0, 2));
    await read('b.csv', ...rows(0, 1, { status: 'CANCELLED' }));
    await damage((db) => {
      flipBit('where first_seq = 1')(db);
      rmSync(join(test.home, db.prepare("select raw_path from files where name = 'a.csv'").pluck().get() as string));
    });
    await test.client.connections.resume({ id: 'hub' });
    await test.until(overview, ({ waiting, setAside }) => waiting === 0 && setAside === 1);
    await read('c.csv', ...rows(0, 2));
    expect([arrived().map(({ externalId, status }) => `${externalId} ${status}`), (await overview()).setAside]).toEqual([
      ['B-0 cancelled'],
      1,
    ]);
  });
});
