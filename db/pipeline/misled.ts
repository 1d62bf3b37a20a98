import { randomUUID } from 'node:crypto';
import type { RecordKey } from '../../contract/resend.ts';
import type { WriteDb } from '../open.ts';
import { blockOf, type RefusedRow, sentLater } from './outbox.ts';
import type { NewResend } from './resends.ts';

/** So many records are named in one order. */
const mostKeys = 1000;

/** Prepare the step that orders again what was withheld for records which a destination has refused. */
export function misledStatements(db: WriteDb, orderResend: (order: NewResend, nowMs: number) => number) {
  const hasWithheld = db.prepare<[string], number>('select 1 from withheld where destination_id = ? limit 1').pluck();
  // Only the newest state of a record counts: an older one was overtaken, whatever became of it.
  const sameRecord = db.prepare<[object], RecordKey>(
    `select r.ledger_id as ledgerId, r.external_id as externalId from outbox o join blocks b on b.first_seq = ${blockOf('o.seq')} ` +
      'join ledgers l on l.id = b.ledger_id join ledgers m on m.hotel_id = l.hotel_id and m.entity = l.entity and m.id <> l.id ' +
      'join records r on r.ledger_id = m.id and r.external_id = o.external_id ' +
      `join withheld w on w.destination_id = @destinationId and w.seq = r.seq and w.reason <> '${sentLater}' where o.seq = @seq`,
  );
  const lastSeq = db.prepare<[], number>('select coalesce(max(seq), 0) from outbox').pluck();

  /**
   * What was withheld because another source speaks of the same record is judged anew once the destination refuses that: an order for it,
   * in the transaction that keeps the refusal, so none is ever forgotten. The rules hold for the order as for every other one.
   */
  function orderMisled(destinationId: string, refused: readonly RefusedRow[], nowMs: number): void {
    if (refused.length === 0 || hasWithheld.get(destinationId) === undefined) return;
    const found = refused.flatMap(({ seq }) => sameRecord.all({ destinationId, seq }));
    const keys = [...new Map(found.map((key) => [`${key.ledgerId} ${key.externalId}`, key])).values()];
    for (let at = 0; at < keys.length; at += mostKeys) {
      const some = keys.slice(at, at + mostKeys);
      const by = { actorId: 'agent', actorName: 'Bellhop', correlationId: randomUUID() };
      const what = { selection: { kind: 'records', keys: some }, choice: { kind: 'keys', keys: some } } as const;
      orderResend({ destinationId, ...what, ...by, upToSeq: lastSeq.get() as number, total: some.length }, nowMs);
    }
  }

  return { orderMisled };
}
