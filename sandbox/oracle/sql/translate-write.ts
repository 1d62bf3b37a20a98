import { OracleError } from '../errors.ts';
import { asNumber, asText, asTime, isText, isTime } from './coerce.ts';
import { type Circumstances, Scope, type Source, type SourceColumn, type Translated } from './scope.ts';
import type { Write } from './syntax.ts';
import { translateExpression } from './translate-expression.ts';

/** Write a change of one table for SQLite. The number of its commit comes in as `@scn`. */
export function translateWrite(write: Write, circumstances: Circumstances): string {
  const source = circumstances.find(write.table, write.kind);
  const alias = write.kind === 'insert' ? write.table.name : (write.alias ?? write.table.name);
  const scope = new Scope(circumstances);
  scope.add(alias, source);
  const where = write.kind !== 'insert' && write.where ? ` WHERE ${translateExpression(write.where, scope).sql}` : '';
  switch (write.kind) {
    case 'insert': {
      if (write.columns.length !== write.values.length) throw new OracleError(947, 'not enough values');
      const outside = new Scope(circumstances);
      const values = write.values.map((value, at) =>
        stored(translateExpression(value, outside), columnOf(source, write.columns[at] ?? ''), circumstances),
      );
      const names = write.columns.map((name) => `"${name}"`);
      return `INSERT INTO ${source.sql} (${[...names, 'ORA_ROWSCN'].join(', ')}) VALUES (${[...values, '@scn'].join(', ')})`;
    }
    case 'update': {
      const sets = write.sets.map(
        ({ column, value }) => `"${column}" = ${stored(translateExpression(value, scope), columnOf(source, column), circumstances)}`,
      );
      return `UPDATE ${source.sql} AS "${alias}" SET ${[...sets, 'ORA_ROWSCN = @scn'].join(', ')}${where}`;
    }
    case 'delete':
      return `DELETE FROM ${source.sql} AS "${alias}"${where}`;
    default:
      return write satisfies never;
  }
}

function columnOf({ columns }: Source, name: string): SourceColumn {
  const column = columns.get(name);
  if (!column) throw new OracleError(904, `"${name}": invalid identifier`);
  return column;
}

function stored(value: Translated, column: SourceColumn, circumstances: Circumstances): string {
  const wanted = { sql: '', sqlType: column.sqlType };
  if (column.sqlType === 'date') return `substr(${asTime(value, circumstances).sql}, 1, 19)`;
  if (isTime(wanted)) return asTime(value, circumstances).sql;
  if (isText(wanted)) return asText(value, circumstances).sql;
  return column.sqlType === 'number' ? asNumber(value).sql : value.sql;
}
