import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BackupProgress } from '../../contract/backup.ts';
import { Fault } from '../../contract/faults.ts';
import { Agent } from '../index.ts';
import { apiRouter } from '../runtime/api.ts';
import { directClient } from '../runtime/wire-client.ts';
import { bookingRow, bookingsFile, type TestHotel, testHotel } from '../testing.ts';
import { restoreBackup } from './restore.ts';

let test: TestHotel;
let safe: string;
beforeEach(async () => {
  test = await testHotel();
  safe = join(test.folder, 'usb');
  mkdirSync(safe);
});
afterEach(() => test.close());

type Result = NonNullable<BackupProgress['result']>;

async function backUp(folder = safe): Promise<Result> {
  let result: Result | null = null;
  for await (const step of await test.client.backups.make({ folder })) result = step.result ?? result;
  if (!result) throw new Error('no backup was made');
  return result;
}

const faultOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => (error instanceof Fault ? error.code : ((error as { data?: { code?: string } }).data?.code ?? String(error))),
  );

async function drop(name: string, ...rows: readonly string[]): Promise<void> {
  test.drop(name, bookingsFile(...rows));
  await test.sync();
}
const delivered = () =>
  test.until(
    async () => (await test.client.overview.get({})).systems.find((system) => system.id === 'hub'),
    (hub) => hub?.direction === 'destination' && hub.waiting === 0,
  );

/** What the hub has in the end: the state of each booking as it has applied them, newest rank last. */
function atTheHub(): Record<string, string> {
  const lines = readFileSync(test.upstream.file, 'utf8').split('\n').slice(0, -1);
  return Object.fromEntries(lines.map((line) => JSON.parse(line).record).map((one) => [one.externalId, one.status]));
}

/** Every file below a folder, by its path from there. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(folder, name)).isFile());
}

/** The PC is gone: a new one gets the backup, or nothing but its settings. */
async function newPc(restore: { from: string; recoveryKey: string } | null): Promise<void> {
  await test.agent.stop();
  rmSync(test.home, { recursive: true, force: true });
  if (restore) await restoreBackup({ ...restore, home: test.home, replaces: false, nowMs: Date.now() });
  await test.restart();
  if (!restore) await test.connect();
}

describe('a backup', () => {
  it('is made while the agent works, and gives back every record, secret and raw file on another PC', async () => {
    await test.connect();
    await drop('one.csv', bookingRow('1'), bookingRow('2', { status: 'TENT' }), bookingRow('3'));
    await delivered();
    const made = await backUp();
    const recoveryKey = test.agent.stores.secrets.recoveryKey();
    const before = await test.client.records.list({ entity: 'booking', sort: 'key', offset: 0, limit: 10 });
    await newPc({ from: made.folder, recoveryKey });
    const after = await test.client.records.list({ entity: 'booking', sort: 'key', offset: 0, limit: 10 });
    const letters = await test.client.deadLetters.list({ limit: 10 });
    const { content } = await test.client.records.row({ seq: 1 });
    const text = content.kind === 'bytes' ? Buffer.from(content.base64, 'base64').toString('utf8') : '';
    expect([made.records, made.rawFiles, made.lostRawFiles, after.rows, letters.total, text.startsWith('1,Ada')]).toEqual([
      2,
      1,
      0,
      before.rows,
      1,
      true,
    ]);
    await drop('two.csv', bookingRow('4'));
    await delivered();
    expect(Object.keys(atTheHub())).toEqual(['1', '3', '4']);
  });

  it('copies a raw file once, however often it is made, and holds nothing of a guest in the clear', async () => {
    await test.connect();
    await drop('one.csv', bookingRow('1', { name: 'Quirin Canaryson' }));
    const first = await backUp();
    await drop('two.csv', bookingRow('2', { name: 'Quirin Canaryson' }));
    const second = await backUp();
    const inTheClear = filesBelow(safe).filter((name) => readFileSync(join(safe, name)).includes('Canaryson'));
    expect([first.newRawFiles, second.newRawFiles, second.rawFiles, inTheClear]).toEqual([1, 1, 2, []]);
    expect(filesBelow(join(test.home, 'run')).filter((name) => name.includes('snapshot'))).toEqual([]);
  });

  it('says when a raw file is damaged in the data folder already, and is made all the same', async () => {
    await test.connect();
    await drop('one.csv', bookingRow('1'));
    await drop('two.csv', bookingRow('2'));
    const [victim = ''] = filesBelow(join(test.home, 'raw'));
    const bytes = readFileSync(join(test.home, 'raw', victim));
    bytes[20] = (bytes[20] as number) ^ 1;
    writeFileSync(join(test.home, 'raw', victim), bytes);
    const made = await backUp();
    expect([made.records, made.rawFiles, made.lostRawFiles]).toEqual([2, 1, 1]);
  });

  it('is refused in the data folder itself and where nothing can be written, and leaves nothing half made', async () => {
    await test.connect();
    writeFileSync(join(safe, 'a-file'), '');
    expect([
      await faultOf(backUp(join(test.home, 'backups'))),
      await faultOf(backUp(test.home)),
      await faultOf(backUp(join(safe, 'a-file'))),
      filesBelow(safe),
    ]).toEqual(['backup-folder-unusable', 'backup-folder-unusable', 'backup-folder-unusable', ['a-file']]);
  });
});

