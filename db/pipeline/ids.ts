import { hash } from 'node:crypto';

/** Bellhop's own namespace for UUIDv5, so that no other product can make the same ids. */
const namespace = Buffer.from('6f0c8e3a5d1b4c7e9a2f4b8d1e6c3a57', 'hex');

/** The name that is hashed stands behind the namespace. Names are short: two keys of 128 characters, their hash and numbers. */
const scratch = Buffer.alloc(4096);
namespace.copy(scratch);
const variants = ['8', '9', 'a', 'b'] as const;

/**
 * Make a UUIDv5 from text. The digest is taken as text: as bytes it would cost three times as much.
 * @source RFC 9562 §5.5: SHA-1 over namespace and name, version and variant bits set.
 */
export function uuid5(name: string): string {
  const length = namespace.length + scratch.write(name, namespace.length);
  const hex = hash('sha1', scratch.subarray(0, length), 'hex');
  const variant = variants[Number.parseInt(hex.charAt(16), 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The key of a record, whole: `(hotelId, source, entity, externalId)`. */
export type RecordKey = { readonly hotelId: string; readonly source: string; readonly entity: string; readonly externalId: string };

let lastLedger = { hotelId: '', source: '', entity: '', text: '' };

/** The key as a JSON list. All rows of a file share its first three parts, so their text is made once. */
function keyText({ hotelId, source, entity, externalId }: RecordKey): string {
  if (lastLedger.hotelId !== hotelId || lastLedger.source !== source || lastLedger.entity !== entity) {
    lastLedger = { hotelId, source, entity, text: JSON.stringify([hotelId, source, entity]).slice(0, -1) };
  }
  return `${lastLedger.text},${JSON.stringify(externalId)}]`;
}

/** Give the stable id of a record: the same on every PC and in every generation. */
export function recordUuid(key: RecordKey): string {
  return uuid5(keyText(key));
}

/**
 * Give the event id of one version of a record. It exists before the first send and never changes for the same content;
 * a restored backup or a new PC has another generation, so it can never reuse an id for other content.
 */
export function eventId(key: RecordKey, generation: number, version: number, contentHashHex: string): string {
  return uuid5(`${keyText(key)} ${generation} ${version} ${contentHashHex}`);
}
