import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesToPutAway } from '../../../../db/pipeline/intents.ts';
import { type SandboxSftp, startSftp } from '../../../../sandbox/sftp/server.ts';
import { bookingRow, bookingsFile, hotel, hubDraft, type TestHotel, testHotel } from '../../../testing.ts';
import { SftpLine } from './line.ts';

const password = 'correct horse';
const nowS = Math.floor(Date.now() / 1000);

describe('files that were taken from an SFTP server', () => {
  let test: TestHotel;
  let server: SandboxSftp;
  let hostKey: string;
  beforeEach(async () => {
    test = await testHotel();
    server = await startSftp({ password });
    hostKey = (await SftpLine.hostKey({ host: '127.0.0.1', port: server.port, hostKey: undefined })).text;
    await test.client.property.save(hotel);
    await test.client.connections.add(hubDraft(test.upstream));
  });
  afterEach(async () => {
    await test.close();
    await server.close();
  });

  const draft = (settings: Record<string, unknown>) => ({
    id: 'pms',
    kind: 'sftp-csv',
    title: 'PMS server',
    settings: {
      host: '127.0.0.1',
      port: server.port,
      user: 'hotel',
      hostKey,
      serverFolder: '/exports',
      completeWhen: 'done-file',
      ...settings,
    },
    schedule: { kind: 'manual' as const },
    secrets: { password },
  });
  const connect = (settings: Record<string, unknown>) => test.client.connections.add(draft(settings));
  const change = (settings: Record<string, unknown>) => test.client.connections.change({ ...draft(settings), id: 'pms', secrets: {} });
  const put = (path: string, content: string, mtime: number) => server.files.set(path, { content: Buffer.from(content), mtime });
  /** Put an export on the server, and its done-file so many seconds later. */
  const drop = (name: string, content: string, mtime = nowS - 100, doneAfterS = 3) => {
    put(`/exports/${name}`, content, mtime);
    put(`/exports/${name}.done`, '', mtime + doneAfterS);
  };
  const rows = (...ids: string[]) => bookingsFile(...ids.map((id) => bookingRow(id)));
  const lying = () => [...server.files.keys()].sort();
  const text = (path: string) => server.files.get(path)?.content.toString();
  const open = () => filesToPutAway(test.agent.stores.read, 'pms').length;
  const alerts = async () => (await test.client.overview.get({})).alerts.map(({ fault, severity }) => [fault.code, severity]);
  const received = async (count: number) => {
    await test.until(
      () => test.upstream.received(),
      (known) => known >= count,
    );
    const ids = readFileSync(test.upstream.file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).record.externalId);
    return ids.sort();
  };

  it('stay where they are as long as nobody says otherwise', async () => {
    await connect({});
    drop('a.csv', rows('1'));
    await test.sync();
    await test.sync();
    expect([server.changed, open()]).toEqual([[], 0]);
  });

  it('go to the archive with their done-files once every row is kept, never over another one', async () => {
    await connect({ afterwards: 'move' });
    drop('a.csv', rows('1'));
    await test.sync();
    drop('a.csv', rows('2'), nowS - 50);
    await test.sync();
    await test.sync();
    expect([lying(), text('/exports/taken/a.csv'), text('/exports/taken/a-2.csv'), await received(2), open()]).toEqual([
      ['/exports/taken/a-2.csv', '/exports/taken/a-2.csv.done', '/exports/taken/a.csv', '/exports/taken/a.csv.done'],
      rows('1'),
      rows('2'),
      ['1', '2'],
      0,
    ]);
  });

  it('go to a folder that is named by its whole path', async () => {
    await connect({ afterwards: 'move', archiveFolder: '/exports/2026' });
    drop('a.csv', rows('1'));
    await test.sync();
    expect(lying()).toEqual(['/exports/2026/a.csv', '/exports/2026/a.csv.done']);
  });

  it('are deleted with their done-files where the settings say so, and nothing else is', async () => {
    await connect({ afterwards: 'delete' });
    drop('a.csv', rows('1'));
    put('/exports/notes.txt', 'x', nowS);
    put('/exports/b.csv', rows('2'), nowS);
    await test.sync();
    expect([lying(), await received(1), open()]).toEqual([['/exports/b.csv', '/exports/notes.txt'], ['1'], 0]);
  });

  it.each(['move', 'delete'])('are left alone when they have changed meanwhile, and the newer one is taken (%s)', async (afterwards) => {
    await connect({ afterwards });
    drop('a.csv', rows('1'));
    server.faults.cutsAtChange = 'before';
    await test.sync();
    drop('a.csv', rows('2'), nowS - 50);
    await test.sync();
    await test.sync();
    const left = lying().filter((path) => !path.startsWith('/exports/taken'));
    expect([left, await received(2), open()]).toEqual([[], ['1', '2'], 0]);
    const archived = [...server.files].filter(([path]) => path.endsWith('.csv')).map(([, file]) => file.content.toString());
    expect(archived).toEqual(afterwards === 'move' ? [rows('2')] : []);
  });

  it.each(['move', 'delete'])('are compared by their content where the time tells nothing (%s)', async (afterwards) => {
    await connect({ afterwards });
    // The done-file came within the same second: a newer file of this size would look the same.
    drop('a.csv', rows('1'), nowS, 0);
    server.faults.cutsAtChange = 'before';
    await test.sync();
    drop('a.csv', rows('2'), nowS, 0);
    // It is not read in this run: only what was taken before is put away.
    await change({ afterwards, pattern: 'z*.csv' });
    await test.sync();
    const left = [lying(), [...server.changed], open()];
    await change({ afterwards });
    await test.sync();
    const done = lying().filter((path) => !path.startsWith('/exports/taken/'));
    expect([left, done, await received(2)]).toEqual([[['/exports/a.csv', '/exports/a.csv.done'], [], 0], [], ['1', '2']]);
  });

  it.each(['move', 'delete'])('are never confused with one that is written in the very moment (%s)', async (afterwards) => {
    await connect({ afterwards });
    drop('a.csv', rows('1'));
    server.faults.beforeChange = (what) => {
      if (!what.startsWith('/exports/a.csv > ')) return;
      server.faults.beforeChange = null;
      drop('a.csv', rows('2'), nowS - 50);
    };
    await test.sync();
    expect([text('/exports/a.csv'), lying().includes('/exports/a.csv.done')]).toEqual([rows('2'), true]);
    await test.sync();
    expect(await received(2)).toEqual(['1', '2']);
  });

  it.each(['move', 'delete'])(
    'are put away in the end wherever the line is cut or the agent killed on the way (%s)',
    async (afterwards) => {
      await connect({ afterwards });
      const ends: unknown[] = [];
      for (let change = 0; change < 12; change++) {
        const name = `a${change}.csv`;
        drop(name, rows(String(change)));
        let seen = 0;
        server.faults.beforeChange = () => {
          if (seen++ === change >> 1) server.faults.cutsAtChange = change % 2 === 0 ? 'before' : 'after';
        };
        await test.sync();
        server.faults.beforeChange = null;
        server.faults.cutsAtChange = 'never';
        await test.restart();
        await test.sync();
        await test.sync();
        ends.push([lying().filter((path) => !path.startsWith('/exports/taken/')), open(), await alerts()]);
      }
      const moved = lying().map((path) => path.replace('/exports/taken/', ''));
      const names = Array.from({ length: 12 }, (_, at) => [`a${at}.csv`, `a${at}.csv.done`]).flat();
      expect([ends, moved, (await received(12)).length]).toEqual([
        ends.map(() => [[], 0, []]),
        afterwards === 'move' ? names.sort() : [],
        12,
      ]);
    },
    60_000,
  );

  it('that may not be moved stay where they are under their own names; a warning says what to ask for, and reading goes on', async () => {
    await connect({ afterwards: 'move' });
    drop('a.csv', rows('1'));
    const found: unknown[] = [];
    for (const forbids of ['renaming', 'the archive'] as const) {
      server.faults.forbids = forbids;
      await test.sync();
      const { systems, alerts: standing } = await test.client.overview.get({});
      const [alert] = standing;
      found.push([lying(), systems.find((one) => one.id === 'pms')?.state, alert?.severity, alert?.fault, open()]);
    }
    const fault = {
      code: 'archive-refused',
      detail: { host: '127.0.0.1', user: 'hotel', folder: '/exports', archive: '/exports/taken' },
    };
    const refused = [['/exports/a.csv', '/exports/a.csv.done'], 'ok', 'warning', fault, 1];
    expect(found).toEqual([refused, refused]);
    server.faults.forbids = 'nothing';
    await test.sync();
    expect([lying(), await alerts(), await received(1)]).toEqual([['/exports/taken/a.csv', '/exports/taken/a.csv.done'], [], ['1']]);
  });

  it('that may not be deleted stay under their own names, until the settings say that they stay', async () => {
    await connect({ afterwards: 'delete' });
    drop('a.csv', rows('1'));
    server.faults.forbids = 'removing';
    await test.sync();
    const refused = [lying(), await alerts()];
    await change({ afterwards: 'leave' });
    server.faults.forbids = 'nothing';
    await test.sync();
    expect([refused, lying(), await alerts(), open()]).toEqual([
      [['/exports/a.csv', '/exports/a.csv.done'], [['removal-refused', 'warning']]],
      ['/exports/a.csv', '/exports/a.csv.done'],
      [],
      0,
    ]);
  });

  it('stay where a server tells no times, and that is said', async () => {
    await connect({ afterwards: 'delete', completeWhen: 'still', stillSeconds: 1 });
    server.faults.leavesOut = 'all times';
    put('/exports/a.csv', rows('1'), 0);
    await test.sync();
    expect([lying(), await alerts(), server.changed]).toEqual([['/exports/a.csv'], [['archive-unsure', 'warning']], []]);
  });

  it('of one server are not looked for on another', async () => {
    await connect({ afterwards: 'delete' });
    drop('a.csv', rows('1'));
    server.faults.forbids = 'renaming';
    await test.sync();
    server.faults.forbids = 'nothing';
    await test.client.connections.change({ ...draft({ afterwards: 'delete', host: 'localhost' }), id: 'pms' });
    await test.sync();
    expect([open(), lying()]).toEqual([0, ['/exports/a.csv', '/exports/a.csv.done']]);
  });

  it('the test says what can be told without writing, and writes nothing', async () => {
    drop('a.csv', rows('1'));
    const steps = async (settings: Record<string, unknown>) => {
      const seen: unknown[] = [];
      for await (const step of await test.client.connections.test({ draft: draft(settings) }))
        if (step.step === 'archive' && step.state !== 'running') seen.push([step.state, step.found ?? step.fault?.code]);
      return seen;
    };
    const found = [await steps({}), await steps({ afterwards: 'move' }), await steps({ afterwards: 'delete' })];
    server.faults.folderMode = 0o040555;
    const shut = [await steps({ afterwards: 'move' }), await steps({ afterwards: 'delete' })];
    const untried = (where: string) => `not tried, because that would write: the first file that is taken will show it (${where})`;
    expect([found, shut, server.changed]).toEqual([
      [[], [['passed', untried('/exports/taken')]], [['passed', untried('/exports')]]],
      [[['failed', 'archive-refused']], [['failed', 'removal-refused']]],
      [],
    ]);
  });
});
