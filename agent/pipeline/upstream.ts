import type { z } from 'zod';
import type { AdministratorLetter } from '../../contract/connection.ts';
import { Fault } from '../../contract/faults.ts';
import type { Heartbeat, Refusal } from '../../contract/ingest.ts';
import type { EntityName } from '../../contract/record.ts';
import type { Check, OpenContext, SecretField } from './connector.ts';

/** One version of a record on its way out: its JSON text in UTF-8, just as it was kept. */
export type OutgoingRecord = { readonly eventId: string; readonly seq: number; readonly text: Uint8Array };

/**
 * Records of one source and kind, in the order in which they were kept.
 *
 * `again` names the order by which they are sent once more, or the rules by which they leave. It makes the request another one than the first
 * with the same records: an answer that a destination has kept to that one says what it had then, not what it has now.
 */
export type OutgoingBatch = {
  readonly source: string;
  readonly entity: EntityName;
  readonly records: readonly OutgoingRecord[];
  readonly again?: string;
};

/**
 * What a destination said. `confirmed` and `refused` together may hold fewer ids than were sent:
 * those left out are not delivered.
 */
export type SendOutcome = {
  readonly confirmed: ReadonlySet<string>;
  readonly refused: ReadonlyMap<string, Refusal>;
  /** What kept the others from arriving, where the destination said so. */
  readonly fault?: Fault;
};

/**
 * The destination refuses the request as a whole because of what is in it. The push finds the record by halving.
 * @property status the HTTP status, the SQLSTATE or the like. Its text is not kept: it may repeat what a guest wrote.
 */
export class DataRefused extends Error {
  readonly status: number | string;

  constructor(status: number | string) {
    super(`refused with ${status}`);
    this.name = 'DataRefused';
    this.status = status;
  }
}

/** A fault of the line that says itself how long to wait. */
export class RetryLater extends Fault {
  readonly afterMs: number | null;

  constructor(fault: Fault, afterMs: number | null) {
    super(fault.code, fault.detail, { cause: fault });
    this.afterMs = afterMs;
  }
}

export type UpstreamSession = {
  readonly host: string;
  /** How many records it takes at once. */
  readonly batchRecords: number;
  /** Get a batch ready that will be sent next, while another is on its way. Only saves time; sending does not depend on it. */
  prepare(batch: OutgoingBatch): void;
  /** @throws {Fault} when nothing is known to have arrived; `who` says whether trying again can help. */
  send(batch: OutgoingBatch, signal: AbortSignal): Promise<SendOutcome>;
  /** The newest generation seen of a hotel, or null where the destination cannot say. */
  highWater(hotelId: string, signal: AbortSignal): Promise<number | null>;
  heartbeat(heartbeat: Heartbeat, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

/** One kind of destination: a file in upstream/ that exports one as its default. */
export type Upstream<S extends z.ZodObject = z.ZodObject> = {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly settings: S;
  readonly secrets: Readonly<Record<string, SecretField>>;
  checks(settings: z.infer<S>, context: OpenContext & { readonly hotelId: string; readonly heartbeat: Heartbeat }): readonly Check[];
  open(settings: z.infer<S>, context: OpenContext): Promise<UpstreamSession>;
  /** What has to be there and which rights this PC needs, and not one more, as a script for the administrator of the other side. */
  letter?(settings: z.infer<S>, hotel: { readonly hotelId: string }): AdministratorLetter;
  /** What it is sent beside records: the heartbeat, and the question for the newest generation. */
  readonly beside: readonly ('heartbeat' | 'question')[];
  readonly sample: z.input<S>;
};

export function defineUpstream<S extends z.ZodObject>(upstream: Upstream<S>): Upstream<S> {
  return upstream;
}
