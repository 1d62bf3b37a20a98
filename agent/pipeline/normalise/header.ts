import { delimiters, type FoundLayout, type Mapping } from '../../../contract/mapping.ts';
import { splitCells } from './rows.ts';

type Delimiter = FoundLayout['delimiter'];

/** A header stands within so many lines that hold something: above it are titles and the time of printing. */
export const headerWithinLines = 20;

/** Column names agree without regard to case, outer spaces and runs of spaces. */
export function columnKey(name: string): string {
  return name.trim().replace(/\s+/g, ' ').toLocaleLowerCase('en');
}

/** Every column that a mapping reads, each once. */
export function columnsOf(mapping: Mapping): string[] {
  const named = Object.values(mapping.fields).flatMap((rule) => rule.columns ?? (rule.column === undefined ? [] : [rule.column]));
  return [...new Map(named.map((column) => [columnKey(column), column])).values()];
}

/** How many of the columns that a mapping reads a line of names has. */
export function columnsFound(mapping: Mapping, header: readonly string[]): number {
  const names = new Set(header.map(columnKey));
  return columnsOf(mapping).filter((column) => names.has(columnKey(column))).length;
}

/** The names of a header. Behind its last name may stand more delimiters, as some systems end every line with one. */
export function headerNames(text: string, delimiter: string): string[] {
  const names = splitCells(text, delimiter).map((name) => name.trim());
  while (names.length > 1 && names.at(-1) === '') names.pop();
  return names;
}

/**
 * Find the delimiter with which the beginning of a file fits its mapping best: the one that makes its columns appear, or the cells of
 * as many lines as many as a header given by the mapping has. Of several readings of the bytes those stay under which that succeeds best.
 * `isWhole`: the text is the whole file, else its last line may be cut.
 */
export function delimiterThatFits<E extends string>(
  mapping: Mapping,
  readings: readonly { readonly encoding: E; readonly text: string }[],
  isWhole: boolean,
): { delimiter: Delimiter; encodings: E[] } {
  const wanted: readonly Delimiter[] = mapping.file.delimiter === 'auto' ? delimiters : [mapping.file.delimiter];
  const given = mapping.file.header;
  const scored = readings.flatMap(({ encoding, text }) => {
    const lines = firstLines(text, isWhole);
    return wanted.map((delimiter) => {
      const rows = lines.map((line) => headerNames(line, delimiter));
      const fits = given
        ? rows.filter((row) => row.length === given.length).length
        : Math.max(0, ...rows.map((row) => columnsFound(mapping, row)));
      return { encoding, delimiter, fits, cells: rows[0]?.length ?? 0 };
    });
  });
  const best = Math.max(0, ...scored.map((one) => one.fits));
  const fitting = scored.filter((one) => one.fits === best);
  const delimiter = fitting.reduce((a, b) => (b.cells > a.cells ? b : a), fitting[0] ?? { delimiter: ',' as const, cells: 0 }).delimiter;
  return { delimiter, encodings: [...new Set(fitting.map((one) => one.encoding))] };
}

function firstLines(text: string, isWhole: boolean): string[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  if (!isWhole) lines.pop();
  return lines.filter((line) => line.trim() !== '').slice(0, headerWithinLines);
}
