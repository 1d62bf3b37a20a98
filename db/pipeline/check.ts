import type { KeyObject } from 'node:crypto';
import type { CheckFinding } from '../../contract/check.ts';
import { Fault } from '../../contract/faults.ts';
import { areSaidWhole, isDamage } from '../faults.ts';
import type { ReadDb, WriteDb } from '../open.ts';
import { auditEnd } from './audit.ts';
import { isSetAside, openBlock } from './blocks.ts';

/** A bite of a check ends when it has taken so long: a list of the console may wait behind it. */
const biteMs = 40;
/** So many records are named of a copy that is damaged. */
const mostKeys = 20;

type Found = Pick<CheckFinding, 'kind' | 'name' | 'rows'> & { readonly firstSeq: number };

/** Blocks of the outbox that were looked at. `nextSeq`: where the next bite begins; null at the end. */
export type BlocksBite = {
  readonly blocks: number;
  readonly rows: number;
  readonly found: readonly Found[];
  readonly nextSeq: number | null;
  readonly lastSeq: number;
};

const newestSeals = 5;

/**
 * Whether a database is of another key: of what is sealed in it (the end of the chain of acts, the last blocks) there are at least two, and
 * none opens. Nothing sealed, or one seal that does not open, may as well be a damaged one.
 */
export function isOfOtherKey(db: ReadDb, key: KeyObject): boolean {
  const { head, isSealed } = auditEnd(db, key);
  if (head !== null) return false;
  type Block = { firstSeq: number; rows: number; sealed: Buffer };
  const blocks = db.prepare<[number], Block>(
    "select first_seq as firstSeq, rows, sealed from blocks where sealed <> x'' order by first_seq desc limit ?",
  );
  const newest = blocks.all(newestSeals);
  if (newest.length + (isSealed ? 1 : 0) < 2) return false;
  return !newest.some(({ firstSeq, rows, sealed }) => opens(() => openBlock(key, firstSeq, rows, sealed)));
}

function opens(open: () => unknown): boolean {
  try {
    open();
    return true;
  } catch {
    return false;
  }
}

/** The tables of the database, each of which is checked by itself, so that none holds the log of the database open for long. */
export function tablesToCheck(db: ReadDb): string[] {
  return ['sqlite_schema', ...db.prepare<[], string>("select name from sqlite_schema where type = 'table' order by name").pluck().all()];
}

/** Whether the pages of a table and of its indexes fit together. It reads all of them: for the reader thread. */
export function isTableSound(db: ReadDb, table: string): boolean {
  return isSound(() => areSaidWhole(db.pragma(`integrity_check("${table}")`, { simple: true }), db.name));
}

/** Whether the pages of the whole database fit together. For a thread of its own. */
export function isDatabaseSound(db: ReadDb): boolean {
  return isSound(() => areSaidWhole(db.pragma('integrity_check(1)', { simple: true }), db.name));
}

function isSound(look: () => boolean): boolean {
  try {
    return look();
  } catch (error) {
    // A page that could not be read, or was not let to be, says nothing of what is in it.
    if (isDamage(error)) return false;
    throw error;
  }
}

/** Open the blocks from a row on, for a moment: each seal, and whether it holds as many rows as are listed. For the reader thread. */
export function checkBlocks(db: ReadDb, key: KeyObject, fromSeq: number): BlocksBite {
  type Block = { firstSeq: number; rows: number; sealed: Buffer };
  const blocks = db.prepare<[number], Block>(
    'select first_seq as firstSeq, rows, sealed from blocks where first_seq >= ? order by first_seq',
  );
  const listed = db.prepare<[number, number], number>('select count(*) from outbox where seq >= ? and seq < ?').pluck();
  const newest = db.prepare<[], number>('select coalesce(max(seq), 0) from outbox').pluck();
  const wasDamaged = isSetAside(db);
  const found: Found[] = [];
  const began = performance.now();
  let count = 0;
  let rows = 0;
  let at = fromSeq;

  /** What was pruned leaves the list together with its block: rows that are listed and lie in none are missing. */
  function lookForMissing(upTo: number): void {
    const missing = upTo > at ? (listed.get(at, upTo) as number) : 0;
    if (missing > 0) found.push({ kind: 'block-gone', name: `outbox ${at}`, rows: missing, firstSeq: at });
  }

  function isWhole({ firstSeq, rows: held, sealed }: Block): boolean {
    try {
      const texts = openBlock(key, firstSeq, held, sealed);
      return texts.filter((text) => text.length > 0).length === listed.get(firstSeq, firstSeq + held);
    } catch (error) {
      if (error instanceof Fault && error.code === 'database-damaged') return false;
      throw error;
    }
  }

  // One state of the database: a row that is kept meanwhile is never missed in a block that was read before.
  return db.transaction((): BlocksBite => {
    const lastSeq = newest.get() as number;
    for (const block of blocks.iterate(fromSeq)) {
      const { firstSeq } = block;
      lookForMissing(firstSeq);
      at = firstSeq + block.rows;
      count++;
      rows += block.rows;
      const isKnown = block.sealed.length === 0 && wasDamaged(firstSeq);
      if (!isKnown && !isWhole(block)) found.push({ kind: 'block', name: `outbox ${firstSeq}`, rows: block.rows, firstSeq });
      if (performance.now() - began > biteMs) return { blocks: count, rows, found, nextSeq: at, lastSeq };
    }
    lookForMissing(lastSeq + 1);
    return { blocks: count, rows, found, nextSeq: null, lastSeq };
  })();
}

