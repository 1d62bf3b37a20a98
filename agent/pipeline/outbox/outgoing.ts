import type { EntityName } from '../../../contract/record.ts';
import { recordUuid, uuidText } from '../../../db/pipeline/ledger.ts';
import type { OutboxRow } from '../../../db/pipeline/outbox.ts';
import type { OutgoingBatch, OutgoingRecord } from '../upstream.ts';

/**
 * Write one outbox row as the JSON text that leaves the house: envelope, event fields, then the fields of the record.
 * The document is put in as it is, never parsed.
 */
export function outgoingRecord(row: OutboxRow): OutgoingRecord {
  const eventId = uuidText(row.eventId);
  const head =
    `{"id":"${uuidText(recordUuid(row))}","hotelId":${JSON.stringify(row.hotelId)},"source":"${row.source}","version":${row.version},` +
    `"syncedAt":"${isoText(row.keptAtMs)}","eventId":"${eventId}","generation":${row.generation},"hash":"${row.hash.toString('hex')}",`;
  // The document starts with its own brace, which the head has opened already.
  return { eventId, seq: row.seq, head, tail: row.document.subarray(1) };
}

let lastIso = { ms: Number.NaN, text: '' };

/** A batch is kept at one moment, so its text is worked out once. */
function isoText(ms: number): string {
  if (ms !== lastIso.ms) lastIso = { ms, text: new Date(ms).toISOString() };
  return lastIso.text;
}

/** Put rows into one batch per source and kind of record, each in the order in which the rows were kept. */
export function outgoingBatches(rows: readonly OutboxRow[]): OutgoingBatch[] {
  const batches = new Map<string, { source: string; entity: EntityName; records: OutgoingRecord[] }>();
  for (const row of rows) {
    const name = `${row.source} ${row.entity}`;
    const batch = batches.get(name) ?? { source: row.source, entity: row.entity as EntityName, records: [] };
    batches.set(name, batch);
    batch.records.push(outgoingRecord(row));
  }
  return [...batches.values()];
}
