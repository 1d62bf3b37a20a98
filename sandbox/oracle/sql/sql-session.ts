import type { Database, Statement as SqliteStatement } from 'better-sqlite3';
import type { Accounts, Purpose } from '../accounts.ts';
import type { Zone } from '../clock.ts';
import type { OpenTransaction, OracleDatabase } from '../database.ts';
import { OracleError } from '../errors.ts';
import type { Row } from '../ttc/answers.ts';
import type { BindValue } from '../ttc/requests.ts';
import { storedName } from './catalogue.ts';
import { dictionaryRows, dictionarySource, dictionaryView, maySee } from './dictionary.ts';
import { parseStatement } from './parse.ts';
import type { Circumstances, Source } from './scope.ts';
import { type Parameters, Settings } from './settings.ts';
import { oracleErrorOf } from './sqlite-errors.ts';
import type { Select, Setting, TableName, Write } from './syntax.ts';
import { translateSelect } from './translate-select.ts';
import { translateWrite } from './translate-write.ts';
import { boundType, type Column, describedColumn, type SqlType } from './types.ts';

export type Result =
  | { readonly kind: 'rows'; readonly columns: readonly Column[]; readonly rows: readonly Row[] }
  | { readonly kind: 'done'; readonly rowsAffected: number };

/** A statement as it is run: with values for every place, several rows of them for a write. */
export type Asked = { readonly sql: string; readonly binds: readonly (readonly BindValue[])[]; readonly isDescribeOnly: boolean };

