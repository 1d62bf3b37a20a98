import { Fault } from '../../contract/faults.ts';
import { DataRefused, type OutgoingBatch, type OutgoingRecord, type SendOutcome, type UpstreamSession } from './upstream.ts';

/** A destination that refuses this many requests and takes nothing may have a trouble of its own: then others of the batch are tried. */
const suspiciousRefusals = 10;

/** What the requests of some batches have come to so far. */
type Tries = {
  refused: number;
  taken: number;
  readonly records: readonly OutgoingRecord[];
  readonly isRefusedBefore: (eventId: string) => boolean;
};

/**
 * Send batches one after the other, noting what each has said as it says it.
 * @param isRefusedBefore tells the records that the destination has refused before: that it does so again says nothing about its line.
 */
export async function sendInTurn(
  session: UpstreamSession,
  batches: readonly OutgoingBatch[],
  outcome: SendOutcome,
  signal: AbortSignal,
  isRefusedBefore: Tries['isRefusedBefore'] = () => false,
): Promise<void> {
  for (const batch of batches) {
    const tries: Tries = { refused: 0, taken: 0, records: batch.records, isRefusedBefore };
    await sendHalving(session, batch, outcome, tries, signal);
  }
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
  tries: Tries,
  signal: AbortSignal,
): Promise<void> {
  try {
    await send(session, batch, outcome, tries, signal);
  } catch (error) {
    if (!(error instanceof DataRefused)) throw error;
    if (batch.records.some(({ eventId }) => !tries.isRefusedBefore(eventId))) tries.refused++;
    if (tries.taken === 0 && tries.refused > suspiciousRefusals + Math.ceil(Math.log2(session.batchRecords)))
      await tryOthers(session, { batch, status: error.status }, outcome, tries, signal);
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

async function send(
  session: UpstreamSession,
  batch: OutgoingBatch,
  outcome: SendOutcome,
  tries: Tries,
  signal: AbortSignal,
): Promise<void> {
  const said = await session.send(batch, signal);
  merge(outcome, said);
  tries.taken++;
  // What arrived counts; what is behind the gap waits for the line, and must not be overtaken by the next batch.
  if (said.fault) throw said.fault;
}

/**
 * Many at the head of a batch were refused and none taken: bad records often stand together. Before the line is blamed, some from its
 * end and its middle are tried. Whoever takes one of them is well, and the halving goes on.
 * @throws {Fault} `upstream-refuses-all` when it takes none of them either.
 */
async function tryOthers(
  session: UpstreamSession,
  { batch, status }: { readonly batch: OutgoingBatch; readonly status: number | string },
  outcome: SendOutcome,
  tries: Tries,
  signal: AbortSignal,
): Promise<void> {
  const { records } = tries;
  const others = new Set([records.length - 1, Math.floor(records.length / 2), Math.floor(records.length * 0.75)]);
  for (const at of others) {
    const record = records[at];
    if (!record || outcome.refused.has(record.eventId)) continue;
    try {
      return await send(session, { ...batch, records: [record] }, outcome, tries, signal);
    } catch (error) {
      if (!(error instanceof DataRefused)) throw error;
    }
  }
  throw new Fault('upstream-refuses-all', { host: session.host, detail: `status ${status}` });
}
