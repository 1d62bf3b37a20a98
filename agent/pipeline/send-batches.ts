import { Fault } from '../../contract/faults.ts';
import { DataRefused, type OutgoingBatch, type SendOutcome, type UpstreamSession } from './upstream.ts';

/** A destination that refuses this many requests and takes nothing has a trouble of its own: no record is set aside for it. */
const suspiciousRefusals = 10;

/** Send batches one after the other, noting what each has said as it says it. */
export async function sendInTurn(
  session: UpstreamSession,
  batches: readonly OutgoingBatch[],
  outcome: SendOutcome,
  signal: AbortSignal,
): Promise<void> {
  const tries = { refused: 0, taken: 0 };
  for (const batch of batches) await sendHalving(session, batch, outcome, tries, signal);
}

function merge(into: SendOutcome, from: SendOutcome): void {
  for (const id of from.confirmed) (into.confirmed as Set<string>).add(id);
  for (const [id, refusal] of from.refused) (into.refused as Map<string, unknown>).set(id, refusal);
}

/**
 * Send a batch; when the destination refuses it as a whole, send its halves, until the record that is at fault stands alone and is
 * refused by itself. One bad record costs at most log2(n) requests more and never holds up the rest.
 *
 * A destination that refuses request after request and takes nothing is not asked a thousand times: that is a fault of the line.
 */
async function sendHalving(
  session: UpstreamSession,
  batch: OutgoingBatch,
  outcome: SendOutcome,
  tries: { refused: number; taken: number },
  signal: AbortSignal,
): Promise<void> {
  try {
    const said = await session.send(batch, signal);
    merge(outcome, said);
    tries.taken++;
    // What arrived counts; what is behind the gap waits for the line, and must not be overtaken by the next batch.
    if (said.fault) throw said.fault;
  } catch (error) {
    if (!(error instanceof DataRefused)) throw error;
    tries.refused++;
    if (tries.taken === 0 && tries.refused > suspiciousRefusals + Math.ceil(Math.log2(session.batchRecords))) {
      throw new Fault('upstream-answer', { host: session.host, detail: `status ${error.status} to everything` });
    }
    const [first] = batch.records;
    if (batch.records.length === 1 && first) {
      const refusal = { eventId: first.eventId, code: `status-${error.status}`, message: 'refused as a whole' };
      merge(outcome, { confirmed: new Set(), refused: new Map([[first.eventId, refusal]]) });
      return;
    }
    const middle = Math.ceil(batch.records.length / 2);
    for (const half of [batch.records.slice(0, middle), batch.records.slice(middle)]) {
      await sendHalving(session, { ...batch, records: half }, outcome, tries, signal);
    }
  }
}
