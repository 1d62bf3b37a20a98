import { z } from 'zod';
import { FaultReport } from './faults.ts';

/**
 * Why a source was read: its schedule; a time that was missed, or a run before it that failed; a person; a person who wants everything
 * compared; a certificate of completeness.
 */
export const runCauses = ['schedule', 'catch-up', 'by-hand', 'comparison', 'certificate'] as const;
export type RunCause = (typeof runCauses)[number];

/** How a run ended. `agent-ended`: nobody saw its end, the agent was gone before it. */
export const runOutcomes = ['well', 'failed', 'stopped', 'agent-ended'] as const;
export type RunOutcome = (typeof runOutcomes)[number];

/**
 * One run of a source, or several in a row that ended alike and brought nothing: then `count` says how many, and numbers are of all of them.
 *
 * Each number is of these runs alone: what a run took over half read counts from where it went on.
 * @units times are UTC milliseconds by the clock of this PC, `tookMs` is measured apart from it. null: not counted, or not known.
 */
export const Run = z.strictObject({
  id: z.int(),
  cause: z.enum(runCauses),
  count: z.int().min(1),
  startedAtMs: z.int(),
  lastStartedAtMs: z.int(),
  endedAtMs: z.int().nullable(),
  tookMs: z.int().nullable(),
  /** null while it is under way. */
  outcome: z.enum(runOutcomes).nullable(),
  fault: FaultReport.nullable(),
  /** Files that were read to their end. null for a database. */
  files: z.int().nullable(),
  rowsRead: z.int(),
  /** Rows that were new or changed at the source. null for files, whose rows are compared as records. */
  rowsChanged: z.int().nullable(),
  /** Versions of records that were kept. */
  kept: z.int(),
  unchanged: z.int(),
  /** Rows of a record that had come before in the same file. They are kept or unchanged as well. */
  duplicates: z.int(),
  setAside: z.int(),
});
export type Run = z.infer<typeof Run>;

/** Runs of a source, the newest first. `nextBelowId`: where older ones begin; null at the end. */
export const RunPage = z.strictObject({ runs: z.array(Run), nextBelowId: z.int().nullable() });
export type RunPage = z.infer<typeof RunPage>;
