import { z } from 'zod';
import { Alert } from './alert.ts';
import { ruleIds } from './dead-letter.ts';
import { FaultReport } from './faults.ts';
import { FoundLayout } from './mapping.ts';
import { entityNames } from './record.ts';
import { Schedule } from './schedule.ts';

/** How one kind of record of one source stands. Lag is measured against the source's own schedule. */
export const EntityHealth = z.strictObject({
  entity: z.enum(entityNames),
  records: z.int(),
  keptLast24h: z.int(),
  deadLetters: z.int(),
  lastKeptAtMs: z.int().nullable(),
});
export type EntityHealth = z.infer<typeof EntityHealth>;

/** An export in parts of which some are missing; none of its parts is read before all are there. */
export const PartSet = z.strictObject({ name: z.string(), of: z.int(), missing: z.array(z.int()), sinceMs: z.int() });
export type PartSet = z.infer<typeof PartSet>;

/** A source at a glance. `late`: the last good sync is further back than the schedule allows. */
export const SourceHealth = z.strictObject({
  direction: z.literal('source'),
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  state: z.enum(['never', 'running', 'ok', 'late', 'failing', 'paused']),
  schedule: Schedule,
  lastSyncAtMs: z.int().nullable(),
  nextSyncAtMs: z.int().nullable(),
  failingSinceMs: z.int().nullable(),
  lateByMs: z.int(),
  progress: z.strictObject({ fileName: z.string(), bytesDone: z.int(), bytesTotal: z.int(), rows: z.int() }).nullable(),
  fault: FaultReport.nullable(),
  waitsFor: z.array(PartSet),
  entities: z.array(EntityHealth),
});
export type SourceHealth = z.infer<typeof SourceHealth>;

/** A failure that counted against a line: when, and what it was. */
export const LineFailure = z.strictObject({ atMs: z.int(), fault: FaultReport });
export type LineFailure = z.infer<typeof LineFailure>;

/** A person has stopped sending: until they let it go on, or until `untilMs`. */
export const HeldSending = z.strictObject({
  heldAtMs: z.int(),
  untilMs: z.int().nullable(),
  reason: z.string(),
  actorName: z.string(),
});
export type HeldSending = z.infer<typeof HeldSending>;

/** How large the outbox is, and when its oldest version was kept. */
export const OutboxSize = z.strictObject({ bytes: z.int(), oldestAtMs: z.int().nullable() });
export type OutboxSize = z.infer<typeof OutboxSize>;

/**
 * How a shadow differs from the destination that leads, up to where both have come: what one has refused and the other not. `behind` is how
 * many versions it still has to get, `missed` how many old ones were pruned before it had them.
 */
export const ShadowDifferences = z.strictObject({
  leadingTitle: z.string().nullable(),
  onlyShadowRefused: z.int(),
  onlyLeadingRefused: z.int(),
  behind: z.int(),
  missed: z.int(),
});
export type ShadowDifferences = z.infer<typeof ShadowDifferences>;

/**
 * A destination at a glance: what it has confirmed, what waits for it, and how the line is.
 *
 * The breaker opens after some failures in a row; `failures` are the last of them, oldest first, and `nextTryAtMs` is its next trial.
 */
export const DestinationHealth = z.strictObject({
  direction: z.literal('destination'),
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  state: z.enum(['idle', 'sending', 'waiting', 'failing', 'paused']),
  waiting: z.int(),
  waitingBytes: z.int(),
  oldestWaitingAtMs: z.int().nullable(),
  confirmed: z.int(),
  confirmedUpToMs: z.int().nullable(),
  refused: z.int(),
  /** Versions that were not sent there on purpose. */
  withheld: z.int(),
  sharePercent: z.int(),
  /** Null where it is no shadow. */
  shadow: ShadowDifferences.nullable(),
  lastConfirmedAtMs: z.int().nullable(),
  nextTryAtMs: z.int().nullable(),
  failingSinceMs: z.int().nullable(),
  breaker: z.enum(['closed', 'open', 'half-open']),
  breakerOpenedAtMs: z.int().nullable(),
  failures: z.array(LineFailure),
  held: HeldSending.nullable(),
  fault: FaultReport.nullable(),
});
export type DestinationHealth = z.infer<typeof DestinationHealth>;

export const SystemHealth = z.discriminatedUnion('direction', [SourceHealth, DestinationHealth]);
export type SystemHealth = z.infer<typeof SystemHealth>;

/** One file that came in, with where every byte of it went. */
export const FileReport = z.strictObject({
  id: z.int(),
  connectionId: z.string(),
  entity: z.enum(entityNames),
  fileName: z.string(),
  takenAtMs: z.int(),
  finishedAtMs: z.int().nullable(),
  /** How it is written: its encoding and its delimiter. */
  layout: FoundLayout,
  bytes: z.int(),
  bytesNormalised: z.int(),
  bytesDeadLetters: z.int(),
  bytesStructural: z.int(),
  rows: z.int(),
  kept: z.int(),
  unchanged: z.int(),
  deadLetters: z.int(),
  seenBefore: z.int(),
});
export type FileReport = z.infer<typeof FileReport>;

/** A file whose content had been taken before, under this name or another: it was not read a second time. */
export const RepeatedFile = z.strictObject({
  connectionId: z.string(),
  fileName: z.string(),
  seenAtMs: z.int(),
  firstName: z.string(),
  firstTakenAtMs: z.int(),
});
export type RepeatedFile = z.infer<typeof RepeatedFile>;

/** `low`: less than a fifth is free, a warning. `stop`: less than a twentieth, nothing more is read from the sources. */
export const DiskState = z.enum(['enough', 'low', 'stop']);
export type DiskState = z.infer<typeof DiskState>;

/** The whole at a glance: what the overview and the delivery line show. */
export const Overview = z.strictObject({
  nowMs: z.int(),
  businessDate: z.string().nullable(),
  systems: z.array(SystemHealth),
  alerts: z.array(Alert),
  records: z.int(),
  waiting: z.int(),
  setAside: z.int(),
  setAsideByRule: z.array(z.strictObject({ rule: z.enum(ruleIds), count: z.int() })),
  /** `keepDays`: so long versions are kept that are not the newest of their record; null is for ever. */
  outbox: OutboxSize.extend({ keepDays: z.int().nullable() }),
  /** Figures of guests: rows of the log that were not read for them yet, and guests whose figures are to be worked out. */
  figures: z.strictObject({ unread: z.int(), due: z.int() }),
  recentFiles: z.array(FileReport),
  repeatedFiles: z.array(RepeatedFile),
  disk: z.strictObject({
    state: DiskState,
    freeBytes: z.int(),
    totalBytes: z.int(),
    usedByBellhopBytes: z.int(),
    yearsLeft: z.number().nullable(),
  }),
});
export type Overview = z.infer<typeof Overview>;
