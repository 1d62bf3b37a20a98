import type { Reader } from '../bytes.ts';
import { call, lobOperation, message, oracleType } from '../constants.ts';
import { decodeDouble, decodeNumber, decodeTime } from '../values.ts';

/** A value that came with a statement, and the type it came as. A LOB comes as the place where it lies. */
export type BindValue = { readonly type: number; readonly value: string | number | bigint | Buffer | null };

export type ExecuteRequest = {
  readonly options: number;
  readonly cursor: number;
  /** Empty where a statement that the cursor holds runs again. */
  readonly sql: string;
  /** The most rows to send with the answer. */
  readonly rows: number;
  readonly bindTypes: readonly number[] | null;
  readonly defines: readonly number[] | null;
  /** One row for a query; several where one statement writes many rows. */
  readonly binds: readonly (readonly BindValue[])[];
};

export type LobRequest = {
  readonly operation: number;
  readonly locator: Buffer;
  readonly sourceOffset: number;
  readonly destinationOffset: number;
  /** Null where the answer shall have none. */
  readonly amount: number | null;
  readonly data: Buffer | null;
};

/** What hangs in front of a call and is not answered by itself. */
export type Piggyback =
  | { readonly kind: 'closeCursors' | 'cancelCursors'; readonly cursors: readonly number[] }
  | { readonly kind: 'freeLobs'; readonly locators: readonly Buffer[] }
  | { readonly kind: 'setSchema'; readonly schema: string }
  | { readonly kind: 'attributes'; readonly attributes: ReadonlyMap<string, string> };

export const locatorBytes = 40;

export function readPiggyback(code: number, reader: Reader): Piggyback {
  switch (code) {
    case call.closeCursors:
    case call.cancelCursors: {
      reader.u8();
      const cursors = Array.from({ length: reader.ub() }, () => reader.ub());
      return { kind: code === call.closeCursors ? 'closeCursors' : 'cancelCursors', cursors };
    }
    case call.lob:
      return readFreeLobs(reader);
    case call.setSchema:
      reader.skip('bn');
      return { kind: 'setSchema', schema: reader.text() ?? '' };
    case call.endToEnd:
      return { kind: 'attributes', attributes: readAttributes(reader) };
    default:
      throw new RangeError(`nobody has taught this server the piggyback ${code}`);
  }
}

function readFreeLobs(reader: Reader): Piggyback {
  reader.u8();
  const length = reader.ub();
  reader.skip('bnnnbbbnbnnnbbnbnbn');
  const all = reader.raw(length);
  const locators = Array.from({ length: Math.floor(length / locatorBytes) }, (_, at) =>
    Buffer.from(all.subarray(at * locatorBytes, (at + 1) * locatorBytes)),
  );
  return { kind: 'freeLobs', locators };
}

/** Module, action and the like: first which of them come and how long they are, then their texts. */
function readAttributes(reader: Reader): Map<string, string> {
  reader.skip('bbn');
  const coming: [name: string, length: number][] = [];
  for (const name of ['client_id', 'module', 'action', 'ecid']) {
    reader.u8();
    coming.push([name, reader.ub()]);
  }
  reader.skip('bnb');
  coming.push(['client_info', reader.ub()]);
  reader.skip('bnbnb');
  coming.push(['dbop', reader.ub()]);
  const attributes = new Map<string, string>();
  for (const [name, length] of coming) if (length > 0) attributes.set(name, reader.text() ?? '');
  return attributes;
}