describe('a backup', () => {
  it('is made one at a time, and with what there is of the two files of secrets', async () => {
    await test.connect();
    await drop('one.csv', bookingRow('1'));
    rmSync(join(test.home, 'secrets.copy.json'));
    const [first, second] = await Promise.all([faultOf(backUp()), faultOf(backUp())]);
    await test.restart();
    expect([[first, second].sort(), existsSync(join(test.home, 'secrets.copy.json'))]).toEqual([['input-wrong', null], true]);
  });

  it('that was killed leaves no copy behind at the next start', async () => {
    await test.agent.stop();
    writeFileSync(join(test.home, 'run', 'snapshot-cafe.db'), 'half of it');
    mkdirSync(join(test.home, 'restoring'));
    await test.restart();
    expect([
      readdirSync(join(test.home, 'run')).filter((name) => name.startsWith('snapshot')),
      existsSync(join(test.home, 'restoring')),
    ]).toEqual([[], false]);
  });
});

describe('after a restore', () => {
  it('nothing is lost and no old state stays: back up, change, deliver, destroy, restore, change again', async () => {
    await test.connect();
    await drop('a.csv', ...['1', '2', '3', '4'].map((id) => bookingRow(id)));
    await delivered();
    const made = await backUp();
    const recoveryKey = test.agent.stores.secrets.recoveryKey();
    await drop('b.csv', bookingRow('1', { status: 'CANCELLED' }), bookingRow('2', { status: 'CHECKED IN' }), bookingRow('5'));
    await delivered();
    // What the lost PC had put away is gone with it: only the hub has it.
    rmSync(join(test.drops, 'b.csv'));
    await newPc({ from: made.folder, recoveryKey });
    // 1 is what it was at the time of the backup, so that the restored ledger alone would call it unchanged.
    await drop('c.csv', bookingRow('1'), bookingRow('3', { status: 'NO SHOW' }));
    await delivered();
    expect(atTheHub()).toEqual({ 1: 'confirmed', 2: 'checked_in', 3: 'no_show', 4: 'confirmed', 5: 'confirmed' });
  });

  it('the same on an empty new PC', async () => {
    await test.connect();
    await drop('a.csv', ...['1', '2', '3'].map((id) => bookingRow(id)));
    await drop('b.csv', bookingRow('1', { status: 'CANCELLED' }));
    await delivered();
    await newPc(null);
    await drop('c.csv', bookingRow('1'), bookingRow('2', { status: 'CHECKED IN' }));
    await delivered();
    expect(atTheHub()).toEqual({ 1: 'confirmed', 2: 'checked_in', 3: 'confirmed' });
  });

  it('a PC whose clock is behind ranks above what the hub has seen all the same, without asking anybody', async () => {
    await test.connect();
    await drop('a.csv', bookingRow('1'));
    await delivered();
    const made = await backUp();
    const recoveryKey = test.agent.stores.secrets.recoveryKey();
    await test.agent.stop();
    // The old PC goes on for a while with a clock that is far ahead of ours.
    const other = await Agent.start(test.home, { withLoops: true });
    await other.stores.writer.step('takeOver', ['hub', Math.floor(Date.now() / 1000) + 5_000_000]);
    await other.stop();
    await test.restart();
    await drop('b.csv', bookingRow('1', { status: 'CANCELLED' }));
    await delivered();
    await newPc({ from: made.folder, recoveryKey });
    await drop('c.csv', bookingRow('1', { status: 'CHECKED IN' }));
    await delivered();
    expect([atTheHub(), (await test.client.overview.get({})).alerts]).toEqual([{ 1: 'checked_in' }, []]);
  });
});

