import { Fault } from '../../contract/faults.ts';
import type { ReadDb, WriteDb } from '../open.ts';
import { checkStatements, isRawDamaged, newestFileId } from './check.ts';

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
  /** How it is written, as the mapping says or as it was found. */
  readonly layoutJson: string;
  readonly bytes: number;
};

/** A file whose rows are not all kept yet, with the byte from which it goes on. */
export type UnfinishedFile = {
  readonly id: number;
  readonly connectionId: string;
  readonly name: string;
  readonly path: string | null;
  /** How the file system told the file when it was taken. */
  readonly mark: string | null;
  readonly sha256: string;
  readonly hotelId: string;
  readonly source: string;
  readonly entity: string;
  readonly rawPath: string;
  readonly mappingJson: string;
  readonly layoutJson: string;
  readonly bytes: number;
  readonly position: number;
};

/** Where it is noted when all content was forgotten last: what was read before may be other at a destination. */
export const contentForgotten = 'content-forgotten';

/** Where it is noted that a backup has taken the place of the database, until what was taken since has been read again: {@link UnnamedSince}. */
export const unnamedSince = 'unnamed-since';

/** When that backup was made, and the newest file that it knows. */
export type UnnamedSince = { readonly madeAtMs: number; readonly newestFileId: number };

const unfinishedColumns =
  '(select mark from sightings s where s.file_id = files.id and s.path = files.path order by seen_at_ms desc limit 1) as mark, id, connection_id as connectionId, name, path, sha256, hotel_id as hotelId, source, entity, raw_path as rawPath, mapping as mappingJson, layout as layoutJson, bytes, position';

/**
 * What registering a file has found. `isKnown`: its content was taken before; `isFinished`: nothing of it is left to read;
 * `uselessRaw`: the raw file that nobody needs any more, or ''.
 */
export type RegisteredFile = {
  readonly id: number;
  readonly isKnown: boolean;
  readonly isFinished: boolean;
  readonly takenAtMs: number;
  readonly uselessRaw: string;
};

