import type { Refusal } from '../../../contract/ingest.ts';
import { type RefusedRow, refusedRow } from '../../../db/pipeline/outbox.ts';
import type { OutgoingRecord, SendOutcome } from '../upstream.ts';

/**
 * Work out how far the watermark may move: to the last row before the first one that is neither confirmed nor refused.
 * A row behind that gap is sent again, and recognised by its id. `refused` are all that were, also behind it.
 */
export function settle(
  records: readonly OutgoingRecord[],
  outcome: SendOutcome,
): { upTo: number | null; refused: RefusedRow[]; isWhole: boolean } {
  const refused: RefusedRow[] = [];
  let upTo: number | null = null;
  let isWhole = true;
  for (const { seq, eventId } of [...records].sort((a, b) => a.seq - b.seq)) {
    const refusal: Refusal | undefined = outcome.refused.get(eventId);
    if (refusal) refused.push(refusedRow(seq, refusal));
    isWhole &&= refusal !== undefined || outcome.confirmed.has(eventId);
    if (isWhole) upTo = seq;
  }
  return { upTo, refused, isWhole };
}
