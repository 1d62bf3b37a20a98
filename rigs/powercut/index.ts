import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Following, setUp, startAgent } from '../../sandbox/agent.ts';
import { dropExport } from '../../sandbox/hotel/export-file.ts';
import { openHotel } from '../../sandbox/hotel/hotel.ts';
import { seededRandom } from '../../sandbox/hotel/random.ts';
import { startUpstream } from '../../sandbox/upstream/server.ts';
import { closeSite, judgeSite, openSite, outcomeHolds, type Site } from '../site.ts';
import { Disk } from './disk.ts';
import { type DiskCall, readTrace, straceArguments } from './trace.ts';

const exports = 6;
const rowsOfExport = 350;
const deadlineMs = 180_000;
/** How many cuts of one trace are lived on with, to the end, by a real agent: each takes some seconds. */
const livedOn = 8;
/** The receiver's clock is read once a request, and both are the clock of this machine: so much is left for the order of the two. */
const clockMs = 2;

export type PowercutRun = {
  readonly n: number;
  readonly lost: number;
  readonly twice: number;
  readonly inverted: number;
  readonly corrupt: number;
  readonly missed: number;
  /** Cuts after which a real agent was started and everything had to arrive. */
  readonly livedOn: number;
  readonly calls: number;
  readonly flushes: number;
  readonly findings: readonly string[];
};

/** Why this rig cannot run here; null when it can. */
export function missingStrace(): string | null {
  if (process.platform !== 'linux') return 'only Linux tells what a program asks of its disk';
  return spawnSync('strace', ['--version']).status === 0 ? null : 'strace is not installed';
}

/**
 * An agent takes exports and delivers them while everything that it asks of its disk is written down. Then the power is cut `n` times, each
 * time at another call: what was flushed is there, the rest is there, not there or torn. Of each cut the database must open and be whole, every
 * raw file that it names must be whole, and everything that the hub had received by then must be known: it was kept before it was sent. From
 * some cuts a real agent goes on, with the hub as it was at that moment, and in the end the checker must find nothing lost and nothing twice.
 */
export async function powercutRun(wanted: { readonly seed: number; readonly n: number; readonly program: string }): Promise<PowercutRun> {
  const random = seededRandom(wanted.seed);
  const site = await openSite(wanted.program);
  const cutHome = join(mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bellhop-cut-')), 'home');
  const counts = { lost: 0, twice: 0, inverted: 0, corrupt: 0, missed: 0 };
  const findings: string[] = [];
  try {
    const { calls, before } = await traced(site, wanted.seed);
    const received = receivedOf(site.upstream.file);
    const files = new Map<string, Buffer>(before);
    const places = Array.from({ length: wanted.n }, () => random.between(1, calls.length)).toSorted((one, other) => one - other);
    const lived = new Set(Array.from({ length: Math.min(livedOn, wanted.n) }, () => random.pick(places)));
    const disk = new Disk(site.home, files);
    let done = 0;
    let livedOnNow = 0;
    for (const place of places) {
      for (; done < place; done++) disk.do(calls[done] as DiskCall);
      const cutAtMs = calls[place - 1]?.atMs ?? 0;
      disk.cut(cutHome, random);
      const there = received.filter(({ receivedAtMs }) => receivedAtMs + clockMs < cutAtMs);
      const found = inspect(cutHome, site.home, there);
      counts.lost += found.lost;
      counts.corrupt += found.corrupt;
      for (const finding of found.findings) findings.push(`cut at call ${place} of ${calls.length}: ${finding}`);
      if (!lived.delete(place)) continue;
      livedOnNow++;
      const outcome = await liveOn(site, cutHome, there.length);
      for (const name of ['lost', 'twice', 'inverted', 'corrupt', 'missed'] as const) counts[name] += outcome.verdict[name];
      if (!outcomeHolds(outcome)) {
        findings.push(
          `lived on from call ${place}: delivered ${outcome.isDelivered}, whole ${outcome.isIntact}, ${outcome.verdict.findings.join('; ')}`,
        );
        if (!outcome.isDelivered) counts.lost++;
      }
    }
    const flushes = calls.filter(({ kind }) => kind === 'sync').length;
    return { n: places.length, ...counts, livedOn: livedOnNow, calls: calls.length, flushes, findings: findings.slice(0, 20) };
  } finally {
    rmSync(join(cutHome, '..'), { recursive: true, force: true });
    await closeSite(site);
  }
}

/** Let an agent take and deliver some exports under strace, and give what it asked of its disk, with what lay there before. */
async function traced(site: Site, seed: number): Promise<{ calls: DiskCall[]; before: Map<string, Buffer> }> {
  mkdirSync(site.drop, { recursive: true });
  const setting = await startAgent(site);
  await setUp(setting.client, { ...site, batchRecords: 100 });
  await setting.stop();
  const before = filesBelow(site.home);
  const hotel = openHotel({ seed, today: '2026-03-01' });
  const log = join(site.dir, 'strace.log');
  const agent = await startAgent({ ...site, wrap: ['strace', ...straceArguments, '-o', log] });
  const signal = AbortSignal.timeout(deadlineMs);
  const following = new Following(agent.client);
  for (let number = 1; number <= exports; number++) {
    const rows = hotel.nextExport({ rows: rowsOfExport, changes: number === 1 ? 0 : 0.4, bad: 1 });
    dropExport(site, { rows, number, at: new Date('2026-03-01T08:00:00Z') });
    await after(300);
  }
  const last = await following.untilDelivered(exports, signal);
  await agent.stop();
  if (!last.isDone) throw new Error('the agent that was written down did not come to its end');
  return { calls: await readTrace(log, site.home), before };
}

function filesBelow(folder: string): Map<string, Buffer> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return new Map(found.map((one) => join(one.parentPath, one.name)).map((path) => [path, readFileSync(path)]));
}

