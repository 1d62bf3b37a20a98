import { mkdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Following, setUp, startAgent } from '../sandbox/agent.ts';
import { dropExport } from '../sandbox/hotel/export-file.ts';
import { openHotel } from '../sandbox/hotel/hotel.ts';
import { startUpstream } from '../sandbox/upstream/server.ts';
import { closeSite, judgeSite, type Outcome, openSite, outcomeHolds } from './site.ts';

const bookingsPerDay = 10_000;
const exportEveryHours = 2;
/** So long an hour of bookings takes here. The agent's own clock, deadlines and rests are the real ones. */
const hourTakesMs = 10_000;
const firstRows = 1000;
const freshRows = 100;
/** P6: no more than one try in 30 s while the hub is away; the policy has one in 60 s. */
const mostTriesIn5Minutes = 10;
const leastEventsPerSecond = 2000;
const mostUntilFreshMs = 120_000;
const deadlineMs = 300_000;

export type OutageRun = Outcome & {
  readonly hours: number;
  /** How long the hub was away, in our time. */
  readonly awayMs: number;
  /** What was kept while the hub was away. */
  readonly held: number;
  /** Lines that were made to the hub's address while nobody was there. */
  readonly tries: number;
  readonly mostTriesIn5Minutes: number;
  /** From the first to the last event that arrived behind the outage. */
  readonly eventsPerSecond: number;
  /** From the hub's return until what was booked at that moment had arrived as well. */
  readonly untilFreshMs: number;
};

/**
 * The hub goes away while the hotel takes as many bookings as in `hours` hours at 10,000 a day, and comes back: everything arrives, nobody has
 * knocked more often than agreed, and what is new is there again soon. An hour of bookings comes in ten seconds; nothing of the agent is hurried.
 */
export async function outageRun(wanted: { readonly seed: number; readonly hours: number; readonly program: string }): Promise<OutageRun> {
  const site = await openSite(wanted.program);
  const hotel = openHotel({ seed: wanted.seed, today: '2026-03-01' });
  let exported = 0;
  const book = (rows: number) => {
    exported += 1;
    dropExport(site, { rows: hotel.nextExport({ rows, changes: 0.2, bad: 1 }), number: exported, at: new Date('2026-03-01T08:00:00Z') });
  };
  mkdirSync(site.drop, { recursive: true });
  const agent = await startAgent(site);
  try {
    await setUp(agent.client, site);
    const following = new Following(agent.client);
    book(firstRows);
    const { isDone } = await following.untilDelivered(1, AbortSignal.timeout(deadlineMs));
    if (!isDone) throw new Error('nothing arrived before the outage');
    const { url, secret } = site.upstream;
    const port = Number(new URL(url).port);
    const before = site.upstream.received();
    await site.upstream.close();
    const nobody = await startNobody(port);
    const wentAtMs = performance.now();
    for (let hour = 0; hour < wanted.hours; hour += exportEveryHours) {
      book(Math.round((bookingsPerDay / 24) * exportEveryHours));
      await delay(exportEveryHours * hourTakesMs);
    }
    const held = (await following.look()).overview.waiting;
    await nobody.close();
    const awayMs = Math.round(performance.now() - wentAtMs);
    const returnedAtMs = performance.now();
    site.upstream = await startUpstream({ dir: join(site.dir, 'upstream'), secret, port });
    book(freshRows);
    const deadline = AbortSignal.timeout(deadlineMs);
    await until(() => site.upstream.received() > before, deadline);
    const first = site.upstream.received();
    const firstAtMs = performance.now();
    await until(() => site.upstream.received() >= before + held, deadline);
    const eventsPerSecond = Math.round((site.upstream.received() - first) / ((performance.now() - firstAtMs) / 1000));
    const last = await following.untilDelivered(exported, deadline);
    const untilFreshMs = Math.round(performance.now() - returnedAtMs);
    await agent.stop();
    const { triedAtMs } = nobody;
    return {
      ...(await judgeSite(site, last)),
      hours: wanted.hours,
      awayMs,
      held,
      tries: triedAtMs.length,
      mostTriesIn5Minutes: mostWithin(triedAtMs, 5 * 60_000),
      eventsPerSecond,
      untilFreshMs,
    };
  } finally {
    await agent.kill();
    await closeSite(site);
  }
}

/** @param ran how fast it drains is judged where nothing else of ours runs beside it. */
export function outageHolds(run: OutageRun, ran: 'alone' | 'beside others'): boolean {
  const isFast = ran === 'beside others' || run.eventsPerSecond >= leastEventsPerSecond;
  return (
    outcomeHolds(run) &&
    run.held > 0 &&
    run.tries > 0 &&
    run.mostTriesIn5Minutes <= mostTriesIn5Minutes &&
    run.untilFreshMs <= mostUntilFreshMs &&
    isFast
  );
}

/** Whoever comes to this port is sent away at once, and counted. */
async function startNobody(port: number): Promise<{ readonly triedAtMs: readonly number[]; close(): Promise<void> }> {
  const triedAtMs: number[] = [];
  const server: Server = createServer((socket) => {
    triedAtMs.push(performance.now());
    socket.on('error', () => undefined);
    socket.resetAndDestroy();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  if ((server.address() as AddressInfo).port !== port) throw new Error('another port');
  return { triedAtMs, close: async () => void (server.listening && (await new Promise((resolve) => server.close(resolve)))) };
}

/** The most of these moments that lie within so long a time. */
export function mostWithin(atMs: readonly number[], withinMs: number): number {
  return Math.max(0, ...atMs.map((from) => atMs.filter((at) => at >= from && at < from + withinMs).length));
}

async function until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !isSo()) await delay(5);
}
