import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import type { Run } from '../../contract/run.ts';
import type { Writer } from '../../db/writer.ts';
import { createOperaHotel, type OperaHotel, type OracleServer, startOracle } from '../../sandbox/oracle/index.ts';
import type { TableColumn } from '../../sandbox/oracle/sql/catalogue.ts';
import { bookingRow, bookingsFile, type TestHotel, testHotel } from '../testing.ts';

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await test.close();
});

const runs = async (id = 'pms') => (await test.client.connections.runs({ id })).runs;
/** What a run has brought: files, rows read, rows changed, kept, unchanged, duplicates, set aside. */
const brought = (run: Run | undefined) =>
  run && [run.files, run.rowsRead, run.rowsChanged, run.kept, run.unchanged, run.duplicates, run.setAside];
const ended = (all: readonly Run[]) => all.map(({ cause, outcome, count, fault }) => [cause, outcome, count, fault?.code ?? null]);

/** Let a step of the writing thread fail, the first `times` times. */
function failing(name: string, error: Error, times = Number.POSITIVE_INFINITY): void {
  const { writer } = test.agent.stores;
  const real = writer.step.bind(writer) as (...given: unknown[]) => Promise<unknown>;
  let left = times;
  const step = (...given: unknown[]) => (given[0] === name && left-- > 0 ? Promise.reject(error) : real(...given));
  vi.spyOn(writer, 'step').mockImplementation(step as Writer['step']);
}

