import { existsSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Fault } from '../contract/faults.ts';
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
 *   when it is no sound database, `database-unsafe` when a setting cannot be had.
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
    if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') throw new Fault('home-in-use', { home: path }, { cause: error });
    throw new Fault('database-damaged', { file: path }, { cause: error });
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
 * What cannot be reached is not.
 */
export function isCorrupt(path: string): boolean {
  const bytes = bytesOf(path);
  if (bytes > 0 && bytes < headerBytes) return true;
  try {
    const db = new Database(path, { readonly: true, timeout: 10_000 });
    try {
      return db.pragma('quick_check(1)', { simple: true }) !== 'ok';
    } finally {
      db.close();
    }
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
  }
}

/** Whether all pages and indexes of a database fit together. Indexes alone that do not are made anew from their tables first. */
export function isWhole(path: string): boolean {
  try {
    const db = new Database(path, { timeout: 10_000 });
    try {
      const isSound = () => db.pragma('integrity_check(1)', { simple: true }) === 'ok';
      if (isSound()) return true;
      if (db.pragma('quick_check(1)', { simple: true }) === 'ok') db.exec('reindex');
      return isSound();
    } finally {
      db.close();
    }
  } catch {
    return false;
  }
}

function bytesOf(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() ? found.size : 0;
}

function assertKnownVersion(db: Database.Database): number {
  const found = db.pragma('user_version', { simple: true }) as number;
  const known = pipelineMigrations.length;
  if (found > known) throw new Fault('database-newer', { found: String(found), known: String(known) });
  return found;
}

function assertKnownSchema(db: Database.Database, path: string): void {
  const found = assertKnownVersion(db);
  const bytes = (db.pragma('page_count', { simple: true }) as number) * (db.pragma('page_size', { simple: true }) as number);
  // A large file would hold up the start for long; each of its rows is verified by its seal when it is read.
  if (found > 0 && bytes <= checkedAtStartBytes && db.pragma('quick_check(1)', { simple: true }) !== 'ok')
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
