import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../../../contract/faults.ts';
import { type OracleServer, startOracle } from '../../../../sandbox/oracle/index.ts';
import { hasMariaDb, type MariaDbServer, startMariaDb } from '../../../../sandbox/servers/mariadb.ts';
import { hasPostgres, type PostgresServer, startPostgres } from '../../../../sandbox/servers/postgres.ts';
import { runChecks } from '../../../runtime/connection-test.ts';
import type { Logins } from '../../connector.ts';
import { secondsOf } from '../../watermark.ts';
import type { Column, Engine } from './engine.ts';
import sql from './index.ts';
import { MariaReader } from './mariadb.ts';
import { OracleReader } from './oracle.ts';
import { PostgresReader } from './postgresql.ts';
import { describe as described, questionTable, stampClock } from './question-table.ts';
import type { Settings } from './settings.ts';

const anyTime = new AbortController().signal;
const password = 'p';
const secrets = { databasePassword: password };

/** Every step of a test by its name: how it ended, and what it found. */
async function tested(given: Settings): Promise<Record<string, string>> {
  const steps: Record<string, string> = {};
  for await (const { step, state, found, fault } of runChecks(sql.checks(given, { secrets, now: Date.now }), anyTime))
    steps[step] = `${state}: ${found ?? fault?.code ?? ''}`;
  return steps;
}

const plain: Column = { name: 'id', type: '', stampGrain: null };
/** The engine, and every text that it is asked by. */
function heard(engine: Engine): { readonly engine: Engine; readonly texts: string[] } {
  const texts: string[] = [];
  const rows: Engine['rows'] = (text, values, signal) => {
    texts.push(values.reduce((known, value, at) => known.replace(engine.keyPlace(at + 1, plain), `'${value}'`), text));
    return engine.rows(text, values, signal);
  };
  const listening = new Proxy(engine, {
    get: (of, key) => {
      const value = Reflect.get(of, key, of);
      return key === 'rows' ? rows : typeof value === 'function' ? value.bind(of) : value;
    },
  });
  return { engine: listening, texts };
}

/** The keys of all rows from a stamp on, page by page. */
async function keysFrom(given: Settings, reader: Engine, stamp: string, pageRows: number): Promise<readonly string[]> {
  const table = questionTable(given, reader, await described(given, reader, anyTime));
  const keys: string[] = [];
  for (let after = { stamp, key: null as string | null }; keys.length < 1000; ) {
    const { rows } = await table.pageByStamp(after, pageRows, anyTime);
    keys.push(...rows.map(({ key }) => key));
    const last = rows.at(-1);
    if (!last || rows.length < pageRows) break;
    after = { stamp: last.stamp ?? '', key: last.key };
  }
  return keys;
}

/** A book of logins that writes down what it is told. */
function book(): { readonly logins: Logins; readonly said: string[] } {
  const said: string[] = [];
  const note =
    (word: string) =>
    async (account: string): Promise<void> => {
      said.push(`${word} ${account.replace(/:\d+/, '')}`);
    };
  const begin = async (account: string) => {
    await note('begin')(account);
    return null;
  };
  const logins = {
    begin,
    succeeded: note('succeeded'),
    refused: note('refused'),
    ended: note('ended'),
    unanswered: note('unanswered'),
    failedToday: () => 0,
  };
  return { logins, said };
}

const nameOf = (error: unknown) => (error instanceof Fault ? error.code : error);

