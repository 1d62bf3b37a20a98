import type { KeyObject } from 'node:crypto';
import { Leaving, type LeavingRule } from '../../../contract/leaves.ts';
import { type EntityName, entityOf } from '../../../contract/record.ts';
import type { ReadDb } from '../../../db/open.ts';
import type { OutboxRow } from '../../../db/pipeline/blocks.ts';
import { setting } from '../../../db/pipeline/connections.ts';
import { eventIdOf } from '../../../db/pipeline/event-text.ts';
import { eventId, type RecordKey } from '../../../db/pipeline/ids.ts';
import type { OutgoingRecord } from '../upstream.ts';
import { masked } from './masks.ts';
import { hashToLeave, tokenOf } from './tokens.ts';

/** Where the rules of a destination stand among the settings. */
export const leavingSetting = (destinationId: string) => `leaves/${destinationId}`;

/** The rules of a destination, or null when nobody has ever set one. @throws when they cannot be read: then nothing may leave. */
export function leavingOf(read: ReadDb, destinationId: string): Leaving | null {
  const stored = setting(read, leavingSetting(destinationId));
  return stored === undefined ? null : Leaving.parse(stored);
}

/** How rows leave for one destination. `mark` names the state of its rules: a request made by others is another request. */
export type Leave = { readonly mark: string; record(row: OutboxRow): OutgoingRecord };

/** Rules ready to be used on rows. */
export function leaveBy({ version, entities }: Leaving, key: KeyObject): Leave {
  const rulesOf = new Map<string, Readonly<Record<string, LeavingRule>>>();
  for (const [entity, { fields }] of Object.entries(entities)) {
    const set = Object.entries(fields).filter(([, { rule }]) => rule !== 'send');
    rulesOf.set(entity, Object.fromEntries(set.map(([field, { rule }]) => [field, rule])));
  }
  return {
    mark: `leaves ${version}`,
    record: (row) => {
      const entity = row.entity as EntityName;
      const of = entities[entity];
      const rules = rulesOf.get(entity) ?? {};
      const isKeptBack = of !== undefined && row.seq > of.keptBackAfterSeq;
      if (!isKeptBack && Object.keys(rules).length === 0) return asKept(row);
      const record = JSON.parse(row.text.toString('utf8')) as EventRecord & Record<string, unknown>;
      const left = withRules(record, entity, rules, key);
      const ids = isKeptBack ? idsToLeave(record, entity, key) : {};
      // The names keep their places, so the event id is still found by its own.
      const text = Buffer.from(JSON.stringify({ ...left, ...ids }));
      return { eventId: eventIdOf(text), seq: row.seq, text };
    },
  };
}

/** A row that leaves just as it was kept, byte for byte. */
export function asKept({ seq, text }: OutboxRow): OutgoingRecord {
  return { eventId: eventIdOf(text), seq, text };
}

type EventRecord = Omit<RecordKey, 'entity'> & {
  readonly eventId: string;
  readonly generation: number;
  readonly version: number;
  readonly hash: string;
};

/**
 * The ids under which a version leaves when something of it is kept back. Hash and event id as they are kept here follow from the whole
 * content, so both would confirm a guess of what is missing; these follow from a hash that nobody can make without the key.
 */
function idsToLeave(
  { eventId: kept, hotelId, source, externalId, generation, version, hash }: EventRecord,
  entity: EntityName,
  key: KeyObject,
) {
  const content = hashToLeave(key, kept);
  return { eventId: eventId({ hotelId, source, entity, externalId }, generation, version, content), hash: hashToLeave(key, hash) };
}

/** Apply rules to the fields of a record. What has no value has none afterwards. */
export function withRules<R extends Readonly<Record<string, unknown>>>(
  record: R,
  entity: EntityName,
  rules: Readonly<Record<string, LeavingRule>>,
  key: KeyObject,
): R {
  const left: Record<string, unknown> = { ...record };
  for (const { name, kind } of entityOf(entity).fields) {
    const rule = rules[name] ?? 'send';
    const value = record[name];
    if (rule === 'send' || value === undefined) continue;
    // JSON leaves out what has no value; an object from which a name is deleted takes longer to write.
    if (rule === 'drop') left[name] = undefined;
    else left[name] = rule === 'mask' ? masked(name, kind, String(value)) : tokenOf(key, kind, String(value));
  }
  return left as R;
}
