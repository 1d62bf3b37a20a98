import type { MessagePortMain } from 'electron';
import { Fault, type FaultReport } from '../contract/faults.ts';
import { shellChannels } from '../contract/shell.ts';
import type { AgentProcess } from './agent-process.ts';
import type { CallingFrame } from './ipc.ts';
import { type Relay, relay } from './relay.ts';

type Parts = {
  readonly agent: Pick<AgentProcess, 'address' | 'forget'>;
  readonly MessageChannelMain: new () => { readonly port1: MessagePortMain; readonly port2: MessagePortMain };
};

/** The one line between the console and the agent. A new one takes the place of the old: a page that reloads leaves none behind. */
export class ConsoleLine {
  readonly #parts: Parts;
  #line: Relay | null = null;
  #asked = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Make a line and hand its end to the frame that asked, as the window message `bellhop:port`.
   * @returns null, or why there is none.
   */
  async connect(frame: Pick<CallingFrame, 'postMessage'>): Promise<FaultReport | null> {
    this.close();
    const asked = this.#asked;
    const { port1, port2 } = new this.#parts.MessageChannelMain();
    try {
      const line = await relay(await this.#parts.agent.address(), port1);
      // Closed, or asked for again, while it was dialling: this one is nobody's.
      if (asked !== this.#asked) {
        line.close();
        return new Fault('agent-away').report();
      }
      this.#line = line;
    } catch (error) {
      this.#parts.agent.forget();
      return (error instanceof Fault ? error : new Fault('agent-away')).report();
    }
    frame.postMessage(shellChannels.port, null, [port2]);
    return null;
  }

  pause(): void {
    this.#line?.pause();
  }

  resume(): void {
    this.#line?.resume();
  }

  close(): void {
    this.#asked += 1;
    this.#line?.close();
    this.#line = null;
  }
}
