import { z } from 'zod';
import { entityNames } from './record.ts';

/**
 * How one field of a record is filled from a row.
 *
 * Exactly one of `column`, `columns` (joined by `join`) or `constant` says where the text comes from.
 * `values` translates the source's words; a word it does not list is set aside, never guessed,
 * unless `otherwise` names what it means.
 * `default` fills in when the cell is empty.
 * `format` is for days and moments: `YYYY`, `YY`, `MM`, `M`, `DD`, `D`, `MON`, `HH`, `mm`, `ss` and literal signs.
 * `decimal` and `grouping` are for amounts and numbers; `separator` splits a list.
 * `unit: "minor"` says that the amount already is in cents.
 */
export const FieldRule = z
  .strictObject({
    column: z.string().min(1).optional(),
    columns: z.array(z.string().min(1)).min(1).max(8).optional(),
    join: z.string().max(5).default('-'),
    constant: z.string().optional(),
    format: z.string().min(1).max(40).optional(),
    decimal: z.enum(['.', ',']).default('.'),
    grouping: z.enum(['', '.', ',', ' ', "'"]).default(''),
    unit: z.enum(['major', 'minor']).default('major'),
    separator: z.string().min(1).max(3).default(','),
    default: z.string().optional(),
    values: z.record(z.string(), z.string()).optional(),
    otherwise: z.string().optional(),
  })
  .refine((rule) => [rule.column, rule.columns, rule.constant].filter((from) => from !== undefined).length === 1, {
    message: 'name exactly one of column, columns or constant',
  })
  .refine((rule) => rule.decimal !== rule.grouping, { message: 'decimal and grouping are two different signs' });
export type FieldRule = z.infer<typeof FieldRule>;

/** How the text of a file is laid out. */
export const FileLayout = z.strictObject({
  format: z.literal('delimited').default('delimited'),
  encoding: z
    .enum([
      'utf-8',
      'windows-1250',
      'windows-1251',
      'windows-1252',
      'windows-1253',
      'windows-1254',
      'iso-8859-1',
      'iso-8859-2',
      'iso-8859-9',
      'iso-8859-15',
    ])
    .default('utf-8'),
  delimiter: z.enum([',', ';', '\t', '|']).default(','),
});
export type FileLayout = z.infer<typeof FileLayout>;

/**
 * A mapping: from the columns of one kind of export to the fields of one kind of record. Documented in docs/mapping.md.
 */
export const Mapping = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/),
  title: z.string().min(1).max(120),
  version: z.int().min(1).default(1),
  entity: z.enum(entityNames),
  file: FileLayout.prefault({}),
  fields: z.record(z.string(), FieldRule).refine((fields) => 'externalId' in fields, { message: 'externalId needs a rule: it is the key' }),
});
export type Mapping = z.infer<typeof Mapping>;
