import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Following, startAgent } from '../sandbox/agent.ts';
import type { Random } from '../sandbox/hotel/random.ts';
import { exportedFiles, type Outcome, type Site } from './site.ts';

/** So many kills in one home; then it may finish, and the next home starts from nothing: the beginning is worth killing too. */
export const mostKillsOfHome = 12;
const homeDeadlineMs = 180_000;

export type KillRun = Outcome & {
  readonly kills: number;
  readonly effectiveKills: number;
  /** Those of them that came before all files had been read to their end. */
  readonly killsWhileReading: number;
  readonly restartMs: readonly number[];
  readonly wireDuplicates: number;
};

/** Kill the agent of a site until everything has arrived. `beforeStart` may disturb what is around it, but not before the last start. */
export async function killUntilDelivered(
  site: Site,
  {
    random,
    most,
    files = exportedFiles,
    beforeStart,
  }: { readonly random: Random; readonly most: number; readonly files?: number; readonly beforeStart?: (isLast: boolean) => void },
) {
  const counts = { kills: 0, effectiveKills: 0, killsWhileReading: 0 };
  const restartMs: number[] = [];
  const deadline = AbortSignal.timeout(homeDeadlineMs);
  for (;;) {
    const isLast = counts.effectiveKills >= most;
    beforeStart?.(isLast);
    const startedAtMs = performance.now();
    const agent = await startAgent(site);
    restartMs.push(performance.now() - startedAtMs);
    const mark = progressMark(site);
    // Reading starts at once in every other start, instead of at the next even second: both sides of the schedule are hit.
    if (random.chance(0.5)) void agent.client.connections.syncNow({ id: 'pms' }).catch(() => undefined);
    const following = new Following(agent.client);
    const last = await lookUntil(
      following,
      files,
      isLast ? deadline : AbortSignal.any([deadline, AbortSignal.timeout(killAfterMs(random))]),
    );
    if (last?.isDone || deadline.aborted) {
      await agent.stop();
      return { ...counts, restartMs, last };
    }
    await agent.kill();
    counts.kills += 1;
    if (progressMark(site) === mark) continue;
    counts.effectiveKills += 1;
    if (following.filesDone < files) counts.killsWhileReading += 1;
  }
}

/** Mostly soon, while files are read and the first batches are on their way; sometimes late. */
function killAfterMs(random: Random): number {
  return random.chance(0.7) ? random.between(20, 400) : random.between(400, 2500);
}

/** Look whether everything has arrived until the moment has come; null when the agent was never seen at rest. */
async function lookUntil(following: Following, files: number, moment: AbortSignal) {
  const ended = new Promise<null>((resolve) => moment.addEventListener('abort', () => resolve(null), { once: true }));
  // The kill must not wait for an answer that is under way.
  const looked = following.untilDelivered(files, moment).catch(() => null);
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
