import type { RuleId } from '../../../contract/dead-letter.ts';

const quote = 34;
const lineFeed = 10;
const carriageReturn = 13;
const space = 32;

/** A row is never longer than this, in bytes; a quoted cell never spans more lines. Beyond, the rest of the file must go on. */
export const longestRowBytes = 1024 * 1024;
const mostLinesInRow = 1000;

/**
 * Finds the rows of a delimited text in a window of bytes, with the place of every byte kept.
 *
 * Line ends may be LF, CRLF or CR, mixed. A quotation mark counts only at the start of a cell (RFC 4180). A quoted cell that
 * never closes costs its first line, not the rest of the file. Works on any encoding in which ASCII bytes mean ASCII.
 *
 * After {@link scan} the fields say what was found: the row's bytes are `[from, end)`, the next row starts at `next`.
 */
export class RowScanner {
  /** `row`: a whole row. `more`: the window ends inside it. Else the rule that the line breaks. */
  found: 'row' | 'more' | Extract<RuleId, 'row-unclosed-quote' | 'row-stray-quote' | 'row-too-long'> = 'more';
  end = 0;
  next = 0;
  hasQuotes = false;
  /** This piece goes on with a row that was too long: it is no row of its own, whatever it looks like. */
  isContinued = false;

  readonly #delimiter: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #isLast = false;
  #nextQuote = -1;
  #nextReturn = -1;
  #isInsideLongRow = false;

  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /** Look at another window. `isLast`: the text ends with it. */
  open(bytes: Uint8Array, isLast: boolean): void {
    this.#bytes = bytes;
    this.#isLast = isLast;
    this.#nextQuote = -1;
    this.#nextReturn = -1;
  }

  /** Find the row that starts at `from`, which must lie inside the window. */
  scan(from: number): void {
    const bytes = this.#bytes;
    if (this.#nextQuote < from) this.#nextQuote = indexOrEnd(bytes, quote, from);
    const eol = this.#endOfLine(from);
    this.hasQuotes = false;
    this.isContinued = this.#isInsideLongRow;
    if (this.#isInsideLongRow) {
      this.#restOfLongRow(from, eol);
      return;
    }
    if (this.#nextQuote >= eol) {
      if (eol < bytes.length || this.#isLast) this.#row(from, eol);
      else this.#need(from);
      return;
    }
    this.#scanQuoted(from);
  }

  #endOfLine(from: number): number {
    const bytes = this.#bytes;
    const feed = indexOrEnd(bytes, lineFeed, from);
    if (this.#nextReturn < from) this.#nextReturn = indexOrEnd(bytes, carriageReturn, from);
    return Math.min(feed, this.#nextReturn);
  }

  #row(from: number, eol: number): void {
    const bytes = this.#bytes;
    const isReturn = bytes[eol] === carriageReturn;
    // A CR at the very end of the window may be half of a CRLF.
    if (isReturn && eol + 1 === bytes.length && !this.#isLast) {
      this.#need(from);
      return;
    }
    this.end = eol;
    this.next = Math.min(bytes.length, eol + (isReturn && bytes[eol + 1] === lineFeed ? 2 : 1));
    this.found = eol - from > longestRowBytes ? 'row-too-long' : 'row';
  }

  #need(from: number): void {
    if (this.#bytes.length - from <= longestRowBytes && !this.#isLast) {
      this.found = 'more';
      return;
    }
    // No line end for a whole MiB: set that much aside and look on for the end of the line.
    this.#allAside();
  }

  #allAside(): void {
    this.end = this.#bytes.length;
    this.next = this.end;
    this.found = 'row-too-long';
    this.#isInsideLongRow = true;
  }

