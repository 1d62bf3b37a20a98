import { once } from 'node:events';
import type { MessagePort, Worker } from 'node:worker_threads';
import { Fault, type FaultReport } from '../contract/faults.ts';

/** A thread that was told to end and has not by then hangs. */
const endWithinMs = 10_000;

/**
 * A table of functions called across a thread: requests are numbered, answered in order, and fail with the fault's own code.
 * Only what structured clone can carry goes through.
 */
// biome-ignore lint/suspicious/noExplicitAny: the table's functions have parameters of every type; callers see them exactly.
export type CallTable = Record<string, (...args: any[]) => unknown>;

type Request = { readonly id: number; readonly name: string; readonly args: unknown[] };
type Answer = { readonly id: number; readonly value?: unknown; readonly fault?: FaultReport; readonly error?: string };

/** The same functions as seen from the other thread: each gives a promise. */
export type Remote<T extends CallTable> = { readonly [K in keyof T]: (...args: Parameters<T[K]>) => Promise<Awaited<ReturnType<T[K]>>> };

/**
 * Answer the calls of the other thread with `table`, until it asks for `close`: then the thread ends by itself.
 * @param wrap gives a driver's error its name.
 */
export function answerCalls(port: MessagePort, table: CallTable, wrap: (error: unknown) => unknown): void {
  port.on('message', (request: Request) => {
    const answer = (value: Omit<Answer, 'id'>) => port.postMessage({ id: request.id, ...value } satisfies Answer);
    try {
      const step = table[request.name];
      if (!step) throw new Error(`no step ${request.name}`);
      const value = step(...request.args);
      answer({ value });
    } catch (thrown) {
      const error = wrap(thrown);
      if (error instanceof Fault) answer({ fault: error.report() });
      else answer({ error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) });
    }
    if (request.name === 'close') port.close();
  });
}

/**
 * Wait until a thread that was told to end has ended. Ended from outside, it could be in the middle of loading or calling native code, which
 * takes the whole process with it: only one that hangs is.
 */
export async function threadEnd(worker: Worker, withinMs = endWithinMs): Promise<void> {
  if (worker.threadId < 0) return;
  const isLate = AbortSignal.timeout(withinMs);
  await once(worker, 'exit', { signal: isLate }).catch(() => worker.terminate());
}

/** The calling side of {@link answerCalls}. When the thread ends, everything still open fails with `stopped`. */
export class ThreadCaller<T extends CallTable & { close: () => void }> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  #nextId = 1;
  #ended: Fault | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: Answer) => this.#settle(answer));
    worker.on('error', (error) => this.#end(new Fault('internal', {}, { cause: error })));
    worker.on('exit', () => this.#end(new Fault('stopped')));
  }

  call<K extends keyof T & string>(name: K, args: Parameters<T[K]>): Promise<Awaited<ReturnType<T[K]>>> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage({ id, name, args } satisfies Request);
    });
  }

  /** Have the thread close what it holds, when everything that was asked for is done, and end. */
  async end(): Promise<void> {
    try {
      await this.call('close', [] as unknown as Parameters<T['close']>);
    } finally {
      await threadEnd(this.#worker);
    }
  }

  /** How many calls have no answer yet. */
  get open(): number {
    return this.#waiting.size;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) return;
    this.#waiting.delete(answer.id);
    if (answer.fault) waiting.reject(new Fault(answer.fault.code, answer.fault.detail));
    else if (answer.error !== undefined) waiting.reject(new Fault('internal', {}, { cause: new Error(answer.error) }));
    else waiting.resolve(answer.value);
  }

  #end(reason: Fault): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
