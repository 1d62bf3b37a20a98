import { Fault } from '../../contract/faults.ts';
import { setting } from '../../db/pipeline/connections.ts';
import { type UnnamedSince, unnamedSince } from '../../db/pipeline/files.ts';
import type { PullTools } from '../pipeline/pull.ts';
import { type ReadAgain, readUnnamedFiles } from '../pipeline/unnamed-files.ts';
import { policies, sleep } from '../resilience/policies.ts';

export type UnnamedTools = {
  readonly pull: () => PullTools;
  readonly signal: AbortSignal;
  readonly onRead: (found: { readonly read: number; readonly unread: number }) => Promise<void>;
  /** Say what could not be read. */
  readonly onUnread: (fault: Fault) => Promise<void>;
  /** Say that it does not go on, and that everything newer waits for it. */
  readonly onStuck: (error: unknown) => Promise<void>;
};

/** How many names are said; the others are counted. */
const mostNames = 20;
/** A disk that does not give a copy is asked so often; then the rest goes on without it. */
const tries = 3;

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
    const { pull, signal, onStuck } = this.#tools;
    for (let failed = 0; ; failed++) {
      try {
        const tools = pull();
        const since = setting(tools.read, unnamedSince) as UnnamedSince | null | undefined;
        if (since) await this.#keep(tools, await readUnnamedFiles(tools, since, { isLastTry: failed >= tries - 1, signal }));
        return;
      } catch (error) {
        if (signal.aborted) throw new Fault('stopped', {}, { cause: error });
        // A disk that is full, say: as long as this cannot be kept, nothing newer can.
        await onStuck(error).catch(() => undefined);
        await sleep(policies.idleMs, signal);
      }
    }
  }

  async #keep(tools: PullTools, { read, unread }: ReadAgain): Promise<void> {
    if (unread.length > 0) {
      const names = unread.slice(0, mostNames).join(', ');
      await this.#tools.onUnread(new Fault('copies-unread', { count: String(unread.length), names }));
    }
    // Said before it is forgotten: a kill in between says it twice.
    await tools.writer.step('saveSetting', [unnamedSince, null]);
    await this.#tools.onRead({ read, unread: unread.length });
  }
}