describe.skipIf(!hasPostgres)('PostgreSQL (SKIPPED where it is not installed)', { timeout: 60_000 }, () => {
  let server: PostgresServer;
  const settings = (more: object = {}) =>
    sql.settings.parse({
      engine: 'postgresql',
      host: '127.0.0.1',
      port: server.port,
      database: server.database,
      user: 'reader',
      question: 'SELECT no, guest, changed_at FROM bookings',
      keyColumn: 'no',
      changedColumn: 'changed_at',
      allowPlainOnThisPc: true,
      ...more,
    });
  beforeAll(async () => {
    server = await startPostgres();
    await server.ask(`CREATE TABLE bookings (no text PRIMARY KEY, guest text, changed_at timestamp); CREATE INDEX ON bookings (changed_at, no);
      INSERT INTO bookings SELECT 'B' || i, repeat('guest ', 20), now() - i * interval '1 minute' FROM generate_series(1, 20000) i;
      INSERT INTO bookings VALUES ('none', 'x', NULL), ('ever', 'x', 'infinity'), ('never', 'x', '-infinity'); ANALYZE bookings;
      CREATE TABLE utc (no text PRIMARY KEY, changed_at timestamp);
      CREATE ROLE reader LOGIN PASSWORD 'p'; GRANT SELECT ON bookings, utc TO reader;
      CREATE ROLE careless LOGIN PASSWORD 'p'; GRANT SELECT, DELETE ON bookings TO careless;
      CREATE ROLE partly LOGIN PASSWORD 'p'; GRANT SELECT, UPDATE (guest) ON bookings TO partly; CREATE SEQUENCE numbers; GRANT USAGE ON SEQUENCE numbers TO partly;
      CREATE SCHEMA own; GRANT CREATE ON SCHEMA own TO partly; GRANT CREATE ON DATABASE hotels TO partly;
      ALTER DATABASE hotels SET standard_conforming_strings = off; ALTER DATABASE hotels SET timezone = 'Asia/Tokyo';`);
  });
  afterAll(() => server?.close());

  it('refuses a text of more than one statement itself, and reads a backslash as one', async () => {
    const reader = new PostgresReader(settings({ user: 'careless' }), password);
    const several = 'SELECT 1; COMMIT; BEGIN READ WRITE; DELETE FROM bookings; COMMIT; SELECT 1';
    const answers = [
      await reader.rows(several, [], anyTime).catch(nameOf),
      await reader.rows('SHOW standard_conforming_strings', [], anyTime),
      await server.ask('SELECT count(*)::int AS n FROM bookings'),
    ];
    await reader.close();
    expect(answers).toEqual(['source-question', [['on']], [{ n: 20003 }]]);
  });

  it('finds the rows without a stamp by an index, and only those', async () => {
    const { engine, texts } = heard(new PostgresReader(settings(), password));
    const table = questionTable(settings(), engine, await described(settings(), engine, anyTime));
    const unstamped = (await table.pageUnstamped(null, 2000, anyTime)).rows.map(({ key }) => key);
    const late = (await table.pageByStamp({ stamp: '2000-01-01 00:00:00', key: null }, 30_000, anyTime)).rows.length;
    await engine.close();
    const plan = JSON.stringify(await server.ask(`EXPLAIN ${texts[0]}`));
    const isByIndex = /Index Cond: \(+changed_at IS NULL\)/.test(plan) && !plan.includes('Filter');
    expect([unstamped, late, isByIndex]).toEqual([['ever', 'never', 'none'], 20_000, true]);
  });

  it('shows every right to change something, also to a column, a sequence and a schema', async () => {
    const rights = async (user: string) => {
      const reader = new PostgresReader(settings({ user }), password);
      return (await reader.rights(anyTime).finally(() => reader.close())).tooMuch;
    };
    expect([await rights('reader'), await rights('partly')]).toEqual([
      [],
      ['create in own', 'create in the database', 'use the sequence public.numbers', 'write public.bookings'],
    ]);
  });

  it('writes every login into the book, with how it ended', async () => {
    const { logins, said } = book();
    const tries: readonly [object, string][] = [
      [{}, password],
      [{}, 'wrong'],
      [{ database: 'nowhere' }, password],
      [{ port: 9 }, password],
    ];
    for (const [more, given] of tries) {
      const reader = new PostgresReader(settings(more), given, logins);
      await reader.rows('SELECT 1', [], anyTime).catch(nameOf);
      await reader.rows('SELECT 1', [], given === password && !('port' in more) ? anyTime : AbortSignal.abort()).catch(nameOf);
      await reader.close();
    }
    // A user is one of the server, so the database is no part of the account.
    const of = (word: string) => `${word} 127.0.0.1 reader`;
    const ended = [of('begin'), of('ended')];
    expect(said).toEqual([of('begin'), of('succeeded'), of('begin'), of('refused'), ...ended, ...ended, ...ended]);
  });

  it('is not logged into where the book says that the account rests', async () => {
    const logins = { ...book().logins, begin: async () => ({ detail: 'it was refused' }) };
    const reader = new PostgresReader(settings(), password, logins);
    expect(await reader.rows('SELECT 1', [], anyTime).catch((fault: Fault) => fault.report())).toMatchObject({
      code: 'source-login',
      detail: { detail: 'it was refused' },
    });
  });

  it('warns in its test where the changed column is written by another clock, and takes the setting', async () => {
    const question = 'SELECT no, changed_at FROM utc';
    const found: string[] = [];
    for (const [stamp, more] of [
      ["now() AT TIME ZONE 'UTC'", {}],
      ["now() AT TIME ZONE 'UTC'", { stampClock: 'utc' }],
      ["now() AT TIME ZONE 'Asia/Tokyo'", {}],
      ["now() AT TIME ZONE 'Asia/Tokyo'", { stampClock: 'utc' }],
    ] as const) {
      await server.ask(`DELETE FROM utc; INSERT INTO utc VALUES ('A', ${stamp})`);
      found.push((await tested(settings({ question, ...more }))).columns ?? '');
    }
    const reader = new PostgresReader(settings({ stampClock: 'utc' }), password);
    const clock = await stampClock(settings({ stampClock: 'utc' }), reader, null, anyTime).finally(() => reader.close());
    expect([found, clock.local === clock.utc]).toEqual([
      [
        expect.stringMatching(/^warned: .*the changed column seems to be written in UTC; if a row was changed just now, set/),
        expect.stringMatching(/^passed/),
        expect.stringMatching(/^passed/),
        expect.stringMatching(/^warned: .*lies 540 min ahead of the clock/),
      ],
      true,
    ]);
  });

  it('warns in its test where a key begins or ends with a blank', async () => {
    await server.ask("DELETE FROM utc; INSERT INTO utc VALUES ('A', NULL), ('A ', NULL)");
    const good = await tested(settings());
    const padded = await tested(settings({ question: 'SELECT no, changed_at FROM utc' }));
    expect([good.keys, padded.keys]).toEqual([
      'passed: every row has one of its own',
      expect.stringMatching(/^warned: some begin or end with a blank/),
    ]);
  });

  it('closes the line of a test that is left between two steps', async () => {
    const lines = async () => (await server.ask("SELECT 1 FROM pg_stat_activity WHERE application_name = 'bellhop'")).length;
    const checks = sql.checks(settings(), { secrets, now: Date.now }) as readonly { step: string; close?: () => Promise<void> }[];
    const seen: number[] = [];
    for await (const { step, state } of runChecks(checks as never, anyTime)) {
      if (step !== 'rights' || state === 'running') continue;
      seen.push(await lines());
      break;
    }
    await expect.poll(lines).toBe(0);
    expect([seen, checks.every(({ close }) => close !== undefined)]).toEqual([[1], true]);
  });
});

