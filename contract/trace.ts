import { z } from 'zod';
import { ruleIds, settledAs } from './dead-letter.ts';
import { FaultReport } from './faults.ts';
import { entityNames } from './record.ts';
import { keptReasons, RecordRow } from './record-view.ts';
import { OtherSource, SameRecordRule, Withheld } from './same-record.ts';

/** What came of a request: all of it confirmed, some refused, all refused, or nothing is known to have arrived. */
export const attemptOutcomes = ['confirmed', 'partly', 'refused', 'failed'] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

/**
 * A request that held a record, or, with `records` 0, a failure of the line while the record waited.
 *
 * Failures in a row that are alike are one: `startedAtMs` is when the first began, `endedAtMs` when the last ended, `count` how many there
 * were, and `tookMs` how long the last one took. `resendId` names the order by which the record was sent again.
 * @shape `code` is the fault's, or the destination's own of a refusal in it.
 */
export const Attempt = z.strictObject({
  outcome: z.enum(attemptOutcomes),
  code: z.string().nullable(),
  records: z.int(),
  startedAtMs: z.int(),
  endedAtMs: z.int(),
  tookMs: z.int(),
  count: z.int(),
  resendId: z.int().nullable(),
  correlationId: z.string().nullable(),
});
export type Attempt = z.infer<typeof Attempt>;

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

/**
 * What somebody knows of a record: `text` is its key or the beginning of it, its event id, the number of a row that was set aside (`#12`), or a
 * part of a name; `room` and `day` find who is in a room on a day.
 */
export const TraceQuery = z
  .strictObject({
    text: z.string().trim().min(1).max(128).optional(),
    room: z.string().trim().min(1).max(40).optional(),
    day: day.optional(),
    entity: z.enum(entityNames).optional(),
  })
  .refine(({ text, room, day: on }) => text !== undefined || (room !== undefined && on !== undefined), {
    message: 'name a key, a name, or a room and a day',
  });
export type TraceQuery = z.infer<typeof TraceQuery>;

/** By what a record was found; those in front are the more certain. */
export const foundBys = ['key', 'number', 'event', 'room', 'key-begins', 'name'] as const;

/** `seq` is the version that was asked for, where one was: that of an event. */
export const TraceHit = z.strictObject({ entity: z.enum(entityNames), by: z.enum(foundBys), seq: z.int().nullable(), row: RecordRow });
export type TraceHit = z.infer<typeof TraceHit>;

/** A row that is or was set aside. `settledAs` is null while it still is. */
export const TraceLetter = z.strictObject({
  id: z.int(),
  entity: z.enum(entityNames),
  externalId: z.string().nullable(),
  rule: z.enum(ruleIds),
  destinationTitle: z.string().nullable(),
  fileName: z.string().nullable(),
  line: z.int().nullable(),
  setAsideAtMs: z.int(),
  replays: z.int(),
  settledAtMs: z.int().nullable(),
  settledAs: z.enum(settledAs).nullable(),
});
export type TraceLetter = z.infer<typeof TraceLetter>;

/** What can be said where nothing was found: what has come in today, and how many rows nobody could read a key of. */
export const TraceAbsence = z.strictObject({
  filesToday: z.int(),
  newestFile: z.strictObject({ name: z.string(), connectionTitle: z.string().nullable(), takenAtMs: z.int() }).nullable(),
  setAside: z.int(),
  setAsideWithoutKey: z.int(),
});
export type TraceAbsence = z.infer<typeof TraceAbsence>;

/** What was found, the most certain first. `isMore`: there is more than is given. */
export const TraceFound = z.strictObject({
  hits: z.array(TraceHit),
  letters: z.array(TraceLetter),
  isMore: z.boolean(),
  absence: TraceAbsence,
});
export type TraceFound = z.infer<typeof TraceFound>;

/** Why a record has not been sent yet. */
export const waitingReasons = ['its-turn', 'paused', 'held', 'breaker', 'fault', 'agent-not-running'] as const;

const nullable = <T extends z.ZodType>(type: T) => type.nullable();

