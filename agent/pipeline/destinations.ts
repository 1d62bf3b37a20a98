import type { KeyObject } from 'node:crypto';
import type { Connection } from '../../contract/connection.ts';
import { Fault } from '../../contract/faults.ts';
import { Heartbeat } from '../../contract/ingest.ts';
import { connections, property } from '../../db/pipeline/connections.ts';
import { policies } from '../resilience/policies.ts';
import { type Leave, leaveBy, leavingOf } from './outbox/leaving.ts';
import { leavingKey } from './outbox/tokens.ts';
import { Push, type PushState, type PushTools } from './push.ts';
import { upstreams } from './registry.ts';
import type { UpstreamSession } from './upstream.ts';

export type DestinationTools = Omit<PushTools, 'onFault' | 'onWell' | 'onPutBack'> & {
  readonly secretsOf: (connectionId: string) => Record<string, string>;
  readonly onFault: (connectionId: string, fault: Fault) => void;
  readonly onWell: (connectionId: string) => void;
  readonly onPutBack: (connectionId: string) => void;
  /** A failure of our own that has no name: logged, and never the end of the agent. */
  readonly onBug: (error: unknown) => void;
  /** What the heartbeat says. */
  readonly heartbeat: (destinationId: string) => Heartbeat;
};

type Line = { readonly key: string; readonly push: Push; readonly abort: AbortController; readonly done: Promise<void> };

/** Keeps one push running for each destination that is set up and not paused. */
export class Destinations {
  readonly #tools: DestinationTools;
  readonly #lines = new Map<string, Line>();
  /** Lines that were stopped and have not ended yet. */
  readonly #ending = new Map<string, Promise<void>>();
  /** Whose line may not be begun at the moment. One at a time is held, and what is done meanwhile is done one after the other. */
  #held: string | null = null;
  #holding: Promise<unknown> = Promise.resolve();
  /** What lines that were stopped since have been handed. */
  readonly #sentSeq = new Map<string, number>();
  readonly #leavingKey: KeyObject;
  #timer: NodeJS.Timeout | null = null;

  constructor(tools: DestinationTools) {
    this.#tools = tools;
    this.#leavingKey = leavingKey(tools.key);
  }

  async start(): Promise<void> {
    await this.follow();
    this.#timer = setInterval(() => void this.beat().catch(this.#tools.onBug), policies.heartbeatEveryMs);
  }

  /** Bring the running pushes in line with the configuration. Call after every change of it. */
  async follow(): Promise<void> {
    const before = this.#wanted();
    for (const [id, line] of this.#lines) if (before.get(id)?.key !== line.key) await this.stopOne(id);
    // Read again: while a line was ending, the configuration may have changed.
    for (const [id, { connection, key, hotelId }] of this.#wanted()) {
      if (!this.#lines.has(id) && !this.#ending.has(id) && this.#held !== id) this.#lines.set(id, this.#begin(connection, key, hotelId));
    }
  }

  /** The lines that there should be, each with what it follows from. */
  #wanted(): Map<string, { connection: Connection; key: string; hotelId: string }> {
    const hotelId = property(this.#tools.read)?.hotelId;
    const wanted = new Map<string, { connection: Connection; key: string; hotelId: string }>();
    if (!hotelId) return wanted;
    for (const connection of connections(this.#tools.read)) {
      const { id, kind, settings, sharePercent, direction, isPaused } = connection;
      const key = JSON.stringify([kind, settings, sharePercent, hotelId]);
      if (direction === 'destination' && !isPaused) wanted.set(id, { connection, key, hotelId });
    }
    return wanted;
  }

  #begin(connection: Connection, key: string, hotelId: string): Line {
    const abort = new AbortController();
    const tools: PushTools = {
      ...this.#tools,
      onFault: (fault) => this.#tools.onFault(connection.id, fault),
      onWell: () => this.#tools.onWell(connection.id),
      onPutBack: () => this.#tools.onPutBack(connection.id),
    };
    const push = new Push(tools, {
      id: connection.id,
      hotelId,
      open: () => this.#open(connection),
      leave: () => this.#leave(connection.id),
      sharePercent: connection.sharePercent ?? 100,
    });
    return { key, push, abort, done: push.run(abort.signal) };
  }

  /** Read for every batch, so that no record leaves by rules that are no more. */
  #leave(destinationId: string): Leave | null {
    const leaving = leavingOf(this.#tools.read, destinationId);
    return leaving && leaveBy(leaving, this.#leavingKey);
  }

  async #open(connection: Connection): Promise<UpstreamSession> {
    const upstream = upstreams.get(connection.kind);
    if (!upstream) throw new Fault('connection-not-found', { id: connection.kind });
    const settings = upstream.settings.safeParse(connection.settings);
    if (!settings.success)
      throw new Fault('input-wrong', { detail: `the settings of ${connection.title} no longer fit` }, { cause: settings.error });
    return upstream.open(settings.data, { secrets: this.#tools.secretsOf(connection.id), now: this.#tools.now });
  }

  /** Send a heartbeat down every line that is well. */
  async beat(): Promise<void> {
    for (const [id, line] of this.#lines) {
      await line.push.heartbeat(Heartbeat.parse(this.#tools.heartbeat(id)), line.abort.signal);
    }
  }

  state(connectionId: string): PushState | null {
    return this.#lines.get(connectionId)?.push.state ?? null;
  }

  /** New rows wait. */
  wake(): void {
    for (const { push } of this.#lines.values()) push.wake();
  }

  /** A person wants a try now. */
  urge(connectionId: string): void {
    this.#lines.get(connectionId)?.push.urge();
  }

  /** A person has stopped sending, or let it go on: what is decided stands in the database. */
  lookAgain(connectionId: string): void {
    this.#lines.get(connectionId)?.push.lookAgain();
  }

  /** A person has decided that this PC sends for the hotel. */
  takeOver(connectionId: string): void {
    this.#lines.get(connectionId)?.push.takeOver();
  }

  /** Secrets have changed, so an open line still has the old ones. */
  async renew(connectionId: string): Promise<void> {
    await this.stopOne(connectionId);
    await this.follow();
  }

  async stopOne(connectionId: string): Promise<void> {
    const line = this.#lines.get(connectionId);
    if (line) {
      this.#lines.delete(connectionId);
      this.#ending.set(connectionId, this.#end(connectionId, line));
    }
    // Also a line that somebody else is ending: until it has, what it sends may still be confirmed.
    await this.#ending.get(connectionId);
  }

  async #end(connectionId: string, line: Line): Promise<void> {
    line.abort.abort();
    try {
      await line.done;
    } finally {
      this.#sentSeq.set(connectionId, Math.max(this.#sentSeq.get(connectionId) ?? 0, line.push.sentSeq));
      this.#ending.delete(connectionId);
    }
  }

  /**
   * Do something while nothing is sent to a destination.
   * @param work gets the newest row that its line was handed since this agent has started, 0 for none.
   */
  whileHeld<T>(connectionId: string, work: (sentSeq: number) => Promise<T>): Promise<T> {
    const held = this.#holding.then(async () => {
      this.#held = connectionId;
      try {
        await this.stopOne(connectionId);
        return await work(this.#sentSeq.get(connectionId) ?? 0);
      } finally {
        this.#held = null;
        // An agent that was opened for one command sends nothing.
        if (this.#timer) await this.follow();
      }
    });
    this.#holding = held.catch(() => undefined);
    return held;
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await this.#holding;
    await Promise.all([...this.#lines.keys()].map((id) => this.stopOne(id)));
  }
}
