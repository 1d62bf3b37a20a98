import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BackupStanding } from '../../contract/backup.ts';
import { bookingRow, bookingsFile, inTime, type TestHotel, testHotel } from '../testing.ts';
import { drill } from './drill.ts';
import { dataFolderId } from './owner.ts';
import { findBackup } from './place.ts';
import { readNotes, writeNotes } from './plan.ts';
import { rotate } from './rotate.ts';

let test: TestHotel;
let safe: string;
beforeEach(async () => {
  test = await testHotel();
  safe = join(test.folder, 'safe');
  mkdirSync(safe);
  await test.connect();
});
afterEach(() => test.close());

async function read(name: string, ...rows: readonly string[]): Promise<void> {
  test.drop(name, bookingsFile(...rows));
  await test.sync();
}
const standing = () => test.client.backups.get({});
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: { data?: { code?: string } }) => error.data?.code ?? String(error),
  );
async function now(): Promise<string> {
  let folder = '';
  for await (const { result } of await test.client.backups.now({})) folder = result?.folder ?? folder;
  return folder;
}
/** Have backups made by themselves; resolves when the first one is there. */
async function planned(keep = 14): Promise<BackupStanding> {
  await test.client.backups.setPlan({ plan: { folder: safe, keep } });
  return test.until(standing, ({ lastVerifiedAtMs, underWay }) => lastVerifiedAtMs !== null && underWay === null);
}
const place = () => join(safe, 'bellhop-ALDQ');
const alerts = async () => (await test.client.overview.get({})).alerts.map(({ fault }) => fault.code);
const spoil = (path: string) => {
  const bytes = readFileSync(path);
  bytes[bytes.length - 30] = (bytes[bytes.length - 30] as number) ^ 1;
  writeFileSync(path, bytes);
};
const rawIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.raw'))
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);

describe('backups by themselves', { timeout: 60_000 }, () => {
  it('are off until a folder is set; the first is made at once, restored in a drill, and the next is due at its hour', async () => {
    await read('a.csv', bookingRow('1'), bookingRow('2'));
    const before = await standing();
    const { plan, backups, nextAtMs, lastFault } = await planned();
    const [only] = backups;
    const at = new Date(nextAtMs ?? 0).toLocaleTimeString('en-GB', { timeZone: 'Europe/Amsterdam', timeStyle: 'short' });
    expect([before.plan, before.backups, plan, backups.length, lastFault, at]).toEqual([
      null,
      [],
      { folder: safe, at: '02:30', keep: 14 },
      1,
      null,
      '02:30',
    ]);
    expect([only?.records, only?.drill?.isWell, only?.drill?.records, only?.drill?.blocks, only?.drill?.rawFiles]).toEqual([
      2,
      true,
      2,
      1,
      1,
    ]);
    expect(readdirSync(join(test.home, 'run')).filter((name) => /^(drill|snapshot)-/.test(name))).toEqual([]);
  });

  it('are made up for after a start when the PC was off at their hour, and nothing is said of those that were missed', async () => {
    await planned();
    const notes = readNotes(test.home);
    await test.agent.stop();
    await writeNotes(test.home, { ...notes, triedAtMs: Date.now() - 90_000_000, verifiedAtMs: Date.now() - 90_000_000 });
    await test.restart();
    const { backups } = await test.until(standing, (found) => found.backups.length === 2 && found.underWay === null);
    expect([backups.every((one) => one.drill?.isWell), await alerts()]).toEqual([true, []]);
  });

  it('warn when the folder cannot be written, and when none was verified for two days; the next good one ends both', async () => {
    await planned();
    const notes = readNotes(test.home);
    await test.agent.stop();
    renameSync(safe, `${safe}-unplugged`);
    writeFileSync(safe, 'where the stick was');
    const longAgo = Date.now() - 3 * 86_400_000;
    await writeNotes(test.home, { ...notes, triedAtMs: longAgo, verifiedAtMs: longAgo });
    await test.restart();
    await test.until(alerts, (codes) => codes.length === 2);
    const failed = await standing();
    rmSync(safe);
    renameSync(`${safe}-unplugged`, safe);
    const warned = await alerts();
    await now();
    expect([warned.sort(), failed.lastFault?.code, failed.lastFailedAtMs !== null, await alerts()]).toEqual([
      ['backup-folder-unusable', 'backup-overdue'],
      'backup-folder-unusable',
      true,
      [],
    ]);
  });

  it('are not taken for switched off where their plan cannot be read: that is said until one is set anew', async () => {
    await planned();
    await test.agent.stop();
    writeFileSync(join(test.home, 'backups.json'), '{"plan": {"folder": ');
    await test.restart();
    const said = await test.until(alerts, (codes) => codes.length > 0);
    const left = readFileSync(join(test.home, 'backups.json'), 'utf8');
    await test.client.backups.setPlan({ plan: { folder: safe } });
    const { backups } = await test.until(standing, (found) => found.backups.length === 2 && found.underWay === null);
    expect([said, left.length, backups.length, await alerts(), (await standing()).lastFault]).toEqual([
      ['backup-plan-unreadable'],
      20,
      2,
      [],
      null,
    ]);
  });

  it('are refused where nothing can be written or nothing is: the plan stays as it was', async () => {
    await planned();
    const closed = join(test.folder, 'closed');
    mkdirSync(closed, { mode: 0o500 });
    const isRoot = process.getuid?.() === 0;
    const codes = [
      await codeOf(test.client.backups.setPlan({ plan: { folder: join(test.folder, 'no-stick') } })),
      await codeOf(test.client.backups.setPlan({ plan: { folder: join(test.home, 'backups') } })),
      isRoot ? 'backup-folder-unusable' : await codeOf(test.client.backups.setPlan({ plan: { folder: closed } })),
    ];
    chmodSync(closed, 0o700);
    expect([codes, (await standing()).plan?.folder]).toEqual([Array(3).fill('backup-folder-unusable'), safe]);
    await test.client.backups.setPlan({ plan: null });
    expect([(await standing()).plan, await codeOf(now())]).toEqual([null, 'input-wrong']);
  });
});

