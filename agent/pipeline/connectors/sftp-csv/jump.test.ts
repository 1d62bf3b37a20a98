import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SandboxSftp, startSftp } from '../../../../sandbox/sftp/server.ts';
import { bookingRow, bookingsFile, hotel, hubDraft, type TestHotel, testHotel } from '../../../testing.ts';
import { hostKeyOf } from './host-key.ts';
import { makeKeyPair } from './key.ts';

describe('a file server behind a jump host', () => {
  let test: TestHotel;
  let gate: SandboxSftp;
  let server: SandboxSftp;
  const gatePassword = 'password of the gate';
  const password = 'password of the server';
  const keys = makeKeyPair('bellhop@ALDQ');
  beforeEach(async () => {
    test = await testHotel();
    gate = await startSftp({ password: gatePassword, publicKey: keys.handOver });
    server = await startSftp({ password, publicKey: keys.handOver });
    await test.client.property.save(hotel);
    await test.client.connections.add(hubDraft(test.upstream));
    server.files.set('/exports/a.csv', { content: Buffer.from(bookingsFile(bookingRow('1'), bookingRow('2'))), mtime: 1_772_000_000 });
    server.files.set('/exports/a.csv.done', { content: Buffer.alloc(0), mtime: 1_772_000_003 });
  });
  afterEach(async () => {
    await test.close();
    await gate.close();
    await server.close();
  });

  const keyOf = (of: SandboxSftp) => hostKeyOf(of.hostKeyBlob).text;
  const both = { password, jumpPassword: gatePassword };
  const draft = (settings: Record<string, unknown> = {}, secrets: Record<string, string> = both) => ({
    id: 'pms',
    kind: 'sftp-csv',
    title: 'PMS server',
    settings: {
      host: '127.0.0.1',
      port: server.port,
      user: 'hotel',
      hostKey: keyOf(server),
      serverFolder: '/exports',
      completeWhen: 'done-file',
      jumpHost: '127.0.0.1',
      jumpPort: gate.port,
      jumpHostKey: keyOf(gate),
      ...settings,
    },
    schedule: { kind: 'manual' as const },
    secrets,
  });
  const faultOf = async () => (await test.client.overview.get({})).systems.find((system) => system.id === 'pms')?.fault;
  const received = async (count: number) => {
    await test.until(
      () => test.upstream.received(),
      (known) => known === count,
    );
    return readFileSync(test.upstream.file, 'utf8').trim().split('\n').length;
  };
  /** What each step of the test ends in, up to the first that fails. */
  const steps = async (settings: Record<string, unknown> = {}, secrets = both) => {
    const seen: unknown[] = [];
    for await (const step of await test.client.connections.test({ draft: draft(settings, secrets) }))
      if (step.state !== 'running' && step.state !== 'skipped') seen.push(step.fault ? [step.step, step.fault] : step.step);
    return seen;
  };

  it('is read through it, each with its own password, and put away through it', async () => {
    await test.client.connections.add(draft({ afterwards: 'move' }));
    await test.sync();
    expect([await received(2), [...server.files.keys()], new Set(gate.forwarded), await faultOf()]).toEqual([
      2,
      ['/exports/taken/a.csv.done', '/exports/taken/a.csv'],
      new Set([`127.0.0.1:${server.port}`]),
      null,
    ]);
  });

  it('is read with the same login at both where nothing else is entered for the jump host', async () => {
    await test.client.connections.add(draft({}, { privateKey: keys.secret }));
    await test.sync();
    expect(await received(2)).toBe(2);
  });

  it('is tested step by step, and nothing is said to a jump host whose key nobody has confirmed, or that shows another', async () => {
    const good = await steps();
    const before = [gate.logins.length, server.logins.length];
    const unknown = await steps({ jumpHostKey: undefined });
    const changed = await steps({ jumpHostKey: keyOf(server) });
    expect([good, unknown, changed, [gate.logins.length, server.logins.length]]).toEqual([
      ['jump-key', 'jump-login', 'host-key', 'login', 'files', 'read'],
      [
        [
          'jump-key',
          {
            code: 'host-key-unknown',
            detail: { host: '127.0.0.1', key: keyOf(gate), words: expect.any(String), setting: 'jumpHostKey' },
          },
        ],
      ],
      [['jump-key', { code: 'host-key-changed', detail: { host: '127.0.0.1', pinned: keyOf(server), key: keyOf(gate) } }]],
      before,
    ]);
  });

  it('says nothing to the server behind it whose key nobody has confirmed, and says which setting the key belongs into', async () => {
    const found = await steps({ hostKey: undefined });
    expect([found.slice(0, 2), (found[2] as [string, { detail: object }])[1].detail, server.logins]).toEqual([
      ['jump-key', 'jump-login'],
      { host: '127.0.0.1', key: keyOf(server), words: expect.any(String), setting: 'hostKey' },
      [],
    ]);
  });

  it('never sends the password of the server to a jump host that has one of its own', async () => {
    const found = await steps({}, { password, jumpPassword: 'wrong' });
    expect([found, server.logins]).toEqual([
      ['jump-key', ['jump-login', { code: 'login-refused', detail: { host: '127.0.0.1', user: 'hotel' } }]],
      [],
    ]);
  });

  it('names the jump host that lets nobody through, and the server that it does not reach', async () => {
    gate.faults.forbidsForwarding = true;
    const refused = await steps();
    gate.faults.forbidsForwarding = false;
    const unreachable = await steps({ port: 1 });
    expect([refused.at(-1), unreachable.at(-1)]).toEqual([
      ['host-key', { code: 'jump-refused', detail: { host: '127.0.0.1', user: 'hotel', target: `127.0.0.1:${server.port}` } }],
      ['host-key', { code: 'source-unreachable', detail: { host: '127.0.0.1', detail: '127.0.0.1 does not get there' } }],
    ]);
  });

  it('goes on with the next run when either of them was away, and loses nothing', async () => {
    await test.client.connections.add(draft());
    const { port, hostKey } = gate;
    await gate.close();
    await test.sync();
    const away = await faultOf();
    gate = await startSftp({ password: gatePassword, port, hostKey });
    server.faults.cutAfterBytes = 10;
    await test.sync();
    const cut = await faultOf();
    server.faults.cutAfterBytes = null;
    await test.sync();
    expect([away?.code, cut?.code, await received(2), await faultOf()]).toEqual(['source-unreachable', 'source-unreachable', 2, null]);
  });

  it('is given up at once when the jump host dies in the middle of a file', async () => {
    await test.client.connections.add(draft());
    server.faults.hangsAtRead = true;
    const running = test.sync();
    await test.until(
      () => server.opened.length,
      (opened) => opened > 0,
    );
    const { port, hostKey } = gate;
    await gate.close();
    await running;
    const fault = await faultOf();
    gate = await startSftp({ password: gatePassword, port, hostKey });
    server.faults.hangsAtRead = false;
    await test.sync();
    expect([fault?.code, await received(2)]).toEqual(['source-unreachable', 2]);
  });

  it('is not sent the passwords when the connection is led through another jump host', async () => {
    await test.client.connections.add(draft());
    const changed = await test.client.connections.change({ ...draft({ jumpHost: 'localhost' }, {}), id: 'pms' });
    expect(changed.secrets).toEqual([]);
  });
});
