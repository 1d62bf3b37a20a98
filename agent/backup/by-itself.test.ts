import { spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import { suspectFile } from '../check/suspect.ts';
import { Agent } from '../index.ts';
import { rawFilesThere, readRawFacts, readRawFile, writeRawFile } from '../pipeline/raw-files.ts';
import { apiRouter } from '../runtime/api.ts';
import { directClient } from '../runtime/wire-client.ts';
import { bookingRow, bookingsFile, type TestHotel, testHotel } from '../testing.ts';
import { arrivedAt } from '../testing-two-sources.ts';
import { placeJson } from './place.ts';

let test: TestHotel;
let safe: string;
beforeEach(async () => {
  test = await testHotel();
  safe = join(test.folder, 'safe');
  mkdirSync(safe);
  await test.connect();
});
afterEach(() => test.close());

const database = () => join(test.home, 'pipeline.db');
async function read(name: string, ...rows: readonly string[]): Promise<void> {
  test.drop(name, bookingsFile(...rows));
  await test.sync();
}
const overview = () => test.client.overview.get({});
const delivered = () => test.until(overview, ({ waiting, records }) => records > 0 && waiting === 0);
const many = (from: number, count: number) => Array.from({ length: count }, (_, at) => bookingRow(`B-${from + at}`));
const letGoOn = () => test.client.connections.resetBreaker({ id: 'hub' });
/** What the hub has in the end of each booking. */
const atTheHub = () => Object.fromEntries(arrivedAt(test.upstream).map(({ externalId, status }) => [externalId, status]));
const outcome = (start: Promise<Agent>) =>
  start.then(
    async (agent) => {
      await agent.stop();
      return 'started';
    },
    (error) => (error instanceof Fault ? error.code : String(error)),
  );

/** A hotel with 600 bookings in its verified backup, and with more behind it. The agent has stopped. */
async function backedUp(): Promise<void> {
  await read('a.csv', ...many(0, 600));
  await delivered();
  await test.client.backups.setPlan({ plan: { folder: safe } });
  await test.until(
    () => test.client.backups.get({}),
    ({ lastVerifiedAtMs, underWay }) => lastVerifiedAtMs !== null && underWay === null,
  );
  await read('b.csv', bookingRow('B-1', { status: 'CANCELLED' }), bookingRow('B-600'));
  await delivered();
  await test.agent.stop();
}

/** Start without loops, so that nothing is read, and tell how many records there are: those of the backup that was taken. */
async function recordsOfBackup(): Promise<number> {
  const agent = await Agent.start(test.home, { withLoops: false });
  const { records } = await directClient(apiRouter(agent)).overview.get({});
  await agent.stop();
  return records;
}

/** Change the file of the database as bytes. */
function bytes(change: (content: Buffer) => Buffer | undefined): void {
  const content = readFileSync(database());
  writeFileSync(database(), change(content) ?? content);
}

/** The log of a database of another data folder, as a copy of files by hand leaves it. */
async function foreignLog(): Promise<void> {
  const other = join(test.folder, 'other');
  const agent = await Agent.start(other, { withLoops: false });
  const beside = new Database(join(other, 'pipeline.db'));
  beside.pragma('wal_autocheckpoint = 0');
  beside.exec('create table filling (x)');
  const add = beside.prepare('insert into filling values (zeroblob(6000))');
  for (let at = 0; at < 60; at++) add.run();
  copyFileSync(join(other, 'pipeline.db-wal'), `${database()}-wal`);
  beside.close();
  await agent.stop();
}

const kinds: readonly (readonly [string, () => void | Promise<void>])[] = [
  ['its header is destroyed', () => bytes((content) => void content.fill(0xa5, 0, 100))],
  ['it is cut off in the middle', () => truncateSync(database(), Math.floor(readFileSync(database()).length / 16384) * 8192)],
  ['it is empty', () => truncateSync(database(), 0)],
  ['it is gone', () => rmSync(database())],
  ['a page in its middle is of something else', () => bytes((content) => void content.fill(0x5a, 5 * 8192, 6 * 8192))],
  ['its tail is zeroed', () => bytes((content) => void content.fill(0, content.length - 4 * 8192))],
  ['a log of another database lies beside it', foreignLog],
];

describe('where the database is damaged at a start', { timeout: 60_000 }, () => {
  it.each(kinds)(
    'and %s: it is kept, the last verified backup takes its place, and everything arrives as it was last',
    async (_, spoil) => {
      await backedUp();
      await spoil();
      const before = existsSync(database()) ? readFileSync(database()) : null;
      const beganAt = performance.now();
      await test.restart();
      const tookMs = performance.now() - beganAt;
      await test.sync();
      await letGoOn();
      const { alerts, records } = await test.until(overview, (found) => found.waiting === 0 && found.records === 601);
      const [day = ''] = readdirSync(join(test.home, 'quarantine'));
      const kept = join(test.home, 'quarantine', day, 'pipeline.db');
      expect([
        records,
        alerts.map(({ fault }) => fault.code),
        before === null || readFileSync(kept).equals(before),
        existsSync(join(test.home, 'restoring')),
        tookMs < 10_000,
      ]).toEqual([601, ['database-restored'], true, false, true]);
      // What has changed since the backup, and was delivered, is not covered by what the backup knows.
      expect([atTheHub()['B-1'], atTheHub()['B-600']]).toEqual(['cancelled', 'confirmed']);
    },
  );

  it.each([
    ['at once, where nothing can start', 'connections'],
    ['at the next start, where the rest goes on', 'alerts'],
    ['at the next start, where the rest goes on', 'runs'],
  ])('and is too large to be looked at each time: %s, for damage in the table %s', async (when, table) => {
    await backedUp();
    const beside = new Database(database());
    const rootPage = beside.prepare<[string], number>('select rootpage from sqlite_schema where name = ?').pluck().get(table) as number;
    beside.exec('create table filling (x)');
    const add = beside.prepare('insert into filling values (zeroblob(?))');
    for (let at = 0; at < 5; at++) add.run(64 * 1024 * 1024);
    beside.pragma('wal_checkpoint(truncate)');
    beside.close();
    const file = openSync(database(), 'r+');
    writeSync(file, Buffer.alloc(8192, 0x5a), 0, 8192, (rootPage - 1) * 8192);
    closeSync(file);
    await test.restart();
    if (when.startsWith('at the next')) await test.restart();
    await test.until(overview, ({ records }) => records === 601);
    expect((await overview()).alerts.map(({ fault }) => fault.code)).toEqual(['database-restored']);
  });

  it('says so until a person has seen it, also over a restart, and writes down who did what', async () => {
    await backedUp();
    truncateSync(database(), 8192);
    await test.restart();
    await test.restart();
    const [alert] = (await overview()).alerts;
    await test.client.alerts.acknowledge({ code: 'database-restored' });
    const { entries } = await test.client.audit.list({ limit: 3 });
    const said = entries.map(({ action, actorId }) => [action, actorId]);
    expect([alert?.fault.code, Object.keys(alert?.fault.detail ?? {}), (await overview()).alerts, said]).toEqual([
      'database-restored',
      ['made', 'found', 'folder'],
      [],
      [
        ['alert-acknowledged', 'local-operator'],
        ['breaker-tripped', 'agent'],
        ['backup-restored', 'agent'],
      ],
    ]);
  });

  it('keeps the secrets that were entered since the backup, and gives those back that were forgotten since', async () => {
    await backedUp();
    await test.restart();
    const { secrets } = test.agent.stores;
    secrets.put('later', { password: 'Lobby-3-kings' });
    secrets.forget('hub');
    await test.agent.stop();
    rmSync(database());
    await test.restart();
    const restored = test.agent.stores.secrets;
    expect([restored.of('later'), Object.keys(restored.of('hub'))]).toEqual([{ password: 'Lobby-3-kings' }, ['signingSecret']]);
  });

  const acts: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['paused', () => test.client.connections.pause({ id: 'hub' })],
    ['removed', () => test.client.connections.remove({ id: 'hub' })],
    [
      'told to keep a field back',
      async () => {
        const { version } = (await test.client.leaves.report({})).destinations.find(({ id }) => id === 'hub') ?? { version: -1 };
        await test.client.leaves.save({ id: 'hub', entity: 'booking', rules: { guestName: 'drop' }, version });
      },
    ],
  ];
  it.each(acts)('sends nothing where a destination was %s since, until a person lets it go on', async (_, act) => {
    await backedUp();
    await test.restart();
    await act();
    await test.agent.stop();
    truncateSync(database(), 8192);
    const before = arrivedAt(test.upstream).length;
    await test.restart();
    await read('c.csv', bookingRow('B-700', { name: 'Quirin Canaryson' }));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { systems, records } = await overview();
    const hub = systems.find(({ id }) => id === 'hub');
    const held = hub?.direction === 'destination' ? hub.held : null;
    expect([records, arrivedAt(test.upstream).length - before, held?.untilMs, held?.actorName, held?.reason]).toEqual([
      602,
      0,
      null,
      'Bellhop',
      expect.stringMatching(/^The database was restored from a backup of 20\d\d-/),
    ]);
    await test.restart();
    await letGoOn();
    await delivered();
    expect(Object.keys(atTheHub())).toContain('B-700');
  });

  it('takes an earlier verified backup where the newest does not open any more', async () => {
    await backedUp();
    await test.restart();
    for await (const _ of await test.client.backups.now({}));
    await test.agent.stop();
    const place = join(safe, 'bellhop-ALDQ');
    const newest = join(place, readdirSync(place).sort().at(-2) ?? '');
    const sealed = join(newest, readdirSync(newest).find((name) => name.endsWith('.sealed')) ?? '');
    truncateSync(sealed, 1000);
    rmSync(database());
    expect([existsSync(sealed), await recordsOfBackup()]).toEqual([true, 600]);
  });
});

