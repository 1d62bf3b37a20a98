import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostKeyOf } from '../agent/pipeline/connectors/sftp-csv/host-key.ts';
import type { SourceDraft } from '../sandbox/agent.ts';
import { seededRandom } from '../sandbox/hotel/random.ts';
import { type SandboxSftp, startSftp } from '../sandbox/sftp/server.ts';
import { type KillRun, killUntilDelivered, mostKillsOfHome } from './kill.ts';
import { closeSite, judgeSite, openSite, prepareSite } from './site.ts';

const password = 'a rig has no secrets';

export type SftpRun = KillRun & { readonly cuts: number };

/**
 * The import of the rig `kill`, with the files on an SFTP server that cuts the line at random places or stops answering, while the
 * agent is killed again and again. Half a file must never become records.
 */
export async function sftpRun(wanted: { readonly seed: number; readonly most: number; readonly program: string }): Promise<SftpRun> {
  const random = seededRandom(wanted.seed);
  const site = await openSite(wanted.program);
  const server = await startSftp({ password });
  try {
    await prepareSite(site, { seed: wanted.seed, source: sftpSource(server) });
    serveFolder(server, site.drop);
    site.upstream.faults.latencyMs = random.between(10, 80);
    const largest = Math.max(...[...server.files.values()].map((file) => file.content.length));
    let cuts = 0;
    const { last, ...killed } = await killUntilDelivered(site, {
      random,
      most: Math.min(wanted.most, mostKillsOfHome),
      beforeStart: (isLast) => {
        server.faults.mostReadBytes = random.between(300, 8000);
        server.faults.hangsAtRead = !isLast && random.chance(0.1);
        server.faults.cutAfterBytes = !isLast && random.chance(0.5) ? random.between(0, largest) : null;
        if (server.faults.cutAfterBytes !== null) cuts += 1;
      },
    });
    return { ...(await judgeSite(site, last)), ...killed, cuts, wireDuplicates: site.upstream.counts.wireDuplicates };
  } finally {
    await server.close();
    await closeSite(site);
  }
}

/** Put what the hotel has dropped on the server, done-files and all. */
function serveFolder(server: SandboxSftp, folder: string): void {
  for (const name of readdirSync(folder)) {
    const mtime = 1_772_352_000 + (name.endsWith('.done') ? 5 : 0);
    server.files.set(`/exports/${name}`, { content: readFileSync(join(folder, name)), mtime });
  }
}

function sftpSource(server: SandboxSftp): SourceDraft {
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
    },
    secrets: { password },
  };
}
