import type { Refusal } from '../../../contract/ingest.ts';
import { type RefusedRow, refusedRow } from '../../../db/pipeline/outbox.ts';
import type { OutgoingRecord, SendOutcome } from '../upstream.ts';

/**
 * Work out how far the watermark may move: to the last row before the first one that is neither confirmed nor refused.
 * A row behind that gap is sent again, and recognised by its id.
 */
export function settle(
  records: readonly OutgoingRecord[],
  outcome: SendOutcome,
): { upTo: number | null; refused: RefusedRow[]; isWhole: boolean } {
  const refused: RefusedRow[] = [];
  let upTo: number | null = null;
  for (const record of [...records].sort((a, b) => a.seq - b.seq)) {
    const refusal: Refusal | undefined = outcome.refused.get(record.eventId);
    if (refusal) refused.push(refusedRow(record.seq, refusal));
    else if (!outcome.confirmed.has(record.eventId)) return { upTo, refused, isWhole: false };
    upTo = record.seq;
  }
  return { upTo, refused, isWhole: true };
}
