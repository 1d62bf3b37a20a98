import { z } from 'zod';

/**
 * The kinds of value a record field can hold. A mapping reads a source text as one of these;
 * a form and a grid draw by them.
 */
export const fieldKinds = ['id', 'text', 'email', 'phone', 'day', 'moment', 'money', 'integer', 'decimal', 'choice', 'list'] as const;
export type FieldKind = (typeof fieldKinds)[number];

/** What the registry keeps of one field, beside its schema. */
export type FieldMeta = { readonly kind: FieldKind; readonly choices?: readonly string[] };

const metas = z.registry<FieldMeta>();

function field<S extends z.ZodType>(schema: S, meta: FieldMeta): S {
  metas.add(schema, meta);
  return schema;
}

const dayPattern = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const momentPattern = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)?$/;

/** An identifier of another system: text as it came, 1 to 128 characters, never a number. */
export const idField = () => field(z.string().min(1).max(128), { kind: 'id' });
/** Free text of at most `max` characters. */
export const textField = (max: number) => field(z.string().min(1).max(max), { kind: 'text' });
export const emailField = () => field(z.string().min(1).max(320), { kind: 'email' });
export const phoneField = () => field(z.string().min(1).max(40), { kind: 'phone' });
/** A calendar day in hotel time, `2026-03-01`. */
export const dayField = () => field(z.string().regex(dayPattern), { kind: 'day' });
/** A day, or a day and time, on the hotel's wall clock: `2026-03-01` or `2026-03-01T14:05:00`. */
export const momentField = () => field(z.string().regex(momentPattern), { kind: 'moment' });
/** Whole minor units of the record's currency: cents, fils, yen. May be negative (a refund). */
export const moneyField = () => field(z.int(), { kind: 'money' });
export const integerField = (min: number, max: number) => field(z.int().min(min).max(max), { kind: 'integer' });
export const decimalField = (min: number, max: number) => field(z.number().min(min).max(max), { kind: 'decimal' });
export const choiceField = <const C extends readonly [string, ...string[]]>(choices: C) =>
  field(z.enum(choices), { kind: 'choice', choices });
export const listField = () => field(z.array(z.string().min(1).max(200)).max(200), { kind: 'list' });

/** Tell the kind of a record field, looking through `optional()`. */
export function fieldMeta(schema: z.ZodType): FieldMeta {
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
  const meta = metas.get(inner);
  if (!meta) throw new Error('a record field must be made with contract/field.ts');
  return meta;
}
