import type { KeyObject } from 'node:crypto';
import { Fault } from '../../contract/faults.ts';
import type { WriteDb } from '../open.ts';
import { openBlock, prunedUpTo, sealBlock } from './blocks.ts';

/** A block is written anew for what can go when it is at least this share of what it holds: sealing it costs as much for one row as for all. */
const leastShare = 0.2;

/** How far a walk of pruning has come: `after` is where it goes on, null at its end. */
export type Pruned = { readonly after: number | null; readonly versions: number };

/**
 * Removes old versions from the outbox: those behind every destination that have been kept for long enough and are not the newest of their record.
 *
 * What is never removed: the newest version of a record, whatever a destination has not confirmed (also a paused one; a shadow holds back
 * nothing), what was refused and not settled, what the figures have not read. While something is to be sent again, nothing is.
 *
 * A version leaves its place in its block, because the numbers of the log have no holes; a block that holds nothing any more is removed.
 */
export function pruneStatements(db: WriteDb, key: KeyObject) {
  const isResending = db.prepare("select 1 from resends where state in ('running', 'paused')").pluck();
  const slowest = db
    .prepare<[], number | null>(
      'select min(coalesce(d.confirmed_seq, 0)) from connections c left join deliveries d on d.destination_id = c.id ' +
        "where c.removed_at_ms is null and json_extract(c.doc, '$.direction') = 'destination' and coalesce(json_extract(c.doc, '$.isShadow'), 0) = 0",
    )
    .pluck();
  const followed = db.prepare<[], number>('select position from follower').pluck();
  type Block = { firstSeq: number; rows: number; ledgerId: number; keptAtMs: number; reason: string | null };
  const next = db.prepare<[number], Block>(
    'select first_seq as firstSeq, rows, ledger_id as ledgerId, kept_at_ms as keptAtMs, reason from blocks where first_seq > ? order by first_seq limit 1',
  );
  const held = db.prepare<[object], { seq: number; canGo: 0 | 1 }>(
    'select o.seq, (r.seq <> o.seq and not exists (select 1 from dead_letters d where d.destination_id in (select id from connections) and d.seq = o.seq)) as canGo ' +
      'from outbox o join records r on r.ledger_id = @ledgerId and r.external_id = o.external_id where o.seq >= @firstSeq and o.seq < @firstSeq + @rows',
  );
  const sealedOf = db.prepare<[number], Buffer>('select sealed from blocks where first_seq = ?').pluck();
  const rewrite = db.prepare('update blocks set sealed = ? where first_seq = ?');
  const dropBlock = db.prepare('delete from blocks where first_seq = ?');
  const dropRow = db.prepare('delete from outbox where seq = ?');
  const dropWithheld = db.prepare('delete from withheld where destination_id in (select id from connections) and seq = ?');
  // The versions of one record, from the newest down to the one that goes.
  const skip = db.prepare(
    'with recursive versions (seq, previous) as (' +
      'select o.seq, o.previous_seq from records r join outbox o on o.seq = r.seq where r.ledger_id = @ledgerId and ' +
      'r.external_id = (select external_id from outbox where seq = @seq) ' +
      'union all select o.seq, o.previous_seq from versions v join outbox o on o.seq = v.previous where v.previous > @seq) ' +
      'update outbox set previous_seq = (select previous_seq from outbox where seq = @seq) ' +
      'where seq = (select seq from versions where previous = @seq)',
  );
  const pruned = prunedUpTo(db);
  const note = db.prepare("insert into settings (key, json) values ('pruned', ?) on conflict (key) do update set json = excluded.json");

  function drop({ ledgerId, reason }: Block, seqs: readonly number[]): void {
    for (const seq of seqs) {
      // A version for figures says nothing new: the one behind it goes on leading to what its source has said.
      if (reason !== null) skip.run({ ledgerId, seq });
      dropRow.run(seq);
      dropWithheld.run(seq);
    }
    note.run(JSON.stringify({ upToSeq: Math.max(pruned(), seqs.at(-1) ?? 0) }));
  }

  /** Take versions out of a block and leave their places empty. One that does not open is left as it is. */
  function blank({ firstSeq, rows }: Block, seqs: ReadonlySet<number>): boolean {
    try {
      const texts = openBlock(key, firstSeq, rows, sealedOf.get(firstSeq) as Buffer);
      const left = texts.map((text, at) => `${seqs.has(firstSeq + at) ? '' : text.toString('utf8')},\n`);
      rewrite.run(sealBlock(key, firstSeq, rows, Buffer.from(left.join(''))), firstSeq);
      return true;
    } catch (error) {
      if (error instanceof Fault && error.code === 'database-damaged') return false;
      throw error;
    }
  }

  /** Prune the next block behind a place, in one transaction with looking at what still needs it. */
  const pruneNext = db.transaction((after: number, keptBeforeMs: number): Pruned => {
    const end: Pruned = { after: null, versions: 0 };
    const block = next.get(after);
    if (!block || isResending.get() !== undefined) return end;
    const floor = Math.min(slowest.get() ?? 0, followed.get() as number);
    if (block.keptAtMs >= keptBeforeMs || block.firstSeq + block.rows - 1 > floor) return end;
    const { firstSeq } = block;
    const rows = held.all(block);
    const go = rows.filter(({ canGo }) => canGo === 1).map(({ seq }) => seq);
    if (go.length === 0 || go.length < rows.length * leastShare) return { after: firstSeq, versions: 0 };
    if (go.length === rows.length) dropBlock.run(firstSeq);
    else if (!blank(block, new Set(go))) return { after: firstSeq, versions: 0 };
    drop(block, go);
    return { after: firstSeq, versions: go.length };
  });

  return { pruneNext };
}