describe('what was taken since the backup', { timeout: 60_000 }, () => {
  const rawFiles = () => rawFilesThere(test.home).map(({ path }) => path);
  const codes = async () => (await overview()).alerts.map(({ fault }) => fault.code).sort();
  /** The hotel has three more exports since the backup, and moves all of them away. */
  async function movedAway(): Promise<void> {
    await backedUp();
    await test.restart();
    await read('c.csv', bookingRow('B-1'), bookingRow('B-701', { status: 'CANCELLED' }));
    await read('d.csv', bookingRow('B-1', { status: 'NO SHOW' }), bookingRow('B-701'));
    await test.agent.stop();
    for (const name of readdirSync(test.drops)) rmSync(join(test.drops, name));
  }

  it('is read again from its copies, in the order in which it came, also where its files lie there no more', async () => {
    await movedAway();
    rmSync(database());
    await test.restart();
    await test.until(overview, ({ records }) => records === 602);
    await letGoOn();
    await test.until(overview, ({ waiting }) => waiting === 0);
    const { 'B-1': first, 'B-600': second, 'B-701': third } = atTheHub();
    const files = await test.client.files.list({ limit: 10 });
    expect([first, second, third, await codes(), files.map(({ fileName }) => fileName)]).toEqual([
      'no_show',
      'confirmed',
      'confirmed',
      ['database-restored'],
      ['d.csv', 'c.csv', 'b.csv', 'a.csv'],
    ]);
    await test.restart();
    expect((await overview()).records).toBe(602);
  });

  it('comes before anything that a source has to say', async () => {
    await movedAway();
    rmSync(database());
    test.drop('e.csv', bookingsFile(bookingRow('B-701', { status: 'CHECKED OUT' })));
    await test.restart();
    await test.sync();
    await letGoOn();
    await test.until(overview, ({ waiting, records }) => records === 602 && waiting === 0);
    expect([atTheHub()['B-701'], atTheHub()['B-1']]).toEqual(['checked_out', 'no_show']);
  });

  it('and cannot be read is named until a person has seen it; the rest is read', async () => {
    await movedAway();
    const last = rawFiles().at(-1) as string;
    const copy = readFileSync(join(test.home, last));
    copy[30] = (copy[30] as number) ^ 1;
    writeFileSync(join(test.home, last), copy);
    rmSync(database());
    await test.restart();
    await test.until(codes, (found) => found.length === 2);
    const { alerts, records } = await overview();
    const unread = alerts.find(({ fault }) => fault.code === 'copies-unread');
    await test.restart();
    const again = await codes();
    await test.client.alerts.acknowledge({ code: 'copies-unread' });
    expect([unread?.fault.detail, records, again, await codes()]).toEqual([
      { count: '1', names: 'd.csv' },
      602,
      ['copies-unread', 'database-restored'],
      ['database-restored'],
    ]);
  });

  it('is read once where a start that was cut short has left a second copy, and what the backup knows is not read again', async () => {
    await movedAway();
    // As a kill between writing the copy and naming it leaves it: of a file that is known, and of one that came since.
    const [known, , since] = rawFiles() as [string, string, string];
    for (const path of [known, since]) {
      const facts = await readRawFacts({ home: test.home, path, key: test.agent.stores.secrets.dataKey });
      const chunks = readRawFile({ home: test.home, path, key: test.agent.stores.secrets.dataKey });
      const atMs = path === known ? 1000 : Date.now();
      if (facts)
        await writeRawFile({
          home: test.home,
          source: facts.source,
          key: test.agent.stores.secrets.dataKey,
          chunks,
          atMs,
          facts: () => facts,
        });
    }
    rmSync(database());
    await test.restart();
    await test.until(overview, ({ records }) => records === 602);
    await test.agent.unnamed.done();
    await letGoOn();
    await test.until(overview, ({ waiting }) => waiting === 0);
    expect([atTheHub()['B-1'], atTheHub()['B-701'], rawFiles().length]).toEqual(['no_show', 'confirmed', 5]);
  });

  it('waits for room on the disk, and everything newer waits for it', async () => {
    await movedAway();
    rmSync(database());
    const full = { freeBytes: 10, totalBytes: 2 ** 40 };
    const agent = await Agent.start(test.home, { withLoops: true, measureDisk: () => full });
    const client = directClient(apiRouter(agent));
    await test.until(
      () => client.overview.get({}),
      ({ alerts }) => alerts.some(({ fault }) => fault.code === 'disk-low'),
    );
    const { records } = await client.overview.get({});
    await agent.stop();
    await test.restart();
    await test.until(overview, (found) => found.records === 602);
    expect(records).toBe(600);
  });
});

