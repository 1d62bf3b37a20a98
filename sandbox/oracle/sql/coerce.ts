import { OracleError } from '../errors.ts';
import type { Circumstances, Translated } from './scope.ts';
import type { SqlType } from './types.ts';

/** Where two values meet, Oracle makes one kind of them before it looks at them. */

export function isTime({ sqlType }: Translated): boolean {
  return sqlType === 'date' || sqlType === 'timestamp' || sqlType === 'timestampTz';
}

export function isText({ sqlType }: Translated): boolean {
  return sqlType === 'text' || sqlType === 'char' || sqlType === 'clob';
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Read a text as a date by the session's own mask, as Oracle does where a date meets a text. */
export function asTime(value: Translated, { dateMask }: Circumstances): Translated {
  if (isTime(value) || value.sqlType === 'null') return value;
  if (!isText(value)) throw new OracleError(932, `inconsistent datatypes: expected DATE got ${value.sqlType.toUpperCase()}`);
  return { sql: `ora_date(${value.sql}, ${quoted(dateMask)}, @sysdate)`, sqlType: 'date' };
}

export function asNumber(value: Translated): Translated {
  if (value.sqlType === 'number' || value.sqlType === 'null' || value.sqlType === 'interval') return value;
  if (!isText(value)) throw new OracleError(932, `inconsistent datatypes: expected NUMBER got ${value.sqlType.toUpperCase()}`);
  return { sql: `ora_number(${value.sql})`, sqlType: 'number' };
}

export function asText(value: Translated, { dateMask, timestampMask }: Circumstances): Translated {
  if (isText(value) || value.sqlType === 'null') return value;
  if (isTime(value)) {
    const mask = value.sqlType === 'date' ? dateMask : timestampMask;
    return { sql: `ora_time_text(${value.sql}, ${quoted(mask)})`, sqlType: 'text', size: 75 };
  }
  if (value.sqlType === 'raw') return { sql: `hex(${value.sql})`, sqlType: 'text' };
  return { sql: `ora_number_text(${value.sql}, NULL)`, sqlType: 'text', size: 40 };
}

/** Make two values comparable. Numbers and times win over texts. */
export function comparable(left: Translated, right: Translated, circumstances: Circumstances): readonly [string, string] {
  if (left.sqlType === 'null' || right.sqlType === 'null') return [left.sql, right.sql];
  if (left.sqlType === 'clob' || right.sqlType === 'clob') {
    throw new OracleError(932, `inconsistent datatypes: expected - got ${left.sqlType === 'clob' ? 'CLOB' : right.sqlType.toUpperCase()}`);
  }
  if (isTime(left) || isTime(right)) {
    const [one, other] = [asTime(left, circumstances), asTime(right, circumstances)];
    if (one.sqlType !== 'timestampTz' && other.sqlType !== 'timestampTz') return [one.sql, other.sql];
    // A time with a zone meets one without: the latter is in the session's zone.
    return [one, other].map(({ sql }) => `ora_utc(ora_with_zone(${sql}, @zone))`) as [string, string];
  }
  if (left.sqlType === 'number' || right.sqlType === 'number') return [asNumber(left).sql, asNumber(right).sql];
  return [left.sql, right.sql];
}

/** The common kind of values of which one is the result, as in CASE and NVL: the first that has a kind decides. */
export function unified(
  values: readonly Translated[],
  circumstances: Circumstances,
): { readonly sqls: readonly string[]; readonly like: Translated } {
  const like = values.find(({ sqlType }) => sqlType !== 'null') ?? { sql: 'NULL', sqlType: 'text' as SqlType };
  const convert = (value: Translated): Translated => {
    if (value.sqlType === like.sqlType || value.sqlType === 'null') return value;
    if (isText(like)) return asText(value, circumstances);
    return isTime(like) ? asTime(value, circumstances) : asNumber(value);
  };
  const sizes = values.map(({ size }) => size);
  const size = sizes.includes(undefined) ? undefined : Math.max(...sizes.map((one) => one ?? 0));
  const { precision: _precision, scale: _scale, size: _size, isNullable: _isNullable, ...rest } = like;
  return { sqls: values.map((value) => convert(value).sql), like: { ...rest, ...(size !== undefined && { size }) } };
}
