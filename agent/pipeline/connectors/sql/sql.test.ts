import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../../../contract/faults.ts';
import { type OracleServer, startOracle } from '../../../../sandbox/oracle/index.ts';
import { hasMariaDb, type MariaDbServer, startMariaDb } from '../../../../sandbox/servers/mariadb.ts';
import { hasPostgres, type PostgresServer, startPostgres } from '../../../../sandbox/servers/postgres.ts';
import { runChecks } from '../../../runtime/connection-test.ts';
import { type TestHotel, testHotel } from '../../../testing.ts';
import { readsTables } from '../../connector.ts';
import sql from './index.ts';
import { MariaReader } from './mariadb.ts';
import { PostgresReader } from './postgresql.ts';

const anyTime = new AbortController().signal;
const secrets = { databasePassword: 'it\'s "quoted"' };

/** A hotel's table of bookings, with a booking whose texts hold everything that a CSV has to quote. */
const columns =
  'SELECT b.no AS "Confirmation No", b.guest AS "Guest Name", b.mail AS "Email", NULL AS "Phone", b.room AS "Room", NULL AS "Room Type", ' +
  'b.arrival AS "Arrival", b.departure AS "Departure", NULL AS "Booked On", b.status AS "Status", NULL AS "Channel", b.total AS "Total", ' +
  'NULL AS "Deposit", \'EUR\' AS "Currency", NULL AS "Payment", b.wish AS "Requests", b.changed_at FROM bookings AS b';

/** What the receiver has applied, newest version per booking. */
function received(test: TestHotel): Record<string, Record<string, unknown>> {
  if (!existsSync(test.upstream.file)) return {};
  const lines = readFileSync(test.upstream.file, 'utf8').split('\n').slice(0, -1);
  return Object.fromEntries(lines.map((line) => JSON.parse(line).record).map((record) => [record.externalId, record]));
}

/** How many versions it has applied in all. */
const versions = (test: TestHotel) => readFileSync(test.upstream.file, 'utf8').split('\n').length - 1;

type Database = { readonly port: number; readonly database: string; run(text: string): Promise<unknown> };

