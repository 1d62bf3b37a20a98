import { BrokenCircuitError } from 'cockatiel';
import { Fault } from '../../contract/faults.ts';
import type { HeldSending, LineFailure } from '../../contract/health.ts';
import type { Heartbeat } from '../../contract/ingest.ts';
import { endOfDamage, type OutboxRow, pendingRows } from '../../db/pipeline/blocks.ts';
import { heldSending } from '../../db/pipeline/held-sending.ts';
import { delivery, type WithheldRow } from '../../db/pipeline/outbox.ts';
import { type BreakerState, LineBreaker } from '../resilience/breaker.ts';
import { backoffMs, policies, sleep } from '../resilience/policies.ts';
import type { Leave } from './outbox/leaving.ts';
import { outgoingBatches } from './outbox/outgoing.ts';
import { settle } from './outbox/settle.ts';
import { judge, rulesNow } from './outbox/withhold.ts';
import { Attempts } from './push-attempts.ts';
import { Resending, type ResendingTools } from './push-resends.ts';
import { sendInTurn } from './send-batches.ts';
import { type OutgoingBatch, RetryLater, type SendOutcome, type UpstreamSession } from './upstream.ts';

export type PushTools = ResendingTools & {
  readonly now: () => number;
  /** Told after every change, so that screens follow. */
  readonly onChange: () => void;
  /** A failure that lasts, and its end. */
  readonly onFault: (fault: Fault) => void;
  readonly onWell: () => void;
  /** The destination knows more of this hotel than this folder remembers; what has to be sent again will be. */
  readonly onPutBack: () => void;
};

/** How the line to one destination is at this moment. */
export type PushState = {
  readonly isSending: boolean;
  readonly breaker: BreakerState;
  readonly breakerOpenedAtMs: number | null;
  readonly failures: readonly LineFailure[];
  readonly nextTryAtMs: number | null;
  readonly fault: Fault | null;
  readonly failingSinceMs: number | null;
};

/**
 * BUFFER -> FORWARD for one destination: read what waits behind its watermark, send it, move the watermark over what was
 * confirmed. One batch is under way at a time, so the order per key holds; what waits, waits in the outbox.
 */
export class Push {
  readonly #tools: PushTools;
  readonly #destinationId: string;
  readonly #hotelId: string;
  readonly #open: () => Promise<UpstreamSession>;
  readonly #breaker: LineBreaker;
  readonly #attempts: Attempts;
  readonly #held: (destinationId: string, nowMs: number) => HeldSending | null;
  readonly #leave: () => Leave | null;
  readonly #sharePercent: number;
  readonly #pending: (afterSeq: number, limit: number) => OutboxRow[];
  readonly #endOfDamage: (afterSeq: number) => number;
  readonly #resending: Resending;
  #batchesSinceResend = 0;
  #session: UpstreamSession | null = null;
  /** Everything up to here is confirmed; null when only the database knows. */
  #position: number | null = null;
  #ahead: Load | null = null;
  #confirming: Promise<void> = Promise.resolve();
  #isHighWaterKnown = false;
  #mayTakeOver = false;
  #sentSeq = 0;
  #bell = new AbortController();
  #isSending = false;
  #failures = 0;
  #nextTryAtMs: number | null = null;
  #fault: Fault | null = null;
  #failingSinceMs: number | null = null;

  constructor(
    tools: PushTools,
    destination: {
      readonly id: string;
      readonly hotelId: string;
      readonly open: () => Promise<UpstreamSession>;
      readonly leave: () => Leave | null;
      readonly sharePercent: number;
    },
  ) {
    this.#tools = tools;
    this.#destinationId = destination.id;
    this.#hotelId = destination.hotelId;
    this.#open = destination.open;
    this.#pending = pendingRows(tools.read, tools.key);
    this.#endOfDamage = endOfDamage(tools.read);
    this.#breaker = new LineBreaker(tools.now);
    this.#attempts = new Attempts(tools, destination.id);
    this.#held = heldSending(tools.read);
    this.#resending = new Resending(tools, destination, this.#attempts);
    this.#leave = destination.leave;
    this.#sharePercent = destination.sharePercent;
  }

