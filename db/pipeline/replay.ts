import type { WriteDb } from '../open.ts';
import { letterStatements } from './letter-steps.ts';
import { type Batch, type IsOvertaken, placesInRow, type recordStatements } from './records.ts';

/** What became of rows that were tried again. `newer`: a later row of the same key has come since. */
export type Replayed = { readonly kept: number; readonly unchanged: number; readonly newer: number };

/** A row that turned out to hold nothing. */
export type StructureRow = { readonly id: number; readonly fileId: number; readonly byteLength: number };

/** Prepare the steps that try again what was set aside. */
export function replayStatements(db: WriteDb, { store, numbersBack }: Pick<ReturnType<typeof recordStatements>, 'store' | 'numbersBack'>) {
  const letters = letterStatements(db);
  const lineOf = db.prepare<[number], number | null>('select line from outbox where seq = ?').pluck();
  const positionOf = db.prepare<[number], number>('select position from files where id = ?').pluck();
  const moveBytes = db.prepare(
    'update files set bytes_normalised = bytes_normalised + @normalised, bytes_structural = bytes_structural + @structural, ' +
      'bytes_dead_letters = bytes_dead_letters - @normalised - @structural, dead_letters = dead_letters - @rows where id = @fileId',
  );
  const stillOpen = db.prepare<[number], number>('select 1 from dead_letters where id = ?').pluck();

  const replayWhole = db.transaction((batch: Batch, letterIds: readonly number[], correlationId: string, nowMs: number): Replayed => {
    const position = positionOf.get(batch.fileId);
    if (position === undefined || letterIds.length !== batch.count) throw new Error('a replay that does not fit its file');
    const overtaken = new Set<number>();
    const isOvertaken: IsOvertaken = (known, index) => {
      // Settled meanwhile, by another hand or a later row.
      const isGone = stillOpen.get(letterIds[index] as number) === undefined;
      const line = batch.places[index * placesInRow] as number;
      const isLater =
        known.file_id !== null && (known.file_id > batch.fileId || (known.file_id === batch.fileId && (lineOf.get(known.seq) ?? 0) > line));
      if (isGone || isLater) overtaken.add(index);
      return isGone || isLater;
    };
    const stored = store({ ...batch, position, rows: 0 }, Buffer.from(correlationId.replaceAll('-', ''), 'hex'), nowMs, isOvertaken);
    let bytes = 0;
    let rows = 0;
    for (const [index, id] of letterIds.entries()) {
      const isSettled = letters.settle(id, overtaken.has(index) ? 'newer' : 'kept', nowMs);
      if (!isSettled || overtaken.has(index)) continue;
      bytes += batch.places[index * placesInRow + 2] as number;
      rows++;
    }
    moveBytes.run({ fileId: batch.fileId, normalised: bytes, structural: 0, rows });
    return { kept: stored.kept, unchanged: stored.unchanged, newer: overtaken.size };
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
