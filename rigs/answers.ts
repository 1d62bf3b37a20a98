import { setTimeout as delay } from 'node:timers/promises';
import { Following, startAgent } from '../sandbox/agent.ts';
import { type Random, seededRandom } from '../sandbox/hotel/random.ts';
import type { UpstreamFaults } from '../sandbox/upstream/faults.ts';
import { startUpstream } from '../sandbox/upstream/server.ts';
import { closeSite, exportedFiles, judgeSite, type Outcome, openSite, prepareSite, type Site } from './site.ts';

const homeDeadlineMs = 300_000;
/** Small requests, so that there are many to spoil. */
const batchRecords = 100;
const lookEveryMs = 10;

const once = (code: number, retryAfter?: string) => ({ status: { code, requests: 1, ...(retryAfter !== undefined && { retryAfter }) } });

/** Everything a receiver, or something between, can do wrong that heals by itself (F22-F29 of the fault matrix). */
const troubles: Readonly<Record<string, (random: Random) => Partial<UpstreamFaults>>> = {
  'a fault of its own': (random) => once(random.pick([408, 500, 502, 503, 504])),
  'busy without saying how long': () => once(429),
  'busy for a second': () => once(429, '1'),
  'busy until nonsense': (random) => once(503, random.pick(['-5', 'soon', '', '0'])),
  'busy until a date': () => once(503, new Date(Date.now() + 1000).toUTCString()),
  'somebody else answers': (random) => once(random.pick([301, 302, 404, 405])),
  'a login page': () => ({ captivePortal: 1 }),
  'a request it cannot read': (random) => once(random.pick([400, 409, 415, 422])),
  'too much at once': (random) => ({ maxRecords: random.between(7, 60) }),
  'any size again': () => ({ maxRecords: null }),
  'the answer is lost': () => ({ dropAnswers: 1 }),
  'ids left out': () => ({ omitIds: 1 }),
};

export type AnswersRun = Outcome & { readonly troubles: number; readonly restarts: number; readonly wireDuplicates: number };

/**
 * Import 10,000 bookings and 500 changes while the hub misbehaves again and again, and is itself ended and started again.
 * @param most how many troubles are still wanted.
 */
export async function answersRun(wanted: { readonly seed: number; readonly most: number; readonly program: string }): Promise<AnswersRun> {
  const random = seededRandom(wanted.seed);
  const site = await openSite(wanted.program);
  try {
    await prepareSite(site, { seed: wanted.seed, batchRecords });
    const agent = await startAgent(site);
    try {
      const deadline = AbortSignal.timeout(homeDeadlineMs);
      const arrived = new AbortController();
      const making = makeTrouble(site, { random, most: wanted.most, signal: AbortSignal.any([deadline, arrived.signal]) });
      // An agent that falls over an answer has not delivered; the verdict says so, and the rig goes on.
      const last = await new Following(agent.client).untilDelivered(exportedFiles, deadline).catch(() => null);
      arrived.abort();
      const made = await making;
      await agent.stop();
      return { ...(await judgeSite(site, last)), ...made };
    } finally {
      await agent.kill();
    }
  } finally {
    await closeSite(site);
  }
}

type Making = { readonly random: Random; readonly most: number; readonly signal: AbortSignal };

/** Make one trouble after the other, each only after something has arrived since the last: none hides behind another. */
async function makeTrouble(site: Site, { random, most, signal }: Making) {
  const counts = { troubles: 0, restarts: 0, wireDuplicates: 0 };
  let arrivedBefore = 0;
  while (!signal.aborted && counts.troubles < most) {
    await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
    if (site.upstream.received() === arrivedBefore) continue;
    arrivedBefore = site.upstream.received();
    counts.troubles += 1;
    if (random.chance(0.1)) {
      counts.wireDuplicates += site.upstream.counts.wireDuplicates;
      site.upstream = await restarted(site);
      counts.restarts += 1;
    } else {
      const trouble = troubles[random.pick(Object.keys(troubles))];
      Object.assign(site.upstream.faults, trouble?.(random));
    }
  }
  // What is left may arrive undisturbed.
  Object.assign(site.upstream.faults, { maxRecords: null });
  counts.wireDuplicates += site.upstream.counts.wireDuplicates;
  return counts;
}

/** End the hub in the middle of whatever it does, and start it again at the same address with what it had on its disk. */
async function restarted({ upstream, dir }: Site) {
  await upstream.close();
  return startUpstream({ dir: `${dir}/upstream`, port: Number(new URL(upstream.url).port), secret: upstream.secret });
}