it('what a restored PC has read before it reaches the hub ranks above what the hub has, wherever the clocks stood', async () => {
  await test.connect();
  await drop('a.csv', bookingRow('1'), bookingRow('2'));
  await delivered();
  await test.client.connections.pause({ id: 'hub' });
  const made = await backUp();
  const recoveryKey = test.agent.stores.secrets.recoveryKey();
  await test.client.connections.resume({ id: 'hub' });
  await test.agent.stores.writer.step('takeOver', ['hub', Math.floor(Date.now() / 1000) + 5_000_000]);
  await drop('b.csv', bookingRow('1', { status: 'CANCELLED' }));
  await delivered();
  rmSync(join(test.drops, 'b.csv'));
  await newPc({ from: made.folder, recoveryKey });
  // The hub is paused, as it was at the time of the backup: the file is read before anybody knows what the hub has seen.
  await drop('c.csv', bookingRow('1', { status: 'CHECKED OUT' }));
  await test.client.connections.resume({ id: 'hub' });
  await delivered();
  expect(atTheHub()).toEqual({ 1: 'checked_out', 2: 'confirmed' });
});

it('an order to send again does not come back to life', async () => {
  await test.connect();
  await drop('a.csv', bookingRow('1'));
  await delivered();
  await test.client.connections.pause({ id: 'hub' });
  await test.client.resends.order({ destinationId: 'hub', selection: { kind: 'range', by: 'kept' } });
  const made = await backUp();
  await newPc({ from: made.folder, recoveryKey: test.agent.stores.secrets.recoveryKey() });
  expect((await test.client.resends.list({})).map(({ state }) => state)).toEqual(['cancelled']);
});

