import { parseExpression, parseList, parseSelect, parseTableName } from './parse-query.ts';
import type { Expression, Setting, Statement, Write } from './syntax.ts';
import { TokenCursor } from './token-cursor.ts';
import { tokenize } from './tokens.ts';

/**
 * Take one statement apart.
 * @throws {OracleError} ORA-00933 for what this server does not translate, or what Oracle says to bad SQL.
 */
export function parseStatement(sql: string): { readonly statement: Statement; readonly binds: number } {
  const tokens = new TokenCursor(tokenize(sql));
  const statement = parseBy(tokens);
  if (tokens.now.kind !== 'end') tokens.fail(933);
  return { statement, binds: tokens.binds };
}

function parseBy(tokens: TokenCursor): Statement {
  if (tokens.isWord('SELECT')) return parseSelect(tokens);
  if (tokens.takeWords('INSERT', 'INTO')) return parseInsert(tokens);
  if (tokens.takeWords('UPDATE')) return parseUpdate(tokens);
  if (tokens.takeWords('DELETE')) return parseDelete(tokens);
  return parseSetting(tokens);
}

function parseInsert(tokens: TokenCursor): Write {
  const table = parseTableName(tokens);
  tokens.wantSign('(', 928);
  const columns = [tokens.wantName(928)];
  while (tokens.takeSign(',')) columns.push(tokens.wantName(928));
  tokens.wantSign(')', 907);
  tokens.wantWord('VALUES', 926);
  tokens.wantSign('(', 906);
  const values = parseList(tokens);
  tokens.wantSign(')', 907);
  return { kind: 'insert', table, columns, values };
}

function parseUpdate(tokens: TokenCursor): Write {
  const table = parseTableName(tokens);
  const alias = tokens.isName() ? tokens.wantName() : null;
  tokens.wantWord('SET', 971);
  const sets: { column: string; value: Expression }[] = [];
  do {
    const first = tokens.wantName(904);
    const column = tokens.takeSign('.') ? tokens.wantName(904) : first;
    tokens.wantSign('=', 927);
    sets.push({ column, value: parseExpression(tokens) });
  } while (tokens.takeSign(','));
  return { kind: 'update', table, alias, sets, where: parseWhere(tokens) };
}

function parseDelete(tokens: TokenCursor): Write {
  tokens.takeWords('FROM');
  const table = parseTableName(tokens);
  const alias = tokens.isName() ? tokens.wantName() : null;
  return { kind: 'delete', table, alias, where: parseWhere(tokens) };
}

function parseWhere(tokens: TokenCursor): Expression | null {
  return tokens.takeWords('WHERE') ? parseExpression(tokens) : null;
}

function parseSetting(tokens: TokenCursor): Setting {
  if (tokens.takeWords('SET', 'TRANSACTION', 'READ', 'ONLY')) return { kind: 'readOnly' };
  if (tokens.takeWords('SET', 'TRANSACTION', 'READ', 'WRITE')) return { kind: 'readWrite' };
  if (tokens.takeWords('COMMIT')) return takeWork(tokens, 'commit');
  if (tokens.takeWords('ROLLBACK')) return takeWork(tokens, 'rollback');
  if (tokens.takeWords('ALTER', 'SESSION', 'SET')) return parseAlterSession(tokens);
  if (tokens.takeWords('LOCK', 'TABLE')) {
    const table = parseTableName(tokens);
    while (tokens.now.kind === 'word') tokens.take();
    return { kind: 'lock', table };
  }
  return tokens.fail(933);
}

function takeWork(tokens: TokenCursor, kind: 'commit' | 'rollback'): Setting {
  tokens.takeWords('WORK');
  return { kind };
}

function parseAlterSession(tokens: TokenCursor): Setting {
  const settings: { name: string; value: string }[] = [];
  while (tokens.isName()) {
    const name = tokens.wantName();
    tokens.wantSign('=', 927);
    settings.push({ name, value: tokens.take().value });
  }
  return settings.length === 0 ? tokens.fail(933) : { kind: 'alterSession', settings };
}
