import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Certificate, OpenedCertificate } from '../../contract/certificate.ts';
import type { ConnectionDraft } from '../../contract/connection.ts';
import { createOperaHotel, type OracleServer, startOracle } from '../../sandbox/oracle/index.ts';
import { hasPostgres, type PostgresServer, startPostgres } from '../../sandbox/servers/postgres.ts';
import { type TestHotel, testHotel } from '../testing.ts';
import { arrivedAt } from '../testing-two-sources.ts';

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel();
});
afterEach(() => test.close());

async function connect(draft: ConnectionDraft): Promise<void> {
  await test.connect();
  await test.client.connections.remove({ id: 'pms' });
  await test.client.connections.add({ ...draft, schedule: { kind: 'manual' } });
}
async function sync(id: string): Promise<void> {
  const source = (await test.client.connections.list({})).find((one) => one.id === id);
  if (source) await test.agent.sources.syncNow(source);
}
async function compare(): Promise<Certificate> {
  let id: number | null = null;
  for await (const step of await test.client.certificates.now({})) ({ id } = step);
  const { opened } = await test.client.certificates.get(id === null ? {} : { id });
  return (opened as OpenedCertificate).certificate;
}
/** Everything is confirmed, also what follows from it: figures of guests are versions of their own. */
const delivered = () =>
  test.until(
    () => test.client.overview.get({}),
    ({ waiting, figures }) => waiting + figures.unread + figures.due === 0,
  );
async function change(run: (db: Database.Database) => void): Promise<void> {
  await test.agent.stop();
  const db = new Database(join(test.home, 'pipeline.db'));
  run(db);
  db.close();
  await test.restart();
}
const named = ({ differences }: Certificate) => differences.map(({ kind, key, where, isMended }) => [kind, key, where, isMended]);
const counted = ({ parts }: Certificate) =>
  parts.map(({ entity, notCompared, lines }) => [
    entity,
    notCompared?.reason ?? 'compared',
    lines.reduce((sum, { source }) => sum + source, 0),
    lines.every(
      ({ sourceSum, keptSum, deliveries }) =>
        sourceSum === keptSum && deliveries.every(({ sum, state }) => sum === sourceSum && state === 'complete'),
    ),
  ]);

describe.skipIf(!hasPostgres)('a certificate of PostgreSQL (SKIPPED where it is not installed)', { timeout: 120_000 }, () => {
  let server: PostgresServer;
  const password = 'p';
  beforeAll(async () => {
    server = await startPostgres();
    await server.ask(`CREATE TABLE bookings (no text PRIMARY KEY, guest text, arrival date, departure date, status text, total text, changed_at timestamp);
      CREATE INDEX ON bookings (changed_at, no); CREATE ROLE reader LOGIN PASSWORD '${password}'; GRANT SELECT ON bookings TO reader;`);
  });
  afterAll(() => server?.close());

  const question =
    'SELECT b.no AS "Confirmation No", b.guest AS "Guest Name", NULL AS "Email", NULL AS "Phone", NULL AS "Room", NULL AS "Room Type", b.arrival AS "Arrival", ' +
    'b.departure AS "Departure", NULL AS "Booked On", b.status AS "Status", NULL AS "Channel", b.total AS "Total", NULL AS "Deposit", \'EUR\' AS "Currency", ' +
    'NULL AS "Payment", NULL AS "Requests", b.changed_at FROM bookings AS b';
  const start = async (rows: number) => {
    await server.ask('DELETE FROM bookings');
    await server.ask(
      `INSERT INTO bookings SELECT 'B-' || n, 'Ada Almeida', date '2026-03-01' + n % 3, date '2026-03-09', 'RESERVED', '100.00', now() - interval '2 days' FROM generate_series(1, ${rows}) n`,
    );
    await connect({
      id: 'db',
      kind: 'sql',
      title: 'Database',
      settings: {
        engine: 'postgresql',
        host: '127.0.0.1',
        port: server.port,
        database: server.database,
        user: 'reader',
        question,
        keyColumn: 'Confirmation No',
        changedColumn: 'changed_at',
        allowPlainOnThisPc: true,
      },
      secrets: { databasePassword: password },
    });
    await sync('db');
    await delivered();
  };

  it('asks the database again, names what is lost here, pulls it again, and is complete the next time', async () => {
    // More than one page of the walk.
    await start(1300);
    await change((db) => db.exec("delete from records where external_id = 'B-700'"));
    const made = await compare();
    const next = await compare();
    expect([named(made), made.state, counted(made), arrivedAt(test.upstream).at(-1)?.externalId, next.found, counted(next)]).toEqual([
      [['missing', 'B-700', 'question B-700', true]],
      'complete',
      [['booking', 'compared', 1300, true]],
      'B-700',
      0,
      [['booking', 'compared', 1300, true]],
    ]);
  });

  it('finds what has changed there without a stamp, brings it in and has it confirmed', async () => {
    await start(30);
    await server.ask("UPDATE bookings SET status = 'CANCELLED' WHERE no = 'B-7'");
    const made = await compare();
    const [last] = arrivedAt(test.upstream).slice(-1);
    expect([named(made), counted(made), last?.externalId, last?.status]).toEqual([
      [['changed', 'B-7', 'question B-7', true]],
      [['booking', 'compared', 30, true]],
      'B-7',
      'cancelled',
    ]);
  });

  it('does not count as a difference what has only changed meanwhile, and tells what is gone there apart', async () => {
    await start(30);
    await server.ask(
      "UPDATE bookings SET status = 'CANCELLED', changed_at = now() WHERE no = 'B-7'; DELETE FROM bookings WHERE no = 'B-8'",
    );
    const made = await compare();
    const gone = made.parts[0]?.lines.reduce((sum, line) => sum + line.gone, 0);
    expect([made.found, made.state, counted(made), gone]).toEqual([0, 'complete', [['booking', 'compared', 29, true]], 1]);
  });

  it('says of a database that does not answer that nothing was compared', async () => {
    await start(3);
    await server.crash();
    const made = await compare();
    await server.start();
    const again = await compare();
    expect([
      made.state,
      counted(made).map((part) => part[1]),
      made.sources[0]?.notCompared?.fault?.code,
      made.parts[0]?.lines[0]?.deliveries[0]?.state,
      again.state,
    ]).toEqual(['not-compared', ['fault'], 'source-unreachable', 'not-compared', 'complete']);
  });

  it('compares by the mapping by which a row was read when it came, and reads a row that cannot be read as set aside', async () => {
    await start(5);
    await server.ask("INSERT INTO bookings VALUES ('B-X', 'Ada Almeida', '2026-03-01', '2026-03-09', 'RESERVED', 'many', now())");
    await sync('db');
    const [mapping] = (await test.client.mappings.list({})).filter(({ entity }) => entity === 'booking');
    if (!mapping) throw new Error('no mapping');
    const { guestName: _, ...fields } = mapping.fields;
    await test.client.mappings.save({ ...mapping, fields });
    const made = await compare();
    expect([made.found, made.state, counted(made), made.parts[0]?.setAside]).toEqual([
      0,
      'complete',
      [['booking', 'compared', 5, true]],
      [{ rule: 'amount-unreadable', count: 1 }],
    ]);
  });
});

