import { z } from 'zod';
import { ruleIds } from './dead-letter.ts';
import { FaultReport } from './faults.ts';
import { entityNames } from './record.ts';

/** What the address of a database was read as. `kind`: what is asked for there. */
export const UnderstoodAddress = z.strictObject({
  host: z.string(),
  port: z.int(),
  kind: z.enum(['service', 'sid']),
  name: z.string(),
  isEncrypted: z.boolean(),
});
export type UnderstoodAddress = z.infer<typeof UnderstoodAddress>;

/**
 * What a setting can be, as the system itself has it.
 *
 * `rows`: how many rows stand behind it, as last counted there; `type`: what a column holds. Null where that is not known.
 */
export const SettingChoices = z.strictObject({
  field: z.string(),
  options: z.array(z.strictObject({ value: z.string(), rows: z.int().nullable(), type: z.string().nullable() })),
});
export type SettingChoices = z.infer<typeof SettingChoices>;

/** The first rows of a table as they would be kept. Nothing in them names a person. */
export const TablePreview = z.strictObject({
  name: z.string(),
  entity: z.enum(entityNames),
  /** The fields that are filled in at least one row, in the order of the record; of those that are `isMasked` most is hidden. */
  fields: z.array(z.strictObject({ name: z.string(), isMasked: z.boolean() })),
  /** A value for each field; null where a row has none. */
  rows: z.array(z.array(z.union([z.string(), z.number(), z.array(z.string())]).nullable())),
  /** Rows that would be set aside, by their reason. `note` never repeats a value. */
  aside: z.array(
    z.strictObject({
      rule: z.enum(ruleIds),
      field: z.string().nullable(),
      column: z.string().nullable(),
      note: z.string().nullable(),
      count: z.int(),
    }),
  ),
});
export type TablePreview = z.infer<typeof TablePreview>;

/** `faults`: what is wrong with tables that are left out. */
export const SourcePreview = z.strictObject({ tables: z.array(TablePreview), faults: z.array(FaultReport) });
export type SourcePreview = z.infer<typeof SourcePreview>;