/** Every promise that both kinds of database keep. */
function keepsItsPromises(engine: 'postgresql' | 'mariadb', server: () => Database) {
  let test: TestHotel;
  const question = engine === 'mariadb' ? columns.replaceAll('"', '`') : columns;
  const settings = (more: object = {}) => ({
    engine,
    host: '127.0.0.1',
    port: server().port,
    database: server().database,
    user: 'reader',
    question,
    keyColumn: 'Confirmation No',
    changedColumn: 'changed_at',
    allowPlainOnThisPc: true,
    ...more,
  });
  const connect = async (more: object = {}) => {
    await test.connect({});
    await test.client.connections.remove({ id: 'pms' });
    await test.client.connections.add({
      id: 'db',
      kind: 'sql',
      title: 'Database',
      settings: settings(more),
      schedule: { kind: 'manual' },
      secrets,
    });
  };
  const state = async () => {
    const [source] = (await test.client.connections.list({})).filter((one) => one.id === 'db');
    if (source) await test.agent.sources.syncNow(source);
    return test.agent.sources.state('db').fault?.report() ?? null;
  };
  const arrived = (count: number) =>
    test.until(
      () => received(test),
      (all) => Object.keys(all).length === count,
    );
  const booking = (no: string, guest = 'Ada Almeida', status = 'RESERVED', changed = 'now()') =>
    `INSERT INTO bookings (no, guest, mail, room, arrival, departure, status, total, wish, changed_at) VALUES ('${no}', '${guest}', NULL, '101', '2026-03-01', '2026-03-04', '${status}', 1249.50, NULL, ${changed})`;
  const named = (error: unknown) => (error instanceof Fault ? { code: error.code, ...error.detail } : error);

  beforeEach(async () => {
    test = await testHotel();
    await server().run('DELETE FROM bookings');
  });
  afterEach(() => test.close());

  it('brings every row upstream, field by field as it stands in the database', async () => {
    await server().run(booking('0048213', 'Brandt, "Jürgen"'));
    await server().run("UPDATE bookings SET wish = 'two\nlines, and €', mail = 'j@example.com'");
    await connect();
    expect(await state()).toBeNull();
    expect((await arrived(1))['0048213']).toMatchObject({
      externalId: '0048213',
      guestName: 'Brandt, "Jürgen"',
      guestEmail: 'j@example.com',
      checkInDate: '2026-03-01',
      checkOutDate: '2026-03-04',
      totalAmountMinor: 124950,
      currency: 'EUR',
      status: 'confirmed',
      specialRequests: 'two\nlines, and €',
    });
  });

  it('offers the columns of a question before a key is chosen, those with a time for the changes, and shows its first rows masked', async () => {
    await server().run(booking('0048213', 'Brandt, "Jürgen"'));
    await server().run(booking('0048214', 'Ada Almeida', 'TENT'));
    const { keyColumn: _, changedColumn: __, ...unchosen } = settings() as Record<string, unknown>;
    const draft = { kind: 'sql', title: 'Database', secrets };
    const choices = await test.client.connections.choices({ draft: { ...draft, settings: unchosen } });
    const offered = Object.fromEntries(choices.map(({ field, options }) => [field, options.map(({ value }) => value)]));
    const { tables, faults } = await test.client.connections.preview({ draft: { ...draft, settings: settings() } });
    const [table] = tables;
    const row = Object.fromEntries(table?.fields.map(({ name }, at) => [name, table.rows[0]?.[at]]) ?? []);
    expect([
      offered.keyColumn?.includes('Confirmation No'),
      offered.changedColumn?.includes('changed_at'),
      row,
      table?.aside,
      faults,
    ]).toEqual([
      true,
      true,
      expect.objectContaining({
        externalId: '***13',
        guestName: 'B. J.',
        checkInDate: '2026-03-01',
        totalAmountMinor: 124950,
        status: 'confirmed',
      }),
      [expect.objectContaining({ rule: 'value-unknown', field: 'status', count: 1 })],
      [],
    ]);
  });

  it('compares the columns of the question with those that key, stamp and mapping need, and keeps what it found', async () => {
    const fingerprint = async () => (await test.client.connections.fingerprint({ id: 'db' })).fingerprint;
    await connect();
    await state();
    const whole = await fingerprint();
    const renamed = question
      .replace(/b\.departure AS .Departure./, 'b.departure AS "Leaves"')
      .replaceAll('"', engine === 'mariadb' ? '`' : '"');
    const change = { id: 'db', kind: 'sql', title: 'Database', secrets };
    await test.client.connections.change({ ...change, settings: settings({ question: renamed, changedColumn: 'changed' }) });
    const unread = await fingerprint();
    const fault = await state();
    const found = await fingerprint();
    expect([whole?.tables, (whole?.columns ?? 0) > 10, whole?.differences, unread, (fault as { code?: string } | null)?.code]).toEqual([
      1,
      true,
      [],
      null,
      'source-columns',
    ]);
    const missing = (column: string) => ({ column, found: null, needs: 'any' });
    expect(found?.differences).toEqual([
      { table: 'question', isMissing: false, columns: [missing('changed'), missing('Departure')], stops: ['question'] },
    ]);
  });

  it('sends what has changed and nothing else, however often it reads it', async () => {
    for (let at = 1; at <= 5; at++) await server().run(booking(`A${at}`));
    await connect();
    await state();
    await arrived(5);
    const before = versions(test);
    await state();
    await state();
    await server().run("UPDATE bookings SET status = 'CANCELLED', changed_at = now() WHERE no = 'A3'");
    await state();
    await test.until(
      () => received(test).A3?.status,
      (status) => status === 'cancelled',
    );
    expect(versions(test) - before).toBe(1);
  });

  it('finds a row that is committed late under the stamp of its statement', async () => {
    await server().run(booking('A1'));
    await connect();
    await state();
    await state();
    await server().run(booking('A2', 'Late', 'RESERVED', "now() - interval '10' minute"));
    expect(await state()).toBeNull();
    expect(Object.keys(await arrived(2)).sort()).toEqual(['A1', 'A2']);
  });

  it('finds a row without a stamp, and one whose stamp lies far ahead', async () => {
    await connect();
    await state();
    await server().run(booking('A1', 'None', 'RESERVED', 'NULL'));
    await server().run(booking('A2', 'Ahead', 'RESERVED', "'2099-01-01 00:00:00'"));
    await server().run(booking('A3'));
    await test.client.connections.compareNow({ id: 'db' });
    await state();
    expect(Object.keys(await arrived(3)).sort()).toEqual(['A1', 'A2', 'A3']);
  });

  it('goes through more rows of one second than a page holds, and misses none', async () => {
    await connect();
    await state();
    const many = Array.from({ length: 4500 }, (_, at) =>
      booking(`N${String(at).padStart(5, '0')}`, 'Audit', 'RESERVED', "'2026-03-01 02:00:00'"),
    );
    await server().run(many.join(';\n'));
    await server().run('UPDATE bookings SET changed_at = now()');
    await state();
    expect(Object.keys(await arrived(4500)).length).toBe(4500);
  });

  it('sets a row aside whose status it does not know, with the value, and keeps its neighbour', async () => {
    await server().run(booking('A1', 'Good'));
    await server().run(booking('A2', 'Odd', 'PROSPECT'));
    await connect();
    await state();
    await arrived(1);
    const { letters } = await test.client.deadLetters.list({ limit: 10 } as never);
    expect([Object.keys(received(test)), letters.map((letter: { rule: string; externalId?: string | null }) => letter.rule)]).toEqual([
      ['A1'],
      ['value-unknown'],
    ]);
  });

  it('tells what stops it in words: no login, no table, no right, no column, no SELECT', async () => {
    const seen: unknown[] = [];
    const of = async (more: object, given: Record<string, string> = secrets) => {
      const tables = async () => {
        const session = await sql.open(sql.settings.parse(settings(more)), { secrets: given, now: Date.now });
        if (!readsTables(session)) throw new Error('it reads tables');
        await session.tables(anyTime).finally(() => session.close());
      };
      seen.push(await tables().then(() => 'none', named));
    };
    await of({}, { databasePassword: 'wrong' });
    await of({ database: 'nowhere' });
    await of({ question: 'SELECT * FROM nothing' });
    await of({ question: 'SELECT * FROM secrets' });
    await of({ question: 'SELECT b.nope FROM bookings AS b' });
    await of({ keyColumn: 'nope' });
    await of({ changedColumn: 'Status' });
    await of({ question: 'DELETE FROM bookings' });
    await of({ port: 9 });
    expect(seen).toEqual([
      expect.objectContaining({ code: 'source-login', user: 'reader' }),
      expect.objectContaining({ code: engine === 'mariadb' ? 'source-rights' : 'source-place-missing', place: 'database nowhere' }),
      // MariaDB does not tell apart what is not there from what may not be read.
      expect.objectContaining(engine === 'mariadb' ? { code: 'source-rights' } : { code: 'source-place-missing', place: 'table nothing' }),
      expect.objectContaining({ code: 'source-rights' }),
      expect.objectContaining({ code: 'source-columns' }),
      expect.objectContaining({ code: 'source-columns', detail: 'there is no column nope' }),
      expect.objectContaining({ code: 'source-columns', detail: 'Status holds no time' }),
      expect.objectContaining({ code: 'source-question', detail: 'it has to begin with SELECT or WITH' }),
      expect.objectContaining({ code: 'source-unreachable' }),
    ]);
  });

  it('cannot write at the source, also with a user that may and a question that would', async () => {
    await server().run(booking('A1'));
    const given = sql.settings.parse(settings({ user: 'writer' }));
    const reader = new (engine === 'mariadb' ? MariaReader : PostgresReader)(given, secrets.databasePassword);
    const tried = [];
    for (const text of ["UPDATE bookings SET guest = 'x'", 'INSERT INTO bookings (no) VALUES (9)', 'CREATE TABLE t (x int)'])
      tried.push(await reader.rows(text, [], anyTime).then(() => 'done', named));
    await reader.close();
    const guests = await server().run('SELECT guest FROM bookings');
    expect([tried.includes('done'), JSON.stringify(guests).includes('Ada Almeida')]).toEqual([false, true]);
  });

  it('says that a row is gone when two readings have missed it, and takes it back when it is there again', async () => {
    for (let at = 1; at <= 6; at++) await server().run(booking(`A${at}`));
    await connect({ changedColumn: undefined });
    await state();
    await arrived(6);
    await server().run("DELETE FROM bookings WHERE no = 'A2'");
    await state();
    await state();
    const gone = await test.until(
      () => received(test).A2,
      (record) => record?.goneAt !== undefined,
    );
    const others = Object.values(received(test)).filter((record) => record.goneAt !== undefined).length;
    await server().run(booking('A2'));
    await state();
    const back = await test.until(
      () => received(test).A2,
      (record) => record?.goneAt === undefined,
    );
    expect([gone, others, back]).toEqual([
      expect.objectContaining({
        externalId: 'A2',
        guestName: 'Ada Almeida',
        status: 'confirmed',
        goneAt: expect.stringMatching(/^20\d\d-\d\d-\d\dT/),
      }),
      1,
      expect.objectContaining({ externalId: 'A2', version: 3 }),
    ]);
  });

  it('reads the rows of a page again whose raw file is damaged', async () => {
    await server().run(booking('A1'));
    await connect();
    await state();
    await arrived(1);
    await server().run(booking('A2', 'Second'));
    // The page is kept, and the agent ends before it is normalised.
    const { writer, read } = test.agent.stores;
    await state();
    await arrived(2);
    const [file] = read.prepare('select id, raw_path as path, mapping, layout from files order by id desc limit 1').all() as {
      id: number;
      path: string;
      mapping: string;
      layout: string;
    }[];
    await writer.step('reopenFile', [file?.id ?? 0, file?.mapping ?? '', file?.layout ?? '']);
    await test.agent.stop();
    writeFileSync(join(test.home, file?.path ?? ''), 'nothing of it is left');
    await test.restart();
    const kept = (key: string) => test.agent.stores.read.prepare('select count(*) from source_rows where key = ?').pluck().get(key);
    await server().run("UPDATE bookings SET guest = 'Changed' WHERE no = 'A1'");
    await state();
    await state();
    await test.until(
      () => received(test).A1?.guestName,
      (name) => name === 'Changed',
    );
    expect([kept('A1'), kept('A2')]).toEqual([1, 1]);
  });

  it('does not believe that most rows are gone, says so, and goes on with the rest', async () => {
    for (let at = 1; at <= 20; at++) await server().run(booking(`A${String(at).padStart(2, '0')}`));
    await connect({ changedColumn: undefined });
    await state();
    await arrived(20);
    await server().run("DELETE FROM bookings WHERE no > 'A05'");
    await server().run("UPDATE bookings SET guest = 'Still Here' WHERE no = 'A01'");
    for (let turn = 0; turn < 3; turn++) await state();
    await test.until(
      () => received(test).A01,
      (record) => record?.guestName === 'Still Here',
    );
    const { alerts } = await test.client.overview.get({});
    expect([
      Object.values(received(test)).filter((record) => record.goneAt !== undefined),
      alerts.filter((alert) => alert.connectionId === 'db').map(({ fault }) => fault),
    ]).toEqual([[], [{ code: 'source-rows-vanished', detail: { table: 'question', count: '15', known: '20' } }]]);
  });

  it('names every step of its test, and says when the user may write', async () => {
    await server().run(booking('A1'));
    const tested = async (more: object) => {
      const steps: unknown[] = [];
      for await (const { step, state: how, found } of runChecks(
        sql.checks(sql.settings.parse(settings(more)), { secrets, now: Date.now }),
        anyTime,
      ))
        if (how !== 'running') steps.push([step, how, found]);
      return steps;
    };
    const good = await tested({});
    const over = await tested({ user: 'writer' });
    expect([good.map((one) => (one as string[]).slice(0, 2)), (over as string[][]).find(([step]) => step === 'rights')]).toEqual([
      [
        ['question', 'passed'],
        ['name', 'passed'],
        ['port', 'passed'],
        ['login', 'warned'],
        ['rights', 'passed'],
        ['clock', 'passed'],
        ['columns', 'passed'],
        ['keys', 'passed'],
        ['rows', 'passed'],
      ],
      ['rights', 'warned', expect.stringMatching(/write|INSERT/)],
    ]);
  });
}