describe.skipIf(!hasMariaDb)('MariaDB (SKIPPED where it is not installed)', { timeout: 60_000 }, () => {
  let server: MariaDbServer;
  const settings = (more: object = {}) =>
    sql.settings.parse({
      engine: 'mariadb',
      host: '127.0.0.1',
      port: server.port,
      database: server.database,
      user: 'reader',
      question: 'SELECT id, t FROM b',
      keyColumn: 'id',
      changedColumn: 't',
      allowPlainOnThisPc: true,
      ...more,
    });
  beforeAll(async () => {
    server = await startMariaDb({ zone: 'Europe/Amsterdam' });
    server.ask(`CREATE TABLE b (id int PRIMARY KEY, t timestamp(3) NULL, d date, dt datetime, position varchar(10), KEY (t, id), KEY (dt, id));
      CREATE USER reader@'%' IDENTIFIED BY 'p'; GRANT SELECT ON b TO reader@'%';
      CREATE DATABASE \`my \`\`hotel\`; CREATE TABLE \`my \`\`hotel\`.x (a int);
      CREATE USER odd@'%' IDENTIFIED BY 'p'; GRANT ALL PRIVILEGES ON \`my \`\`hotel\`.* TO odd@'%'; GRANT SELECT ON b TO odd@'%'; GRANT PROXY ON reader@'%' TO odd@'%';
      CREATE ROLE boss; CREATE ROLE clerk; GRANT INSERT ON b TO boss; GRANT UPDATE (dt) ON b TO clerk; GRANT clerk TO boss;
      CREATE USER roled@'%' IDENTIFIED BY 'p'; GRANT SELECT ON b TO roled@'%'; GRANT boss TO roled@'%'; SET DEFAULT ROLE boss FOR roled@'%';
      CREATE USER could@'%' IDENTIFIED BY 'p'; GRANT SELECT ON b TO could@'%'; GRANT boss TO could@'%';`);
    // 2026-10-25 from 00:00 to 02:00 UTC is the hour from 02:00 to 03:00, twice.
    const row = (at: number) =>
      `INSERT INTO b VALUES (${at}, '2026-10-25 0${Math.floor(at / 12)}:${String((at % 12) * 5).padStart(2, '0')}:00.125', '2026-11-29', '2026-11-29 00:00:00', 'x');`;
    server.ask(`SET time_zone = '+00:00'; ${Array.from({ length: 24 }, (_, at) => row(at)).join(' ')}`);
    server.ask(
      "SET sql_mode = ''; INSERT INTO b VALUES (100, NULL, NULL, NULL, 'x'), (101, '0000-00-00', '0000-00-00', '0000-00-00', 'x');",
    );
    server.ask(
      "INSERT INTO b SELECT 1000 + seq, '2026-01-01 00:00:00', '2026-01-01', '2026-01-01 00:00:00', 'x' FROM seq_1_to_5000; ANALYZE TABLE b;",
    );
  }, 60_000);
  afterAll(() => server?.close());
  const using = async <T>(given: Settings, run: (reader: MariaReader) => Promise<T>): Promise<T> => {
    const reader = new MariaReader(given, password);
    return run(reader).finally(() => reader.close());
  };

  it('reads every row of the hour that comes twice, in pages, by a TIMESTAMP and an index', async () => {
    const given = settings();
    const { engine, texts } = heard(new MariaReader(given, password));
    const all = await keysFrom(given, engine, '2026-10-25 00:00:00', 5);
    const second = await keysFrom(given, engine, '2026-10-25 01:00:00', 500);
    const clock = await engine.clock((await described(given, engine, anyTime)).stamp, anyTime);
    await engine.close();
    const places = server.ask(`EXPLAIN ${texts[0]}`);
    expect([all, second.length, clock.local === clock.utc, /\brange\b/.test(places)]).toEqual([
      Array.from({ length: 24 }, (_, at) => String(at)),
      12,
      true,
      true,
    ]);
  });

  it('reads every key of 20 digits, and says what to do with one of bytes', async () => {
    server.ask(`CREATE TABLE long_keys (id decimal(20,0) PRIMARY KEY, t datetime); GRANT SELECT ON long_keys TO reader@'%';
      INSERT INTO long_keys SELECT 12345678901234567000 + seq, '2026-11-29 00:00:00' FROM seq_1_to_50;
      CREATE TABLE byte_keys (id binary(16) PRIMARY KEY, t datetime); GRANT SELECT ON byte_keys TO reader@'%';`);
    const long = settings({ question: 'SELECT id, t FROM long_keys' });
    const keys = await using(long, (reader) => keysFrom(long, reader, '2026-11-28 00:00:00.000000', 7));
    const bytes = settings({ question: 'SELECT id, t FROM byte_keys' });
    const refused = await using(bytes, (reader) => described(bytes, reader, anyTime)).catch((error: Fault) => [
      error.code,
      error.detail.detail,
    ]);
    const asText = settings({ question: 'SELECT HEX(id) AS id, t FROM byte_keys' });
    const { key } = await using(asText, (reader) => described(asText, reader, anyTime));
    expect([new Set(keys).size, refused, key.type]).toEqual([
      50,
      ['source-columns', 'id holds bytes, which are no text: ask for HEX(id) AS id'],
      '',
    ]);
  });

  it('takes today’s changes by a DATE at whatever hour', async () => {
    const given = settings({ question: 'SELECT id, d FROM b', changedColumn: 'd' });
    expect(await using(given, async (reader) => (await keysFrom(given, reader, '2026-11-29 14:45:00', 500)).length)).toBe(24);
  });

  it('finds the rows without a stamp by an index, and only those', async () => {
    const seen: unknown[] = [];
    for (const column of ['t', 'dt']) {
      const given = settings({ question: `SELECT id, ${column} FROM b`, changedColumn: column });
      const { engine, texts } = heard(new MariaReader(given, password));
      const table = questionTable(given, engine, await described(given, engine, anyTime));
      const keys = (await table.pageUnstamped(null, 2000, anyTime)).rows.map(({ key }) => key);
      const stamped = (await keysFrom(given, engine, '2026-02-01 00:00:00', 2000)).length;
      await engine.close();
      seen.push([keys, stamped, server.ask(`SET sql_mode = ''; EXPLAIN ${texts[0]}`).split('\t')[3]]);
    }
    expect(seen).toEqual([
      [['100', '101'], 24, expect.stringMatching(/^(ref_or_null|range)$/)],
      [['100', '101'], 24, expect.stringMatching(/^(ref_or_null|range)$/)],
    ]);
  });

  it('shows every right to change something, also by a role, on an odd name, and where it cannot be read', async () => {
    const rights = async (user: string) => using(settings({ user }), async (reader) => (await reader.rights(anyTime)).tooMuch);
    expect([await rights('reader'), await rights('odd'), [...(await rights('roled'))].sort(), await rights('could')]).toEqual([
      [],
      expect.arrayContaining(['ALL PRIVILEGES on `my ``hotel`.*', expect.stringMatching(/^a grant that cannot be read: GRANT PROXY/)]),
      ['INSERT on `hotels`.`b`', 'UPDATE on `hotels`.`b`'],
      ['the role `boss`, whose rights cannot be seen'],
    ]);
    expect(JSON.stringify(await rights('odd'))).not.toMatch(/\*[0-9A-F]{40}/);
  });

  it('is asked with a blank before a bracket, and by columns that are called as functions are', async () => {
    const question = 'SELECT MAX (id) AS id, COUNT (*) AS n, CAST (MIN (id) AS CHAR (5)) AS least, position FROM b GROUP BY position';
    const given = settings({ question, changedColumn: undefined });
    const rows = await using(given, async (reader) => {
      const table = questionTable(given, reader, await described(given, reader, anyTime));
      return (await table.pageByKey(null, 10, anyTime)).rows.map(({ cells }) => cells);
    });
    expect(rows).toEqual([['6000', '5026', '0', 'x']]);
  });

  it('writes every login into the book, with how it ended', async () => {
    const { logins, said } = book();
    for (const [more, given] of [
      [{}, password],
      [{}, 'wrong'],
      [{ port: 9 }, password],
    ] as const) {
      const reader = new MariaReader(settings(more), given, logins);
      await reader.rows('SELECT 1', [], anyTime).catch(nameOf);
      await reader.close();
    }
    expect(said.map((one) => one.split(' ')[0])).toEqual(['begin', 'succeeded', 'begin', 'refused', 'begin', 'ended']);
  });

  it('makes one new line when a question was stopped, and keeps it', async () => {
    const { logins, said } = book();
    const reader = new MariaReader(settings(), password, logins);
    await reader.rows('SELECT 1', [], anyTime);
    await reader.rows('SELECT SLEEP(3)', [], AbortSignal.timeout(100)).catch(nameOf);
    const anew = await reader.rows('SELECT 2', [], anyTime);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const still = await reader.rows('SELECT 3', [], anyTime);
    await reader.close();
    expect([anew, still, said.filter((one) => one.startsWith('begin')).length]).toEqual([[['2']], [['3']], 2]);
  });

  it('is not logged into where the book says that the account rests, and is asked for again the next time', async () => {
    let hasRested = false;
    const begin = async () => {
      const rests = hasRested ? null : { detail: 'it was refused' };
      hasRested = true;
      return rests;
    };
    const reader = new MariaReader(settings(), password, { ...book().logins, begin });
    const seen = [await reader.rows('SELECT 1', [], anyTime).catch(nameOf), await reader.rows('SELECT 1', [], anyTime)];
    await reader.close();
    expect(seen).toEqual(['source-login', [['1']]]);
  });
});

