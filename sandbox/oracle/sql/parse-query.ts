import { parseLiteral, parseType } from './parse-literals.ts';
import type { Call, Case, Expression, Ordering, Select, SelectItem, TableName, TableReference } from './syntax.ts';
import type { TokenCursor } from './token-cursor.ts';

export function parseSelect(tokens: TokenCursor): Select {
  tokens.wantWord('SELECT', 900);
  const isDistinct = tokens.takeWords('DISTINCT') || tokens.takeWords('UNIQUE');
  tokens.takeWords('ALL');
  const items = [parseItem(tokens)];
  while (tokens.takeSign(',')) items.push(parseItem(tokens));
  tokens.wantWord('FROM', 923);
  const from = parseFrom(tokens);
  const where = tokens.takeWords('WHERE') ? parseExpression(tokens) : null;
  const groupBy = tokens.takeWords('GROUP', 'BY') ? parseList(tokens) : [];
  const having = tokens.takeWords('HAVING') ? parseExpression(tokens) : null;
  const orderBy = tokens.takeWords('ORDER', 'BY') ? parseOrderings(tokens) : [];
  const offset = tokens.takeWords('OFFSET') ? parseRowCount(tokens) : null;
  const fetch = tokens.isWord('FETCH') ? parseFetch(tokens) : null;
  const isForUpdate = tokens.takeWords('FOR', 'UPDATE');
  if (isForUpdate) skipLockOptions(tokens);
  return { kind: 'select', isDistinct, items, from, where, groupBy, having, orderBy, offset, fetch, isForUpdate };
}

function parseItem(tokens: TokenCursor): SelectItem {
  const { at } = tokens.now;
  if (tokens.takeSign('*')) return { kind: 'all', of: null, at };
  if (tokens.isName() && tokens.ahead(1).value === '.' && tokens.ahead(2).value === '*' && tokens.ahead(2).kind === 'sign') {
    const of = tokens.wantName();
    tokens.take();
    tokens.take();
    return { kind: 'all', of, at };
  }
  const start = tokens.position;
  const value = parseExpression(tokens);
  const source = tokens.sourceFrom(start);
  const alias = tokens.takeWords('AS') || tokens.isName() ? tokens.wantName(923) : null;
  return { kind: 'value', value, alias, source };
}

function parseFrom(tokens: TokenCursor): TableReference[] {
  const from = [parseTable(tokens, 'first')];
  for (;;) {
    if (tokens.takeSign(',') || tokens.takeWords('CROSS', 'JOIN')) from.push(parseTable(tokens, 'cross'));
    else if (tokens.takeWords('JOIN') || tokens.takeWords('INNER', 'JOIN')) from.push(parseJoin(tokens, 'inner'));
    else if (tokens.takeWords('LEFT', 'JOIN') || tokens.takeWords('LEFT', 'OUTER', 'JOIN')) from.push(parseJoin(tokens, 'left'));
    else return from;
  }
}

function parseJoin(tokens: TokenCursor, join: 'inner' | 'left'): TableReference {
  const table = parseTable(tokens, join);
  tokens.wantWord('ON', 905);
  return { ...table, on: parseExpression(tokens) };
}

function parseTable(tokens: TokenCursor, join: TableReference['join']): TableReference {
  const source = tokens.isSign('(') ? parseSubquery(tokens) : parseTableName(tokens);
  const alias = tokens.isName() ? tokens.wantName() : null;
  return { source, alias, join, on: null };
}

export function parseTableName(tokens: TokenCursor): TableName {
  const { at } = tokens.now;
  const first = tokens.wantName(903);
  if (!tokens.takeSign('.')) return { kind: 'table', owner: null, name: first, at };
  return { kind: 'table', owner: first, name: tokens.wantName(903), at };
}

function parseRowCount(tokens: TokenCursor): Expression {
  const count = parseExpression(tokens);
  if (!tokens.takeWords('ROWS')) tokens.wantWord('ROW');
  return count;
}

