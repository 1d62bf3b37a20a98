import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CheckProgress, CheckReport } from '../../contract/check.ts';
import { check as checkCommand } from '../commands/check.ts';
import { apiRouter } from '../runtime/api.ts';
import { openPipe, Wire } from '../runtime/doors.ts';
import { bookingRow, bookingsFile, type TestHotel, testHotel } from '../testing.ts';
import { arrivedAt } from '../testing-two-sources.ts';
import { suspectFile } from './suspect.ts';

let test: TestHotel;
beforeEach(async () => {
  test = await testHotel();
  await test.connect();
});
afterEach(() => test.close());

const rows = (from: number, count: number) => Array.from({ length: count }, (_, index) => bookingRow(`B-${from + index}`));
async function read(name: string, ...lines: readonly string[]): Promise<void> {
  test.drop(name, bookingsFile(...lines));
  await test.sync();
}
async function check(): Promise<CheckReport> {
  let last: CheckProgress | null = null;
  for await (const step of await test.client.checks.run({})) last = step;
  if (!last?.report) throw new Error('no check was made');
  return last.report;
}
/** Change the database as a bad disk does, while the agent is stopped. */
async function damage(change: (db: Database.Database) => void): Promise<void> {
  await test.agent.stop();
  const db = new Database(join(test.home, 'pipeline.db'));
  change(db);
  db.close();
  await test.restart();
}
function flipBit(where: string) {
  return (db: Database.Database): void => {
    const sealed = db.prepare(`select sealed from blocks ${where}`).pluck().get() as Buffer;
    sealed[40] = (sealed[40] as number) ^ 1;
    db.prepare(`update blocks set sealed = ? ${where}`).run(sealed);
  };
}
/** Leave an index with the old word of a row of its table, which no look at the pages alone notices. */
function spoilIndex(db: Database.Database): void {
  const beside = (run: (other: Database.Database) => void) => {
    const other = new Database(db.name);
    other.unsafeMode(true);
    other.pragma('writable_schema = on');
    run(other);
    other.close();
  };
  const letter =
    "insert into dead_letters (connection_id, entity, rule, set_aside_at_ms, correlation_id) values ('x', 'booking', 'row-ragged', 1, x'00')";
  db.exec(`${letter}; create index spoiled on dead_letters (entity)`);
  const row = db.prepare("select * from sqlite_schema where name = 'spoiled'").get() as object;
  beside((other) => other.exec("delete from sqlite_schema where name = 'spoiled'"));
  beside((other) => other.exec("update dead_letters set entity = 'guest' where connection_id = 'x'"));
  beside((other) => other.prepare('insert into sqlite_schema values (@type, @name, @tbl_name, @rootpage, @sql)').run(row));
}
const rawOf = (name: string) =>
  join(test.home, test.agent.stores.read.prepare('select raw_path from files where name = ?').pluck().get(name) as string);
function flipRaw(name: string): void {
  const path = rawOf(name);
  const bytes = readFileSync(path);
  bytes[40] = (bytes[40] as number) ^ 1;
  writeFileSync(path, bytes);
}
const codes = async () => (await test.client.overview.get({})).alerts.map(({ fault }) => fault.code);
const summary = ({ findings }: CheckReport) => findings.map(({ kind, name, rows: count, isMended }) => [kind, name, count, isMended]);

