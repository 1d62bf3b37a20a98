import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { check, holds, type Verdict } from '../../rigs/checker.ts';
import { Following, type RunningAgent, type Standing, sandboxHotel, setUp, startAgent } from '../agent.ts';
import { Trouble } from '../command.ts';
import { type HotelTotals, runHotel } from '../hotel/living-hotel.ts';
import { startUpstream, type Upstream } from '../upstream/server.ts';

/** How long the agent may take, when the hotel has stopped, to deliver what is left. */
const drainMs = 30_000;
const lookEveryMs = 2000;
const exportEveryMs = 2000;

export type DemoOptions = {
  /** A folder of its own: made when missing, refused when there is anything in it. */
  readonly folder: string;
  readonly seed: number;
  readonly agentProgram: string;
  readonly agentArgs: readonly string[];
  /** Ends the hotel; everything else is finished properly afterwards. */
  readonly signal: AbortSignal;
  readonly onReady: (ready: {
    readonly console: string | null;
    readonly home: string;
    readonly upstream: Upstream;
    readonly drop: string;
  }) => void;
  readonly onExport: (file: { readonly name: string; readonly rows: number }) => void;
  readonly onStanding: (now: Standing) => void;
};

/** What the demo ends with; `captured` is the agent's own count, everything else is counted by the checker. */
export type DemoReport = Omit<Verdict, 'findings'> & {
  readonly captured: number;
  readonly deadLetters: number;
  readonly wireDuplicates: number;
  readonly files: number;
  readonly rows: number;
  readonly seconds: number;
  readonly seed: number;
  readonly isWhole: boolean;
  readonly findings: readonly string[];
};

/**
 * Run the whole product on sandbox systems: a hotel that drops exports, the real agent, a hub that receives; then compare what the
 * hotel wrote with what the hub has.
 *
 * @throws {Trouble} when the folder is in use, or the agent does not start or falls.
 */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const startedAtMs = performance.now();
  claim(options.folder);
  const place = { drop: join(options.folder, 'exports'), truth: join(options.folder, 'truth.ndjson') };
  mkdirSync(place.drop);
  // An empty hotel has a truth too.
  writeFileSync(place.truth, '');
  const upstream = await startUpstream({ dir: join(options.folder, 'upstream') });
  try {
    const home = join(options.folder, 'home');
    const agent = await startAgent({ program: options.agentProgram, home, args: options.agentArgs });
    try {
      await setUp(agent.client, { drop: place.drop, upstream });
      options.onReady({ console: agent.console, home, upstream, drop: place.drop });
      const { totals, last } = await live(options, { agent, place });
      await agent.stop();
      return await report({ options, place, upstream, totals, last, startedAtMs });
    } finally {
      await agent.kill();
    }
  } finally {
    await upstream.close();
  }
}

/** Take a folder for this run alone. What lies in it could be somebody's real home. */
function claim(folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0) throw new Trouble(`${folder} is not empty; the sandbox wants a folder of its own`);
}

type Place = { readonly drop: string; readonly truth: string };

/** Let the hotel live, watch, and after its end wait until the agent has delivered the rest. */
async function live(options: DemoOptions, { agent, place }: { readonly agent: RunningAgent; readonly place: Place }) {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const fallen = agent.ended.then((why) => {
    stop.abort();
    throw new Trouble(why);
  });
  const following = new Following(agent.client);
  const watching = watch(following, { signal, onStanding: options.onStanding });
  const hotel = runHotel({ ...place, seed: options.seed, everyMs: exportEveryMs, signal, onExport: options.onExport });
  const lived = (async () => {
    const [totals] = await Promise.all([hotel, watching]);
    const last = await following.untilDelivered(totals.files, AbortSignal.timeout(drainMs));
    options.onStanding(last);
    return { totals, last };
  })();
  // A line breaks a moment before the process behind it is known to be gone; its end says more.
  const explained = lived.catch(async (error) => {
    await Promise.race([fallen, delay(1000)]);
    throw error;
  });
  return Promise.race([explained, fallen]);
}

async function watch(
  following: Following,
  on: { readonly signal: AbortSignal; readonly onStanding: (now: Standing) => void },
): Promise<void> {
  while (!on.signal.aborted) {
    on.onStanding(await following.look());
    await delay(lookEveryMs, undefined, { signal: on.signal }).catch(() => undefined);
  }
}

async function report(run: {
  readonly options: DemoOptions;
  readonly place: Place;
  readonly upstream: Upstream;
  readonly totals: HotelTotals;
  readonly last: Standing & { readonly isDone: boolean };
  readonly startedAtMs: number;
}): Promise<DemoReport> {
  const { overview, captured } = run.last;
  const verdict = await check({
    truthFile: run.place.truth,
    receivedFile: run.upstream.file,
    hotelId: sandboxHotel.hotelId,
    deadLettersByRule: Object.fromEntries(overview.setAsideByRule.map(({ rule, count }) => [rule, count])),
  });
  return {
    captured,
    ...verdict,
    deadLetters: overview.setAside,
    wireDuplicates: run.upstream.counts.wireDuplicates,
    files: run.totals.files,
    rows: run.totals.rows,
    seconds: Math.round((performance.now() - run.startedAtMs) / 100) / 10,
    seed: run.options.seed,
    isWhole: holds(verdict) && run.last.isDone,
  };
}

/** Throw a demo's folder away. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
