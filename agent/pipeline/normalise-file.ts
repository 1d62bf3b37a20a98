import { hash, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { keptLetterBytes } from '../../contract/dead-letter.ts';
import type { FaultReport } from '../../contract/faults.ts';
import { Fault } from '../../contract/faults.ts';
import type { Mapping } from '../../contract/mapping.ts';
import { entityOf } from '../../contract/record.ts';
import { recordUuid } from '../../db/pipeline/ids.ts';
import { type Batch, type BatchLetter, placesInRow } from '../../db/pipeline/records.ts';
import { letterContext, seal } from '../../db/seal.ts';
import { type Cells, type FieldsCheck, type MappedRow, type RowProblem, rowMapper } from './normalise/row-mapper.ts';
import { RowCells, RowScanner, splitCells } from './normalise/rows.ts';
import { readRawFile } from './raw-files.ts';

/** What the normaliser needs to know of one file. `position` says where an earlier run has stopped. */
export type NormaliseJob = {
  readonly fileId: number;
  readonly hotelId: string;
  readonly source: string;
  readonly rawPath: string;
  readonly mapping: Mapping;
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

const batchRows = 1000;

/**
 * Turn a raw file into batches, from where it stands to its end, with every byte in exactly one account:
 * normalised, dead letter, or structure (byte order mark, header, blank lines, a header repeated, the end-of-file sign).
 */
export async function* normaliseFile(
  job: NormaliseJob & { readonly home: string; readonly key: KeyObject },
  memory = new DocumentMemory(),
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

class FileNormaliser {
  readonly #job: NormaliseJob;
  readonly #key: KeyObject;
  readonly #scanner: RowScanner;
  readonly #decode: (bytes: Buffer) => string;
  readonly #batch: BatchBuilder;
  readonly #cells: RowCells;
  #map: ((cells: Cells) => MappedRow | RowProblem) | null = null;
  #header: readonly string[] = [];
  #isRefused = false;
  /** Where the window starts in the file. */
  #base = 0;
  #line = 0;

  constructor(job: NormaliseJob, key: KeyObject, memory: DocumentMemory) {
    this.#job = job;
    this.#key = key;
    this.#scanner = new RowScanner(job.mapping.file.delimiter);
    this.#cells = new RowCells(job.mapping.file.delimiter);
    this.#decode = decoder(job.mapping.file.encoding);
    this.#batch = new BatchBuilder(job, memory);
  }

  /** Read the rows that are whole in the window and give how many of its bytes are used. */
  *read(window: Buffer, isLast: boolean): Generator<Batch, number> {
    let at = 0;
    if (this.#base === 0 && !this.#map && hasByteOrderMark(window)) {
      at = 3;
      this.#structure(0, 3);
    }
    this.#scanner.open(window, isLast);
    while (at < window.length) {
      this.#scanner.scan(at);
      if (this.#scanner.found === 'more') break;
      const next = this.#scanner.next;
      this.#row(window, at, next);
      at = next;
      if (this.#batch.rows >= batchRows) yield this.#batch.take(this.#base + at);
    }
    this.#base += at;
    return at;
  }

  *end(): Generator<Batch> {
    // An empty file is finished as it is: there is nothing to set aside.
    if (!this.#map && !this.#isRefused && this.#job.bytes > 0)
      this.#refuseFile({ rule: 'header-unusable', field: null, column: null, detail: 'empty' }, Buffer.alloc(0));
    if (this.#batch.isFilled) yield this.#batch.take(this.#base);
  }

  #row(window: Buffer, from: number, next: number): void {
    const bytes = window.subarray(from, this.#scanner.end);
    const offset = this.#base + from;
    const line = ++this.#line;
    // Only a quoted cell holds line ends.
    if (this.#scanner.hasQuotes) for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) this.#line++;
    if (!this.#map && !this.#isRefused) {
      this.#readHeader(bytes, next - from);
      return;
    }
    // Rows of an earlier run are kept already; the header alone was needed again.
    if (offset < this.#job.position) return;
    const length = next - from;
    const fate = this.#fate(bytes);
    if (this.#scanner.isContinued) this.#batch.addRefused(length);
    else if (fate === 'structure') this.#batch.addStructure(length);
    else if (fate === 'refused') this.#batch.addRefused(length);
    else if ('rule' in fate) this.#letter(fate, bytes, line, offset, length);
    else if (this.#isOutsideDays(fate)) this.#batch.addOutside(length);
    else this.#batch.addRecord(fate, line, offset, length);
  }

  /** Say what a row is: a record, a problem, structure, or part of a file that is set aside as a whole. */
  #fate(bytes: Buffer): MappedRow | RowProblem | 'structure' | 'refused' {
    const problem = (rule: RowProblem['rule'], detail: string | null = null): RowProblem => ({ rule, field: null, column: null, detail });
    const { encoding } = this.#job.mapping.file;
    if (isBlank(bytes)) return 'structure';
    if (!this.#map) return 'refused';
    if (this.#scanner.found !== 'row') return problem(this.#scanner.found as RowProblem['rule']);
    const text = this.#decode(bytes);
    if (text.includes('\uFFFD')) return problem('row-undecodable', encoding);
    if (text.includes('\0')) return problem('row-nul');
    const cells = this.#cells;
    cells.open(text, this.#scanner.hasQuotes);
    if (cells.count !== this.#header.length) return problem('row-ragged', `${cells.count}/${this.#header.length}`);
    const isHeaderAgain = cells.at(0) === this.#header[0] && this.#header.every((name, index) => cells.at(index) === name);
    return isHeaderAgain ? 'structure' : this.#map(cells);
  }

  #readHeader(bytes: Buffer, length: number): void {
    const isNew = this.#job.position === 0;
    if (isBlank(bytes)) {
      if (isNew) this.#structure(0, length);
      return;
    }
    const text = this.#decode(bytes);
    this.#header = this.#scanner.found === 'row' ? splitCells(text, this.#job.mapping.file.delimiter).map((name) => name.trim()) : [];
    const mapper = mapperFor(this.#job.mapping, this.#header);
    if ('problem' in mapper) {
      this.#refuseFile(mapper.problem, bytes);
      if (isNew) this.#batch.addRefused(length);
      return;
    }
    this.#map = mapper.map;
    if (isNew) this.#structure(0, length);
  }

  /** One dead letter for the whole file: without its columns no row of it means anything. */
  #refuseFile(problem: RowProblem, header: Buffer): void {
    this.#isRefused = true;
    if (this.#job.position === 0) this.#batch.addLetter(problem, this.#sealedRaw(header, 0), 1, 0, this.#job.bytes);
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

/** Memory that holds the documents of one batch. It comes back when the batch is stored, and is written anew. */
export class DocumentMemory {
  readonly #free: Uint8Array[] = [];

  /** Shared, because the writer reads it in another thread. */
  take(): Buffer {
    const memory = this.#free.pop() ?? new Uint8Array(new SharedArrayBuffer(1024 * batchRows));
    return Buffer.from(memory.buffer);
  }

  giveBack(documents: Uint8Array): void {
    this.#free.push(documents);
  }
}

/** Collects rows and letters until they are handed over as one batch. */
class BatchBuilder {
  readonly #job: NormaliseJob;
  readonly #memory: DocumentMemory;
  readonly #opening: (externalId: string) => string;
  rows = 0;
  #count = 0;
  #texts: string[] = [];
  readonly #places = new Float64Array(placesInRow * batchRows);
  #hashes = Buffer.alloc(32 * batchRows);
  #ends = new Uint32Array(batchRows);
  #documents: Buffer | null = null;
  #end = 0;
  #letters: BatchLetter[] = [];
  #normalised = 0;
  #letterBytes = 0;
  #structural = 0;

  constructor(job: NormaliseJob, memory: DocumentMemory) {
    this.#job = job;
    this.#memory = memory;
    const { hotelId, source } = job;
    const whose = `"hotelId":${JSON.stringify(hotelId)},"source":${JSON.stringify(source)},`;
    const { entity } = job.mapping;
    this.#opening = (externalId) => `{"id":"${recordUuid({ hotelId, source, entity, externalId })}",${whose}`;
  }

  get isFilled(): boolean {
    return this.#normalised + this.#letterBytes + this.#structural + this.#letters.length > 0;
  }

  addRecord(row: MappedRow, line: number, offset: number, length: number): void {
    const at = this.#count++;
    // Taken as text, a digest costs a third of what it costs as bytes.
    this.#hashes.write(hash('sha256', row.canonical, 'hex'), at * 32, 'hex');
    this.#write(this.#opening(row.externalId) + row.document.slice(1));
    this.#ends[at] = this.#end;
    this.#texts.push(row.externalId, ...row.columns);
    this.#places[at * placesInRow] = line;
    this.#places[at * placesInRow + 1] = offset;
    this.#places[at * placesInRow + 2] = length;
    this.#normalised += length;
    this.rows++;
  }

  #write(document: string): void {
    this.#documents ??= this.#memory.take();
    // A UTF-16 unit takes at most three bytes.
    const most = document.length * 3;
    if (this.#end + most > this.#documents.length) this.#documents = larger(this.#documents, most);
    this.#end += this.#documents.write(document, this.#end);
  }

  addLetter(problem: RowProblem, raw: Buffer, line: number, byteOffset: number, byteLength: number): void {
    this.#letters.push({ ...problem, line, byteOffset, byteLength, raw });
    this.rows++;
  }

  countLetterBytes(length: number): void {
    this.#letterBytes += length;
  }

  /** Bytes of a file that is set aside as a whole. */
  addRefused(length: number): void {
    this.#letterBytes += length;
  }

  /** A good row outside the days that were asked for: read, and on purpose not kept. */
  addOutside(length: number): void {
    this.#structural += length;
    this.rows++;
  }

  addStructure(length: number): void {
    this.#structural += length;
  }

  /** Hand over what has been collected. `position` is the byte behind its last row. */
  take(position: number): Batch {
    const count = this.#count;
    const batch: Batch = {
      fileId: this.#job.fileId,
      count,
      texts: this.#texts.join('\0'),
      places: this.#places.slice(0, count * placesInRow),
      hashes: this.#hashes.subarray(0, count * 32),
      documents: new Uint8Array(this.#documents?.buffer ?? new SharedArrayBuffer(0), 0, this.#end),
      ends: this.#ends.slice(0, count),
      letters: this.#letters,
      position,
      rows: this.rows,
      bytesNormalised: this.#normalised,
      bytesDeadLetters: this.#letterBytes,
      bytesStructural: this.#structural,
    };
    this.rows = 0;
    this.#documents = null;
    this.#end = 0;
    this.#count = 0;
    this.#texts = [];
    this.#letters = [];
    this.#normalised = 0;
    this.#letterBytes = 0;
    this.#structural = 0;
    return batch;
  }
}

function larger(bytes: Buffer, more: number): Buffer {
  const grown = Buffer.from(new SharedArrayBuffer(bytes.length * 2 + more));
  bytes.copy(grown);
  return grown;
}

function mapperFor(mapping: Mapping, header: readonly string[]): ReturnType<typeof rowMapper> {
  try {
    return rowMapper(mapping, header, fieldsCheck(mapping));
  } catch (error) {
    if (error instanceof RangeError)
      throw new Fault('input-wrong', { detail: `mapping ${mapping.name}: ${error.message}` }, { cause: error });
    throw error;
  }
}

/** The schema of the fields that a mapping fills, compiled: the last word on lengths, ranges and choices. */
export function fieldsCheck(mapping: Mapping): FieldsCheck {
  const entity = entityOf(mapping.entity);
  const mask = Object.fromEntries(entity.hashFields.map((name) => [name, true as const]));
  const schema = z.strictObject(entity.schema.pick(mask as never).shape);
  const compiled = z.compile(schema);
  return (fields) => {
    const result = compiled.safeParse(fields);
    if (result.success) return null;
    const issue = result.error.issues[0];
    return {
      field: String(issue?.path[0] ?? ''),
      isTooLong: issue?.code === 'too_big' && typeof fields[String(issue.path[0])] !== 'number',
    };
  };
}

function decoder(encoding: string): (bytes: Buffer) => string {
  if (encoding === 'utf-8') return (bytes) => bytes.toString('utf8');
  const text = new TextDecoder(encoding);
  return (bytes) => text.decode(bytes);
}

function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** Nothing but spaces, or the sign 0x1A with which old systems end a file. */
function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 32 && byte !== 9 && byte !== 26) return false;
  return true;
}
