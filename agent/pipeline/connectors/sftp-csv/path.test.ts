import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SourceHealth } from '../../../../contract/health.ts';
import { type SandboxSftp, startSftp } from '../../../../sandbox/sftp/server.ts';
import { bookingRow, bookingsFile, hotel, hubDraft, type TestHotel, testHotel } from '../../../testing.ts';
import { SftpLine } from './line.ts';

const password = 'correct horse';
const nowS = Math.floor(Date.now() / 1000);

describe('the path of a file from an SFTP server', () => {
  let test: TestHotel;
  let server: SandboxSftp;
  beforeEach(async () => {
    test = await testHotel();
    server = await startSftp({ password });
    await test.client.property.save(hotel);
    await test.client.connections.add(hubDraft(test.upstream));
  });
  afterEach(async () => {
    await test.close();
    await server.close();
  });

  const draft = async (settings: Record<string, unknown> = {}) => ({
    id: 'pms',
    kind: 'sftp-csv',
    title: 'PMS server',
    settings: {
      host: '127.0.0.1',
      port: server.port,
      user: 'hotel',
      hostKey: (await SftpLine.hostKey({ host: '127.0.0.1', port: server.port, hostKey: undefined })).text,
      serverFolder: '/exports',
      completeWhen: 'done-file',
      ...settings,
    },
    schedule: { kind: 'manual' as const },
    secrets: { password },
  });
  const connect = async (settings: Record<string, unknown> = {}) => test.client.connections.add(await draft(settings));
  /** Put an export on the server as a system does that writes a done-file three seconds later. */
  const drop = (name: string, content: string, mtime = nowS - 100) => {
    server.files.set(`/exports/${name}`, { content: Buffer.from(content), mtime });
    server.files.set(`/exports/${name}.done`, { content: Buffer.alloc(0), mtime: mtime + 3 });
  };
  const health = async () => (await test.client.overview.get({})).systems.find((system) => system.id === 'pms') as SourceHealth;
  const rows = (count: number, from = 1) => bookingsFile(...Array.from({ length: count }, (_, at) => bookingRow(String(from + at))));
  const delivered = async (count: number) => {
    await test.until(
      () => test.upstream.received(),
      (received) => received >= count,
    );
    const events = readFileSync(test.upstream.file, 'utf8').trim().split('\n');
    const keys = events.map((line) => JSON.parse(line).record.externalId);
    expect([keys.length, new Set(keys).size]).toEqual([count, count]);
  };

  it('brings every booking upstream once, and opens no file twice, also after a restart', async () => {
    await connect();
    drop('a.csv', rows(500));
    drop('b.csv', rows(10, 1000));
    await test.sync();
    await delivered(510);
    const opened = [...server.opened];
    await test.sync();
    await test.restart();
    await test.sync();
    expect([opened, server.opened]).toEqual([['/exports/a.csv', '/exports/b.csv'], opened]);
    await delivered(510);
  });

  it('takes a file that was replaced under the same name and size, and one that was written in the very second of its done-file', async () => {
    await connect();
    drop('a.csv', bookingsFile(bookingRow('1', { total: '100.00' })));
    await test.sync();
    drop('a.csv', bookingsFile(bookingRow('1', { total: '900.00' })), nowS - 50);
    server.files.set('/exports/b.csv', { content: Buffer.from(rows(1, 7)), mtime: nowS });
    server.files.set('/exports/b.csv.done', { content: Buffer.alloc(0), mtime: nowS });
    await test.sync();
    // Within the same second, of the same size: nothing but the content tells.
    server.files.set('/exports/b.csv', { content: Buffer.from(rows(1, 8)), mtime: nowS });
    await test.sync();
    await test.until(
      () => test.upstream.received(),
      (received) => received === 4,
    );
    const events = readFileSync(test.upstream.file, 'utf8').trim().split('\n');
    expect(events.map((line) => JSON.parse(line).record).map((record) => [record.externalId, record.totalAmountMinor])).toEqual([
      ['1', 10_000],
      ['1', 90_000],
      ['7', 10_000],
      ['8', 10_000],
    ]);
  });

  it.each([0.4, 1])('keeps nothing of a file when the line is cut at %d of it, and all of it when it holds', async (part) => {
    await connect();
    const content = rows(4000);
    drop('a.csv', content);
    server.faults.cutAfterBytes = Math.floor(content.length * part) - 1;
    await test.sync();
    expect(await health()).toMatchObject({ state: 'failing', fault: { code: 'source-unreachable' }, entities: [] });
    server.faults.cutAfterBytes = null;
    await test.sync();
    await delivered(4000);
  });

  it('never takes a file that is still being written', async () => {
    await connect({ completeWhen: 'still', stillSeconds: 1 });
    server.files.set('/exports/a.csv', { content: Buffer.from(rows(1)), mtime: nowS });
    let count = 1;
    const writing = setInterval(() => {
      count += 1;
      server.files.set('/exports/a.csv', { content: Buffer.from(rows(count)), mtime: Math.floor(Date.now() / 1000) });
    }, 200);
    await test.sync();
    await test.sync();
    clearInterval(writing);
    expect(server.opened).toEqual([]);
    await test.sync();
    await delivered(count);
  }, 30_000);

  it('keeps nothing of a file that changes while it is read', async () => {
    await connect();
    const content = rows(4000);
    drop('a.csv', content);
    server.faults.mostReadBytes = 2000;
    const running = test.sync();
    await test.until(
      () => server.opened.length,
      (opened) => opened > 0,
    );
    drop('a.csv', content.replaceAll('100.00', '200.00'), nowS - 20);
    await running;
    expect(await health()).toMatchObject({ state: 'failing', fault: { code: 'file-changed' }, entities: [] });
    server.faults.mostReadBytes = null;
    await test.sync();
    await delivered(4000);
  });

  it('goes on with the next run when the server was away meanwhile, and sends no password to another key', async () => {
    await connect();
    drop('a.csv', rows(3));
    await test.sync();
    const { port, hostKey, files } = server;
    await server.close();
    await test.sync();
    expect((await health()).fault?.code).toBe('source-unreachable');
    server = await startSftp({ password, port });
    await test.sync();
    expect([(await health()).fault?.code, server.logins]).toEqual(['host-key-changed', []]);
    await server.close();
    server = await startSftp({ password, port, hostKey });
    for (const [path, file] of files) server.files.set(path, file);
    drop('b.csv', rows(3, 100));
    await test.sync();
    await delivered(6);
  });

  it('takes an old content for the newest word when it is put back with its old time', async () => {
    await connect();
    const [old, other] = ['100.00', '900.00'].map((total) => bookingsFile(bookingRow('1', { total })));
    drop('a.csv', old as string, nowS - 100);
    await test.sync();
    drop('a.csv', other as string, nowS - 50);
    await test.sync();
    drop('a.csv', old as string, nowS - 100);
    await test.sync();
    await test.until(
      () => test.upstream.received(),
      (received) => received === 3,
    );
    const last = readFileSync(test.upstream.file, 'utf8').trim().split('\n').at(-1) ?? '';
    const opened = server.opened.length;
    await test.restart();
    await test.sync();
    expect([JSON.parse(last).record.totalAmountMinor, server.opened.length - opened]).toEqual([10_000, 0]);
  });

  it('reads a file again under a mended mapping when nothing of it could be used', async () => {
    await connect({ mapping: 'opera-departures' });
    drop('a.csv', rows(5));
    await test.sync();
    expect(await health()).toMatchObject({ entities: [{ records: 0 }] });
    const { secrets: _, ...rest } = await draft();
    await test.client.connections.change({ ...rest, id: 'pms', secrets: {} });
    await test.sync();
    await delivered(5);
  });

  it('takes a file whose server tells no time by its content, each time anew', async () => {
    await connect({ completeWhen: 'still', stillSeconds: 2 });
    server.faults.leavesOut = 'all times';
    server.files.set('/exports/a.csv', { content: Buffer.from(rows(1, 1)), mtime: 0 });
    await test.sync();
    server.files.set('/exports/a.csv', { content: Buffer.from(rows(1, 2)), mtime: 0 });
    await test.sync();
    await delivered(2);
  }, 20_000);

  it('stops at once, also while the server hangs in the middle of a file', async () => {
    await connect();
    drop('a.csv', rows(4000));
    server.faults.hangsAtRead = true;
    const running = test.sync();
    await test.until(
      () => server.opened.length,
      (opened) => opened > 0,
    );
    const startedAt = performance.now();
    await test.client.connections.pause({ id: 'pms' });
    await running;
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it('keeps the password when nothing but the title changes, whatever settings are left to their defaults', async () => {
    const [onDefaultPort] = [{ ...(await draft()), settings: { host: '127.0.0.1', user: 'hotel', serverFolder: '/exports' } }];
    await test.client.connections.add(onDefaultPort);
    const changed = await test.client.connections.change({ ...onDefaultPort, id: 'pms', title: 'Another title', secrets: {} });
    expect([changed.secrets, test.agent.stores.secrets.of('pms')]).toEqual([['password'], { password }]);
  });

  it('tests itself step by step, and stops before the login where the key is not confirmed', async () => {
    drop('a.csv', rows(1));
    const steps = async (settings: Record<string, unknown>) => {
      const seen: unknown[] = [];
      for await (const step of await test.client.connections.test({ draft: await draft(settings) }))
        if (step.state !== 'running') seen.push([step.step, step.state, step.fault?.code ?? null]);
      return seen;
    };
    const good = await steps({});
    const logins = server.logins.length;
    const unknown = await steps({ hostKey: undefined });
    expect([good, unknown, server.logins.length]).toEqual([
      ['host-key', 'login', 'files', 'read'].map((step) => [step, 'passed', null]),
      [['host-key', 'failed', 'host-key-unknown'], ...['login', 'files', 'read'].map((step) => [step, 'skipped', null])],
      logins,
    ]);
  });

  it('forgets the password when the connection is led to another server', async () => {
    await connect();
    const { secrets: _, ...rest } = await draft();
    const changed = await test.client.connections.change({
      ...rest,
      id: 'pms',
      settings: { ...rest.settings, host: 'localhost' },
      secrets: {},
    });
    drop('a.csv', rows(1));
    await test.sync();
    expect([changed.secrets, (await health()).fault?.code]).toEqual([[], 'secret-missing']);
  });
});
