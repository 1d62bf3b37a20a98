import { OracleError } from '../errors.ts';

export type Token = {
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'bind' | 'sign' | 'end';
  /** Words in capitals, texts and quoted names without their quotes, signs as they are. */
  readonly value: string;
  /** Where it starts in the statement. */
  readonly at: number;
  readonly source: string;
};

const closings: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')', '<': '>' };
const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  ['bind', /:\s*(?:"[^"]+"|\p{L}[\p{L}\p{N}_$#]*|\d+)/uy],
  ['number', /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['word', /\p{L}[\p{L}\p{N}_$#]*/uy],
  ['sign', /\|\||<=|>=|<>|!=|\^=|[-+*/(),.;=<>]/y],
];
const blank = /(?:\s|--.*|\/\*[\s\S]*?\*\/)*/y;

/** Split a statement into tokens; comments, hints and white space are gone. @throws {OracleError} where a quote is not closed. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const add = (kind: Token['kind'], value: string, length: number) => {
    tokens.push({ kind, value, at, source: sql.slice(at, at + length) });
    at += length;
  };
  for (;;) {
    at += matchAt(blank, sql, at)?.length ?? 0;
    const sign = sql[at];
    if (sign === undefined) break;
    const quote = /q'/iy;
    if (sign === "'") addText(sql, at, add);
    else if (sign === '"') addQuoted(sql, at, add);
    else if (matchAt(quote, sql, at)) addAlternative(sql, at, add);
    else addPlain(sql, at, add);
  }
  add('end', '', 0);
  return tokens;
}

type Add = (kind: Token['kind'], value: string, length: number) => void;

function matchAt(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}

function addText(sql: string, at: number, add: Add): void {
  const found = matchAt(/'(?:[^']|'')*'/y, sql, at);
  if (found === undefined) throw new OracleError(1756, undefined, at);
  add('text', found.slice(1, -1).replaceAll("''", "'"), found.length);
}

function addQuoted(sql: string, at: number, add: Add): void {
  const found = matchAt(/"[^"]+"/y, sql, at);
  if (found === undefined) throw new OracleError(1740, undefined, at);
  add('quoted', found.slice(1, -1), found.length);
}

/** The text form `q'[it's]'`. */
function addAlternative(sql: string, at: number, add: Add): void {
  const opening = sql[at + 2] ?? '';
  const end = sql.indexOf(`${closings[opening] ?? opening}'`, at + 3);
  if (end < 0) throw new OracleError(1756, undefined, at);
  add('text', sql.slice(at + 3, end), end + 2 - at);
}

function addPlain(sql: string, at: number, add: Add): void {
  for (const [kind, pattern] of patterns) {
    const found = matchAt(pattern, sql, at);
    if (found === undefined) continue;
    const value = kind === 'word' ? found.toUpperCase() : found === '!=' || found === '^=' ? '<>' : found;
    add(kind, value, found.length);
    return;
  }
  throw new OracleError(911, 'invalid character', at);
}