describe.skipIf(!hasPostgres)('a question to PostgreSQL (SKIPPED where PostgreSQL is not installed)', { timeout: 60_000 }, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
    const password = secrets.databasePassword.replaceAll("'", "''");
    await server.ask(`CREATE TABLE bookings (no text PRIMARY KEY, guest text, mail text, room text, arrival date, departure date, status text, total numeric(10,2), wish text, changed_at timestamp);
      CREATE INDEX ON bookings (changed_at, no); CREATE TABLE secrets (x int);
      CREATE ROLE reader LOGIN PASSWORD '${password}'; GRANT SELECT ON bookings TO reader;
      CREATE ROLE writer LOGIN PASSWORD '${password}'; GRANT SELECT, UPDATE ON bookings TO writer;`);
    await server.ask("ALTER DATABASE hotels SET timezone = 'Europe/Amsterdam'");
  });
  afterAll(() => server?.close());
  keepsItsPromises('postgresql', () => ({
    port: server.port,
    database: server.database,
    run: (text) => server.ask(text.replaceAll("interval '10' minute", "interval '10 minutes'")),
  }));
});

describe.skipIf(!hasMariaDb)('a question to MariaDB (SKIPPED where MariaDB is not installed)', { timeout: 60_000 }, () => {
  let server: MariaDbServer;
  beforeAll(async () => {
    server = await startMariaDb({ zone: 'Europe/Amsterdam' });
    const password = secrets.databasePassword.replaceAll("'", "''");
    server.ask(`CREATE TABLE bookings (no varchar(20) PRIMARY KEY, guest varchar(100), mail varchar(100), room varchar(10), arrival date, departure date, status varchar(20), total decimal(10,2), wish text, changed_at datetime, KEY (changed_at, no)) CHARACTER SET utf8mb4;
      CREATE TABLE secrets (x int);
      CREATE USER reader@'%' IDENTIFIED BY '${password}'; GRANT SELECT ON bookings TO reader@'%';
      CREATE USER writer@'%' IDENTIFIED BY '${password}'; GRANT SELECT, INSERT ON bookings TO writer@'%';`);
  }, 60_000);
  afterAll(() => server?.close());
  keepsItsPromises('mariadb', () => ({
    port: server.port,
    database: server.database,
    run: async (text) => server.ask(`SET NAMES utf8mb4; ${text}`),
  }));
});

