import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Following, type RunningAgent, setUp, startAgent } from '../../sandbox/agent.ts';
import { dropExport } from '../../sandbox/hotel/export-file.ts';
import { openHotel } from '../../sandbox/hotel/hotel.ts';
import { seededRandom } from '../../sandbox/hotel/random.ts';
import { startUpstream } from '../../sandbox/upstream/server.ts';
import { closeSite, judgeSite, openSite, outcomeHolds, type Site } from '../site.ts';
import { callKinds, countingArguments, mostInAThread, type Point, spoilt, straceArguments } from './calls.ts';

/** The hotel is always the same: the seed decides which call is spoilt, and how. */
const hotelSeed = 20_261_130;
const exports = 2;
const batchRecords = 50;
const deadlineMs = 60_000;
const lookEveryMs = 50;
/** P5: so long may an error go unseen that has not healed by itself. */
const seenWithinMs = 5000;
/** What is seen is not waited for longer than this: a person may have to look at it. */
const healedWithinMs = 20_000;

export type InjectRun = {
  /** How many calls were spoilt. */
  readonly n: number;
  readonly lost: number;
  readonly twice: number;
  readonly inverted: number;
  readonly corrupt: number;
  readonly missed: number;
  readonly undelivered: number;
  readonly damaged: number;
  /** Failures that nobody in the agent was waiting for, and ends without a word. */
  readonly unhandled: number;
  /** Errors that were neither healed nor to be seen after 5 s. */
  readonly unseen: number;
  readonly errors: number;
  readonly kills: number;
  /** Errors that were to be seen, and from which the agent had not recovered by itself when it was stopped and started again. */
  readonly notHealed: number;
  /** Starts that were refused with a reason; the next one had to work. */
  readonly refusedStarts: number;
  /** Points that were not reached: a thread did not come so far. */
  readonly notReached: number;
  readonly findings: readonly string[];
};

type Tell = (line: object) => void;

/**
 * A small import from the start of the agent to its stop, with one call spoilt in it: the n-th of its kind fails, or is where the process is
 * killed. Then an agent is started undisturbed, everything has to have arrived, and nothing twice.
 *
 * @param n how many points, drawn by the seed from all kinds of call in turn; 0 is each of them.
 */
export async function injectRun(
  wanted: { readonly seed: number; readonly n: number; readonly program: string },
  tell: Tell,
): Promise<InjectRun> {
  const site = await openSite(wanted.program);
  try {
    await prepare(site);
    const points = wanted.n === 0 ? everyPoint(await mostOfEach(site)) : drawn(wanted.n, wanted.seed);
    const sum = { n: 0, lost: 0, twice: 0, inverted: 0, corrupt: 0, missed: 0, undelivered: 0, damaged: 0, unhandled: 0, unseen: 0 };
    const counts = { errors: 0, kills: 0, notHealed: 0, refusedStarts: 0, notReached: 0 };
    const findings: string[] = [];
    for (const [at, point] of points.entries()) {
      const found = await livedThrough(site, point);
      const name = `${point.kind.call} ${point.nth} ${point.error}`;
      tell({ seed: wanted.seed + at, point: name, ...found });
      if (found.hits.length === 0) counts.notReached += 1;
      else if (point.error === 'KILL') counts.kills += 1;
      else counts.errors += 1;
      if (found.hits.length > 0) sum.n += 1;
      if (found.isToBeHealed) counts.notHealed += 1;
      if (found.isStartRefused) counts.refusedStarts += 1;
      for (const figure of ['lost', 'twice', 'inverted', 'corrupt', 'missed', 'undelivered', 'damaged', 'unhandled', 'unseen'] as const)
        sum[figure] += found[figure];
      if (!found.holds && findings.length < 20) findings.push(`${name}: ${found.findings.join('; ')}`);
    }
    return { ...sum, ...counts, findings };
  } finally {
    await closeSite(site);
  }
}

