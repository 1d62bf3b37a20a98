import { performance } from 'node:perf_hooks';
import type { NewRun, RunEnd } from '../../db/pipeline/runs.ts';
import type { Writer } from '../../db/writer.ts';

type RunBookTools = {
  readonly writer: Pick<Writer, 'step'>;
  readonly now: () => number;
  /** Told of what could not be noted. */
  readonly onUnnoted: (error: unknown) => void;
};

/** A run that has begun. `id` is null where that could not be noted: nothing is counted for it. */
export type BegunRun = { readonly id: number | null; readonly startedAt: number };

/** Notes the runs of the sources. What cannot be noted never stops a run: it goes on without. */
export class RunBook {
  readonly #tools: RunBookTools;
  /** Ends that could not be noted when they came, as on a disk that was full. */
  #owed: RunEnd[] = [];

  constructor(tools: RunBookTools) {
    this.#tools = tools;
  }

  async begin(run: Omit<NewRun, 'startedAtMs'>): Promise<BegunRun> {
    const startedAt = performance.now();
    const startedAtMs = this.#tools.now();
    try {
      await this.#pay();
      return { id: await this.#tools.writer.step('beginRun', [{ ...run, startedAtMs }]), startedAt };
    } catch (error) {
      this.#tools.onUnnoted(error);
      return { id: null, startedAt };
    }
  }

  async end({ id, startedAt }: BegunRun, how: Pick<RunEnd, 'outcome' | 'fault'>): Promise<void> {
    if (id === null) return;
    this.#owed.push({ ...how, id, endedAtMs: this.#tools.now(), tookMs: Math.round(performance.now() - startedAt) });
    await this.#pay().catch(this.#tools.onUnnoted);
  }

  /** Note the ends that are owed, the oldest first: a later one may fold into it. */
  async #pay(): Promise<void> {
    for (let end = this.#owed[0]; end; end = this.#owed[0]) {
      await this.#tools.writer.step('endRun', [end]);
      this.#owed = this.#owed.filter((one) => one !== end);
    }
  }
}
