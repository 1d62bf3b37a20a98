import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { hostKeyOf } from '../agent/pipeline/connectors/sftp-csv/host-key.ts';
import { type SourceDraft, startAgent } from '../sandbox/agent.ts';
import { seededRandom } from '../sandbox/hotel/random.ts';
import { type SandboxSftp, startSftp } from '../sandbox/sftp/server.ts';
import { type KillRun, killUntilDelivered, mostKillsOfHome } from './killing.ts';
import { closeSite, judgeSite, openSite, prepareSite, type Site } from './site.ts';

export const password = 'a rig has no secrets';

export type SftpRun = KillRun & { readonly cuts: number };

/**
 * The import of the rig `kill`, with the files on an SFTP server that cuts the line at random places or stops answering, while the
 * agent is killed again and again. Half a file must never become records. What was taken is left, moved or deleted, as the seed
 * decides; in the end the server must hold exactly what that says.
 */
export async function sftpRun(wanted: { readonly seed: number; readonly most: number; readonly program: string }): Promise<SftpRun> {
  const random = seededRandom(wanted.seed);
  const site = await openSite(wanted.program);
  const server = await startSftp({ password });
  try {
    const afterwards = random.pick(['leave', 'move', 'delete'] as const);
    await prepareSite(site, { seed: wanted.seed, source: sftpSource(server, afterwards) });
    serveFolder(server, site.drop);
    site.upstream.faults.latencyMs = random.between(10, 80);
    const exported = new Map(server.files);
    const largest = Math.max(...[...server.files.values()].map((file) => file.content.length));
    let cuts = 0;
    const { last, ...killed } = await killUntilDelivered(site, {
      random,
      most: Math.min(wanted.most, mostKillsOfHome),
      beforeStart: (isLast) => {
        server.faults.mostReadBytes = random.between(300, 8000);
        server.faults.hangsAtRead = !isLast && random.chance(0.1);
        server.faults.cutAfterBytes = !isLast && random.chance(0.5) ? random.between(0, largest) : null;
        server.faults.cutsAtChange = isLast ? 'never' : random.pick(['never', 'before', 'after'] as const);
        if (server.faults.cutAfterBytes !== null) cuts += 1;
      },
    });
    const isTidy = await putsAway(site, server, wantedFiles(exported, afterwards));
    return { ...(await judgeSite(site, last)), isTidy, ...killed, cuts, wireDuplicates: site.upstream.counts.wireDuplicates };
  } finally {
    await server.close();
    await closeSite(site);
  }
}

/** What a server holds when everything was taken. */
function wantedFiles(exported: SandboxSftp['files'], afterwards: 'leave' | 'move' | 'delete'): Map<string, Buffer> {
  if (afterwards === 'delete') return new Map();
  const placed = (path: string) => (afterwards === 'move' ? path.replace('/exports/', '/exports/taken/') : path);
  return new Map([...exported].map(([path, { content }]) => [placed(path), content]));
}

/** Let the agent read once more, undisturbed: what it still had to put away is put away then. */
async function putsAway(site: Site, server: SandboxSftp, wanted: ReadonlyMap<string, Buffer>): Promise<boolean> {
  const isSo = () =>
    server.files.size === wanted.size && [...wanted].every(([path, content]) => server.files.get(path)?.content.equals(content));
  // Everything may have arrived before the last start: then the server still does what it did wrong in that one.
  Object.assign(server.faults, { hangsAtRead: false, cutAfterBytes: null, cutsAtChange: 'never' });
  const agent = await startAgent(site);
  const deadline = Date.now() + 30_000;
  try {
    while (!isSo() && Date.now() < deadline) {
      await agent.client.connections.syncNow({ id: 'pms' });
      await after(100);
    }
    return isSo();
  } finally {
    await agent.stop();
  }
}

/** Put what the hotel has dropped on the server, done-files and all. */
export function serveFolder(server: SandboxSftp, folder: string): void {
  for (const name of readdirSync(folder)) {
    const mtime = 1_772_352_000 + (name.endsWith('.done') ? 5 : 0);
    server.files.set(`/exports/${name}`, { content: readFileSync(join(folder, name)), mtime });
  }
}

export function sftpSource(server: SandboxSftp, afterwards: string): SourceDraft {
  return {
    kind: 'sftp-csv',
    title: 'Sandbox SFTP',
    settings: {
      host: '127.0.0.1',
      port: server.port,
      user: 'hotel',
      hostKey: hostKeyOf(server.hostKeyBlob).text,
      serverFolder: '/exports',
      completeWhen: 'done-file',
      afterwards,
    },
    secrets: { password },
  };
}
