import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BackupStanding } from '../../contract/backup.ts';
import { bookingRow, bookingsFile, type TestHotel, testHotel } from '../testing.ts';
import { drill } from './drill.ts';
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

  it('the last verified one is never deleted, nor is anything else that lies there; what was cut short is', async () => {
    await read('a.csv', bookingRow('1'));
    const first = (await planned()).backups[0]?.name ?? '';
    const later = [await now(), await now()];
    for (const one of later) writeFileSync(join(one, 'drill.json'), readFileSync(join(one, 'drill.json'), 'utf8').replace('true', 'false'));
    mkdirSync(join(place(), 'my notes'));
    mkdirSync(join(place(), '2020-01-01T000000-000Z'));
    const deleted = rotate(place(), 1);
    expect([deleted, readdirSync(place()).sort()]).toEqual([
      [later[0]?.split(/[\\/]/).at(-1)],
      [first, later[1]?.split(/[\\/]/).at(-1) ?? '', 'my notes', 'raw'].sort(),
    ]);
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
