import type { ReadDb } from '../../db/open.ts';
import { setting } from '../../db/pipeline/connections.ts';
import type { Pruned } from '../../db/pipeline/prune.ts';
import type { Writer } from '../../db/writer.ts';
import { policies, sleep } from '../resilience/policies.ts';
import type { Quiet } from './quiet.ts';

const dayMs = 86_400_000;
/** Where it stands among the settings for how many days old versions are kept; null keeps them for ever. */
export const keepDaysSetting = 'outbox/keep-days';
/** A year, so that two seasons can be compared; nobody has to think of it before a disk of a back office is full of versions. */
export const defaultKeepDays = 365;

export function keepDays(read: ReadDb): number | null {
  const stored = setting(read, keepDaysSetting);
  return stored === undefined ? defaultKeepDays : (stored as number | null);
}

export type PruningTools = {
  readonly read: ReadDb;
  readonly writer: Pick<Writer, 'step'>;
  readonly now: () => number;
  readonly quiet: Quiet;
  readonly onPruned: (versions: number) => void;
  readonly onBug: (error: unknown) => void;
};

/** Goes through the outbox once a day and removes what nobody needs any more, a block a step, while nothing comes in. */
export class Pruning {
  readonly #tools: PruningTools;
  readonly #stopping = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(tools: PruningTools) {
    this.#tools = tools;
  }

  start(): void {
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.walk().catch(this.#tools.onBug);
      await sleep(policies.pruneOutboxEveryMs, signal);
    }
  }

  /** Go through the outbox once, from its oldest block to the first that is too young or still needed. */
  async walk(): Promise<void> {
    const { read, writer, now, quiet, onPruned } = this.#tools;
    const { signal } = this.#stopping;
    let versions = 0;
    for (let after: number | null = 0; after !== null && !signal.aborted; ) {
      const waitMs = quiet.inMs();
      if (waitMs > 0) {
        await sleep(waitMs, signal);
        continue;
      }
      // Read anew for each step: who decides to keep them longer is heard at once.
      const days = keepDays(read);
      if (days === null) break;
      const step: Pruned = await writer.step('pruneNext', [after, now() - days * dayMs]);
      ({ after } = step);
      versions += step.versions;
    }
    if (versions > 0) onPruned(versions);
  }
}