type Received = { readonly receivedAtMs: number; readonly line: string; readonly key: string; readonly version: number };

function receivedOf(file: string): Received[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const { receivedAtMs, record } = JSON.parse(line) as { receivedAtMs: number; record: { externalId: string; version: number } };
    return { receivedAtMs, line, key: record.externalId, version: record.version };
  });
}

/** Look at what a cut has left, with nothing of the agent: its tables are all that both know. */
function inspect(cut: string, home: string, there: readonly Received[]): { lost: number; corrupt: number; findings: string[] } {
  const findings: string[] = [];
  let lost = 0;
  let corrupt = 0;
  try {
    const db = new Database(join(cut, 'pipeline.db'));
    try {
      if (db.pragma('integrity_check', { simple: true }) !== 'ok') throw new Error('integrity_check');
      const versions = new Map(
        (db.prepare('select external_id, max(version) from outbox group by external_id').raw().all() as [string, number][]).map(
          (row) => row,
        ),
      );
      const unknown = there.filter(({ key, version }) => (versions.get(key) ?? 0) < version);
      lost = unknown.length;
      if (lost > 0) findings.push(`${lost} that the hub has are not known`);
      for (const path of db.prepare("select raw_path from files where raw_path <> ''").pluck().all() as string[]) {
        if (existsSync(join(cut, path)) && readFileSync(join(cut, path)).equals(readFileSync(join(home, path)))) continue;
        corrupt++;
        findings.push(`${path.slice(-12)} is not whole`);
      }
    } finally {
      db.close();
    }
  } catch (error) {
    corrupt++;
    findings.push(String((error as Error).message));
  }
  return { lost, corrupt, findings };
}

/** Start a real agent on what a cut has left, with a hub that has what it had then, and wait until everything has arrived. */
async function liveOn(site: Site, cut: string, receivedByThen: number) {
  const { url, secret, file } = site.upstream;
  const all = readFileSync(file, 'utf8').split('\n').slice(0, receivedByThen);
  const home = join(site.dir, 'lived-on');
  const dir = join(site.dir, 'hub-lived-on');
  rmSync(home, { recursive: true, force: true });
  rmSync(dir, { recursive: true, force: true });
  // What is inspected has been opened: that is what a start does first as well.
  cpSync(cut, home, { recursive: true });
  mkdirSync(dir);
  writeFileSync(join(dir, 'received.ndjson'), all.map((line) => `${line}\n`).join(''));
  await site.upstream.close();
  const upstream = await startUpstream({ dir, secret, port: Number(new URL(url).port) });
  try {
    const agent = await startAgent({ ...site, home });
    const last = await new Following(agent.client).untilDelivered(exports, AbortSignal.timeout(deadlineMs));
    await agent.stop();
    return await judgeSite({ ...site, home, upstream }, last);
  } finally {
    await upstream.close();
    site.upstream = await startUpstream({ dir: join(site.dir, 'upstream'), secret, port: Number(new URL(url).port) });
  }
}
