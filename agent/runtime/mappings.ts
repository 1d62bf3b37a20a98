import type { AuditDraft } from '../../contract/audit.ts';
import { Fault } from '../../contract/faults.ts';
import { Mapping } from '../../contract/mapping.ts';
import type { ReadDb } from '../../db/open.ts';
import { settingsBelow } from '../../db/pipeline/connections.ts';
import type { Writer } from '../../db/writer.ts';
import { assertMapping } from '../pipeline/normalise/row-mapper.ts';

/** The mappings that come with the product, read when the agent is built. */
const files = import.meta.glob<Mapping>('../../resources/mappings/*.json', { eager: true, import: 'default' });

const shipped: readonly Mapping[] = Object.values(files).map((file) => Mapping.parse(file));
const prefix = 'mapping/';

/** All mappings: those of the hotel, and those that came with the product and have none of the hotel's in their place. */
export function allMappings(read: ReadDb): Mapping[] {
  const own = settingsBelow(read, prefix).map((json) => Mapping.parse(json));
  const others = shipped.filter((mapping) => !own.some((one) => one.name === mapping.name));
  return [...own, ...others];
}

/** @throws {Fault} `mapping-not-found` */
export function mappingNamed(read: ReadDb, name: string): Mapping {
  const found = allMappings(read).find((mapping) => mapping.name === name);
  if (!found) throw new Fault('mapping-not-found', { name });
  return found;
}

let saving: Promise<unknown> = Promise.resolve();

/**
 * Keep a mapping of the hotel, in the place of any other of its name, and count its version up. It applies from the next file on.
 * @throws {Fault} `input-wrong` when it could not work for any file, or when somebody else has changed it since it was looked at.
 */
export function saveMapping(
  stores: { readonly read: ReadDb; readonly writer: Writer },
  given: Mapping,
  entryOf: (before: Mapping | undefined, after: Mapping) => AuditDraft,
): Promise<Mapping> {
  // One after the other: what is compared must still be so when it is kept.
  const mine = saving.then(() => saveOne(stores, given, entryOf));
  saving = mine.catch(() => undefined);
  return mine;
}

async function saveOne(
  { read, writer }: { readonly read: ReadDb; readonly writer: Writer },
  given: Mapping,
  entryOf: (before: Mapping | undefined, after: Mapping) => AuditDraft,
): Promise<Mapping> {
  try {
    assertMapping(given);
  } catch (error) {
    throw new Fault('input-wrong', { detail: (error as Error).message }, { cause: error });
  }
  const before = allMappings(read).find((mapping) => mapping.name === given.name);
  if (before && before.entity !== given.entity)
    throw new Fault('input-wrong', { detail: `the mapping ${given.name} is for another kind of record: give this one another name` });
  if (before && before.version !== given.version)
    throw new Fault('input-wrong', {
      detail: `the mapping ${given.name} was changed meanwhile: it is version ${before.version} now, not ${given.version}`,
    });
  const mapping = { ...given, version: before ? before.version + 1 : given.version };
  await writer.audited([entryOf(before, mapping)], 'saveSetting', [`${prefix}${mapping.name}`, mapping]);
  return mapping;
}
