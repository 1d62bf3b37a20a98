import { createHash } from 'node:crypto';
import { Fault } from '../../contract/faults.ts';
import type { SourceRow, SourceTable, TablePage } from './connector.ts';
import {
  beginPoll,
  beginSweep,
  finishPoll,
  finishSweep,
  mostVanished,
  readClock,
  type SourceClock,
  type Watermark,
  watermarkRules,
  wentBack,
  withLateness,
} from './watermark.ts';

/**
 * How a table is read so that no row is missed: passes by stamp, again and again, and walks over all keys.
 * The proof by simulation and against a real database: `npm run rig -- watermark`.
 */

/** One look at a table, to be kept in one commit: rows whose content is new, and how far the table is read with them. */
export type Look = {
  readonly mark: Watermark;
  /** How many rows the source has given for it. */
  readonly rowsRead: number;
  readonly changed: readonly { readonly row: SourceRow; readonly hash: Buffer }[];
  /** Rows whose content is known: a sweep has met them, or only their stamp has moved. */
  readonly seen: readonly Pick<SourceRow, 'key' | 'stamp'>[];
  readonly missed: readonly string[];
  /** Rows that are gone, with the cells that they had last. */
  readonly gone: readonly SourceRow[];
};

/** A row that a sweep has not met; `missed` is the sweep that missed it first. `last` reads what it held. */
export type Unmet = { readonly key: string; readonly missed: number | null; last(): Promise<SourceRow | null> };

/** What is known of a table, and the door to keeping more. */
export type TableBook = {
  readonly mark: Watermark;
  /** Goes into the hash of every row. */
  readonly salt: string;
  known(key: string): { readonly hash: Uint8Array; readonly stamp: string | null } | undefined;
  keep(look: Look): Promise<void>;
  /** The rows that sweep `sweep` has not met, up to `limit` of them, and how many there are and are known in all. */
  unmet(sweep: number, limit: number): Promise<{ readonly rows: readonly Unmet[]; readonly count: number; readonly known: number }>;
};

/** What reading needs: the table, its book, the books of tables whose rows come along, and the database's clock. */
export type TableReading = {
  readonly table: SourceTable;
  readonly book: TableBook;
  readonly beside: ReadonlyMap<string, TableBook>;
  readonly pageRows: number;
  clock(): Promise<SourceClock>;
  /** Told of what a person should know, while the reading goes on. */
  onBeside(fault: Fault): void;
  readonly signal: AbortSignal;
};

const hashBytes = 16;
/** A page is not made smaller than this because it takes long. */
const leastPageRows = 50;
/** Nobody knows yet how large a row is. */
const firstPageRows = 200;
const mostPageCharacters = 4 * 1024 * 1024;

/**
 * Half a SHA-256 over all cells: two contents of one row agree in it once in 2^64 pairs.
 * @param salt what the cells mean: under other columns, or for another system, the same cells are news.
 */
export function rowHash({ cells }: SourceRow, salt: string): Buffer {
  return createHash('sha256').update(salt).update(JSON.stringify(cells)).digest().subarray(0, hashBytes);
}

/**
 * Read what has changed: from a window before the last pass on, page by page in the order (stamp, key), each page in one commit with its
 * place. The clock is asked before the first page, so that what commits meanwhile is the next pass's.
 */
export async function pollTable(reading: TableReading): Promise<void> {
  const { table, book } = reading;
  const clock = readClock(await reading.clock());
  if (wentBack(book.mark, clock.utc))
    reading.onBeside(new Fault('source-went-back', { table: table.name, seconds: String((book.mark.passUtc ?? 0) - clock.utc) }));
  let mark = beginPoll(book.mark, clock, table.stamp?.grainSeconds ?? 1);
  const turns = new TurnGuard(table.name);
  const size = new PageSize(reading.pageRows);
  while (mark.poll) {
    if (reading.signal.aborted) throw new Fault('stopped');
    const { part, after } = mark.poll;
    const { page, last, isEnd } = await pageOf(size, (limit) =>
      part === 'stamped' && after
        ? table.pageByStamp(after, limit, reading.signal)
        : table.pageUnstamped(after?.key ?? null, limit, reading.signal),
    );
    if (last && !isEnd) turns.passed(`${part} ${last.stamp} ${last.key}`);
    const next = isEnd
      ? part === 'stamped' && isWide(mark)
        ? { ...mark, poll: { ...mark.poll, part: 'unstamped' as const, after: null } }
        : finishPoll(mark)
      : { ...mark, poll: { ...mark.poll, after: { stamp: last?.stamp ?? '', key: last?.key ?? null } } };
    mark = await keepPage(reading, page, { mark: next, isSweep: false });
  }
}

