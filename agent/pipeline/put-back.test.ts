import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasPostgres, type PostgresServer, startPostgres } from '../../sandbox/servers/postgres.ts';
import { startUpstream } from '../../sandbox/upstream/server.ts';
import { bookingRow, bookingsFile, hubDraft, type TestHotel, testHotel } from '../testing.ts';
import { arrivedAt } from '../testing-two-sources.ts';

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel();
});
afterEach(() => test.close());

const statuses = (upstream: { readonly file: string } = test.upstream) => arrivedAt(upstream).map(({ status }) => status);
const arrived = (count: number) =>
  test.until(
    () => statuses().length,
    (found) => found === count,
  );
/** Each start begins a generation, and generations are seconds. */
const nextSecond = () => new Promise((resolve) => setTimeout(resolve, 1100));

/** Copy the data folder, let something happen, and put the copy in its place while the agent is stopped. */
async function putBack(meanwhile: () => Promise<void>, before: () => Promise<void> | void): Promise<void> {
  const copy = join(test.folder, 'copy');
  await test.agent.stop();
  cpSync(test.home, copy, { recursive: true });
  await nextSecond();
  await test.restart();
  await meanwhile();
  await test.agent.stop();
  rmSync(test.home, { recursive: true });
  cpSync(copy, test.home, { recursive: true });
  await nextSecond();
  await before();
  await test.restart();
}

describe('a data folder that was put back', { timeout: 60_000 }, () => {
  it.each([
    ['the same name', ['b.csv', 'b.csv', 'b.csv']],
    ['dated names', ['b-01.csv', 'b-02.csv', 'b-03.csv']],
  ])('sends what a file says whose very bytes it has read before, under %s', async (_, [first = '', second = '', third = '']) => {
    await test.connect();
    test.drop(first, bookingsFile(bookingRow('1')));
    await test.sync();
    await arrived(1);
    await putBack(
      async () => {
        test.drop(second, bookingsFile(bookingRow('1', { status: 'CANCELLED' })));
        await test.sync();
        await arrived(2);
      },
      () => {
        rmSync(join(test.drops, second));
        test.drop(third, bookingsFile(bookingRow('1')));
      },
    );
    // Before the hub was met nothing is known to be missing: the first export behind it is the one that counts.
    await test.until(
      () => test.agent.heartbeat('hub').depth,
      (waiting) => waiting === 0,
    );
    await nextSecond();
    await test.sync();
    await arrived(3);
    expect(statuses()).toEqual(['confirmed', 'cancelled', 'confirmed']);
  });

  describe.skipIf(!hasPostgres)('with a database (SKIPPED where PostgreSQL is not installed)', () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres();
      await server.ask(
        'CREATE TABLE bookings (no text PRIMARY KEY, status text); ' +
          "CREATE ROLE reader LOGIN PASSWORD 'Lobby-3-kings'; GRANT SELECT ON bookings TO reader",
      );
    });
    afterAll(() => server?.close());
    beforeEach(async () => {
      await server.ask("DELETE FROM bookings; INSERT INTO bookings VALUES ('1', 'RESERVED')");
      await test.connect();
      await test.client.connections.remove({ id: 'pms' });
      const { port, database } = server;
      const question =
        'SELECT no AS "Confirmation No", NULL AS "Guest Name", NULL AS "Email", NULL AS "Phone", NULL AS "Room", NULL AS "Room Type", ' +
        'DATE \'2026-03-01\' AS "Arrival", DATE \'2026-03-04\' AS "Departure", NULL AS "Booked On", status AS "Status", NULL AS "Channel", ' +
        'NULL AS "Total", NULL AS "Deposit", \'EUR\' AS "Currency", NULL AS "Payment", NULL AS "Requests" FROM bookings';
      const settings = { engine: 'postgresql', host: '127.0.0.1', port, database, user: 'reader', question, keyColumn: 'Confirmation No' };
      await test.client.connections.add({
        id: 'db',
        kind: 'sql',
        title: 'Database',
        schedule: { kind: 'manual' },
        secrets: { databasePassword: 'Lobby-3-kings' },
        settings: { ...settings, allowPlainOnThisPc: true },
      });
    });

    it('sends what a row says by now, also where it says what it said at the copy', async () => {
      await test.sync();
      await arrived(1);
      await putBack(
        async () => {
          await server.ask("UPDATE bookings SET status = 'CANCELLED'");
          await test.sync();
          await arrived(2);
        },
        async () => {
          await server.ask("UPDATE bookings SET status = 'RESERVED'");
        },
      );
      await nextSecond();
      await test.sync();
      await arrived(3);
      expect(statuses()).toEqual(['confirmed', 'cancelled', 'confirmed']);
    });

    it('is not needed for a row whose kept text and whose copy are damaged: the next walk brings it, though it has not changed', async () => {
      await test.client.connections.pause({ id: 'hub' });
      await test.sync();
      await test.agent.stop();
      const db = new Database(join(test.home, 'pipeline.db'));
      db.prepare('update blocks set sealed = zeroblob(500)').run();
      rmSync(join(test.home, db.prepare<[], string>('select raw_path from files').pluck().get() ?? ''));
      db.close();
      await test.restart();
      await test.client.connections.resume({ id: 'hub' });
      const setAside = async () => (await test.client.overview.get({})).setAside;
      await test.until(setAside, (rows) => rows === 1);
      await test.sync();
      await arrived(1);
      expect([statuses(), await setAside()]).toEqual([['confirmed'], 0]);
    });

    it('is not needed for it where a shadow leads that had something from elsewhere: it gets every row again', async () => {
      const beside = await startUpstream({ dir: join(test.folder, 'beside') });
      beside.faults.highWater = 5;
      await test.client.connections.add({ ...hubDraft(beside), id: 'beside', isPaused: true });
      await test.client.connections.setShadow({ id: 'beside', isShadow: true });
      await test.client.connections.resume({ id: 'beside' });
      await test.sync();
      await test.until(
        () => statuses(beside).length,
        (found) => found === 1,
      );
      await test.client.connections.setShadow({ id: 'beside', isShadow: false });
      await test.sync();
      await test.until(
        () => statuses(beside).length,
        (found) => found === 2,
      );
      await beside.close();
      expect(statuses(beside)).toEqual(['confirmed', 'confirmed']);
    });
  });
});
