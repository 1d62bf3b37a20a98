import { setTimeout as delay } from 'node:timers/promises';
import { Following, type RunningAgent, startAgent } from '../sandbox/agent.ts';
import { type Random, seededRandom } from '../sandbox/hotel/random.ts';
import { claimedTooEarly } from './claims.ts';
import { type ReceiverId, Receivers, receiverIds } from './receivers.ts';
import { closeSite, exportedFiles, judgeSite, type Outcome, openSite, prepareSite, type Site } from './site.ts';

const homeDeadlineMs = 240_000;
const lookEveryMs = 10;

export type BrokerRun = Outcome & {
  readonly troubles: number;
  readonly crashes: number;
  /** Keys counted as delivered in a state that the server did not have. */
  readonly claimedTooEarly: number;
  readonly wireDuplicates: number;
};

/** What is done to a server. `crash` ends it as a power cut does; the others leave it up. */
type Trouble = { readonly isCrash?: boolean; readonly make: (servers: Receivers, random: Random) => unknown };

const readOnly = (value: string) => `ALTER SYSTEM SET default_transaction_read_only = ${value}`;
const troubles: Readonly<Record<ReceiverId, readonly Trouble[]>> = {
  warehouse: [
    { isCrash: true, make: ({ postgres }) => postgres.crash() },
    { make: ({ postgres }) => postgres.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bellhop'") },
    {
      make: async ({ postgres }, random) => {
        // A failover to a server that takes no writes yet. Lines that stand do not notice, so they are cut.
        await postgres.ask(readOnly('on'));
        await postgres.ask('SELECT pg_reload_conf()');
        await postgres.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bellhop'");
        await delay(random.between(100, 800));
        await postgres.script(`SET default_transaction_read_only = off; ${readOnly('off')};`);
        await postgres.ask('SELECT pg_reload_conf()');
      },
    },
  ],
  broker: [
    { isCrash: true, make: ({ rabbit }) => rabbit.crash() },
    {
      make: async ({ rabbit }, random) => {
        rabbit.ctl('set_vm_memory_high_watermark', '0');
        await delay(random.between(100, 1500));
        rabbit.ctl('set_vm_memory_high_watermark', '0.4');
      },
    },
    { make: ({ rabbit }) => rabbit.ctl('close_all_user_connections', 'bellhop', 'a rig') },
  ],
};

/**
 * Import 10,000 bookings and 500 changes that go to a hub, a PostgreSQL and a RabbitMQ, while database and broker are killed, cut and
 * blocked. After each time the agent is held still, and what it counts as delivered is looked for at the server.
 * @param most how many troubles are still wanted.
 */
export async function brokerRun(wanted: { readonly seed: number; readonly most: number; readonly program: string }): Promise<BrokerRun> {
  const random = seededRandom(wanted.seed);
  const site = await openSite(wanted.program);
  try {
    const servers = await Receivers.start(site.dir);
    try {
      await prepareSite(site, { seed: wanted.seed, destinations: servers.drafts() });
      const agent = await startAgent(site);
      try {
        const deadline = AbortSignal.timeout(homeDeadlineMs);
        const arrived = new AbortController();
        const making = makeTroubles(
          { site, servers, agent },
          { random, most: wanted.most, signal: AbortSignal.any([deadline, arrived.signal]) },
        );
        const last = await new Following(agent.client).untilDelivered(exportedFiles, deadline).catch(() => null);
        arrived.abort();
        const made = await making;
        await agent.stop();
        await servers.finish();
        const outcome = await judgeSite(site, last, [site.upstream.file, servers.files.warehouse, servers.files.broker]);
        return { ...outcome, ...made, isTidy: made.claimedTooEarly === 0, wireDuplicates: servers.wireDuplicates };
      } finally {
        await agent.kill();
      }
    } finally {
      await servers.close();
    }
  } finally {
    await closeSite(site);
  }
}

type Scene = { readonly site: Site; readonly servers: Receivers; readonly agent: RunningAgent };
type Making = { readonly random: Random; readonly most: number; readonly signal: AbortSignal };

/** Make one trouble after the other, at the two servers in turn, each only after something more has arrived there. */
async function makeTroubles(scene: Scene, { random, most, signal }: Making) {
  const { servers, agent } = scene;
  const counts = { troubles: 0, crashes: 0, claimedTooEarly: 0 };
  while (!signal.aborted && counts.troubles < most) {
    const id = receiverIds[counts.troubles % receiverIds.length] ?? 'warehouse';
    if (!(await moreArrives(servers, id, signal))) break;
    const trouble = random.pick(troubles[id]);
    await trouble.make(servers, random);
    counts.troubles += 1;
    if (trouble.isCrash) {
      counts.crashes += 1;
      await held(agent, async () => {
        await servers[id === 'broker' ? 'rabbit' : 'postgres'].start();
        counts.claimedTooEarly += claimedTooEarly(scene.site.home, id, await servers.known(id));
      });
    }
    // As a person does who knows that the server is well again.
    await agent.client.connections.syncNow({ id }).catch(() => undefined);
  }
  return counts;
}

async function moreArrives(servers: Receivers, id: ReceiverId, signal: AbortSignal): Promise<boolean> {
  const before = await servers.received(id);
  while (!signal.aborted) {
    const now = await servers.received(id);
    if (now !== null && now > (before ?? 0)) return true;
    await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** Hold the agent still while something is looked at. */
async function held(agent: RunningAgent, look: () => Promise<void>): Promise<void> {
  agent.process.kill('SIGSTOP');
  try {
    await look();
  } finally {
    agent.process.kill('SIGCONT');
  }
}
