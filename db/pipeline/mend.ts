import type { KeyObject } from 'node:crypto';
import { Fault } from '../../contract/faults.ts';
import type { ReadDb, WriteDb } from '../open.ts';
import { isSetAside, openBlock } from './blocks.ts';

/**
 * Rows that are set aside because what was kept of them is damaged, to be read once more from the copy of their file. `isNew`: not before;
 * several lines may come to the same damage.
 */
export type DamagedRows = { readonly firstSeq: number; readonly rows: number; readonly setAside: number; readonly isNew: boolean };

/** Prepare the step that sets a damaged block of the outbox aside. */
export function mendStatements(db: WriteDb, key: KeyObject) {
  type Block = { firstSeq: number; rows: number; ledgerId: number; fileId: number | null; sealed: Buffer };
  const blockOf = db.prepare<[number], Block>(
    'select first_seq as firstSeq, rows, ledger_id as ledgerId, file_id as fileId, sealed from blocks where first_seq <= ? order by first_seq desc limit 1',
  );
  const wasDamaged = isSetAside(db);
  const quarantine = db.prepare(
    'insert into damaged_blocks (first_seq, found_at_ms, sealed) values (@firstSeq, @nowMs, @sealed) on conflict do nothing',
  );
  const empty = db.prepare("update blocks set sealed = x'' where first_seq = ?");
  // Of a version behind which a newer one is kept nothing is missing.
  const newest = 'from outbox o join records r on r.ledger_id = @ledgerId and r.external_id = o.external_id and r.seq = o.seq ';
  const within = 'where o.seq >= @firstSeq and o.seq < @firstSeq + @rows';
  const setAside = db.prepare(
    'insert into dead_letters (connection_id, entity, rule, file_id, line, byte_offset, byte_length, ledger_id, external_id, set_aside_at_ms, correlation_id) ' +
      "select coalesce(f.connection_id, ''), l.entity, 'kept-damaged', b.file_id, o.line, o.byte_offset, o.byte_length, l.id, o.external_id, @nowMs, b.correlation_id " +
      `${newest} join ledgers l on l.id = @ledgerId join blocks b on b.first_seq = @firstSeq left join files f on f.id = b.file_id ${within}`,
  );
  // Whatever its source says next is kept and sent as a new version.
  const forget = db.prepare(
    `update records set hash = x'' where ledger_id = @ledgerId and seq >= @firstSeq and seq < @firstSeq + @rows and external_id in (select o.external_id from outbox o ${within})`,
  );
  const forgetRows = db.prepare(
    `update source_rows set hash = x'' where file_id = @fileId and byte_offset in (select o.byte_offset ${newest} ${within})`,
  );
  const sweepAgain = db.prepare(
    "update source_tables set watermark = json_set(watermark, '$.sweptUtc', null) where connection_id = (select connection_id from files where id = @fileId)",
  );
  const account = db.prepare(
    'update files set bytes_normalised = bytes_normalised - @bytes, bytes_dead_letters = bytes_dead_letters + @bytes, dead_letters = dead_letters + @count where id = @fileId',
  );
  const bytesOf = db.prepare<[object], number>(`select coalesce(sum(o.byte_length), 0) ${newest} ${within}`).pluck();
  const count = db.prepare(
    'insert into entity_counts (connection_id, entity, dead_letters) select f.connection_id, l.entity, @count from files f join ledgers l on l.id = @ledgerId ' +
      'where f.id = @fileId on conflict do update set dead_letters = dead_letters + excluded.dead_letters',
  );

  /**
   * Set the rows of a damaged block aside and pass it over, in one transaction: the newest states among them as rows to be read once more,
   * so none is forgotten. What lay there is kept for whoever looks into it.
   * @returns null where the row lies in no damaged block.
   */
  const setDamagedAside = db.transaction((seq: number, nowMs: number): DamagedRows | null => {
    const block = blockOf.get(seq);
    if (!block || seq >= block.firstSeq + block.rows) return null;
    const { firstSeq, rows, ledgerId, fileId, sealed } = block;
    if (wasDamaged(firstSeq)) return { firstSeq, rows, setAside: 0, isNew: false };
    if (opens(block)) return null;
    const given = { firstSeq, rows, ledgerId, nowMs };
    quarantine.run({ firstSeq, nowMs, sealed });
    const { changes } = setAside.run(given);
    forget.run(given);
    if (fileId !== null && changes > 0) {
      account.run({ fileId, count: changes, bytes: bytesOf.get({ firstSeq, rows, ledgerId }) });
      count.run({ fileId, ledgerId, count: changes });
      if (forgetRows.run({ fileId, firstSeq, rows, ledgerId }).changes > 0) sweepAgain.run({ fileId });
    }
    empty.run(firstSeq);
    return { firstSeq, rows, setAside: changes, isNew: true };
  });

  function opens({ firstSeq, rows, sealed }: Block): boolean {
    try {
      openBlock(key, firstSeq, rows, sealed);
      return true;
    } catch (error) {
      if (error instanceof Fault && error.code === 'database-damaged') return false;
      throw error;
    }
  }

  return { setDamagedAside };
}

/** What was found damaged since a time: how many blocks, and how many rows they held. */
export function damageSince(db: ReadDb, sinceMs: number): { readonly blocks: number; readonly rows: number } {
  return db
    .prepare<[number], { blocks: number; rows: number }>(
      'select count(*) as blocks, coalesce(sum(b.rows), 0) as rows from damaged_blocks d join blocks b on b.first_seq = d.first_seq where d.found_at_ms > ?',
    )
    .get(sinceMs) as { blocks: number; rows: number };
}
