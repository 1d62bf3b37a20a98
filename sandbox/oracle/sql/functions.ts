import { OracleError } from '../errors.ts';
import { asNumber, asText, asTime, isTime, quoted, unified } from './coerce.ts';
import type { Circumstances, Translated } from './scope.ts';

type Arguments = { readonly args: readonly Translated[]; readonly circumstances: Circumstances };
type OracleFunction = {
  readonly least: number;
  readonly most: number;
  readonly translate: (call: Arguments) => Translated;
};

const text = (sql: string, size?: number): Translated => ({ sql, sqlType: 'text', ...(size !== undefined && { size }) });
const number = (sql: string): Translated => ({ sql, sqlType: 'number' });
const nothing: Translated = { sql: 'NULL', sqlType: 'null' };

/** A function over one text that gives a text. */
const textFunction = (name: string, least = 1, most = least): OracleFunction => ({
  least,
  most,
  translate: ({ args, circumstances }) => {
    const [first = nothing, ...others] = args;
    const subject = asText(first, circumstances);
    return text(`nullif(${name}(${[subject.sql, ...others.map(({ sql }) => sql)].join(', ')}), '')`, subject.size);
  },
});

const numberFunction = (name: string, least = 1, most = least): OracleFunction => ({
  least,
  most,
  translate: ({ args }) => number(`${name}(${args.map((arg) => asNumber(arg).sql).join(', ')})`),
});

/** TO_CHAR of what is stored the same way needs no function at all: the masks that a sync asks for most. */
const cuts: Readonly<Record<string, number>> = { 'YYYY-MM-DD': 10, 'YYYY-MM-DD HH24:MI': 16, 'YYYY-MM-DD HH24:MI:SS': 19 };

function toChar({ args, circumstances }: Arguments): Translated {
  const [value = nothing, mask] = args;
  if (!mask) return asText(value, circumstances);
  if (!isTime(value)) return text(`ora_number_text(${asNumber(value).sql}, ${mask.sql})`, 64);
  const cut = cuts[mask.sql.slice(1, -1)];
  return cut === undefined ? text(`ora_time_text(${value.sql}, ${mask.sql})`, 75) : text(`substr(${value.sql}, 1, ${cut})`, cut);
}

const toTime = (kind: 'date' | 'timestamp'): OracleFunction => ({
  least: 1,
  most: 3,
  translate: ({ args, circumstances }) => {
    const [value = nothing, mask] = args;
    if (isTime(value)) return { ...value, sqlType: kind };
    const own = kind === 'date' ? circumstances.dateMask : circumstances.timestampMask;
    return { sql: `ora_${kind}(${asText(value, circumstances).sql}, ${mask?.sql ?? quoted(own)}, @sysdate)`, sqlType: kind };
  },
});

function truncated({ args, circumstances }: Arguments): Translated {
  const [value = nothing, unit] = args;
  if (value.sqlType === 'number') return number(`ora_trunc_number(${value.sql}, ${unit?.sql ?? '0'})`);
  const time = asTime(value, circumstances);
  return { sql: unit ? `ora_trunc_time(${time.sql}, ${unit.sql})` : `substr(${time.sql}, 1, 10) || ' 00:00:00'`, sqlType: 'date' };
}

function decoded({ args, circumstances }: Arguments): Translated {
  const [subject = nothing, ...rest] = args;
  const pairs = Math.floor(rest.length / 2);
  const keys = Array.from({ length: pairs }, (_, at) => rest[at * 2] ?? nothing);
  const results = Array.from({ length: pairs }, (_, at) => rest[at * 2 + 1] ?? nothing);
  const otherwise = rest.length % 2 === 1 ? (rest.at(-1) ?? nothing) : nothing;
  const { sqls, like } = unified([...results, otherwise], circumstances);
  const compared = unified([subject, ...keys], circumstances).sqls;
  // To DECODE, and to nothing else, a null is a null.
  const whens = keys.map((_, at) => `WHEN ${compared[0]} IS ${compared[at + 1]} THEN ${sqls[at]}`);
  return { ...like, sql: `CASE ${whens.join(' ')} ELSE ${sqls.at(-1)} END` };
}

const extreme = (name: 'max' | 'min'): OracleFunction => ({
  least: 1,
  most: 100,
  translate: ({ args, circumstances }) => {
    const { sqls, like } = unified(args, circumstances);
    return { ...like, sql: sqls.length === 1 ? (sqls[0] ?? 'NULL') : `${name}(${sqls.join(', ')})` };
  },
});

const scalar = (least: number, most: number, translate: OracleFunction['translate']): OracleFunction => ({ least, most, translate });

