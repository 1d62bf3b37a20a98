import { hash } from 'node:crypto';
import { recordUuid } from '../../db/pipeline/ids.ts';
import type { BatchLetter } from '../../db/pipeline/letter-steps.ts';
import { type Batch, placesInRow } from '../../db/pipeline/records.ts';
import type { MappedRow, RowProblem } from './normalise/row-mapper.ts';
import type { NormaliseJob } from './normalise-file.ts';

/** A batch holds at most this many rows. */
export const batchRows = 1000;

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

/** Whose rows a batch holds. */
type BatchOrigin = Pick<NormaliseJob, 'fileId' | 'hotelId' | 'source' | 'mapping'>;

/** Collects rows and letters until they are handed over as one batch. */
export class BatchBuilder {
  readonly #job: BatchOrigin;
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

  constructor(job: BatchOrigin, memory: DocumentMemory) {
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
    this.#letters.push({ ...problem, externalId: problem.externalId ?? null, line, byteOffset, byteLength, raw });
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
