import { randomUUID } from 'node:crypto';
import { importedByHand, keptLetterBytes } from '../../contract/dead-letter.ts';
import { Fault } from '../../contract/faults.ts';
import { FoundLayout, Mapping } from '../../contract/mapping.ts';
import { entityOf } from '../../contract/record.ts';
import type { ReplayOrder, ReplayProgress, ReplaySample } from '../../contract/replay.ts';
import { outboxText } from '../../db/pipeline/blocks.ts';
import { lettersToReplay, type ReplayableLetter } from '../../db/pipeline/dead-letters.ts';
import { fileById, isLaterFileUsed, laterFiles, type UnfinishedFile } from '../../db/pipeline/files.ts';
import type { StillAside } from '../../db/pipeline/letter-steps.ts';
import { recordOfKey, textsInRow } from '../../db/pipeline/records.ts';
import { letterContext, unseal } from '../../db/seal.ts';
import { BatchBuilder, DocumentMemory } from './batch-builder.ts';
import type { MappedRow, RowProblem } from './normalise/row-mapper.ts';
import { RowScanner } from './normalise/rows.ts';
import { HeaderSearch } from './normalise-file.ts';
import { normaliseAndStore, type PullTools } from './pull.ts';
import { readRawFile } from './raw-files.ts';
import type { RowReader } from './row-reader.ts';

const noHeader: RowProblem = { rule: 'header-unusable', field: null, column: null, detail: 'missing' };
const pageRows = 200;
const mostSamples = 5;

type File = UnfinishedFile & { readonly mapping: Mapping; readonly layout: FoundLayout };
/** A row that is a record now. */
type ReadRow = { readonly row: MappedRow; readonly letter: ReplayableLetter; readonly file: File };
type Try = { readonly letter: ReplayableLetter; readonly file: File };

/** What is needed besides the tools of a pull: the mapping that a connection reads its files with now, null when it has none. */
export type ReplayTools = PullTools & { readonly mappingOf: (connectionId: string) => Mapping | null };

/**
 * Try rows again that were set aside, oldest first: by the mapping that their connection has now, by another one, or one row as a person
 * has corrected it. A rehearsal keeps nothing and says what would come of it.
 *
 * An old state never follows a newer one: a row whose key has a row in a file that came later is settled as overtaken, not kept.
 *
 * @throws {Fault} `stopped` when the signal fires; what was tried until then stands.
 */
export function replayLetters(
  tools: ReplayTools,
  order: ReplayOrder,
  mode: 'rehearse' | 'replay',
  signal: AbortSignal,
): AsyncGenerator<ReplayProgress> {
  // Not a generator itself: what is wrong with the order is thrown while the call can still be answered with it.
  return new Replay(tools, order, mode, signal).run();
}

/** The mapping that a letter would be read by now: its connection's, else the one that its file was read by. */
export function mappingFor(tools: ReplayTools, id: number): Mapping | null {
  const [letter] = lettersToReplay(tools.read, { ids: [id], aboveId: 0, upToId: id, limit: 1 }).letters;
  const file = letter && fileById(tools.read, letter.fileId);
  return letter && file ? currentMapping(tools, letter, file) : null;
}

function currentMapping(tools: ReplayTools, { connectionId }: ReplayableLetter, file: UnfinishedFile): Mapping {
  const now = tools.mappingOf(connectionId);
  return now?.entity === file.entity ? now : Mapping.parse(JSON.parse(file.mappingJson));
}

class Replay {
  readonly #tools: ReplayTools;
  readonly #order: ReplayOrder;
  readonly #mode: 'rehearse' | 'replay';
  readonly #signal: AbortSignal;
  readonly #correlationId = randomUUID();
  readonly #memory = new DocumentMemory();
  /** The file of the row before and its reader: rows come file by file. */
  #open: { file: File; reader: RowReader | { problem: RowProblem } } | null = null;
  /** Of rows that would be kept, and of others. */
  readonly #samples: { readonly good: ReplaySample[]; readonly other: ReplaySample[] } = { good: [], other: [] };
  readonly #count = { done: 0, kept: 0, unchanged: 0, newer: 0, structure: 0, stillAside: 0, elsewhere: 0, later: 0 };
  readonly #byRule: ReplayProgress['byRule'] = {};

  constructor(tools: ReplayTools, order: ReplayOrder, mode: 'rehearse' | 'replay', signal: AbortSignal) {
    if (order.text !== undefined && !('ids' in order.letters && order.letters.ids.length === 1))
      throw new Fault('input-wrong', { detail: 'a corrected text is that of one row' });
    this.#tools = tools;
    this.#order = order;
    this.#mode = mode;
    this.#signal = signal;
  }