/**
 * Walk over all keys: the first load, and later what has changed without a stamp and what is gone.
 *
 * A row is gone when two walks have missed it. When too many are missing at once, nobody is told that they are gone before a person
 * has said so: a view that fails over to an empty table looks just like that.
 * @param mayGoOn false ends the walk after a page; it goes on from there another time.
 * @returns whether the walk is whole.
 */
export async function sweepTable(reading: TableReading, mayGoOn: () => boolean = () => true): Promise<boolean> {
  const { table, book } = reading;
  let mark = beginSweep(book.mark, readClock(await reading.clock()));
  const turns = new TurnGuard(table.name);
  const size = new PageSize(reading.pageRows);
  for (let isEnd = false; !isEnd; ) {
    if (reading.signal.aborted) throw new Fault('stopped');
    if (!mark.sweep) throw new Error('a sweep that has not begun');
    const { afterKey: from } = mark.sweep;
    const { page, last, ...end } = await pageOf(size, (limit) => table.pageByKey(from, limit, reading.signal));
    isEnd = end.isEnd;
    if (last && !isEnd) turns.passed(last.key);
    const afterKey = last?.key ?? mark.sweep.afterKey;
    mark = await keepPage(reading, page, { mark: { ...mark, sweep: { ...mark.sweep, afterKey } }, isSweep: true });
    if (!isEnd && !mayGoOn()) return false;
  }
  await settleUnmet(reading, mark);
  return true;
}

/**
 * The pages of a walk over all keys that keeps nothing, from behind a key on. `afterKey`: behind which key a page begins; `next`: behind which
 * one the page after it does, null at the end.
 */
export async function* pagesByKey(
  table: SourceTable,
  from: string | null,
  pageRows: number,
  signal: AbortSignal,
): AsyncGenerator<{ readonly afterKey: string | null; readonly rows: readonly SourceRow[]; readonly next: string | null }> {
  const turns = new TurnGuard(table.name);
  const size = new PageSize(pageRows);
  for (let at: { readonly afterKey: string | null } | null = { afterKey: from }; at !== null; ) {
    if (signal.aborted) throw new Fault('stopped');
    const { afterKey } = at;
    const { page, last, isEnd } = await pageOf(size, (limit) => table.pageByKey(afterKey, limit, signal));
    const next = isEnd || !last ? null : last.key;
    if (next !== null) turns.passed(next);
    yield { afterKey, rows: page.rows, next };
    at = next === null ? null : { afterKey: next };
  }
}

type Fetched = { readonly page: TablePage; readonly last: Pick<SourceRow, 'key' | 'stamp'> | undefined; readonly isEnd: boolean };

/** Fetch a page, and see where it ends and whether the rows do. One that takes the database too long is asked for again in halves. */
async function pageOf(size: PageSize, fetch: (limit: number) => Promise<TablePage>): Promise<Fetched> {
  for (let limit = size.rows; ; limit = Math.ceil(limit / 2)) {
    try {
      const page = await fetch(limit);
      size.learn(page);
      const last = page.last === undefined ? page.rows.at(-1) : (page.last ?? undefined);
      return { page, last, isEnd: page.isEnd ?? page.rows.length < limit };
    } catch (error) {
      if (!(error instanceof Fault) || !isTooLong(error) || limit <= leastPageRows) throw error;
    }
  }
}

/** How many rows the next page has: few at first, then as many as a page may have in characters. */
class PageSize {
  readonly #most: number;
  rows: number;

  constructor(most: number) {
    this.#most = most;
    this.rows = Math.min(most, firstPageRows);
  }

