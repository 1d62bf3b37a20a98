import { z } from 'zod';

/** What a column has to be. `any`: there; `once`: there, and no second one of its name. */
export const columnNeeds = ['any', 'once', 'text', 'number', 'date', 'time'] as const;

/** A column that is not as it has to be. `found` is the type that it has; null where there is none, or more than one. */
export const ColumnDifference = z.strictObject({ column: z.string(), found: z.string().nullable(), needs: z.enum(columnNeeds) });
export type ColumnDifference = z.infer<typeof ColumnDifference>;

/** What is not as it has to be in one table. `isMissing`: the table is not there, or may not be read. */
export const TableDifference = z.strictObject({
  table: z.string(),
  isMissing: z.boolean(),
  columns: z.array(ColumnDifference),
  /** What is not read because of it, by the names of {@link TableStanding}. */
  stops: z.array(z.string()),
});
export type TableDifference = z.infer<typeof TableDifference>;

/**
 * How the columns of a database compared with those that are needed, when they were last looked at.
 *
 * @shape `tables` and `columns` count what is needed; where `differences` is empty, all of it is as it has to be.
 * @units `comparedAtMs` is UTC milliseconds by the clock of this PC.
 */
export const Fingerprint = z.strictObject({
  comparedAtMs: z.int(),
  tables: z.int(),
  columns: z.int(),
  differences: z.array(TableDifference),
});
export type Fingerprint = z.infer<typeof Fingerprint>;
