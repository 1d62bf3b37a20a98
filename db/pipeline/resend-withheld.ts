import type { ReadDb } from '../open.ts';
import { connectionById } from './connections.ts';
import { blockOf, sentLater } from './outbox.ts';
import { withholding } from './withheld.ts';

/**
 * Of the records that were withheld from a destination: how many the rules as they are now keep back still, and how many they let through,
 * `releasedOlder` of them where the destination has an older state.
 */
export type WithheldCount = { readonly withheld: number; readonly released: number; readonly releasedOlder: number };
export const noneWithheld: WithheldCount = { withheld: 0, released: 0, releasedOlder: 0 };

type Query = { readonly destinationId: string; readonly confirmedSeq: number; readonly upTo: number };
type Rows = { readonly from: string; readonly where: string; readonly given: object };

/** Count what was withheld among the newest states of some records, `r` in `from`. */
export function withheldCount(db: ReadDb, { destinationId, confirmedSeq, upTo }: Query, { from, where, given }: Rows): WithheldCount {
  const judged = judgeWithheld(db, destinationId, confirmedSeq);
  if (!judged) return noneWithheld;
  const seqs = db
    .prepare<[object], number>(
      `select r.seq from ${from} join withheld w on w.destination_id = @destinationId and w.seq = r.seq and w.reason <> '${sentLater}' ` +
        `where r.seq <= @last and ${where}`,
    )
    .pluck()
    .all({ ...given, destinationId, last: Math.min(upTo, confirmedSeq) });
  const count = { withheld: 0, released: 0, releasedOlder: 0 };
  for (const seq of seqs) {
    const found = judged(seq);
    if (found?.isWithheld) count.withheld++;
    else if (found) count.released++;
    if (found?.olderSeq != null) count.releasedOlder++;
  }
  return count;
}

/**
 * Tell what would become of a version that was withheld: null of one that was not. `olderSeq`: the older state that the destination has of one
 * that the rules let through. Null as a whole where nothing is withheld from the destination.
 */
export function judgeWithheld(
  db: ReadDb,
  destinationId: string,
  confirmedSeq: number,
): ((seq: number) => { readonly isWithheld: boolean; readonly olderSeq: number | null } | null) | null {
  if (db.prepare('select 1 from withheld where destination_id = ? limit 1').get(destinationId) === undefined) return null;
  const sharePercent = connectionById(db, destinationId)?.sharePercent ?? 100;
  const whyNot = withholding(db, { destinationId, sharePercent });
  const was = db.prepare<[string, number], number>(
    `select 1 from withheld where destination_id = ? and seq = ? and reason <> '${sentLater}'`,
  );
  const older = db.prepare<[object], number | null>(`select (${olderConfirmed}) from (select @seq as seq) d`).pluck();
  return (seq) => {
    if (was.get(destinationId, seq) === undefined) return null;
    if (whyNot(seq) !== null) return { isWithheld: true, olderSeq: null };
    return { isWithheld: false, olderSeq: older.get({ destinationId, confirmedSeq, seq }) ?? null };
  };
}

/**
 * The newest version before `d.seq` that the destination has confirmed: passed by its watermark, and neither refused
 * nor withheld, or taken later.
 */
export const olderConfirmed =
  'with recursive way (seq) as (select previous_seq from outbox where seq = d.seq union all ' +
  'select o.previous_seq from way w join outbox o on o.seq = w.seq where w.seq is not null) ' +
  'select max(w.seq) from way w where w.seq <= @confirmedSeq ' +
  'and not exists (select 1 from dead_letters x where x.destination_id = @destinationId and x.seq = w.seq) ' +
  `and not exists (select 1 from withheld y where y.destination_id = @destinationId and y.seq = w.seq and y.reason <> '${sentLater}') ` +
  `and not exists (select 1 from outbox v join blocks b on b.first_seq = ${blockOf('v.seq')} ` +
  'join settled_letters s on s.file_id = b.file_id and s.byte_offset = v.byte_offset ' +
  "where v.seq = w.seq and s.seq = v.seq and s.destination_id = @destinationId and s.settled_as <> 'confirmed')";
