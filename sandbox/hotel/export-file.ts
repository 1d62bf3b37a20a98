import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ExportRow, exportHeader } from './hotel.ts';

export type ExportPlace = {
  /** The folder that the hotel's PMS writes to. */
  readonly drop: string;
  /** The truth: what must come out of every row, one JSON line each. */
  readonly truth: string;
};

/**
 * Put an export where the agent can find it: the truth first, then the file under another name, then its own name, then its done-file.
 *
 * @returns the file's name, `bookings-YYYYMMDD-HHMMSS-NNN.csv`; names sort in the order of writing.
 */
export function dropExport(
  place: ExportPlace,
  file: { readonly rows: readonly ExportRow[]; readonly number: number; readonly at: Date },
): string {
  const name = exportName(file.at, file.number);
  const path = join(place.drop, name);
  mkdirSync(place.drop, { recursive: true });
  mkdirSync(dirname(place.truth), { recursive: true });
  // The truth is on the disk before anyone can see the file, so nothing can be delivered that the truth does not know.
  const truth = file.rows.map((row, index) => `${JSON.stringify({ file: name, row: index + 1, entity: 'booking', ...row.truth })}\n`);
  writeDurably(place.truth, truth.join(''), 'a');
  writeDurably(`${path}.part`, csvText(file.rows), 'wx');
  renameSync(`${path}.part`, path);
  writeFileSync(`${path}.done`, '');
  return name;
}

/** Write rows as the PMS does: commas, CRLF, UTF-8 without a mark, quotes only where they are needed. */
export function csvText(rows: readonly ExportRow[]): string {
  return [exportHeader, ...rows.map((row) => row.cells)].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function exportName(at: Date, number: number): string {
  const [day = '', time = ''] = at.toISOString().split('T');
  return `bookings-${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${String(number).padStart(3, '0')}.csv`;
}

function writeDurably(path: string, text: string, flags: 'a' | 'wx'): void {
  const file = openSync(path, flags);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
