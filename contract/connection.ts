import { z } from 'zod';
import { FaultReport } from './faults.ts';
import { Schedule } from './schedule.ts';

export const ConnectionId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/);

/**
 * One system around the hotel: a source we read or a destination we forward to.
 *
 * `kind` is the id of a connector or destination; `settings` fit its own schema.
 * A secret never stands here: `secrets` names the fields whose value lies in the secret store.
 */
export const Connection = z.strictObject({
  id: ConnectionId,
  kind: z.string().min(1).max(40),
  direction: z.enum(['source', 'destination']),
  title: z.string().trim().min(1).max(80),
  settings: z.record(z.string(), z.unknown()),
  secrets: z.array(z.string()).default([]),
  schedule: Schedule.default({ kind: 'every', interval: '15m' }),
  isPaused: z.boolean().default(false),
  /** A destination beside the others: it gets everything and decides nothing. It holds nobody back, and what it says counts for itself alone. */
  isShadow: z.boolean().optional(),
  /** So many of a hundred records go to a destination, the same ones for good; all of them where it is absent. */
  sharePercent: z.int().min(1).max(100).optional(),
  createdAtMs: z.int().default(0),
});
export type Connection = z.infer<typeof Connection>;

/** What a person hands over to make or change a connection; secrets go from here straight into the secret store. */
export const ConnectionDraft = z.strictObject({
  id: ConnectionId.optional(),
  kind: z.string().min(1).max(40),
  title: z.string().trim().min(1).max(80),
  settings: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), z.string().max(20_000)).default({}),
  schedule: Schedule.optional(),
  /** A new one starts paused, so that it can be decided what leaves by it before anything does. One that is changed stays as it is. */
  isPaused: z.boolean().optional(),
});
export type ConnectionDraft = z.infer<typeof ConnectionDraft>;

/** A kind of system that can be connected, with the JSON Schema that its form is drawn from. */
export const SystemKind = z.strictObject({
  kind: z.string(),
  direction: z.enum(['source', 'destination']),
  title: z.string(),
  summary: z.string(),
  settingsSchema: z.record(z.string(), z.unknown()),
  /** How often it is read unless a person says otherwise. */
  schedule: Schedule,
  /** Whether there is a text for the administrator of the other side. */
  hasLetter: z.boolean(),
  /** Whether it is a database, whose tables are read by stamp and compared. */
  isDatabase: z.boolean(),
  /** Whether it can say what an address was read as, and what some settings can be. */
  readsAddress: z.boolean(),
  hasChoices: z.boolean(),
  /** Whether there is a report on a system that was never seen before. */
  hasSiteReport: z.boolean(),
});
export type SystemKind = z.infer<typeof SystemKind>;

/** What the administrator of the other side has to do, as a script. It holds no password. */
export const AdministratorLetter = z.strictObject({ title: z.string(), fileName: z.string(), text: z.string() });
export type AdministratorLetter = z.infer<typeof AdministratorLetter>;

/** One step of a connection test. A step arrives when it starts (`running`) and again when it has ended. */
export const TestStep = z.strictObject({
  step: z.string(),
  title: z.string(),
  state: z.enum(['running', 'passed', 'warned', 'failed', 'skipped']),
  tookMs: z.number().nullable(),
  found: z.string().nullable(),
  fault: FaultReport.nullable(),
});
export type TestStep = z.infer<typeof TestStep>;
