import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowCells, RowScanner, splitCells } from './rows.ts';

type Found = { readonly kind: string; readonly text: string };

/** Scan a text that arrives in pieces of `step` bytes, as a stream does. */
function scanAll(text: string | Buffer, delimiter = ',', step = Number.POSITIVE_INFINITY): { rows: Found[]; bytes: number } {
  const bytes = Buffer.from(text as string);
  const scanner = new RowScanner(delimiter);
  const rows: Found[] = [];
  let from = 0;
  let counted = 0;
  for (let arrived = Math.min(step, bytes.length); ; arrived = Math.min(arrived + step, bytes.length)) {
    const isLast = arrived === bytes.length;
    const window = bytes.subarray(from, arrived);
    scanner.open(window, isLast);
    let at = 0;
    while (at < window.length) {
      scanner.scan(at);
      if (scanner.found === 'more') break;
      rows.push({ kind: scanner.found, text: window.subarray(at, scanner.end).toString('latin1') });
      counted += scanner.next - at;
      at = scanner.next;
    }
    from += at;
    if (isLast) return { rows, bytes: counted };
  }
}

const texts = (text: string, delimiter?: string) =>
  scanAll(text, delimiter).rows.map((row) => (row.kind === 'row' ? row.text : `${row.kind}: ${row.text}`));

describe('finding rows', () => {
  it('takes LF, CRLF and CR, mixed, and a last row without a line end', () => {
    expect(texts('a,b\nc,d\r\ne,f\rg,h')).toEqual(['a,b', 'c,d', 'e,f', 'g,h']);
  });

  it('keeps a line end inside a quoted cell', () => {
    expect(texts('"a\r\nb",c\nd,e')).toEqual(['"a\r\nb",c', 'd,e']);
  });

  it('takes a quotation mark in the middle of a bare cell as a letter', () => {
    expect(texts('5" pipe,x\ny,z')).toEqual(['5" pipe,x', 'y,z']);
  });

  it('loses one line to a quote that never closes, and reads the rest', () => {
    expect(texts('a,"b\nc,d\ne,f')).toEqual(['row-unclosed-quote: a,"b', 'c,d', 'e,f']);
  });

  it('gives up on an open quote after a thousand lines', () => {
    const lines = Array.from({ length: 1500 }, (_, index) => `r${index},x`);
    const found = texts(`a,"b\n${lines.join('\n')}\n"c",d`);
    expect([found.length, found[0], found.at(-1)]).toEqual([1502, 'row-unclosed-quote: a,"b', '"c",d']);
  });

  it('names a row in which letters follow a closing quote', () => {
    expect(texts('"a"b,c\nd,e')).toEqual(['row-stray-quote: "a"b,c', 'd,e']);
  });

  it('sets a line of more than a MiB aside without holding the file in memory', () => {
    const found = scanAll(`${'x'.repeat(3 * 1024 * 1024)}\na,b\n`, ',', 256 * 1024);
    expect(found.rows.filter((row) => row.kind === 'row').map((row) => row.text)).toEqual(['a,b']);
    expect(found.bytes).toBe(3 * 1024 * 1024 + 5);
  });

  it('accounts for every byte of any text, however it is cut into pieces, and finds the same rows', () => {
    const nasty = fc
      .array(fc.constantFrom('a', ',', '"', '\n', '\r', '\r\n', '""', ' ', ';', 'ü', '\0', '\u001a'), { maxLength: 120 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(nasty, fc.integer({ min: 1, max: 40 }), (text, step) => {
        const whole = scanAll(text);
        const pieces = scanAll(text, ',', step);
        expect(whole.bytes).toBe(Buffer.byteLength(text));
        expect(pieces).toEqual(whole);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('splitting cells', () => {
  const all = (row: RowCells) => Array.from({ length: row.count }, (_, index) => row.at(index));

  it('gives back what was written, whatever is in the cells', () => {
    const cell = fc.array(fc.constantFrom('a', ',', '"', '\n', ' ', 'ß', ';'), { maxLength: 8 }).map((parts) => parts.join(''));
    const row = new RowCells(',');
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 6 }), (cells) => {
        const text = cells.map((one) => `"${one.replaceAll('"', '""')}"`).join(',');
        row.open(text, true);
        expect([splitCells(text, ','), all(row)]).toEqual([cells, cells.map((one) => one.trim())]);
      }),
    );
  });

  it('cuts a row without quotation marks as it would cut one with them, row after row, however many cells', () => {
    const cell = fc.string({ maxLength: 5, unit: fc.constantFrom('a', ' ', 'ß', '😀', ';', '\t') });
    const row = new RowCells(';');
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 1, maxLength: 200 }), { maxLength: 4 }), (rows) => {
        for (const cells of rows) {
          const text = cells.join(';');
          row.open(text, false);
          const expected = splitCells(text, ';').map((one) => one.trim());
          expect([all(row), row.at(row.count), row.at(9999)]).toEqual([expected, '', '']);
        }
      }),
    );
  });

  it('keeps empty cells, also the last one', () => {
    const cut = (text: string) => {
      const row = new RowCells(',');
      row.open(text, text.includes('"'));
      return all(row);
    };
    expect([cut('a,,'), cut('"a",,'), cut(',"b"'), cut('')]).toEqual([['a', '', ''], ['a', '', ''], ['', 'b'], ['']]);
  });
});