describe('the runs of a source of files', () => {
  it('say what each has brought: files, rows, what was kept, what was known, what was set aside', async () => {
    await test.connect();
    test.drop('a.csv', bookingsFile(bookingRow('1'), bookingRow('2'), bookingRow('3', { status: 'TENT' })));
    test.drop('b.csv', bookingsFile(bookingRow('4')));
    await test.sync();
    test.drop('c.csv', bookingsFile(bookingRow('1'), bookingRow('2', { status: 'CANCELLED' }), bookingRow('2', { status: 'CANCELLED' })));
    await test.sync();
    await test.sync();
    const [quiet, second, first] = await runs();
    expect([brought(first), brought(second), brought(quiet), ended(await runs())]).toEqual([
      [2, 4, null, 3, 0, 0, 1],
      [1, 3, null, 1, 2, 1, 0],
      [0, 0, null, 0, 0, 0, 0],
      [
        ['by-hand', 'well', 1, null],
        ['by-hand', 'well', 1, null],
        ['by-hand', 'well', 1, null],
      ],
    ]);
    const facts = [first?.startedAtMs, first?.endedAtMs, first?.tookMs].every((one) => Number.isInteger(one));
    expect(facts && (first?.endedAtMs ?? 0) >= (first?.startedAtMs ?? 0)).toBe(true);
  });

  it('are one line while nothing comes, and one for a fault that stays', async () => {
    await test.connect();
    for (let at = 0; at < 3; at++) await test.sync();
    await test.client.connections.change({
      id: 'pms',
      kind: 'folder-csv',
      title: 'PMS exports',
      settings: { folder: `${test.drops}/gone`, completeWhen: 'done-file' },
      secrets: {},
    });
    for (let at = 0; at < 4; at++) await test.sync();
    const [failed] = await runs();
    expect([ended(await runs()), failed?.fault]).toEqual([
      [
        ['by-hand', 'failed', 4, 'folder-missing'],
        ['by-hand', 'well', 3, null],
      ],
      test.agent.sources.state('pms').fault?.report(),
    ]);
  });

  it('count a file that is gone on with in the run that read it, each part once', async () => {
    await test.connect();
    const rows = Array.from({ length: 30_000 }, (_, id) => bookingRow(String(id)));
    test.drop('large.csv', bookingsFile(...rows));
    const first = test.sync();
    await test.until(
      () => test.agent.sources.state('pms').progress?.rows ?? 0,
      (done) => done > 0,
    );
    await test.agent.sources.stopOne('pms');
    await first;
    await test.sync();
    const [second, stopped] = await runs();
    const sum = (of: 'rowsRead' | 'kept') => (stopped?.[of] ?? 0) + (second?.[of] ?? 0);
    expect([
      ended(await runs()).map(([, outcome]) => outcome),
      stopped?.files,
      second?.files,
      (stopped?.rowsRead ?? 0) > 0 && (stopped?.rowsRead ?? 0) < 30_000,
      sum('rowsRead'),
      sum('kept'),
    ]).toEqual([['well', 'stopped'], 0, 1, true, 30_000, 30_000]);
  });

  it('that the agent did not live to see the end of say so after the next start', async () => {
    await test.connect();
    const startedAtMs = Date.now() - 5000;
    await test.agent.stores.writer.step('beginRun', [{ connectionId: 'pms', cause: 'schedule', reads: 'files', startedAtMs }]);
    await test.restart();
    const [run] = await runs();
    expect([run?.outcome, run?.startedAtMs, run?.endedAtMs, run?.tookMs]).toEqual(['agent-ended', startedAtMs, null, null]);
  });

  it('that were by hand and cut short are finished by themselves after a minute, and one that failed is not', async () => {
    await test.connect();
    const { writer } = test.agent.stores;
    const begunAtMs = Date.now() - 61_000;
    const cutShort = async () => {
      await writer.step('noteSyncStarted', ['pms', begunAtMs]);
      const id = await writer.step('beginRun', [{ connectionId: 'pms', cause: 'by-hand', reads: 'files', startedAtMs: begunAtMs }]);
      return (outcome: 'failed' | 'stopped') =>
        writer.step('endRun', [
          { id, endedAtMs: begunAtMs, tookMs: 5, outcome, fault: outcome === 'failed' ? new Fault('stopped').report() : null },
        ]);
    };
    await (await cutShort())('failed');
    test.drop('a.csv', bookingsFile(bookingRow('1')));
    await delay(1200);
    expect(ended(await runs()).map(([cause, outcome]) => [cause, outcome])).toEqual([['by-hand', 'failed']]);
    await (await cutShort())('stopped');
    const [made] = await test.until(runs, (all) => all.length === 3 && all[0]?.outcome !== null);
    expect([made?.cause, made?.outcome, made?.kept]).toEqual(['catch-up', 'well', 1]);
  });

  it('say whether the schedule started them, or something that is made up for', async () => {
    await test.connect();
    await test.client.connections.setSchedule({ id: 'pms', schedule: { kind: 'every', interval: '15m' } });
    await test.until(runs, (all) => all.length === 1);
    await test.agent.stores.writer.step('noteSyncStarted', ['pms', Date.now() - 3_600_000]);
    const all = await test.until(runs, (found) => found.length === 2);
    expect(ended(all).map(([cause]) => cause)).toEqual(['catch-up', 'schedule']);
  });

  it('never stop a sync because they cannot be noted, and an end that could not be is noted later', async () => {
    await test.connect();
    failing('beginRun', new Fault('disk-full'));
    test.drop('a.csv', bookingsFile(bookingRow('1')));
    await test.sync();
    vi.restoreAllMocks();
    const unnoted = [await runs(), test.agent.sources.state('pms').fault, (await test.client.overview.get({})).records];
    failing('endRun', new Error('no'), 1);
    test.drop('b.csv', bookingsFile(bookingRow('2')));
    await test.sync();
    const owed = await runs();
    test.drop('c.csv', bookingsFile(bookingRow('3')));
    await test.sync();
    expect([unnoted, owed, (await runs()).map(brought), ended(await runs()).map(([, outcome]) => outcome)]).toEqual([
      [[], null, 1],
      [],
      [
        [1, 1, null, 1, 0, 0, 0],
        [1, 1, null, 1, 0, 0, 0],
      ],
      ['well', 'well'],
    ]);
  });
});

