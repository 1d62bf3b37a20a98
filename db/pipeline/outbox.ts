import type { Refusal } from '../../contract/ingest.ts';
import type { WithheldReason } from '../../contract/same-record.ts';
import type { ReadDb, WriteDb } from '../open.ts';
import { attemptStatements, outcomeOf, type Tried } from './attempts.ts';
import { letterStatements } from './letter-steps.ts';

export type RefusedRow = { readonly seq: number; readonly code: string; readonly field: string | null };

/** The block of the outbox that holds a row. */
export const blockOf = (seq: string) => `(select max(first_seq) from blocks where first_seq <= ${seq})`;

/** A row of the outbox that is not sent to a destination on purpose. `otherLedgerId`: of which source the record is preferred. */
export type WithheldRow = { readonly seq: number; readonly reason: WithheldReason; readonly otherLedgerId: number | null };

/** What stands as the reason of a row that was withheld, and sent by an order since. */
export const sentLater = 'sent-later';

/** What a watermark passes over beside what was sent: rows that were withheld, and numbers of which nothing is there any more. */
export type PassedOver = { readonly withheld: readonly WithheldRow[]; readonly missed: number };
const nothingPassed: PassedOver = { withheld: [], missed: 0 };

export type DeliveryRow = {
  readonly destinationId: string;
  readonly confirmedSeq: number;
  readonly confirmed: number;
  readonly refused: number;
  readonly withheld: number;
  readonly missed: number;
  readonly lastConfirmedAtMs: number | null;
  readonly confirmedUpToMs: number | null;
};

/** What a destination has confirmed; nothing yet is position 0. */
export function delivery(db: ReadDb, destinationId: string): DeliveryRow {
  const found = db
    .prepare<[string], DeliveryRow>(
      'select destination_id as destinationId, confirmed_seq as confirmedSeq, confirmed, refused, withheld, missed, last_confirmed_at_ms as lastConfirmedAtMs, ' +
        'confirmed_up_to_ms as confirmedUpToMs from deliveries where destination_id = ?',
    )
    .get(destinationId);
  const none = { confirmedSeq: 0, confirmed: 0, refused: 0, withheld: 0, missed: 0, lastConfirmedAtMs: null, confirmedUpToMs: null };
  return found ?? { destinationId, ...none };
}

/** How much waits behind a position, and since when the oldest of it. */
export function waitingBehind(db: ReadDb, confirmedSeq: number): { waiting: number; oldestAtMs: number | null; lastSeq: number } {
  const lastSeq = db.prepare<[], number>('select coalesce(max(seq), 0) from outbox').pluck().get() ?? 0;
  const oldestAtMs =
    lastSeq > confirmedSeq
      ? (db
          .prepare<[number], number>(`select kept_at_ms from blocks where first_seq = ${blockOf('? + 1')}`)
          .pluck()
          .get(confirmedSeq) ?? null)
      : null;
  // Numbers are given without holes and nobody but a shadow, or a destination that is new, is behind what was pruned: for those the distance
  // counts what they will have missed as well.
  return { waiting: Math.max(0, lastSeq - confirmedSeq), oldestAtMs, lastSeq };
}