describe('of the backups', { timeout: 60_000 }, () => {
  /** Two verified backups: the older knows 600 bookings, the newer 601. */
  async function twoBackups(): Promise<string> {
    await backedUp();
    await test.restart();
    let newest = '';
    for await (const { result } of await test.client.backups.now({})) newest = result?.folder ?? newest;
    await test.agent.stop();
    return newest;
  }
  const start = () => outcome(Agent.start(test.home, { withLoops: false }));
  const sealedIn = (backup: string) => join(backup, readdirSync(backup).find((name) => name.endsWith('.sealed')) ?? '');

  it('one that cannot be read now makes way for none: nothing is moved until it can be', async () => {
    const sealed = sealedIn(await twoBackups());
    renameSync(sealed, `${sealed}.away`);
    // Reading it fails as a bad disk does, or a right that is missing.
    mkdirSync(sealed);
    rmSync(database());
    const codes = [await start(), await start()];
    const isMoved = existsSync(join(test.home, 'quarantine'));
    rmSync(sealed, { recursive: true });
    renameSync(`${sealed}.away`, sealed);
    expect([codes, isMoved, await recordsOfBackup()]).toEqual([['backup-unreadable', 'backup-unreadable'], false, 601]);
  });

  it('where nobody can read which there are, nothing is taken for a new hotel, and nothing is moved', async () => {
    await backedUp();
    const plan = readFileSync(join(test.home, 'backups.json'));
    writeFileSync(join(test.home, 'backups.json'), plan.subarray(0, 30));
    rmSync(database());
    const codes = [await start(), await start()];
    writeFileSync(join(test.home, 'backups.json'), plan);
    expect([codes, await recordsOfBackup()]).toEqual([['backup-plan-unreadable', 'backup-plan-unreadable'], 600]);
  });

  it('one without its secrets, or with a log of another try beside its copy, is no trouble', async () => {
    const newest = await twoBackups();
    for (const name of readdirSync(newest)) if (name.startsWith('secrets')) rmSync(join(newest, name));
    const stage = join(test.home, 'restoring');
    mkdirSync(stage);
    const other = new Database(database());
    other.pragma('wal_autocheckpoint = 0');
    other.exec('create table of_another_try (a)');
    copyFileSync(`${database()}-wal`, join(stage, 'pipeline.db-wal'));
    other.close();
    truncateSync(database(), 8192);
    await placeJson(join(stage, 'by-itself.json'), { quarantine: join('quarantine', 'then'), why: 'pipeline.db' });
    const records = await recordsOfBackup();
    await test.restart();
    const tables = test.agent.stores.read.prepare("select name from sqlite_schema where name = 'of_another_try'").all();
    expect([records, tables, readdirSync(join(test.home, 'quarantine', 'then'))]).toEqual([600, [], ['pipeline.db']]);
  });

  it('the one that was verified last is taken, also where the clock was ahead before', async () => {
    const newest = await twoBackups();
    const place = join(safe, 'bellhop-ALDQ');
    const older = readdirSync(place).filter((name) => /^\d/.test(name) && join(place, name) !== newest)[0] ?? '';
    renameSync(join(place, older), join(place, `2199${older.slice(4)}`));
    rmSync(database());
    expect(await recordsOfBackup()).toBe(601);
  });
});

