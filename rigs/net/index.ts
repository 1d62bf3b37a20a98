import { createHash, X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Following, type RunningAgent, startAgent } from '../../sandbox/agent.ts';
import { type Random, seededRandom } from '../../sandbox/hotel/random.ts';
import { makeCertificates, type OracleCertificates } from '../../sandbox/oracle/certificates.ts';
import type { Certificate } from '../../sandbox/servers/own-process.ts';
import { closeSite, exportedFiles, judgeSite, type Outcome, openSite, prepareSite, type Site } from '../site.ts';
import { type Card, dealt } from './deck.ts';
import { type Front, startFront, type Trick } from './front.ts';
import { type Blow, calm, type Door, startWire, type Weather, type Wire } from './wire.ts';

/** Small requests, so that there are many to disturb. */
const batchRecords = 50;
const mostTroublesOfHome = 40;
const homeDeadlineMs = 900_000;
const lookEveryMs = 10;
/** The longest that a line may stand still on its own account: a request in all, then the rest of a breaker, and some time to start anew. */
const stuckAfterMs = 60_000 + 60_000 + 10_000;
const faultWithinMs = 20_000;

export type NetRun = Outcome & {
  readonly troubles: number;
  readonly byTrouble: Readonly<Record<string, number>>;
  /** How often nothing arrived any more although the trouble was over. */
  readonly stuck: number;
  /** How often a wrong certificate was not named for what it is. */
  readonly unnamed: number;
  /** What was said in the clear to somebody with a wrong certificate. */
  readonly bytesToStranger: number;
  readonly wireDuplicates: number;
};

/** Between agent and hub: a wire that knows nothing of what it carries, then the secure end that understands it. */
type Between = {
  readonly site: Site;
  readonly agent: RunningAgent;
  readonly wire: Wire;
  readonly front: Front;
  readonly certificates: OracleCertificates;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Wait until so much more has arrived. @returns whether it has. */
  readonly arrives: (requests: number, withinMs: number) => Promise<boolean>;
};

type Trouble = Card & { readonly make: (between: Between) => Promise<'well' | 'not named'> };

/** F26 to F30, F32 and F34 of the fault matrix, as far as a line between two programs of this PC can be made to do them. */
const troubles: readonly Trouble[] = [
  ...(['agent', 'hub'] as const).flatMap((speaker) => [
    blow(`the line is reset while the ${speaker} speaks`, { kind: 'reset', speaker }),
    blow(`the ${speaker} is heard to have finished in the middle of a sentence`, { kind: 'finish', speaker }),
    blow(`a bit of what the ${speaker} says is another one`, { kind: 'flip', speaker }),
  ]),
  { ...blow('what the agent says is swallowed', { kind: 'silence', speaker: 'agent' }), isSlow: true },
  blow('what the hub says is swallowed', { kind: 'silence', speaker: 'hub' }),
  weather('everything comes in small pieces', (random) => ({ delayMs: 0, pieceBytes: random.between(1, 60) })),
  weather('everything takes its time', (random) => ({ delayMs: random.between(50, 300), pieceBytes: 0 })),
  weather('a slow line far away', (random) => ({ delayMs: 600, pieceBytes: random.between(500, 1500) }), 'slow'),
  door('nobody answers a new line', 'deaf', 7000),
  door('every new line is cut', 'shut', 2500),
  trick('lose the answer'),
  trick('cut the answer'),
  trick('cut a chunked answer'),
  { ...trick('trickle the answer'), isSlow: true },
  trick('send the request twice'),
  trick('send an old request again'),
  trick('change the request'),
  trick('change the answer'),
  certificate('expired', 'tls-expired'),
  certificate('wrongHost', 'tls-wrong-host'),
  certificate('unknown', 'tls-untrusted'),
  certificate('otherKey', 'tls-pin'),
];

/**
 * Import 10,000 bookings and 500 changes, and send them over a secure line on which everything goes wrong that can, one trouble after the
 * other. Nobody helps the agent: its own deadlines end what hangs, except where a wrong certificate is a person's to look at.
 * @param most how many troubles are still wanted.
 */
export async function netRun(wanted: { readonly seed: number; readonly most: number; readonly program: string }): Promise<NetRun> {
  const random = seededRandom(wanted.seed);
  const certificates = makeCertificates();
  const site = await openSite(wanted.program);
  const front = await startFront(Number(new URL(site.upstream.url).port), certificates.good);
  const wire = await startWire(front.port);
  try {
    const hub = { url: `https://localhost:${wire.port}`, caPem: certificates.authority, pinnedKey: keyOf(certificates.good) };
    await prepareSite(site, { seed: wanted.seed, batchRecords, hub });
    site.upstream.faults.latencyMs = random.between(5, 30);
    const agent = await startAgent(site);
    try {
      const deadline = AbortSignal.timeout(homeDeadlineMs);
      const arrived = new AbortController();
      const signal = AbortSignal.any([deadline, arrived.signal]);
      const arrives = (requests: number, withinMs: number) =>
        arriving(site, requests * batchRecords, AbortSignal.any([signal, AbortSignal.timeout(withinMs)]));
      const between = { site, agent, wire, front, certificates, random, signal, arrives };
      const making = makeTroubles(between, Math.min(wanted.most, mostTroublesOfHome));
      const last = await new Following(agent.client).untilDelivered(exportedFiles, deadline).catch(() => null);
      arrived.abort();
      const { findings, ...made } = await making;
      await agent.stop();
      const bytesToStranger = front.bytesToStranger();
      const outcome = await judgeSite(site, last);
      return {
        ...outcome,
        verdict: { ...outcome.verdict, findings: [...findings, ...outcome.verdict.findings].slice(0, 20) },
        ...made,
        bytesToStranger,
        broken: made.stuck + made.unnamed + bytesToStranger,
        wireDuplicates: site.upstream.counts.wireDuplicates,
      };
    } finally {
      await agent.kill();
    }
  } finally {
    await wire.close();
    await front.close();
    await closeSite(site);
  }
}

