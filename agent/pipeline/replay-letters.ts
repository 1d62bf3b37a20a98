import { randomUUID } from 'node:crypto';
import type { RuleId } from '../../contract/dead-letter.ts';
import { Fault } from '../../contract/faults.ts';
import { FoundLayout, Mapping } from '../../contract/mapping.ts';
import { entityOf } from '../../contract/record.ts';
import type { ReplayOrder, ReplayProgress, ReplaySample } from '../../contract/replay.ts';
import { outboxText } from '../../db/pipeline/blocks.ts';
import { fileLettersByRule, fileReport } from '../../db/pipeline/counts.ts';
import { lettersToReplay, type ReplayableLetter } from '../../db/pipeline/dead-letters.ts';
import { fileById, isLaterFileUsed, laterFiles, type UnfinishedFile } from '../../db/pipeline/files.ts';
import type { StillAside } from '../../db/pipeline/letter-steps.ts';
import { recordOfKey } from '../../db/pipeline/records.ts';
import { BatchBuilder, DocumentMemory } from './batch-builder.ts';
import { type LetterFile, layoutBy, linesOfKeys, readerOf, rowBytes, scanned } from './letter-rows.ts';
import { hideCards } from './normalise/cards.ts';
import type { MappedRow, RowProblem } from './normalise/row-mapper.ts';
import { daysOf, normaliseAndStore, type PullTools } from './pull.ts';
import type { RowReader } from './row-reader.ts';

const noHeader: RowProblem = { rule: 'header-unusable', field: null, column: null, detail: 'missing' };
const pageRows = 1000;
const mostSamples = 5;

/** A row that is a record now. */
type ReadRow = { readonly row: MappedRow; readonly letter: ReplayableLetter; readonly file: LetterFile };
type Try = { readonly letter: ReplayableLetter; readonly file: LetterFile };

/** What is needed besides the tools of a pull: the mapping that a connection reads its files with now, null when it has none. */
export type ReplayTools = PullTools & {
  readonly mappingOf: (connectionId: string) => Mapping | null;
  /** The mapping of that name as it is now. */
  readonly savedMapping: (name: string) => Mapping | null;
  /** Whether card numbers are hidden in what the connection brings. */
  readonly hidesCards: (connectionId: string) => boolean;
};

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

function currentMapping(tools: ReplayTools, { connectionId, rule }: ReplayableLetter, file: UnfinishedFile): Mapping {
  const then = Mapping.parse(JSON.parse(file.mappingJson));
  // Nothing was wrong with the row: it becomes again what it was.
  if (rule === 'kept-damaged') return then;
  const now = tools.mappingOf(connectionId) ?? tools.savedMapping(then.name);
  return now?.entity === file.entity ? now : then;
}

class Replay {
  readonly #tools: ReplayTools;
  readonly #order: ReplayOrder;
  readonly #mode: 'rehearse' | 'replay';
  readonly #signal: AbortSignal;
  readonly #correlationId = randomUUID();
  readonly #memory = new DocumentMemory();
  /** The file of the row before and its reader: rows come file by file. */
  #open: { file: LetterFile; isDamage: boolean; reader: RowReader | { problem: RowProblem } } | null = null;
  /** Of rows that would be kept, and of others. */
  readonly #samples: { readonly good: ReplaySample[]; readonly other: ReplaySample[] } = { good: [], other: [] };
  readonly #count = { done: 0, kept: 0, unchanged: 0, newer: 0, structure: 0, stillAside: 0, elsewhere: 0, later: 0, failed: 0 };
  readonly #byRule: ReplayProgress['byRule'] = {};

