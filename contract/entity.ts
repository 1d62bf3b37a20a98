import type { z } from 'zod';
import { envelopeFields } from './envelope.ts';
import { type FieldMeta, fieldMeta } from './field.ts';

/**
 * The few columns by which records are listed, sorted, found and added up. Everything else is inside the encrypted document.
 * @units `amount` is whole minor units of `currency`.
 */
export const indexColumns = ['day', 'until', 'state', 'title', 'place', 'amount', 'currency'] as const;
export type IndexColumn = (typeof indexColumns)[number];

export type EntityField = FieldMeta & { readonly name: string; readonly isRequired: boolean };

/**
 * One kind of record: its schema, and what the store and the mapping need to know of it.
 *
 * `hashFields` are the source-derived fields in their fixed order; a content hash runs over them,
 * so their order never changes and a new one is only ever appended.
 */
export type EntityDefinition = {
  readonly name: string;
  readonly plural: string;
  readonly schema: z.ZodObject;
  readonly fields: readonly EntityField[];
  readonly hashFields: readonly string[];
  readonly derived: readonly string[];
  readonly columns: Partial<Record<IndexColumn, string>>;
};

/** Declare a kind of record from its schema. Fields that a mapping may fill come from the schema itself. */
export function defineEntity<S extends z.ZodObject, const N extends string, const P extends string>(spec: {
  readonly name: N;
  readonly plural: P;
  readonly schema: S;
  readonly derived: readonly (keyof S['shape'] & string)[];
  readonly columns: Partial<Record<IndexColumn, keyof S['shape'] & string>>;
}) {
  const isEnvelope = (name: string) => (envelopeFields as readonly string[]).includes(name);
  const fields: EntityField[] = [{ name: 'externalId', kind: 'id', isRequired: true }];
  for (const [name, schema] of Object.entries(spec.schema.shape)) {
    if (!isEnvelope(name)) fields.push({ name, isRequired: !schema.safeParse(undefined).success, ...fieldMeta(schema as z.ZodType) });
  }
  const hashFields = fields.map((field) => field.name).filter((name) => !(spec.derived as readonly string[]).includes(name));
  return { ...spec, fields, hashFields } satisfies EntityDefinition;
}
