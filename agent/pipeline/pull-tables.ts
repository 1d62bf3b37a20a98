import { createHash, randomUUID } from 'node:crypto';
import { Fault, type FaultCode } from '../../contract/faults.ts';
import type { Fingerprint } from '../../contract/fingerprint.ts';
import type { Mapping } from '../../contract/mapping.ts';
import { setting } from '../../db/pipeline/connections.ts';
import { contentForgotten, fileById, type TakenFile, unfinishedFiles } from '../../db/pipeline/files.ts';
import { knownRows, tableMark, tableMarks } from '../../db/pipeline/source-tables.ts';
import type { LongReads } from '../../db/reader.ts';
import type { Remote } from '../../db/thread-calls.ts';
import { hotelTime } from '../runtime/hotel-clock.ts';
import type { SourceRow, SourceTable, TableSession } from './connector.ts';
import { normaliseAndStore, type PullTools } from './pull.ts';
import { rawBytes, withoutCards, writeRawFile } from './raw-files.ts';
import { type Look, pollTable, sweepTable, type TableBook, type TableReading, type Unmet } from './read-table.ts';
import { pageCells, pageFile, pageLayout, pageMapping } from './table-page.ts';
import { noWatermark, stampOf, type Watermark } from './watermark.ts';

export type TablePullTools = PullTools & {
  readonly reads: Remote<LongReads>;
  /** Told how the columns compared, whenever a source was asked for its tables. */
  readonly onCompared: (found: Fingerprint | null) => Promise<void>;
};

const pageRows = 2000;
/** A walk over all keys takes turns with the passes: so long at a time. */
const sweepTurnMs = 20_000;
/** A walk is made up for when the last one began so long ago, and never repeated sooner than so. */
const sweepsAtLeastEveryMs = 30 * 3_600_000;
const sweepsAtMostEveryMs = 18 * 3_600_000;
/** How long after its time a walk may still begin. */
const sweepHours = 4;

/**
 * Read the tables of a source once: go on with what was half read, then each table from its watermark on.
 *
 * SOURCE -> page as raw file -> NORMALISE -> BUFFER. A page, the hashes of its rows and the watermark are one commit, so nothing depends
 * on the source from there on. A table that cannot be read does not hold up the others; the first fault is thrown at the end.
 */
export async function pullTables(
  tools: TablePullTools,
  session: TableSession,
  connectionId: string,
  hotelId: string,
  options: { readonly comparesAll: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { comparesAll, signal } = options;
  const failed: Fault[] = [];
  for (const file of unfinishedFiles(tools.read, connectionId)) {
    await one(
      failed,
      () => normaliseAndStore(tools, connectionId, file, null, null, signal),
      async (fault) => {
        // What cannot be read here any more still stands in the database: its rows are read again.
        if (fault.code === 'database-damaged') await tools.writer.step('forgetPage', [connectionId, file.id]);
      },
    );
  }
  const { tables, faults } = await session
    .tables(signal, { isAsked: comparesAll })
    .finally(() => tools.onCompared(session.compared?.() ?? null));
  failed.push(...faults);
  const books = new Map(tables.map((table) => [table.name, new AgentBook(tools, { session, table, connectionId, hotelId, signal })]));
  const reading = (table: SourceTable): TableReading => ({
    table,
    book: books.get(table.name) as AgentBook,
    beside: books,
    pageRows,
    clock: () => session.clock(signal),
    onBeside: (fault) => tools.onBeside(connectionId, fault),
    signal,
  });
  try {
    for (const table of tables) {
      await one(failed, async () => {
        const mark = (books.get(table.name) as AgentBook).mark;
        if (mark.passUtc === null || (table.stamp === null && !table.isReadBeside)) await sweepTable(reading(table));
        else if (table.stamp) await pollTable(reading(table));
      });
    }
    for (const table of tables) {
      const { mark } = books.get(table.name) as AgentBook;
      const isPolled = table.stamp !== null || table.isReadBeside === true;
      // What merges have said stays said: they are walked through only when the system was put back.
      if (table.isGuestMerges && mark.sweptUtc !== null) continue;
      if (mark.passUtc === null || !isPolled || !(comparesAll || isSweepDue(tools, session.sweepAt, mark))) continue;
      const until = tools.now() + sweepTurnMs;
      await one(failed, () => sweepTable(reading(table), () => comparesAll || tools.now() < until));
    }
  } finally {
    // A run ends with all of its work, also where it breaks off: the next one must not find a page that is still being normalised.
    await Promise.allSettled([...books.values()].map((book) => book.settled()));
  }
  await Promise.all([...books.values()].map((book) => one(failed, () => book.settled())));
  await endWarnings(tools, connectionId);
  const [first] = failed;
  if (first) throw first;
}

/** What was warned of has ended: nothing is missing any more, and what was restored was read whole. */
async function endWarnings(tools: TablePullTools, connectionId: string): Promise<void> {
  // Of all its tables, also those that were left alone this time.
  const marks = tableMarks(tools.read, connectionId).map(({ watermark }): Watermark => ({ ...noWatermark, ...JSON.parse(watermark) }));
  const ended: FaultCode[] = [];
  if (marks.every((mark) => mark.vanished === null)) ended.push('source-rows-vanished');
  if (marks.every((mark) => mark.sweptUtc !== null)) ended.push('source-went-back');
  for (const code of ended) await tools.writer.step('clearAlert', [connectionId, code]);
}

/** Read one table; its fault is noted and does not hold up the next, unless nothing can be read any more. */
async function one(failed: Fault[], run: () => Promise<unknown>, mend?: (fault: Fault) => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'stopped' || error.code.startsWith('disk-')) throw error;
    failed.push(error);
    await mend?.(error);
  }
}