/** Prepare the steps that register and finish a file. */
export function fileStatements(db: WriteDb) {
  type Known = { id: number; taken_at_ms: number; finished_at_ms: number | null; mapping: string; used: number; raw_path: string };
  const find = db.prepare<[string, string], Known>(
    'select id, taken_at_ms, finished_at_ms, mapping, raw_path, kept + unchanged as used from files where connection_id = ? and sha256 = ?',
  );
  const uncount = db.prepare(
    'update entity_counts set dead_letters = dead_letters - (select count(*) from dead_letters where file_id = @id and destination_id is null) ' +
      'where (connection_id, entity) = (select connection_id, entity from files where id = @id)',
  );
  const dropLetters = db.prepare('delete from dead_letters where file_id = ? and destination_id is null');
  const startAgain = db.prepare(
    'update files set mapping = ?, layout = ?, position = 0, rows = 0, kept = 0, unchanged = 0, duplicates = 0, bytes_normalised = 0, bytes_dead_letters = 0, bytes_structural = 0, dead_letters = 0, ' +
      'finished_at_ms = null where id = ?',
  );

  /** Read a file anew from its start: what was kept of it stays kept, and unchanged rows cost nothing. */
  function reopen(id: number, mappingJson: string, layoutJson: string): void {
    uncount.run({ id });
    dropLetters.run(id);
    startAgain.run(mappingJson, layoutJson, id);
  }

  const add = db.prepare(
    'insert into files (connection_id, hotel_id, source, entity, name, path, sha256, raw_path, mapping, layout, bytes, taken_at_ms, last_seen_at_ms) ' +
      'values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const see = db.prepare(
    'insert into sightings (connection_id, path, mark, file_id, seen_at_ms) values (?, ?, ?, ?, ?) ' +
      'on conflict do update set file_id = excluded.file_id, seen_at_ms = excluded.seen_at_ms',
  );
  const fileSeen = db
    .prepare<[string, string, string], number>('select file_id from sightings where connection_id = ? and path = ? and mark = ?')
    .pluck();
  const newestAt = db
    .prepare<[string, string], number>(
      'select file_id from sightings where connection_id = ? and path = ? order by seen_at_ms desc, file_id desc limit 1',
    )
    .pluck();
  const renewRaw = db.prepare('update files set raw_path = ?, bytes = ? where id = ?');
  const laterUsed = db.prepare<[number], number>(`select 1 ${laterThan} and g.kept + g.unchanged > 0 limit 1`).pluck();
  const seeAgain = db.prepare('update files set seen_before = seen_before + 1, last_seen_at_ms = ? where id = ?');
  const { rawIsWhole } = checkStatements(db);
  const hasDamage = db.prepare<[number], number>("select 1 from dead_letters where file_id = ? and rule = 'kept-damaged' limit 1").pluck();
  const forgottenAtMs = db.prepare<[], number>(`select json from settings where key = '${contentForgotten}'`).pluck();
  const accounts = db.prepare<[number], { name: string; bytes: number; accounted: number }>(
    'select name, bytes, bytes_normalised + bytes_dead_letters + bytes_structural as accounted from files where id = ?',
  );
  const finish = db.prepare('update files set finished_at_ms = ? where id = ? and finished_at_ms is null');

  /**
   * Register a file by its content: the same content again is the same file, whatever its name or time.
   * @returns its id, and whether it was known before and is finished.
   */
  const registerFile = db.transaction((file: TakenFile, nowMs: number): RegisteredFile => {
    const known = find.get(file.connectionId, file.sha256);
    if (known) {
      const before = newestAt.get(file.connectionId, file.path);
      // Asked before this sighting makes it the newest of all.
      const isLaterUsed = laterUsed.get(known.id) !== undefined;
      // The same file lying where it lay is no news; the same content under another name, written anew or put back with its old time is.
      const isNews = before !== known.id || fileSeen.get(file.connectionId, file.path, file.mark) !== known.id;
      if (isNews) {
        see.run(file.connectionId, file.path, file.mark, known.id, nowMs);
        seeAgain.run(nowMs, known.id);
      }
      const finishedAtMs = isNews ? known.finished_at_ms : null;
      // Written back after something else had stood there, an old content is the newest word of the hotel system again.
      const isWrittenBack = finishedAtMs !== null && before !== undefined && before !== known.id;
      // Or nobody knows whether it is what the destinations have.
      const isForgotten = finishedAtMs !== null && finishedAtMs <= Number(forgottenAtMs.get() ?? Number.NEGATIVE_INFINITY);
      const isBackAgain = isWrittenBack || isForgotten;
      // Nothing of it could be used by the mapping before, or some of it is damaged here. Behind later files its rows would be old states:
      // then only trying them again, one by one, looks at each.
      const isUnused = known.mapping !== file.mappingJson && known.used === 0;
      const isDamaged = finishedAtMs !== null && hasDamage.get(known.id) !== undefined;
      const isMended = (isUnused || isDamaged) && !isLaterUsed;
      if (isBackAgain || isMended) reopen(known.id, file.mappingJson, file.layoutJson);
      const isFinished = known.finished_at_ms !== null && !isBackAgain && !isMended;
      // The copy that was just made is whole; the one of an unfinished file may have been lost or damaged.
      const isNeeded = known.finished_at_ms === null || isBackAgain || isMended || isRawDamaged(db, known.id);
      const isRenewed = isNeeded && file.rawPath !== '';
      if (isRenewed) {
        renewRaw.run(file.rawPath, file.bytes, known.id);
        rawIsWhole(known.id);
      }
      return {
        id: known.id,
        isKnown: true,
        isFinished,
        takenAtMs: known.taken_at_ms,
        uselessRaw: isRenewed ? known.raw_path : file.rawPath,
      };
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
      file.layoutJson,
      file.bytes,
      nowMs,
      nowMs,
    );
    see.run(file.connectionId, file.path, file.mark, lastInsertRowid, nowMs);
    return { id: Number(lastInsertRowid), isKnown: false, isFinished: false, takenAtMs: nowMs, uselessRaw: '' };
  });

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

  const finishedAtOf = db.prepare<[number], { finished: number | null }>('select finished_at_ms as finished from files where id = ?');
  /** Read a finished file anew with another mapping. */
  const reopenFile = db.transaction((id: number, mappingJson: string, layoutJson: string): void => {
    if (finishedAtOf.get(id)?.finished !== null) reopen(id, mappingJson, layoutJson);
  });

  return { registerFile, finishFile, reopenFile };
}

/** The files of a connection that a stop or a crash left half read, oldest first. */
export function unfinishedFiles(db: ReadDb, connectionId: string): UnfinishedFile[] {
  return db
    .prepare<[string], UnfinishedFile>(
      `select ${unfinishedColumns} from files where connection_id = ? and finished_at_ms is null order by id`,
    )
    .all(connectionId);
}

/** Every file that is half read, whosever it is, oldest first. */
export function allUnfinishedFiles(db: ReadDb): UnfinishedFile[] {
  return db.prepare<[], UnfinishedFile>(`select ${unfinishedColumns} from files where finished_at_ms is null order by id`).all();
}

/** The raw files that are named by a row. */
export function namedRawFiles(db: ReadDb): Set<string> {
  return new Set(db.prepare<[], string>("select raw_path from files where raw_path <> ''").pluck().all());
}

type WhoseFile = Pick<TakenFile, 'hotelId' | 'source' | 'entity'>;

/** Whether one of the files up to `newestFileId` came behind `afterFileId` for the same records. */
export function isFollowed(db: ReadDb, { hotelId, source, entity }: WhoseFile, afterFileId: number, newestFileId: number): boolean {
  const found = db.prepare('select 1 from files where hotel_id = ? and source = ? and entity = ? and id > ? and id <= ? limit 1');
  return found.get(hotelId, source, entity, afterFileId, newestFileId) !== undefined;
}

/**
 * Behind which file the content that is being taken has its place in the order of all files. That is the end; but what was taken before and
 * only gets another copy keeps its place. No clock is asked.
 */
