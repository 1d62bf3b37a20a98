import { FieldRule, type FoundLayout, type Mapping } from '../../contract/mapping.ts';
import type { SourceRow } from './connector.ts';
import { splitCells } from './normalise/rows.ts';

/**
 * A page of rows as a raw file: CSV with a header, so that from here on a row of a database goes the way of a row of a file, and is
 * shown, set aside and tried again like one.
 */

/** The last column of every page: when the row was found to be gone, in the source's own time. Empty while it is there. */
export const goneColumn = 'bellhop gone at';

export const pageLayout: FoundLayout = { encoding: 'utf-8', otherEncodings: [], delimiter: ',', isFound: false };

/** The mapping as pages are read by it: they are laid out by us, and say when a row is gone. */
export function pageMapping(mapping: Mapping): Mapping {
  const { header, ...file } = mapping.file;
  return {
    ...mapping,
    file: { ...file, encoding: 'utf-8', delimiter: ',', footers: [], shortRows: 'set-aside' },
    fields: { ...mapping.fields, goneAt: FieldRule.parse({ column: goneColumn, format: 'YYYY-MM-DD HH:mm:ss' }) },
  };
}

/** Where a row lies in its page. */
export type RowPlace = { readonly byteOffset: number; readonly byteLength: number };

/** Write a page. `goneAt` stands on every row of it. */
export function pageFile(
  columns: readonly string[],
  rows: readonly SourceRow[],
  goneAt: string | null,
): { readonly bytes: Buffer; readonly places: RowPlace[] } {
  const head = Buffer.from(line([...columns, goneColumn]));
  const parts = [head];
  const places: RowPlace[] = [];
  let at = head.length;
  for (const { cells } of rows) {
    const bytes = Buffer.from(line([...cells, goneAt]));
    places.push({ byteOffset: at, byteLength: bytes.length });
    parts.push(bytes);
    at += bytes.length;
  }
  return { bytes: Buffer.concat(parts), places };
}

/** Read the cells of a row back out of the bytes that {@link pageFile} has written, without the last one. */
export function pageCells(bytes: Uint8Array): (string | null)[] {
  const cells = splitCells(Buffer.from(bytes).toString('utf8').replace(/\r\n$/, ''), ',');
  return cells.slice(0, -1).map((cell) => (cell === '' ? null : cell));
}

function line(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => (cell === null || cell === '' ? '' : /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`;
}