it('a backup that was asked for goes on when whoever has asked goes, and its end is told to who stays', { timeout: 60_000 }, async () => {
  await planned();
  const leaving = new AbortController();
  for await (const _ of await test.client.backups.now({}, { signal: leaving.signal })) {
    leaving.abort();
    break;
  }
  const { backups } = await test.until(standing, (found) => found.backups.length === 2 && found.underWay === null);
  const phases: string[] = [];
  for await (const { phase } of await test.client.backups.now({})) phases.push(phase);
  expect([backups.every((one) => one.drill?.isWell), phases.at(-1), (await standing()).backups.length]).toEqual([true, 'done', 3]);
});

describe('of old backups', { timeout: 60_000 }, () => {
  it('as many are kept as were asked for, with the raw files that they need and no others', async () => {
    await read('a.csv', bookingRow('1'));
    await planned(2);
    // A copy that was taken anew lies under another name: the old one is needed by the first backup alone.
    const [old = ''] = rawIn(join(place(), 'raw'));
    spoil(rawIn(join(test.home, 'raw'))[0] ?? '');
    for await (const _ of await test.client.checks.run({}));
    await now();
    const both = rawIn(join(place(), 'raw')).length;
    await now();
    const { backups } = await standing();
    expect([both, backups.length, rawIn(join(place(), 'raw')).length, rawIn(place()).includes(old)]).toEqual([2, 2, 1, false]);
  });

  const dataFolder = () => dataFolderId(test.agent.stores.secrets.dataKey);
  const names = () => readdirSync(place()).filter((name) => /^\d/.test(name));
  const nameOf = (folder: string) => folder.split(/[\\/]/).at(-1) ?? '';
  const unverify = (one: string) =>
    writeFileSync(join(one, 'drill.json'), readFileSync(join(one, 'drill.json'), 'utf8').replace('true', 'false'));

  it('the last verified one is never deleted, nor is anything else that lies there; what was cut short here is', async () => {
    await read('a.csv', bookingRow('1'));
    const first = (await planned()).backups[0]?.name ?? '';
    const later = [await now(), await now()];
    for (const one of later) unverify(one);
    for (const name of ['my notes', '2020-01-01T000000-000Z', '2020-01-02T000000-000Z']) mkdirSync(join(place(), name));
    writeFileSync(join(place(), '2020-01-01T000000-000Z', 'begun.json'), JSON.stringify({ dataFolder: dataFolder() }));
    writeFileSync(join(place(), '2020-01-02T000000-000Z', 'begun.json'), JSON.stringify({ dataFolder: 'of somebody else' }));
    const deleted = await rotate(place(), { keep: 1, dataFolder: dataFolder(), made: later[1] ?? '' });
    expect([deleted, readdirSync(place()).sort()]).toEqual([
      [nameOf(later[0] ?? '')],
      [first, nameOf(later[1] ?? ''), 'my notes', 'raw', '2020-01-02T000000-000Z'].sort(),
    ]);
  });

  it.skipIf(process.platform === 'win32')('on a share that does not answer keep nobody waiting but who has asked for them', async () => {
    await read('a.csv', bookingRow('1'));
    const newest = (await planned()).backups[0]?.name ?? '';
    const silent = join(place(), newest, 'drill.json');
    rmSync(silent);
    // Whoever opens it waits until there is something to read.
    spawnSync('mkfifo', [silent]);
    const asked = standing();
    for (let again = 0; again < 8; again++) void standing();
    const answered = await inTime(test.client.overview.get({}));
    await read('b.csv', bookingRow('2'));
    const isWaiting = (await inTime(asked, 200)) === 'too late';
    writeFileSync(silent, '');
    const { backups } = await asked;
    expect([
      (await test.client.overview.get({})).records,
      answered === 'too late',
      isWaiting,
      backups.map(({ drill: found }) => found),
    ]).toEqual([2, false, true, [null]]);
  });

  it('the one that was made just now stays, also where the clock was ahead before', async () => {
    await read('a.csv', bookingRow('1'));
    const first = (await planned(2)).backups[0]?.name ?? '';
    const second = nameOf(await now());
    for (const name of [first, second]) renameSync(join(place(), name), join(place(), `2199${name.slice(4)}`));
    const third = nameOf(await now());
    expect(names().sort()).toEqual([third, `2199${second.slice(4)}`].sort());
  });

  it('those of which the drill fails push out no good one, and do not pile up', async () => {
    await read('a.csv', bookingRow('1'));
    await planned(2);
    await now();
    const good = names();
    const [here = ''] = rawIn(join(test.home, 'raw'));
    spoil(rawIn(join(place(), 'raw'))[0] ?? '');
    renameSync(here, `${here}.away`);
    const codes = [await codeOf(now()), await codeOf(now()), await codeOf(now())];
    const then = names();
    renameSync(`${here}.away`, here);
    const newest = nameOf(await now());
    expect([
      codes,
      then.length,
      good.every((name) => then.includes(name)),
      names().includes(newest),
      names().includes(good[1] ?? ''),
    ]).toEqual([Array(3).fill('backup-drill-failed'), 3, true, true, true]);
  });

  it('those of another data folder of the same hotel are not touched, nor are their raw files; nor are those that do not say', async () => {
    await read('a.csv', bookingRow('1'));
    const first = await planned(1);
    const older = join(place(), first.backups[0]?.name ?? '', 'backup.json');
    const { dataFolder: _, ...facts } = JSON.parse(readFileSync(older, 'utf8'));
    writeFileSync(older, JSON.stringify(facts));
    const mine = nameOf(await now());
    const before = names();
    const other = await testHotel();
    await other.connect();
    await other.client.backups.setPlan({ plan: { folder: safe, keep: 1 } });
    await other.until(
      () => other.client.backups.get({}),
      ({ lastVerifiedAtMs, underWay }) => lastVerifiedAtMs !== null && underWay === null,
    );
    for await (const _ of await other.client.backups.now({}));
    await other.close();
    expect([before.length, before.every((name) => names().includes(name)), rawIn(join(place(), 'raw')).length]).toEqual([2, true, 1]);
    const newer = nameOf(await now());
    expect([names().includes(mine), names().includes(newer), names().includes(first.backups[0]?.name ?? '')]).toEqual([false, true, true]);
  });

  it('the newest verified one is found for a restore by hand', async () => {
    await read('a.csv', bookingRow('1'));
    await planned();
    const [good, bad] = [await now(), await now()];
    unverify(bad);
    expect([await findBackup(safe), await findBackup(bad)]).toEqual([good, bad]);
  });
});

describe('a drill', { timeout: 60_000 }, () => {
  it('finds what a restore would find: a sealed database that was changed, raw files that are gone, other counts', async () => {
    await read('a.csv', bookingRow('1'));
    await planned();
    const folder = await now();
    const tools = { home: test.home, key: test.agent.stores.secrets.dataKey, now: Date.now };
    const again = async () => (await drill(tools, folder, 0, new AbortController().signal)).flaw;
    const whole = await again();
    const facts = readFileSync(join(folder, 'backup.json'), 'utf8');
    writeFileSync(join(folder, 'backup.json'), facts.replace('"records": 1', '"records": 2'));
    const counts = await again();
    writeFileSync(join(folder, 'backup.json'), facts);
    const [raw = ''] = rawIn(join(dirname(folder), 'raw'));
    // What has gone bad there and is whole here is copied once more.
    spoil(raw);
    const bad = await again();
    rmSync(raw);
    const gone = await again();
    spoil(join(folder, readdirSync(folder).find((name) => name.endsWith('.sealed')) ?? ''));
    expect([whole, counts, bad, gone, await again()]).toEqual([
      null,
      'it holds another number of records',
      null,
      '1 raw files are missing',
      'the sealed database does not open',
    ]);
  });
});
