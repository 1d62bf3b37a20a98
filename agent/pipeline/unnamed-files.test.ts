import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForReading } from '../../db/open.ts';
import { setting } from '../../db/pipeline/connections.ts';
import { unnamedSince } from '../../db/pipeline/files.ts';
import { restoreBackup } from '../backup/restore.ts';
import { Agent } from '../index.ts';
import { apiRouter } from '../runtime/api.ts';
import { directClient } from '../runtime/wire-client.ts';
import { bookingRow, bookingsFile, inTime, type TestHotel, testHotel } from '../testing.ts';
import { arrivedAt } from '../testing-two-sources.ts';
import { type RawFacts, rawFilesThere, readRawFacts, readRawFile, writeRawFile } from './raw-files.ts';

let test: TestHotel;
let from: string;
let recoveryKey: string;
beforeEach(async () => {
  test = await testHotel();
  await test.connect();
  recoveryKey = test.agent.stores.secrets.recoveryKey();
  await read('a.csv', bookingRow('1'));
});
afterEach(() => test.close());

async function read(name: string, ...rows: readonly string[]): Promise<void> {
  test.drop(name, bookingsFile(...rows));
  await test.sync();
}
async function backUp(): Promise<void> {
  const folder = join(test.folder, 'usb');
  mkdirSync(folder, { recursive: true });
  for await (const { result } of await test.client.backups.make({ folder })) from = result?.folder ?? from;
}
const moveAway = () => {
  for (const name of readdirSync(test.drops)) rmSync(join(test.drops, name), { recursive: true });
};
const restore = (replaces = true) => restoreBackup({ from, recoveryKey, home: test.home, replaces, nowMs: Date.now() });
/** The database is lost: the backup takes its place, and the agent has read what it could. */
async function restored() {
  await test.agent.stop();
  const result = await restore();
  await test.restart();
  await test.agent.unnamed.done();
  return result;
}
const overview = () => test.client.overview.get({});
const codes = async () => (await overview()).alerts.map(({ fault }) => fault.code);
/** What the hub has in the end of each booking. */
async function atTheHub(): Promise<Record<string, unknown>> {
  await test.until(overview, ({ waiting }) => waiting === 0);
  return Object.fromEntries(arrivedAt(test.upstream).map(({ externalId, status }) => [externalId, status]));
}
const copies = () => rawFilesThere(test.home).map(({ path }) => path);
const absolute = (path: string) => join(test.home, path);
const opened = (path: string) => ({ home: test.home, path, key: test.agent.stores.secrets.dataKey });
const factsOf = async (path: string) => (await readRawFacts(opened(path))) as RawFacts;

/** Write another copy of a file, as a kill before its row was written leaves one, or as another clock would have named it. */
async function copyAgain(path: string, change: Partial<RawFacts>, atMs: number, content?: string): Promise<string> {
  const facts = { ...(await factsOf(path)), ...change };
  const chunks = content === undefined ? readRawFile(opened(path)) : [Buffer.from(content)];
  const whole = (async function* () {
    for await (const chunk of chunks) yield chunk;
  })();
  const { key } = opened(path);
  return writeRawFile({ home: test.home, source: facts.source, key, chunks: whole, atMs, facts: () => facts });
}
const damage = (path: string) => {
  const bytes = readFileSync(absolute(path));
  bytes[40] = (bytes[40] as number) ^ 1;
  writeFileSync(absolute(path), bytes);
};

describe('what no row names after a restore', { timeout: 60_000 }, () => {
  it('is not read where a kill has left it behind long before: what came later stays the last word', async () => {
    await read('b.csv', bookingRow('1', { status: 'NO SHOW' }));
    const [first = '', second = ''] = copies();
    const old = bookingsFile(bookingRow('1', { status: 'CANCELLED' }));
    await copyAgain(first, { afterFileId: 1, sha256: 'never registered', bytes: Buffer.byteLength(old) }, 1_700_000_000_000, old);
    await backUp();
    await restored();
    expect([await atTheHub(), await codes(), (await factsOf(second)).afterFileId]).toEqual([{ 1: 'no_show' }, [], 1]);
  });

  it('comes in the order of the files, whatever the clock of this PC said', async () => {
    await backUp();
    await read('b.csv', bookingRow('1', { status: 'NO SHOW' }));
    await read('c.csv', bookingRow('1', { status: 'CHECKED IN' }));
    moveAway();
    const [, b = '', c = ''] = copies();
    await copyAgain(b, {}, Date.now() + 7_200_000);
    await copyAgain(c, {}, Date.now() - 7_200_000);
    for (const path of [b, c]) rmSync(absolute(path));
    await restored();
    expect(await atTheHub()).toEqual({ 1: 'checked_in' });
  });

  it('keeps its place when a check has taken its copy anew', async () => {
    await backUp();
    await read('b.csv', bookingRow('1', { status: 'NO SHOW' }));
    await read('c.csv', bookingRow('1', { status: 'CHECKED IN' }));
    const [, b = ''] = copies();
    damage(b);
    for await (const _ of await test.client.checks.run({}));
    const isAnew = !existsSync(absolute(b)) && copies().length === 3;
    moveAway();
    await restored();
    expect([isAnew, await atTheHub()]).toEqual([true, { 1: 'checked_in' }]);
  });

  it('is followed once more by what came behind it, where its copy is damaged and its file is taken anew', async () => {
    await backUp();
    await read('b.csv', bookingRow('1', { status: 'NO SHOW' }), bookingRow('2'));
    await read('c.csv', bookingRow('1', { status: 'CHECKED IN' }));
    const [, b = ''] = copies();
    damage(b);
    await restored();
    await test.sync();
    expect([await atTheHub(), await codes()]).toEqual([{ 1: 'checked_in', 2: 'confirmed' }, ['copies-unread']]);
  });

  it('has nothing behind it read again as long as its own copy cannot be read', async () => {
    await backUp();
    await read('b.csv', bookingRow('1', { status: 'NO SHOW' }));
    await read('c.csv', bookingRow('1', { status: 'CHECKED IN' }));
    damage(copies()[1] ?? '');
    moveAway();
    await restored();
    const before = await test.client.files.list({ limit: 10 });
    await test.sync();
    await test.sync();
    expect([await test.client.files.list({ limit: 10 }), await atTheHub()]).toEqual([before, { 1: 'checked_in' }]);
  });

  it('is put away at its source as it was to be, where it still lies there', async () => {
    const archive = join(test.folder, 'archive');
    mkdirSync(archive);
    await backUp();
    const { id, settings } = (await test.client.connections.list({})).find((one) => one.direction === 'source') ?? { id: '', settings: {} };
    expect([id, settings]).toEqual(['pms', expect.anything()]);
    await read('b.csv', bookingRow('2'));
    const [, b = ''] = copies();
    await copyAgain(b, { afterwards: { kind: 'archive-file', to: archive } }, Date.now());
    rmSync(absolute(b));
    await restored();
    await test.until(
      () => existsSync(join(archive, 'b.csv')),
      (isThere) => isThere,
    );
    expect(existsSync(join(test.drops, 'b.csv'))).toBe(false);
  });
});

