import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Following, sandboxHotel, setUp, startAgent } from '../sandbox/agent.ts';
import { dropExport } from '../sandbox/hotel/export-file.ts';
import { openHotel } from '../sandbox/hotel/hotel.ts';
import { type Random, seededRandom } from '../sandbox/hotel/random.ts';
import { startUpstream, type Upstream } from '../sandbox/upstream/server.ts';
import { check, holds, type Verdict } from './checker.ts';

const firstExportRows = 10_000;
const secondExportRows = 500;
const exports = 2;
/** So many kills in one home; then it may finish, and the next home starts from nothing: the beginning is worth killing too. */
const mostKillsOfHome = 12;
const homeDeadlineMs = 180_000;

export type KillRun = {
  readonly seed: number;
  readonly kills: number;
  readonly effectiveKills: number;
  /** Those of them that came before both files had been read to their end. */
  readonly killsWhileReading: number;
  readonly restartMs: readonly number[];
  readonly verdict: Verdict;
  readonly wireDuplicates: number;
  readonly isDelivered: boolean;
  readonly isIntact: boolean;
  readonly wallMs: number;
};

/** Tell whether a run holds its promise: everything arrived, once, in order, and the database is whole. */
export function runHolds(run: KillRun): boolean {
  return run.isDelivered && run.isIntact && holds(run.verdict);
}

type Site = { readonly home: string; readonly drop: string; readonly truth: string; readonly upstream: Upstream; readonly program: string };

/**
 * Import 10,000 bookings and 500 changes into a new home while the agent is killed again and again, until everything has arrived.
 *
 * A kill counts only when it was effective: something had been committed, or had arrived, since that start. The seed decides the
 * hotel, the receiver's slowness and the moments of the kills; the machine decides what they hit.
 *
 * @param most how many effective kills are still wanted; the home is finished undisturbed afterwards.
 */
export async function killRun({
  seed,
  most,
  program,
}: {
  readonly seed: number;
  readonly most: number;
  readonly program: string;
}): Promise<KillRun> {
  const startedAtMs = performance.now();
  const random = seededRandom(seed);
  const dir = mkdtempSync(join(tmpdir(), 'bellhop-kill-'));
  const upstream = await startUpstream({ dir: join(dir, 'upstream') });
  const site: Site = { home: join(dir, 'home'), drop: join(dir, 'drop'), truth: join(dir, 'truth.ndjson'), upstream, program };
  try {
    await prepare(site, seed);
    // Nothing in the agent is slowed down. A hub some way off gives the kills something to hit while they fly.
    upstream.faults.latencyMs = random.between(10, 80);
    upstream.faults.answerLatencyMs = random.between(10, 80);
    const killed = await killUntilDelivered(site, { random, most: Math.min(most, mostKillsOfHome) });
    const verdict = await check({
      truthFile: site.truth,
      receivedFile: upstream.file,
      hotelId: sandboxHotel.hotelId,
      deadLettersByRule: killed.deadLettersByRule,
    });
    return {
      seed,
      ...killed,
      verdict,
      wireDuplicates: upstream.counts.wireDuplicates,
      isIntact: isIntact(site),
      wallMs: Math.round(performance.now() - startedAtMs),
    };
  } finally {
    await upstream.close();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Set the agent up, then let the hotel drop both exports while it is away: every start finds work. */
async function prepare(site: Site, seed: number): Promise<void> {
  mkdirSync(site.drop, { recursive: true });
  const agent = await startAgent(site);
  await setUp(agent.client, site);
  await agent.stop();
  const hotel = openHotel({ seed, today: '2026-03-01' });
  const at = new Date('2026-03-01T08:00:00Z');
  dropExport(site, { rows: hotel.nextExport({ rows: firstExportRows, changes: 0.02, bad: 5 }), number: 1, at });
  dropExport(site, { rows: hotel.nextExport({ rows: secondExportRows, changes: 0.9, bad: 1 }), number: 2, at });
}

async function killUntilDelivered(site: Site, { random, most }: { readonly random: Random; readonly most: number }) {
  const restartMs: number[] = [];
  const deadline = AbortSignal.timeout(homeDeadlineMs);
  let kills = 0;
  let effectiveKills = 0;
  let killsWhileReading = 0;
  for (;;) {
    const startedAtMs = performance.now();
    const agent = await startAgent(site);
    restartMs.push(performance.now() - startedAtMs);
    const mark = progressMark(site);
    // Reading starts at once in every other start, instead of at the next even second: both sides of the schedule are hit.
    if (random.chance(0.5)) void agent.client.connections.syncNow({ id: 'pms' }).catch(() => undefined);
    const isLast = effectiveKills >= most;
    const moment = isLast ? deadline : AbortSignal.any([deadline, AbortSignal.timeout(killAfterMs(random))]);
    const following = new Following(agent.client);
    const last = await lookUntil(following, moment);
    if (last?.isDone || deadline.aborted) {
      await agent.stop();
      const letters = last?.overview.setAsideByRule ?? [];
      return {
        kills,
        effectiveKills,
        killsWhileReading,
        restartMs,
        isDelivered: last?.isDone ?? false,
        deadLettersByRule: Object.fromEntries(letters.map(({ rule, count }) => [rule, count])),
      };
    }
    await agent.kill();
    kills += 1;
    if (progressMark(site) === mark) continue;
    effectiveKills += 1;
    if (following.filesDone < exports) killsWhileReading += 1;
  }
}

/** Mostly soon, while files are read and the first batches are on their way; sometimes late. */
function killAfterMs(random: Random): number {
  return random.chance(0.7) ? random.between(20, 400) : random.between(400, 2500);
}

/** Look whether everything has arrived until the moment has come; null when the agent was never seen at rest. */
async function lookUntil(following: Following, moment: AbortSignal) {
  const ended = new Promise<null>((resolve) => moment.addEventListener('abort', () => resolve(null), { once: true }));
  // The kill must not wait for an answer that is under way.
  const looked = following.untilDelivered(exports, moment).catch(() => null);
  return Promise.race([looked, ended]);
}

/** What changes with every commit and every arrival, read from outside: no question to the agent could be trusted here. */
function progressMark({ home, upstream }: Site): string {
  const files = ['pipeline.db', 'pipeline.db-wal'].map((name) => {
    const found = statSync(join(home, name), { throwIfNoEntry: false });
    return found ? `${found.size} ${found.mtimeMs}` : 'none';
  });
  return [...files, upstream.received()].join(' ');
}

function isIntact({ home }: Site): boolean {
  const db = new Database(join(home, 'pipeline.db'), { readonly: true });
  try {
    return db.pragma('integrity_check', { simple: true }) === 'ok';
  } finally {
    db.close();
  }
}

/** Give the value below which 99 of 100 lie. */
export function p99(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return Math.round(sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0);
}
