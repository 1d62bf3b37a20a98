import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import type { Zone } from './clock.ts';
import { readTables, storedIndex, storedName, storedTable, type Table } from './sql/catalogue.ts';
import { registerFunctions } from './sql/native.ts';

/** A change that has begun and is not committed yet: nobody else sees anything of it but that it is there. */
export type OpenTransaction = { readonly startedAtMs: number };

/** Where the counter of commits begins; a database that has run for some time is far from zero. */
const firstScn = 4_000_000;

/**
 * What the sessions share: one SQLite file in a folder of its own.
 *
 * All changes go through one connection, each transaction at the moment of its commit, so a reader sees a transaction whole or not at
 * all; every row carries the number of the commit that wrote it last. A reader's connection holds a snapshot as long as it reads.
 */
export class OracleDatabase {
  readonly now: () => number;
  readonly zone: Zone;
  readonly transactions = new Set<OpenTransaction>();
  /** Called before each statement of a session: whoever moves the data by a clock lets happen what is due. */
  onStatement: () => void = () => undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), 'bellhop-oracle-'));
  readonly #file = join(this.#folder, 'data.db');
  readonly #writer: Database;
  readonly #tables = new Map<string, Table>();
  #scn = firstScn;

  constructor({ now = Date.now, zone = 'UTC' }: { readonly now?: (() => number) | undefined; readonly zone?: Zone | undefined } = {}) {
    this.now = now;
    this.zone = zone;
    this.#writer = this.#open();
    this.#writer.pragma('journal_mode = WAL');
    // Nothing here must survive a power cut.
    this.#writer.pragma('synchronous = OFF');
    this.#writer.pragma('cache_size = -65536');
  }

  get scn(): number {
    return this.#scn;
  }

  get tables(): readonly Table[] {
    return [...this.#tables.values()];
  }

  table(owner: string, name: string): Table | undefined {
    return this.#tables.get(`${owner}.${name}`);
  }

  /** Make the tables of an owner out of Oracle's DDL. */
  create(owner: string, ddl: string): void {
    for (const table of readTables(owner, ddl)) {
      for (const statement of storedTable(table)) this.#writer.exec(statement);
      this.#tables.set(`${owner}.${table.name}`, table);
    }
  }

  /** Open a connection that only reads. */
  connect(): Database {
    const reader = this.#open();
    reader.pragma('query_only = ON');
    return reader;
  }

  /** Change rows in one commit; `scn` is its number, and belongs into every row that is written. */
  commit<T>(change: (writer: Database, scn: number) => T): T {
    this.#writer.exec('BEGIN IMMEDIATE');
    try {
      const result = change(this.#writer, this.#scn + 1);
      this.#writer.exec('COMMIT');
      this.#scn += 1;
      return result;
    } catch (error) {
      this.#writer.exec('ROLLBACK');
      throw error;
    }
  }

  /** Look at what the database would be after a change, and leave it as it was. */
  preview<T>(look: (writer: Database, scn: number) => T): T {
    this.#writer.exec('BEGIN IMMEDIATE');
    try {
      return look(this.#writer, this.#scn + 1);
    } finally {
      this.#writer.exec('ROLLBACK');
    }
  }

  /** Do something big without the indexes that only make reading fast: they are built anew at its end. */
  withoutIndexes<T>(work: () => T): T {
    const plain = this.tables.flatMap((table) => table.indexes.filter(({ isUnique }) => !isUnique).map((index) => ({ table, index })));
    for (const { table, index } of plain) this.#writer.exec(`DROP INDEX "${table.owner}.${index.name}"`);
    try {
      return work();
    } finally {
      for (const { table, index } of plain) this.#writer.exec(storedIndex(table, index));
    }
  }

  countRows(table: Table): number {
    return Number(
      this.#writer
        .prepare(`SELECT count(*) FROM ${storedName(table)}`)
        .pluck()
        .get(),
    );
  }

  close(): void {
    this.#writer.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #open(): Database {
    const database = new SqliteDatabase(this.#file);
    database.pragma('temp_store = MEMORY');
    // LIKE tells capitals apart in Oracle.
    database.pragma('case_sensitive_like = ON');
    registerFunctions(database);
    return database;
  }
}