describe('where it cannot be restored', { timeout: 60_000 }, () => {
  it('nothing starts and nothing is moved: without a plan, with the stick pulled out, without a drill that has passed', async () => {
    await read('a.csv', ...many(0, 3));
    await test.agent.stop();
    bytes((content) => void content.fill(0xa5, 0, 100));
    const before = readFileSync(database());
    const start = () => outcome(Agent.start(test.home, { withLoops: false }));
    const withoutPlan = [await start(), await start(), readFileSync(database()).equals(before), existsSync(join(test.home, 'quarantine'))];
    expect(withoutPlan).toEqual(['database-lost', 'database-lost', true, false]);
  });

  it('starts by itself once the stick is there again', async () => {
    await backedUp();
    renameSync(safe, `${safe}-away`);
    rmSync(database());
    const start = () => outcome(Agent.start(test.home, { withLoops: false }));
    const codes = [await start(), await start()];
    renameSync(`${safe}-away`, safe);
    expect([codes, await recordsOfBackup()]).toEqual([['database-lost', 'database-lost'], 600]);
  });

  it('a database that is of a newer Bellhop, or that cannot be read, is nobody’s to replace', async () => {
    await backedUp();
    const db = new Database(database());
    db.pragma('user_version = 99');
    db.close();
    const start = () => outcome(Agent.start(test.home, { withLoops: false }));
    const newer = await start();
    rmSync(database());
    mkdirSync(database());
    expect([newer, await start(), existsSync(join(test.home, 'quarantine'))]).toEqual(['database-newer', 'database-unreadable', false]);
    rmSync(database(), { recursive: true });
  });
});

