import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OracleServer, startOracle } from './index.ts';
import { codeOf, type DriverConnection, drivers } from './testing.ts';

describe.each(drivers)('what goes wrong on purpose, with the driver $versionString', (driver) => {
  let server: OracleServer;
  let connection: DriverConnection;
  const connect = () => driver.getConnection({ user: 'opera', password: 'opera-owner', connectString: server.url });
  beforeEach(async () => {
    server = await startOracle();
    connection = await connect();
  });
  afterEach(() => server.close());
  const ask = () => connection.execute('SELECT 1 FROM DUAL');

  it('answers with any ORA- error, as often as it is set, and then properly', async () => {
    server.setFault({ error: 1555, times: 2, on: 'execute' });
    const codes = [await codeOf(ask()), await codeOf(ask()), await codeOf(ask())];
    server.setFault({ error: { number: 60, text: 'deadlock' }, sql: /DUAL/ });
    const matching = [await codeOf(connection.execute('SELECT COUNT(*) FROM room')), await codeOf(ask())];
    expect([codes, matching]).toEqual([
      ['ORA-01555', 'ORA-01555', 'no error'],
      ['no error', 'ORA-00060'],
    ]);
  });

  it('fails in the middle of a result', async () => {
    server.setFault({ on: 'fetch', error: 1555, times: 1 });
    const { resultSet } = await connection.execute('SELECT room FROM room', [], { resultSet: true, prefetchRows: 2, fetchArraySize: 2 });
    const first = await resultSet!.getRows(2);
    expect([first.length, await codeOf(resultSet!.getRows(2)), await codeOf(ask())]).toEqual([2, 'ORA-01555', 'no error']);
  });

  it('refuses logons while the database is down, and lets in again', async () => {
    server.setFault({ on: 'logon', error: 1033, times: 1 });
    expect([await codeOf(connect()), await codeOf(connect())]).toEqual(['ORA-01033', 'no error']);
  });

  it('turns away at the door, as a listener without a free handler does, and is silent there', async () => {
    server.setFault({ on: 'connect', error: 12516, times: 1 });
    const refused = await connect().catch((error: Error) => error.message);
    server.setFault({ on: 'connect', hangs: true, times: 1 });
    const silent = await codeOf(
      driver.getConnection({ user: 'opera', password: 'opera-owner', connectString: `${server.url}?connect_timeout=1`, connectTimeout: 1 }),
    );
    expect([refused, silent, await codeOf(connect())]).toEqual([
      expect.stringMatching(/^NJS-511: [\s\S]*ORA-12516/),
      'NJS-510',
      'no error',
    ]);
  });

  it('lets no more sessions of an account in than it may have', async () => {
    server.accounts.set('FEW', { password: 'x', mostSessions: 1 });
    const few = () => driver.getConnection({ user: 'few', password: 'x', connectString: server.url });
    const first = await few();
    const second = await codeOf(few());
    await first.close();
    expect([second, await codeOf(few())]).toEqual(['ORA-02391', 'no error']);
  });

  it('lets a call time out, by its own clock or when the client has had enough, and stays usable', async () => {
    server.setFault({ latencyMs: 5000, times: 1 });
    connection.callTimeout = 40;
    const timedOut = await codeOf(ask());
    connection.callTimeout = 0;
    const after = await codeOf(ask());
    server.setFault({ hangs: true, times: 1 });
    const hanging = codeOf(ask());
    setTimeout(() => void connection.break(), 40);
    expect([timedOut, after, await hanging, await codeOf(ask()), server.stats.breaks]).toEqual([
      'NJS-123',
      'no error',
      'ORA-01013',
      'no error',
      2,
    ]);
  });

  it('finds out at the next call that its session was killed, or at once when it waits for an answer', async () => {
    const waiting = await connect();
    server.setFault({ hangs: true, times: 1, on: 'execute' });
    const answer = codeOf(waiting.execute('SELECT 2 FROM DUAL'));
    await connection.ping();
    server.killSessions();
    const codes = [await answer, await codeOf(ask())];
    expect([codes, waiting.isHealthy(), connection.isHealthy()]).toEqual([['NJS-500', 'NJS-500'], false, false]);
  });

  it('loses the line before a commit, or after it and before anybody knows', async () => {
    const insert = async () => {
      const own = await connect();
      await own.execute('INSERT INTO name_merge_log (name_id_from, name_id_to) VALUES (1, 2)');
      return codeOf(own.commit());
    };
    const count = async () => (await (await connect()).execute('SELECT COUNT(*) FROM name_merge_log')).rows;
    server.setFault({ cutsLine: 'before', on: 'commit', times: 1 });
    const before = [await insert(), await count()];
    server.setFault({ cutsLine: 'after', on: 'commit', times: 1 });
    const after = [await insert(), await count()];
    expect([before, after]).toEqual([
      ['NJS-500', [[0]]],
      ['NJS-500', [[1]]],
    ]);
  });

  it('loses every line at once', async () => {
    server.cutLines();
    expect([await codeOf(ask()), connection.isHealthy(), await codeOf(connect())]).toEqual(['NJS-500', false, 'no error']);
  });

  it('serves a pool and many sessions side by side', async () => {
    const pool = await driver.createPool({ user: 'opera', password: 'opera-owner', connectString: server.url, poolMin: 2, poolMax: 4 });
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_, at) => {
        const own = await pool.getConnection();
        const { rows } = await own.execute('SELECT :1 FROM DUAL', [at]);
        await own.close();
        return rows?.[0]?.[0];
      }),
    );
    await pool.close(0);
    expect([answers, server.stats.maxSessions]).toEqual([Array.from({ length: 12 }, (_, at) => at), 5]);
  });
});

it('asks its hook about every call, with the statement and who sent it', async () => {
  const calls: string[] = [];
  const server = await startOracle({
    before: ({ name, user, sql }) => {
      calls.push([name, user, sql ?? ''].join(' ').trim());
      return sql?.includes('NO_SUCH') ? { error: 3113 } : null;
    },
  });
  const [driver] = drivers;
  const connection = await driver!.getConnection({ user: 'opera', password: 'opera-owner', connectString: server.url });
  connection.module = 'bellhop';
  const code = await codeOf(connection.execute("SELECT 'NO_SUCH' FROM DUAL"));
  await server.close();
  expect([code, calls]).toEqual(['NJS-500', ['connect', 'logon', 'logon OPERA', "execute OPERA SELECT 'NO_SUCH' FROM DUAL"]]);
});