/** Say whether a run holds: everything arrived, once, and no error was a surprise. */
export function injectHolds(run: InjectRun): boolean {
  const { lost, twice, inverted, corrupt, missed, undelivered, damaged, unhandled, unseen, findings } = run;
  return lost + twice + inverted + corrupt + missed + undelivered + damaged + unhandled + unseen === 0 && findings.length === 0;
}

const templateOf = ({ dir }: Site) => join(dir, 'template');

/** A home that is set up, with two exports waiting for it: the same for every point. */
async function prepare(site: Site): Promise<void> {
  mkdirSync(site.drop, { recursive: true });
  const agent = await startAgent(site);
  await setUp(agent.client, { ...site, batchRecords });
  await agent.stop();
  cpSync(site.home, templateOf(site), { recursive: true });
  const hotel = openHotel({ seed: hotelSeed, today: '2026-03-01' });
  const at = new Date('2026-03-01T08:00:00Z');
  dropExport(site, { rows: hotel.nextExport({ rows: 300, changes: 0, bad: 1 }), number: 1, at });
  dropExport(site, { rows: hotel.nextExport({ rows: 80, changes: 0.8, bad: 1 }), number: 2, at });
}

/** Everything as it was, with a hub that has seen nothing. */
async function asItWas(site: Site): Promise<void> {
  rmSync(site.home, { recursive: true, force: true });
  cpSync(templateOf(site), site.home, { recursive: true });
  const { url, secret, file } = site.upstream;
  await site.upstream.close();
  rmSync(file, { force: true });
  site.upstream = await startUpstream({ dir: join(site.dir, 'upstream'), secret, port: Number(new URL(url).port) });
}

/** How many calls of each kind one thread makes at most in an import that nobody disturbs. */
async function mostOfEach(site: Site): Promise<readonly number[]> {
  await asItWas(site);
  const log = join(site.dir, 'counted.log');
  const agent = await startAgent({ ...site, wrap: countingArguments(log) });
  const last = await new Following(agent.client).untilDelivered(exports, AbortSignal.timeout(deadlineMs));
  await agent.stop();
  if (!last.isDone) throw new Error('the agent whose calls were counted did not come to its end');
  const trace = readFileSync(log, 'utf8');
  return callKinds.map((kind) => mostInAThread(trace, kind, site.dir));
}

function everyPoint(most: readonly number[]): Point[] {
  return callKinds.flatMap((kind, at) =>
    Array.from({ length: most[at] ?? 0 }, (_, before) => before + 1).flatMap((nth) =>
      [...kind.errors, 'KILL'].map((error) => ({ kind, nth, error })),
    ),
  );
}

/** Each point follows from a seed of its own, the first one that of the command line: one that failed is run alone with the seed of its line. */
function drawn(n: number, seed: number): Point[] {
  return Array.from({ length: n }, (_, before) => {
    const own = seed + before;
    const random = seededRandom(own);
    const kind = callKinds[Math.floor(own / 2) % callKinds.length];
    if (!kind) throw new RangeError('no such kind');
    // Every kind in turn, once with an error and once with a kill.
    const error = own % 2 === 0 ? random.pick(kind.errors) : 'KILL';
    return { kind, nth: random.between(1, kind.usual), error };
  });
}