describe('what cannot be read again', { timeout: 60_000 }, () => {
  it('is named, and keeps nothing else waiting: a mapping that is none, zeros, an end that is gone', async () => {
    await backUp();
    await read('b.csv', bookingRow('2'));
    await read('c.csv', bookingRow('3'));
    await read('d.csv', bookingRow('4'));
    const [, b = '', c = '', d = ''] = copies();
    await copyAgain(b, { mappingJson: '{' }, Date.now());
    rmSync(absolute(b));
    writeFileSync(absolute(c), Buffer.alloc(8 * 1024 * 1024));
    const bytes = readFileSync(absolute(d));
    truncateSync(absolute(d), 4 + bytes.readUInt32LE(0));
    moveAway();
    const beganAt = performance.now();
    await restored();
    await read('e.csv', bookingRow('5'));
    const { alerts } = await overview();
    expect([alerts.map(({ fault }) => fault.detail), performance.now() - beganAt < 10_000, Object.keys(await atTheHub())]).toEqual([
      [
        { count: '3', names: expect.stringMatching(/b\.csv/) },
        { detail: expect.stringMatching(/^the mapping by which file \d was taken$/) },
      ],
      true,
      ['1', '2', '3', '4', '5'],
    ]);
    const logs = readdirSync(join(test.home, 'logs')).map((name) => readFileSync(join(test.home, 'logs', name), 'utf8'));
    expect(logs.join('').includes('b.csv')).toBe(false);
  });

  it('is named as well after a restore by hand', async () => {
    await backUp();
    await read('b.csv', bookingRow('2'));
    await read('c.csv', bookingRow('3'));
    const [, b = ''] = copies();
    damage(b);
    moveAway();
    const { readAgain } = await restored();
    expect([readAgain, await codes(), (await overview()).records]).toEqual([2, ['copies-unread'], 2]);
  });
});

describe('a restore by hand', { timeout: 60_000 }, () => {
  it('that was cut short and is done again brings what was taken since all the same', async () => {
    await backUp();
    await read('b.csv', bookingRow('2'));
    moveAway();
    await test.agent.stop();
    // As a kill leaves it between moving aside and the last step.
    const aside = join(test.home, 'replaced-2026-03-01T080000-000Z');
    mkdirSync(aside);
    for (const name of ['raw', 'pipeline.db']) renameSync(join(test.home, name), join(aside, name));
    mkdirSync(join(test.home, 'restoring'));
    writeFileSync(join(test.home, 'restoring', 'aside.json'), JSON.stringify(['replaced-2026-03-01T080000-000Z']));
    const { readAgain } = await restore();
    await test.restart();
    await test.agent.unnamed.done();
    expect([readAgain, (await overview()).records]).toEqual([1, 2]);
  });

  it('takes copies that have gone from the backup out of the data folder that was there', async () => {
    await backUp();
    rmSync(join(from, '..', 'raw'), { recursive: true });
    const [a = ''] = copies();
    const { lostRawFiles } = await restored();
    expect([lostRawFiles, existsSync(absolute(a))]).toEqual([0, true]);
  });

  it('of a backup that was made before all of an earlier one was read still owes what that one did', async () => {
    const owed = { madeAtMs: 1, newestFileId: 1 };
    await test.agent.stores.writer.step('saveSetting', [unnamedSince, owed]);
    await read('b.csv', bookingRow('2'));
    await backUp();
    await test.agent.stop();
    await restore();
    const db = openForReading(join(test.home, 'pipeline.db'));
    const kept = setting(db, unnamedSince);
    db.close();
    expect(kept).toEqual(owed);
  });

  it('lets a person pause a source that waits for what is read again', async () => {
    await backUp();
    await read('b.csv', bookingRow('2'));
    await test.agent.stop();
    await restore();
    const measureDisk = () => ({ freeBytes: 10, totalBytes: 2 ** 40 });
    const agent = await Agent.start(test.home, { withLoops: true, measureDisk });
    const client = directClient(apiRouter(agent));
    void client.connections.syncNow({ id: 'pms' }).catch(() => undefined);
    await test.until(
      () => client.overview.get({}),
      ({ alerts }) => alerts.some(({ fault }) => fault.code === 'disk-nearly-full'),
    );
    const paused = await inTime(client.connections.pause({ id: 'pms' }));
    await agent.stop();
    expect(paused).not.toBe('too late');
  });
});