describe('a check of everything that is kept', { timeout: 60_000 }, () => {
  it('opens every block and every copy, finds nothing where all is whole, and is remembered', async () => {
    await read('a.csv', ...rows(0, 600));
    await read('b.csv', ...rows(600, 5));
    const report = await check();
    await test.restart();
    const { last, underWay } = await test.client.checks.get({});
    expect([report.blocks, report.rows, report.rawFiles, report.damaged, last, underWay, await codes()]).toEqual([
      4,
      605,
      2,
      0,
      report,
      null,
      [],
    ]);
  });

  it('has the rows of a damaged block read once more, wherever in the outbox it lies', async () => {
    // Long confirmed, and so many behind it: neither a line nor the look at the start comes by it.
    await read('a.csv', ...rows(0, 11_000));
    await test.until(
      () => arrivedAt(test.upstream).length,
      (count) => count === 11_000,
    );
    await damage(flipBit('where first_seq = 251'));
    const before = (await test.client.checks.get({})).last;
    const report = await check();
    await test.until(
      () => arrivedAt(test.upstream).length,
      (count) => count === 11_250,
    );
    expect([before, summary(report), await codes(), (await check()).damaged]).toEqual([
      null,
      [['block', 'outbox 251', 250, true]],
      ['database-mended'],
      0,
    ]);
  });

  it('takes a damaged copy anew from the source where the file still lies, and sends nothing twice for it', async () => {
    await read('a.csv', ...rows(0, 3));
    await read('b.csv', ...rows(3, 2));
    await test.until(
      () => arrivedAt(test.upstream).length,
      (count) => count === 5,
    );
    flipRaw('a.csv');
    rmSync(rawOf('b.csv'));
    const old = rawOf('a.csv');
    const report = await check();
    const { content } = await test.client.records.row({ seq: 4 });
    expect([
      summary(report),
      await codes(),
      existsSync(old),
      content.kind,
      (await check()).damaged,
      arrivedAt(test.upstream).length,
    ]).toEqual([
      [
        ['raw-file', 'a.csv', 3, true],
        ['raw-file', 'b.csv', 2, true],
      ],
      [],
      false,
      'bytes',
      0,
      5,
    ]);
  });

  it('names the rows of a copy whose file is gone, warns once, and believes it when the copy is whole again', async () => {
    await read('a.csv', ...rows(0, 3));
    const whole = readFileSync(rawOf('a.csv'));
    flipRaw('a.csv');
    rmSync(join(test.drops, 'a.csv'));
    const { findings, mended } = await check();
    const warned = (await test.client.overview.get({})).alerts.map(({ fault, count }) => [fault.code, fault.detail.names, count]);
    await check();
    const again = (await test.client.overview.get({})).alerts.map(({ count }) => count);
    writeFileSync(rawOf('a.csv'), whole);
    expect([findings, mended, warned, again, (await check()).damaged, await codes()]).toEqual([
      [{ kind: 'raw-file', name: 'a.csv', rows: 3, keys: ['B-0', 'B-1', 'B-2'], connectionId: 'pms', isMended: false }],
      0,
      [['check-found-damage', 'a.csv', 1]],
      [1],
      0,
      [],
    ]);
  });

  it('mends a block from a copy that was damaged too, once that is taken anew', async () => {
    await test.client.connections.pause({ id: 'hub' });
    await read('a.csv', ...rows(0, 11_000));
    flipRaw('a.csv');
    await damage(flipBit('where first_seq = 251'));
    const report = await check();
    expect([summary(report), (await test.client.overview.get({})).setAside]).toEqual([
      [
        ['block', 'outbox 251', 250, true],
        ['raw-file', 'a.csv', 11_000, true],
      ],
      0,
    ]);
  });

  it('says that a block is gone, and that pages of the database do not fit together', async () => {
    await read('a.csv', ...rows(0, 300));
    await damage((db) => db.prepare('delete from blocks where first_seq = 1').run());
    await damage(spoilIndex);
    const report = await check();
    // What is written meanwhile may meet the damage as well, and says so.
    const said = (await codes()).filter((code) => code !== 'database-damaged');
    expect([summary(report), said, existsSync(suspectFile(test.home))]).toEqual([
      [
        ['database', 'dead_letters', 0, false],
        ['block-gone', 'outbox 1', 250, false],
      ],
      ['check-found-damage'],
      true,
    ]);
  });

  it('goes on where the last start has left it', async () => {
    await read('a.csv', ...rows(0, 3));
    await read('b.csv', ...rows(3, 3));
    await test.agent.stores.writer.step('saveSetting', [
      'check/under-way',
      { startedAtMs: 1, blocks: 7, rows: 70, rawFiles: 1, rawBytes: 10, place: { stage: 'raw-files', at: 1 }, met: [] },
    ]);
    await test.restart();
    const { last } = await test.until(
      () => test.client.checks.get({}),
      (standing) => standing.last !== null,
    );
    expect([last?.startedAtMs, last?.blocks, last?.rows, last?.rawFiles]).toEqual([1, 7, 70, 2]);
  });

  it('looks at what was written last at every start, and mends it', async () => {
    await test.client.connections.pause({ id: 'hub' });
    await read('a.csv', ...rows(0, 300));
    await damage(flipBit('where first_seq = 251'));
    const alerts = await test.until(codes, (found) => found.length > 0);
    expect([alerts, existsSync(suspectFile(test.home))]).toEqual([['database-mended'], false]);
  });
});

describe('bellhop check', { timeout: 60_000 }, () => {
  /** Run the command; gives its exit code, and what it has printed for programs and for people. */
  async function run(): Promise<{ code: number; report: CheckReport; words: string }> {
    const printed: { value: unknown; words: string } = { value: null, words: '' };
    const line = { home: test.home, isJson: false, arguments: [], tell: () => undefined, readAll: async () => '' };
    const code = await checkCommand({ ...line, print: (value, words) => void Object.assign(printed, { value, words }) });
    return { code, report: printed.value as CheckReport, words: printed.words };
  }

  it('looks through a home that no agent has open, changes nothing in it, and ends with 1 when anything is damaged', async () => {
    await read('a.csv', ...rows(0, 300));
    await read('b.csv', ...rows(300, 2));
    const raw = rawOf('b.csv');
    await test.agent.stop();
    const database = join(test.home, 'pipeline.db');
    const before = readFileSync(database);
    const whole = await run();
    writeFileSync(raw, readFileSync(raw).subarray(0, -1));
    const damaged = await run();
    const after = readFileSync(database);
    await test.restart();
    expect([whole.code, whole.report.rows, damaged.code, summary(damaged.report), after.equals(before)]).toEqual([
      0,
      302,
      1,
      [['raw-file', 'b.csv', 2, false]],
      true,
    ]);
    expect(damaged.words).toContain('DAMAGED: copy of the file b.csv, 2 rows; newest word of B-300, B-301');
  });

  it('has a running agent do it, which mends', async () => {
    await read('a.csv', ...rows(0, 3));
    flipRaw('a.csv');
    const wire = new Wire(apiRouter(test.agent));
    const pipe = await openPipe(test.agent.stores.lock, wire);
    test.agent.stores.lock.announce(test.agent.version);
    const { code, report } = await run();
    wire.close();
    await pipe.close();
    expect([code, summary(report)]).toEqual([0, [['raw-file', 'a.csv', 3, true]]]);
  });
});
