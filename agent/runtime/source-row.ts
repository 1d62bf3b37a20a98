import type { KeyObject } from 'node:crypto';
import { keptLetterBytes } from '../../contract/dead-letter.ts';
import { Fault } from '../../contract/faults.ts';
import { FoundLayout, Mapping } from '../../contract/mapping.ts';
import type { SourceRow } from '../../contract/record-view.ts';
import type { ReadDb } from '../../db/open.ts';
import { rowPlace } from '../../db/pipeline/record-page.ts';
import { rawBytes } from '../pipeline/raw-files.ts';

type Opened = { readonly home: string; readonly read: ReadDb; readonly secrets: { readonly dataKey: KeyObject } };

/**
 * Read the row that a version of a record came from, without its line end, from the raw file, and the mapping it was read with.
 *
 * @throws {Fault} `record-not-found`, or `database-damaged` when the raw file is missing or was changed.
 */
export async function sourceRow({ home, read, secrets }: Opened, seq: number): Promise<SourceRow> {
  const { rawPath, byteOffset, byteLength, mappingJson, layoutJson } = rowPlace(read, seq);
  const length = Math.min(byteLength, keptLetterBytes);
  const bytes = await rawBytes({ home, path: rawPath, key: secrets.dataKey }, byteOffset, length);
  if (bytes.length < length) throw new Fault('database-damaged', { file: rawPath });
  const mapping = Mapping.parse(JSON.parse(mappingJson));
  const layout = FoundLayout.parse(JSON.parse(layoutJson));
  // UTF-16 lies here as UTF-8.
  const encoding = layout.encoding.startsWith('utf-16') ? 'utf-8' : layout.encoding;
  const isCut = byteLength > keptLetterBytes;
  const row = isCut ? bytes : withoutLineEnd(bytes);
  const content = { kind: 'bytes', base64: row.toString('base64'), encoding, otherEncodings: layout.otherEncodings, isCut } as const;
  return { content, byteOffset, mapping, layout };
}

function withoutLineEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--;
  return bytes.subarray(0, end);
}
