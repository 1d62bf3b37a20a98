import { z } from 'zod';
import { LetterContent } from './dead-letter.ts';
import { FoundLayout, Mapping } from './mapping.ts';
import { entityNames } from './record.ts';
import { OtherSource, SameRecordRule, Withheld } from './same-record.ts';

/** By what records can be sorted: when they were last kept, their key, or one of the open columns (contract/entity.ts). */
export const recordSorts = ['kept', 'key', 'day', 'until', 'state', 'title', 'place', 'amount'] as const;
export type RecordSort = (typeof recordSorts)[number];

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

/**
 * Which records of one kind are meant, and in which order.
 *
 * `key` is the whole key of the source; `connectionId` and `fileId` say what has brought in the newest version; `search` is looked for in the key, the title and the place,
 * whatever the case and the accents. What is empty lies behind everything else, in both directions.
 * @shape `dayFrom` and `dayTo` are inclusive.
 */
export const RecordQuery = z.strictObject({
  entity: z.enum(entityNames),
  key: z.string().min(1).max(128).optional(),
  connectionId: z.string().min(1).max(80).optional(),
  fileId: z.coerce.number().int().positive().optional(),
  state: z.string().min(1).max(40).optional(),
  dayFrom: day.optional(),
  dayTo: day.optional(),
  search: z.string().trim().min(1).max(100).optional(),
  sort: z.enum(recordSorts).default('kept'),
  direction: z.enum(['up', 'down']).default('down'),
});
export type RecordQuery = z.infer<typeof RecordQuery>;

/** A record in a list: its open columns. `keptAtMs` is when its newest version was kept. */
export const RecordRow = z.strictObject({
  ledgerId: z.int(),
  externalId: z.string(),
  source: z.string(),
  version: z.int(),
  day: z.string().nullable(),
  until: z.string().nullable(),
  state: z.string().nullable(),
  title: z.string().nullable(),
  place: z.string().nullable(),
  amountMinor: z.int().nullable(),
  currency: z.string().nullable(),
  keptAtMs: z.int(),
});
export type RecordRow = z.infer<typeof RecordRow>;

/**
 * The amounts of one currency added up, and how many records have one.
 * @shape `sumMinor` is a whole number as text: a sum may be larger than a number holds exactly.
 */
export const CurrencySum = z.strictObject({ currency: z.string(), records: z.int(), sumMinor: z.string().regex(/^-?\d+$/) });
export type CurrencySum = z.infer<typeof CurrencySum>;

/**
 * Some rows of a list. The list stands still: `view` names it, and asking for more rows of the same view gives rows of the same list,
 * whatever has come in meanwhile. A view that is no longer held is made anew and has another number.
 *
 * `total` counts all its records and `sums` adds them up; `upToSeq` says up to which version of the outbox it was made.
 */
export const RecordPage = z.strictObject({
  view: z.int(),
  upToSeq: z.int(),
  total: z.int(),
  sums: z.array(CurrencySum),
  offset: z.int(),
  rows: z.array(RecordRow),
});
export type RecordPage = z.infer<typeof RecordPage>;

/** How many records of one kind a connection has brought in. */
export const RecordCount = z.strictObject({
  entity: z.enum(entityNames),
  connectionId: z.string(),
  connectionTitle: z.string().nullable(),
  records: z.int(),
});
export type RecordCount = z.infer<typeof RecordCount>;

/** Why a version was kept. */
export const keptReasons = ['source', 'figures'] as const;
export type KeptReason = (typeof keptReasons)[number];

/** What a destination has said of one version. `atMs` is null where it has not answered yet, or where the time was not written down. */
export const VersionDelivery = z.strictObject({
  destinationId: z.string(),
  title: z.string(),
  /** A shadow: what it says decides nothing. */
  isShadow: z.boolean(),
  state: z.enum(['confirmed', 'waiting', 'refused', 'withheld']),
  atMs: z.int().nullable(),
  /** Why it was not sent there. */
  withheld: Withheld.nullable(),
});
export type VersionDelivery = z.infer<typeof VersionDelivery>;

/**
 * One version of a record, as it is or was sent, with the place it came from.
 * `wasSetAside`: its row had been set aside first, and was kept when a person had it tried again, by another mapping or corrected by hand.
 * @shape `record` holds the fields of contract/booking.ts and its like; `line` counts from 1.
 */
export const RecordVersion = z.strictObject({
  seq: z.int(),
  eventId: z.string(),
  generation: z.int(),
  version: z.int(),
  keptAtMs: z.int(),
  /** Why it was kept: its source said something new, or the figures of its guest changed (stays, spend) while the source said the same. */
  reason: z.enum(keptReasons),
  record: z.record(z.string(), z.unknown()),
  fileId: z.int().nullable(),
  fileName: z.string().nullable(),
  connectionId: z.string().nullable(),
  connectionTitle: z.string().nullable(),
  line: z.int().nullable(),
  byteOffset: z.int().nullable(),
  byteLength: z.int().nullable(),
  wasSetAside: z.boolean(),
  deliveries: z.array(VersionDelivery),
});
export type RecordVersion = z.infer<typeof RecordVersion>;

/**
 * One record with its versions, newest first; `total` counts all that are kept, of which the newest 50 are given.
 *
 * A version's own number counts within its generation, and every start of the agent begins one: to a person, versions are numbered by
 * their place among all of the record.
 */
export const OpenedRecord = z.strictObject({
  ledgerId: z.int(),
  externalId: z.string(),
  entity: z.enum(entityNames),
  hotelId: z.string(),
  source: z.string(),
  firstKeptAtMs: z.int(),
  /** The same record from other sources, and what the rule for it is. */
  otherSources: z.array(OtherSource),
  rule: SameRecordRule,
  versions: z.array(RecordVersion).min(1),
  total: z.int(),
  /** Older versions were removed when they had been kept for long enough. */
  areOlderPruned: z.boolean(),
});
export type OpenedRecord = z.infer<typeof OpenedRecord>;

/** The row that a version came from, as it lies in the raw file, and the mapping and layout with which its file is read. */
export const SourceRow = z.strictObject({
  content: LetterContent,
  byteOffset: z.int(),
  mapping: Mapping,
  layout: FoundLayout,
});
export type SourceRow = z.infer<typeof SourceRow>;
