import { hash } from 'node:crypto';
import type { WriteDb } from '../open.ts';

/** Read the ledger's generation, creating it when the database is new. */
export function ensureGeneration(db: WriteDb, nowMs: number): number {
  const found = db.prepare("select value from meta where key = 'generation'").pluck().get() as string | undefined;
  if (found !== undefined) return Number(found);
  // The one place where a clock decides: a ledger made later ranks above one made earlier, also after a reinstall.
  const generation = Math.floor(nowMs / 1000);
  setGeneration(db, generation);
  return generation;
}

function setGeneration(db: WriteDb, generation: number): void {
  db.prepare("insert into meta (key, value) values ('generation', ?) on conflict (key) do update set value = excluded.value").run(
    String(generation),
  );
}

/** Bellhop's own namespace for UUIDv5, so that no other product can make the same ids. */
const namespace = Buffer.from('6f0c8e3a5d1b4c7e9a2f4b8d1e6c3a57', 'hex');

/** Names are short: two keys of 128 characters, their hash and numbers. */
const scratch = Buffer.alloc(4096);

/**
 * Make a UUIDv5 (16 bytes) from text.
 * @source RFC 9562 §5.5: SHA-1 over namespace and name, version and variant bits set.
 */
export function uuid5(name: string): Buffer {
  const length = namespace.copy(scratch) + scratch.write(name, namespace.length);
  const digest = hash('sha1', scratch.subarray(0, length), 'buffer').subarray(0, 16);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  return digest;
}

/** Write 16 bytes as a UUID. */
export function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
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
export function recordUuid(key: RecordKey): Buffer {
  return uuid5(keyText(key));
}

/**
 * Give the event id of one version of a record. It exists before the first send and never changes for the same content;
 * a restored backup or a new PC has another generation, so it can never reuse an id for other content.
 */
export function eventId(key: RecordKey, generation: number, version: number, contentHash: Buffer): Buffer {
  return uuid5(`${keyText(key)} ${generation} ${version} ${contentHash.toString('hex')}`);
}

/**
 * Rank this ledger above what a receiver has seen of the hotel, in one transaction.
 *
 * As long as no destination has confirmed anything, none of our ids counts anywhere, and they are made anew with the higher
 * generation. Afterwards a person has to look: then somebody else is sending for this hotel too.
 * @returns the generation that holds from now on, or null when it was not changed.
 */
export function raiseGeneration(db: WriteDb, above: number): number | null {
  const raise = db.transaction((): number | null => {
    if (db.prepare('select 1 from deliveries where confirmed_seq > 0').get()) return null;
    const generation = above + 1;
    type Row = { seq: number; version: number; hash: Buffer } & RecordKey;
    const rows = db.prepare<[], Row>(
      'select o.seq, o.version, o.hash, l.hotel_id as hotelId, l.source, l.entity, o.external_id as externalId ' +
        'from outbox o join ledgers l on l.id = o.ledger_id',
    );
    const change = db.prepare('update outbox set generation = ?, event_id = ? where seq = ?');
    for (const row of rows.all()) change.run(generation, eventId(row, generation, row.version, row.hash), row.seq);
    db.prepare('update records set generation = ?').run(generation);
    setGeneration(db, generation);
    return generation;
  });
  return raise.immediate();
}
