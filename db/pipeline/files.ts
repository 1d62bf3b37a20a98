import { Fault } from '../../contract/faults.ts';
import type { ReadDb, WriteDb } from '../open.ts';

/** What is known of a file when it has been taken into the raw store. */
export type TakenFile = {
  readonly connectionId: string;
  readonly hotelId: string;
  readonly source: string;
  readonly entity: string;
  readonly name: string;
  readonly path: string;
  /** How the file system tells this content at this path from any other. */
  readonly mark: string;
  readonly sha256: string;
  readonly rawPath: string;
  readonly mappingJson: string;
  readonly bytes: number;
};

/** A file whose rows are not all kept yet, with the byte from which it goes on. */
export type UnfinishedFile = {
  readonly id: number;
  readonly name: string;
  readonly path: string | null;
  readonly hotelId: string;
  readonly source: string;
  readonly entity: string;
  readonly rawPath: string;
  readonly mappingJson: string;
  readonly bytes: number;
  readonly position: number;
};

const unfinishedColumns =
  'id, name, path, hotel_id as hotelId, source, entity, raw_path as rawPath, mapping as mappingJson, bytes, position';

/** Prepare the steps that register and finish a file. */
export function fileStatements(db: WriteDb) {
  type Known = { id: number; taken_at_ms: number; finished_at_ms: number | null; mapping: string; used: number };
  const find = db.prepare<[string, string], Known>(
    'select id, taken_at_ms, finished_at_ms, mapping, kept + unchanged as used from files where connection_id = ? and sha256 = ?',
  );
  const uncount = db.prepare(
    'update entity_counts set dead_letters = dead_letters - (select dead_letters from files where id = @id) ' +
      'where (connection_id, entity) = (select connection_id, entity from files where id = @id)',
  );
  const dropLetters = db.prepare('delete from dead_letters where file_id = ? and destination_id is null');
  const startAgain = db.prepare(
    'update files set mapping = ?, position = 0, rows = 0, bytes_normalised = 0, bytes_dead_letters = 0, bytes_structural = 0, dead_letters = 0, ' +
      'finished_at_ms = null where id = ?',
  );

  /** A file of which nothing could be used is read anew when it comes again under a mended mapping. */
  function reopen(id: number, mappingJson: string): void {
    uncount.run({ id });
    dropLetters.run(id);
    startAgain.run(mappingJson, id);
  }

  const add = db.prepare(
    'insert into files (connection_id, hotel_id, source, entity, name, path, sha256, raw_path, mapping, bytes, taken_at_ms, last_seen_at_ms) ' +
      'values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const see = db.prepare(
    'insert into sightings (connection_id, path, mark, file_id, seen_at_ms) values (?, ?, ?, ?, ?) on conflict do nothing',
  );
  const seeAgain = db.prepare('update files set seen_before = seen_before + 1, last_seen_at_ms = ? where id = ?');
  const accounts = db.prepare<[number], { name: string; bytes: number; accounted: number }>(
    'select name, bytes, bytes_normalised + bytes_dead_letters + bytes_structural as accounted from files where id = ?',
  );
  const finish = db.prepare('update files set finished_at_ms = ? where id = ? and finished_at_ms is null');

  /**
   * Register a file by its content: the same content again is the same file, whatever its name or time.
   * @returns its id, and whether it was known before and is finished.
   */
  const registerFile = db.transaction(
    (file: TakenFile, nowMs: number): { id: number; isKnown: boolean; isFinished: boolean; takenAtMs: number } => {
      const known = find.get(file.connectionId, file.sha256);
      if (known) {
        // The same file lying where it lay is no news; the same content under another name or written anew is.
        if (see.run(file.connectionId, file.path, file.mark, known.id, nowMs).changes > 0) seeAgain.run(nowMs, known.id);
        const isReopened = known.mapping !== file.mappingJson && known.used === 0;
        if (isReopened) reopen(known.id, file.mappingJson);
        return { id: known.id, isKnown: true, isFinished: known.finished_at_ms !== null && !isReopened, takenAtMs: known.taken_at_ms };
      }
      const { lastInsertRowid } = add.run(
        file.connectionId,
        file.hotelId,
        file.source,
        file.entity,
        file.name,
        file.path,
        file.sha256,
        file.rawPath,
        file.mappingJson,
        file.bytes,
        nowMs,
        nowMs,
      );
      see.run(file.connectionId, file.path, file.mark, lastInsertRowid, nowMs);
      return { id: Number(lastInsertRowid), isKnown: false, isFinished: false, takenAtMs: nowMs };
    },
  );

  /**
   * Close a file when every byte of it is a record, a dead letter or structure.
   * @throws {Fault} `bytes-unaccounted` when that does not add up: the file then stays open and is shown.
   */
  function finishFile(fileId: number, nowMs: number): void {
    const account = accounts.get(fileId);
    if (!account) throw new Error(`no file ${fileId}`);
    const missing = account.bytes - account.accounted;
    if (missing !== 0) throw new Fault('bytes-unaccounted', { file: account.name, missing: String(missing) });
    finish.run(nowMs, fileId);
  }

  return { registerFile, finishFile };
}

/** The files of a connection that a stop or a crash left half read, oldest first. */
export function unfinishedFiles(db: ReadDb, connectionId: string): UnfinishedFile[] {
  return db
    .prepare<[string], UnfinishedFile>(
      `select ${unfinishedColumns} from files where connection_id = ? and finished_at_ms is null order by id`,
    )
    .all(connectionId);
}

/** One file with what reading it needs. */
export function fileById(db: ReadDb, id: number): UnfinishedFile | undefined {
  return db.prepare<[number], UnfinishedFile>(`select ${unfinishedColumns} from files where id = ?`).get(id);
}

/** Tell whether a connection has taken a file with this content. */
export function isContentKnown(db: ReadDb, connectionId: string, sha256: string): boolean {
  return db.prepare('select 1 from files where connection_id = ? and sha256 = ?').get(connectionId, sha256) !== undefined;
}

/** Tell whether a connection has seen this very file at this path: the same size, times and place on the disk. */
export function isSighted(db: ReadDb, connectionId: string, path: string, mark: string): boolean {
  return (
    db.prepare('select 1 from sightings where connection_id = ? and path = ? and mark = ?').get(connectionId, path, mark) !== undefined
  );
}
