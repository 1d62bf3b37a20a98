import type { KeyObject } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { AuditDraft } from '../contract/audit.ts';
import type { PipelineSteps } from './steps.ts';
import { ThreadCaller } from './thread-calls.ts';
import { threadFile } from './thread-file.ts';

type Table = { open: () => number; step: (name: string, ...args: unknown[]) => unknown; close: () => void };

/**
 * The writing thread of pipeline.db, as the agent sees it: whole steps that resolve when they are committed.
 * Steps are carried out in the order in which they are asked for.
 */
export class Writer {
  readonly #caller: ThreadCaller<Table>;

  private constructor(worker: Worker) {
    this.#caller = new ThreadCaller<Table>(worker);
  }

  /**
   * Start the thread and open the database, migrating it when it is older.
   * @throws {Fault} what {@link openForWriting} throws.
   */
  static async open(path: string, key: KeyObject): Promise<Writer> {
    const writer = new Writer(new Worker(threadFile('writer'), { workerData: { path, key }, name: 'writer' }));
    try {
      await writer.#caller.call('open', []);
      return writer;
    } catch (error) {
      await writer.#caller.end().catch(() => undefined);
      throw error;
    }
  }

  /** Carry out one step. */
  step<K extends keyof PipelineSteps & string>(name: K, args: Parameters<PipelineSteps[K]>): Promise<ReturnType<PipelineSteps[K]>> {
    return this.#caller.call('step', [name, ...args]) as Promise<ReturnType<PipelineSteps[K]>>;
  }

  /** Carry out one step and write down who did it, in one transaction. */
  audited<K extends Exclude<keyof PipelineSteps, 'audited'> & string>(
    entries: readonly AuditDraft[],
    name: K,
    args: Parameters<PipelineSteps[K]>,
  ): Promise<ReturnType<PipelineSteps[K]>> {
    return this.#caller.call('step', ['audited', entries, name, args]) as Promise<ReturnType<PipelineSteps[K]>>;
  }

  /** Finish what was asked for, write the log back into the file and close it. */
  async close(): Promise<void> {
    await this.#caller.end();
  }
}