/** The content of a file was taken. `mark` is how the source tells that a file is the same: times, size and the like. */
const FileStation = z.strictObject({
  kind: z.literal('file'),
  atMs: nullable(z.int()),
  fileId: z.int(),
  name: z.string(),
  connectionTitle: nullable(z.string()),
  mark: nullable(z.string()),
  sha256: z.string(),
  bytes: z.int(),
});
const RowStation = z.strictObject({
  kind: z.literal('row'),
  atMs: z.null(),
  line: z.int(),
  byteOffset: nullable(z.int()),
  byteLength: nullable(z.int()),
});
/** `columns` are those of the source from which the record was made. */
const MappingStation = z.strictObject({
  kind: z.literal('mapping'),
  atMs: z.null(),
  name: z.string(),
  title: z.string(),
  version: z.int(),
  columns: z.array(z.string()),
});
/** Fields in which asterisks stand as they do in place of a card number, and how many. */
const MaskingStation = z.strictObject({
  kind: z.literal('masking'),
  atMs: z.null(),
  fields: z.array(z.strictObject({ field: z.string(), signs: z.int() })),
});
const LetterStation = z.strictObject({ kind: z.literal('set-aside'), atMs: z.int(), letter: TraceLetter });
/** `changed` are the fields that differ from the version before; null where there is none or it cannot be read. */
const KeptStation = z.strictObject({
  kind: z.literal('kept'),
  atMs: z.int(),
  generation: z.int(),
  version: z.int(),
  isFirst: z.boolean(),
  reason: z.enum(keptReasons),
  changed: nullable(z.array(z.string())),
  correlationId: z.string(),
});
/** `isWhole`: its seal opens now, and its event id fits what is in it. */
const OutboxStation = z.strictObject({
  kind: z.literal('outbox'),
  atMs: z.int(),
  seq: z.int(),
  eventId: nullable(z.string()),
  hash: nullable(z.string()),
  isWhole: z.boolean(),
});
/** Where it stands with one destination. @shape `waiting.before` counts what is sent first. */
const DeliveryStation = z.strictObject({
  kind: z.literal('delivery'),
  atMs: nullable(z.int()),
  destinationId: z.string(),
  title: z.string(),
  isShadow: z.boolean(),
  state: z.enum(['confirmed', 'waiting', 'refused', 'withheld']),
  code: nullable(z.string()),
  withheld: nullable(Withheld),
  waiting: nullable(
    z.strictObject({
      before: z.int(),
      sinceMs: z.int(),
      why: z.enum(waitingReasons),
      fault: FaultReport.nullable(),
      reason: nullable(z.string()),
      nextTryAtMs: nullable(z.int()),
    }),
  ),
  attempts: z.array(Attempt),
});

/** One place on the way of a record, in the order in which it travels. */
export const Station = z.discriminatedUnion('kind', [
  FileStation,
  RowStation,
  MappingStation,
  MaskingStation,
  LetterStation,
  KeptStation,
  OutboxStation,
  DeliveryStation,
]);
export type Station = z.infer<typeof Station>;
export type DeliveryOfTrace = z.infer<typeof DeliveryStation>;

/** The way of one version of a record, from its file to what each destination has said. */
export const Trace = z.strictObject({
  ledgerId: z.int(),
  externalId: z.string(),
  entity: z.enum(entityNames),
  hotelId: z.string(),
  source: z.string(),
  seq: z.int(),
  isNewest: z.boolean(),
  otherSources: z.array(OtherSource),
  rule: SameRecordRule,
  stations: z.array(Station),
});
export type Trace = z.infer<typeof Trace>;

const german = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/;

/**
 * Read what somebody has typed: a room and a day in either order, or anything else as it is.
 * @shape `101 2026-03-01`, `Zimmer 101 am 1.3.2026`, `room 101 on 2026-03-01`; `12345`, `Brouwer`.
 */
export function traceQueryOf(typed: string): TraceQuery | null {
  const text = typed.trim();
  const words = text.split(/\s+/);
  const at = words.findIndex((word) => day.safeParse(word).success || german.test(word));
  const [on] = at < 0 ? [] : words.splice(at, 1);
  const room = words.filter((word) => !/^(room|zimmer|on|am)$/i.test(word)).join(' ');
  if (on !== undefined && room !== '' && room.length <= 40) {
    const [, dd = '', mm = '', yyyy = ''] = german.exec(on) ?? [];
    return { room, day: yyyy === '' ? on : `${yyyy}-${mm.padStart(2, '0')}-${dd.padStart(2, '0')}` };
  }
  return text === '' || text.length > 128 ? null : { text };
}
