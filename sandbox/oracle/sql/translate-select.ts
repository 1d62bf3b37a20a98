import { OracleError } from '../errors.ts';
import { asNumber } from './coerce.ts';
import { isAggregate } from './functions.ts';
import { type Circumstances, Scope, type Source, type Subquery, type Translated } from './scope.ts';
import type { Expression, Select, TableReference } from './syntax.ts';
import { translateExpression, translateOrderings } from './translate-expression.ts';

type Item = Subquery['columns'][number];

/** Write a query for SQLite, and tell its columns. */
export function translateSelect(select: Select, circumstances: Omit<Circumstances, 'subquery'>): Subquery {
  const whole: Circumstances = { ...circumstances, subquery: (inner, outer) => translateBlock(inner, whole, outer) };
  return translateBlock(select, whole, null);
}

/** One SELECT with everything that belongs to it, in or out of parentheses. */
function translateBlock(select: Select, circumstances: Circumstances, outer: Scope | null): Subquery {
  const scope = new Scope(circumstances, outer);
  const from = select.from.map((reference) => translateReference(reference, { scope, isLocked: select.isForUpdate })).join('');
  const { rowLimit, where } = splitWhere(select.where, scope);
  const isGrouped = select.groupBy.length > 0 || select.items.some((item) => item.kind === 'value' && hasAggregate(item.value));
  const columns = translateItems(select, scope);
  const groups = select.groupBy.map((value) => translateExpression(value, scope).sql);
  if (isGrouped) checkGroups(select, scope, groups);

  const limitsFirst = rowLimit !== null && (isGrouped || select.isDistinct || select.orderBy.length > 0);
  const condition = limitsFirst ? limitedRows({ select, from, where, rowLimit }) : where;
  const clauses = [
    `SELECT ${select.isDistinct ? 'DISTINCT ' : ''}${columns.map(({ name, value }) => `${value.sql} AS "${name}"`).join(', ')} FROM ${from}`,
    condition ? `WHERE ${condition}` : '',
    groups.length > 0 ? `GROUP BY ${groups.join(', ')}` : '',
    select.having ? `HAVING ${translateExpression(select.having, scope).sql}` : '',
    select.orderBy.length > 0 ? `ORDER BY ${translateOrderings(select.orderBy, (value) => orderedBy(value, columns, scope))}` : '',
    translateLimit(select, { scope, rowLimit: limitsFirst ? null : rowLimit }),
  ];
  return { sql: clauses.filter((clause) => clause !== '').join(' '), columns };
}

function translateReference(
  { source, alias, join, on }: TableReference,
  { scope, isLocked }: { readonly scope: Scope; readonly isLocked: boolean },
): string {
  const { circumstances } = scope;
  const name = alias ?? (source.kind === 'table' ? source.name : `query at ${scope.size}`);
  const found: Source =
    source.kind === 'table' ? circumstances.find(source, isLocked ? 'lock' : 'read') : sourceOf(circumstances.subquery(source, scope));
  // Where a left join finds nothing, everything of it is null.
  scope.add(name, join === 'left' ? nullable(found) : found);
  const table = `${found.sql} AS "${name}"`;
  if (join === 'first') return table;
  if (join === 'cross' || !on) return `, ${table}`;
  return ` ${join === 'left' ? 'LEFT' : 'INNER'} JOIN ${table} ON ${translateExpression(on, scope).sql}`;
}

function nullable(source: Source): Source {
  return { ...source, columns: new Map([...source.columns].map(([name, column]) => [name, { ...column, isNullable: true }])) };
}

function sourceOf({ sql, columns }: Subquery): Source {
  return {
    sql: `(${sql})`,
    columns: new Map(columns.map(({ name, value: { sql: _sql, ...column } }) => [name, column])),
    hasRowScn: false,
  };
}

function translateItems(select: Select, scope: Scope): Item[] {
  return select.items.flatMap((item) => {
    if (item.kind === 'all') return scope.allColumns(item.of, item.at);
    const value = translateExpression(item.value, scope);
    const own = item.value.kind === 'column' ? item.value.path.at(-1) : undefined;
    return [{ name: (item.alias ?? own ?? item.source.toUpperCase()).replaceAll('"', "''"), value }];
  });
}

/** Take `ROWNUM <= n` out of the conditions: SQLite limits rows at the end of a query, not in it. */
function splitWhere(where: Expression | null, scope: Scope): { readonly rowLimit: string | null; readonly where: string } {
  let rowLimit: string | null = null;
  const rest: string[] = [];
  for (const part of conjuncts(where)) {
    const limit = rowNumberLimit(part, scope);
    if (limit === null) rest.push(translateExpression(part, scope).sql);
    else rowLimit = rowLimit === null ? limit : `min(${rowLimit}, ${limit})`;
  }
  return { rowLimit, where: rest.map((sql) => `(${sql})`).join(' AND ') };
}