describe('what is no damage moves nothing', { timeout: 60_000 }, () => {
  const start = () => outcome(Agent.start(test.home, { withLoops: false }));
  const isMoved = () => existsSync(join(test.home, 'quarantine'));

  it('a file that a check suspects and another program holds', async () => {
    await backedUp();
    writeFileSync(suspectFile(test.home), 'files');
    const other = new Database(database());
    other.pragma('locking_mode = exclusive');
    other.exec('begin exclusive');
    const held = await start();
    other.exec('commit');
    other.close();
    expect([held, await start(), isMoved(), existsSync(suspectFile(test.home))]).toEqual(['home-in-use', 'started', false, false]);
  });

  it('a newer schema, whatever is sealed in it, with a log that is not folded in and a file that a check suspects', async () => {
    await backedUp();
    const db = new Database(database());
    db.exec("update audit_head set sealed = cast(x'02' || sealed as blob)");
    db.exec("update blocks set sealed = cast(x'02' || sealed as blob)");
    db.pragma('wal_checkpoint(truncate)');
    db.pragma('user_version = 99');
    db.exec('create table x (a)');
    const names = [database(), `${database()}-wal`];
    for (const name of names) copyFileSync(name, `${name}.then`);
    db.close();
    for (const name of names) renameSync(`${name}.then`, name);
    writeFileSync(suspectFile(test.home), 'files');
    const before = names.map((name) => readFileSync(name));
    const withLog = await start();
    const isUntouched = names.map((name, at) => readFileSync(name).equals(before[at] as Buffer));
    // The same without a log.
    new Database(database()).close();
    const whole = readFileSync(database());
    expect([withLog, isUntouched, await start(), readFileSync(database()).equals(whole), isMoved()]).toEqual([
      'database-newer',
      [true, true],
      'database-newer',
      true,
      false,
    ]);
  });

  it('one seal that does not open, where nothing else is sealed', async () => {
    await test.client.backups.setPlan({ plan: { folder: safe } });
    await test.until(
      () => test.client.backups.get({}),
      ({ lastVerifiedAtMs, underWay }) => lastVerifiedAtMs !== null && underWay === null,
    );
    await test.agent.stop();
    const db = new Database(database());
    db.exec('update audit_head set sealed = zeroblob(length(sealed))');
    db.close();
    expect([await start(), isMoved()]).toEqual(['started', false]);
  });
});

