import { keptLetterBytes } from '../../contract/dead-letter.ts';
import { FoundLayout, Mapping } from '../../contract/mapping.ts';
import type { ReplayableLetter } from '../../db/pipeline/dead-letters.ts';
import { fileById, type UnfinishedFile } from '../../db/pipeline/files.ts';
import { placesInRow, textsInRow } from '../../db/pipeline/records.ts';
import { letterContext, unseal } from '../../db/seal.ts';
import type { RowProblem } from './normalise/row-mapper.ts';
import { RowScanner } from './normalise/rows.ts';
import { HeaderSearch } from './normalise-file.ts';
import { daysOf, type PullTools } from './pull.ts';
import { rawBytes, readRawFile } from './raw-files.ts';
import type { RowReader } from './row-reader.ts';

/** The file of a letter, with the mapping and the layout that it is tried by. */
export type LetterFile = UnfinishedFile & { readonly mapping: Mapping; readonly layout: FoundLayout };

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** How a file is written by a mapping that may say it now; what it does not say is as it was found. */
export function layoutBy({ file }: Mapping, found: FoundLayout): FoundLayout {
  // UTF-16 lies in the raw store as UTF-8, whatever a mapping says now.
  const isSaid = file.encoding !== 'auto' && !found.encoding.startsWith('utf-16');
  return {
    encoding: isSaid ? (file.encoding as FoundLayout['encoding']) : found.encoding,
    otherEncodings: isSaid ? [] : found.otherEncodings,
    delimiter: file.delimiter === 'auto' ? found.delimiter : file.delimiter,
    isFound: found.isFound,
  };
}

/** Find the header of a file again, looking at each byte once. */
export async function readerOf(tools: PullTools, file: LetterFile): Promise<RowReader | { problem: RowProblem }> {
  const search = new HeaderSearch(file.mapping, file.layout);
  const given = search.given();
  if (given) return given;
  const scanner = new RowScanner(file.layout.delimiter);
  let window: Buffer = Buffer.alloc(0);
  let isFirst = true;
  for await (const chunk of readRawFile({ home: tools.home, path: file.rawPath, key: tools.key })) {
    window = window.length === 0 ? chunk : Buffer.concat([window, chunk]);
    if (isFirst && window.subarray(0, 3).equals(byteOrderMark)) window = window.subarray(3);
    isFirst = false;
    const { reader, used } = searchIn(window, scanner, search, 'goes on');
    if (reader || search.isOver) return reader ?? { problem: search.best.problem };
    window = window.subarray(used);
  }
  return searchIn(window, scanner, search, 'ends here').reader ?? { problem: search.best.problem };
}

/** Look for the header in a piece of a file, and say how many of its bytes were looked at. */
function searchIn(
  window: Buffer,
  scanner: RowScanner,
  search: HeaderSearch,
  end: 'goes on' | 'ends here',
): { reader: RowReader | null; used: number } {
  scanner.open(window, end === 'ends here');
  let at = 0;
  while (at < window.length) {
    scanner.scan(at);
    if (scanner.found === 'more') break;
    const reader = search.look({ bytes: window.subarray(at, scanner.end), found: scanner.found }, scanner.next - at);
    at = scanner.next;
    if (reader || search.isOver) return { reader, used: at };
  }
  return { reader: null, used: at };
}

/** The bytes of a row as they came: from its letter, or from the raw file where they are more than a letter keeps. */
export async function rowBytes(tools: PullTools, letter: ReplayableLetter, file: LetterFile): Promise<Buffer> {
  if (letter.raw !== null && letter.byteLength <= keptLetterBytes)
    return unseal(tools.key, letter.raw, letterContext(file.id, letter.byteOffset));
  const bytes = await rawBytes({ home: tools.home, path: file.rawPath, key: tools.key }, letter.byteOffset, letter.byteLength);
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--;
  return bytes.subarray(0, end);
}

/** How the scanner finds the one row that bytes hold. Bytes that hold several lines are one row only where lines are joined. */
export function scanned(bytes: Buffer, delimiter: string, form: 'joined' | 'one line') {
  const scanner = new RowScanner(delimiter);
  scanner.open(bytes, true);
  if (bytes.length > 0) scanner.scan(0);
  const isJoined = form === 'joined' && scanner.next < bytes.length;
  return { found: scanner.found, hasQuotes: scanner.hasQuotes || (isJoined && bytes.includes('"')), isJoined };
}

/** In which line a file has the last row of each of the keys, read as it was read when it came. */
export async function linesOfKeys(
  tools: PullTools,
  id: number,
  keys: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const file = fileById(tools.read, id);
  if (!file) return found;
  const mapping = Mapping.parse(JSON.parse(file.mappingJson));
  const layout = FoundLayout.parse(JSON.parse(file.layoutJson));
  const { hotelId, source, rawPath, bytes } = file;
  const job = { fileId: id, hotelId, source, rawPath, mapping, layout, bytes, position: 0, days: daysOf(file.connectionId) };
  for await (const { texts, places, count } of tools.normaliser.batches(job, signal)) {
    const parts = texts.split('\0');
    for (let at = 0; at < count; at++) {
      const key = parts[at * textsInRow] as string;
      if (keys.has(key)) found.set(key, places[at * placesInRow] as number);
    }
  }
  return found;
}
