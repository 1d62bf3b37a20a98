import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Fault } from '../contract/faults.ts';
import { areSaidWhole, isDamage } from './faults.ts';
import { pipelineMigrations } from './migrations/index.ts';

declare const readable: unique symbol;
declare const writable: unique symbol;
/** A handle that only reads. A function that takes it cannot write, by type and by the file's own lock. */
export type ReadDb = Database.Database & { readonly [readable]: true };
/** The handle of the one writing thread. */
export type WriteDb = ReadDb & { readonly [writable]: true };

/** 3.51.3 mends the WAL-reset fault that could corrupt a database shared by two connections. */
const oldestSafeSqlite = [3, 51, 3] as const;
const headerBytes = 100;
const checkedAtStartBytes = 256 * 1024 * 1024;

/**
 * Open pipeline.db for its writing thread: create or migrate it, and prove that every setting that keeps it safe holds.
 *
 * @throws {Fault} `database-newer` for a schema this build does not know (the file stays untouched), `database-damaged`
 *   when it is no sound database, `database-unreadable` when it cannot be reached, `database-unsafe` when a setting cannot be had.
 */
export function openForWriting(path: string): WriteDb {
  return opened(path, () => {
    const isChecked = assertUntouchedKnown(path);
    const db = new Database(path, { timeout: 10_000 });
    try {
      assertSqlite(db);
      if (!isChecked) assertKnownSchema(db, path);
      // The page size only takes effect before the file becomes a WAL database.
      if (db.pragma('page_count', { simple: true }) === 0) db.pragma('page_size = 8192');
      setAndReadBack(db, 'journal_mode', 'wal');
      // better-sqlite3 opens an existing WAL file at NORMAL, which loses acknowledged rows in a power cut.
      setAndReadBack(db, 'synchronous', 2);
      setAndReadBack(db, 'foreign_keys', 1);
      setAndReadBack(db, 'secure_delete', 1);
      setAndReadBack(db, 'trusted_schema', 0);
      setAndReadBack(db, 'cell_size_check', 1);
      setAndReadBack(db, 'wal_autocheckpoint', 8000);
      // In KiB. Pages that are read again soon lie in the system's own cache as well.
      setAndReadBack(db, 'cache_size', -8192);
      if (db.pragma('page_size', { simple: true }) !== 8192) throw new Fault('database-unsafe', { setting: 'page_size' });
      migrate(db);
      // What a statement may have to take back is noted in memory: a file for it would lie outside the home, in nobody's care.
      setAndReadBack(db, 'temp_store', 2);
      return db as WriteDb;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Open pipeline.db for reading beside the writing thread, which must have opened it first. */
export function openForReading(path: string): ReadDb {
  return opened(path, () => {
    if (!existsSync(path)) throw new Fault('database-damaged', { file: path });
    const db = new Database(path, { readonly: true, timeout: 10_000 });
    try {
      assertSqlite(db);
      setAndReadBack(db, 'trusted_schema', 0);
      setAndReadBack(db, 'query_only', 1);
      return db as ReadDb;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

function opened<D>(path: string, open: () => D): D {
  try {
    return open();
  } catch (error) {
    if (error instanceof Fault) throw error;
    const code = (error as { code?: string }).code ?? '';
    if (code === 'SQLITE_FULL') throw new Fault('disk-full', {}, { cause: error });
    if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
      throw new Fault('home-in-use', { home: path }, { cause: error });
    // What SQL itself refuses is of another shape than ours; whether its pages are damaged is looked at by whoever would replace it.
    if (isDamage(error) || code === 'SQLITE_ERROR' || code.startsWith('SQLITE_CONSTRAINT'))
      throw new Fault('database-damaged', { file: path }, { cause: error });
    throw new Fault('database-unreadable', { file: path, detail: code || (error as Error).message }, { cause: error });
  }
}

function assertSqlite(db: Database.Database): void {
  const version = db.prepare('select sqlite_version()').pluck().get() as string;
  const parts = version.split('.').map(Number);
  for (const [index, least] of oldestSafeSqlite.entries()) {
    const part = parts[index] ?? 0;
    if (part > least) return;
    if (part < least) throw new Fault('database-unsafe', { setting: `SQLite ${version}` });
  }
}

/**
 * Refuse what must stay as it is before a writing handle touches it: closing one folds a log that a crash has left into the file,
 * and SQLite takes a file shorter than its own header for an empty database.
 * @returns whether the pages were looked at already.
 */
function assertUntouchedKnown(path: string): boolean {
  const bytes = bytesOf(path);
  if (bytes > 0 && bytes < headerBytes) throw new Fault('database-damaged', { file: path });
  if (bytes === 0 || bytesOf(`${path}-wal`) === 0) return false;
  const db = new Database(path, { readonly: true, timeout: 10_000 });
  try {
    assertKnownSchema(db, path);
    return true;
  } finally {
    db.close();
  }
}

/**
 * Whether a database that could not be opened is damaged: it can be read, and what is in it is no database, or its pages do not fit together.
 * @throws {Fault} where it cannot be looked at: that is no damage.
 */
export function isCorrupt(path: string): boolean {
  const bytes = bytesOf(path);
  if (bytes > 0 && bytes < headerBytes) return true;
  return !isFree(path, { readonly: true }, (db) => areSaidWhole(db.pragma('quick_check(1)', { simple: true }), path));
}

/**
 * Whether all pages and indexes of a database fit together. Indexes alone that do not are made anew from their tables first.
 * @throws {Fault} where it cannot be looked at: that is no damage.
 */
export function isWhole(path: string): boolean {
  return isFree(path, {}, (db) => {
    const isSound = () => areSaidWhole(db.pragma('integrity_check(1)', { simple: true }), path);
    if (isSound()) return true;
    if (areSaidWhole(db.pragma('quick_check(1)', { simple: true }), path)) reindex(db);
    return isSound();
  });
}

/** Whether a database is free of damage by a look at it. */
function isFree(path: string, options: Database.Options, look: (db: Database.Database) => boolean): boolean {
  return opened(path, () => {
    try {
      const db = new Database(path, { timeout: 10_000, ...options });
      try {
        return look(db);
      } finally {
        db.close();
      }
    } catch (error) {
      if (isDamage(error)) return false;
      throw error;
    }
  });
}

/** Rows that no index can be made of are damage of their table. */
function reindex(db: Database.Database): void {
  try {
    db.exec('reindex');
  } catch (error) {
    if (!(error as { code?: string }).code?.startsWith('SQLITE_CONSTRAINT')) throw error;
  }
}

/**
 * Refuse a database of a newer Bellhop without a byte being written to it or to its log. One that is damaged is let pass: whoever opens it
 * says so.
 * @throws {Fault} `database-newer`
 */
export function assertNotNewer(path: string): void {
  if (bytesOf(path) < headerBytes) return;
  if (bytesOf(`${path}-wal`) > 0) {
    // What the log says comes first, and a handle that only reads folds nothing into the file.
    isFree(path, { readonly: true }, (db) => assertKnownVersion(db) >= 0);
    return;
  }
  const header = Buffer.alloc(headerBytes);
  opened(path, () => {
    const file = openSync(path, 'r');
    try {
      readSync(file, header, 0, headerBytes, 0);
    } finally {
      closeSync(file);
    }
  });
  if (header.toString('latin1', 0, 15) === 'SQLite format 3') assertKnown(header.readInt32BE(60));
}

function bytesOf(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() ? found.size : 0;
}

function assertKnownVersion(db: Database.Database): number {
  return assertKnown(db.pragma('user_version', { simple: true }) as number);
}

function assertKnown(found: number): number {
  const known = pipelineMigrations.length;
  if (found > known) throw new Fault('database-newer', { found: String(found), known: String(known) });
  return found;
}

function assertKnownSchema(db: Database.Database, path: string): void {
  const found = assertKnownVersion(db);
  const bytes = (db.pragma('page_count', { simple: true }) as number) * (db.pragma('page_size', { simple: true }) as number);
  // A large file would hold up the start for long; each of its rows is verified by its seal when it is read.
  if (found > 0 && bytes <= checkedAtStartBytes && !areSaidWhole(db.pragma('quick_check(1)', { simple: true }), path))
    throw new Fault('database-damaged', { file: path });
}

function setAndReadBack(db: Database.Database, pragma: string, wanted: string | number): void {
  db.pragma(`${pragma} = ${wanted}`);
  const found = db.pragma(pragma, { simple: true });
  if (found !== wanted) throw new Fault('database-unsafe', { setting: pragma });
}

/** Apply the schema steps that are missing, each with its number in one transaction: a kill leaves the old schema or the new. */
export function migrate(db: Database.Database, upTo = pipelineMigrations.length): void {
  for (let at = db.pragma('user_version', { simple: true }) as number; at < upTo; at++) {
    const step = pipelineMigrations[at];
    if (!step) return;
    db.transaction(() => {
      db.exec(step.up);
      db.pragma(`user_version = ${at + 1}`);
    }).immediate();
  }
}