export type SqlSessionOptions = {
  readonly database: OracleDatabase;
  readonly accounts: Accounts;
  readonly user: string;
  readonly zone: Zone;
  readonly version: string;
  /** What SYS_CONTEXT('USERENV', …) says beyond what the session knows of itself. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onRead: (table: string) => void;
};

type PendingWrite = { readonly sql: string; readonly parameters: Parameters };
type Prepared = {
  readonly kind: 'select';
  readonly sql: string;
  readonly columns: readonly Column[];
  readonly tables: readonly string[];
  readonly views: readonly string[];
  readonly isForUpdate: boolean;
};

const mostPrepared = 200;

/**
 * What one session asks of the database.
 *
 * What it has written and not committed is kept as statements and laid over the database when the session itself reads. So nothing of
 * it is there for others, and nobody ever waits for anybody.
 */
export class SqlSession {
  readonly #options: SqlSessionOptions;
  readonly #reader: Database;
  readonly #prepared = new Map<string, Prepared>();
  readonly #statements = new Map<string, SqliteStatement>();
  readonly #settings: Settings;
  #pending: PendingWrite[] = [];
  #transaction: OpenTransaction | null = null;
  #isReadOnly = false;

  constructor(options: SqlSessionOptions) {
    this.#options = options;
    this.#reader = options.database.connect();
    this.#settings = new Settings(options);
  }

  /** Whether there is something to commit or to roll back. */
  get isOpen(): boolean {
    return this.#transaction !== null;
  }

  /** @throws {OracleError} what Oracle says to it. */
  run(asked: Asked): Result {
    try {
      this.#options.database.onStatement();
      return this.#run(asked);
    } catch (error) {
      throw oracleErrorOf(error);
    }
  }

  setSchema(schema: string): void {
    this.#settings.schema = schema;
    this.#prepared.clear();
  }

  /** @throws {OracleError} when somebody else has committed what does not go with it. */
  commit(): void {
    const pending = this.#pending;
    this.#end();
    if (pending.length === 0) return;
    try {
      this.#options.database.commit((writer, scn) => replay(writer, pending, scn));
    } catch (error) {
      throw oracleErrorOf(error);
    }
  }

  rollback(): void {
    this.#end();
  }

  close(): void {
    this.#end();
    this.#reader.close();
  }

  #end(): void {
    if (this.#isReadOnly) this.#reader.exec('ROLLBACK');
    this.#isReadOnly = false;
    this.#pending = [];
    if (this.#transaction) this.#options.database.transactions.delete(this.#transaction);
    this.#transaction = null;
  }

  #begin(): void {
    if (this.#isReadOnly) throw new OracleError(1456);
    if (this.#transaction) return;
    this.#transaction = { startedAtMs: this.#options.database.now() };
    this.#options.database.transactions.add(this.#transaction);
  }

  #run(asked: Asked): Result {
    const bindTypes = (asked.binds[0] ?? []).map(({ type }) => boundType(type));
    const key = `${bindTypes.join()} ${asked.sql}`;
    const known = this.#prepared.get(key);
    if (known) return this.#select(known, asked);
    const { statement, binds } = parseStatement(asked.sql);
    if (!asked.isDescribeOnly && bindTypes.length < binds) throw new OracleError(1008);
    switch (statement.kind) {
      case 'select': {
        const prepared = this.#prepare(statement, bindTypes);
        if (this.#prepared.size >= mostPrepared) this.#prepared.clear();
        // A view of the dictionary shows what is granted now, and rights are looked at anew.
        if (prepared.views.length === 0) this.#prepared.set(key, prepared);
        return this.#select(prepared, asked);
      }
      case 'insert':
      case 'update':
      case 'delete':
        return this.#write(statement, asked, bindTypes);
      default:
        return asked.isDescribeOnly ? done(0) : this.#set(statement);
    }
  }

  #prepare(select: Select, bindTypes: readonly SqlType[]): Prepared {
    const tables: string[] = [];
    const views: string[] = [];
    const find = (table: TableName, purpose: Purpose) => this.#find(table, { purpose, tables, views });
    const { sql, columns } = translateSelect(select, { ...this.#circumstances(bindTypes), find });
    const described = columns.map(({ name, value }) => describedColumn(name, value));
    return { kind: 'select', sql, columns: described, tables, views, isForUpdate: select.isForUpdate };
  }

  #select(prepared: Prepared, { binds, isDescribeOnly }: Asked): Result {
    const { sql, columns, tables, views, isForUpdate } = prepared;
    for (const table of tables) this.#checkRight(table, isForUpdate ? 'lock' : 'read');
    if (isDescribeOnly) return { kind: 'rows', columns, rows: [] };
    if (isForUpdate) this.#begin();
    for (const table of tables) this.#options.onRead(table);
    const parameters = { ...this.#settings.times(this.#options.database), ...this.#settings.bound(binds[0] ?? []) };
    for (const view of views) {
      const { name, json } = dictionaryRows(view, this.#looking());
      parameters[name] = json;
    }
    if (this.#pending.length === 0) return { kind: 'rows', columns, rows: this.#statement(sql).all(parameters) as Row[] };
    const rows = this.#options.database.preview((writer, scn) => {
      replay(writer, this.#pending, scn);
      return writer.prepare(sql).raw(true).all(parameters) as Row[];
    });
    return { kind: 'rows', columns, rows };
  }

  #statement(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    if (this.#statements.size >= mostPrepared) this.#statements.clear();
    const statement = this.#reader.prepare(sql).raw(true);
    this.#statements.set(sql, statement);
    return statement;
  }

  #write(write: Write, { binds, isDescribeOnly }: Asked, bindTypes: readonly SqlType[]): Result {
    const find = (table: TableName, purpose: Purpose) => this.#find(table, { purpose, tables: [], views: [] });
    const circumstances: Circumstances = {
      ...this.#circumstances(bindTypes),
      find,
      subquery: (select) => translateSelect(select, { ...this.#circumstances(bindTypes), find }),
    };
    const sql = translateWrite(write, circumstances);
    if (isDescribeOnly) return done(0);
    this.#begin();
    const times = this.#settings.times(this.#options.database);
    const writes = (binds.length === 0 ? [[]] : binds).map((row) => ({ sql, parameters: { ...times, ...this.#settings.bound(row) } }));
    const rowsAffected = this.#options.database.preview((writer, scn) => {
      replay(writer, this.#pending, scn);
      return replay(writer, writes, scn);
    });
    this.#pending.push(...writes);
    return done(rowsAffected);
  }

  #set(setting: Setting): Result {
    switch (setting.kind) {
      case 'commit':
        this.commit();
        return done(0);
      case 'rollback':
        this.rollback();
        return done(0);
      case 'readOnly':
        if (this.#transaction || this.#isReadOnly) throw new OracleError(1453, 'SET TRANSACTION must be first statement of transaction');
        this.#isReadOnly = true;
        // SQLite takes its snapshot at the first read, Oracle at once.
        this.#reader.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
        return done(0);
      case 'readWrite':
        return done(0);
      case 'lock':
        this.#find(setting.table, { purpose: 'lock', tables: [], views: [] });
        this.#begin();
        return done(0);
      case 'alterSession':
        for (const { name, value } of setting.settings) this.#settings.alter(name, value);
        // Masks and schemas are part of what was translated.
        this.#prepared.clear();
        return done(0);
      default:
        return setting satisfies never;
    }
  }

  #find(
    { owner, name, at }: TableName,
    { purpose, tables, views }: { readonly purpose: Purpose; readonly tables: string[]; readonly views: string[] },
  ): Source {
    const { database } = this.#options;
    const table = database.table(owner ?? this.#settings.schema, name);
    if (table) {
      const known = `${table.owner}.${table.name}`;
      tables.push(known);
      this.#checkRight(known, purpose, at);
      return { sql: storedName(table), columns: new Map(table.columns.map((column) => [column.name, column])), hasRowScn: true };
    }
    if (name === 'DUAL' && (owner ?? 'SYS') === 'SYS') {
      return { sql: `(SELECT 'X' AS "DUMMY")`, columns: new Map([['DUMMY', { sqlType: 'text', size: 1 }]]), hasRowScn: false };
    }
    const view = dictionaryView(owner, name);
    if (view === null || !maySee(view, this.#options)) throw new OracleError(942, undefined, at);
    if (purpose !== 'read') throw new OracleError(1031, undefined, at);
    views.push(view);
    return dictionarySource(view);
  }

  #checkRight(known: string, purpose: Purpose, at = 0): void {
    const dot = known.indexOf('.');
    const { accounts, user } = this.#options;
    const verdict = accounts.judge(user, { owner: known.slice(0, dot), name: known.slice(dot + 1) }, purpose);
    if (verdict !== 'yes') throw new OracleError(verdict === 'invisible' ? 942 : 1031, undefined, at);
  }

  #circumstances(bindTypes: readonly SqlType[]): Omit<Circumstances, 'find' | 'subquery'> {
    return { bindTypes, ...this.#settings.masks, contextOf: (name) => this.#settings.context(name) };
  }

  #looking() {
    const { user, accounts, database, version } = this.#options;
    return { user, accounts, database, version, parameters: this.#settings.nls };
  }
}

function done(rowsAffected: number): Result {
  return { kind: 'done', rowsAffected };
}

function replay(writer: Database, writes: readonly PendingWrite[], scn: number): number {
  let changes = 0;
  for (const { sql, parameters } of writes) changes += writer.prepare(sql).run({ ...parameters, scn }).changes;
  return changes;
}
