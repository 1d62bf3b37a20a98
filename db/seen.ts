import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { type Batch, placesInRow, textsInRow } from './pipeline/records.ts';

/**
 * What the sources have said, in a file of its own that is read from them alone and never from the ledger: the other side of a comparison.
 *
 * What a copied file says is read once and stays, as the copy never changes; tables are read anew each time. The file is no part of a backup:
 * where it is missing, damaged, or of another database, it is made anew from the copies.
 */
const version = 1;
const schema = `
create table parts (id integer primary key, hotel_id text not null, source text not null, entity text not null, unique (hotel_id, source, entity)) strict;
create table rows (
  part_id integer not null, external_id text not null, hash blob not null, day text,
  file_id integer, said_at_ms integer, line integer, byte_offset integer, byte_length integer, table_id integer, page integer, key text,
  primary key (part_id, external_id)
) strict, without rowid;
create index rows_by_page on rows (table_id, page) where table_id is not null;
create table aside (
  part_id integer not null, rule text not null, external_id text,
  file_id integer, line integer, byte_offset integer, byte_length integer, table_id integer, page integer, key text
) strict;
create index aside_by_file on aside (file_id) where file_id is not null;
create index aside_by_page on aside (table_id, page) where table_id is not null;
create table files (id integer primary key, sha256 text not null, finished_at_ms integer not null, part_id integer not null, rows integer not null) strict;
create table tables (id integer primary key, connection_id text not null, name text not null, part_id integer not null, rows integer not null) strict;
create table pages (table_id integer not null, page integer not null, after_key text, primary key (table_id, page)) strict, without rowid;
create table sealed (first_seq integer primary key, rows integer not null, hashes blob not null) strict;
pragma user_version = ${version};
`;

/** So many rows are forgotten at a time: a moment of the thread that does it. */
const forgottenRows = 1000;
/** So many bytes of a content hash are compared: two contents agree in them once in 2^64 pairs. */
export const seenHashBytes = 16;

export type PartKey = { readonly hotelId: string; readonly source: string; readonly entity: string };
export type SeenTableRow = { readonly key: string; readonly externalId: string; readonly hash: Uint8Array; readonly day: string | null };
export type AsideTableRow = { readonly key: string; readonly externalId: string | null; readonly rule: string };
type SeenPage = { readonly rows: readonly SeenTableRow[]; readonly aside: readonly AsideTableRow[] };
/** Some rows of the outbox in a block: their content hashes as they lie in what was sealed; zeros where nothing is there. */
export type SealedHashes = { readonly firstSeq: number; readonly rows: number; readonly hashes: Uint8Array };
type FinishedFile = { readonly id: number; readonly sha256: string; readonly finishedAtMs: number };

/** A file of which something is to be read for the comparison. */
export type FileToSee = FinishedFile & PartKey & { readonly connectionId: string };

/** Opens the file for the one who fills it. What cannot be opened is made anew. */
export class Seen {
  readonly #db: Database.Database;

  private constructor(db: Database.Database) {
    this.#db = db;
  }

  /** Open the file, or make it. What cannot be opened is made anew: it holds nothing that could not be read again. */
  static open(path: string): Seen {
    try {
      return Seen.#opened(path);
    } catch {
      Seen.drop(path);
      return Seen.#opened(path);
    }
  }

  /** Throw the file away. */
  static drop(path: string): void {
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  }

  static #opened(path: string): Seen {
    const db = new Database(path, { timeout: 10_000 });
    try {
      db.pragma('journal_mode = wal');
      // A power cut may cost the last of what was read, and never the rest.
      db.pragma('synchronous = normal');
      db.pragma('secure_delete = on');
      const found = db.pragma('user_version', { simple: true });
      if (found !== 0 && found !== version) throw new Error(`version ${found}`);
      if (found === 0) db.transaction(() => db.exec(schema))();
      return new Seen(db);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }

  part({ hotelId, source, entity }: PartKey): number {
    this.#db.prepare('insert into parts (hotel_id, source, entity) values (?, ?, ?) on conflict do nothing').run(hotelId, source, entity);
    return this.#db
      .prepare<[string, string, string], number>('select id from parts where hotel_id = ? and source = ? and entity = ?')
      .pluck()
      .get(hotelId, source, entity) as number;
  }

