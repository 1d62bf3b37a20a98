import { eventId, type RecordKey } from './ids.ts';

/**
 * One version of a record as the JSON text that leaves the house. It is written once, when the version is kept, and goes to every
 * destination, at the first try and at the hundredth, byte for byte as it was written then.
 *
 * @shape `{"eventId":"…","generation":1,"version":1,"syncedAt":"…","hash":"…","id":"…","hotelId":"…",…}`: what only the ledger knows
 *   stands first, in this order, and the document behind it. No line feed occurs in it.
 */
const eventIdAt = '{"eventId":"'.length;
const uuidLength = 36;
/** An upper bound: the names and signs, two UUIDs' worth of text, a moment, a hash and two whole numbers. */
export const headBytes = 256;

/** What the ledger adds to a document. It ends behind a comma: the document follows without its opening brace. */
export function eventHead(id: string, generation: number, version: number, syncedAt: string, hashHex: string): string {
  return `{"eventId":"${id}","generation":${generation},"version":${version},"syncedAt":"${syncedAt}","hash":"${hashHex}",`;
}

/** The event id of a text, found by its place. */
export function eventIdOf(text: Buffer): string {
  return text.toString('latin1', eventIdAt, eventIdAt + uuidLength);
}

/** The same state of the same record under another generation and version, and so under another event id. */
export function withRank(text: string, entity: string, generation: number, version: number): string {
  const record = JSON.parse(text) as Omit<RecordKey, 'entity'> & { syncedAt: string; hash: string };
  const { hotelId, source, externalId, syncedAt, hash } = record;
  const id = eventId({ hotelId, source, entity, externalId }, generation, version, hash);
  return eventHead(id, generation, version, syncedAt, hash) + text.slice(text.indexOf('"id":"'));
}

/** The names that {@link eventHead} writes. */
export const headNames = ['eventId', 'generation', 'version', 'syncedAt', 'hash'] as const;
