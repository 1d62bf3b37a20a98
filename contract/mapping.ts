import { z } from 'zod';
import { entityNames } from './record.ts';

/** The languages whose month names are known. */
export const monthLanguages = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'cs', 'tr', 'sv', 'da', 'nb', 'fi'] as const;

/**
 * How one field of a record is filled from a row.
 *
 * Exactly one of `column`, `columns` (joined by `join`) or `constant` says where the text comes from.
 * `values` translates the source's words; a word it does not list is set aside, never guessed,
 * unless `otherwise` names what it means.
 * `default` fills in when the cell is empty.
 * `format` is for days and moments: `YYYY`, `YY`, `MM`, `M`, `DD`, `D`, `MON`, `MONTH`, `HH`, `hh`, `AM`, `mm`, `ss` and literal signs.
 * `months` names the language of month names where they are neither English nor German.
 * `decimal`, `grouping` and `negative` are for amounts and numbers; `separator` splits a list.
 * `unit: "minor"` says that the amount already is in cents.
 */
export const FieldRule = z
  .strictObject({
    column: z.string().min(1).optional(),
    columns: z.array(z.string().min(1)).min(1).max(8).optional(),
    join: z.string().max(5).default('-'),
    constant: z.string().optional(),
    format: z.string().min(1).max(40).optional(),
    months: z.enum(monthLanguages).optional(),
    decimal: z.enum(['.', ',']).default('.'),
    grouping: z.enum(['', '.', ',', ' ', "'"]).default(''),
    negative: z.enum(['before', 'behind', 'brackets']).default('before'),
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

/** The encodings that are read. All but the UTF-16s agree with ASCII on the bytes of delimiters, quotation marks and line ends. */
export const encodings = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1253',
  'windows-1254',
  'iso-8859-1',
  'iso-8859-2',
  'iso-8859-7',
  'iso-8859-9',
  'iso-8859-15',
  'shift_jis',
  'gb18030',
] as const;
export const delimiters = [',', ';', '\t', '|'] as const;

/**
 * How the text of a file is laid out. `auto` finds it in each file and says what it has found.
 *
 * `header` names the columns of a file that has no line of names. `footers` are the words with which totals begin.
 * `shortRows` says what a row with fewer cells than the header is: a damaged one, one whose last cells are empty, or one that goes on in
 * the next line.
 */
export const FileLayout = z.strictObject({
  format: z.literal('delimited').default('delimited'),
  encoding: z.enum(['auto', ...encodings]).default('auto'),
  delimiter: z.enum(['auto', ...delimiters]).default('auto'),
  header: z.array(z.string().max(200)).min(1).max(5000).optional(),
  footers: z.array(z.string().trim().min(1).max(80)).max(20).default([]),
  shortRows: z.enum(['set-aside', 'last-cells-empty', 'next-line']).default('set-aside'),
});
export type FileLayout = z.infer<typeof FileLayout>;

/**
 * How one file is written, as the mapping says or as it was found. `otherEncodings` may be right as well: a row that they would read
 * differently is set aside. `isFound`: something of it was found rather than said.
 */
export const FoundLayout = z.strictObject({
  encoding: z.enum(encodings),
  otherEncodings: z.array(z.enum(encodings)),
  delimiter: z.enum(delimiters),
  isFound: z.boolean(),
});
export type FoundLayout = z.infer<typeof FoundLayout>;

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
