import type { EntityName } from '../../../contract/record.ts';
import { recordUuid, uuidText } from '../../../db/pipeline/ledger.ts';
import type { OutboxRow } from '../../../db/pipeline/outbox.ts';
import { payloadContext, unseal } from '../../runtime/seal.ts';
import type { OutgoingBatch, OutgoingRecord } from '../upstream.ts';

/**
 * Write one outbox row as the JSON text that leaves the house: envelope, event fields, then the fields of the record.
 * The document is opened and put in as it is, never parsed.
 *
 * @throws {Fault} `database-damaged` when the row is not what was kept: nothing damaged is ever sent.
 */
export function outgoingRecord(row: OutboxRow, key: Uint8Array): OutgoingRecord {
  const eventId = uuidText(row.eventId);
  const hash = row.hash.toString('hex');
  const document = unseal(key, row.payload, payloadContext(row.hotelId, row.source, row.entity, row.externalId, row.hash)).toString('utf8');
  const head = JSON.stringify({
    id: uuidText(recordUuid(row)),
    hotelId: row.hotelId,
    source: row.source,
    version: row.version,
    syncedAt: new Date(row.keptAtMs).toISOString(),
    eventId,
    generation: row.generation,
    hash,
  });
  return { eventId, seq: row.seq, json: `${head.slice(0, -1)},${document.slice(1)}` };
}

/** Put rows into one batch per source and kind of record, each in the order in which the rows were kept. */
export function outgoingBatches(rows: readonly OutboxRow[], key: Uint8Array): OutgoingBatch[] {
  const batches = new Map<string, { source: string; entity: EntityName; records: OutgoingRecord[] }>();
  for (const row of rows) {
    const name = `${row.source} ${row.entity}`;
    const batch = batches.get(name) ?? { source: row.source, entity: row.entity as EntityName, records: [] };
    batches.set(name, batch);
    batch.records.push(outgoingRecord(row, key));
  }
  return [...batches.values()];
}