describe('a question to Oracle, by the real driver and a stand-in server', { timeout: 60_000 }, () => {
  let server: OracleServer;
  let test: TestHotel;
  const question =
    'SELECT rn.RESV_NAME_ID AS "Confirmation No", rn.CONFIRMATION_NO AS "Guest Name", NULL AS "Email", NULL AS "Phone", NULL AS "Room", NULL AS "Room Type", ' +
    'TO_CHAR(rn.TRUNC_BEGIN_DATE, \'YYYY-MM-DD\') AS "Arrival", TO_CHAR(rn.TRUNC_END_DATE, \'YYYY-MM-DD\') AS "Departure", NULL AS "Booked On", rn.RESV_STATUS AS "Status", ' +
    'NULL AS "Channel", NULL AS "Total", NULL AS "Deposit", NULL AS "Currency", NULL AS "Payment", NULL AS "Requests", rn.UPDATE_DATE AS "changed" ' +
    "FROM OPERA.RESERVATION_NAME rn WHERE rn.NAME_USAGE_TYPE = 'DG'";
  beforeAll(async () => {
    server = await startOracle();
    server.hotel.fill(120);
    server.hotel.settle();
    test = await testHotel();
  });
  afterAll(async () => {
    await test?.close();
    await server?.close();
  });

  it('is answered, row by row, and its test goes through', async () => {
    const settings = {
      engine: 'oracle',
      host: '127.0.0.1',
      port: server.port,
      database: 'OPERA',
      user: 'HOTEL_READER',
      question,
      keyColumn: 'Confirmation No',
      changedColumn: 'changed',
    };
    const password = { databasePassword: 'Lobby-3-kings' };
    const steps = [];
    for await (const { step, state, fault } of runChecks(
      sql.checks(sql.settings.parse(settings), { secrets: password, now: Date.now }),
      anyTime,
    ))
      if (state !== 'running') steps.push([step, state, fault?.code ?? null]);
    await test.connect({});
    await test.client.connections.remove({ id: 'pms' });
    await test.client.connections.add({
      id: 'db',
      kind: 'sql',
      title: 'Database',
      settings,
      schedule: { kind: 'manual' },
      secrets: password,
    });
    const [source] = (await test.client.connections.list({})).filter((one) => one.id === 'db');
    for (let turn = 0; turn < 2; turn++) if (source) await test.agent.sources.syncNow(source);
    const wanted = [...server.hotel.truth()].filter(
      ({ kind, status }) => kind !== 'companion' && status !== 'PROSPECT' && status !== 'WAITLIST',
    );
    const got = await test.until(
      () => received(test),
      (all) => Object.keys(all).length === wanted.length,
    );
    expect([
      steps.filter(([, state]) => state === 'failed'),
      wanted.filter((one) => got[String(one.resvNameId)]?.checkInDate !== one.arrival),
      server.stats.rejected,
    ]).toEqual([[], [], []]);
  });
});
