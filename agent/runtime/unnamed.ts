import { Fault } from '../../contract/faults.ts';
import { setting } from '../../db/pipeline/connections.ts';
import { unnamedSince } from '../../db/pipeline/files.ts';
import type { PullTools } from '../pipeline/pull.ts';
import { readUnnamedFiles } from '../pipeline/unnamed-files.ts';
import { policies, sleep } from '../resilience/policies.ts';

export type UnnamedTools = {
  readonly pull: () => PullTools;
  readonly signal: AbortSignal;
  readonly onRead: (files: number) => void;
  readonly onFault: (fault: Fault) => Promise<void>;
  readonly onBug: (error: unknown) => void;
};

/** How many names are said; the others are counted. A name may be a guest's, so none goes to the log. */
const mostNames = 20;

/**
 * After a backup has taken the place of the database: reads what was taken since the backup from its sealed copies, before anything new is
 * read. Whoever reads a source waits for it.
 */
export class Unnamed {
  readonly #tools: UnnamedTools;
  #done: Promise<void> | null = null;

  constructor(tools: UnnamedTools) {
    this.#tools = tools;
  }

  /**
   * Resolves when nothing is left to read again; at once where no backup was restored.
   * @throws {Fault} `stopped`
   */
  done(): Promise<void> {
    this.#done ??= this.#readAll();
    return this.#done;
  }

  /** Resolves when what is under way has ended, however it has. */
  async settled(): Promise<void> {
    await this.#done?.catch(() => undefined);
  }

  async #readAll(): Promise<void> {
    const { pull, signal, onBug } = this.#tools;
    for (;;) {
      const sinceMs = setting(pull().read, unnamedSince);
      if (typeof sinceMs !== 'number') return;
      try {
        await this.#readOnce(sinceMs);
        return;
      } catch (error) {
        if (signal.aborted) throw new Fault('stopped', {}, { cause: error });
        // A disk that is full, say: as long as this cannot be kept, nothing newer can.
        onBug(error);
        await sleep(policies.idleMs, signal);
      }
    }
  }

  async #readOnce(sinceMs: number): Promise<void> {
    const { pull, signal, onRead, onFault } = this.#tools;
    const tools = pull();
    const { read, unread } = await readUnnamedFiles(tools, sinceMs, signal);
    if (unread.length > 0) {
      const names = unread.slice(0, mostNames).join(', ');
      await onFault(new Fault('copies-unread', { count: String(unread.length), names }));
    }
    // Said before it is forgotten: a kill in between says it twice.
    await tools.writer.step('saveSetting', [unnamedSince, null]);
    if (read > 0) onRead(read);
  }
}
