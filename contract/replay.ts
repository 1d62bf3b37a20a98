import { z } from 'zod';
import { LetterFilter, ruleIds } from './dead-letter.ts';
import { Mapping } from './mapping.ts';

/**
 * What is to be tried again: chosen rows, or all that a filter means up to the newest that the person has seen.
 * With `text` one row is read as a person has corrected it; with `mapping` the rows are read by another mapping than their connection has.
 */
export const ReplayOrder = z.strictObject({
  letters: z.union([
    z.strictObject({ ids: z.array(z.int().positive()).min(1).max(1000) }),
    z.strictObject({ filter: LetterFilter, upToId: z.int().positive() }),
  ]),
  mapping: Mapping.optional(),
  text: z.string().max(65_536).optional(),
});
export type ReplayOrder = z.infer<typeof ReplayOrder>;

/** What would become of one row, for a person to look at before it is done. Holds guest data. */
export const ReplaySample = z.strictObject({
  id: z.int(),
  externalId: z.string().nullable(),
  outcome: z.enum(['new', 'changed', 'unchanged', 'newer', 'structure', 'set-aside']),
  rule: z.enum(ruleIds).nullable(),
  changes: z.array(z.strictObject({ field: z.string(), before: z.string().nullable(), after: z.string().nullable() })),
});
export type ReplaySample = z.infer<typeof ReplaySample>;

/**
 * How far a rehearsal or a replay is. Of `done` rows: `kept` are records now (`unchanged` is how many of them say nothing new), `newer`
 * were overtaken by a later row of their key, `structure` hold nothing, `stillAside` cannot be read yet, by rule; `elsewhere` were refused
 * by a destination, and `later` are whole files behind which later ones were read: neither is tried here; `failed` could not be: their file's copy
 * is damaged, or holds another kind of record. Of a whole file its rows are counted.
 */
export const ReplayProgress = z.strictObject({
  total: z.int(),
  done: z.int(),
  kept: z.int(),
  unchanged: z.int(),
  newer: z.int(),
  structure: z.int(),
  stillAside: z.int(),
  elsewhere: z.int(),
  later: z.int(),
  failed: z.int(),
  byRule: z.partialRecord(z.enum(ruleIds), z.int()),
  samples: z.array(ReplaySample),
  isOver: z.boolean(),
});
export type ReplayProgress = z.infer<typeof ReplayProgress>;