describe('a restore by itself that is cut short', { timeout: 120_000 }, () => {
  it('is done again by the next start, wherever it was cut', async () => {
    await backedUp();
    const marker = join(test.home, 'restoring', 'by-itself.json');
    const mark = () => placeJson(marker, { quarantine: join('quarantine', 'then'), why: 'pipeline.db' });
    const results: unknown[] = [];
    const goOn = async () => {
      await test.restart();
      const { records, alerts } = await overview();
      results.push([records, alerts.map(({ fault }) => fault.code), existsSync(marker)]);
      await test.agent.stop();
    };
    // Before anything was moved.
    bytes((content) => void content.fill(0xa5, 0, 100));
    await mark();
    writeFileSync(join(test.home, 'restoring', 'pipeline.db'), 'half of it');
    await goOn();
    // Between the two: what was damaged is away, its log is not, and nothing is in its place.
    rmSync(database());
    writeFileSync(`${database()}-wal`, 'a log of what is gone');
    await mark();
    await goOn();
    // When the backup had its place, and only the mark was left.
    await mark();
    await goOn();
    expect(results).toEqual(Array(3).fill([600, ['database-restored'], false]));
    expect(readdirSync(join(test.home, 'quarantine', 'then')).sort()).toEqual(['pipeline.db', 'pipeline.db-wal', 'pipeline.db.1']);
  });

  it('comes to its end after kills at any moment', async () => {
    await backedUp();
    bytes((content) => void content.fill(0xa5, 0, 100));
    const from = (...path: readonly string[]) => JSON.stringify(pathToFileURL(join(import.meta.dirname, '..', '..', ...path)).href);
    const home = JSON.stringify(test.home);
    const program = `
      const { openedSound } = await import(${from('agent', 'backup', 'by-itself.ts')});
      const { Secrets } = await import(${from('agent', 'runtime', 'secrets.ts')});
      const { openForWriting } = await import(${from('db', 'open.ts')});
      const secrets = Secrets.open(${home});
      process.send('go');
      await openedSound({ home: ${home}, secrets, log: { error() {} }, nowMs: Date.now() }, async () => openForWriting(${JSON.stringify(database())}));
      process.send('opened');`;
    let opened = 0;
    // Shorter than a restore takes at first, then longer: the last one has nothing left to do.
    for (let delayMs = 5; delayMs <= 2560; delayMs *= 2) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await Promise.race([ended, new Promise((resolve) => child.once('message', resolve))]);
      child.on('message', () => opened++);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      child.kill('SIGKILL');
      await ended;
    }
    await test.restart();
    const { records, alerts } = await overview();
    expect([opened > 0, records, alerts.map(({ fault }) => fault.code)]).toEqual([true, 600, ['database-restored']]);
  });
});

it('pages that a check found damaged are looked at by the next start; an index alone is made anew, without a restore', async () => {
  await backedUp();
  const db = new Database(database());
  db.exec('create index spoiled on files (name)');
  const row = db.prepare("select * from sqlite_schema where name = 'spoiled'").get() as object;
  db.close();
  const beside = (run: (other: Database.Database) => void) => {
    const other = new Database(database());
    other.unsafeMode(true);
    other.pragma('writable_schema = on');
    run(other);
    other.close();
  };
  beside((other) => other.exec("delete from sqlite_schema where name = 'spoiled'"));
  beside((other) => other.exec("update files set name = 'z.csv' where name = 'a.csv'"));
  beside((other) => other.prepare('insert into sqlite_schema values (@type, @name, @tbl_name, @rootpage, @sql)').run(row));
  writeFileSync(suspectFile(test.home), 'files');
  await test.restart();
  const integrity = test.agent.stores.read.pragma('integrity_check', { simple: true });
  expect([integrity, existsSync(suspectFile(test.home)), existsSync(join(test.home, 'quarantine')), (await overview()).records]).toEqual([
    'ok',
    false,
    false,
    601,
  ]);
});
