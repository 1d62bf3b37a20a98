import type { WriteDb } from '../open.ts';
import { isLaterFile } from './files.ts';
import { letterStatements } from './letter-steps.ts';
import { type Batch, placesInRow, type recordStatements, textsInRow } from './records.ts';

/** What became of rows that were tried again. `newer`: a later row of the same key has come since. */
export type Replayed = { readonly kept: number; readonly unchanged: number; readonly newer: number };

/** A row that turned out to hold nothing. */
export type StructureRow = { readonly id: number; readonly fileId: number; readonly byteLength: number };

/** Prepare the steps that try again what was set aside. */
export function replayStatements(db: WriteDb, { store, numbersBack }: Pick<ReturnType<typeof recordStatements>, 'store' | 'numbersBack'>) {
  const letters = letterStatements(db);
  const positionOf = db.prepare<[number], number>('select position from files where id = ?').pluck();
  const moveBytes = db.prepare(
    'update files set bytes_normalised = bytes_normalised + @normalised, bytes_structural = bytes_structural + @structural, ' +
      'bytes_dead_letters = bytes_dead_letters - @normalised - @structural, dead_letters = dead_letters - @rows where id = @fileId',
  );
  const stillOpen = db.prepare<[number], number>('select 1 from dead_letters where id = ?').pluck();
  // A later row of the key: the newest state of the record, or one that was itself kept by trying again and said nothing new.
  const laterRow = db
    .prepare<[object], number>(
      'select 1 from files f join ledgers l on l.hotel_id = f.hotel_id and l.source = f.source and l.entity = f.entity where f.id = @fileId and (' +
        'exists (select 1 from records r join outbox o on o.seq = r.seq join files g on g.id = r.file_id where r.ledger_id = l.id and r.external_id = @externalId ' +
        `and (${isLaterFile} or (g.id = f.id and o.line > @line))) or ` +
        "exists (select 1 from settled_letters s join files g on g.id = s.file_id where s.ledger_id = l.id and s.external_id = @externalId and s.settled_as = 'kept' " +
        `and (${isLaterFile} or (g.id = f.id and s.line > @line))))`,
    )
    .pluck();

  const replayWhole = db.transaction((batch: Batch, letterIds: readonly number[], correlationId: string, nowMs: number): Replayed => {
    const position = positionOf.get(batch.fileId);
    if (position === undefined || letterIds.length !== batch.count) throw new Error('a replay that does not fit its file');
    const texts = batch.texts.split('\0');
    const skipped = new Set<number>();
    let newer = 0;
    let bytes = 0;
    let rows = 0;
    // Decided for all before one is kept: of two rows of one key in this batch both are kept, in their order.
    const isOvertaken = letterIds.map(
      (_, index) =>
        laterRow.get({ fileId: batch.fileId, externalId: texts[index * textsInRow], line: batch.places[index * placesInRow] }) !==
        undefined,
    );
    for (const [index, id] of letterIds.entries()) {
      // Settled meanwhile, by another hand or a later row: then nothing more is to be done.
      const isOpen = stillOpen.get(id) !== undefined;
      if (!isOpen || isOvertaken[index]) skipped.add(index);
      if (!isOpen) continue;
      letters.settle(id, isOvertaken[index] ? 'newer' : 'kept', nowMs, texts[index * textsInRow]);
      if (isOvertaken[index]) newer++;
      else {
        bytes += batch.places[index * placesInRow + 2] as number;
        rows++;
      }
    }
    const stored = store({ ...batch, position, rows: 0 }, Buffer.from(correlationId.replaceAll('-', ''), 'hex'), nowMs, skipped);
    moveBytes.run({ fileId: batch.fileId, normalised: bytes, structural: 0, rows });
    return { kept: stored.kept, unchanged: stored.unchanged, newer };
  });

  /**
   * Keep rows that were set aside and can be read now, and settle their letters, in one transaction. A row that a later one of the same
   * key has overtaken is not kept: an old state never follows a newer one.
   *
   * @param letterIds the letter of each row of the batch, whose byte counts are 0.
   */
  function replayBatch(...args: Parameters<typeof replayWhole>): Replayed {
    return numbersBack(() => replayWhole(...args));
  }

  /** Settle rows that hold no record, such as totals: their bytes are structure. */
  const replayStructure = db.transaction((rows: readonly StructureRow[], nowMs: number): void => {
    for (const { id, fileId, byteLength } of rows)
      if (letters.settle(id, 'structure', nowMs)) moveBytes.run({ fileId, normalised: 0, structural: byteLength, rows: 1 });
  });

  /** Settle rows that later ones of their keys have overtaken. */
  const overtaken = db.transaction((ids: readonly number[], nowMs: number): void => {
    for (const id of ids) letters.settle(id, 'newer', nowMs);
  });

  return { replayBatch, replayStructure, overtaken, stillAside: letters.stillAside };
}
