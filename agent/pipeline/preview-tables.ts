import type { SourcePreview, TablePreview } from '../../contract/database-setup.ts';
import { personalKind } from '../../contract/leaves.ts';
import type { FoundLayout, Mapping } from '../../contract/mapping.ts';
import { type EntityName, entityOf } from '../../contract/record.ts';
import type { SourceTable, TableSession } from './connector.ts';
import { hideCards } from './normalise/cards.ts';
import type { RowProblem } from './normalise/row-mapper.ts';
import { RowScanner } from './normalise/rows.ts';
import { sampleOf } from './outbox/masks.ts';
import { RowReader } from './row-reader.ts';
import { goneColumn, pageFile, pageLayout, pageMapping } from './table-page.ts';

/** How many rows of each table are shown. */
const previewRows = 20;

type Value = TablePreview['rows'][number][number];
type PreviewTools = { readonly mapping: (name: string) => Mapping; readonly signal: AbortSignal };

/**
 * Read the first rows of each table on the way that all of them will go, and show what would be kept of them. Nothing is kept, and no
 * watermark moves; what names a person or was written about one is masked.
 */
export async function previewTables(session: TableSession, { mapping, signal }: PreviewTools): Promise<SourcePreview> {
  const { tables, faults } = await session.tables(signal, { isAsked: true });
  const previews: TablePreview[] = [];
  // Merges make no records.
  for (const table of tables.filter((one) => !one.isGuestMerges))
    previews.push(await previewOf(table, session.hidesCardNumbers, mapping(table.mapping), signal));
  return { tables: previews, faults: faults.map((fault) => fault.report()) };
}

async function previewOf(table: SourceTable, hidesCards: boolean, mapping: Mapping, signal: AbortSignal): Promise<TablePreview> {
  const { rows } = await table.pageByKey(null, previewRows, signal);
  const { bytes } = pageFile(table.columns, rows, null);
  if (hidesCards) hideCards(bytes, { isEnd: true, before: 0 });
  const { records, problems } = readPage(bytes, [...table.columns, goneColumn], pageMapping(mapping), pageLayout);
  const { entity } = mapping;
  const fields = entityOf(entity).fields.filter(({ name }) => records.some((record) => record[name] !== undefined));
  return {
    name: table.name,
    entity,
    fields: fields.map(({ name }) => ({ name, isMasked: isPersonal(entity, name) })),
    rows: records.map((record) =>
      fields.map(({ name, kind }) => {
        const value = record[name];
        if (value === undefined) return null;
        return isPersonal(entity, name) ? sampleOf(name, kind, value) : value;
      }),
    ),
    aside: counted(problems),
  };
}

/** What names a person, or was written by or about one. A day, a room or an amount alone says of nobody who it was. */
function isPersonal(entity: EntityName, field: string): boolean {
  return ['identity', 'writing'].includes(personalKind(entity, field));
}

type Read = { readonly records: readonly Record<string, Value | undefined>[]; readonly problems: readonly RowProblem[] };

/** Read a page as the normaliser does. Where its header does not fit the mapping, all of it is set aside for that. */
function readPage(bytes: Buffer, header: readonly string[], mapping: Mapping, layout: FoundLayout): Read {
  const reader = RowReader.open(mapping, layout, header);
  if (!(reader instanceof RowReader)) return { records: [], problems: [reader.problem] };
  const records: Record<string, Value | undefined>[] = [];
  const problems: RowProblem[] = [];
  const scanner = new RowScanner(layout.delimiter);
  scanner.open(bytes, true);
  let isHeader = true;
  for (let at = 0; at < bytes.length; at = scanner.next) {
    scanner.scan(at);
    const fate = reader.read(bytes.subarray(at, scanner.end), { found: scanner.found, hasQuotes: scanner.hasQuotes, isJoined: false });
    if (isHeader) isHeader = false;
    else if (fate === 'structure') continue;
    else if ('rule' in fate) problems.push(fate);
    else records.push(JSON.parse(fate.document) as Record<string, Value>);
  }
  return { records, problems };
}

/** The reasons, each once, the most frequent first. */
function counted(problems: readonly RowProblem[]): TablePreview['aside'] {
  const counts = new Map<string, TablePreview['aside'][number]>();
  for (const { rule, field, column, detail } of problems) {
    const key = JSON.stringify([rule, field, column, detail]);
    counts.set(key, { rule, field, column, note: detail, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count);
}
