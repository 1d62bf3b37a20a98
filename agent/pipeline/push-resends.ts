import type { KeyObject } from 'node:crypto';
import { setImmediate as breath } from 'node:timers/promises';
import type { AuditDraft } from '../../contract/audit.ts';
import { Fault } from '../../contract/faults.ts';
import type { ReadDb } from '../../db/open.ts';
import { type OutboxRow, rowReader } from '../../db/pipeline/blocks.ts';
import { delivery } from '../../db/pipeline/outbox.ts';
import type { ResendBite, ResendRow } from '../../db/pipeline/resend-walk.ts';
import { type OpenResend, type ResentPart, resendById, runningResend } from '../../db/pipeline/resends.ts';
import type { LongReads } from '../../db/reader.ts';
import type { Remote } from '../../db/thread-calls.ts';
import type { Writer } from '../../db/writer.ts';
import type { Leave } from './outbox/leaving.ts';
import { outgoingBatches } from './outbox/outgoing.ts';
import { settle } from './outbox/settle.ts';
import { judge, rulesNow } from './outbox/withhold.ts';
import type { Attempts } from './push-attempts.ts';
import { sendInTurn } from './send-batches.ts';
import type { OutgoingBatch, SendOutcome, UpstreamSession } from './upstream.ts';

export type ResendingTools = {
  readonly key: KeyObject;
  readonly read: ReadDb;
  readonly reads: Pick<Remote<LongReads>, 'resendBite'>;
  readonly writer: Writer;
  /** A row cannot be read. @returns whether it was set aside, so that what lies behind it can go, and it comes once more by itself. */
  readonly onDamage: (seq: number) => Promise<boolean>;
  /** Told after every change of an order. */
  readonly onResent: () => void;
  /** What is written down when an order is over. */
  readonly finished: (order: ResendEnd) => AuditDraft;
};

/** An order that is over, with what was sent. */
export type ResendEnd = Pick<OpenResend, 'id' | 'total' | 'confirmed' | 'refused' | 'correlationId'> & { readonly destinationId: string };

/** Each row of a part may lie in a block of its own, and opening one takes a millisecond or two: so many are opened for one part. */
const mostBlocks = 100;

/**
 * Carries out, for one destination, what was ordered to be sent again: part by part, each sent and settled before the next.
 *
 * Only the newest state of a record is sent, under its own event id, and only where the destination has passed it already: what lies in
 * front of its position follows by itself. The push sends nothing meanwhile, so an old state never follows a newer one.
 */
export class Resending {
  readonly #tools: ResendingTools;
  readonly #destinationId: string;
  readonly #attempts: Attempts;
  readonly #leave: () => Leave | null;
  readonly #sharePercent: number;
  /** How far the walk has looked without finding anything: that is not worth a commit. */
  #looked = { id: 0, position: 0 };

  constructor(
    tools: ResendingTools,
    destination: { readonly id: string; readonly leave: () => Leave | null; readonly sharePercent: number },
    attempts: Attempts,
  ) {
    this.#tools = tools;
    this.#attempts = attempts;
    this.#destinationId = destination.id;
    this.#leave = destination.leave;
    this.#sharePercent = destination.sharePercent;
  }