  /**
   * Forget what a comparison before this one has read of tables and of the outbox, or everything: some of it, as that may be much.
   * @returns whether there is more.
   */
  forgetSome(what: 'tables' | 'all'): boolean {
    const some = (where: string) => `(select part_id, external_id from rows where ${where} limit ${forgottenRows})`;
    const of = what === 'all' ? 'true' : 'table_id is not null';
    const statements = [
      `delete from rows where (part_id, external_id) in ${some(of)}`,
      `delete from aside where rowid in (select rowid from aside where ${of} limit ${forgottenRows})`,
      `delete from sealed where first_seq in (select first_seq from sealed limit ${forgottenRows / 10})`,
      `delete from pages where (table_id, page) in (select table_id, page from pages limit ${forgottenRows})`,
      `delete from tables where id in (select id from tables limit ${forgottenRows})`,
      ...(what === 'all' ? [`delete from files where id in (select id from files limit ${forgottenRows})`] : []),
    ];
    return this.#db.transaction(() => statements.reduce((sum, statement) => sum + this.#db.prepare(statement).run().changes, 0))() > 0;
  }

  /** Have a file read again by the next look. */
  forgetFile(id: number): void {
    this.#db.prepare('delete from files where id = ?').run(id);
  }

  /** A file is about to be read from its start. */
  beginFile(id: number): void {
    this.forgetFile(id);
    this.#db.prepare('delete from aside where file_id = ?').run(id);
  }