function parseFetch(tokens: TokenCursor): Expression {
  tokens.take();
  if (!tokens.takeWords('FIRST')) tokens.wantWord('NEXT');
  const isOne = tokens.isWord('ROW') || tokens.isWord('ROWS');
  const count: Expression = isOne ? { kind: 'number', value: '1' } : parseExpression(tokens);
  if (!tokens.takeWords('ROWS')) tokens.wantWord('ROW');
  tokens.wantWord('ONLY');
  return count;
}

/** `OF column, …`, `NOWAIT`, `WAIT n`, `SKIP LOCKED`: nobody waits for a lock here. */
function skipLockOptions(tokens: TokenCursor): void {
  if (tokens.takeWords('OF')) parseList(tokens);
  if (tokens.takeWords('WAIT')) parseExpression(tokens);
  else if (!tokens.takeWords('NOWAIT')) tokens.takeWords('SKIP', 'LOCKED');
}

export function parseExpression(tokens: TokenCursor): Expression {
  let left = parseConjunction(tokens);
  while (tokens.takeWords('OR')) left = { kind: 'binary', operator: 'OR', left, right: parseConjunction(tokens) };
  return left;
}

export function parseList(tokens: TokenCursor): Expression[] {
  const list = [parseExpression(tokens)];
  while (tokens.takeSign(',')) list.push(parseExpression(tokens));
  return list;
}

function parseOrderings(tokens: TokenCursor): Ordering[] {
  const list: Ordering[] = [];
  do {
    const value = parseExpression(tokens);
    const isDescending = tokens.takeWords('DESC');
    tokens.takeWords('ASC');
    const nulls = tokens.takeWords('NULLS', 'FIRST') ? 'first' : tokens.takeWords('NULLS', 'LAST') ? 'last' : null;
    list.push({ value, isDescending, nulls });
  } while (tokens.takeSign(','));
  return list;
}

function parseConjunction(tokens: TokenCursor): Expression {
  let left = parseNegation(tokens);
  while (tokens.takeWords('AND')) left = { kind: 'binary', operator: 'AND', left, right: parseNegation(tokens) };
  return left;
}

function parseNegation(tokens: TokenCursor): Expression {
  return tokens.takeWords('NOT') ? { kind: 'not', value: parseNegation(tokens) } : parseComparison(tokens);
}

const comparisons = ['=', '<>', '<=', '>=', '<', '>'];

function parseComparison(tokens: TokenCursor): Expression {
  const left = parseSum(tokens);
  for (const operator of comparisons) {
    if (tokens.takeSign(operator)) return { kind: 'binary', operator, left, right: parseSum(tokens) };
  }
  if (tokens.takeWords('IS')) {
    const isNot = tokens.takeWords('NOT');
    tokens.wantWord('NULL', 908);
    return { kind: 'isNull', value: left, isNot };
  }
  const isNot = tokens.takeWords('NOT');
  if (tokens.takeWords('IN')) return parseIn(tokens, left, isNot);
  if (tokens.takeWords('BETWEEN')) {
    const low = parseSum(tokens);
    tokens.wantWord('AND', 905);
    return { kind: 'between', value: left, low, high: parseSum(tokens), isNot };
  }
  if (tokens.takeWords('LIKE')) {
    const pattern = parseSum(tokens);
    return { kind: 'like', value: left, pattern, escape: tokens.takeWords('ESCAPE') ? parseSum(tokens) : null, isNot };
  }
  return isNot ? tokens.fail(936) : left;
}

function parseIn(tokens: TokenCursor, value: Expression, isNot: boolean): Expression {
  tokens.wantSign('(', 906);
  const among = tokens.isWord('SELECT') ? parseSelect(tokens) : parseList(tokens);
  tokens.wantSign(')', 907);
  return { kind: 'in', value, among, isNot };
}

function parseSum(tokens: TokenCursor): Expression {
  let left = parseProduct(tokens);
  for (;;) {
    const operator = ['+', '-', '||'].find((sign) => tokens.takeSign(sign));
    if (operator === undefined) return left;
    left = { kind: 'binary', operator, left, right: parseProduct(tokens) };
  }
}