  /**
   * Send the next part of the oldest order that runs.
   * @returns whether there was one; where there was, there may be more.
   */
  async sendNext(session: UpstreamSession, signal: AbortSignal, onSending: () => void): Promise<boolean> {
    const { read, reads } = this.#tools;
    const order = runningResend(read, this.#destinationId);
    if (!order) return false;
    const { choice, upToSeq: upTo } = order;
    const after = Math.max(order.position, this.#looked.id === order.id ? this.#looked.position : 0);
    const window = { choice, destinationId: this.#destinationId, after, upTo, limit: session.batchRecords };
    const bite = await reads.resendBite(window);
    if (bite.rows.length === 0 && !bite.isEnd) this.#looked = { id: order.id, position: bite.reached };
    else await this.#sendBite(session, order, bite, { signal, onSending });
    return true;
  }

  async #sendBite(
    session: UpstreamSession,
    order: OpenResend,
    bite: ResendBite,
    { signal, onSending }: { readonly signal: AbortSignal; readonly onSending: () => void },
  ): Promise<void> {
    const sorted = this.#sorted(bite.rows);
    const { texts, damaged, rest } = await this.#open(sorted.send);
    // What is left for the next part begins there; what lies behind it is not settled by this one.
    const isCut = rest !== null;
    const reached = rest === null ? bite.reached : rest - 1;
    // The rules by which rows are kept back hold for what is sent again as well.
    const judgedBy = rulesNow(this.#tools.read);
    const { send, withheld } = judge(this.#tools.read, texts, { destinationId: this.#destinationId, sharePercent: this.#sharePercent });
    const records = outgoingBatches(send, this.#leave()).map((batch) => ({
      ...batch,
      again: batch.again === undefined ? order.correlationId : `${order.correlationId} ${batch.again}`,
    }));
    const outcome: SendOutcome = { confirmed: new Set(), refused: new Map() };
    const isLettered = this.#refusedAmong(records);
    let isStopped = false;
    const sending = async () => {
      for (const batch of records) {
        // Cancelled or paused while rows were looked for and opened, or between two requests, or judged by rules that are no more: then
        // nothing more of it goes out.
        isStopped = !this.#isWanted(order) || rulesNow(this.#tools.read) !== judgedBy;
        if (isStopped) return;
        onSending();
        await sendInTurn(session, [batch], outcome, signal, isLettered);
      }
    };
    const failure = await this.#attempts.during(records, sending, order).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    if (failure && outcome.confirmed.size === 0) throw failure.error;
    // A line that was stopped has judged by the share it was begun with: its order may be of the next one, and goes on from where it stood.
    if (signal.aborted) throw failure?.error ?? new Fault('stopped');
    if (isStopped && outcome.confirmed.size + outcome.refused.size === 0) return;
    const all = records.flatMap((batch) => batch.records);
    const { upTo, refused, isWhole } = settle(all, outcome);
    const position = isWhole && !failure ? reached : (upTo ?? order.position);
    const isEnd = isWhole && !failure && bite.isEnd && !isCut;
    // Nothing of an order that was cancelled is sent once more: what is known of it by now is all that will be.
    const isOver = isStopped && resendById(this.#tools.read, order.id)?.state === 'cancelled';
    const isBehind = ({ seq }: { readonly seq: number }) => seq <= position;
    const isKept = (one: { readonly seq: number }) => isOver || isBehind(one);
    const confirmed = all.filter((one) => isKept(one) && outcome.confirmed.has(one.eventId)).map(({ seq }) => seq);
    await this.#keep(order, {
      id: order.id,
      destinationId: this.#destinationId,
      after: order.position,
      position,
      confirmed,
      refused: refused.filter(isKept),
      onItsWay: sorted.onItsWay.filter(isBehind).length,
      damaged: damaged.filter((seq) => isBehind({ seq })).length,
      withheld: withheld.filter(isBehind).length,
      overtaken: sorted.overtaken.filter(isBehind).map(({ letterId }) => letterId as number),
      isEnd,
      ...(outcome.confirmed.size + outcome.refused.size > 0
        ? { tried: this.#attempts.answered(isOver ? reached : position) ?? undefined }
        : {}),
    });
    if (failure) throw failure.error;
    if (!isWhole && !isStopped) throw new Fault('upstream-answer', { host: session.host, detail: 'records left out' });
  }

  #isWanted({ id }: OpenResend): boolean {
    return runningResend(this.#tools.read, this.#destinationId)?.id === id;
  }

  /** Tells by their event ids which of some rows the destination has refused before. */
  #refusedAmong(batches: readonly OutgoingBatch[]): (eventId: string) => boolean {
    const letter = this.#tools.read
      .prepare<[string, number], number>('select 1 from dead_letters where destination_id = ? and seq = ?')
      .pluck();
    // By their rows: under rules they leave with other ids than they are kept with.
    const refused = batches.flatMap(({ records }) => records).filter(({ seq }) => letter.get(this.#destinationId, seq) !== undefined);
    const ids = new Set(refused.map(({ eventId }) => eventId));
    return (eventId) => ids.has(eventId);
  }

  /** What is to be sent, and what is passed over, and why. */
  #sorted(rows: readonly ResendRow[]): Record<'send' | 'onItsWay' | 'overtaken', ResendRow[]> {
    const { confirmedSeq } = delivery(this.#tools.read, this.#destinationId);
    const sorted: Record<'send' | 'onItsWay' | 'overtaken', ResendRow[]> = { send: [], onItsWay: [], overtaken: [] };
    for (const row of rows) {
      if (row.newestSeq > confirmedSeq) sorted.onItsWay.push(row);
      else sorted[row.newestSeq === row.seq ? 'send' : 'overtaken'].push(row);
    }
    return sorted;
  }

  /** Read the texts of rows, with a breath between blocks. `rest` is the first row that is left for the next part. */
  async #open(rows: readonly ResendRow[]): Promise<{ texts: OutboxRow[]; damaged: number[]; rest: number | null }> {
    const texts: OutboxRow[] = [];
    const damaged: number[] = [];
    const reader = rowReader(this.#tools.read, this.#tools.key);
    let opened = 0;
    for (const { seq } of rows) {
      if (reader.opened() > opened) {
        if (reader.opened() >= mostBlocks) return { texts, damaged, rest: seq };
        opened = reader.opened();
        await breath();
      }
      try {
        texts.push(reader.row(seq));
      } catch (error) {
        // One block that is damaged does not hold up the rest: how many could not be read is said with the order.
        if (!(error instanceof Fault) || error.code !== 'database-damaged') throw error;
        damaged.push(seq);
        await this.#tools.onDamage(seq).catch(() => false);
      }
    }
    return { texts, damaged, rest: null };
  }

  async #keep(order: OpenResend, part: ResentPart): Promise<void> {
    const { writer, finished, onResent } = this.#tools;
    if (part.isEnd) {
      const confirmed = order.confirmed + part.confirmed.length;
      const refused = order.refused + part.refused.length;
      await writer.audited([finished({ ...order, confirmed, refused, destinationId: this.#destinationId })], 'resent', [part]);
    } else await writer.step('resent', [part]);
    onResent();
  }
}
