import { expect, it } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import { sendInTurn } from './send-batches.ts';
import { DataRefused, type OutgoingBatch, type SendOutcome, type UpstreamSession } from './upstream.ts';

/** A destination that refuses a request when one of these is in it, as a database does. */
function refusing(bad: (at: number) => boolean) {
  const requests: number[] = [];
  const session: UpstreamSession = {
    host: 'db.example.com',
    batchRecords: 1000,
    prepare: () => undefined,
    send: async ({ records }) => {
      requests.push(records.length);
      if (records.some(({ seq }) => bad(seq))) throw new DataRefused('P0001');
      return { confirmed: new Set(records.map(({ eventId }) => eventId)), refused: new Map() };
    },
    highWater: async () => null,
    heartbeat: async () => undefined,
    close: async () => undefined,
  };
  return { session, requests };
}

const batchOf = (count: number): OutgoingBatch => ({
  source: 'pms',
  entity: 'booking',
  records: Array.from({ length: count }, (_, seq) => ({ eventId: `event ${seq}`, seq, text: new Uint8Array() })),
});

async function sent(count: number, bad: (at: number) => boolean, isRefusedBefore?: (eventId: string) => boolean) {
  const { session, requests } = refusing(bad);
  const outcome: SendOutcome = { confirmed: new Set(), refused: new Map() };
  const fault = await sendInTurn(session, [batchOf(count)], outcome, new AbortController().signal, isRefusedBefore).then(
    () => null,
    (error: unknown) => (error instanceof Fault ? error.report() : error),
  );
  return { confirmed: outcome.confirmed.size, refused: outcome.refused.size, fault, requests: requests.length };
}

it('lets everything around bad records arrive, also when many of them stand together at the head', async () => {
  const runs = [
    await sent(1000, (at) => at < 12),
    await sent(1000, (at) => at < 100),
    await sent(1000, (at) => at > 900),
    await sent(1000, (at) => at % 100 === 0),
  ];
  expect(runs.map(({ confirmed, refused, fault }) => [confirmed, refused, fault])).toEqual([
    [988, 12, null],
    [900, 100, null],
    [901, 99, null],
    [990, 10, null],
  ]);
});

it('blames the line, and no record, when nothing is taken, and does not ask a thousand times', async () => {
  const { confirmed, fault, requests } = await sent(1000, () => true);
  expect([confirmed, fault, requests < 30]).toEqual([
    0,
    { code: 'upstream-refuses-all', detail: { host: 'db.example.com', detail: 'status P0001' } },
    true,
  ]);
});

it('refuses again what was refused before, however much of it, without a word about the line', async () => {
  const { confirmed, refused, fault } = await sent(
    60,
    () => true,
    () => true,
  );
  expect([confirmed, refused, fault]).toEqual([0, 60, null]);
});