  /**
   * Take what a batch of a file says. A row that comes later says more than one before it, in a file that was kept later more than in one
   * before, in whichever order they are read here; and a table says more than any file.
   */
  takeBatch(partId: number, { fileId, count, texts, places, hashes, letters }: Batch, saidAtMs: number): void {
    const add = this.#db.prepare(
      'insert into rows (part_id, external_id, hash, day, file_id, said_at_ms, line, byte_offset, byte_length) values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set ' +
        'hash = excluded.hash, day = excluded.day, file_id = excluded.file_id, said_at_ms = excluded.said_at_ms, line = excluded.line, byte_offset = excluded.byte_offset, byte_length = excluded.byte_length ' +
        'where table_id is null and (excluded.said_at_ms, excluded.file_id) >= (said_at_ms, file_id)',
    );
    const addAside = this.#db.prepare(
      'insert into aside (part_id, rule, external_id, file_id, line, byte_offset, byte_length) values (?, ?, ?, ?, ?, ?, ?)',
    );
    const words = texts.split('\0');
    this.#db.transaction(() => {
      for (let at = 0; at < count; at++) {
        const [line, offset, length] = [0, 1, 2].map((place) => places[at * placesInRow + place] as number);
        const hash = Buffer.from(hashes.subarray(at * 32, at * 32 + seenHashBytes));
        add.run(partId, words[at * textsInRow], hash, words[at * textsInRow + 1] || null, fileId, saidAtMs, line, offset, length);
      }
      for (const { rule, externalId, line, byteOffset, byteLength } of letters)
        addAside.run(partId, rule, externalId, fileId, line, byteOffset, byteLength);
    })();
  }

  finishFile(partId: number, { id, sha256, finishedAtMs }: FinishedFile, rows: number): void {
    this.#db
      .prepare('insert into files (id, sha256, finished_at_ms, part_id, rows) values (?, ?, ?, ?, ?)')
      .run(id, sha256, finishedAtMs, partId, rows);
  }

  /** Begin to read a table. @returns its number. */
  beginTable(connectionId: string, name: string, partId: number): number {
    const add = this.#db.prepare('insert into tables (connection_id, name, part_id, rows) values (?, ?, ?, 0)');
    return Number(add.run(connectionId, name, partId).lastInsertRowid);
  }

  /** Take what a page of a table says. */
  takePage(tableId: number, partId: number, page: { readonly page: number; readonly afterKey: string | null } & SeenPage): void {
    this.#db.transaction(() => {
      this.#db.prepare('insert into pages (table_id, page, after_key) values (?, ?, ?)').run(tableId, page.page, page.afterKey);
      this.#takeRows(tableId, partId, page.page, page);
      this.#db.prepare('update tables set rows = rows + ? where id = ?').run(page.rows.length + page.aside.length, tableId);
    })();
  }

  /** Take what rows say that were read again. Of those that were looked for, the ones that are not among them are not there any more. */
  takeAgain(tableId: number, partId: number, page: number, lookedFor: readonly string[], found: SeenPage): void {
    const keys = JSON.stringify([...lookedFor, ...found.rows.map(({ key }) => key), ...found.aside.map(({ key }) => key)]);
    this.#db.transaction(() => {
      for (const table of ['rows', 'aside'])
        this.#db.prepare(`delete from ${table} where table_id = ? and key in (select value from json_each(?))`).run(tableId, keys);
      this.#takeRows(tableId, partId, page, found);
    })();
  }

  #takeRows(tableId: number, partId: number, page: number, { rows, aside }: SeenPage): void {
    const add = this.#db.prepare(
      'insert into rows (part_id, external_id, hash, day, table_id, page, key) values (?, ?, ?, ?, ?, ?, ?) on conflict do update set ' +
        'hash = excluded.hash, day = excluded.day, table_id = excluded.table_id, page = excluded.page, key = excluded.key, file_id = null, said_at_ms = null, line = null, byte_offset = null, byte_length = null',
    );
    const addAside = this.#db.prepare('insert into aside (part_id, rule, external_id, table_id, page, key) values (?, ?, ?, ?, ?, ?)');
    for (const { externalId, hash, day, key } of rows)
      add.run(partId, externalId, Buffer.from(hash.subarray(0, seenHashBytes)), day, tableId, page, key);
    for (const { rule, externalId, key } of aside) addAside.run(partId, rule, externalId, tableId, page, key);
  }

  /** How many files and rows a part was read from, and how many of its rows make no record, by their reason. */
  facts(key: PartKey): { readonly files: number; readonly rows: number; readonly setAside: { rule: string; count: number }[] } {
    const partId = this.part(key);
    const [files, inFiles] = this.#db
      .prepare<[number], [number, number]>('select count(*), coalesce(sum(rows), 0) from files where part_id = ?')
      .raw()
      .get(partId) as [number, number];
    const inTables = this.#db
      .prepare<[number], number>('select coalesce(sum(rows), 0) from tables where part_id = ?')
      .pluck()
      .get(partId) as number;
    const setAside = this.#db
      .prepare<[number], { rule: string; count: number }>(
        'select rule, count(*) as count from aside where part_id = ? group by rule order by rule',
      )
      .all(partId);
    return { files, rows: inFiles + inTables, setAside };
  }

  /** The connection and name of a table. */
  tableOf(tableId: number): { readonly connectionId: string; readonly name: string; readonly partId: number } {
    return this.#db
      .prepare<[number], { connectionId: string; name: string; partId: number }>(
        'select connection_id as connectionId, name, part_id as partId from tables where id = ?',
      )
      .get(tableId) as { connectionId: string; name: string; partId: number };
  }

  /** Where a page begins, and how many rows it held. */
  pageFacts(tableId: number, page: number): { readonly afterKey: string | null; readonly rows: number } {
    const afterKey = this.#db
      .prepare<[number, number], string | null>('select after_key from pages where table_id = ? and page = ?')
      .pluck()
      .get(tableId, page);
    const count = (table: 'rows' | 'aside') =>
      this.#db
        .prepare<[number, number], number>(`select count(*) from ${table} where table_id = ? and page = ?`)
        .pluck()
        .get(tableId, page) as number;
    return { afterKey: afterKey ?? null, rows: count('rows') + count('aside') };
  }

  /** Take hashes of the outbox. */
  takeSealed(blocks: readonly SealedHashes[]): void {
    const add = this.#db.prepare('insert or replace into sealed (first_seq, rows, hashes) values (?, ?, ?)');
    this.#db.transaction(() => {
      for (const { firstSeq, rows, hashes } of blocks) add.run(firstSeq, rows, Buffer.from(hashes));
    })();
  }
}

/** Whether a file is a page of a table. */
export const isPage = (file: string) => `coalesce(${file}.path, '') like 'table:%'`;