/** Walks happen in the quiet hours; one that was missed for more than a day is made up for at once, and one under way goes on. */
function isSweepDue(tools: TablePullTools, sweepAt: string, mark: Watermark): boolean {
  if (mark.sweep) return true;
  const nowMs = tools.now();
  const sweptAtMs = mark.sweptUtc === null ? Number.NEGATIVE_INFINITY : mark.sweptUtc * 1000;
  // A walk from before all content was forgotten counts for none, also where a run that was under way then has written it down again.
  const forgottenAtMs = Number(setting(tools.read, contentForgotten) ?? Number.NEGATIVE_INFINITY);
  const sinceMs = forgottenAtMs > sweptAtMs ? Number.POSITIVE_INFINITY : nowMs - sweptAtMs;
  if (sinceMs > sweepsAtLeastEveryMs) return true;
  const now = hotelTime(tools.timeZone() ?? 'UTC', nowMs);
  const [hour = 0, minute = 0] = sweepAt.split(':').map(Number);
  const behind = (now.hour * 60 + now.minute - hour * 60 - minute + 1440) % 1440;
  return sinceMs > sweepsAtMostEveryMs && behind < sweepHours * 60;
}

type BookOf = {
  readonly session: TableSession;
  readonly table: SourceTable;
  readonly connectionId: string;
  readonly hotelId: string;
  readonly signal: AbortSignal;
};

/** The book of one table in pipeline.db and the raw files. The page before is being normalised while the next one is read. */
class AgentBook implements TableBook {
  readonly #tools: TablePullTools;
  readonly #of: BookOf;
  readonly #mapping: Mapping;
  mark: Watermark;
  #tableId: number | null;
  #find: ReturnType<typeof knownRows> | null;
  #normalising: Promise<void> = Promise.resolve();

  constructor(tools: TablePullTools, of: BookOf) {
    this.#tools = tools;
    this.#of = of;
    this.#mapping = pageMapping(tools.mapping(of.table.mapping));
    const kept = tableMark(tools.read, of.connectionId, of.table.name);
    const mark: Watermark = kept ? JSON.parse(kept.watermark) : noWatermark;
    // Another database, or other rows of it, are read from their start; rows that it does not have are missed by its walks.
    this.mark = kept && kept.identity !== this.#identity ? { ...noWatermark, sweepNumber: mark.sweepNumber } : { ...noWatermark, ...mark };
    this.mark = { ...this.mark, isPolled: of.table.stamp !== null, isNightly: of.table.isReadBeside === true };
    this.#tableId = kept?.id ?? null;
    this.#find = kept ? knownRows(tools.read, kept.id) : null;
  }

  get salt(): string {
    return this.#identity;
  }

