import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Following, type RunningAgent, startAgent } from '../sandbox/agent.ts';
import { type Random, seededRandom } from '../sandbox/hotel/random.ts';
import { closeSite, exportedFiles, judgeSite, type Outcome, openSite, prepareSite, type Site } from './site.ts';

const homeDeadlineMs = 300_000;
const diskMiB = 64;
/** Small requests, so that a confirmation is often what the disk has no room for. */
const batchRecords = 100;
const mostFillingsOfHome = 6;
const mib = 1024 * 1024;

export type DiskfullRun = Outcome & { readonly fillings: number; readonly said: number; readonly wireDuplicates: number };

/** Why this rig cannot run here; null when it can: it needs a small disk of its own. */
export function missingSmallDisk(): string | null {
  if (process.platform !== 'linux') return 'only Linux makes a small disk in memory';
  return process.getuid?.() === 0 ? null : 'only root makes a small disk';
}

/**
 * Import 10,000 bookings and 500 changes into a home on a disk of 64 MiB that is filled to its last byte again and again, each time after
 * something has arrived, and made free again: nobody restarts anything, and everything arrives.
 * @param most how many fillings are still wanted.
 */
export async function diskfullRun(wanted: {
  readonly seed: number;
  readonly most: number;
  readonly program: string;
}): Promise<DiskfullRun> {
  const random = seededRandom(wanted.seed);
  const site = await openSite(wanted.program);
  mkdirSync(site.home);
  run('mount', '-t', 'tmpfs', '-o', `size=${diskMiB}m,mode=700`, 'tmpfs', site.home);
  try {
    await prepareSite(site, { seed: wanted.seed, batchRecords });
    site.upstream.faults.latencyMs = random.between(5, 30);
    const agent = await startAgent(site);
    try {
      const deadline = AbortSignal.timeout(homeDeadlineMs);
      const arrived = new AbortController();
      const most = Math.min(wanted.most, mostFillingsOfHome);
      const filling = fill(site, agent, { random, most, signal: AbortSignal.any([deadline, arrived.signal]) });
      const last = await new Following(agent.client).untilDelivered(exportedFiles, deadline).catch(() => null);
      arrived.abort();
      const made = await filling;
      await agent.stop();
      return { ...(await judgeSite(site, last)), ...made, wireDuplicates: site.upstream.counts.wireDuplicates };
    } finally {
      await agent.kill();
    }
  } finally {
    run('umount', '--lazy', site.home);
    await closeSite(site);
  }
}

type Filling = { readonly random: Random; readonly most: number; readonly signal: AbortSignal };

/** Fill the disk, wait, and make it free again. `said` counts how often the agent told of it meanwhile. */
async function fill(site: Site, { client }: RunningAgent, { random, most, signal }: Filling) {
  const counts = { fillings: 0, said: 0 };
  const ballast = join(site.home, 'ballast');
  let arrivedBefore = 0;
  while (!signal.aborted && counts.fillings < most) {
    await delay(random.between(10, 200), undefined, { signal }).catch(() => undefined);
    if (site.upstream.received() === arrivedBefore) continue;
    counts.fillings += 1;
    fillUp(ballast);
    await delay(random.between(300, 2500), undefined, { signal }).catch(() => undefined);
    const { disk } = await client.overview.get({});
    if (disk.state === 'stop') counts.said += 1;
    rmSync(ballast);
    arrivedBefore = site.upstream.received();
    // By itself it looks again within a minute; nobody waits for that here.
    await client.connections.syncNow({ id: 'pms' }).catch(() => undefined);
  }
  return counts;
}

/** Write until there is no room for a single byte more. */
function fillUp(path: string): void {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(mib, 0x5a);
  try {
    for (let size = mib; size >= 1; ) {
      try {
        if (writeSync(file, block, 0, size) < size) size = Math.floor(size / 2);
      } catch (error) {
        if ((error as { code?: string }).code !== 'ENOSPC') throw error;
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}
