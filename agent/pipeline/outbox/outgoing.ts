import type { EntityName } from '../../../contract/record.ts';
import type { OutboxRow } from '../../../db/pipeline/blocks.ts';
import { eventIdOf } from '../../../db/pipeline/event-text.ts';
import type { OutgoingBatch, OutgoingRecord } from '../upstream.ts';

/** Put rows into one batch per source and kind of record, each in the order in which the rows were kept. */
export function outgoingBatches(rows: readonly OutboxRow[]): OutgoingBatch[] {
  const batches: { source: string; entity: EntityName; records: OutgoingRecord[] }[] = [];
  for (const { seq, source, entity, text } of rows) {
    let batch = batches.find((one) => one.source === source && one.entity === entity);
    if (!batch) {
      batch = { source, entity: entity as EntityName, records: [] };
      batches.push(batch);
    }
    batch.records.push({ eventId: eventIdOf(text), seq, text });
  }
  return batches;
}