export function readExecute(reader: Reader): ExecuteRequest {
  const [options, cursor] = [reader.ub(), reader.ub()];
  reader.u8();
  const sqlLength = reader.ub();
  reader.skip('bnbbb');
  const rows = reader.ub();
  reader.skip('nb');
  const bindCount = reader.ub();
  reader.skip('bbbbbb');
  const defineCount = reader.ub();
  // Registration, object lists, row counts; then what 12.2 put behind them: signature and name of the statement, chunks.
  reader.skip('nbbbnbnnbnb');
  reader.skip('bnbnbbn');
  const sql = sqlLength > 0 ? (reader.text() ?? '') : '';
  const more = Array.from({ length: 13 }, () => reader.ub());
  const defines = defineCount > 0 ? Array.from({ length: defineCount }, () => readDescription(reader)) : null;
  const bindTypes = bindCount > 0 ? Array.from({ length: bindCount }, () => readDescription(reader)) : null;
  const isQuery = more[7] === 1;
  const binds = readBindRows(reader, { types: bindTypes ?? [], count: isQuery ? 1 : (more[1] ?? 1) });
  return { options, cursor, sql, rows, bindTypes, defines, binds };
}

/** The head of a statement that runs again; its values follow and are read with the types that the cursor remembers. */
export function readReexecute(reader: Reader): { readonly cursor: number; readonly rows: number; readonly isCommitted: boolean } {
  const [cursor, rows] = [reader.ub(), reader.ub()];
  reader.ub();
  return { cursor, rows, isCommitted: (reader.ub() & 1) === 1 };
}

function readDescription(reader: Reader): number {
  const type = reader.u8();
  reader.skip('bbbnnn');
  if (reader.ub() > 0) reader.bytes();
  reader.skip('nnbnn');
  return type;
}

export function readBindRows(
  reader: Reader,
  { types, count }: { readonly types: readonly number[]; readonly count: number },
): readonly (readonly BindValue[])[] {
  if (types.length === 0) return [];
  return Array.from({ length: count }, () => {
    if (reader.u8() !== message.rowData) throw new RangeError('a row of values is missing');
    return types.map((type) => ({ type, value: readBind(reader, type) }));
  });
}

function readBind(reader: Reader, type: number): BindValue['value'] {
  if (type === oracleType.clob || type === oracleType.blob) return reader.ub() > 0 ? reader.bytes() : null;
  if (type === oracleType.boolean) return readBoolean(reader);
  const bytes = reader.bytes();
  if (bytes === null) return null;
  switch (type) {
    case oracleType.number:
    case oracleType.binaryInteger:
      return numberFor(decodeNumber(bytes));
    case oracleType.date:
    case oracleType.timestamp:
      return decodeTime(bytes);
    case oracleType.timestampTz:
    case oracleType.timestampLtz:
      // As UTC; the session moves it to its own zone.
      return `${decodeTime(bytes)}+00:00`;
    case oracleType.binaryDouble:
      return decodeDouble(bytes);
    case oracleType.raw:
    case oracleType.longRaw:
      return Buffer.from(bytes);
    default:
      return bytes.toString('utf8');
  }
}

function readBoolean(reader: Reader): number | null {
  const length = reader.u8();
  if (length === 253) {
    reader.u8();
    return null;
  }
  return reader.raw(length).readUInt8(0);
}

/** SQLite takes whole numbers up to 2^63 as BigInt and the rest as a double. */
function numberFor(text: string): number | bigint {
  const value = Number(text);
  return !Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) >= 2 ** 63 ? value : BigInt(text);
}

export function readLob(reader: Reader): LobRequest {
  reader.u8();
  const length = reader.ub();
  reader.skip('bnnnbbb');
  const operation = reader.ub();
  reader.skip('bb');
  const [sourceOffset, destinationOffset] = [reader.ub(), reader.ub()];
  const hasAmount = reader.u8() === 1;
  reader.skip('www');
  const locator = Buffer.from(reader.raw(length));
  if (operation === lobOperation.createTemporary) reader.ub();
  const isWritten = operation === lobOperation.write && reader.u8() === message.lobData;
  const data = isWritten ? reader.bytes() : null;
  return { operation, locator, sourceOffset, destinationOffset, amount: hasAmount ? reader.ub() : null, data };
}
