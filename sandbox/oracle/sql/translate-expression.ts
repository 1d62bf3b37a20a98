import { OracleError } from '../errors.ts';
import { asNumber, asText, asTime, comparable, isTime, quoted, unified } from './coerce.ts';
import { isAggregate, translateAggregate, translateFunction, translatePseudo } from './functions.ts';
import type { Scope, Translated } from './scope.ts';
import type { Call, Case, Expression, Ordering, Select } from './syntax.ts';
import { declaredType } from './types.ts';

/** Oracle takes no longer list; the driver's users meet this in production first. */
const mostListed = 1000;

const truth = (sql: string): Translated => ({ sql, sqlType: 'number' });
type Of<Kind> = Extract<Expression, { kind: Kind }>;

/** Write an expression for SQLite and say what it is to Oracle. */
export function translateExpression(expression: Expression, scope: Scope): Translated {
  const { circumstances } = scope;
  switch (expression.kind) {
    case 'text':
      // To Oracle the empty text is a null.
      return expression.value === ''
        ? { sql: 'NULL', sqlType: 'null' }
        : { sql: quoted(expression.value), sqlType: 'text', size: Buffer.byteLength(expression.value) };
    case 'number':
      return { sql: expression.value, sqlType: 'number' };
    case 'null':
      return { sql: 'NULL', sqlType: 'null' };
    case 'time':
      return { sql: quoted(expression.value), sqlType: expression.sqlType };
    case 'interval':
      return { sql: String(expression.days), sqlType: 'interval' };
    case 'bind':
      return { sql: `@p${expression.index}`, sqlType: circumstances.bindTypes[expression.index - 1] ?? 'text' };
    case 'column':
      return translateColumn(expression, scope);
    case 'call':
      return translateCall(expression, scope);
    case 'binary':
      return translateBinary(expression, scope);
    case 'minus':
      return { sql: `-(${asNumber(translateExpression(expression.value, scope)).sql})`, sqlType: 'number' };
    case 'not':
      return truth(`NOT (${translateExpression(expression.value, scope).sql})`);
    case 'row':
      throw new OracleError(933);
    case 'in':
      return translateIn(expression, scope);
    case 'between':
      return translateBetween(expression, scope);
    case 'like':
      return translateLike(expression, scope);
    case 'isNull':
      return truth(`${translateExpression(expression.value, scope).sql} IS ${expression.isNot ? 'NOT ' : ''}NULL`);
    case 'case':
      return translateCase(expression, scope);
    case 'cast':
      return translateCast(expression, scope);
    case 'exists':
      return truth(`EXISTS (${circumstances.subquery(expression.select, scope).sql})`);
    case 'scalar':
      return translateScalar(expression.select, scope);
    default:
      return expression satisfies never;
  }
}

function translateColumn({ path, at }: Of<'column'>, scope: Scope): Translated {
  const [name = ''] = path;
  const pseudo = path.length === 1 && !scope.has(path, at) ? translatePseudo(name, scope.circumstances) : null;
  return pseudo ?? scope.column(path, at);
}

function translateCall(call: Call, scope: Scope): Translated {
  const args = call.args.map((arg) => translateExpression(arg, scope));
  if (call.over) {
    if (call.name !== 'ROW_NUMBER' && !isAggregate(call.name)) throw new OracleError(933, undefined, call.at);
    const partition = call.over.partition.map((value) => translateExpression(value, scope).sql);
    const parts = [
      partition.length > 0 ? `PARTITION BY ${partition.join(', ')}` : '',
      call.over.order.length > 0 ? `ORDER BY ${translateOrderings(call.over.order, (value) => translateExpression(value, scope))}` : '',
    ];
    const what =
      call.name === 'ROW_NUMBER' ? 'row_number()' : translateAggregate(call.name, { value: args[0] ?? null, isDistinct: false }).sql;
    return { sql: `${what} OVER (${parts.join(' ')})`, sqlType: 'number' };
  }
  if (!isAggregate(call.name)) return translateFunction(call.name, { args, circumstances: scope.circumstances, at: call.at });
  if (call.isStar !== (args.length === 0)) throw new OracleError(909, undefined, call.at);
  return translateAggregate(call.name, { value: args[0] ?? null, isDistinct: call.isDistinct });
}

/** Write an ORDER BY. Nulls are the largest values to Oracle and the smallest to SQLite. */
export function translateOrderings(orderings: readonly Ordering[], translate: (value: Expression) => Translated): string {
  return orderings
    .map(({ value, isDescending, nulls }) => {
      const { sql, isNullable = true } = translate(value);
      const last = nulls === null ? !isDescending : nulls === 'last';
      return `${sql}${isDescending ? ' DESC' : ''}${isNullable ? ` NULLS ${last ? 'LAST' : 'FIRST'}` : ''}`;
    })
    .join(', ');
}

