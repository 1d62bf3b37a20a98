import { Fault } from '../../contract/faults.ts';
import type { DamagedRows } from '../../db/pipeline/mend.ts';
import { agentItself, standingAlerts } from '../../db/pipeline/standing.ts';
import type { Writer } from '../../db/writer.ts';
import { type ReplayTools, replayLetters } from '../pipeline/replay-letters.ts';

const rule = 'kept-damaged';
/** That something was damaged is said for so long: somebody has to look at the disk, also after a restart. */
const saidForMs = 7 * 86_400_000;

export type MendingTools = {
  readonly writer: Pick<Writer, 'step'>;
  readonly replay: () => ReplayTools;
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly onDamage: (found: DamagedRows) => void;
  readonly onFault: (fault: Fault) => Promise<void>;
  readonly onRead: () => void;
  readonly onBug: (error: unknown) => void;
};

/**
 * Mends what is damaged in the outbox: the rows of a block that does not open are set aside, and read once more from the copies of their
 * files, like every other row that is tried again. What lies behind them goes on meanwhile.
 */
export class Mending {
  readonly #tools: MendingTools;
  #reading: Promise<void> = Promise.resolve();

  constructor(tools: MendingTools) {
    this.#tools = tools;
  }

  /** @returns whether the row lay in a block that is damaged and is set aside now. */
  async setAside(seq: number): Promise<boolean> {
    const { writer, onDamage, onFault } = this.#tools;
    const found = await writer.step('setDamagedAside', [seq]);
    if (!found?.isNew) return found !== null;
    onDamage(found);
    await onFault(new Fault('database-mended', { rows: String(found.rows) }));
    this.readAgain();
    return true;
  }

  /** Read once more what is set aside, also by an earlier start; one time after the other. */
  readAgain(): void {
    const { onBug, signal } = this.#tools;
    this.#reading = this.#reading
      .then(() => this.#readAll())
      .catch((error) => {
        if (!signal.aborted) onBug(error);
      });
  }

  /** Take back a warning that has stood for long enough. */
  async forgetOld(): Promise<void> {
    const { replay, writer, now } = this.#tools;
    const old = standingAlerts(replay().read).find(
      ({ fault, lastSeenMs }) => fault.code === 'database-mended' && lastSeenMs < now() - saidForMs,
    );
    if (old) await writer.step('clearAlert', [agentItself, 'database-mended']);
  }

  async stop(): Promise<void> {
    await this.#reading;
  }

  async #readAll(): Promise<void> {
    const { replay, signal, onRead } = this.#tools;
    const order = { letters: { filter: { rule }, upToId: Number.MAX_SAFE_INTEGER } } as const;
    for await (const { done } of replayLetters(replay(), order, 'replay', signal)) if (done > 0) onRead();
  }
}
