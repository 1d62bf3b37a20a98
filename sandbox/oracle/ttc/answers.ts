import type { Writer } from '../bytes.ts';
import { message, oracleType, utf8Charset } from '../constants.ts';
import type { Column } from '../sql/types.ts';
import { encodeDouble, encodeNumber, encodeTime } from '../values.ts';
import { locatorBytes } from './requests.ts';

/** A value as SQLite gives it. */
export type StoredValue = string | number | bigint | Buffer | null;
export type Row = readonly StoredValue[];

/** What every answer ends with: where the call stands, and which it was. */
export type CallEnd = { readonly status: number; readonly sequence: number };

export function writeStatus(writer: Writer, { status, sequence }: CallEnd): void {
  writer.u8(message.status).ub(status).ub(sequence);
}

/** A word beside a good logon; the driver gives it as the connection's warning. */
export function writeWarning(writer: Writer, { number, text }: { readonly number: number; readonly text: string }): void {
  writer.u8(message.warning).ub(number).ub(Buffer.byteLength(text)).ub(0).text(text);
}

/** The end of every execute and fetch, also of the good ones: number 0, or 1403 when there are no more rows. */
export function writeEnd(
  writer: Writer,
  end: CallEnd & {
    readonly number: number;
    readonly text: string;
    /** 0 makes the driver forget the cursor: right for a statement that failed, fatal for one that did not. */
    readonly cursor: number;
    readonly rows: number;
    readonly offset?: number;
  },
): void {
  const { status, sequence, number, text, cursor, rows, offset = 0 } = end;
  writer.u8(message.error).ub(status).ub(sequence).ub(rows);
  writer.ub(Math.min(number, 65_535)).zeros(2).ub(cursor).ub(offset);
  // Six bytes of flags, an empty row id in five fields, five more of the system, and no batch errors in four.
  writer.zeros(6).zeros(5).zeros(5).zeros(4);
  writer.ub(number).ub(rows);
  if (number !== 0) writer.text(`${text}\n`);
}

export function isLob(column: Column): boolean {
  return column.type === oracleType.clob || column.type === oracleType.blob;
}

function isText(column: Column): boolean {
  return column.type === oracleType.varchar || column.type === oracleType.char || column.type === oracleType.clob;
}

/** Describe the columns of a query. A size of 0 would make the driver take every value for null. */
export function writeDescribe(writer: Writer, columns: readonly Column[]): void {
  writer.u8(message.describe).u8(0);
  writer.ub(columns.reduce((sum, column) => sum + column.size, 0)).ub(columns.length);
  if (columns.length > 0) writer.u8(0);
  for (const [index, column] of columns.entries()) {
    const hasText = isText(column);
    writer.u8(column.type).u8(0).u8(column.precision).u8(column.scale).ub(column.size).zeros(4);
    writer.ub(hasText ? utf8Charset : 0).u8(hasText ? 1 : 0);
    writer.ub(hasText ? column.size : 0).ub(0);
    writer.u8(column.isNullable ? 1 : 0).u8(0);
    writer.named(column.name).named(null).named(null);
    writer.ub(index + 1).ub(0);
  }
  writer.zeros(6);
}

export function writeRowHeader(writer: Writer, { columns, rows }: { readonly columns: number; readonly rows: number }): void {
  writer.u8(message.rowHeader).u8(0).ub(columns).ub(0).ub(rows).zeros(3);
}

export type RowWriting = {
  readonly columns: readonly Column[];
  /** How the driver wants each LOB: as the place where it lies, or whole. */
  readonly defines: readonly number[] | null;
  readonly keepLob: (data: string | Buffer) => Buffer;
};

export function writeRow(writer: Writer, row: Row, { columns, defines, keepLob }: RowWriting): void {
  writer.u8(message.rowData);
  for (const [index, column] of columns.entries()) {
    const value = row[index] ?? null;
    if (isLob(column)) writeLobValue(writer, { value, column, define: defines?.[index], keepLob });
    else writeValue(writer, value, column);
  }
}

function writeValue(writer: Writer, value: StoredValue, column: Column): void {
  if (value === null) return void writer.u8(0);
  switch (column.type) {
    case oracleType.number:
      return void writer.bytes(encodeNumber(plainNumber(value)));
    case oracleType.date:
      return void writer.bytes(encodeTime(String(value), 'date'));
    case oracleType.timestamp:
      return void writer.bytes(encodeTime(String(value), 'timestamp'));
    case oracleType.timestampTz:
      return void writer.bytes(encodeTime(String(value), 'timestampTz'));
    case oracleType.binaryDouble:
      return void writer.bytes(encodeDouble(Number(value)));
    case oracleType.char:
      return void writer.text(String(value).padEnd(column.size));
    case oracleType.raw:
      return void writer.bytes(Buffer.isBuffer(value) ? value : Buffer.from(String(value), 'hex'));
    default:
      return void writer.text(String(value));
  }
}

/** Oracle counts in decimals: what SQLite added up as doubles loses its last digits, which would be noise there. */
function plainNumber(value: Exclude<StoredValue, null>): string {
  return typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(15))) : String(value);
}

type LobWriting = {
  readonly value: StoredValue;
  readonly column: Column;
  readonly define: number | undefined;
  readonly keepLob: RowWriting['keepLob'];
};

function writeLobValue(writer: Writer, { value, column, define, keepLob }: LobWriting): void {
  const isWhole = define !== undefined && define !== oracleType.clob && define !== oracleType.blob;
  const data = value === null ? null : column.type === oracleType.blob && Buffer.isBuffer(value) ? value : String(value);
  if (isWhole) {
    // Behind a long value stand whether it is null and why: 1405 is "fetched column value is NULL".
    const isNull = data === null ? 1 : 0;
    return void writer
      .bytes(data === null ? null : Buffer.from(data))
      .ub(isNull)
      .ub(isNull * 1405);
  }
  if (data === null) return void writer.ub(0);
  writer.ub(locatorBytes).ub(data.length).ub(8060).bytes(keepLob(data));
}
