import { OracleError } from '../errors.ts';
import type { Token } from './tokens.ts';

/** A place in a list of tokens that moves on as the parser takes them. */
export class TokenCursor {
  readonly #tokens: readonly Token[];
  #at = 0;
  #binds = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get now(): Token {
    return this.ahead(0);
  }

  get position(): number {
    return this.#at;
  }

  get binds(): number {
    return this.#binds;
  }

  ahead(count: number): Token {
    const token = this.#tokens[Math.min(this.#at + count, this.#tokens.length - 1)];
    if (!token) throw new OracleError(900);
    return token;
  }

  take(): Token {
    const token = this.now;
    this.#at += 1;
    return token;
  }

  nextBind(): number {
    this.#binds += 1;
    return this.#binds;
  }

  isWord(...words: readonly string[]): boolean {
    return words.every((word, index) => this.ahead(index).kind === 'word' && this.ahead(index).value === word);
  }

  isSign(sign: string): boolean {
    return this.now.kind === 'sign' && this.now.value === sign;
  }

  /** Take these words if they are next. */
  takeWords(...words: readonly string[]): boolean {
    if (!this.isWord(...words)) return false;
    this.#at += words.length;
    return true;
  }

  takeSign(sign: string): boolean {
    if (!this.isSign(sign)) return false;
    this.#at += 1;
    return true;
  }

  /** @throws {OracleError} with this number when the word is not next. */
  wantWord(word: string, number = 933): void {
    if (!this.takeWords(word)) this.fail(number);
  }

  wantSign(sign: string, number = 933): void {
    if (!this.takeSign(sign)) this.fail(number);
  }

  /** A name of something: a plain word that is not reserved, or a quoted one. */
  wantName(number = 933): string {
    const { kind, value } = this.now;
    if (kind !== 'quoted' && (kind !== 'word' || reserved.has(value))) this.fail(number);
    this.#at += 1;
    return value;
  }

  isName(): boolean {
    return this.now.kind === 'quoted' || (this.now.kind === 'word' && !reserved.has(this.now.value));
  }

  /** The text between two positions as Oracle names a column that has no alias: in capitals and without blanks. */
  sourceFrom(position: number): string {
    return this.#tokens
      .slice(position, this.#at)
      .map(({ kind, source, value }) => (kind === 'word' ? value : source))
      .join('');
  }

  fail(number: number): never {
    throw new OracleError(number, undefined, this.now.at);
  }
}

/** Words that end an expression or a table, and so are no names without quotes. */
const reserved = new Set(
  `ALL AND AS ASC BETWEEN BY CASE CROSS DELETE DESC DISTINCT ELSE END EXISTS FETCH FOR FROM FULL GROUP HAVING IN INNER INSERT INTERSECT INTO
  IS JOIN LEFT LIKE MINUS NOT NULL OFFSET ON OR ORDER RIGHT SELECT SET THEN UNION UPDATE USING VALUES WHEN WHERE WITH CONNECT START`.split(
    /\s+/,
  ),
);
