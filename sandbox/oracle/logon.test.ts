import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type OracleOptions, type OracleServer, startOracle } from './index.ts';
import { codeOf, drivers } from './testing.ts';

const servers: OracleServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function started(options: OracleOptions = {}): Promise<OracleServer> {
  const server = await startOracle({ users: { READER: { password: 'Gäste-1€' }, OTHER: { password: 'x' } }, ...options });
  servers.push(server);
  return server;
}

describe.each(drivers)('logging on with the driver $versionString', (driver) => {
  const as = (server: OracleServer, more: object = {}) =>
    driver.getConnection({ user: 'reader', password: 'Gäste-1€', connectString: server.url, ...more });
  const bySid = (server: OracleServer, sid: string) =>
    `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${server.port}))(CONNECT_DATA=(SID=${sid})))`;

  it('lets the right password in, by service and by SID, and says what it is', async () => {
    const server = await started();
    const connection = await as(server);
    const other = await as(server, { connectString: bySid(server, 'opera') });
    const said = [driver.thin, connection.oracleServerVersionString, connection.serviceName, server.stats.maxSessions];
    await Promise.all([connection.close(), other.close()]);
    expect(said).toEqual([true, '19.21.0.0.0', 'OPERA', 2]);
  });

  it('locks an account with the third wrong password, and counts nobody else for it', async () => {
    const server = await started();
    const wrong = { password: 'guess' };
    const codes: string[] = [];
    for (const more of [wrong, { user: 'nobody' }, wrong, { user: 'other', password: 'x' }, wrong, {}])
      codes.push(await codeOf(as(server, more)));
    expect([codes, server.stats.failedLogins]).toEqual([
      ['ORA-01017', 'ORA-01017', 'ORA-01017', 'no error', 'ORA-01017', 'ORA-28000'],
      { READER: 3, NOBODY: 1 },
    ]);
  });

  it('forgets wrong passwords after a right one', async () => {
    const server = await started();
    const codes: string[] = [];
    for (const password of ['a', 'b', 'Gäste-1€', 'c', 'd', 'Gäste-1€']) codes.push(await codeOf(as(server, { password })));
    expect(codes.filter((code) => code === 'no error')).toHaveLength(2);
  });

  it('turns away whoever is locked, expired or may not open a session, and warns whose password ends', async () => {
    const server = await started({
      users: {
        LOCKED: { password: 'x', status: 'locked' },
        EXPIRED: { password: 'x', status: 'expired' },
        NOBODY: { password: 'x', systemPrivileges: [] },
        ENDING: { password: 'x', status: 'expiring' },
      },
    });
    const codes = await Promise.all(['locked', 'expired', 'nobody'].map((user) => codeOf(as(server, { user, password: 'x' }))));
    const connection = await as(server, { user: 'ending', password: 'x' });
    expect([codes, connection.warning?.message.split('\n')[0]]).toEqual([
      ['ORA-28000', 'ORA-28001', 'ORA-01045'],
      'ORA-28002: the password will expire within 7 days',
    ]);
  });

  it('refuses what it does not know or is not: service, SID, an old server, an old password', async () => {
    const [server, old, weak] = [await started(), await started({ serverVersion: '11.2' }), await started({ verifier: '10g' })];
    const calls = [
      as(server, { connectString: `127.0.0.1:${server.port}/NOWHERE` }),
      as(server, { connectString: bySid(server, 'NOWHERE') }),
      as(old),
      as(weak),
    ];
    expect(await Promise.all(calls.map(codeOf))).toEqual(['NJS-518', 'NJS-519', 'NJS-138', 'NJS-116']);
  });

  it('takes a description that is too long for the first packet', async () => {
    const server = await started();
    const description = `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${server.port}))(CONNECT_DATA=(SERVICE_NAME=OPERA)(CID=(PROGRAM=${'x'.repeat(250)}))))`;
    expect(await codeOf(as(server, { connectString: description }))).toBe('no error');
  });
});

it('stays up when somebody sends rubbish', async () => {
  const server = await started();
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const bytes = randomBytes(1 + ((attempt * 37) % 400));
    // Half of them look like packets.
    if (attempt % 2 === 0 && bytes.length >= 8)
      bytes.set([bytes.length >> 8, bytes.length & 0xff, 0, 0, [1, 6, 12][attempt % 3] ?? 1, 0, 0, 0]);
    socket.end(bytes);
    socket.resume();
    await once(socket, 'close');
  }
  const [driver] = drivers;
  expect(await codeOf(driver?.getConnection({ user: 'other', password: 'x', connectString: server.url }) ?? Promise.reject())).toBe(
    'no error',
  );
});
