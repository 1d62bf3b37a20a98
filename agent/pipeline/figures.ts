import type { Writer } from '../../db/writer.ts';
import { policies, sleep } from '../resilience/policies.ts';
import type { Quiet } from './quiet.ts';

export type FiguresTools = {
  readonly writer: Pick<Writer, 'step'>;
  readonly quiet: Quiet;
  /** @throws where the disk is too full for anything that can wait. */
  readonly assertRoom: () => void;
  /** Told when records were kept for their figures. */
  readonly onKept: () => void;
  readonly onBug: (error: unknown) => void;
};

/**
 * Follows the log for the figures of guests, in small steps of the writing thread, and only while nothing comes in: an import never waits
 * for it. How far it is behind stands in the overview.
 */
export class Figures {
  readonly #tools: FiguresTools;
  readonly #stopping = new AbortController();
  #bell = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(tools: FiguresTools) {
    this.#tools = tools;
  }

  start(): void {
    this.#done = this.#run();
  }

  /** Something has come in: it is looked at when nothing more comes for a moment. */
  wake(): void {
    this.#bell.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const waitMs = await this.#turn().catch((error: unknown) => {
        this.#tools.onBug(error);
        return policies.idleMs;
      });
      if (waitMs > 0) await sleep(waitMs, AbortSignal.any([signal, this.#bell.signal]));
      this.#bell = new AbortController();
    }
  }

  /** One step. @returns how long to rest before the next. */
  async #turn(): Promise<number> {
    const { writer, quiet, assertRoom, onKept } = this.#tools;
    const waitMs = quiet.inMs();
    if (waitMs > 0) return waitMs;
    try {
      assertRoom();
    } catch {
      return policies.idleMs;
    }
    if (await writer.step('readForFigures', [])) return 0;
    if ((await writer.step('workOutFigures', [])) === 0) return policies.idleMs;
    onKept();
    return 0;
  }
}
