import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Following, type RunningAgent, setUp, startAgent } from '../sandbox/agent.ts';
import { dropExport } from '../sandbox/hotel/export-file.ts';
import { type ExportRow, openHotel } from '../sandbox/hotel/hotel.ts';
import { seededRandom } from '../sandbox/hotel/random.ts';
import { closeSite, judgeSite, type Outcome, openSite, type Site } from './site.ts';

const homeDeadlineMs = 120_000;

/**
 * What becomes of the PC, and of the exports that the hotel wrote after the backup:
 * - `files-stay`: it dies at any moment; the exports still lie in their folder.
 * - `files-put-away`: it dies when all was delivered, and the exports are gone with it.
 * - `no-backup`: the same, and there is no backup: the new PC knows nothing.
 */
const ways = ['files-stay', 'files-put-away', 'no-backup'] as const;
type Way = (typeof ways)[number];

export type RestoreRun = Outcome & { readonly way: Way; readonly restartMs: readonly number[]; readonly wireDuplicates: number };

/** Back up, change, deliver, destroy the PC, restore on another, change again: the hub must end on what the hotel said last. */
export async function restoreRun(wanted: { readonly seed: number; readonly program: string }): Promise<RestoreRun> {
  const random = seededRandom(wanted.seed);
  const way = ways[wanted.seed % ways.length] as Way;
  const hasBackup = way !== 'no-backup';
  const site = await openSite(wanted.program);
  const signal = AbortSignal.timeout(homeDeadlineMs);
  try {
    site.upstream.faults.latencyMs = random.between(0, 40);
    const hotel = openHotel({ seed: wanted.seed, today: '2026-03-01' });
    let number = 0;
    // A row that was set aside and not read again since the backup is gone with the PC: such rows come only where they are read again.
    const drop = (rows: number, changes: number, bad: number) =>
      dropExport(site, {
        rows: newestOfKey(hotel.nextExport({ rows, changes, bad })),
        number: ++number,
        at: new Date('2026-03-01T08:00:00Z'),
      });
    mkdirSync(site.drop, { recursive: true });

    let agent = await startAgent(site);
    await setUp(agent.client, { ...site, batchRecords: 100 });
    drop(3000, 0, hasBackup ? 3 : 0);
    if (random.chance(0.5)) await new Following(agent.client).untilDelivered(1, signal);
    else await untilRead(agent, 1, signal);
    if (hasBackup) await command(site, ['backup', join(site.dir, 'usb')]);
    drop(1000, 0.9, way === 'files-stay' ? 1 : 0);
    if (way === 'files-stay') await delay(random.between(0, 3000));
    else await new Following(agent.client).untilDelivered(2, signal);

    const { recoveryKey } = await agent.client.agent.recoveryKey({});
    await agent.kill();
    rmSync(site.home, { recursive: true });
    if (way !== 'files-stay') for (const name of readdirSync(site.drop)) rmSync(join(site.drop, name));
    if (hasBackup) await command(site, ['restore', join(site.dir, 'usb'), '--recovery-key-stdin'], recoveryKey);

    const startedAtMs = performance.now();
    agent = await startAgent(site);
    const restartMs = [performance.now() - startedAtMs];
    if (!hasBackup) await setUp(agent.client, { ...site, batchRecords: 100 });
    drop(1000, 0.9, 1);
    const files = { 'files-stay': 3, 'files-put-away': 2, 'no-backup': 1 }[way];
    const last = await new Following(agent.client).untilDelivered(files, signal);
    await agent.stop();
    return { ...(await judgeSite(site, last)), way, restartMs, wireDuplicates: site.upstream.counts.wireDuplicates };
  } finally {
    await closeSite(site);
  }
}

/**
 * Each booking once, as in an export of a night. A file that names one twice and is read again after a restore sends both states once
 * more, in their order (docs/backup.md): the hub ends on the right one, but this rig wants to see no step back at all.
 */
function newestOfKey(rows: readonly ExportRow[]): ExportRow[] {
  const last = new Map(rows.map((row, at) => [row.truth.key, at]));
  return rows.filter((row, at) => 'bad' in row.truth || last.get(row.truth.key) === at);
}

async function untilRead(agent: RunningAgent, files: number, signal: AbortSignal): Promise<void> {
  const following = new Following(agent.client);
  while (following.filesDone < files) {
    signal.throwIfAborted();
    await following.look();
    await delay(10);
  }
}

/** Run a command of the product on the site's home, as a person would. */
async function command(site: Site, args: readonly string[], input = ''): Promise<void> {
  const run = spawn(process.execPath, [site.program, ...args, '--home', site.home, '--json'], { stdio: ['pipe', 'ignore', 'inherit'] });
  run.stdin.end(input);
  const [code] = (await once(run, 'exit')) as [number];
  if (code !== 0) throw new Error(`bellhop ${args[0]} ended with ${code}`);
}
