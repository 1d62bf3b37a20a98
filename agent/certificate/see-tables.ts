import { hash } from 'node:crypto';
import type { Connection } from '../../contract/connection.ts';
import { Fault } from '../../contract/faults.ts';
import { Mapping } from '../../contract/mapping.ts';
import type { ReadDb } from '../../db/open.ts';
import { property } from '../../db/pipeline/connections.ts';
import { tableMark } from '../../db/pipeline/source-tables.ts';
import type { AsideTableRow, Seen, SeenTableRow } from '../../db/seen.ts';
import type { SourceRow, SourceTable, TableSession } from '../pipeline/connector.ts';
import { hideCards } from '../pipeline/normalise/cards.ts';
import { RowScanner } from '../pipeline/normalise/rows.ts';
import { pagesByKey } from '../pipeline/read-table.ts';
import { RowReader } from '../pipeline/row-reader.ts';
import type { Sources } from '../pipeline/sources.ts';
import { goneColumn, pageFile, pageLayout, pageMapping } from '../pipeline/table-page.ts';

/** Small enough that a page is read and taken apart in a moment of the main thread. */
const pageRows = 500;
/** Rows that were added to a page since it was read first. */
const moreRows = 50;
/** The line is held so long at a time; then a run of the source may go in between. */
const turnMs = 10_000;

export type SeeTablesTools = {
  readonly read: ReadDb;
  readonly sources: Pick<Sources, 'lend'>;
  readonly mapping: (name: string) => Mapping;
  readonly onRows: (rows: number) => void;
  readonly rest: (tookMs: number) => Promise<void>;
  /** Whether somebody waits for it, whatever the hour. */
  readonly isAsked: boolean;
  readonly signal: AbortSignal;
};

/** Why the tables of a source were not read. */
export type TablesUnseen = 'first-load' | 'night-audit';

/**
 * Walk over all keys of the tables of a source and note what its rows say: by the line of its runs and the questions of its nightly
 * comparison, a page at a time with rests, and nothing of it is kept.
 * @throws {Fault} what the source throws.
 */
export async function seeTables(seen: Seen, connection: Connection, tools: SeeTablesTools): Promise<TablesUnseen | null> {
  const { sources, isAsked, signal, read, rest } = tools;
  const asked = await sources.lend(connection, signal, async (session, both) => {
    const { tables, faults } = await session.tables(both, { isAsked });
    if (faults[0]) throw faults[0];
    return tables.filter((table) => !table.isGuestMerges).map(({ name }) => name);
  });
  if (asked.length === 0) return 'night-audit';
  for (const name of asked) {
    const mark = tableMark(read, connection.id, name);
    if (!mark || JSON.parse(mark.watermark).passUtc === null) return 'first-load';
  }
  for (const name of asked) {
    let walk: Walk | null = null;
    while (!walk?.isOver) {
      const began = performance.now();
      walk = await sources.lend(connection, signal, (session, both) =>
        turnOf(seen, connection.id, name, walk, { ...tools, session, signal: both }),
      );
      await rest(performance.now() - began);
    }
  }
  return null;
}

type Walk = {
  readonly tableId: number;
  readonly page: number;
  readonly afterKey: string | null;
  readonly rows: number;
  readonly isOver: boolean;
};

/** Walk for a while. */
async function turnOf(
  seen: Seen,
  connectionId: string,
  name: string,
  before: Walk | null,
  { session, mapping, onRows, read, isAsked, signal }: SeeTablesTools & { readonly session: TableSession },
): Promise<Walk> {
  const table = await tableNamed(session, name, { isAsked, signal });
  const { entity } = mapping(table.mapping);
  const hotelId = property(read)?.hotelId ?? '';
  const partId = seen.part({ hotelId, source: session.source, entity });
  const tableId = before?.tableId ?? seen.beginTable(connectionId, name, partId);
  const reader = pageReader(read, { connectionId, table, hidesCards: session.hidesCardNumbers, mapping });
  let { page, rows } = before ?? { page: 0, rows: 0 };
  const until = performance.now() + turnMs;
  for await (const { afterKey, rows: found, next } of pagesByKey(table, before?.afterKey ?? null, pageRows, signal)) {
    seen.takePage(tableId, partId, { page, afterKey, ...reader(found) });
    page++;
    rows += found.length;
    onRows(rows);
    if (next !== null && performance.now() > until) return { tableId, page, afterKey: next, rows, isOver: false };
  }
  return { tableId, page, afterKey: null, rows, isOver: true };
}

