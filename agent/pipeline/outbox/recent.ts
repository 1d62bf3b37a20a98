import type { OutboxRow } from '../../../db/pipeline/outbox.ts';
import type { Batch, BatchRow, Stored } from '../../../db/pipeline/records.ts';

const keptBatches = 8;

/**
 * The batches that were committed last, in memory: while a push keeps up it takes its rows from here instead of reading and opening
 * them again. It is only a short cut: what is not here any more, or was kept before this start, comes from the database.
 */
export class RecentRows {
  #batches: (readonly OutboxRow[])[] = [];

  /** Add the rows of a batch that is committed. */
  add(rows: readonly OutboxRow[]): void {
    if (rows.length === 0) return;
    this.#batches.push(rows);
    if (this.#batches.length > keptBatches) this.#batches.shift();
  }

  /** Give the rows right behind a position, or none when the first of them is not here. */
  after(seq: number, limit: number): OutboxRow[] {
    const found: OutboxRow[] = [];
    for (const batch of this.#batches) {
      const first = batch[0]?.seq ?? 0;
      const wanted = seq + found.length + 1;
      if (wanted < first || wanted >= first + batch.length) continue;
      for (let at = wanted - first; at < batch.length && found.length < limit; at++) found.push(batch[at] as OutboxRow);
      if (found.length >= limit) break;
    }
    return found;
  }

  /** Forget everything: the ids of the ledger have changed. */
  clear(): void {
    this.#batches = [];
  }
}

/** The outbox rows of a batch, from what the normaliser has made of them and what the writer has given them. */
export function recentRows(
  batch: Batch,
  stored: Stored,
  file: { readonly hotelId: string; readonly source: string; readonly entity: string },
): OutboxRow[] {
  if (stored.kept === 0) return [];
  const rows = JSON.parse(batch.rowsJson) as BatchRow[];
  const found: OutboxRow[] = [];
  let from = 0;
  for (const [index, row] of rows.entries()) {
    const to = batch.ends[index] as number;
    const version = stored.versions[index] as number;
    if (version > 0) {
      const nth = found.length;
      found.push({
        seq: stored.firstSeq + nth,
        eventId: Buffer.from(stored.eventIds.buffer, stored.eventIds.byteOffset + nth * 16, 16),
        generation: stored.generation,
        version,
        hash: Buffer.from(batch.hashes.buffer, batch.hashes.byteOffset + index * 32, 32),
        document: batch.documents.subarray(from, to),
        keptAtMs: stored.keptAtMs,
        hotelId: file.hotelId,
        source: file.source,
        entity: file.entity,
        externalId: row[0],
      });
    }
    from = to;
  }
  return found;
}