  get #identity(): string {
    return createHash('sha256')
      .update([this.#of.session.identity, this.#of.session.source, this.#mapping.entity, ...this.#of.table.columns].join('\n'))
      .digest('hex');
  }

  known(key: string): { hash: Uint8Array; stamp: string | null } | undefined {
    return this.#find?.(key);
  }

  async keep(look: Look): Promise<void> {
    this.#tools.assertRoom();
    // Before the walk is called whole: a crash in between finds them again.
    if (look.gone.length > 0) {
      const goneAt = stampOf(localNow(look.mark));
      const gone = { mark: this.mark, rowsRead: 0, changed: [], seen: [], missed: [], gone: look.gone };
      await this.#normalise(await this.#step(gone, look.gone, goneAt));
    }
    const rows = look.changed.map(({ row }) => row);
    await this.#normalise(await this.#step({ ...look, gone: [] }, rows, null));
    this.mark = look.mark;
  }

  async unmet(sweep: number, limit: number): Promise<{ rows: Unmet[]; count: number; known: number }> {
    const { reads, home, key } = this.#tools;
    if (this.#tableId === null) return { rows: [], count: 0, known: 0 };
    const { rows, count } = await reads.unmetRows(this.#tableId, sweep, limit);
    const known = await reads.countRows(this.#tableId);
    const last = async (row: (typeof rows)[number]): Promise<SourceRow> => {
      const bytes = await rawBytes({ home, path: row.rawPath, key }, row.byteOffset, row.byteLength);
      return { key: row.key, stamp: null, cells: pageCells(bytes) };
    };
    return { rows: rows.map((row) => ({ key: row.key, missed: row.missed, last: () => last(row) })), count, known };
  }

  /** Wait until everything that was kept is normalised. */
  settled(): Promise<void> {
    return this.#normalising;
  }

  /** Keep a look in one commit, with the raw file of its new rows written before. */
  async #step(look: Look, rows: readonly SourceRow[], goneAt: string | null): Promise<number | null> {
    const { table, connectionId } = this.#of;
    if (table.isGuestMerges) await this.#mergeGuests(rows);
    const page = rows.length === 0 || table.isGuestMerges ? null : pageFile(table.columns, rows, goneAt);
    const file = page && (await this.#takePage(page.bytes));
    const changed = look.changed.map(({ row, hash }, at) => ({
      key: row.key,
      hash,
      stamp: row.stamp,
      ...(page?.places[at] ?? { byteOffset: 0, byteLength: 0 }),
    }));
    const fileId = await this.#tools.writer.step('keepTable', [
      {
        connectionId,
        runId: this.#tools.runId,
        rowsRead: look.rowsRead,
        table: table.name,
        identity: this.#identity,
        watermark: JSON.stringify(look.mark),
        sweep: look.mark.sweepNumber,
        changed,
        seen: look.seen,
        missed: look.missed,
        gone: look.gone.map((row) => row.key),
        file,
      },
    ]);
    this.#tableId ??= tableMark(this.#tools.read, connectionId, table.name)?.id ?? null;
    this.#find ??= this.#tableId === null ? null : knownRows(this.#tools.read, this.#tableId);
    return fileId;
  }

  /** Before the page is kept: said again after a crash it changes nothing. */
  async #mergeGuests(rows: readonly SourceRow[]): Promise<void> {
    const { session, hotelId } = this.#of;
    for (const { cells } of rows) {
      const [from, into] = cells;
      if (from && into) await this.#tools.writer.step('mergeGuests', [{ hotelId, source: session.source }, from, into]);
    }
  }

  /** Put a page into the raw store. Two pages with the same rows are two: between them the rows were something else. */
  async #takePage(bytes: Buffer): Promise<TakenFile> {
    const { session, table, connectionId, hotelId } = this.#of;
    const { home, key, now } = this.#tools;
    const atMs = now();
    const whole = chunksOf(bytes);
    const chunks = session.hidesCardNumbers ? withoutCards(whole) : whole;
    const rawPath = await writeRawFile({ home, source: session.source, key, chunks, atMs, facts: null });
    const page = randomUUID();
    return {
      connectionId,
      hotelId,
      source: session.source,
      entity: this.#mapping.entity,
      name: `${table.name} ${new Date(atMs).toISOString().slice(0, 19)}Z`,
      path: `table:${table.name}`,
      mark: page,
      sha256: createHash('sha256').update(page).update(bytes).digest('hex'),
      rawPath,
      mappingJson: JSON.stringify(this.#mapping),
      layoutJson: JSON.stringify(pageLayout),
      bytes: bytes.length,
    };
  }

  /** Normalise a page while the next one is read, one page at a time. */
  async #normalise(fileId: number | null): Promise<void> {
    if (fileId === null) return;
    await this.#normalising;
    const file = fileById(this.#tools.read, fileId);
    if (!file) return;
    const { connectionId, signal } = this.#of;
    this.#normalising = normaliseAndStore(this.#tools, connectionId, file, null, null, signal);
    // Whoever waits for it gets its failure.
    this.#normalising.catch(() => undefined);
  }
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The source's own wall clock, as it was when it was last asked. */
function localNow({ offsets }: Watermark): number {
  const last = offsets.at(-1);
  return last ? last.toUtc + last.seconds : 0;
}