  learn({ rows }: TablePage): void {
    let characters = 0;
    for (const { cells } of rows) for (const cell of cells) characters += cell?.length ?? 0;
    const perRow = rows.length === 0 ? 1 : Math.max(1, characters / rows.length);
    this.rows = Math.max(1, Math.min(this.#most, Math.floor(mostPageCharacters / perRow)));
  }
}

/** Whether a pass looks a day back: only then it asks for rows without a stamp, which no index may lead to. */
function isWide({ poll }: Watermark): boolean {
  return poll !== null && poll.windowSeconds >= watermarkRules.wideWindowSeconds;
}

/** ORA-01555: the database no longer has the state that the page began with. */
function isTooLong({ code, detail }: Fault): boolean {
  return code === 'source-error' && detail.code === 'ORA-01555';
}

/** Keep a page: first the rows that came along, so that a crash in between reads them again with their page. */
async function keepPage(
  reading: TableReading,
  page: TablePage,
  { mark, isSweep }: { readonly mark: Watermark; readonly isSweep: boolean },
): Promise<Watermark> {
  for (const [name, rows] of page.beside ?? []) {
    const book = reading.beside.get(name);
    if (book) await keepRows(book, rows, book.mark, false);
  }
  return keepRows(reading.book, page.rows, mark, isSweep);
}

async function keepRows(book: TableBook, rows: readonly SourceRow[], mark: Watermark, isSweep: boolean): Promise<Watermark> {
  const changed: Look['changed'][number][] = [];
  const seen: Look['seen'][number][] = [];
  const newStamps: (string | null)[] = [];
  // Of a row that comes twice in one page the later one stands.
  for (const row of new Map(rows.map((one) => [one.key, one])).values()) {
    const known = book.known(row.key);
    const hash = rowHash(row, book.salt);
    const isRestamped = known?.stamp !== row.stamp;
    if (isRestamped) newStamps.push(row.stamp);
    if (!known || !hash.equals(known.hash)) changed.push({ row, hash });
    else if (isSweep || isRestamped) seen.push({ key: row.key, stamp: row.stamp });
  }
  const late = isSweep ? mark : withLateness(mark, newStamps);
  const next = { ...late, rowsRead: late.rowsRead + rows.length, rowsChanged: late.rowsChanged + changed.length };
  await book.keep({ mark: next, rowsRead: rows.length, changed, seen, missed: [], gone: [] });
  return next;
}

/** A look that has read no rows. */
const nothing = { rowsRead: 0, changed: [], seen: [], missed: [], gone: [] };

/** Decide about the rows that a walk has not met, and end it. */
async function settleUnmet({ book, table, onBeside }: TableReading, mark: Watermark): Promise<void> {
  const sweep = mark.sweepNumber;
  // A log of merges forgets in its own time: what it has said stays said.
  if (table.isGuestMerges) {
    await book.keep({ mark: finishSweep(mark), ...nothing });
    return;
  }
  const { rows, count, known } = await book.unmet(sweep, mostVanished(mark, Number.MAX_SAFE_INTEGER));
  if (count > mostVanished(mark, known)) {
    onBeside(new Fault('source-rows-vanished', { table: table.name, count: String(count), known: String(known) }));
    await book.keep({ mark: { ...finishSweep(mark), vanished: count }, ...nothing });
    return;
  }
  const missed = rows.filter((row) => row.missed === null).map((row) => row.key);
  const gone: SourceRow[] = [];
  for (const row of rows) {
    if (row.missed === null) continue;
    const last = await row.last();
    if (last) gone.push(last);
  }
  // What a person has called right holds for the two walks that it takes, and for no other rows.
  const believed = mark.believedUntilSweep > sweep ? mark.believed : 0;
  await book.keep({ mark: { ...finishSweep(mark), vanished: null, believed }, ...nothing, missed, gone });
}

/** Proves that a loop over pages moves: a source that gives the same place twice would keep it turning for ever. */
class TurnGuard {
  readonly #table: string;
  readonly #passed = new Set<string>();

  constructor(table: string) {
    this.#table = table;
  }

  passed(place: string): void {
    if (this.#passed.has(place)) throw new Fault('source-turns', { table: this.#table });
    this.#passed.add(place);
  }
}
