import { oracleType } from '../constants.ts';

/** What a value is to Oracle. `null` is what a bare NULL is, and a value that was bound with no type. */
export type SqlType = 'text' | 'char' | 'number' | 'date' | 'timestamp' | 'timestampTz' | 'raw' | 'clob' | 'blob' | 'interval' | 'null';

/** A column of an answer, as the driver is told about it. */
export type Column = {
  readonly name: string;
  readonly type: number;
  readonly precision: number;
  readonly scale: number;
  readonly size: number;
  readonly isNullable: boolean;
};

/** A column as it is declared. */
export type Declared = {
  readonly sqlType: SqlType;
  /** As the dictionary names it: `VARCHAR2`, `TIMESTAMP(6)`. */
  readonly typeName: string;
  readonly size: number;
  readonly precision: number | null;
  readonly scale: number | null;
};

const declaration = /^([A-Z0-9_]+)(?:\((\d+)(?: (?:BYTE|CHAR))?(?:,(-?\d+))?\))?( WITH( LOCAL)? TIME ZONE)?$/;

/** Read the type of a column out of its declaration. @throws {RangeError} for a type that no table of the sandbox has. */
export function declaredType(text: string): Declared {
  const found = declaration.exec(
    text
      .trim()
      .toUpperCase()
      .replace(/\s*,\s*/g, ','),
  );
  const [, name = '', first, second, zone] = found ?? [];
  const size = first === undefined ? null : Number(first);
  switch (name) {
    case 'VARCHAR2':
      return { sqlType: 'text', typeName: name, size: size ?? 4000, precision: null, scale: null };
    case 'CHAR':
      return { sqlType: 'char', typeName: name, size: size ?? 1, precision: null, scale: null };
    case 'NUMBER':
      return { sqlType: 'number', typeName: name, size: 22, precision: size, scale: second === undefined ? size && 0 : Number(second) };
    case 'DATE':
      return { sqlType: 'date', typeName: name, size: 7, precision: null, scale: null };
    case 'TIMESTAMP':
      return {
        sqlType: zone ? 'timestampTz' : 'timestamp',
        typeName: `${name}(${size ?? 6})${zone ?? ''}`,
        size: zone ? 13 : 11,
        precision: null,
        scale: size ?? 6,
      };
    case 'RAW':
      return { sqlType: 'raw', typeName: name, size: size ?? 2000, precision: null, scale: null };
    case 'CLOB':
    case 'BLOB':
      return { sqlType: name === 'CLOB' ? 'clob' : 'blob', typeName: name, size: 4000, precision: null, scale: null };
    default:
      throw new RangeError(`no column type of the sandbox: ${text}`);
  }
}

const wireTypes: Readonly<Record<SqlType, number>> = {
  text: oracleType.varchar,
  char: oracleType.char,
  number: oracleType.number,
  date: oracleType.date,
  timestamp: oracleType.timestamp,
  timestampTz: oracleType.timestampTz,
  raw: oracleType.raw,
  clob: oracleType.clob,
  blob: oracleType.blob,
  // A difference of two dates: the product asks for none, so it goes as the number of days.
  interval: oracleType.number,
  null: oracleType.varchar,
};
const sizes: Readonly<Partial<Record<SqlType, number>>> = {
  number: 22,
  interval: 22,
  date: 7,
  timestamp: 11,
  timestampTz: 13,
  clob: 4000,
  blob: 4000,
};

/** Describe a column of an answer. A computed text is announced with room for the longest. */
export function describedColumn(
  name: string,
  { sqlType, size, precision, scale, isNullable = true }: Partial<Declared> & { readonly sqlType: SqlType; readonly isNullable?: boolean },
): Column {
  const isNumber = sqlType === 'number' || sqlType === 'interval';
  return {
    name,
    type: wireTypes[sqlType],
    precision: precision ?? 0,
    // -127 is what a NUMBER without precision has.
    scale: isNumber ? (scale ?? -127) : (scale ?? (sqlType === 'timestamp' || sqlType === 'timestampTz' ? 6 : 0)),
    size: sizes[sqlType] ?? size ?? 4000,
    isNullable,
  };
}

/** The type of a value that was bound, by the type it travelled as. */
export function boundType(wireType: number): SqlType {
  switch (wireType) {
    case oracleType.number:
    case oracleType.binaryInteger:
    case oracleType.binaryDouble:
    case oracleType.boolean:
      return 'number';
    case oracleType.date:
      return 'date';
    case oracleType.timestamp:
    // Moved to the session's wall clock on its way in.
    case oracleType.timestampTz:
    case oracleType.timestampLtz:
      return 'timestamp';
    case oracleType.raw:
    case oracleType.longRaw:
    case oracleType.blob:
      return 'raw';
    default:
      return 'text';
  }
}