  #restOfLongRow(from: number, eol: number): void {
    if (eol >= this.#bytes.length && !this.#isLast) {
      this.#allAside();
      return;
    }
    this.#row(from, eol);
    if (this.found === 'more') return;
    this.found = 'row-too-long';
    this.#isInsideLongRow = false;
  }

  #firstLineOnly(from: number, rule: 'row-unclosed-quote' | 'row-stray-quote'): void {
    const eol = this.#endOfLine(from);
    if (eol >= this.#bytes.length && !this.#isLast) {
      this.#need(from);
      return;
    }
    this.#row(from, eol);
    if (this.found === 'row') this.found = rule;
  }

  #scanQuoted(from: number): void {
    const bytes = this.#bytes;
    this.hasQuotes = true;
    let at = from;
    for (;;) {
      if (bytes[at] === quote) {
        const closed = this.#closingQuote(from, at + 1);
        if (closed < 0) return;
        at = closed + 1;
        while (bytes[at] === space) at++;
        const after = bytes[at];
        if (at < bytes.length && after !== this.#delimiter && after !== lineFeed && after !== carriageReturn) {
          this.#strayQuote(from, at);
          return;
        }
      } else {
        while (at < bytes.length && bytes[at] !== this.#delimiter && bytes[at] !== lineFeed && bytes[at] !== carriageReturn) at++;
      }
      if (at >= bytes.length) {
        if (this.#isLast) this.#row(from, bytes.length);
        else this.#need(from);
        return;
      }
      if (bytes[at] !== this.#delimiter) {
        this.#row(from, at);
        return;
      }
      at++;
    }
  }

  /** The row ends with the line in which the stray mark stands: what follows it is read as rows of its own. */
  #strayQuote(from: number, at: number): void {
    const eol = this.#endOfLine(at);
    if (eol >= this.#bytes.length && !this.#isLast) {
      this.#need(from);
      return;
    }
    this.#row(from, eol);
    if (this.found === 'row') this.found = 'row-stray-quote';
  }

  /** Give the place of the closing mark, or -1 when it is settled that there is none or not here yet. */
  #closingQuote(from: number, after: number): number {
    const bytes = this.#bytes;
    let lines = 0;
    for (let at = after; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === quote) {
        if (bytes[at + 1] === quote) at++;
        else if (at + 1 === bytes.length && !this.#isLast) break;
        else return at;
      } else if (byte === lineFeed && ++lines > mostLinesInRow) {
        this.#firstLineOnly(from, 'row-unclosed-quote');
        return -1;
      }
    }
    if (this.#isLast || bytes.length - from > longestRowBytes) this.#firstLineOnly(from, 'row-unclosed-quote');
    else this.found = 'more';
    return -1;
  }
}

function indexOrEnd(bytes: Uint8Array, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? bytes.length : at;
}

/**
 * Split the text of one row into all of its cells, quotation marks taken off.
 * @shape `a,"b ""c""",` gives `['a', 'b "c"', '']`.
 */
export function splitCells(text: string, delimiter: string): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      let cell = '';
      let from = at + 1;
      for (;;) {
        const mark = text.indexOf('"', from);
        // The scanner lets none through that does not close; the line in which a header is looked for may be one.
        if (mark < 0) {
          cells.push(cell + text.slice(from));
          return cells;
        }
        cell += text.slice(from, mark);
        if (text[mark + 1] !== '"') {
          at = mark + 1;
          break;
        }
        cell += '"';
        from = mark + 2;
      }
      cells.push(cell);
      while (text[at] === ' ') at++;
    } else {
      const to = text.indexOf(delimiter, at);
      cells.push(text.slice(at, to < 0 ? text.length : to));
      at = to < 0 ? text.length : to;
    }
    if (at >= text.length) return cells;
    at++;
  }
}

/**
 * The cells of one row, cut out of its text when they are asked for: most exports have many columns that nobody maps.
 * One object serves all rows of a file, one after the other.
 */
export class RowCells {
  count = 0;
  readonly #delimiter: string;
  readonly #delimiterCode: number;
  #text = '';
  /** Where each cell ends in the text; not used for a row with quotation marks. */
  #ends = new Int32Array(64);
  #cells: readonly string[] | null = null;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
    this.#delimiterCode = delimiter.charCodeAt(0);
  }

  /** Look at another row. */
  open(text: string, hasQuotes: boolean): void {
    this.#text = text;
    if (hasQuotes) {
      this.#cells = splitCells(text, this.#delimiter);
      this.count = this.#cells.length;
      return;
    }
    this.#cells = null;
    let count = 0;
    for (let at = 0; at < text.length; at++) {
      if (text.charCodeAt(at) === this.#delimiterCode) count = this.#end(count, at);
    }
    this.count = this.#end(count, text.length);
  }

  #end(count: number, at: number): number {
    if (count === this.#ends.length) {
      const more = new Int32Array(count * 2);
      more.set(this.#ends);
      this.#ends = more;
    }
    this.#ends[count] = at;
    return count + 1;
  }

  /** The text of a cell, without the spaces around it. */
  at(index: number): string {
    if (this.#cells !== null) return this.#cells[index]?.trim() ?? '';
    if (index >= this.count) return '';
    return this.#text.slice(index === 0 ? 0 : (this.#ends[index - 1] as number) + 1, this.#ends[index]).trim();
  }
}