describe('a certificate of OPERA, by the real driver and a stand-in server', { timeout: 120_000 }, () => {
  let server: OracleServer;
  afterEach(() => server?.close());

  it('walks through reservations, guests and rooms, names what is lost here, and pulls it again with one login', async () => {
    const hotel = createOperaHotel({ seed: 7, bookingsPerDay: 40, startAtMs: Date.UTC(2026, 4, 1, 9) });
    hotel.fill(300);
    hotel.settle();
    server = await startOracle({ hotel });
    await connect({
      id: 'opera',
      kind: 'opera-oracle',
      title: 'OPERA',
      settings: { address: server.url, user: 'HOTEL_READER' },
      secrets: { databasePassword: 'Lobby-3-kings' },
    });
    await sync('opera');
    await delivered();
    const whole = await compare();
    const logins = server.stats.logins;
    const [booking] = (await test.client.records.list({ entity: 'booking' })).rows;
    const [guest] = (await test.client.records.list({ entity: 'guest' })).rows;
    await change((db) => db.prepare('delete from records where external_id in (?, ?)').run(booking?.externalId, guest?.externalId));
    const made = await compare();
    const next = await compare();
    expect([
      whole.state,
      whole.found,
      counted(whole)
        .map(([entity, state, , isSame]) => [entity, state, isSame])
        .sort(),
    ]).toEqual([
      'complete',
      0,
      [
        ['booking', 'compared', true],
        ['guest', 'compared', true],
        ['room', 'compared', true],
      ],
    ]);
    expect([
      named(made)
        .map(([kind, key, , isMended]) => [kind, key, isMended])
        .sort(),
      made.state,
      next.found,
      next.state,
    ]).toEqual([
      [
        ['missing', booking?.externalId, true],
        ['missing', guest?.externalId, true],
      ].sort(),
      'complete',
      0,
      'complete',
    ]);
    // The line of the runs is used: one login of the first start, and one of the second.
    expect([logins, server.stats.logins, server.stats.rejected, server.stats.maxSessions]).toEqual([1, 2, [], 1]);
    const opera = (await test.client.connections.list({})).find(({ id }) => id === 'opera');
    if (!opera) throw new Error('no OPERA');
    const { settings, kind, title, id } = opera;
    await test.client.connections.change({ id, kind, title, settings: { ...settings, readsGuests: false }, secrets: {} });
    const fewer = await compare();
    expect([
      fewer.state,
      counted(fewer)
        .map(([entity, state]) => [entity, state])
        .sort(),
    ]).toEqual([
      'not-compared',
      [
        ['booking', 'compared'],
        ['guest', 'not-asked'],
        ['room', 'compared'],
      ],
    ]);
  });
});