/** Prepare the step that moves a destination's watermark. */
export function deliveryStatements(db: WriteDb) {
  const position = db.prepare<[string], number>('select confirmed_seq from deliveries where destination_id = ?').pluck();
  const move = db.prepare(
    'insert into deliveries (destination_id, confirmed_seq, confirmed, refused, withheld, missed, last_confirmed_at_ms, confirmed_up_to_ms) ' +
      `values (@destinationId, @upTo, @confirmed, @refused, @withheld, @missed, @answeredAtMs, (select kept_at_ms from blocks where first_seq = ${blockOf('@answered')})) ` +
      'on conflict do update set confirmed_seq = excluded.confirmed_seq, confirmed = confirmed + excluded.confirmed, refused = refused + excluded.refused, withheld = withheld + excluded.withheld, missed = missed + excluded.missed, ' +
      'last_confirmed_at_ms = coalesce(excluded.last_confirmed_at_ms, last_confirmed_at_ms), confirmed_up_to_ms = coalesce(excluded.confirmed_up_to_ms, confirmed_up_to_ms)',
  );
  const setAside = db.prepare(
    'insert into dead_letters (connection_id, destination_id, entity, rule, field, detail, file_id, line, byte_offset, byte_length, seq, ledger_id, external_id, set_aside_at_ms, correlation_id) ' +
      "select coalesce(f.connection_id, ''), @destinationId, l.entity, 'refused-by-destination', @field, @detail, b.file_id, o.line, o.byte_offset, o.byte_length, o.seq, b.ledger_id, o.external_id, @nowMs, b.correlation_id " +
      `from outbox o join blocks b on b.first_seq = ${blockOf('o.seq')} join ledgers l on l.id = b.ledger_id ` +
      'left join files f on f.id = b.file_id where o.seq = @seq on conflict do nothing',
  );
  const withhold = db.prepare(
    'insert into withheld (destination_id, seq, reason, other_ledger_id) values (?, ?, ?, ?) on conflict do nothing',
  );
  const remember = db.prepare('insert into confirmations (destination_id, up_to_seq, at_ms) values (?, ?, ?) on conflict do nothing');
  const { addAttempt } = attemptStatements(db);
  const countLetter = db.prepare(
    'insert into entity_counts (connection_id, entity, dead_letters) select connection_id, entity, 1 from dead_letters where destination_id = ? and seq = ? ' +
      'on conflict do update set dead_letters = dead_letters + 1',
  );

  const isOvertaken = db
    .prepare<[number], number>(
      `select 1 from outbox o join blocks b on b.first_seq = ${blockOf('o.seq')} ` +
        'join records r on r.ledger_id = b.ledger_id and r.external_id = o.external_id where o.seq = ? and r.seq > o.seq',
    )
    .pluck();
  const letterOf = db.prepare<[string, number], number>('select id from dead_letters where destination_id = ? and seq = ?').pluck();
  const { settle } = letterStatements(db);

  /**
   * Copy a refused record to the dead letters. One of which a newer version is kept already is settled by that at once, as it would have been
   * had the refusal come first. @returns whether it was not there yet.
   */
  function asideRefused(row: RefusedRow, destinationId: string, nowMs: number): boolean {
    // The destination's own words may repeat what a guest wrote, and this column stands open: its code must do.
    const detail = row.code.slice(0, 80);
    const { changes } = setAside.run({ destinationId, seq: row.seq, field: row.field, detail, nowMs });
    if (changes === 0) return false;
    countLetter.run(destinationId, row.seq);
    if (isOvertaken.get(row.seq) !== undefined) settle(letterOf.get(destinationId, row.seq) as number, 'newer', nowMs);
    return true;
  }

  /**
   * Move a destination's watermark to `upTo`: everything up to there is confirmed or copied to the dead letters, in one transaction.
   * The watermark only ever moves forward; saying the same twice changes nothing. `tried` is when it was sent, where that is to be kept.
   * @returns whether it has moved.
   */
  const confirm = db.transaction(
    (
      destinationId: string,
      upTo: number,
      refused: readonly RefusedRow[],
      tried: Tried | null,
      nowMs: number,
      { withheld, missed }: PassedOver = nothingPassed,
    ): boolean => {
      const from = position.get(destinationId) ?? 0;
      if (upTo <= from) return false;
      for (const row of refused) asideRefused(row, destinationId, nowMs);
      for (const { seq, reason, otherLedgerId } of withheld) withhold.run(destinationId, seq, reason, otherLedgerId);
      const records = upTo - from - withheld.length - missed;
      // Where nothing was sent the destination has said nothing: its watermark moves, and that is all.
      const said = records > 0 ? { answered: upTo, answeredAtMs: nowMs } : { answered: null, answeredAtMs: null };
      if (records > 0) remember.run(destinationId, upTo, nowMs);
      const counts = { confirmed: records - refused.length, refused: refused.length, withheld: withheld.length, missed };
      move.run({ destinationId, upTo, ...counts, ...said });
      if (tried && records > 0) {
        addAttempt({ destinationId, fromSeq: from + 1, toSeq: upTo, records, ...outcomeOf(records, refused), ...tried });
      }
      return true;
    },
  );
  return { confirm, setAside: asideRefused };
}

/** The part of a refusal that is kept. */
export function refusedRow(seq: number, refusal: Refusal): RefusedRow {
  return { seq, code: refusal.code, field: refusal.field ?? null };
}
