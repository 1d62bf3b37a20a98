import { Writer } from './bytes.ts';
import { executeOption, oracleType } from './constants.ts';
import { OracleError } from './errors.ts';
import type { Lobs } from './lobs.ts';
import type { SqlSession } from './sql/sql-session.ts';
import type { Column } from './sql/types.ts';
import type { OracleStats } from './stats.ts';
import { type CallEnd, isLob, type Row, writeDescribe, writeEnd, writeRow, writeRowHeader } from './ttc/answers.ts';
import type { BindValue, ExecuteRequest } from './ttc/requests.ts';

type Cursor = {
  readonly id: number;
  sql: string;
  bindTypes: readonly number[];
  columns: readonly Column[];
  /** Read when the statement ran: so they are of one moment, whatever is committed while they are fetched. */
  rows: readonly Row[];
  next: number;
  isQuery: boolean;
  defines: readonly number[] | null;
  /** What the driver was told of the columns: only a change is told again. */
  described: string;
};

type CursorsOptions = { readonly stats: OracleStats; readonly lobs: Lobs; readonly end: () => CallEnd };

/** The statements that one session holds open, and where it is in their rows. */
export class Cursors {
  readonly #cursors = new Map<number, Cursor>();
  readonly #stats: OracleStats;
  readonly #lobs: Lobs;
  readonly #end: () => CallEnd;
  #next = 1;

  constructor({ stats, lobs, end }: CursorsOptions) {
    this.#stats = stats;
    this.#lobs = lobs;
    this.#end = end;
  }

  get(id: number): Readonly<Cursor> | undefined {
    return this.#cursors.get(id);
  }

  close(ids: readonly number[]): void {
    for (const id of ids) this.#cursors.delete(id);
  }

  cancel(ids: readonly number[]): void {
    for (const id of ids) {
      const cursor = this.#cursors.get(id);
      if (cursor) cursor.rows = [];
    }
  }

  /** Run a statement; its first rows go with the answer where that is asked for. */
  execute(request: ExecuteRequest, session: SqlSession): Writer {
    const { options, sql, binds, bindTypes, defines } = request;
    const known = this.#cursors.get(request.cursor);
    if (options & executeOption.define) return this.#define(known, defines);
    if (!known && sql === '') throw new OracleError(1001);
    const cursor = known ?? this.#newCursor(sql);
    if (sql !== '') cursor.sql = sql;
    if (bindTypes) cursor.bindTypes = bindTypes;
    this.#stats.statements += 1;
    const isDescribeOnly = (options & executeOption.describe) !== 0;
    const result = session.run({ sql: cursor.sql, binds: binds.map((row) => this.#withLobs(row)), isDescribeOnly });
    this.#cursors.set(cursor.id, cursor);
    if (options & executeOption.commit) session.commit();
    const writer = new Writer();
    if (result.kind === 'done') return this.#withEnd(writer, cursor, { rows: result.rowsAffected, isMore: true });
    Object.assign(cursor, { isQuery: true, columns: result.columns, rows: result.rows, next: 0 });
    this.#describe(writer, cursor);
    // A LOB comes in a second round, when the driver has said in which form it wants it.
    const isFetched = (options & executeOption.fetch) !== 0 && request.rows > 0 && !cursor.columns.some(isLob);
    if (isFetched) return this.#writeRows(writer, cursor, request.rows);
    return this.#withEnd(writer, cursor, { rows: 0, isMore: true });
  }

  #newCursor(sql: string): Cursor {
    const id = this.#next;
    this.#next += 1;
    return { id, sql, bindTypes: [], columns: [], rows: [], next: 0, isQuery: false, defines: null, described: '' };
  }

  #define(cursor: Cursor | undefined, defines: readonly number[] | null): Writer {
    if (!cursor) throw new OracleError(1001);
    cursor.defines = defines;
    return this.#withEnd(new Writer(), cursor, { rows: 0, isMore: true });
  }

  #describe(writer: Writer, cursor: Cursor): void {
    const described = JSON.stringify(cursor.columns);
    if (described === cursor.described) return;
    cursor.described = described;
    cursor.defines = null;
    writeDescribe(writer, cursor.columns);
  }

  #withLobs(row: readonly BindValue[]): readonly BindValue[] {
    return row.map((bind) => {
      const isPlace = bind.type === oracleType.clob || bind.type === oracleType.blob;
      return isPlace && Buffer.isBuffer(bind.value) ? { ...bind, value: this.#lobs.dataOf(bind.value) } : bind;
    });
  }

  fetch(id: number, rows: number): Writer {
    this.#stats.fetches += 1;
    const cursor = this.#cursors.get(id);
    if (!cursor) throw new OracleError(1001);
    if (!cursor.isQuery) throw new OracleError(1002);
    return this.#writeRows(new Writer(), cursor, rows);
  }

  #writeRows(writer: Writer, cursor: Cursor, most: number): Writer {
    const end = Math.min(cursor.next + most, cursor.rows.length);
    const rows = cursor.rows.slice(cursor.next, end);
    if (rows.length > 0) writeRowHeader(writer, { columns: cursor.columns.length, rows: rows.length });
    const writing = { columns: cursor.columns, defines: cursor.defines, keepLob: (data: string | Buffer) => this.#lobs.keep(data) };
    for (const row of rows) writeRow(writer, row, writing);
    cursor.next = end;
    this.#stats.rowsSent += rows.length;
    const isMore = end < cursor.rows.length;
    if (!isMore) cursor.rows = [];
    return this.#withEnd(writer, cursor, { rows: end, isMore });
  }

  #withEnd(writer: Writer, { id }: Cursor, { rows, isMore }: { readonly rows: number; readonly isMore: boolean }): Writer {
    const [number, text] = isMore ? [0, ''] : [1403, new OracleError(1403).message];
    writeEnd(writer, { ...this.#end(), number, text, cursor: id, rows });
    return writer;
  }
}
