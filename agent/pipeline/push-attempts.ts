import type { Fault } from '../../contract/faults.ts';
import type { ReadDb } from '../../db/open.ts';
import { type FailedAttempt, runsOf, type Tried } from '../../db/pipeline/attempts.ts';
import { delivery } from '../../db/pipeline/outbox.ts';
import type { Writer } from '../../db/writer.ts';
import type { OutgoingBatch } from './upstream.ts';

type Order = { readonly id: number; readonly correlationId: string };
type Trying = { readonly seqs: readonly number[]; readonly order: Order | null; readonly startedAtMs: number; endedAtMs: number | null };

/** Remembers, for one destination, what is being tried, so that it can be kept with what came of it. */
export class Attempts {
  readonly #tools: { readonly read: ReadDb; readonly writer: Writer; readonly now: () => number };
  readonly #destinationId: string;
  #trying: Trying | null = null;
  #turnStartedAtMs: number | null = null;

  constructor(tools: { readonly read: ReadDb; readonly writer: Writer; readonly now: () => number }, destinationId: string) {
    this.#tools = tools;
    this.#destinationId = destinationId;
  }

  /** A turn begins: where it fails before anything was sent, it began here. */
  begin(): void {
    this.#trying = null;
    this.#turnStartedAtMs = this.#tools.now();
  }

  /** Send something, and remember with which records and for how long. */
  async during<T>(batches: readonly OutgoingBatch[], send: () => Promise<T>, order: Order | null = null): Promise<T> {
    const seqs = batches.flatMap((batch) => batch.records.map(({ seq }) => seq)).sort((a, b) => a - b);
    const trying: Trying = { seqs, order, startedAtMs: this.#tools.now(), endedAtMs: null };
    this.#trying = trying;
    try {
      return await send();
    } finally {
      trying.endedAtMs = this.#tools.now();
    }
  }

  /** When what is settled up to a row was sent. What lies behind that row is still being tried. */
  answered(upTo: number): Tried | null {
    const trying = this.#trying;
    if (!trying) return null;
    this.#trying = { ...trying, seqs: trying.seqs.filter((seq) => seq > upTo) };
    return {
      startedAtMs: trying.startedAtMs,
      endedAtMs: trying.endedAtMs ?? this.#tools.now(),
      correlationId: trying.order?.correlationId ?? null,
    };
  }

  /** Keep a failure. One that cannot be kept must not stop the line: it stands in the log all the same. */
  async failed(fault: Fault): Promise<void> {
    try {
      await this.#tools.writer.step('noteFailedAttempt', [this.#failure(fault)]);
    } catch {
      // Where not even this can be written, the next step of the line says so.
    }
  }

  #failure(fault: Fault): FailedAttempt {
    const { read, now } = this.#tools;
    const trying = this.#trying;
    const seqs = trying?.seqs ?? [];
    const next = delivery(read, this.#destinationId).confirmedSeq + 1;
    return {
      destinationId: this.#destinationId,
      fromSeq: seqs[0] ?? next,
      toSeq: seqs.at(-1) ?? next,
      records: seqs.length,
      code: fault.code,
      startedAtMs: trying?.startedAtMs ?? this.#turnStartedAtMs ?? now(),
      endedAtMs: now(),
      resendId: trying?.order?.id ?? null,
      runs: trying?.order ? runsOf(seqs) : null,
      correlationId: trying?.order?.correlationId ?? null,
    };
  }
}