/** Rows of a table that differed, by the page they stood on. */
export type PagesToSee = ReadonlyMap<number, ReadonlyMap<number, readonly string[]>>;

/** Read the pages of some rows once more, as they are now. A row that is not met any more is not there any more. */
export async function seePagesAgain(seen: Seen, connection: Connection, pages: PagesToSee, tools: SeeTablesTools): Promise<void> {
  const { sources, signal, isAsked, read, mapping, rest } = tools;
  for (const [tableId, ofTable] of pages) {
    const { name, partId } = seen.tableOf(tableId);
    for (const [page, keys] of ofTable) {
      const began = performance.now();
      await sources.lend(connection, signal, async (session, both) => {
        const table = await tableNamed(session, name, { isAsked, signal: both });
        const reader = pageReader(read, { connectionId: connection.id, table, hidesCards: session.hidesCardNumbers, mapping });
        const { afterKey, rows: held } = seen.pageFacts(tableId, page);
        const found: SourceRow[] = [];
        for await (const { rows } of pagesByKey(table, afterKey, pageRows, both)) {
          found.push(...rows);
          // Rows that were added to the page push others off its end.
          if (found.length >= held + moreRows) break;
        }
        seen.takeAgain(tableId, partId, page, keys, reader(found));
      });
      await rest(performance.now() - began);
    }
  }
}

async function tableNamed(
  session: TableSession,
  name: string,
  { isAsked, signal }: { readonly isAsked: boolean; readonly signal: AbortSignal },
): Promise<SourceTable> {
  const { tables, faults } = await session.tables(signal, { isAsked });
  const table = tables.find((one) => one.name === name);
  if (table) return table;
  throw faults[0] ?? new Fault('stopped');
}

type ReaderOf = {
  readonly connectionId: string;
  readonly table: SourceTable;
  readonly hidesCards: boolean;
  readonly mapping: (name: string) => Mapping;
};

/**
 * Reads rows of a table as the pull does, with their card numbers hidden. A row that is known is read by the mapping by which its last
 * content was read: another mapping never sends anything again by itself, and what is compared is what the source says, not how it is read.
 */
function pageReader(read: ReadDb, { connectionId, table, hidesCards, mapping }: ReaderOf) {
  const mappingOf = read
    .prepare<[string, string, string], string>(
      'select f.mapping from source_tables t join source_rows r on r.table_id = t.id join files f on f.id = r.file_id where t.connection_id = ? and t.name = ? and r.key = ?',
    )
    .pluck();
  const current = JSON.stringify(pageMapping(mapping(table.mapping)));
  const readers = new Map<string, ReturnType<typeof RowReader.open>>();
  function readerFor(key: string): ReturnType<typeof RowReader.open> {
    const json = mappingOf.get(connectionId, table.name, key) ?? current;
    let reader = readers.get(json);
    if (!reader) {
      reader = RowReader.open(Mapping.parse(JSON.parse(json)), pageLayout, [...table.columns, goneColumn]);
      readers.set(json, reader);
    }
    return reader;
  }
  return (rows: readonly SourceRow[]): { rows: SeenTableRow[]; aside: AsideTableRow[] } => {
    const { bytes, places } = pageFile(table.columns, rows, null);
    if (hidesCards) hideCards(bytes, { isEnd: true, before: 0 });
    const seen: SeenTableRow[] = [];
    const aside: AsideTableRow[] = [];
    const scanner = new RowScanner(pageLayout.delimiter);
    scanner.open(bytes, true);
    for (const [at, { key }] of rows.entries()) {
      const { byteOffset } = places[at] as (typeof places)[number];
      scanner.scan(byteOffset);
      const reader = readerFor(key);
      const form = { found: scanner.found, hasQuotes: scanner.hasQuotes, isJoined: false };
      const fate = reader instanceof RowReader ? reader.read(bytes.subarray(byteOffset, scanner.end), form) : reader.problem;
      if (fate === 'structure') continue;
      if ('rule' in fate) aside.push({ key, externalId: fate.externalId ?? null, rule: fate.rule });
      else
        seen.push({
          key,
          externalId: fate.externalId,
          hash: Buffer.from(hash('sha256', fate.canonical, 'hex'), 'hex'),
          day: fate.columns[0] || null,
        });
    }
    return { rows: seen, aside };
  };
}
