import { fieldMeta } from '../../../../contract/field.ts';
import { type EntityName, entityNames, entityOf } from '../../../../contract/record.ts';

/** A column of a table of the destination, and how its value is read out of the document `d`. */
export type Column = { readonly name: string; readonly type: string; readonly from: string; readonly isNeeded: boolean };
export type Table = { readonly entity: EntityName; readonly name: string; readonly columns: readonly Column[] };

/** The columns of the key, on which a record meets the state that stands there. */
export const keyColumns = ['hotel_id', 'source', 'external_id'] as const;

const typeOf: Readonly<Record<string, string>> = { day: 'date', money: 'bigint' };

const ranked: readonly Column[] = [
  { name: 'hotel_id', type: 'text', from: "d->>'hotelId'", isNeeded: true },
  { name: 'source', type: 'text', from: "d->>'source'", isNeeded: true },
  { name: 'external_id', type: 'text', from: "d->>'externalId'", isNeeded: true },
  { name: 'event_id', type: 'uuid', from: "(d->>'eventId')::uuid", isNeeded: true },
  { name: 'generation', type: 'bigint', from: "(d->>'generation')::bigint", isNeeded: true },
  { name: 'version', type: 'integer', from: "(d->>'version')::integer", isNeeded: true },
  { name: 'hash', type: 'text', from: "d->>'hash'", isNeeded: true },
  { name: 'synced_at', type: 'timestamp with time zone', from: "(d->>'syncedAt')::timestamptz", isNeeded: true },
];
const kept: readonly Column[] = [
  { name: 'document', type: 'jsonb', from: 'd', isNeeded: true },
  { name: 'applied_at', type: 'timestamp with time zone', from: 'now()', isNeeded: true },
];

/** The table of each kind of record: the key and the rank, what a person would ask for, and the record whole. */
export const tables: readonly Table[] = entityNames.map((entity) => {
  const { plural, schema, columns } = entityOf(entity);
  const fields = [...new Set(Object.values(columns))];
  const plain = fields.map((field): Column => {
    const type = typeOf[fieldMeta(schema.shape[field] as never).kind] ?? 'text';
    const text = `d->>'${field}'`;
    return { name: snakeCase(field), type, from: type === 'text' ? text : `(${text})::${type}`, isNeeded: false };
  });
  return { entity, name: plural, columns: [...ranked, ...plain, ...kept] };
});

export function tableOf(entity: EntityName): Table {
  const table = tables.find((one) => one.entity === entity);
  if (!table) throw new Error(`no table for ${entity}`);
  return table;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * Write a list of records, `$1` as one JSON array, each key once, over older states of theirs and never over a newer one.
 * It gives the event ids that may not be confirmed: those under whose very rank another content stands (`is_clash`), and those that were
 * neither written nor found there in this or a newer state.
 */
export function applyStatement(schema: string, { name, columns }: Table): string {
  const names = columns.map((column) => column.name);
  const others = names.filter((column) => !(keyColumns as readonly string[]).includes(column));
  const place = `${schema}.${name}`;
  return `
    WITH incoming AS MATERIALIZED (
      SELECT ${columns.map((column) => `${column.from} AS ${column.name}`).join(', ')} FROM jsonb_array_elements($1::jsonb) AS d
    ), applied AS (
      INSERT INTO ${place} AS t (${names.join(', ')}) SELECT ${names.join(', ')} FROM incoming
      ON CONFLICT (${keyColumns.join(', ')}) DO UPDATE SET ${others.map((column) => `${column} = excluded.${column}`).join(', ')}
      WHERE (excluded.generation, excluded.version) > (t.generation, t.version)
      RETURNING t.event_id
    )
    SELECT i.event_id, coalesce((t.generation, t.version) = (i.generation, i.version), false) AS is_clash
    FROM incoming i LEFT JOIN ${place} t USING (${keyColumns.join(', ')})
    WHERE NOT EXISTS (SELECT 1 FROM applied a WHERE a.event_id = i.event_id)
      AND (t.event_id IS NULL OR (t.generation, t.version) < (i.generation, i.version)
        OR ((t.generation, t.version) = (i.generation, i.version) AND t.event_id <> i.event_id))`;
}
