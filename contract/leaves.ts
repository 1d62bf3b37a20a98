import { z } from 'zod';
import { ConnectionId } from './connection.ts';
import { fieldKinds } from './field.ts';
import { type EntityName, entityNames, entityOf } from './record.ts';

/**
 * How a field leaves this hotel for one destination: as it is, with most of it hidden, as a token that says only "the same as there",
 * or not at all.
 */
export const leavingRules = ['send', 'mask', 'tokenise', 'drop'] as const;
export const LeavingRule = z.enum(leavingRules);
export type LeavingRule = z.infer<typeof LeavingRule>;

/**
 * What a field says of a person: it names or reaches one (`identity`), it is what somebody has written and may say anything (`writing`), it
 * says something about the one whom the record is of (`about`), or nothing of anybody (`none`).
 */
export const personalKinds = ['identity', 'writing', 'about', 'none'] as const;
export type PersonalKind = (typeof personalKinds)[number];

const identity: Readonly<Record<EntityName, readonly string[]>> = {
  booking: ['externalId', 'guestId', 'guestName', 'guestEmail', 'guestPhone'],
  guest: ['externalId', 'firstName', 'lastName', 'email', 'phone'],
  room: [],
  review: ['externalId', 'guestId', 'bookingId'],
};
const writing: Readonly<Record<EntityName, readonly string[]>> = {
  booking: ['specialRequests'],
  guest: ['segment'],
  room: [],
  review: ['title', 'text', 'topics', 'responseText'],
};
/** A room is no person; every other record is of one, and so is all that stands in it. */
const isOfNobody: readonly EntityName[] = ['room'];

/** Say what a field says of a person. */
export function personalKind(entity: EntityName, field: string): PersonalKind {
  if (identity[entity].includes(field)) return 'identity';
  if (writing[entity].includes(field)) return 'writing';
  return isOfNobody.includes(entity) || field === 'currency' ? 'none' : 'about';
}

/** The fields that hold the name of a person, of which a mask leaves the initials. */
export const nameFields: readonly string[] = ['guestName', 'firstName', 'lastName'];

/** Tell whether something is a field of a kind of record that a mapping can fill. */
export function isFieldOf(entity: EntityName, field: string): boolean {
  return entityOf(entity).fields.some(({ name }) => name === field);
}

const FieldRule = z.strictObject({ rule: LeavingRule, sinceMs: z.int(), actorId: z.string(), actorName: z.string() });

/**
 * The rules of one destination, as they are stored. Only fields that somebody has ever set stand here; every other one is sent.
 *
 * @property keptBackAfterSeq versions behind this row of the outbox leave under ids and hashes of their own, from which nobody can
 *   confirm a guess of what was kept back. It never changes again: an id that has left stays the id of that version.
 */
export const Leaving = z.strictObject({
  version: z.int().min(1),
  entities: z.partialRecord(
    z.enum(entityNames),
    z.strictObject({ keptBackAfterSeq: z.int().min(0), fields: z.record(z.string(), FieldRule) }),
  ),
});
export type Leaving = z.infer<typeof Leaving>;

/** A field of a kind of record on its way to one destination. `sample` is from the newest record, with nothing in it that names a person. */
export const LeavingField = z.strictObject({
  name: z.string(),
  kind: z.enum(fieldKinds),
  isRequired: z.boolean(),
  personal: z.enum(personalKinds),
  sample: z.string().nullable(),
  rule: LeavingRule,
  allowed: z.array(LeavingRule),
  sinceMs: z.int().nullable(),
  actorId: z.string().nullable(),
  actorName: z.string().nullable(),
});
export type LeavingField = z.infer<typeof LeavingField>;

export const LeavingEntity = z.strictObject({ entity: z.enum(entityNames), fields: z.array(LeavingField) });
export type LeavingEntity = z.infer<typeof LeavingEntity>;

/** Beside the records: what says that this agent lives, and what is asked. Empty where the kind of destination gets none. */
export const LeavingBeside = z.strictObject({ heartbeat: z.array(z.string()), question: z.array(z.string()) });

/** One destination, with every field of every kind of record. `version` is 0 as long as nobody has set a rule. */
export const LeavingDestination = z.strictObject({
  id: ConnectionId,
  title: z.string(),
  kind: z.string(),
  version: z.int().min(0),
  confirmed: z.int(),
  entities: z.array(LeavingEntity),
  beside: LeavingBeside,
});
export type LeavingDestination = z.infer<typeof LeavingDestination>;

/** Everything that leaves, and the fields that stand on every record and always leave with it. */
export const LeavingReport = z.strictObject({ always: z.array(z.string()), destinations: z.array(LeavingDestination) });
export type LeavingReport = z.infer<typeof LeavingReport>;

/** The rules of one kind of record as a person wants them; fields that are left out stay as they are. */
export const LeavingDraft = z.strictObject({
  id: ConnectionId,
  entity: z.enum(entityNames),
  rules: z.record(z.string().max(80), LeavingRule),
});
export type LeavingDraft = z.infer<typeof LeavingDraft>;

/**
 * How the newest record of a kind would leave. `shown` is what the destination would get where something is hidden or replaced, the masked
 * sample where the field leaves as it is, and null where it has no value or is left out.
 */
export const LeavingPreview = z.strictObject({
  keptAtMs: z.int().nullable(),
  fields: z.array(z.strictObject({ name: z.string(), rule: LeavingRule, shown: z.string().nullable() })),
});
export type LeavingPreview = z.infer<typeof LeavingPreview>;
