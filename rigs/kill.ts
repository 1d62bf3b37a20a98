import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceDraft } from '../sandbox/agent.ts';
import { seededRandom } from '../sandbox/hotel/random.ts';
import { startSftp } from '../sandbox/sftp/server.ts';
import { type KillRun, killUntilDelivered, mostKillsOfHome } from './killing.ts';
import type { Receivers } from './receivers.ts';
import { password, serveFolder, sftpSource } from './sftp.ts';
import { closeSite, exportedFiles, judgeSite, openSite, prepareSite } from './site.ts';

/**
 * Import 10,000 bookings and 500 changes from two folders and an SFTP server into a new home, and send them to a hub, a database and a
 * broker, while the agent is killed again and again, until everything has arrived everywhere.
 *
 * A kill counts only when it was effective: something had been committed, or had arrived, since that start. The seed decides the
 * hotel, the receiver's slowness and the moments of the kills; the machine decides what they hit.
 *
 * @param most how many effective kills are still wanted; the home is finished undisturbed afterwards.
 * @param receivers the database and the broker; null where they are not installed: then everything goes to the hub alone.
 */
export async function killRun(wanted: {
  readonly seed: number;
  readonly most: number;
  readonly program: string;
  readonly receivers: Receivers | null;
}): Promise<KillRun> {
  const { seed, most, program, receivers } = wanted;
  const random = seededRandom(seed);
  const site = await openSite(program);
  const server = await startSftp({ password });
  try {
    const onServer = join(site.dir, 'on-server');
    const moreSources = [
      { id: 'events', drop: join(site.dir, 'events'), draft: folderSource(join(site.dir, 'events')) },
      { id: 'files', drop: onServer, draft: sftpSource(server, 'leave') },
    ];
    await receivers?.begin(site.dir);
    for (const { drop } of moreSources) mkdirSync(drop);
    await prepareSite(site, { seed, moreSources, destinations: receivers?.drafts() ?? [] });
    serveFolder(server, onServer);
    // Nothing in the agent is slowed down. A hub some way off gives the kills something to hit while they fly.
    site.upstream.faults.latencyMs = random.between(10, 80);
    site.upstream.faults.answerLatencyMs = random.between(10, 80);
    const files = exportedFiles * (moreSources.length + 1);
    const { last, ...killed } = await killUntilDelivered(site, { random, files, most: Math.min(most, mostKillsOfHome) });
    await receivers?.finish();
    const received = [site.upstream.file, ...(receivers ? Object.values(receivers.files) : [])];
    const wireDuplicates = site.upstream.counts.wireDuplicates + (receivers?.wireDuplicates ?? 0);
    return { ...(await judgeSite(site, last, received)), ...killed, wireDuplicates };
  } finally {
    await server.close();
    await closeSite(site);
  }
}

function folderSource(folder: string): SourceDraft {
  const settings = { folder, entity: 'booking', mapping: 'generic-pms-bookings', source: 'events', completeWhen: 'done-file' };
  return { kind: 'folder-csv', title: 'Events', settings, secrets: {} };
}