export function placeOfContent(db: ReadDb, { connectionId, sha256, path }: Pick<TakenFile, 'connectionId' | 'sha256' | 'path'>): number {
  const known = db
    .prepare<[string, string], number>('select id from files where connection_id = ? and sha256 = ?')
    .pluck()
    .get(connectionId, sha256);
  const lastThere = db.prepare<[string, string], number>(
    'select file_id from sightings where connection_id = ? and path = ? order by seen_at_ms desc, file_id desc limit 1',
  );
  const isWhereItWas = known !== undefined && lastThere.pluck().get(connectionId, path) === known;
  return isWhereItWas ? known - 1 : newestFileId(db);
}

/**
 * The files of the same connection that came later for the same records and of which rows were used, whole, in their order. A connection reads
 * one file after the other; those of another go on beside it, and none of them has come behind anything.
 */
export function laterUsedFiles(db: ReadDb, id: number): UnfinishedFile[] {
  // Most files are the newest of all when they are read.
  if (id === newestFileId(db)) return [];
  const isUsed = db.prepare(
    'select 1 from files g join files f on f.id = ? and f.connection_id = g.connection_id where g.id = ? and g.kept + g.unchanged > 0 and g.finished_at_ms is not null',
  );
  return laterFiles(db, id).flatMap((later) => (isUsed.get(id, later.id) === undefined ? [] : (fileById(db, later.id) ?? [])));
}

/** One file with what reading it needs. */
export function fileById(db: ReadDb, id: number): UnfinishedFile | undefined {
  return db.prepare<[number], UnfinishedFile>(`select ${unfinishedColumns} from files where id = ?`).get(id);
}

/** Tell whether a connection has taken a file with this content and has nothing of it left to read. */
export function isContentKnown(db: ReadDb, connectionId: string, sha256: string): boolean {
  return (
    db.prepare('select 1 from files where connection_id = ? and sha256 = ? and finished_at_ms is not null').get(connectionId, sha256) !==
    undefined
  );
}

/**
 * Tell whether a connection has seen this very file at this path: the same size, times and place on the disk. One whose copy is damaged here
 * counts as not seen.
 */
export function isSighted(db: ReadDb, connectionId: string, path: string, mark: string): boolean {
  return (
    db
      .prepare(
        'select 1 from sightings s where connection_id = ? and path = ? and mark = ? ' +
          'and not exists (select 1 from damaged_raw_files d where d.file_id = s.file_id)',
      )
      .get(connectionId, path, mark) !== undefined
  );
}

/**
 * The file that lay at this path under this mark when it was looked at last, if nothing of it is left to read: not one of which nothing
 * could be used and that another mapping may read.
 */
export function finishedAt(
  db: ReadDb,
  file: { readonly connectionId: string; readonly path: string; readonly mark: string; readonly mappingJson: string },
): number | null {
  type Newest = { id: number; mark: string; finished: number | null; mapping: string; used: number };
  const newest = db
    .prepare<[string, string], Newest>(
      'select s.mark, f.id, f.finished_at_ms as finished, f.mapping, f.kept + f.unchanged as used from sightings s join files f on f.id = s.file_id ' +
        'where s.connection_id = ? and s.path = ? order by s.seen_at_ms desc, s.file_id desc limit 1',
    )
    .get(file.connectionId, file.path);
  if (!newest || newest.mark !== file.mark || newest.finished === null || isRawDamaged(db, newest.id)) return null;
  return newest.used === 0 && newest.mapping !== file.mappingJson && !isLaterFileUsed(db, newest.id) ? null : newest.id;
}

/** Who has half read files that no schedule goes on with: imports by hand, and connections that were removed. */
export function unfinishedOrphans(db: ReadDb): { connectionId: string }[] {
  return db
    .prepare<[], { connectionId: string }>(
      'select connection_id as connectionId from files f where finished_at_ms is null ' +
        'and not exists (select 1 from connections c where c.id = f.connection_id and c.removed_at_ms is null) group by connection_id order by min(id)',
    )
    .all();
}

/** Whether file `g` was read, or its content seen, later than file `f`: ids alone do not tell, as an old content can come back. */
export const isLaterFile = '(g.id <> f.id and (g.last_seen_at_ms, g.id) > (f.last_seen_at_ms, f.id))';
const laterThan = `from files f join files g on g.hotel_id = f.hotel_id and g.source = f.source and g.entity = f.entity and ${isLaterFile} where f.id = ?`;

/** Whether rows of a file that came later for the same records were used. */
export function isLaterFileUsed(db: ReadDb, id: number): boolean {
  return db.prepare(`select 1 ${laterThan} and g.kept + g.unchanged > 0 limit 1`).get(id) !== undefined;
}

/** The files that came later for the same records. `isSeenAgain`: its content had been there before and may not have been read again. */
export function laterFiles(db: ReadDb, id: number): { id: number; isSeenAgain: boolean }[] {
  return db
    .prepare<[number], { id: number; seenBefore: number }>(
      `select g.id, g.seen_before as seenBefore ${laterThan} order by g.last_seen_at_ms, g.id`,
    )
    .all(id)
    .map((row) => ({ id: row.id, isSeenAgain: row.seenBefore > 0 }));
}
