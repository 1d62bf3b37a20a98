import { z } from 'zod';
import { ConnectionId } from './connection.ts';
import { entityNames } from './record.ts';
import { RecordQuery } from './record-view.ts';

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

/** One record by its key. */
export const RecordKey = z.strictObject({ ledgerId: z.int().positive(), externalId: z.string().min(1).max(128) });
export type RecordKey = z.infer<typeof RecordKey>;

/**
 * What is to be sent again: a range of days, records by their keys, the records that a list shows, or those that the destination refused.
 *
 * In a `range` the days are the hotel's, both inclusive: the day on which the newest state was `kept`, or the day of the `stay` (the arrival,
 * the last stay of a guest, the day of a review; rooms have none). Without days all records are meant, without `entity` those of every kind.
 */
export const ResendSelection = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('range'),
    entity: z.enum(entityNames).optional(),
    by: z.enum(['kept', 'stay']).default('kept'),
    from: day.optional(),
    to: day.optional(),
  }),
  z.strictObject({ kind: z.literal('records'), keys: z.array(RecordKey).min(1).max(1000) }),
  z.strictObject({ kind: z.literal('list'), query: RecordQuery.omit({ sort: true, direction: true }) }),
  z.strictObject({
    kind: z.literal('letters'),
    letters: z.union([
      z.strictObject({ ids: z.array(z.int().positive()).min(1).max(1000) }),
      z.strictObject({ connectionId: z.string().min(1).max(80).optional(), upToId: z.int().positive() }),
    ]),
  }),
]);
export type ResendSelection = z.infer<typeof ResendSelection>;

export const ResendOrder = z.strictObject({ destinationId: ConnectionId, selection: ResendSelection });
export type ResendOrder = z.infer<typeof ResendOrder>;

/**
 * What would come of sending one record again, by what the destination has confirmed: it would `insert` what it has never confirmed,
 * `update` what it has confirmed in an older state, or `skip` the very state that it has. What is `on-its-way` is not sent twice, and what the rules
 * keep back is `withheld`.
 * `changes` say how an older state differs from the newest. Holds guest data.
 */
export const ResendSample = RecordKey.extend({
  entity: z.enum(entityNames),
  outcome: z.enum(['insert', 'update', 'skip', 'on-its-way', 'withheld']),
  wasRefused: z.boolean(),
  changes: z.array(z.strictObject({ field: z.string(), before: z.string().nullable(), after: z.string().nullable() })),
});
export type ResendSample = z.infer<typeof ResendSample>;

/**
 * How far a rehearsal is, and what it has found: `total` records are meant, of which `insert`, `update` and `skip` would be sent;
 * `refused` counts those of them that the destination refused before. `estimate` is null where nothing was measured yet.
 */
export const ResendRehearsal = z.strictObject({
  scanned: z.int(),
  toScan: z.int(),
  total: z.int(),
  insert: z.int(),
  update: z.int(),
  skip: z.int(),
  onItsWay: z.int(),
  /** Kept back by a rule for two sources or a share, as they are now: contract/same-record.ts. */
  withheld: z.int(),
  refused: z.int(),
  samples: z.array(ResendSample),
  estimate: z.strictObject({ bytes: z.int().nullable(), ms: z.int().nullable() }),
  isOver: z.boolean(),
});
export type ResendRehearsal = z.infer<typeof ResendRehearsal>;

export const resendStates = ['running', 'paused', 'done', 'cancelled'] as const;

/**
 * One order to send records again, and how far it is. Of `total` records `confirmed` and `refused` were sent; the others were passed over:
 * `newer` have changed since and went out by themselves, `onItsWay` were still waiting for the first time, `damaged` could not be read.
 */
export const Resend = z.strictObject({
  id: z.int(),
  destinationId: z.string(),
  destinationTitle: z.string().nullable(),
  selection: ResendSelection,
  orderedAtMs: z.int(),
  actorId: z.string(),
  actorName: z.string(),
  total: z.int(),
  confirmed: z.int(),
  refused: z.int(),
  newer: z.int(),
  onItsWay: z.int(),
  damaged: z.int(),
  /** Withheld from the destination on purpose: contract/same-record.ts. */
  withheld: z.int(),
  state: z.enum(resendStates),
  finishedAtMs: z.int().nullable(),
});
export type Resend = z.infer<typeof Resend>;

/** How many records of an order are done with. */
export function doneOf({ confirmed, refused, newer, onItsWay, damaged, withheld }: Resend): number {
  return confirmed + refused + newer + onItsWay + damaged + withheld;
}
