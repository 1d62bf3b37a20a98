import type { KeyObject } from 'node:crypto';
import { keptLetterBytes } from '../../contract/dead-letter.ts';
import type { FaultReport } from '../../contract/faults.ts';
import type { FoundLayout, Mapping } from '../../contract/mapping.ts';
import type { Batch } from '../../db/pipeline/records.ts';
import { letterContext, seal } from '../../db/seal.ts';
import { BatchBuilder, batchRows, type DocumentMemory } from './batch-builder.ts';
import { columnsFound, headerNames, headerWithinLines } from './normalise/header.ts';
import type { MappedRow, RowProblem } from './normalise/row-mapper.ts';
import { longestRowBytes, RowScanner } from './normalise/rows.ts';
import { readRawFile } from './raw-files.ts';
import { decoder, isBlank, RowReader } from './row-reader.ts';

/** What the normaliser needs to know of one file. `position` says where an earlier run has stopped. */
export type NormaliseJob = {
  readonly fileId: number;
  readonly hotelId: string;
  readonly source: string;
  readonly rawPath: string;
  readonly mapping: Mapping;
  readonly layout: FoundLayout;
  readonly bytes: number;
  readonly position: number;
  readonly credits: number;
  /** Keep only bookings that touch these days (a partial import, HI-076); others count as structure. */
  readonly days: { readonly from: string; readonly to: string } | null;
};

export type NormaliserMessage =
  | { readonly kind: 'batch'; readonly batch: Batch }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly fault: FaultReport; readonly cause: string | null };

/** A record that goes on in the next line never takes more lines than this. */
const mostJoinedLines = 50;

/**
 * Turn a raw file into batches, from where it stands to its end, with every byte in exactly one account:
 * normalised, dead letter, or structure (byte order mark, titles, header, blank lines, a header repeated, totals, the end-of-file sign).
 */
export async function* normaliseFile(
  job: NormaliseJob & { readonly home: string; readonly key: KeyObject },
  memory: DocumentMemory,
): AsyncGenerator<Batch> {
  const reader = new FileNormaliser(job, job.key, memory);
  let window: Buffer = Buffer.alloc(0);
  for await (const chunk of readRawFile({ home: job.home, path: job.rawPath, key: job.key })) {
    window = window.length === 0 ? chunk : Buffer.concat([window, chunk]);
    const used = yield* reader.read(window, false);
    window = window.subarray(used);
  }
  yield* reader.read(window, true);
  yield* reader.end();
}

/** A row in the window: its bytes, where the next one begins, and how the scanner has found it. */
type Row = {
  readonly bytes: Buffer;
  readonly next: number;
  readonly found: RowScanner['found'];
  readonly hasQuotes: boolean;
  readonly isJoined: boolean;
};

class FileNormaliser {
  readonly #job: NormaliseJob;
  readonly #key: KeyObject;
  readonly #scanner: RowScanner;
  readonly #batch: BatchBuilder;
  readonly #search: HeaderSearch;
  #reader: RowReader | null = null;
  /** The lines before the header was found. */
  #above: { readonly row: Row; readonly line: number; readonly offset: number; readonly length: number }[] = [];
  #isRefused = false;
  /** Where the window starts in the file. */
  #base = 0;
  #line = 0;

  constructor(job: NormaliseJob, key: KeyObject, memory: DocumentMemory) {
    this.#job = job;
    this.#key = key;
    this.#scanner = new RowScanner(job.layout.delimiter);
    this.#batch = new BatchBuilder(job, memory);
    this.#search = new HeaderSearch(job.mapping, job.layout);
    this.#reader = this.#search.given();
  }