function conjuncts(where: Expression | null): Expression[] {
  if (!where) return [];
  return where.kind === 'binary' && where.operator === 'AND' ? [...conjuncts(where.left), ...conjuncts(where.right)] : [where];
}

function rowNumberLimit(part: Expression, scope: Scope): string | null {
  if (part.kind !== 'binary' || part.left.kind !== 'column' || part.left.path.join('.') !== 'ROWNUM') return null;
  const limit = asNumber(translateExpression(part.right, scope)).sql;
  if (part.operator === '<=' || (part.operator === '=' && part.right.kind === 'number' && part.right.value === '1')) return limit;
  if (part.operator === '<') return `${limit} - 1`;
  // `ROWNUM > 1` is never true to Oracle.
  return '0';
}

/** Oracle counts ROWNUM before it groups or sorts: choose the rows first, by their place in the one table. */
function limitedRows(of: { readonly select: Select; readonly from: string; readonly where: string; readonly rowLimit: string }): string {
  const { select, from, where, rowLimit } = of;
  const [only] = select.from;
  if (!only || select.from.length > 1 || only.source.kind !== 'table') throw new OracleError(933);
  const place = `"${only.alias ?? only.source.name}".rowid`;
  return `${place} IN (SELECT ${place} FROM ${from}${where === '' ? '' : ` WHERE ${where}`} LIMIT ${rowLimit})`;
}

function translateLimit(select: Select, { scope, rowLimit }: { readonly scope: Scope; readonly rowLimit: string | null }): string {
  const count = (value: Expression) => `max(0, cast(${asNumber(translateExpression(value, scope)).sql} AS INTEGER))`;
  const limit = select.fetch ? count(select.fetch) : rowLimit === null ? null : `max(0, cast(${rowLimit} AS INTEGER))`;
  if (limit === null && !select.offset) return '';
  return `LIMIT ${limit ?? '-1'}${select.offset ? ` OFFSET ${count(select.offset)}` : ''}`;
}

/** What an ORDER BY means: a column's place, its alias, or an expression. */
function orderedBy(value: Expression, columns: readonly Item[], scope: Scope): Translated {
  if (value.kind === 'number') {
    const at = columns[Number(value.value) - 1];
    if (!at) throw new OracleError(1785, 'ORDER BY item must be the number of a SELECT-list expression');
    return { ...at.value, sql: value.value };
  }
  const alias = value.kind === 'column' && value.path.length === 1 ? columns.find(({ name }) => name === value.path[0]) : undefined;
  return alias?.value ?? translateExpression(value, scope);
}

function hasAggregate(expression: Expression): boolean {
  if (expression.kind === 'call' && expression.over === null && isAggregate(expression.name)) return true;
  return parts(expression).some(hasAggregate);
}

/** The expressions within an expression; those of a subquery are its own affair. */
function parts(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'call':
      return expression.args;
    case 'binary':
      return [expression.left, expression.right];
    case 'minus':
    case 'not':
    case 'isNull':
    case 'cast':
      return [expression.value];
    case 'in':
      return Array.isArray(expression.among) ? [expression.value, ...expression.among] : [expression.value];
    case 'between':
      return [expression.value, expression.low, expression.high];
    case 'like':
      return [expression.value, expression.pattern];
    case 'row':
      return expression.items;
    case 'case':
      return [expression.of, expression.otherwise, ...expression.whens.flatMap(({ when, result }) => [when, result])].filter(
        (one) => one !== null,
      );
    default:
      return [];
  }
}

/** SQLite shows any row's value beside a sum; Oracle refuses what the groups do not fix. */
function checkGroups(select: Select, scope: Scope, groups: readonly string[]): void {
  const check = (expression: Expression): void => {
    if (expression.kind === 'call' && isAggregate(expression.name)) return;
    if (groups.includes(translateExpression(expression, scope).sql)) return;
    if (expression.kind === 'column' && scope.has(expression.path, expression.at)) {
      throw groups.length === 0
        ? new OracleError(937, 'not a single-group group function', expression.at)
        : new OracleError(979, undefined, expression.at);
    }
    parts(expression).forEach(check);
  };
  for (const item of select.items) {
    if (item.kind === 'all') throw new OracleError(979, undefined, item.at);
    check(item.value);
  }
}
