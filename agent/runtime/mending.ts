import { Fault } from '../../contract/faults.ts';
import { type DamagedRows, damageSince } from '../../db/pipeline/mend.ts';
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
  /** Of how many damaged blocks was said last. */
  #said = 0;

  constructor(tools: MendingTools) {
    this.#tools = tools;
  }

  /** @returns whether the row lay in a block that is damaged and is set aside now. */
  async setAside(seq: number): Promise<boolean> {
    const { writer, onDamage, onBug } = this.#tools;
    const found = await writer.step('setDamagedAside', [seq]);
    if (found?.isNew) {
      onDamage(found);
      await this.look().catch(onBug);
    }
    return found !== null;
  }

  /** Say what was found damaged, whoever has found it, for as long as it is said; and have it read once more. */
  async look(): Promise<void> {
    const { replay, writer, now, onFault } = this.#tools;
    const { read } = replay();
    const { blocks, rows } = damageSince(read, now() - saidForMs);
    if (blocks === 0) {
      if (standingAlerts(read).some(({ fault }) => fault.code === 'database-mended'))
        await writer.step('clearAlert', [agentItself, 'database-mended']);
    } else if (blocks !== this.#said) {
      await onFault(new Fault('database-mended', { rows: String(rows) }));
      this.readAgain();
    }
    this.#said = blocks;
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

  /** Resolves when what was set aside until now has been read once more. */
  async settled(): Promise<void> {
    await this.#reading;
  }

  async #readAll(): Promise<void> {
    const { replay, signal, onRead } = this.#tools;
    const order = { letters: { filter: { rule }, upToId: Number.MAX_SAFE_INTEGER } } as const;
    for await (const { done } of replayLetters(replay(), order, 'replay', signal)) if (done > 0) onRead();
  }
}
