import type { ReadDb, WriteDb } from '../open.ts';
import type { fileStatements, TakenFile } from './files.ts';

/** What is known of one row of a source: enough to tell whether it has changed, and to find its last content again. */
export type KnownRow = { readonly hash: Buffer; readonly stamp: string | null };

/** A row whose content is new. The places are those in the page's raw file. @shape `hash`: 16 bytes. */
export type ChangedRow = {
  readonly key: string;
  readonly hash: Uint8Array;
  readonly stamp: string | null;
  readonly byteOffset: number;
  readonly byteLength: number;
};

/** Where a table stands, as it was kept. `watermark` is JSON that only the agent reads. */
export type TableMark = { readonly id: number; readonly identity: string; readonly watermark: string };

/** One look at a table: what of it is new, and how far the table is read with it. */
export type TableStep = {
  readonly connectionId: string;
  /** The run that looks, which its rows are counted for; null where it could not be noted. */
  readonly runId: number | null;
  readonly rowsRead: number;
  readonly table: string;
  readonly identity: string;
  readonly watermark: string;
  readonly sweep: number;
  readonly changed: readonly ChangedRow[];
  /** Rows that are as they were, but for their stamp. */
  readonly seen: readonly { readonly key: string; readonly stamp: string | null }[];
  /** Rows that a sweep has missed for the first time. */
  readonly missed: readonly string[];
  /** Rows that are gone for good: said so by the rows of the page. */
  readonly gone: readonly string[];
  /** The raw file that holds the content of what is new. */
  readonly file: TakenFile | null;
};

/** A row that the last sweep has not met. `missed`: the sweep that has missed it first. */
export type UnmetRow = {
  readonly key: string;
  readonly missed: number | null;
  readonly rawPath: string;
  readonly byteOffset: number;
  readonly byteLength: number;
};

/** Rows that make no records lie in no raw file. */
const noFile = 0;

/** Prepare the step that keeps one look at a table. */
export function tableStatements(db: WriteDb, files: ReturnType<typeof fileStatements>) {
  const place = db
    .prepare<[string, string, string, string], number>(
      'insert into source_tables (connection_id, name, identity, watermark) values (?, ?, ?, ?) ' +
        'on conflict do update set identity = excluded.identity, watermark = excluded.watermark returning id',
    )
    .pluck();
  const keep = db.prepare(
    'insert into source_rows (table_id, key, hash, stamp, file_id, byte_offset, byte_length, sweep) values (?, ?, ?, ?, ?, ?, ?, ?) ' +
      'on conflict do update set hash = excluded.hash, stamp = excluded.stamp, file_id = excluded.file_id, byte_offset = excluded.byte_offset, ' +
      'byte_length = excluded.byte_length, sweep = excluded.sweep, missed = null',
  );
  const see = db.prepare('update source_rows set stamp = ?, sweep = ?, missed = null where table_id = ? and key = ?');
  const miss = db.prepare('update source_rows set missed = ? where table_id = ? and key = ? and sweep < ?');
  const forget = db.prepare('delete from source_rows where table_id = ? and key = ?');

  /**
   * Keep one look: the raw file of what is new, the hashes of its rows and how far the table is read commit together, so a crash leaves
   * all of it or none. From here on nothing depends on the source: the file is read to its end however often it takes.
   * @returns the file, where there was something new.
   */
  const keepTable = db.transaction((step: TableStep, nowMs: number): number | null => {
    const tableId = place.get(step.connectionId, step.table, step.identity, step.watermark) as number;
    const fileId = step.file === null ? null : files.registerFile(step.file, nowMs).id;
    for (const row of step.changed)
      keep.run(tableId, row.key, row.hash, row.stamp, fileId ?? noFile, row.byteOffset, row.byteLength, step.sweep);
    for (const { key, stamp } of step.seen) see.run(stamp, step.sweep, tableId, key);
    for (const key of step.missed) miss.run(step.sweep, tableId, key, step.sweep);
    for (const key of step.gone) forget.run(tableId, key);
    return fileId;
  });
  const setMark = db.prepare('update source_tables set watermark = ? where connection_id = ? and name = ?');
  /** Change where a table stands, by a person's word. */
  const setWatermark = (connectionId: string, table: string, watermark: string): boolean =>
    setMark.run(watermark, connectionId, table).changes > 0;
  const forgetRows = db.prepare('delete from source_rows where file_id = ?');
  const sweepAgain = db.prepare("update source_tables set watermark = json_set(watermark, '$.sweptUtc', null) where connection_id = ?");
  /** Forget the rows of a page that cannot be read any more, so that they are read anew: the next walk over all keys is due at once. */
  const forgetPage = db.transaction((connectionId: string, fileId: number): void => {
    if (forgetRows.run(fileId).changes > 0) sweepAgain.run(connectionId);
  });
  return { keepTable, setWatermark, forgetPage };
}

/** Where a table of a connection stands. */
export function tableMark(db: ReadDb, connectionId: string, table: string): TableMark | undefined {
  return db
    .prepare<[string, string], TableMark>('select id, identity, watermark from source_tables where connection_id = ? and name = ?')
    .get(connectionId, table);
}

/** All tables of a connection, with how many rows are known of each. */
export function tableMarks(db: ReadDb, connectionId: string): (TableMark & { readonly name: string })[] {
  return db
    .prepare<[string], TableMark & { name: string }>(
      'select id, name, identity, watermark from source_tables where connection_id = ? order by id',
    )
    .all(connectionId);
}

/** Look up rows of a table by their keys. */
export function knownRows(db: ReadDb, tableId: number): (key: string) => KnownRow | undefined {
  const find = db.prepare<[number, string], KnownRow>('select hash, stamp from source_rows where table_id = ? and key = ?');
  return (key) => find.get(tableId, key);
}

/** How many rows of a table are known. It counts them all: a read for the reader thread. */
export function countRows(db: ReadDb, tableId: number): number {
  return db.prepare<[number], number>('select count(*) from source_rows where table_id = ?').pluck().get(tableId) ?? 0;
}

/** The rows that a sweep has not met, at most `limit`, and how many they are. It looks at all: a read for the reader thread. */
export function unmetRows(db: ReadDb, tableId: number, sweep: number, limit: number): { rows: UnmetRow[]; count: number } {
  const rows = db
    .prepare<[number, number, number], UnmetRow>(
      'select r.key, r.missed, f.raw_path as rawPath, r.byte_offset as byteOffset, r.byte_length as byteLength from source_rows r ' +
        'join files f on f.id = r.file_id where r.table_id = ? and r.sweep < ? order by r.key limit ?',
    )
    .all(tableId, sweep, limit);
  const count = db
    .prepare<[number, number], number>('select count(*) from source_rows where table_id = ? and sweep < ?')
    .pluck()
    .get(tableId, sweep);
  return { rows, count: count ?? 0 };
}
