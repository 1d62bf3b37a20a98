import { closeSync, mkdirSync, openSync, readdirSync, readSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Following, type RunningAgent, startAgent } from '../sandbox/agent.ts';
import { type Random, seededRandom } from '../sandbox/hotel/random.ts';
import { startUpstream } from '../sandbox/upstream/server.ts';
import { closeSite, exportedFiles, judgeSite, type Outcome, openSite, prepareSite, type Site } from './site.ts';

const homeDeadlineMs = 180_000;
const pageBytes = 8192;

/** What the years, a bad cable or a careless tool do to files at rest. Each says how many places it has hit. */
const damages: Readonly<Record<string, (site: Site, random: Random) => number>> = {
  'bits of the database': ({ home }, random) => flipBits(join(home, 'pipeline.db'), random.between(1, 30), random),
  'a page of the database': ({ home }, random) => overwrite(join(home, 'pipeline.db'), pageBytes, random),
  'bits of a raw file': ({ home }, random) => flipBits(random.pick(rawFiles(home)), random.between(1, 5), random),
  'the end of the database': ({ home }, random) => cutOff(join(home, 'pipeline.db'), random.between(1, 40) * pageBytes),
  'the head of the database': ({ home }, random) => flipBits(join(home, 'pipeline.db'), 3, random, 100),
  'a bit here and there': ({ home }, random) =>
    flipBits(join(home, 'pipeline.db'), 2, random) + flipBits(random.pick(rawFiles(home)), 1, random),
};
const kinds = Object.keys(damages);

export type BitrotRun = Outcome & { readonly kind: string; readonly places: number; readonly wireDuplicates: number };

/** The kinds of damage, each with how often a run had it. */
export function kindCounts(kind: string): Record<string, number> {
  return Object.fromEntries(kinds.map((one) => [one, one === kind ? 1 : 0]));
}

/**
 * An agent reads everything while the hub is away, makes a backup in the middle of it, and stops. Its files are damaged; where copies of files
 * are not, the hotel has moved its exports away meanwhile. Then both start again: everything arrives, and nothing that was damaged. The seed
 * decides what is damaged and where; one kind follows another from seed to seed.
 */
export async function bitrotRun(wanted: { readonly seed: number; readonly program: string }): Promise<BitrotRun> {
  const random = seededRandom(wanted.seed);
  const kind = kinds[wanted.seed % kinds.length] as string;
  const site = await openSite(wanted.program);
  const signal = AbortSignal.timeout(homeDeadlineMs);
  try {
    await prepareSite(site, { seed: wanted.seed });
    const { url, secret } = site.upstream;
    await site.upstream.close();
    await readAndBackUp(site, random.between(0, exportedFiles), signal);
    // Of a copy that is damaged the file itself has to be there; of a database alone nothing has.
    const isMovedAway = !kind.includes('raw file') && !kind.includes('here and there');
    if (isMovedAway) for (const name of readdirSync(site.drop)) rmSync(join(site.drop, name));
    const places = damages[kind]?.(site, random) ?? 0;
    site.upstream = await startUpstream({ dir: join(site.dir, 'upstream'), secret, port: Number(new URL(url).port) });
    const go = async () => {
      const agent = await startAgent(site);
      try {
        await letGo(agent);
        const last = await arrived(agent, signal);
        const isWhole = await checked(agent);
        await agent.stop();
        return { last, isWhole };
      } finally {
        await agent.kill();
      }
    };
    let ended = await go();
    // What the check of the night has found wrong with the database is looked into at the next start.
    if (!ended.isWhole) ended = await go();
    const { wireDuplicates } = site.upstream.counts;
    return { ...(await judgeSite(site, ended.last)), kind, places, wireDuplicates };
  } finally {
    await closeSite(site);
  }
}

/** Read everything, with a backup that is begun when so many files are read. */
async function readAndBackUp(site: Site, filesBefore: number, signal: AbortSignal): Promise<void> {
  const agent = await startAgent(site);
  try {
    const following = new Following(agent.client);
    const untilRead = async (files: number) => {
      for (; following.filesDone < files; await delay(20, undefined, { signal })) await following.look();
    };
    await untilRead(filesBefore);
    const folder = join(site.dir, 'usb');
    mkdirSync(folder);
    await agent.client.backups.setPlan({ plan: { folder, at: '03:00', keep: 3 } });
    await untilRead(exportedFiles);
    while ((await agent.client.backups.get({})).lastVerifiedAtMs === null) await delay(100, undefined, { signal });
    await agent.stop();
  } finally {
    await agent.kill();
  }
}

/** After a backup has taken the place of the database nothing is sent until a person has looked; here nobody has anything to keep back. */
async function letGo({ client }: RunningAgent): Promise<void> {
  for (const system of (await client.overview.get({})).systems)
    if (system.direction === 'destination' && system.held !== null) await client.connections.resetBreaker({ id: system.id });
}

/** Check everything, as is done by night. @returns whether the pages of the database fit together. */
async function checked({ client }: RunningAgent): Promise<boolean> {
  for await (const { report } of await client.checks.run({}))
    if (report !== null) return report.findings.every(({ kind }) => kind !== 'database');
  return false;
}

/** Wait until everything has arrived, and what was set aside because of the damage has been read once more. */
async function arrived(agent: RunningAgent, signal: AbortSignal) {
  for (;;) {
    const last = await new Following(agent.client).untilDelivered(exportedFiles, signal);
    const isMended = last.overview.setAsideByRule.every(({ rule }) => rule !== 'kept-damaged');
    if ((last.isDone && isMended) || signal.aborted) return { ...last, isDone: last.isDone && isMended };
    await delay(100);
  }
}

function rawFiles(home: string): string[] {
  const found = readdirSync(join(home, 'raw'), { recursive: true, withFileTypes: true });
  return found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}

/** Flip single bits, each at any place of a file, or of its first bytes. */
function flipBits(path: string, count: number, random: Random, within = statSync(path).size): number {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  for (let done = 0; done < count; done++) {
    const at = random.between(0, within - 1);
    readSync(file, byte, 0, 1, at);
    byte.writeUInt8(byte.readUInt8() ^ (1 << random.between(0, 7)));
    writeSync(file, byte, 0, 1, at);
  }
  closeSync(file);
  return count;
}

function overwrite(path: string, bytes: number, random: Random): number {
  const file = openSync(path, 'r+');
  const noise = Buffer.from(Array.from({ length: bytes }, () => random.between(0, 255)));
  writeSync(file, noise, 0, bytes, random.between(0, Math.floor(statSync(path).size / bytes) - 1) * bytes);
  closeSync(file);
  return 1;
}

function cutOff(path: string, bytes: number): number {
  truncateSync(path, Math.max(0, statSync(path).size - bytes));
  return 1;
}
