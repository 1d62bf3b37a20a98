import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { ConnectionDraft } from '../contract/connection.ts';
import { type HubDoor, type SourceDraft, type Standing, sandboxHotel, setUp, startAgent } from '../sandbox/agent.ts';
import { dropExport } from '../sandbox/hotel/export-file.ts';
import { type ExportRow, openHotel } from '../sandbox/hotel/hotel.ts';
import { startUpstream, type Upstream } from '../sandbox/upstream/server.ts';
import { check, holds, type Verdict } from './checker.ts';

const firstExportRows = 10_000;
const secondExportRows = 500;
/** How many files {@link prepareSite} drops at each source. */
export const exportedFiles = 2;

/** A new home with a hotel and a hub around it: what one run of a rig happens in. */
export type Site = {
  readonly dir: string;
  readonly home: string;
  readonly drop: string;
  readonly truth: string;
  readonly program: string;
  upstream: Upstream;
};

export async function openSite(program: string): Promise<Site> {
  const dir = mkdtempSync(join(tmpdir(), 'bellhop-rig-'));
  const upstream = await startUpstream({ dir: join(dir, 'upstream') });
  return { dir, home: join(dir, 'home'), drop: join(dir, 'drop'), truth: join(dir, 'truth.ndjson'), program, upstream };
}

type Preparing = {
  readonly seed: number;
  readonly batchRecords?: number;
  readonly source?: SourceDraft;
  readonly moreSources?: readonly { readonly id: string; readonly drop: string; readonly draft: SourceDraft }[];
  readonly destinations?: readonly ConnectionDraft[];
  readonly hub?: HubDoor;
};

/**
 * Set the agent up, then let the hotel drop 10,000 bookings and 500 rows of changes while it is away: every start finds work.
 * @param source what the agent reads, in the place of the folder.
 * @param moreSources further sources, each with a folder of its own: the bookings are shared out among all of them by their keys.
 * @param destinations where it sends to beside the hub.
 * @param hub where the agent finds the hub, if not at the hub itself.
 * @param batchRecords how many records go into one request; fewer make more requests to disturb.
 */
export async function prepareSite(
  site: Site,
  { seed, batchRecords, source, moreSources = [], destinations = [], hub }: Preparing,
): Promise<void> {
  mkdirSync(site.drop, { recursive: true });
  const agent = await startAgent(site);
  await setUp(agent.client, {
    ...site,
    ...(batchRecords !== undefined && { batchRecords }),
    ...(source && { source }),
    ...(hub && { hub }),
  });
  const schedule = { kind: 'cron', expression: '*/2 * * * * *' } as const;
  for (const { id, draft } of moreSources) await agent.client.connections.add({ ...draft, id, schedule });
  for (const destination of destinations) await agent.client.connections.add(destination);
  await agent.stop();
  const hotel = openHotel({ seed, today: '2026-03-01' });
  const at = new Date('2026-03-01T08:00:00Z');
  const drops = [site.drop, ...moreSources.map(({ drop }) => drop)];
  const exports = [
    hotel.nextExport({ rows: firstExportRows, changes: 0.02, bad: 5 }),
    hotel.nextExport({ rows: secondExportRows, changes: 0.9, bad: 1 }),
  ];
  for (const [number, rows] of exports.entries())
    for (const [share, drop] of drops.entries()) {
      const own = rows.filter((row) => shareOf(row, drops.length) === share);
      dropExport({ drop, truth: site.truth }, { rows: own, number: number + 1, at });
    }
}

/** A booking always comes from the same source. */
function shareOf({ truth: { key } }: ExportRow, sources: number): number {
  return (Number(key?.replace(/\D/g, '')) || 0) % sources;
}

/** How a run ended: what the checker says, whether everything arrived in time, whether the database is whole. */
export type Outcome = {
  readonly verdict: Verdict;
  readonly isDelivered: boolean;
  readonly isIntact: boolean;
  /** The source stands as the settings want it. */
  readonly isTidy?: boolean;
  /** How often something did not hold that only this rig looks at; its figures say what. */
  readonly broken?: number;
};

/** Judge a site whose agent has stopped, by what each destination has written down. */
export async function judgeSite(site: Site, last: Last, receivedFiles: readonly string[] = [site.upstream.file]): Promise<Outcome> {
  const letters = last?.overview.setAsideByRule ?? [];
  const deadLettersByRule = Object.fromEntries(letters.map(({ rule, count }) => [rule, count]));
  const verdicts: Verdict[] = [];
  for (const receivedFile of receivedFiles)
    verdicts.push(await check({ truthFile: site.truth, receivedFile, hotelId: sandboxHotel.hotelId, deadLettersByRule }));
  return { verdict: addedUp(verdicts), isDelivered: last?.isDone ?? false, isIntact: isIntact(site) };
}

type Last = (Standing & { readonly isDone: boolean }) | null;

/** The verdicts over several destinations as one. The rows that were set aside are the same for all of them. */
function addedUp(verdicts: readonly Verdict[]): Verdict {
  const [first] = verdicts;
  if (!first) throw new RangeError('nothing to judge');
  const sum = (of: (verdict: Verdict) => number) => verdicts.reduce((total, one) => total + of(one), 0);
  return {
    ...first,
    delivered: sum((one) => one.delivered),
    lost: sum((one) => one.lost),
    twice: sum((one) => one.twice),
    inverted: sum((one) => one.inverted),
    corrupt: sum((one) => one.corrupt),
    skipped: sum((one) => one.skipped),
    findings: verdicts.flatMap((one) => one.findings).slice(0, 20),
  };
}

/** Tell whether a run holds its promise: everything arrived, once, in order, and the database is whole. */
export function outcomeHolds({ verdict, isDelivered, isIntact: whole, isTidy = true, broken = 0 }: Outcome): boolean {
  return isDelivered && whole && isTidy && broken === 0 && holds(verdict);
}

function isIntact({ home }: Site): boolean {
  const db = new Database(join(home, 'pipeline.db'), { readonly: true });
  try {
    return db.pragma('integrity_check', { simple: true }) === 'ok';
  } finally {
    db.close();
  }
}

export async function closeSite(site: Site): Promise<void> {
  await site.upstream.close();
  rmSync(site.dir, { recursive: true, force: true, maxRetries: 5 });
}
