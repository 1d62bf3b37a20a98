import { setTimeout as delay } from 'node:timers/promises';
import { Following, startAgent } from '../sandbox/agent.ts';
import { type Random, seededRandom } from '../sandbox/hotel/random.ts';
import { answers, type LosingProxy, startLosingProxy } from './losing-proxy.ts';
import { Receivers } from './receivers.ts';
import { closeSite, exportedFiles, judgeSite, type Outcome, openSite, prepareSite } from './site.ts';

const homeDeadlineMs = 240_000;
/** So many requests to the hub that there are enough answers to lose. */
const batchRecords = 100;
const lookEveryMs = 5;

const ids = ['hub', 'warehouse', 'broker'] as const;
type Proxies = Readonly<Record<(typeof ids)[number], LosingProxy>>;

export type ResponseLostRun = Outcome & {
  readonly lostAnswers: number;
  readonly byDestination: Readonly<Record<(typeof ids)[number], number>>;
  readonly wireDuplicates: number;
};

/**
 * Import 10,000 bookings and 500 changes that go to a hub, a PostgreSQL and a RabbitMQ, while answers are lost after what they
 * answer was applied: the 200 of the hub, the reply to COMMIT, the confirms of the broker.
 * @param most how many answers are still to be lost.
 */
export async function responseLostRun(wanted: {
  readonly seed: number;
  readonly most: number;
  readonly program: string;
}): Promise<ResponseLostRun> {
  const site = await openSite(wanted.program);
  const closers: (() => Promise<void>)[] = [() => closeSite(site)];
  try {
    const servers = await Receivers.start(site.dir);
    closers.push(() => servers.close());
    const proxies: Proxies = {
      hub: await startLosingProxy(Number(new URL(site.upstream.url).port), answers.hub),
      warehouse: await startLosingProxy(servers.postgres.port, answers.warehouse),
      broker: await startLosingProxy(servers.rabbit.port, answers.broker),
    };
    closers.push(async () => void (await Promise.all(ids.map((id) => proxies[id].close()))));
    const behindProxy = { ...site, upstream: { ...site.upstream, url: `http://127.0.0.1:${proxies.hub.port}` } };
    const destinations = servers.drafts({ warehouse: proxies.warehouse.port, broker: proxies.broker.port });
    await prepareSite(behindProxy, { seed: wanted.seed, batchRecords, destinations });
    const agent = await startAgent(site);
    closers.push(() => agent.kill());
    const deadline = AbortSignal.timeout(homeDeadlineMs);
    const arrived = new AbortController();
    const signal = AbortSignal.any([deadline, arrived.signal]);
    const losing = loseAnswers(proxies, { random: seededRandom(wanted.seed), most: wanted.most, signal });
    const last = await new Following(agent.client).untilDelivered(exportedFiles, deadline).catch(() => null);
    arrived.abort();
    await losing;
    await agent.stop();
    await servers.finish();
    const outcome = await judgeSite(site, last, [site.upstream.file, servers.files.warehouse, servers.files.broker]);
    const byDestination = { hub: proxies.hub.lost(), warehouse: proxies.warehouse.lost(), broker: proxies.broker.lost() };
    return {
      ...outcome,
      lostAnswers: byDestination.hub + byDestination.warehouse + byDestination.broker,
      byDestination,
      wireDuplicates: site.upstream.counts.wireDuplicates + servers.wireDuplicates,
    };
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

type Losing = { readonly random: Random; readonly most: number; readonly signal: AbortSignal };

/** Lose answers at all three at once, each its share: the next of one only after the last of it was lost. */
async function loseAnswers(proxies: Proxies, { random, most, signal }: Losing): Promise<void> {
  const shares = ids.map((id, at) => ({ proxy: proxies[id], share: Math.floor((most + at) / ids.length) }));
  const armed = new Map<LosingProxy, number>();
  while (!signal.aborted && shares.some(({ proxy, share }) => proxy.lost() < share)) {
    for (const { proxy, share } of shares) {
      if (proxy.lost() >= share || armed.get(proxy) === proxy.lost()) continue;
      armed.set(proxy, proxy.lost());
      // One at least arrives in between: the same answer lost again and again is a line that is down.
      proxy.loseAfter(random.between(1, 4));
    }
    await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}