describe('a restore', () => {
  async function oneBackup(): Promise<{ from: string; recoveryKey: string }> {
    await test.connect();
    await drop('a.csv', bookingRow('1'));
    await delivered();
    return { from: (await backUp()).folder, recoveryKey: test.agent.stores.secrets.recoveryKey() };
  }

  it('never touches a folder with data unless it is told to, and then moves it aside', async () => {
    const order = { ...(await oneBackup()), home: test.home, nowMs: Date.now() };
    const running = await faultOf(restoreBackup({ ...order, replaces: true }));
    await test.agent.stop();
    const refused = await faultOf(restoreBackup({ ...order, replaces: false }));
    const { recoveryKey: _, ...withoutKey } = order;
    const { movedTo } = await restoreBackup({ ...withoutKey, replaces: true });
    await test.restart();
    const { total } = await test.client.records.list({ entity: 'booking', offset: 0, limit: 1 });
    const keys = [test.home, movedTo ?? ''].map((folder) => readFileSync(join(folder, 'secrets.key'), 'utf8'));
    expect(keys[0]).toBe(keys[1]);
    const said = (await test.client.audit.list({ limit: 2 })).entries.map(({ action, door }) => [action, door]);
    expect([running, refused, existsSync(join(movedTo ?? '', 'pipeline.db')), total, said[0]]).toEqual([
      'home-in-use',
      'home-not-empty',
      true,
      1,
      ['backup-restored', 'cli'],
    ]);
  });

  it('finds the newest whole backup below a folder, and says when there is none', async () => {
    const { from, recoveryKey } = await oneBackup();
    await drop('b.csv', bookingRow('2'));
    const newest = await backUp();
    const halfMade = join(safe, 'bellhop-ALDQ', '2999-01-01T000000-000Z');
    mkdirSync(halfMade);
    writeFileSync(join(halfMade, 'secrets.json'), '{}');
    // A folder of somebody else, which nobody may open.
    mkdirSync(join(safe, 'lost+found'), { mode: 0 });
    const restored = await restoreBackup({ from: safe, recoveryKey, home: join(test.folder, 'new'), replaces: false, nowMs: Date.now() });
    const empty = faultOf(
      restoreBackup({ from: join(test.folder, 'nowhere'), recoveryKey, home: join(test.folder, 'none'), replaces: false, nowMs: 0 }),
    );
    expect([restored.backup, restored.backup === from, restored.records, await empty]).toEqual([
      newest.folder,
      false,
      2,
      'backup-not-found',
    ]);
  });

  it('refuses a wrong key and a damaged backup before anything is touched, and takes a raw file that is damaged there from here', async () => {
    const { from, recoveryKey } = await oneBackup();
    await test.agent.stop();
    const order = { from, recoveryKey, home: test.home, replaces: true, nowMs: Date.now() };
    const before = filesBelow(test.home).sort();
    const spoil = (path: string) => {
      const bytes = readFileSync(path);
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
      writeFileSync(path, bytes);
    };
    const wrongKey = await faultOf(restoreBackup({ ...order, recoveryKey: 'BH-0000-0000-0000-0000-0000-0000-0000-0000' }));
    const database = join(from, readdirSync(from).find((name) => name.endsWith('.sealed')) ?? '');
    spoil(database);
    const damaged = await faultOf(restoreBackup(order));
    const untouched = filesBelow(test.home).sort();
    spoil(database);
    const rawFolder = join(from, '..', 'raw');
    spoil(join(rawFolder, filesBelow(rawFolder)[0] ?? ''));
    const { records, lostRawFiles } = await restoreBackup(order);
    await test.restart();
    expect([wrongKey, damaged, untouched, records, lostRawFiles]).toEqual(['secrets-locked', 'backup-damaged', before, 1, 0]);
  });

  it('brings what was taken since from the data folder that was there, and reads it again although its file is gone', async () => {
    const { from, recoveryKey } = await oneBackup();
    await drop('two.csv', bookingRow('2'), bookingRow('1', { status: 'CANCELLED' }));
    await delivered();
    await test.agent.stop();
    for (const name of readdirSync(test.drops)) rmSync(join(test.drops, name));
    const { readAgain } = await restoreBackup({ from, recoveryKey, home: test.home, replaces: true, nowMs: Date.now() });
    await test.restart();
    await test.until(
      () => test.client.overview.get({}),
      ({ records, waiting }) => records === 2 && waiting === 0,
    );
    expect([readAgain, atTheHub()]).toEqual([1, { 1: 'cancelled', 2: 'confirmed' }]);
  });

  it('that was cut short is done again', async () => {
    const { from, recoveryKey } = await oneBackup();
    const home = join(test.folder, 'cut');
    mkdirSync(join(home, 'restoring'), { recursive: true });
    writeFileSync(join(home, 'restoring', 'pipeline.db'), 'half of it');
    mkdirSync(join(home, 'raw'));
    writeFileSync(join(home, 'secrets.json'), readFileSync(join(from, 'secrets.json')));
    const tooEarly = await faultOf(Agent.start(home, { withLoops: false }));
    const { records } = await restoreBackup({ from, recoveryKey, home, replaces: false, nowMs: Date.now() });
    const agent = await Agent.start(home, { withLoops: false });
    const client = directClient(apiRouter(agent));
    const { total } = await client.records.list({ entity: 'booking', offset: 0, limit: 1 });
    await agent.stop();
    expect([tooEarly, records, total, existsSync(join(home, 'restoring'))]).toEqual(['restore-unfinished', 1, 1, false]);
  });
});