/** Make one trouble after the other, each only after something has arrived since the last: none hides behind another. */
async function makeTroubles(between: Between, most: number) {
  const counts = { troubles: 0, stuck: 0, unnamed: 0 };
  const byTrouble = Object.fromEntries(troubles.map(({ name }) => [name, 0]));
  const findings: string[] = [];
  const deck = dealt(troubles, between.random);
  while (!between.signal.aborted && counts.troubles < most) {
    if (!(await between.arrives(1, stuckAfterMs))) {
      if (between.signal.aborted) break;
      counts.stuck += 1;
      findings.push(`stuck: nothing arrived within ${stuckAfterMs / 1000} s`);
      await helped(between);
      continue;
    }
    const trouble = deck.next().value;
    const befallen = await Promise.race([trouble.make(between), whenOver(between.signal)]);
    // What arrived before it struck says nothing about it.
    if (befallen === 'over') break;
    counts.troubles += 1;
    byTrouble[trouble.name] = (byTrouble[trouble.name] ?? 0) + 1;
    if (befallen === 'not named') counts.unnamed += 1;
    if (befallen === 'not named') findings.push(`not named: ${trouble.name}`);
    if (await between.arrives(1, stuckAfterMs)) continue;
    if (between.signal.aborted) break;
    counts.stuck += 1;
    findings.push(`stuck: ${trouble.name}`);
    await helped(between);
  }
  // What is left may arrive undisturbed.
  between.wire.weather = calm;
  return { ...counts, byTrouble, findings };
}

/** What a person does who has mended something: try now. */
async function helped({ agent }: Between): Promise<void> {
  await agent.client.connections.resetBreaker({ id: 'hub' });
}

async function whenOver(signal: AbortSignal): Promise<'over'> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  return 'over';
}

/** Wait until so many more records have arrived. @returns whether they have before the signal ended. */
async function arriving({ upstream }: Site, records: number, signal: AbortSignal): Promise<boolean> {
  const wanted = upstream.received() + records;
  while (upstream.received() < wanted && !signal.aborted) await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
  return upstream.received() >= wanted;
}

function blow(name: string, kind: Omit<Blow, 'behindBytes'>): Trouble {
  return {
    name,
    make: async ({ wire, random }) => {
      await wire.strike({ ...kind, behindBytes: random.between(0, kind.speaker === 'agent' ? 12_000 : 3000) });
      return 'well';
    },
  };
}

function weather(name: string, of: (random: Random) => Weather, pace?: 'slow'): Trouble {
  return {
    name,
    ...(pace && { isSlow: true }),
    make: async ({ wire, random, arrives }) => {
      wire.weather = of(random);
      await arrives(3, stuckAfterMs);
      wire.weather = calm;
      return 'well';
    },
  };
}

function door(name: string, which: Door, forMs: number): Trouble {
  return {
    name,
    make: async ({ wire, signal }) => {
      wire.setDoor(which);
      await delay(forMs, undefined, { signal }).catch(() => undefined);
      wire.setDoor('open');
      return 'well';
    },
  };
}

function trick(name: Trick): Trouble {
  return {
    name,
    make: async ({ front, random }) => {
      await front.play(name, random.between(0, 100_000));
      return 'well';
    },
  };
}

/** What a person pins: SHA-256 over the public key, in base64. */
function keyOf({ certificate: pem }: Certificate): string {
  const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}

/** Show a wrong certificate until the agent says what is wrong with it; then a person sees to it. */
function certificate(which: 'expired' | 'wrongHost' | 'unknown' | 'otherKey', code: string): Trouble {
  return {
    name: `another certificate: ${which}`,
    make: async (between) => {
      const { front, agent, certificates, signal } = between;
      front.show(certificates[which]);
      const giveUp = AbortSignal.any([signal, AbortSignal.timeout(faultWithinMs)]);
      let said: string | undefined;
      while (said !== code && !giveUp.aborted) {
        await delay(lookEveryMs, undefined, { signal: giveUp }).catch(() => undefined);
        const { systems } = await agent.client.overview.get({});
        said = systems.find(({ id }) => id === 'hub')?.fault?.code;
      }
      front.show(certificates.good);
      if (signal.aborted) return 'well';
      await helped(between);
      return said === code ? 'well' : 'not named';
    },
  };
}