function parseProduct(tokens: TokenCursor): Expression {
  let left = parseSigned(tokens);
  for (;;) {
    const operator = ['*', '/'].find((sign) => tokens.takeSign(sign));
    if (operator === undefined) return left;
    left = { kind: 'binary', operator, left, right: parseSigned(tokens) };
  }
}

function parseSigned(tokens: TokenCursor): Expression {
  if (tokens.takeSign('-')) return { kind: 'minus', value: parseSigned(tokens) };
  tokens.takeSign('+');
  return parsePrimary(tokens);
}

function parsePrimary(tokens: TokenCursor): Expression {
  const literal = parseLiteral(tokens);
  if (literal) return literal;
  if (tokens.takeSign('(')) return parseInParentheses(tokens);
  if (tokens.takeWords('CASE')) return parseCase(tokens);
  if (tokens.takeWords('EXISTS')) return { kind: 'exists', select: parseSubquery(tokens) };
  if (tokens.isWord('CAST')) return parseCast(tokens);
  if (!tokens.isName()) return tokens.fail(936);
  return tokens.ahead(1).value === '(' && tokens.ahead(1).kind === 'sign' ? parseCall(tokens) : parseColumn(tokens);
}

function parseInParentheses(tokens: TokenCursor): Expression {
  if (tokens.isWord('SELECT')) {
    const select = parseSelect(tokens);
    tokens.wantSign(')', 907);
    return { kind: 'scalar', select };
  }
  const items = parseList(tokens);
  tokens.wantSign(')', 907);
  const [only] = items;
  return items.length === 1 && only ? only : { kind: 'row', items };
}

function parseSubquery(tokens: TokenCursor): Select {
  tokens.wantSign('(', 906);
  const select = parseSelect(tokens);
  tokens.wantSign(')', 907);
  return select;
}

function parseCase(tokens: TokenCursor): Case {
  const of = tokens.isWord('WHEN') ? null : parseExpression(tokens);
  const whens: { when: Expression; result: Expression }[] = [];
  while (tokens.takeWords('WHEN')) {
    const when = parseExpression(tokens);
    tokens.wantWord('THEN', 905);
    whens.push({ when, result: parseExpression(tokens) });
  }
  const otherwise = tokens.takeWords('ELSE') ? parseExpression(tokens) : null;
  tokens.wantWord('END', 905);
  return { kind: 'case', of, whens, otherwise };
}

function parseCast(tokens: TokenCursor): Expression {
  tokens.take();
  tokens.wantSign('(', 906);
  const value = parseExpression(tokens);
  tokens.wantWord('AS', 905);
  const type = parseType(tokens);
  tokens.wantSign(')', 907);
  return { kind: 'cast', value, type };
}

function parseCall(tokens: TokenCursor): Call {
  const { value: name, at } = tokens.take();
  tokens.take();
  const isStar = tokens.takeSign('*');
  const isDistinct = tokens.takeWords('DISTINCT');
  const args = isStar || tokens.isSign(')') ? [] : parseList(tokens);
  tokens.wantSign(')', 907);
  return { kind: 'call', name, args, isStar, isDistinct, over: tokens.takeWords('OVER') ? parseOver(tokens) : null, at };
}

function parseOver(tokens: TokenCursor): Call['over'] {
  tokens.wantSign('(', 906);
  const partition = tokens.takeWords('PARTITION', 'BY') ? parseList(tokens) : [];
  const order = tokens.takeWords('ORDER', 'BY') ? parseOrderings(tokens) : [];
  tokens.wantSign(')', 907);
  return { partition, order };
}

function parseColumn(tokens: TokenCursor): Expression {
  const { at } = tokens.now;
  const path = [tokens.wantName(936)];
  while (path.length < 3 && tokens.takeSign('.')) path.push(tokens.wantName(936));
  return { kind: 'column', path, at };
}