/** Let an agent live through one spoilt call, start it once more undisturbed, and judge what has arrived. */
async function livedThrough(site: Site, point: Point) {
  await asItWas(site);
  const log = join(site.dir, 'spoilt.log');
  rmSync(log, { force: true });
  const wrap = straceArguments(point, { folder: site.dir, log });
  const disturbed = await startAgent({ ...site, wrap }).catch((error: Error) => error);
  let seen: Seen = { isUnseen: false, isHealed: true, said: [], ended: null };
  if (!(disturbed instanceof Error)) seen = await watched(disturbed, log);
  const hits = point.error === 'KILL' ? await killedBy(log) : told(log);
  const end = disturbed instanceof Error ? disturbed.message : seen.ended;
  // Killed is killed; everything else that ends an agent has to be said in words.
  const isKilled = point.error === 'KILL' && hits.length > 0;
  const isStartRefused = disturbed instanceof Error && !isKilled && !/^the agent ended/.test(end ?? '');
  const endedWithoutAWord = end !== null && !isStartRefused && !isKilled ? 1 : 0;
  const unhandled = surprises(site) + endedWithoutAWord;
  const undisturbed = await startAgent(site);
  const last = await new Following(undisturbed.client).untilDelivered(exports, AbortSignal.timeout(deadlineMs)).catch(() => null);
  await undisturbed.stop();
  const outcome = await judgeSite(site, last);
  const { lost, twice, inverted, corrupt, missed, findings } = outcome.verdict;
  const unseen = seen.isUnseen ? 1 : 0;
  return {
    hits,
    said: disturbed instanceof Error ? [disturbed.message.slice(0, 200)] : seen.said,
    isStartRefused,
    isToBeHealed: !seen.isHealed && !seen.isUnseen,
    lost,
    twice,
    inverted,
    corrupt,
    missed,
    undelivered: outcome.isDelivered ? 0 : 1,
    damaged: outcome.isIntact ? 0 : 1,
    unhandled,
    unseen,
    findings: [...findings, ...(endedWithoutAWord ? [end ?? ''] : []), ...surprisesTold(site)],
    holds: outcomeHolds(outcome) && unhandled + unseen === 0,
  };
}

type Seen = { readonly isUnseen: boolean; readonly isHealed: boolean; readonly said: readonly string[]; readonly ended: string | null };

/** Follow a disturbed agent until everything has arrived, it has ended, or an error was there for longer than it may be without being seen. */
async function watched(agent: RunningAgent, log: string): Promise<Seen> {
  const deadline = Date.now() + deadlineMs;
  let ended: string | null = null;
  let isStopping = false;
  void agent.ended.then((how) => {
    if (!isStopping) ended = how;
  });
  let following = new Following(agent.client);
  let hitAtMs: number | null = null;
  const said = new Set<string>();
  let isDone = false;
  while (ended === null && Date.now() < deadline) {
    const now = await Promise.race([following.look().catch(() => null), agent.ended.then(() => null)]);
    if (ended !== null) break;
    // Our own line to it may be what was spoilt.
    if (now === null) following = new Following(await agent.connectAgain().catch(() => agent.client));
    for (const { fault } of now?.overview.systems ?? []) if (fault) said.add(fault.code);
    for (const { fault } of now?.overview.alerts ?? []) said.add(fault.code);
    isDone = now !== null && now.filesDone >= exports && now.overview.waiting === 0;
    if (isDone) break;
    if (hitAtMs === null && told(log).length > 0) hitAtMs = Date.now();
    if (hitAtMs !== null && said.size === 0 && Date.now() > hitAtMs + seenWithinMs) break;
    if (hitAtMs !== null && Date.now() > hitAtMs + healedWithinMs) break;
    await delay(lookEveryMs);
  }
  isStopping = true;
  await agent.stop();
  return { isUnseen: ended === null && !isDone && said.size === 0, isHealed: isDone || ended !== null, said: [...said], ended };
}

const told = (log: string) => (existsSync(log) ? spoilt(readFileSync(log, 'utf8')) : []);

/** strace comes to write down the end of a process a moment behind it. */
async function killedBy(log: string): Promise<string[]> {
  for (let look = 0; look < 20 && told(log).length === 0; look++) await delay(lookEveryMs);
  return told(log).slice(0, 1);
}

const surprise = /a promise failed and nobody was waiting for it|the agent stops because of an error of its own/;

function surprisesTold({ home }: Site): string[] {
  const folder = join(home, 'logs');
  if (!existsSync(folder)) return [];
  const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
  return lines.filter((text) => surprise.test(text)).map((text) => text.slice(0, 400));
}

const surprises = (site: Site) => surprisesTold(site).length;
