import { mkdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Following, setUp, startAgent } from '../sandbox/agent.ts';
import { dropExport } from '../sandbox/hotel/export-file.ts';
import { openHotel } from '../sandbox/hotel/hotel.ts';
import { startUpstream } from '../sandbox/upstream/server.ts';
import { FakeClock } from './fake-clock.ts';
import { startHubProcess } from './hub-process.ts';
import { closeSite, judgeSite, type Outcome, openSite, outcomeHolds, type Site } from './site.ts';

const bookingsPerDay = 10_000;
const hourMs = 3_600_000;
const exportEveryHours = 2;
/** So many hours of the outage go by in a second: no more, or the agent's own deadlines would be over before this PC has done its work. */
const speed = 600;
/** While the agent waits for its next try behind the outage. Its deadlines are still long enough for an answer. */
const waitingSpeed = 10;
const firstRows = 1000;
const freshRows = 100;
/** P6: no more than one try in 30 s while the hub is away; the policy has one in 60 s. */
const mostTriesIn5Minutes = 10;
const leastEventsPerSecond = 2000;
const mostUntilFreshMs = 120_000;
const deadlineMs = 300_000;

export type OutageRun = Outcome & {
  readonly hours: number;
  readonly speed: number;
  /** What was kept while the hub was away. */
  readonly held: number;
  /** Lines that were made to the hub's address while nobody was there. */
  readonly tries: number;
  readonly mostTriesIn5Minutes: number;
  /** From the first to the last event that arrived behind the outage, in our time. */
  readonly eventsPerSecond: number;
  /** From the hub's return, in the agent's time, until what was booked at that moment had arrived as well. */
  readonly untilFreshMs: number;
};

/**
 * The hub goes away for `hours` of scaled time while the hotel goes on booking at 10,000 a day, and comes back: everything arrives, nobody
 * has knocked more often than agreed, and what is new is there again soon. Agent and hub have the same clock.
 */
export async function outageRun(wanted: { readonly seed: number; readonly hours: number; readonly program: string }): Promise<OutageRun> {
  const site = await openSite(wanted.program);
  const hotel = openHotel({ seed: wanted.seed, today: '2026-03-01' });
  let exported = 0;
  const book = (rows: number) => {
    exported += 1;
    dropExport(site, { rows: hotel.nextExport({ rows, changes: 0.2, bad: 1 }), number: exported, at: new Date('2026-03-01T08:00:00Z') });
  };
  try {
    mkdirSync(site.drop, { recursive: true });
    await whileAllIsWell(site, () => book(firstRows));
    const before = site.upstream.received();
    await site.upstream.close();
    const nobody = await startNobody(Number(new URL(site.upstream.url).port));
    const clock = new FakeClock(join(site.dir, 'clock'), { speed });
    const agent = await startAgent({ ...site, env: clock.environment('measures faster as well') });
    try {
      const following = new Following(agent.client);
      const endsAtMs = clock.now() + wanted.hours * hourMs;
      for (let nextAtMs = clock.now(); clock.now() < endsAtMs; await delay(20)) {
        if (clock.now() < nextAtMs) continue;
        nextAtMs += exportEveryHours * hourMs;
        book(Math.round((bookingsPerDay / 24) * exportEveryHours));
      }
      const held = (await following.look()).overview.waiting;
      await nobody.close();
      clock.run(waitingSpeed);
      const hubClock = new FakeClock(join(site.dir, 'clock-of-hub'), { aheadMs: clock.aheadMs, speed: waitingSpeed });
      const returnedAtMs = clock.now();
      book(freshRows);
      const hub = await startHubProcess(site, hubClock.environment('measures as we do'));
      try {
        const deadline = AbortSignal.timeout(deadlineMs);
        await until(async () => (await hub.received()) > before, deadline);
        const firstAtMs = performance.now();
        const first = await hub.received();
        clock.run(1);
        hubClock.run(1);
        // It is read every ten minutes; what is new must not wait for that here.
        void agent.client.connections.syncNow({ id: 'pms' }).catch(() => undefined);
        await until(async () => (await following.look()).overview.waiting === 0, deadline);
        const drained = (await hub.received()) - first;
        const drainedAtMs = performance.now();
        const last = await following.untilDelivered(exported, deadline);
        const untilFreshMs = Math.round(clock.now() - returnedAtMs);
        await agent.stop();
        return {
          ...(await judgeSite(site, last)),
          hours: wanted.hours,
          speed,
          held,
          tries: nobody.triedAtMs.length,
          mostTriesIn5Minutes: mostWithin(nobody.triedAtMs, (5 * 60_000) / speed),
          eventsPerSecond: Math.round(drained / Math.max(0.001, (drainedAtMs - firstAtMs) / 1000)),
          untilFreshMs,
        };
      } finally {
        await hub.close();
      }
    } finally {
      await agent.kill();
      await nobody.close();
    }
  } finally {
    site.upstream = await startUpstream({ dir: join(site.dir, 'upstream') });
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

/** Set everything up and deliver a first export, so that the hub is somebody who is known. */
async function whileAllIsWell(site: Site, book: () => void): Promise<void> {
  const agent = await startAgent(site);
  await setUp(agent.client, site);
  book();
  const { isDone } = await new Following(agent.client).untilDelivered(1, AbortSignal.timeout(deadlineMs));
  if (!isDone) throw new Error('nothing arrived before the outage');
  await agent.client.connections.setSchedule({ id: 'pms', schedule: { kind: 'cron', expression: '*/10 * * * *' } });
  await agent.stop();
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

async function until(isSo: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await isSo().catch(() => false))) await delay(20);
}
