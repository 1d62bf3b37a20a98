import type { KeyObject } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { Fault } from '../../contract/faults.ts';
import type { Batch } from '../../db/pipeline/records.ts';
import { threadEnd } from '../../db/thread-calls.ts';
import { threadFile } from '../../db/thread-file.ts';
import type { NormaliseJob, NormaliserMessage } from './normalise-file.ts';

const batchesAhead = 4;

/** The normalising thread, as the pull sees it: one file at a time, batch after batch. */
export class Normaliser {
  readonly #worker: Worker;
  #inbox: NormaliserMessage[] = [];
  #wake: (() => void) | null = null;
  #hasEnded = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(home: string, key: KeyObject) {
    // A small young generation keeps the memory flat on files of millions of rows.
    this.#worker = new Worker(threadFile('normaliser'), {
      workerData: { home, key },
      name: 'normaliser',
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    });
    this.#worker.on('message', (message: NormaliserMessage) => this.#take(message));
    this.#worker.on('error', (error) => this.#take({ kind: 'failed', fault: { code: 'internal', detail: {} }, cause: String(error) }));
    this.#worker.on('exit', () => {
      this.#hasEnded = true;
      this.#take({ kind: 'failed', fault: { code: 'stopped', detail: {} }, cause: null });
    });
  }

  /**
   * Give the batches of a file. The next one is asked for when the caller is done with the last: its documents are then written
   * over, so nobody keeps them.
   * Files that are asked for together wait for each other.
   *
   * @throws {Fault} what reading and mapping throws; `stopped` when the signal fires or the thread ends.
   */
  async *batches(job: Omit<NormaliseJob, 'credits'>, signal: AbortSignal): AsyncGenerator<Batch> {
    if (this.#hasEnded) throw new Fault('stopped');
    const before = this.#queue;
    let release = (): void => undefined;
    this.#queue = new Promise<void>((resolve) => {
      release = resolve;
    });
    await before;
    let isPosted = false;
    const onAbort = () => this.#worker.postMessage({ kind: 'cancel' });
    let isEnded = false;
    try {
      if (signal.aborted || this.#hasEnded) throw new Fault('stopped');
      signal.addEventListener('abort', onAbort, { once: true });
      this.#worker.postMessage({ kind: 'job', job: { ...job, credits: batchesAhead } });
      isPosted = true;
      for (;;) {
        const message = await this.#next();
        isEnded = message.kind !== 'batch';
        if (message.kind === 'failed')
          throw new Fault(
            message.fault.code,
            message.fault.detail,
            message.cause === null ? undefined : { cause: new Error(message.cause) },
          );
        if (signal.aborted) throw new Fault('stopped');
        if (message.kind === 'end') return;
        yield message.batch;
        this.#worker.postMessage({ kind: 'credit', documents: message.batch.documents });
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      // A job that was never handed over has nothing to drain.
      if (isPosted && !isEnded) await this.#drain();
      release();
    }
  }

  /** Let the thread come to the end of a job that nobody wants any more. */
  async #drain(): Promise<void> {
    this.#worker.postMessage({ kind: 'cancel' });
    while ((await this.#next()).kind === 'batch');
  }

  async #next(): Promise<NormaliserMessage> {
    for (;;) {
      const message = this.#inbox.shift();
      if (message) return message;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(message: NormaliserMessage): void {
    this.#inbox.push(message);
    this.#wake?.();
  }

  async close(): Promise<void> {
    this.#worker.postMessage({ kind: 'close' });
    await threadEnd(this.#worker);
  }
}
