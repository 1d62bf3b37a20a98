import { isAscii } from 'node:buffer';
import { z } from 'zod';
import { Fault } from '../../contract/faults.ts';
import type { FoundLayout, Mapping } from '../../contract/mapping.ts';
import { entityOf } from '../../contract/record.ts';
import { readAs } from './file-layout.ts';
import { type Cells, type FieldsCheck, type MappedRow, type RowProblem, rowMapper } from './normalise/row-mapper.ts';
import { RowCells, type RowScanner } from './normalise/rows.ts';

/** What a row is: a record, a problem, or structure, which holds nothing. */
export type RowFate = MappedRow | RowProblem | 'structure';

/** Reads the rows of one file: its layout, its mapping and its header, made ready once. */
export class RowReader {
  readonly #header: readonly string[];
  readonly #mapping: Mapping;
  readonly #layout: FoundLayout;
  readonly #map: (cells: Cells) => MappedRow | RowProblem;
  readonly #cells: RowCells;
  readonly #decode: (bytes: Buffer) => string;
  readonly #others: readonly ((bytes: Buffer) => string)[];

  private constructor(mapping: Mapping, layout: FoundLayout, header: readonly string[], map: (cells: Cells) => MappedRow | RowProblem) {
    this.#mapping = mapping;
    this.#layout = layout;
    this.#header = header;
    this.#map = map;
    this.#cells = new RowCells(layout.delimiter);
    this.#decode = decoder(layout.encoding);
    this.#others = layout.otherEncodings.map(decoder);
  }

  /**
   * Make a reader, or say what is wrong with the header.
   * @throws {Fault} `input-wrong` when the mapping itself cannot work.
   */
  static open(mapping: Mapping, layout: FoundLayout, header: readonly string[]): RowReader | { problem: RowProblem } {
    const mapper = mapperFor(mapping, header);
    return 'problem' in mapper ? mapper : new RowReader(mapping, layout, header, mapper.map);
  }

  /** The same reader for a text that a person has written. */
  withText(): RowReader {
    return new RowReader(this.#mapping, { ...this.#layout, encoding: 'utf-8', otherEncodings: [] }, this.#header, this.#map);
  }

  /** Read one row. `found` is what the scanner says of it; `isJoined`: it was put together from several lines. */
  read(bytes: Buffer, { found, hasQuotes, isJoined }: RowForm): RowFate {
    if (isBlank(bytes)) return 'structure';
    if (found !== 'row') return problem(found as RowProblem['rule']);
    let text = this.#decode(bytes);
    if (text.includes('\uFFFD') || this.#hasControls(text)) return problem('row-undecodable', this.#layout.encoding);
    if (text.includes('\0')) return problem('row-nul');
    if (this.#others.length > 0 && !isAscii(bytes) && this.#others.some((decode) => this.#isRival(decode(bytes), text)))
      return problem('letters-unsure', [this.#layout.encoding, ...this.#layout.otherEncodings].join(' '));
    if (isJoined) text = text.replace(/\r\n|\n|\r/g, ' ');
    const cells = this.#cells;
    cells.open(text, hasQuotes);
    const fate = this.#isWhole() ? this.#mapUnlessHeader() : problem('row-ragged', `${cells.count}/${this.#header.length}`);
    // What has a key is a record, whatever its first cell begins with.
    return fate !== 'structure' && 'rule' in fate && fate.externalId === undefined && this.#isStructure() ? 'structure' : fate;
  }

  /** Signs of control beyond ASCII, which a code page gives for bytes that it has no letter for: nobody writes them. */
  #hasControls(text: string): boolean {
    return readAs(this.#layout.encoding) !== 'utf-8' && controls.test(text);
  }

  #isRival(other: string, text: string): boolean {
    return other !== text && !controls.test(other) && !other.includes('\uFFFD');
  }

  #mapUnlessHeader(): RowFate {
    const cells = this.#cells;
    const isHeaderAgain = cells.at(0) === this.#header[0] && this.#header.every((name, index) => cells.at(index) === name);
    return isHeaderAgain ? 'structure' : this.#map(cells);
  }

  /** Empty cells behind the last column say nothing; missing ones are empty only where the mapping says so. */
  #isWhole(): boolean {
    const { count } = this.#cells;
    const width = this.#header.length;
    if (count === width) return true;
    if (count < width) return this.#mapping.file.shortRows === 'last-cells-empty';
    for (let at = width; at < count; at++) if (this.#cells.at(at) !== '') return false;
    return true;
  }

  /** A row that is no record: one of empty cells alone, or one that begins as the mapping says that totals do. */
  #isStructure(): boolean {
    let first = '';
    for (let at = 0; at < this.#cells.count && first === ''; at++) first = this.#cells.at(at);
    const word = first.toLocaleLowerCase('en');
    return first === '' || this.#mapping.file.footers.some((footer) => beginsWith(word, footer.toLocaleLowerCase('en')));
  }

  /** How many cells the header has. */
  get width(): number {
    return this.#header.length;
  }

  /** How many cells a line has. */
  count(bytes: Buffer, hasQuotes: boolean): number {
    this.#cells.open(this.#decode(bytes), hasQuotes);
    return this.#cells.count;
  }
}

/** Whether a text begins with a word, and not with a longer one. */
function beginsWith(text: string, word: string): boolean {
  return text.startsWith(word) && !/^[\p{L}\p{N}]/u.test(text.slice(word.length));
}

/** How the scanner has found a row. */
export type RowForm = Pick<RowScanner, 'found' | 'hasQuotes'> & { readonly isJoined: boolean };

const controls = /[\u0080-\u009f]/;
const problem = (rule: RowProblem['rule'], detail: string | null = null): RowProblem => ({ rule, field: null, column: null, detail });

/** Nothing but spaces, or the sign 0x1A with which old systems end a file. */
export function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 32 && byte !== 9 && byte !== 26) return false;
  return true;
}

/** Decode as a file is written. Bytes that are no text in it become U+FFFD. */
export function decoder(encoding: FoundLayout['encoding']): (bytes: Buffer) => string {
  if (readAs(encoding) === 'utf-8') return (bytes) => bytes.toString('utf8');
  const text = new TextDecoder(encoding);
  return (bytes) => text.decode(bytes);
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