const functions: Readonly<Record<string, OracleFunction>> = {
  TO_CHAR: scalar(1, 3, toChar),
  TO_DATE: toTime('date'),
  TO_TIMESTAMP: toTime('timestamp'),
  TO_NUMBER: scalar(1, 1, ({ args: [value = nothing] }) => asNumber(value)),
  TRUNC: scalar(1, 2, truncated),
  DECODE: scalar(3, 255, decoded),
  NVL: scalar(2, 2, ({ args, circumstances }) => coalesced(args, circumstances)),
  COALESCE: scalar(2, 255, ({ args, circumstances }) => coalesced(args, circumstances)),
  NVL2: scalar(3, 3, ({ args: [value = nothing, ...results], circumstances }) => {
    const { sqls, like } = unified(results, circumstances);
    return { ...like, sql: `iif(${value.sql} IS NOT NULL, ${sqls.join(', ')})` };
  }),
  NULLIF: scalar(2, 2, ({ args: [value = nothing, other = nothing] }) => ({
    ...value,
    isNullable: true,
    sql: `nullif(${value.sql}, ${other.sql})`,
  })),
  GREATEST: extreme('max'),
  LEAST: extreme('min'),
  SUBSTR: scalar(2, 3, ({ args: [value = nothing, start = nothing, length], circumstances }) => {
    const subject = asText(value, circumstances);
    return text(`ora_part(${subject.sql}, ${start.sql}, ${length?.sql ?? 'NULL'})`, subject.size);
  }),
  UPPER: textFunction('ora_upper'),
  LOWER: textFunction('ora_lower'),
  TRIM: textFunction('trim'),
  LTRIM: textFunction('ltrim', 1, 2),
  RTRIM: textFunction('rtrim', 1, 2),
  REPLACE: scalar(2, 3, ({ args: [value = nothing, what = nothing, by], circumstances }) =>
    text(`ora_replace(${asText(value, circumstances).sql}, ${what.sql}, ${by?.sql ?? 'NULL'})`),
  ),
  LPAD: scalar(2, 3, padding('ora_lpad')),
  RPAD: scalar(2, 3, padding('ora_rpad')),
  LENGTH: scalar(1, 1, ({ args: [value = nothing], circumstances }) => number(`length(nullif(${asText(value, circumstances).sql}, ''))`)),
  INSTR: scalar(2, 3, ({ args: [value = nothing, wanted = nothing, from] }) =>
    number(`ora_place(${value.sql}, ${wanted.sql}, ${from?.sql ?? '1'})`),
  ),
  ABS: numberFunction('abs'),
  FLOOR: numberFunction('floor'),
  CEIL: numberFunction('ceil'),
  ROUND: numberFunction('round', 1, 2),
  MOD: scalar(2, 2, ({ args: [value = nothing, by = nothing] }) => number(`(${asNumber(value).sql} % ${asNumber(by).sql})`)),
  ADD_MONTHS: scalar(2, 2, ({ args: [value = nothing, months = nothing], circumstances }) => ({
    sql: `ora_add_months(${asTime(value, circumstances).sql}, ${months.sql})`,
    sqlType: 'date',
  })),
  SYS_EXTRACT_UTC: scalar(1, 1, ({ args: [value = nothing] }) => ({
    sql: `ora_utc(ora_with_zone(${value.sql}, @zone))`,
    sqlType: 'timestamp',
  })),
  RAWTOHEX: scalar(1, 1, ({ args: [value = nothing] }) => text(`hex(${value.sql})`)),
  SYS_CONTEXT: scalar(2, 3, sysContext),
};

function coalesced(args: readonly Translated[], circumstances: Circumstances): Translated {
  const { sqls, like } = unified(args, circumstances);
  return { ...like, sql: `coalesce(${sqls.join(', ')})` };
}

function padding(name: string): OracleFunction['translate'] {
  return ({ args: [value = nothing, length = nothing, filling], circumstances }) =>
    text(`${name}(${asText(value, circumstances).sql}, ${length.sql}, ${filling?.sql ?? "' '"})`);
}

function sysContext({ args: [space = nothing, name = nothing], circumstances }: Arguments): Translated {
  if (space.sql.toUpperCase() !== "'USERENV'") throw new OracleError(2003, 'invalid USERENV parameter');
  const value = circumstances.contextOf(name.sql.slice(1, -1).toUpperCase());
  return text(value === null ? 'NULL' : quoted(value), 256);
}

/** Translate a call of a function over single values. @throws {OracleError} ORA-00904 for one that this server does not know. */
export function translateFunction(name: string, call: Arguments & { readonly at: number }): Translated {
  const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (!known) throw new OracleError(904, `"${name}": invalid identifier`, call.at);
  if (call.args.length < known.least) throw new OracleError(938, 'not enough arguments for function', call.at);
  if (call.args.length > known.most) throw new OracleError(939, 'too many arguments for function', call.at);
  return known.translate(call);
}

const aggregates = ['COUNT', 'SUM', 'MAX', 'MIN', 'AVG'];
export function isAggregate(name: string): boolean {
  return aggregates.includes(name);
}

/** Translate a function over many rows. */
export function translateAggregate(
  name: string,
  { value, isDistinct }: { readonly value: Translated | null; readonly isDistinct: boolean },
): Translated {
  if (!value) return { ...number('count(*)'), isNullable: true };
  const among = isDistinct ? 'DISTINCT ' : '';
  if (name === 'COUNT') return number(`count(${among}${value.sql})`);
  if (name === 'SUM' || name === 'AVG') return number(`${name.toLowerCase()}(${among}${asNumber(value).sql})`);
  const { isNullable: _isNullable, ...kind } = value;
  return { ...kind, sql: `${name.toLowerCase()}(${among}${value.sql})` };
}

/** The values that look like columns and are none. */
export function translatePseudo(name: string, circumstances: Circumstances): Translated | null {
  switch (name) {
    case 'SYSDATE':
      return { sql: '@sysdate', sqlType: 'date' };
    case 'SYSTIMESTAMP':
      return { sql: '@systimestamp', sqlType: 'timestampTz' };
    case 'CURRENT_DATE':
      return { sql: '@currentdate', sqlType: 'date' };
    case 'CURRENT_TIMESTAMP':
      return { sql: '@currenttimestamp', sqlType: 'timestampTz' };
    case 'ROWNUM':
      return number('row_number() OVER ()');
    case 'DBTIMEZONE':
      return text("'+00:00'", 6);
    case 'SESSIONTIMEZONE':
      return text('@sessionzone', 75);
    case 'USER':
      return text(quoted(circumstances.contextOf('SESSION_USER') ?? ''), 128);
    default:
      return null;
  }
}
