import { hash as digest } from 'node:crypto';
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

/** A reason for a new version that is not its source. */
export type KeptFor = 'figures';

/**
 * What the event id of a version says of its content. The hash is that of what the source has said; figures follow from other records, so a
 * version that is kept for them names its whole text: put back and worked out anew, other figures never come under an id that was used.
 *
 * @param text the document without its opening brace, as it stands behind the head.
 */
export function contentName(hashHex: string, reason: KeptFor | null, text: string | Uint8Array): string {
  return reason === 'figures' ? `${hashHex} ${digest('sha256', text, 'hex')}` : hashHex;
}

/** The document of a text, behind its head. */
export function documentOf(text: string): string {
  return text.slice(text.indexOf('"id":"'));
}

/** The same state of the same record under another generation and version, and so under another event id. */
export function withRank(text: string, entity: string, generation: number, version: number, reason: KeptFor | null): string {
  const record = JSON.parse(text) as Omit<RecordKey, 'entity'> & { syncedAt: string; hash: string };
  const { hotelId, source, externalId, syncedAt, hash } = record;
  const document = documentOf(text);
  const id = eventId({ hotelId, source, entity, externalId }, generation, version, contentName(hash, reason, document));
  return eventHead(id, generation, version, syncedAt, hash) + document;
}

/** The names that {@link eventHead} writes. */
export const headNames = ['eventId', 'generation', 'version', 'syncedAt', 'hash'] as const;