function translateBinary(expression: Of<'binary'>, scope: Scope): Translated {
  const { operator } = expression;
  if (expression.left.kind === 'row' || expression.right.kind === 'row') throw new OracleError(933);
  const left = translateExpression(expression.left, scope);
  const right = translateExpression(expression.right, scope);
  switch (operator) {
    case 'AND':
    case 'OR':
      return truth(`(${left.sql} ${operator} ${right.sql})`);
    case '||': {
      const [one, other] = [asText(left, scope.circumstances), asText(right, scope.circumstances)];
      const size = one.size !== undefined && other.size !== undefined ? { size: one.size + other.size } : {};
      return { sql: `nullif(ifnull(${one.sql}, '') || ifnull(${other.sql}, ''), '')`, sqlType: 'text', ...size };
    }
    case '+':
    case '-':
      return isTime(left) || isTime(right) ? translateTimeSum(left, right, operator) : translateSum(left, right, operator);
    case '*':
      return translateSum(left, right, operator);
    case '/':
      return { sql: `(${asNumber(left).sql} * 1.0 / nullif(${asNumber(right).sql}, 0))`, sqlType: 'number' };
    default: {
      const [one, other] = comparable(left, right, scope.circumstances);
      return truth(`${one} ${operator} ${other}`);
    }
  }
}

function translateSum(left: Translated, right: Translated, operator: string): Translated {
  const sqlType = left.sqlType === 'interval' && right.sqlType === 'interval' ? 'interval' : 'number';
  return { sql: `(${asNumber(left).sql} ${operator} ${asNumber(right).sql})`, sqlType };
}

/** A date and a number of days, or the days between two dates. */
function translateTimeSum(left: Translated, right: Translated, operator: '+' | '-'): Translated {
  if (isTime(left) && isTime(right)) {
    if (operator === '+') throw new OracleError(975, 'date + date not allowed');
    return { sql: `ora_days_between(${left.sql}, ${right.sql})`, sqlType: 'number' };
  }
  const [time, days] = isTime(left) ? [left, right] : [right, left];
  if (operator === '-' && time === right) throw new OracleError(932, 'inconsistent datatypes: expected NUMBER got DATE');
  return { sql: `ora_add_days(${time.sql}, ${operator === '-' ? '-' : ''}(${asNumber(days).sql}))`, sqlType: 'date' };
}

function translateIn({ value, among, isNot }: Of<'in'>, scope: Scope): Translated {
  const not = isNot ? 'NOT ' : '';
  const values = value.kind === 'row' ? value.items : [value];
  const left = values.map((one) => translateExpression(one, scope));
  if (!isList(among)) {
    const { sql, columns } = scope.circumstances.subquery(among, scope);
    if (columns.length !== left.length) throw new OracleError(913, 'too many values');
    return truth(`(${left.map((one) => one.sql).join(', ')}) ${not}IN (${sql})`);
  }
  if (value.kind !== 'row' && among.length > mostListed) throw new OracleError(1795);
  const rows = among.map((item) => {
    const items = value.kind === 'row' && item.kind === 'row' ? item.items : [item];
    if (items.length !== left.length) throw new OracleError(913, 'too many values');
    return items.map(
      (one, at) => comparable(left[at] ?? { sql: 'NULL', sqlType: 'null' }, translateExpression(one, scope), scope.circumstances)[1],
    );
  });
  const list = value.kind === 'row' ? `VALUES ${rows.map((row) => `(${row.join(', ')})`).join(', ')}` : rows.flat().join(', ');
  return truth(`(${left.map((one) => one.sql).join(', ')}) ${not}IN (${list})`);
}

function isList(among: readonly Expression[] | Select): among is readonly Expression[] {
  return Array.isArray(among);
}

function translateBetween({ value, low, high, isNot }: Of<'between'>, scope: Scope): Translated {
  const subject = translateExpression(value, scope);
  const [one, least] = comparable(subject, translateExpression(low, scope), scope.circumstances);
  const [other, most] = comparable(subject, translateExpression(high, scope), scope.circumstances);
  return truth(`${isNot ? 'NOT ' : ''}(${one} >= ${least} AND ${other} <= ${most})`);
}

function translateLike({ value, pattern, escape: sign, isNot }: Of<'like'>, scope: Scope): Translated {
  const text = (one: Expression) => asText(translateExpression(one, scope), scope.circumstances).sql;
  return truth(`${text(value)} ${isNot ? 'NOT ' : ''}LIKE ${text(pattern)}${sign ? ` ESCAPE ${text(sign)}` : ''}`);
}

function translateCase({ of, whens, otherwise }: Case, scope: Scope): Translated {
  const results = [...whens.map(({ result }) => result), otherwise ?? ({ kind: 'null' } as const)];
  const { sqls, like } = unified(
    results.map((one) => translateExpression(one, scope)),
    scope.circumstances,
  );
  const subject = of ? translateExpression(of, scope) : null;
  const arms = whens.map(({ when }, at) => {
    const condition = translateExpression(when, scope);
    const compared = subject ? comparable(subject, condition, scope.circumstances).join(' = ') : condition.sql;
    return `WHEN ${compared} THEN ${sqls[at]}`;
  });
  return { ...like, sql: `CASE ${arms.join(' ')} ELSE ${sqls.at(-1)} END` };
}

function translateCast({ value, type }: Of<'cast'>, scope: Scope): Translated {
  const declared = declaredType(type);
  const given = translateExpression(value, scope);
  if (isTime(declared as Translated & typeof declared)) return { ...asTime(given, scope.circumstances), sqlType: declared.sqlType };
  if (declared.sqlType === 'number') return { ...declared, sql: asNumber(given).sql };
  return { ...asText(given, scope.circumstances), size: declared.size };
}

function translateScalar(select: Select, scope: Scope): Translated {
  const { sql, columns } = scope.circumstances.subquery(select, scope);
  const [only] = columns;
  if (!only || columns.length > 1) throw new OracleError(913, 'too many values');
  const { isNullable: _isNullable, ...kind } = only.value;
  return { ...kind, sql: `(${sql})` };
}