describe('the runs of a database, and its fingerprint', { timeout: 60_000 }, () => {
  let hotel: OperaHotel;
  let server: OracleServer;
  afterEach(async () => {
    await server.close();
    hotel.close();
  });

  const open = async () => {
    hotel = createOperaHotel({ seed: 9, startAtMs: Date.UTC(2026, 4, 1, 9) });
    hotel.fill(120);
    hotel.settle();
    server = await startOracle({ hotel });
    await test.connect();
    await test.client.connections.remove({ id: 'pms' });
    await test.client.connections.add({
      id: 'opera',
      kind: 'opera-oracle',
      title: 'OPERA',
      settings: { address: server.url, user: 'HOTEL_READER' },
      schedule: { kind: 'manual' },
      secrets: { databasePassword: 'Lobby-3-kings' },
    });
  };
  const sync = async () => {
    const source = (await test.client.connections.list({})).find((one) => one.id === 'opera');
    if (source) await test.agent.sources.syncNow(source);
  };
  const fingerprint = async () => (await test.client.connections.fingerprint({ id: 'opera' })).fingerprint;

  it('say how many rows were read there and how many of them were new, and agree with the records that were kept', async () => {
    await open();
    await sync();
    const tables = await test.client.connections.tables({ id: 'opera' });
    const sum = (of: 'rowsRead' | 'rowsChanged') => tables.reduce((all, one) => all + one[of], 0);
    const [first] = await runs('opera');
    const { records, setAside } = await test.client.overview.get({});
    expect(brought(first)).toEqual([null, sum('rowsRead'), sum('rowsChanged'), records, expect.any(Number), expect.any(Number), setAside]);
    await sync();
    await sync();
    const [quiet] = await runs('opera');
    expect([quiet?.count, brought(quiet)?.slice(2), (quiet?.rowsRead ?? 0) > 0]).toEqual([2, [0, 0, 0, 0, 0], true]);
  });

  it('count the records of a page that is normalised later in the run that keeps them', async () => {
    await open();
    failing('storeBatch', new Fault('disk-full'));
    await sync();
    vi.restoreAllMocks();
    const [first] = await runs('opera');
    await sync();
    const [second] = await runs('opera');
    const { records } = await test.client.overview.get({});
    expect([
      first?.outcome,
      first?.fault?.code,
      first?.kept,
      (first?.rowsChanged ?? 0) > 0,
      second?.outcome,
      second?.kept === records && records > 0,
    ]).toEqual(['failed', 'disk-full', 0, true, 'well', true]);
  });

  it('tells when the columns were compared last, and keeps it over a restart while the database is away', async () => {
    await open();
    const before = await fingerprint();
    await sync();
    const found = await fingerprint();
    await server.close();
    await test.restart();
    await sync();
    const [failed] = await runs('opera');
    expect([before, found?.tables, found?.differences, await fingerprint(), failed?.outcome]).toEqual([null, 10, [], found, 'failed']);
    await test.client.connections.change({
      id: 'opera',
      kind: 'opera-oracle',
      title: 'OPERA',
      settings: { address: server.url, user: 'SOMEBODY_ELSE' },
      secrets: { databasePassword: 'another' },
    });
    expect(await fingerprint()).toBeNull();
  });

  it('names what is missing and what is not read because of it', async () => {
    await open();
    const columns = hotel.database.table(hotel.owner, 'ROOM')?.columns as TableColumn[];
    columns.splice(
      columns.findIndex(({ name }) => name === 'HK_STATUS'),
      1,
    );
    await sync();
    expect([(await fingerprint())?.differences, ended(await runs('opera'))]).toEqual([
      [{ table: 'ROOM', isMissing: false, columns: [{ column: 'HK_STATUS', found: null, needs: 'text' }], stops: ['rooms'] }],
      [['by-hand', 'failed', 1, 'source-columns']],
    ]);
  });
});
