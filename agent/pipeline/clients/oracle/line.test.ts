import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../../../contract/faults.ts';
import { makeCertificates } from '../../../../sandbox/oracle/certificates.ts';
import { type OracleOptions, type OracleServer, startOracle } from '../../../../sandbox/oracle/index.ts';
import type { Logins } from '../../connector.ts';
import { oracleAddress } from './address.ts';
import type { Way } from './driver.ts';
import { OracleLine } from './line.ts';
import { foundClient, isClient, waysIn } from './ways.ts';

const anyTime = new AbortController().signal;
const thin: readonly Way[] = [{ package: 'oracledb', mode: 'thin' }];
let server: OracleServer | null = null;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-oracle-'));
});
afterEach(async () => {
  await server?.close();
  server = null;
  rmSync(folder, { recursive: true, force: true });
});

const started = async (options: OracleOptions = {}) => {
  server = await startOracle(options);
  return server;
};
const lineTo = (
  address: string,
  more: { readonly ways?: readonly Way[]; readonly caPem?: string; readonly password?: string; readonly logins?: Logins } = {},
) => new OracleLine({ address: oracleAddress(address), user: 'HOTEL_READER', password: 'Lobby-3-kings', ways: thin, ...more });
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'went through',
    (error) => (error instanceof Fault ? error.code : `not named: ${error}`),
  );
const one = (line: OracleLine, signal = anyTime) => line.readOnly(signal, (ask) => ask('SELECT 1 FROM DUAL', {}, { doing: 'asking' }));

describe('a line to Oracle', { timeout: 60_000 }, () => {
  it('is made once, reads only, and ends with its process', async () => {
    const { url, stats } = await started();
    const line = lineTo(url);
    for (let turn = 0; turn < 3; turn++) await one(line);
    const write = await codeOf(
      line.readOnly(anyTime, (ask) => ask("UPDATE OPERA.RESERVATION_NAME SET RESV_STATUS = 'X'", {}, { doing: 'writing' })),
    );
    await line.close();
    expect([stats.logins, stats.maxSessions, write]).toEqual([1, 1, 'source-rights']);
  });

  it('is made anew after its session was killed or its server has gone away and come back', async () => {
    const own = await started();
    const line = lineTo(own.url);
    await one(line);
    own.killSessions();
    const killed = await codeOf(one(line));
    const after = await codeOf(one(line));
    own.cutLines();
    const cut = await codeOf(one(line));
    const again = await codeOf(one(line));
    await line.close();
    expect([killed, after, cut === 'went through' || cut === 'source-unreachable', again]).toEqual([
      'source-unreachable',
      'went through',
      true,
      'went through',
    ]);
  });

  it('stops at once when it is told to, and leaves no process behind', async () => {
    const own = await started();
    const line = lineTo(own.url);
    await one(line);
    own.setFault({ on: 'execute', hangs: true });
    const stop = new AbortController();
    const waiting = codeOf(one(line, stop.signal));
    setTimeout(() => stop.abort(), 100);
    const startedAt = Date.now();
    expect([await waiting, Date.now() - startedAt < 5000]).toEqual(['stopped', true]);
    await line.close();
  });

  it('waits for a listener that stays silent no longer than it may', async () => {
    const own = await started();
    own.setFault({ on: 'logon', hangs: true });
    const said: string[] = [];
    const note = (word: string) => async () => void said.push(word);
    const words = { succeeded: note('succeeded'), refused: note('refused'), ended: note('ended'), unanswered: note('unanswered') };
    const logins = { begin: async () => null, failedToday: () => 0, ...words };
    const line = lineTo(own.url, { logins });
    const silent = await codeOf(line.login(anyTime));
    await own.close();
    const closed = await codeOf(line.login(anyTime));
    await line.close();
    // The password may have been judged by the one, and never came to the other.
    expect([silent, closed, said]).toEqual(['source-timeout', 'source-unreachable', ['unanswered', 'ended']]);
  });

  it('talks over tcps where the certificate is good, and names what is wrong with it where it is not', async () => {
    const certificates = makeCertificates();
    const found: string[] = [];
    for (const [name, caPem] of [
      ['good', certificates.authority],
      ['good', undefined],
      ['expired', certificates.authority],
      ['wrongHost', certificates.authority],
      ['unknown', certificates.authority],
    ] as const) {
      const own = await startOracle({ tls: certificates[name] });
      const line = lineTo(own.url, caPem ? { caPem } : {});
      found.push(await codeOf(line.login(anyTime)));
      await line.close();
      await own.close();
    }
    expect(found).toEqual(['went through', 'tls-untrusted', 'tls-expired', 'tls-wrong-host', 'tls-untrusted']);
  });

  it('tries other ways in only where the server is too old, and says what it has tried', async () => {
    const client = join(folder, 'instantclient');
    mkdirSync(client);
    // A client that cannot be loaded: no real one can be had here.
    writeFileSync(join(client, process.platform === 'win32' ? 'oci.dll' : 'libclntsh.so'), 'no library');
    const old = await started({ serverVersion: '11.2' });
    const line = lineTo(old.url, { ways: waysIn(client) });
    const tooOld = await codeOf(line.login(anyTime));
    await line.close();
    const own = await startOracle();
    const wrong = lineTo(own.url, { ways: waysIn(client), password: 'wrong' });
    const refused = await codeOf(wrong.login(anyTime));
    await wrong.close();
    const { failedLogins } = own.stats;
    await own.close();
    expect([tooOld, refused, failedLogins]).toEqual(['oracle-too-old', 'source-login', { HOTEL_READER: 1 }]);
  });
});

it('finds an Oracle client by its library, and knows the ways that it opens', () => {
  const name = process.platform === 'win32' ? 'oci.dll' : process.platform === 'darwin' ? 'libclntsh.dylib' : 'libclntsh.so.19.1';
  mkdirSync(join(folder, 'lib'));
  writeFileSync(join(folder, 'lib', name), '');
  expect([
    isClient(join(folder, 'lib')),
    isClient(folder),
    foundClient({ ORACLE_HOME: folder }),
    waysIn(join(folder, 'lib')).map((way) => `${way.package} ${way.mode}`),
  ]).toEqual([true, false, join(folder, 'lib'), ['oracledb thin', 'oracledb thick', 'oracledb6 thick']]);
});