/** Where the last blocks begin. */
export function lastBlocksFrom(db: ReadDb, count: number): number {
  const found = db.prepare<[number], number>('select first_seq from blocks order by first_seq desc limit 1 offset ?').pluck();
  return found.get(count - 1) ?? 1;
}

/** Rows of a damaged block that are still set aside because their copy could not be read once more. */
export function stillDamagedRows(db: ReadDb, firstSeq: number): number {
  return (
    db
      .prepare<[number], number>(
        'select count(*) from blocks b join dead_letters d on d.file_id = b.file_id join outbox o on o.seq >= b.first_seq ' +
          "and o.seq < b.first_seq + b.rows and o.byte_offset = d.byte_offset where b.first_seq = ? and d.rule = 'kept-damaged'",
      )
      .pluck()
      .get(firstSeq) ?? 0
  );
}

/** A file of which a copy is kept. `isPage`: it is a page of a table, which no source gives a second time. */
export type RawFileRow = {
  readonly id: number;
  readonly rawPath: string;
  readonly name: string;
  readonly connectionId: string;
  readonly rows: number;
  readonly isPage: boolean;
};

/** The copies behind a file, in their order. */
export function rawFilesBehind(db: ReadDb, afterId: number, limit: number): RawFileRow[] {
  const rows = db
    .prepare<[number, number], Omit<RawFileRow, 'isPage'> & { isPage: number }>(
      'select id, raw_path as rawPath, name, connection_id as connectionId, rows, ' +
        "exists (select 1 from source_tables t where t.connection_id = files.connection_id) as isPage from files where id > ? and raw_path <> '' order by id limit ?",
    )
    .all(afterId, limit);
  return rows.map((row) => ({ ...row, isPage: row.isPage === 1 }));
}

export function newestFileId(db: ReadDb): number {
  return db.prepare<[], number>('select coalesce(max(id), 0) from files').pluck().get() as number;
}

/** Some of the records of which a file holds the newest word. It looks at all records: for the reader thread. */
export function keysOfFile(db: ReadDb, fileId: number): string[] {
  return db
    .prepare<[number, number], string>('select external_id from records where file_id = ? order by external_id limit ?')
    .pluck()
    .all(fileId, mostKeys);
}

/** Whether the copy of a file was found damaged, and no whole one has been taken since. */
export function isRawDamaged(db: ReadDb, fileId: number): boolean {
  return db.prepare('select 1 from damaged_raw_files where file_id = ?').get(fileId) !== undefined;
}

/** Whether rows of a table still count on the page in which they came. */
export function isPageNeeded(db: ReadDb, fileId: number): boolean {
  return db.prepare("select 1 from source_rows where file_id = ? and hash <> x'' limit 1").get(fileId) !== undefined;
}

/** Prepare the steps that note damaged copies. */
export function checkStatements(db: WriteDb) {
  const note = db.prepare('insert into damaged_raw_files (file_id, found_at_ms) values (?, ?) on conflict do nothing');
  const forget = db.prepare('delete from damaged_raw_files where file_id = ?');
  return {
    /** Note that the copy of a file is damaged, so that it is taken anew where the file still lies. @returns false where that was known. */
    noteDamagedRaw: (fileId: number, nowMs: number): boolean => note.run(fileId, nowMs).changes > 0,
    /** The copy of a file is whole, or has been taken anew. */
    rawIsWhole: (fileId: number): void => void forget.run(fileId),
  };
}
