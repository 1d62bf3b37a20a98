import type { EntityName } from '../../../contract/record.ts';
import type { OutboxRow } from '../../../db/pipeline/blocks.ts';
import type { OutgoingBatch, OutgoingRecord } from '../upstream.ts';
import { asKept, type Leave } from './leaving.ts';

/**
 * Put rows into one batch per source and kind of record, each in the order in which the rows were kept.
 * @param leave the rules by which they leave; without any they leave byte for byte as they were kept.
 */
export function outgoingBatches(rows: readonly OutboxRow[], leave: Leave | null): OutgoingBatch[] {
  const batches: { source: string; entity: EntityName; records: OutgoingRecord[]; again?: string }[] = [];
  for (const row of rows) {
    const { source, entity } = row;
    let batch = batches.find((one) => one.source === source && one.entity === entity);
    if (!batch) {
      batch = { source, entity: entity as EntityName, records: [], ...(leave ? { again: leave.mark } : {}) };
      batches.push(batch);
    }
    batch.records.push(leave ? leave.record(row) : asKept(row));
  }
  return batches;
}