  /** Read the rows that are whole in the window and give how many of its bytes are used. */
  *read(window: Buffer, isLast: boolean): Generator<Batch, number> {
    let at = 0;
    if (this.#base === 0 && this.#line === 0 && hasByteOrderMark(window)) {
      at = 3;
      this.#structure(0, 3);
    }
    this.#scanner.open(window, isLast);
    while (at < window.length) {
      const row = this.#rowAt(window, at, isLast);
      if (row === null) break;
      this.#take(row, this.#base + at, row.next - at);
      at = row.next;
      if (this.#batch.rows >= batchRows) yield this.#batch.take(this.#base + at);
    }
    this.#base += at;
    return at;
  }

  *end(): Generator<Batch> {
    // An empty file is finished as it is: there is nothing to set aside.
    if (!this.#reader && !this.#isRefused && this.#job.bytes > 0) this.#refuseFile();
    if (this.#batch.isFilled) yield this.#batch.take(this.#base);
  }

  /** The row that starts at a place of the window; null when its end is not there yet. */
  #rowAt(window: Buffer, at: number, isLast: boolean): Row | null {
    const scanner = this.#scanner;
    scanner.scan(at);
    if (scanner.found === 'more') return null;
    const { found, hasQuotes, next } = scanner;
    const row = { bytes: window.subarray(at, scanner.end), next, found, hasQuotes, isJoined: false };
    const joins = this.#job.mapping.file.shortRows === 'next-line' && this.#reader !== null && found === 'row' && !isBlank(row.bytes);
    return joins ? this.#joined(window, at, row, isLast) : row;
  }

  /** A row with the lines in which it goes on, or itself alone when it does not come to the right number of cells. */
  #joined(window: Buffer, at: number, first: Row, isLast: boolean): Row | null {
    const reader = this.#reader as RowReader;
    // A scanner of its own: where the rows go on is settled only when the lines fit together.
    const ahead = new RowScanner(this.#job.layout.delimiter);
    ahead.open(window, isLast);
    let row = first;
    let count = reader.count(first.bytes, first.hasQuotes);
    for (let lines = 1; count < reader.width && lines <= mostJoinedLines; lines++) {
      if (row.next - at > longestRowBytes) return first;
      if (row.next >= window.length) return isLast ? first : null;
      ahead.scan(row.next);
      if (ahead.found === 'more') return null;
      const line = window.subarray(row.next, ahead.end);
      const more = ahead.found === 'row' ? reader.count(line, ahead.hasQuotes) : reader.width;
      // A line that is a whole row by itself is the next record, never the end of this one.
      if (more >= reader.width) return first;
      count += more - 1;
      const hasQuotes = row.hasQuotes || ahead.hasQuotes;
      row = { bytes: window.subarray(at, ahead.end), next: ahead.next, found: 'row', hasQuotes, isJoined: true };
    }
    return row.isJoined && count === reader.width ? row : first;
  }

  #take(row: Row, offset: number, length: number): void {
    const { bytes } = row;
    const line = ++this.#line;
    // Only a quoted cell and a joined row hold line ends.
    if (row.hasQuotes || row.isJoined) for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) this.#line++;
    if (!this.#reader && !this.#isRefused) {
      this.#readHeader(row, line, offset, length);
      return;
    }
    // Rows of an earlier run are kept already; the header alone was needed again.
    if (offset < this.#job.position) return;
    if (this.#scanner.isContinued || !this.#reader) {
      if (!this.#scanner.isContinued && isBlank(bytes)) this.#batch.addStructure(length);
      else this.#batch.addRefused(length);
      return;
    }
    this.#account(row, line, offset, length);
  }

  #account(row: Row, line: number, offset: number, length: number): void {
    if (offset < this.#job.position || !this.#reader) return;
    const fate = this.#reader.read(row.bytes, row);
    if (fate === 'structure') this.#batch.addStructure(length);
    else if ('rule' in fate) this.#letter(fate, row.bytes, line, offset, length);
    else if (this.#isOutsideDays(fate)) this.#batch.addOutside(length);
    else this.#batch.addRecord(fate, line, offset, length);
  }

  #readHeader(row: Row, line: number, offset: number, length: number): void {
    this.#reader = this.#search.look(row, length);
    if (!this.#reader) {
      if (this.#search.isOver) this.#refuseFile();
      else this.#above.push({ row: { ...row, bytes: Buffer.from(row.bytes) }, line, offset, length });
      return;
    }
    this.#structure(offset, length);
    // A line above the header with as many cells as it has is a row: a title has fewer. The search has held them back until now.
    for (const one of this.#above) {
      const isRow =
        this.#reader.width > 1 && one.row.found === 'row' && this.#reader.count(one.row.bytes, one.row.hasQuotes) === this.#reader.width;
      if (isRow) this.#account(one.row, one.line, one.offset, one.length);
      else this.#structure(one.offset, one.length);
    }
    this.#above = [];
  }

  /** One dead letter for the whole file: without its columns no row of it means anything. */
  #refuseFile(): void {
    this.#isRefused = true;
    this.#above = [];
    if (this.#job.position !== 0) return;
    const { problem, line, bytes } = this.#search.best;
    this.#batch.addLetter(problem, this.#sealedRaw(bytes, 0), line, 0, this.#job.bytes);
    this.#batch.addRefused(this.#search.bytes);
  }

  #structure(offset: number, length: number): void {
    if (offset >= this.#job.position) this.#batch.addStructure(length);
  }

  #letter(problem: RowProblem, bytes: Buffer, line: number, offset: number, length: number): void {
    this.#batch.addLetter(problem, this.#sealedRaw(bytes, offset), line, offset, length);
    this.#batch.countLetterBytes(length);
  }

  #sealedRaw(bytes: Buffer, offset: number): Buffer {
    return seal(this.#key, bytes.subarray(0, keptLetterBytes), letterContext(this.#job.fileId, offset));
  }

  #isOutsideDays(row: MappedRow): boolean {
    const { days } = this.#job;
    if (!days) return false;
    const [day, until] = row.columns;
    return !day || day > days.to || (until || day) < days.from;
  }
}

/** Looks for the line of names among the first lines of a file, and keeps what comes nearest to one. */
export class HeaderSearch {
  readonly #mapping: Mapping;
  readonly #layout: FoundLayout;
  readonly #decode: (bytes: Buffer) => string;
  #lines = 0;
  #found = -1;
  /** The bytes that were looked at so far. */
  bytes = 0;
  best: { problem: RowProblem; line: number; bytes: Buffer } = {
    problem: { rule: 'header-unusable', field: null, column: null, detail: 'empty' },
    line: 1,
    bytes: Buffer.alloc(0),
  };

  constructor(mapping: Mapping, layout: FoundLayout) {
    this.#mapping = mapping;
    this.#layout = layout;
    this.#decode = decoder(layout.encoding);
  }

  get isOver(): boolean {
    return this.#lines >= headerWithinLines;
  }

  /** The reader of a file without a line of names, whose columns the mapping names. */
  given(): RowReader | null {
    const { header } = this.#mapping.file;
    const reader = header && RowReader.open(this.#mapping, this.#layout, header);
    return reader instanceof RowReader ? reader : null;
  }

  /** Look at the next line. Gives the reader once it is the header. */
  look({ bytes, found }: Pick<Row, 'bytes' | 'found'>, length: number): RowReader | null {
    this.bytes += length;
    if (isBlank(bytes)) return null;
    this.#lines++;
    const header = found === 'row' ? headerNames(this.#decode(bytes), this.#layout.delimiter) : [];
    const reader = RowReader.open(this.#mapping, this.#layout, header);
    if (reader instanceof RowReader) return reader;
    const columns = columnsFound(this.#mapping, header);
    if (columns > this.#found) {
      this.#found = columns;
      this.best = { problem: reader.problem, line: this.#lines, bytes: Buffer.from(bytes) };
    }
    return null;
  }
}

function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}