  async *run(): AsyncGenerator<ReplayProgress> {
    const { letters: chosen } = this.#order;
    const query = 'ids' in chosen ? { ids: chosen.ids, upToId: Number.MAX_SAFE_INTEGER } : { ...chosen.filter, upToId: chosen.upToId };
    const { total } = lettersToReplay(this.#tools.read, { ...query, aboveId: 0, limit: 1 });
    for (let aboveId = 0; ; ) {
      if (this.#signal.aborted) throw new Fault('stopped');
      const { letters } = lettersToReplay(this.#tools.read, { ...query, aboveId, limit: pageRows });
      const last = letters.at(-1);
      if (!last) break;
      aboveId = last.id;
      await this.#page(letters);
      yield this.#progress(total, 'going on');
    }
    yield this.#progress(total, 'over');
  }

  #progress(total: number, state: 'going on' | 'over'): ReplayProgress {
    return {
      total,
      ...this.#count,
      byRule: { ...this.#byRule },
      samples: [...this.#samples.good, ...this.#samples.other].slice(0, mostSamples),
      isOver: state === 'over',
    };
  }

  async #page(letters: readonly ReplayableLetter[]): Promise<void> {
    for (const some of runsOf(letters, ({ fileId }) => fileId)) {
      const tries: Try[] = [];
      for (const letter of some) {
        if (letter.destinationId !== null) {
          this.#count.elsewhere++;
          this.#count.done++;
          continue;
        }
        const file = await this.#fileOf(letter);
        if (letter.rule === 'header-unusable') await this.#wholeFile(letter, file);
        else tries.push({ letter, file });
      }
      await this.#rows(tries);
    }
  }

  async #fileOf(letter: ReplayableLetter): Promise<File> {
    if (this.#open?.file.id === letter.fileId) return this.#open.file;
    const row = fileById(this.#tools.read, letter.fileId);
    if (!row) throw new Error(`no file ${letter.fileId}`);
    const mapping = this.#order.mapping ?? currentMapping(this.#tools, letter, row);
    const layout = layoutBy(mapping, FoundLayout.parse(JSON.parse(row.layoutJson)));
    const file = { ...row, mapping, layout };
    const isOther = mapping.entity !== row.entity;
    if (isOther) throw new Fault('input-wrong', { detail: `the mapping ${mapping.name} is for another kind of record` });
    this.#open = { file, reader: await this.#readerOf(file) };
    return file;
  }

  /** Find the header of a file again. */
  async #readerOf(file: File): Promise<RowReader | { problem: RowProblem }> {
    const search = new HeaderSearch(file.mapping, file.layout);
    const given = search.given();
    if (given) return given;
    const scanner = new RowScanner(file.layout.delimiter);
    let window: Buffer = Buffer.alloc(0);
    for await (const chunk of readRawFile({ home: this.#tools.home, path: file.rawPath, key: this.#tools.key })) {
      window = Buffer.concat([window, chunk]);
      // Searched anew from the start: a header stands in the first piece of nearly every file.
      const found = searchIn(window, scanner, new HeaderSearch(file.mapping, file.layout), window.length >= file.bytes);
      if (found !== null) return found;
    }
    return { problem: search.best.problem };
  }

  /** The bytes of a row as they were set aside, or as a person has corrected them. */
  async #bytesOf({ letter, file }: Try): Promise<Buffer> {
    if (letter.byteLength <= keptLetterBytes) return unseal(this.#tools.key, letter.raw, letterContext(file.id, letter.byteOffset));
    const from = letter.byteOffset;
    const parts: Buffer[] = [];
    let at = 0;
    for await (const chunk of readRawFile({ home: this.#tools.home, path: file.rawPath, key: this.#tools.key })) {
      if (at + chunk.length > from) parts.push(chunk.subarray(Math.max(0, from - at), from + letter.byteLength - at));
      at += chunk.length;
      if (at >= from + letter.byteLength) break;
    }
    const bytes = Buffer.concat(parts);
    let end = bytes.length;
    while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--;
    return bytes.subarray(0, end);
  }

  async #rows(tries: readonly Try[]): Promise<void> {
    const read: ReadRow[] = [];
    const still: StillAside[] = [];
    const empty: ReplayableLetter[] = [];
    for (const one of tries) {
      const fate = await this.#fate(one);
      this.#count.done++;
      if (fate === 'structure') {
        empty.push(one.letter);
        this.#sample({ id: one.letter.id, externalId: null, outcome: 'structure', rule: null, changes: [] });
      } else if ('rule' in fate) {
        const { rule, field, column, detail } = fate;
        still.push({ id: one.letter.id, rule, field, column, detail });
        this.#aside(one.letter.id, rule);
      } else read.push({ row: fate, letter: one.letter, file: one.file });
    }
    this.#count.structure += empty.length;
    const good = await this.#notNamedLater(read);
    for (const { row, letter, file } of good) this.#compare(row, letter, file);
    if (this.#mode === 'rehearse') return;
    if (still.length > 0) await this.#tools.writer.step('stillAside', [still]);
    if (empty.length > 0) await this.#tools.writer.step('replayStructure', [empty]);
    const [first] = good;
    if (!first) return;
    const batch = new BatchBuilder(
      { fileId: first.file.id, hotelId: first.file.hotelId, source: first.file.source, mapping: first.file.mapping },
      this.#memory,
    );
    for (const { row, letter } of good) batch.addRecord(row, letter.line, letter.byteOffset, letter.byteLength);
    const whole = { ...batch.take(0), bytesNormalised: 0 };
    const done = await this.#tools.writer.step('replayBatch', [whole, good.map(({ letter }) => letter.id), this.#correlationId]);
    this.#memory.giveBack(whole.documents);
    this.#count.kept += done.kept + done.unchanged;
    this.#count.unchanged += done.unchanged;
    this.#count.newer += done.newer;
    this.#tools.onProgress({ fileName: first.file.name, bytesDone: first.file.bytes, bytesTotal: first.file.bytes, rows: good.length });
  }

  async #fate(one: Try): Promise<MappedRow | RowProblem | 'structure'> {
    const { text } = this.#order;
    const reader = this.#open?.reader;
    if (!reader || 'problem' in reader) return reader?.problem ?? noHeader;
    if (text !== undefined)
      return reader.withText().read(Buffer.from(text), scanned(Buffer.from(text), one.file.layout.delimiter, 'joined'));
    const bytes = await this.#bytesOf(one);
    return reader.read(
      bytes,
      scanned(bytes, one.file.layout.delimiter, one.file.mapping.file.shortRows === 'next-line' ? 'joined' : 'one line'),
    );
  }

  #aside(id: number, rule: RowProblem['rule']): void {
    this.#count.stillAside++;
    this.#byRule[rule] = (this.#byRule[rule] ?? 0) + 1;
    this.#sample({ id, externalId: null, outcome: 'set-aside', rule, changes: [] });
  }

  #sample(sample: ReplaySample): void {
    const those = ['new', 'changed', 'unchanged'].includes(sample.outcome) ? this.#samples.good : this.#samples.other;
    if (those.length < mostSamples) those.push(sample);
  }

  /** Say what keeping a row would change. In a rehearsal this counts, too. */
  #compare(row: MappedRow, letter: ReplayableLetter, file: File): void {
    if (this.#mode === 'replay' && this.#samples.good.length >= mostSamples) return;
    const { hotelId, source, entity } = file;
    const known = recordOfKey(this.#tools.read, { hotelId, source, entity, externalId: row.externalId });
    const isOvertaken = known?.fileId != null && (known.fileId > file.id || (known.fileId === file.id && (known.line ?? 0) > letter.line));
    const before = known && !isOvertaken ? JSON.parse(outboxText(this.#tools.read, this.#tools.key, known.seq).toString('utf8')) : {};
    const changes = isOvertaken ? [] : differences(entityOf(file.mapping.entity).hashFields, before, JSON.parse(row.canonical));
    const outcome = isOvertaken ? 'newer' : !known ? 'new' : changes.length === 0 ? 'unchanged' : 'changed';
    this.#sample({ id: letter.id, externalId: row.externalId, outcome, rule: null, changes });
    if (this.#mode === 'replay') return;
    if (outcome === 'newer') this.#count.newer++;
    else this.#count.kept++;
    if (outcome === 'unchanged') this.#count.unchanged++;
  }

  /**
   * Leave out rows that a file which came later names, and which nobody has compared: where the key could not be read when the row came,
   * any later file; else those whose content was seen before and so was not read again. What they said of the record is not known any more.
   */
  async #notNamedLater(rows: readonly ReadRow[]): Promise<ReadRow[]> {
    const [first] = rows;
    if (!first) return [];
    const { newFiles, seenAgain } = laterFiles(this.#tools.read, first.file.id);
    const keysOf = (some: readonly ReadRow[]) => new Set(some.map(({ row }) => row.externalId));
    const named = await this.#rowsIn(seenAgain, keysOf(rows));
    const unknown = await this.#rowsIn(newFiles, keysOf(rows.filter(({ letter }) => letter.externalId === null)));
    const isOvertaken = ({ row, letter }: ReadRow) =>
      named.has(row.externalId) || (letter.externalId === null && unknown.has(row.externalId));
    const overtaken = rows.filter(isOvertaken);
    for (const { row, letter } of overtaken) {
      this.#count.newer++;
      this.#sample({ id: letter.id, externalId: row.externalId, outcome: 'newer', rule: null, changes: [] });
    }
    if (this.#mode === 'replay' && overtaken.length > 0)
      await this.#tools.writer.step('overtaken', [overtaken.map(({ letter }) => letter.id)]);
    return rows.filter((row) => !isOvertaken(row));
  }

  /** Which of the keys have a row in files. They are read as they were read when they came. */
  async #rowsIn(fileIds: readonly number[], keys: ReadonlySet<string>): Promise<Set<string>> {
    const found = new Set<string>();
    for (const id of fileIds) {
      const file = fileById(this.#tools.read, id);
      if (keys.size === found.size || !file) break;
      const mapping = Mapping.parse(JSON.parse(file.mappingJson));
      const layout = FoundLayout.parse(JSON.parse(file.layoutJson));
      const { hotelId, source, rawPath, bytes } = file;
      const job = { fileId: id, hotelId, source, rawPath, mapping, layout, bytes, position: 0, days: null };
      for await (const { texts } of this.#tools.normaliser.batches(job, this.#signal)) {
        const parts = texts.split('\0');
        for (let at = 0; at < parts.length; at += textsInRow) if (keys.has(parts[at] as string)) found.add(parts[at] as string);
      }
    }
    return found;
  }

  /** A file of which nothing could be used is read anew from its start. */
  async #wholeFile(letter: ReplayableLetter, file: File): Promise<void> {
    this.#count.done++;
    const reader = this.#open?.reader;
    if (!reader || 'problem' in reader) {
      const { rule, field, column, detail } = reader?.problem ?? noHeader;
      this.#aside(letter.id, rule);
      if (this.#mode === 'replay') await this.#tools.writer.step('stillAside', [[{ id: letter.id, rule, field, column, detail }]]);
      return;
    }
    if (isLaterFileUsed(this.#tools.read, file.id)) {
      this.#count.later++;
      return;
    }
    this.#count.kept++;
    if (this.#mode === 'rehearse') return;
    const [prefix, from, to] = letter.connectionId.split(' ');
    const days = prefix === importedByHand && from && to ? { from, to } : null;
    await this.#tools.writer.step('reopenFile', [file.id, JSON.stringify(file.mapping), JSON.stringify(file.layout)]);
    const again = fileById(this.#tools.read, file.id);
    if (again) await normaliseAndStore(this.#tools, letter.connectionId, again, null, days, this.#signal);
    this.#open = null;
  }
}

/** Consecutive items with the same mark. */
function runsOf<T>(items: readonly T[], mark: (item: T) => unknown): T[][] {
  const runs: T[][] = [];
  for (const item of items) {
    const last = runs.at(-1);
    if (last?.[0] !== undefined && mark(last[0]) === mark(item)) last.push(item);
    else runs.push([item]);
  }
  return runs;
}

/** How a file is written by a mapping that may say it now; what it does not say is as it was found. */
function layoutBy({ file }: Mapping, found: FoundLayout): FoundLayout {
  // UTF-16 lies in the raw store as UTF-8, whatever a mapping says now.
  const isSaid = file.encoding !== 'auto' && !found.encoding.startsWith('utf-16');
  return {
    encoding: isSaid ? (file.encoding as FoundLayout['encoding']) : found.encoding,
    otherEncodings: isSaid ? [] : found.otherEncodings,
    delimiter: file.delimiter === 'auto' ? found.delimiter : file.delimiter,
    isFound: found.isFound,
  };
}

/** The header in the first bytes of a file; null when more of them are needed. */
function searchIn(window: Buffer, scanner: RowScanner, search: HeaderSearch, isLast: boolean): RowReader | { problem: RowProblem } | null {
  scanner.open(window, isLast);
  for (let at = window.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0; at < window.length; at = scanner.next) {
    scanner.scan(at);
    if (scanner.found === 'more') return null;
    const reader = search.look({ bytes: window.subarray(at, scanner.end), found: scanner.found }, scanner.next - at);
    if (reader) return reader;
    if (search.isOver) return { problem: search.best.problem };
  }
  return isLast ? { problem: search.best.problem } : null;
}

/** How the scanner finds the one row that bytes hold. Bytes that hold several lines are one row only where lines are joined. */
function scanned(bytes: Buffer, delimiter: string, form: 'joined' | 'one line') {
  const scanner = new RowScanner(delimiter);
  scanner.open(bytes, true);
  if (bytes.length > 0) scanner.scan(0);
  const isJoined = form === 'joined' && scanner.next < bytes.length;
  return { found: scanner.found, hasQuotes: scanner.hasQuotes || (isJoined && bytes.includes('"')), isJoined };
}

function differences(fields: readonly string[], before: Record<string, unknown>, after: Record<string, unknown>): ReplaySample['changes'] {
  const written = (value: unknown) => (value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value));
  const changes = fields.map((field) => ({ field, before: written(before[field]), after: written(after[field]) }));
  return changes.filter((change) => change.before !== change.after);
}