  get state(): PushState {
    return {
      isSending: this.#isSending,
      breaker: this.#breaker.state,
      breakerOpenedAtMs: this.#breaker.openedAtMs,
      failures: this.#breaker.failures,
      nextTryAtMs: this.#nextTryAtMs,
      fault: this.#fault,
      failingSinceMs: this.#failingSinceMs,
    };
  }

  /** The newest row that this line was ever handed: the destination may have it, whether or not it has said so. */
  get sentSeq(): number {
    return this.#sentSeq;
  }

  /** Something new waits. While the line is down this is no reason to knock earlier than agreed. */
  wake(): void {
    if (this.#fault === null) this.#bell.abort();
  }

  /** A person wants a try now: neither the rest nor the breaker holds it up. */
  urge(): void {
    this.#countAnew();
    this.#bell.abort();
  }

  /** Something was decided about this line: look at it again, without a new count. */
  lookAgain(): void {
    this.#bell.abort();
  }

  /** A person has decided that this PC is the one that sends for the hotel, whoever has sent since. */
  takeOver(): void {
    this.#mayTakeOver = true;
    this.urge();
  }

  /** Tell the destination that this agent lives, where its line stands. A heartbeat that fails is no trouble of its own. */
  async heartbeat(heartbeat: Heartbeat, signal: AbortSignal): Promise<void> {
    if (this.#session === null || this.#fault !== null || this.#held(this.#destinationId, this.#tools.now())) return;
    await this.#session.heartbeat(heartbeat, signal).catch(() => undefined);
  }

  /** Send until the signal fires. What is under way then is given up: it is sent again later with the same ids. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // Rows that come in during a turn ring the bell of the rest after it.
      const waitMs = await this.#turn(signal);
      if (waitMs > 0) await this.#rest(waitMs, signal);
    }
    await this.#confirming.catch(() => undefined);
    await this.#session?.close();
  }

  /** One turn: send one batch. Gives how long to rest before the next. */
  async #turn(signal: AbortSignal): Promise<number> {
    try {
      // Looked up before each batch: what a person has decided holds from the next one on, and over a restart.
      const held = this.#held(this.#destinationId, this.#tools.now());
      if (held) {
        this.#ahead = null;
        return this.#restHeld(held);
      }
      const more = await this.#breaker.execute(() => this.#sendNext(signal), signal);
      this.#well();
      return more ? 0 : policies.idleMs;
    } catch (error) {
      this.#ahead = null;
      // Where we stand is what is committed: what was sent since and is not confirmed there is sent again.
      await this.#confirming.catch(() => undefined);
      this.#confirming = Promise.resolve();
      this.#position = null;
      if (signal.aborted || (await this.#isSetAside(error))) return 0;
      return this.#failed(error);
    } finally {
      this.#isSending = false;
    }
  }

  async #sendNext(signal: AbortSignal): Promise<boolean> {
    this.#attempts.begin();
    this.#session ??= await this.#open();
    const session = this.#session;
    await this.#meetHighWater(session, signal);
    this.#position ??= delivery(this.#tools.read, this.#destinationId).confirmedSeq;
    const load = this.#ahead ?? this.#load(session, this.#position);
    this.#ahead = null;
    const { batches } = load;
    const isMore = await this.#sendAgain(session, load.lastSeq === load.afterSeq ? 'nothing new' : 'new', signal);
    if (load.lastSeq === load.afterSeq) return isMore;
    // A person may have stopped sending while the line was opened or something was sent again.
    if (this.#held(this.#destinationId, this.#tools.now())) return true;
    // Or changed the rules since this was judged: they hold from the next record on. So does what was refused of an order just now.
    if (rulesNow(this.#tools.read) !== load.judgedBy || (isMore && load.withheld.length > 0)) return true;
    // All of it is kept back from this destination: nothing is sent, and the position moves over it.
    if (batches.length === 0) return this.#confirm(load, nothingSaid);
    this.#isSending = true;
    this.#tools.onChange();
    const outcome: SendOutcome = { confirmed: new Set(), refused: new Map() };
    this.#sentSeq = Math.max(this.#sentSeq, lastSeqOf(batches));
    const sending = this.#attempts.during(batches, () => sendInTurn(session, batches, outcome, signal));
    // While these are on their way, the next are written and packed; only one request is ever under way, so the order per key holds.
    this.#ahead = this.#loadAhead(session, load);
    const failure = await sending.then(
      () => null,
      (error: unknown) => ({ error }),
    );
    // Refused one by one by a line that takes nothing: not a word about the records, so none of them is set aside.
    if (failure && outcome.confirmed.size === 0) throw failure.error;
    // What is known to have arrived counts, also when a later part of the batch has failed.
    const isWhole = await this.#confirm(load, outcome);
    if (failure) throw failure.error;
    // An answer that leaves a record out confirms nothing of it: whatever was prepared behind it must not be sent before it.
    if (!isWhole) throw new Fault('upstream-answer', { host: session.host, detail: 'records left out' });
    return true;
  }

  /**
   * What is new goes first: what was ordered to be sent again fills the gaps, and has its turn when none comes.
   * @returns whether more of it waits.
   */
  async #sendAgain(session: UpstreamSession, waits: 'new' | 'nothing new', signal: AbortSignal): Promise<boolean> {
    if (waits === 'new' && ++this.#batchesSinceResend < batchesPerResend) return false;
    this.#batchesSinceResend = 0;
    // Only what is confirmed in the database is behind the position that decides what may be sent again.
    await this.#confirming;
    return this.#resending.sendNext(session, signal, () => {
      this.#isSending = true;
      this.#tools.onChange();
    });
  }

  #load(session: UpstreamSession, afterSeq: number): Load {
    const rows = this.#pending(afterSeq, session.batchRecords);
    const judgedBy = rulesNow(this.#tools.read);
    const { send, withheld } = judge(this.#tools.read, rows, { destinationId: this.#destinationId, sharePercent: this.#sharePercent });
    const lastSeq = rows.at(-1)?.seq ?? this.#endOfDamage(afterSeq);
    return { batches: outgoingBatches(send, this.#leave()), withheld, judgedBy, afterSeq, lastSeq };
  }

  #loadAhead(session: UpstreamSession, { lastSeq }: Load): Load | null {
    try {
      const ahead = this.#load(session, lastSeq);
      for (const batch of ahead.batches) session.prepare(batch);
      return ahead.lastSeq > lastSeq ? ahead : null;
    } catch {
      // What cannot be read is met again when it is next, and named then: the request under way has to be waited for first.
      return null;
    }
  }

  /** Move the watermark over what is settled. @returns whether that is everything that was sent. */
  async #confirm(load: Load, outcome: SendOutcome): Promise<boolean> {
    const records = load.batches.flatMap((batch) => batch.records);
    const { upTo: settledUpTo, refused, isWhole } = settle(records, outcome);
    const reached = isWhole ? load.lastSeq : settledUpTo;
    // What was withheld by rules that are no more is judged anew, with what lies behind it; what was sent of that counts once, by its id.
    const [firstWithheld] = rulesNow(this.#tools.read) === load.judgedBy ? [] : load.withheld;
    const upTo = reached === null || !firstWithheld ? reached : Math.min(reached, firstWithheld.seq - 1);
    if (firstWithheld) this.#ahead = null;
    // The commit before this one has to have worked; this one goes on while the next batch is sent. Should it fail, or we be
    // killed before it, the batch is sent again with the same ids.
    await this.#confirming;
    if (upTo !== null) {
      this.#position = upTo;
      // Confirmed and set aside in one transaction: a row is never neither, and never both.
      const withheld = load.withheld.filter(({ seq }) => seq <= upTo);
      const there = records.filter(({ seq }) => seq <= upTo).length + withheld.length;
      const refusedNow = refused.filter(({ seq }) => seq <= upTo);
      // Numbers of which nothing is there were pruned: only a shadow, or a destination that is new, comes by them.
      const passedOver = { withheld, missed: upTo - load.afterSeq - there };
      const step = this.#tools.writer.step('confirm', [this.#destinationId, upTo, refusedNow, this.#attempts.answered(upTo), passedOver]);
      this.#confirming = step.then(() => this.#tools.onChange());
      this.#confirming.catch(() => undefined);
      // Failures in a row are those between which nothing was delivered: a line that works for part of a batch works.
      if (!isWhole) this.#countAnew();
      if (refusedNow.length > 0) {
        if (this.#ahead && this.#ahead.withheld.length > 0) this.#ahead = null;
        // What comes next is judged by what is refused, so that has to stand in the database first.
        await this.#confirming;
      }
    }
    return isWhole;
  }

  /** Before the first send of a start, compare what the destination has seen of this hotel with what we remember. */
  async #meetHighWater(session: UpstreamSession, signal: AbortSignal): Promise<void> {
    if (this.#isHighWaterKnown) return;
    const { writer, onPutBack } = this.#tools;
    const seen = await session.highWater(this.#hotelId, signal);
    const meeting = seen === null ? 'well' : await writer.step('meetGeneration', [this.#destinationId, seen]);
    if (meeting === 'ahead' && seen !== null) {
      if (!this.#mayTakeOver) {
        const ours = await writer.step('generation', []);
        throw new Fault('upstream-ahead', { host: session.host, seen: String(seen), ours: String(ours) });
      }
      await writer.step('takeOver', [this.#destinationId, seen]);
    }
    if (meeting === 'put-back') onPutBack();
    this.#mayTakeOver = false;
    this.#isHighWaterKnown = true;
  }

  /** Damage is no trouble of the line: the rows concerned are set aside, and the others go. */
  async #isSetAside(error: unknown): Promise<boolean> {
    if (!(error instanceof Fault) || error.code !== 'database-damaged') return false;
    const seq = /^outbox (\d+)$/.exec(error.detail.file ?? '')?.[1];
    if (seq === undefined) return false;
    // Where that cannot be done now, the damage is what is wrong with this line, until it can.
    return this.#tools.onDamage(Number(seq)).catch(() => false);
  }

  #countAnew(): void {
    this.#breaker.reset();
    this.#failures = 0;
  }

  #well(): void {
    if (this.#fault !== null) this.#tools.onWell();
    this.#failures = 0;
    this.#nextTryAtMs = null;
    this.#fault = null;
    this.#failingSinceMs = null;
  }

  #failed(error: unknown): number {
    // While the breaker is open, what opened it stays what is wrong.
    const fault =
      error instanceof BrokenCircuitError
        ? this.#fault
        : error instanceof Fault
          ? error
          : new Fault('internal', { correlationId: this.#destinationId }, { cause: error });
    if (fault && !(error instanceof BrokenCircuitError)) void this.#attempts.failed(fault);
    // Our own disk did not answer: the database is opened anew with the next try, and nobody has to be waited for.
    const isPerson = fault?.who === 'person' && fault.code !== 'database-unreadable';
    let waitMs = isPerson ? policies.retryPersonMs : backoffMs(this.#failures++);
    if (error instanceof RetryLater && error.afterMs !== null) waitMs = Math.max(waitMs, error.afterMs);
    if (this.#breaker.state === 'open') waitMs = Math.max(waitMs, policies.breakerHalfOpenMs);
    this.#fault = fault;
    this.#failingSinceMs ??= this.#tools.now();
    this.#nextTryAtMs = this.#tools.now() + waitMs;
    if (fault) this.#tools.onFault(fault);
    return Math.max(1, waitMs);
  }

  /** A person has stopped sending: nothing leaves, and what was wrong before is not looked at until it goes on. */
  #restHeld({ untilMs }: HeldSending): number {
    this.#nextTryAtMs = untilMs;
    return Math.max(1, Math.min(policies.idleMs, untilMs === null ? policies.idleMs : untilMs - this.#tools.now()));
  }

  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(ms, AbortSignal.any([signal, this.#bell.signal]));
    this.#bell = new AbortController();
  }
}

/** What is sent next, and what is passed over on purpose: all rows behind one place up to another. */
type Load = {
  readonly batches: readonly OutgoingBatch[];
  readonly withheld: readonly WithheldRow[];
  /** The rules for two sources by which this was judged. */
  readonly judgedBy: string;
  readonly afterSeq: number;
  readonly lastSeq: number;
};
const nothingSaid: SendOutcome = { confirmed: new Set(), refused: new Map() };

const lastSeqOf = (batches: readonly OutgoingBatch[]) => Math.max(...batches.map((batch) => batch.records.at(-1)?.seq ?? 0));

/** While new rows wait, one part of what is sent again goes between so many batches of them. */
const batchesPerResend = 10;
