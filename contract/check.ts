import { z } from 'zod';

/**
 * Something that is not as it was kept.
 *
 * - `database`: a table whose pages do not fit together.
 * - `block`: a block of the outbox that does not open; `block-gone`: rows of the outbox whose block is not there.
 * - `raw-file`: the copy of a file of the source; `raw-page`: that of a page of a table.
 */
export const checkKinds = ['database', 'block', 'block-gone', 'raw-file', 'raw-page'] as const;

/** `rows`: how many rows lie there. `keys`: some of the records of which it holds the newest word; nobody can say them without it. */
export const CheckFinding = z.strictObject({
  kind: z.enum(checkKinds),
  name: z.string(),
  rows: z.int(),
  keys: z.array(z.string()),
  connectionId: z.string().nullable(),
  isMended: z.boolean(),
});
export type CheckFinding = z.infer<typeof CheckFinding>;

/** What a check of all that is kept has looked at and found. Of the findings the first hundred stand in it. */
export const CheckReport = z.strictObject({
  startedAtMs: z.int(),
  endedAtMs: z.int(),
  blocks: z.int(),
  rows: z.int(),
  rawFiles: z.int(),
  rawBytes: z.int(),
  damaged: z.int(),
  mended: z.int(),
  findings: z.array(CheckFinding),
});
export type CheckReport = z.infer<typeof CheckReport>;

/** How far a check is: tables, rows of the outbox, raw files, and then what was damaged is mended. `report` comes with the last word. */
export const CheckProgress = z.strictObject({
  stage: z.enum(['tables', 'blocks', 'raw-files', 'mending', 'done']),
  done: z.int(),
  total: z.int(),
  report: CheckReport.nullable(),
});
export type CheckProgress = z.infer<typeof CheckProgress>;

/** The last check that came to its end, and how far one is that is under way. */
export const CheckStanding = z.strictObject({ last: CheckReport.nullable(), underWay: CheckProgress.nullable() });
export type CheckStanding = z.infer<typeof CheckStanding>;