describe('Oracle, by the real driver and a stand-in server', { timeout: 60_000 }, () => {
  let server: OracleServer;
  const settings = (question: string) =>
    sql.settings.parse({
      engine: 'oracle',
      host: '127.0.0.1',
      port: server.port,
      database: 'OPERA',
      user: 'HOTEL_READER',
      question,
      keyColumn: 'id',
      changedColumn: 'changed',
    });
  beforeAll(async () => {
    server = await startOracle();
    server.hotel.fill(10);
    server.hotel.settle();
  });
  afterAll(() => server?.close());

  it('reads a column with a zone in UTC: text, order, place and clock', async () => {
    const given = settings('SELECT rn.RESV_NAME_ID AS "id", SYSTIMESTAMP AS "changed" FROM OPERA.RESERVATION_NAME rn');
    const { engine, texts } = heard(new OracleReader(given, 'Lobby-3-kings', undefined));
    const read = await described(given, engine, anyTime);
    const { rows } = await questionTable(given, engine, read).pageByStamp({ stamp: '2000-01-01 00:00:00', key: null }, 5, anyTime);
    const [zoned, plain] = [await engine.clock(read.stamp, anyTime), await engine.clock(null, anyTime)];
    await engine.close();
    const behind = (secondsOf(zoned.utc) ?? 0) - (secondsOf(rows[0]?.stamp ?? '') ?? 0);
    expect([rows.length, zoned.local === zoned.utc, plain.local === plain.utc, Math.abs(behind) < 300]).toEqual([5, true, false, true]);
    expect(texts[0]).toMatch(/ORDER BY SYS_EXTRACT_UTC\(q\."changed"\), q\."id"/);
    expect(texts[0]).toMatch(/SYS_EXTRACT_UTC\(q\."changed"\) >= TO_TIMESTAMP/);
  });

  it('shows the rights that come by a role', async () => {
    const given = settings('SELECT rn.RESV_NAME_ID AS "id" FROM OPERA.RESERVATION_NAME rn');
    const clerk = { grants: { 'OPERA.NAME': ['SELECT', 'UPDATE'] } };
    server.accounts.set('CLERK', { password: 'Lobby-3-kings', roles: { FRONT_DESK: clerk } });
    const rights = async (user: string) => {
      const reader = new OracleReader({ ...given, user }, 'Lobby-3-kings', undefined);
      return (await reader.rights(anyTime).finally(() => reader.close())).tooMuch;
    };
    expect([await rights('HOTEL_READER'), await rights('CLERK')]).toEqual([[], ['UPDATE on OPERA.NAME']]);
  });
});