  constructor(tools: ReplayTools, order: ReplayOrder, mode: 'rehearse' | 'replay', signal: AbortSignal) {
    if (order.text !== undefined && !('ids' in order.letters && order.letters.ids.length === 1))
      throw new Fault('input-wrong', { detail: 'a corrected text is that of one row' });
    if (order.text?.trim() === '') throw new Fault('input-wrong', { detail: 'the corrected row is empty' });
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
    const read: ReadRow[] = [];
    for (const some of runsOf(letters, ({ fileId, destinationId }) => destinationId ?? fileId)) {
      const before = this.#count.done;
      if (some[0]?.destinationId === null) {
        try {
          read.push(...(await this.#tryRun(some)));
        } catch (error) {
          // One file whose copy is damaged, or that holds another kind of record, does not hold up the others.
          if (!(error instanceof Fault) || (error.code !== 'database-damaged' && error.code !== 'input-wrong')) throw error;
          if (letters.length === 1) throw error;
          this.#count.failed += some.length - (this.#count.done - before);
        }
      } else this.#count.elsewhere += some.length;
      this.#count.done = before + some.length;
    }
    await this.#keep(await this.#notOvertaken(read));
  }

  /** Try the letters of one file, and give those that are records now. */
  async #tryRun(letters: readonly ReplayableLetter[]): Promise<ReadRow[]> {
    const read: ReadRow[] = [];
    const still: StillAside[] = [];
    const empty: ReplayableLetter[] = [];
    for (const letter of letters) {
      const file = await this.#fileOf(letter);
      if (isWholeFile(letter, file)) {
        await this.#wholeFile(letter, file);
        continue;
      }
      const reader = this.#open?.reader;
      if (!reader || 'problem' in reader) {
        // The header does not fit this mapping: that says nothing about the row, whose own reason stays.
        this.#aside(letter.id, 'header-unusable');
        continue;
      }
      if (this.#signal.aborted) throw new Fault('stopped');
      const fate = await this.#fateOrDamage(reader, { letter, file });
      if (fate === 'damaged') {
        this.#aside(letter.id, letter.rule);
        continue;
      }
      if (fate === 'structure') {
        empty.push(letter);
        this.#sample({ id: letter.id, externalId: null, outcome: 'structure', rule: null, changes: [] });
      } else if ('rule' in fate) {
        // A row that was kept once, as a person had corrected it, keeps its reason: only the copy as it came is left of it.
        const { rule, field, column, detail } =
          letter.rule === 'kept-damaged' ? { rule: letter.rule, field: null, column: null, detail: null } : fate;
        still.push({ id: letter.id, rule, field, column, detail });
        this.#aside(letter.id, rule);
      } else read.push({ row: fate, letter, file });
    }
    this.#count.structure += empty.length;
    if (this.#mode === 'replay') {
      if (still.length > 0) await this.#tools.writer.step('stillAside', [still]);
      if (empty.length > 0) await this.#tools.writer.step('replayStructure', [empty]);
    }
    return read;
  }

  /** Keep what can be read now, file by file. */
  async #keep(rows: readonly ReadRow[]): Promise<void> {
    for (const { row, letter, file } of rows) this.#compare(row, letter, file);
    if (this.#mode === 'rehearse') return;
    for (const some of runsOf(rows, ({ file }) => file.id)) {
      const [first] = some;
      if (!first) continue;
      const { id: fileId, hotelId, source, mapping, name, bytes } = first.file;
      const batch = new BatchBuilder({ fileId, hotelId, source, mapping }, this.#memory);
      for (const { row, letter } of some) batch.addRecord(row, letter.line, letter.byteOffset, letter.byteLength);
      const whole = { ...batch.take(0), bytesNormalised: 0 };
      this.#tools.onReading({ connectionId: first.letter.connectionId, correlationId: this.#correlationId, fileId });
      const done = await this.#tools.writer.step('replayBatch', [whole, some.map(({ letter }) => letter.id), this.#correlationId]);
      this.#memory.giveBack(whole.documents);
      this.#count.kept += done.kept + done.unchanged;
      this.#count.unchanged += done.unchanged;
      this.#count.newer += done.newer;
      this.#tools.onProgress({ fileName: name, bytesDone: bytes, bytesTotal: bytes, rows: some.length });
    }
  }

  async #fileOf(letter: ReplayableLetter): Promise<LetterFile> {
    const isDamage = letter.rule === 'kept-damaged';
    if (this.#open?.file.id === letter.fileId && this.#open.isDamage === isDamage) return this.#open.file;
    const row = fileById(this.#tools.read, letter.fileId);
    if (!row) throw new Error(`no file ${letter.fileId}`);
    const mapping = this.#order.mapping ?? currentMapping(this.#tools, letter, row);
    if (mapping.entity !== row.entity)
      throw new Fault('input-wrong', { detail: `the mapping ${mapping.name} is for another kind of record` });
    const file = { ...row, mapping, layout: layoutBy(mapping, FoundLayout.parse(JSON.parse(row.layoutJson))) };
    this.#open = { file, isDamage, reader: await readerOf(this.#tools, file) };
    return file;
  }

  /** The fate of a row; where its copy is damaged as well, that is its own matter and holds up no other. */
  async #fateOrDamage(reader: RowReader, one: Try): Promise<MappedRow | RowProblem | 'structure' | 'damaged'> {
    try {
      return await this.#fate(reader, one);
    } catch (error) {
      if (one.letter.rule === 'kept-damaged' && error instanceof Fault && error.code === 'database-damaged') return 'damaged';
      throw error;
    }
  }

  async #fate(reader: RowReader, one: Try): Promise<MappedRow | RowProblem | 'structure'> {
    const { text } = this.#order;
    const { delimiter } = one.file.layout;
    if (text !== undefined) {
      const bytes = Buffer.from(text);
      // What a person writes is held to the same as what a file brings.
      if (this.#tools.hidesCards(one.letter.connectionId)) hideCards(bytes, { isEnd: true, before: 0 });
      return reader.withText().read(bytes, scanned(bytes, delimiter, 'joined'));
    }
    const bytes = await rowBytes(this.#tools, one.letter, one.file);
    return reader.read(bytes, scanned(bytes, delimiter, one.file.mapping.file.shortRows === 'next-line' ? 'joined' : 'one line'));
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
  #compare(row: MappedRow, letter: ReplayableLetter, file: LetterFile): void {
    if (this.#mode === 'replay' && this.#samples.good.length >= mostSamples) return;
    const { hotelId, source, entity } = file;
    const known = recordOfKey(this.#tools.read, { hotelId, source, entity, externalId: row.externalId });
    const before =
      known && letter.rule !== 'kept-damaged' ? JSON.parse(outboxText(this.#tools.read, this.#tools.key, known.seq).toString('utf8')) : {};
    const changes = differences(entityOf(file.mapping.entity).hashFields, before, JSON.parse(row.canonical));
    const outcome = !known ? 'new' : changes.length === 0 ? 'unchanged' : 'changed';
    this.#sample({ id: letter.id, externalId: row.externalId, outcome, rule: null, changes });
    if (this.#mode === 'replay') return;
    this.#count.kept++;
    if (outcome === 'unchanged') this.#count.unchanged++;
  }

  /**
   * Leave out rows behind which their record has another row: in a file that was read later, or further down in their own. Where the key
   * was read when the row came, every later row of it has settled the matter already, but for contents that were seen before.
   */
  async #notOvertaken(rows: readonly ReadRow[]): Promise<ReadRow[]> {
    const asked = new Map<number, ReadRow[]>();
    for (const one of rows) {
      const isKnown = one.letter.externalId === one.row.externalId;
      const later = laterFiles(this.#tools.read, one.file.id).filter((file) => !isKnown || file.isSeenAgain);
      for (const id of isKnown ? later.map((file) => file.id) : [one.file.id, ...later.map((file) => file.id)])
        asked.set(id, [...(asked.get(id) ?? []), one]);
    }
    const overtaken = new Set<ReadRow>();
    for (const [id, some] of asked) {
      const found = await linesOfKeys(this.#tools, id, new Set(some.map(({ row }) => row.externalId)), this.#signal);
      for (const one of some) {
        const line = found.get(one.row.externalId);
        if (line !== undefined && (one.file.id !== id || line > one.letter.line)) overtaken.add(one);
      }
    }
    for (const { row, letter } of overtaken) {
      this.#count.newer++;
      this.#sample({ id: letter.id, externalId: row.externalId, outcome: 'newer', rule: null, changes: [] });
    }
    if (this.#mode === 'replay' && overtaken.size > 0)
      await this.#tools.writer.step('overtaken', [[...overtaken].map(({ letter }) => letter.id)]);
    return rows.filter((one) => !overtaken.has(one));
  }

  /** A file of which nothing could be used is read anew from its start. What is counted are its rows. */
  async #wholeFile(letter: ReplayableLetter, file: LetterFile): Promise<void> {
    if (this.#order.text !== undefined) throw new Fault('input-wrong', { detail: 'the whole file was set aside, not one row of it' });
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
    const { mapping, layout } = file;
    const days = daysOf(letter.connectionId);
    if (this.#mode === 'rehearse') {
      const job = {
        fileId: file.id,
        hotelId: file.hotelId,
        source: file.source,
        rawPath: file.rawPath,
        mapping,
        layout,
        bytes: file.bytes,
      };
      for await (const batch of this.#tools.normaliser.batches({ ...job, position: 0, days }, this.#signal)) {
        this.#count.kept += batch.count;
        for (const one of batch.letters) this.#aside(letter.id, one.rule);
      }
      return;
    }
    await this.#tools.writer.step('reopenFile', [file.id, JSON.stringify(mapping), JSON.stringify(layout)]);
    const again = fileById(this.#tools.read, file.id);
    if (again) await normaliseAndStore(this.#tools, letter.connectionId, again, null, days, this.#signal);
    this.#open = null;
    const { report } = fileReport(this.#tools.read, file.id);
    this.#count.kept += report.kept + report.unchanged;
    this.#count.unchanged += report.unchanged;
    for (const [rule, rows] of Object.entries(fileLettersByRule(this.#tools.read, file.id)))
      for (let row = 0; row < rows; row++) this.#aside(letter.id, rule as RuleId);
  }
}

/** A letter that stands for all of its file, by its place: a row can come to the same reason under a mapping that does not fit. */
function isWholeFile({ rule, byteOffset, byteLength }: ReplayableLetter, file: LetterFile): boolean {
  return rule === 'header-unusable' && byteOffset === 0 && byteLength === file.bytes;
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

function differences(fields: readonly string[], before: Record<string, unknown>, after: Record<string, unknown>): ReplaySample['changes'] {
  const written = (value: unknown) => (value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value));
  const changes = fields.map((field) => ({ field, before: written(before[field]), after: written(after[field]) }));
  return changes.filter((change) => change.before !== change.after);
}
