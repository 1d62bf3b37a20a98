import type { KeyObject } from 'node:crypto';
import {
  type DeadLetter,
  importedByHand,
  keptLetterBytes,
  type LetterContent,
  type LetterCount,
  type RuleId,
} from '../../contract/dead-letter.ts';
import { Fault } from '../../contract/faults.ts';
import { FoundLayout } from '../../contract/mapping.ts';
import type { ReadDb } from '../open.ts';
import { letterContext, unseal } from '../seal.ts';
import { outboxText } from './blocks.ts';

/** Which dead letters are meant, and from where on; what is absent or undefined leaves none out. */
export type LetterQuery = {
  readonly rule?: string | undefined;
  readonly connectionId?: string | undefined;
  readonly belowId?: number | undefined;
  readonly limit: number;
};

const columns =
  'd.id, d.connection_id as connectionId, d.destination_id as destinationId, d.entity, d.rule, d.field, d.column_name as "column", d.detail, ' +
  'f.name as fileName, d.line, d.byte_offset as byteOffset, d.byte_length as byteLength, d.set_aside_at_ms as setAsideAtMs, d.replays, ' +
  "json_extract(c.doc, '$.title') as connectionTitle, json_extract(t.doc, '$.title') as destinationTitle";
const joined =
  'from dead_letters d left join files f on f.id = d.file_id ' +
  // A removed connection still says what it was called.
  'left join connections c on c.id = d.connection_id left join connections t on t.id = d.destination_id';

/** Imports of chosen days have their days behind the name; to whoever looks at the rows they are all imports by hand. */
export const ofConnection = (id: string) =>
  id === importedByHand
    ? 'd.connection_id >= @connectionId and d.connection_id < @connectionId || char(126)'
    : 'd.connection_id = @connectionId';
const connectionOf = (id: string) => (id.startsWith(importedByHand) ? importedByHand : id);
const plain = (row: DeadLetter): DeadLetter => ({ ...row, connectionId: connectionOf(row.connectionId) });

/** Newest first, one page, with the count of all that the filter means. Long on a large table: for the reader thread. */
export function letterPage(db: ReadDb, query: LetterQuery): { letters: DeadLetter[]; total: number; nextBelowId: number | null } {
  const { rule, connectionId, belowId, limit } = query;
  const filter = [rule && 'd.rule = @rule', connectionId && ofConnection(connectionId)].filter(Boolean);
  const where = (parts: readonly unknown[]) => (parts.length === 0 ? '' : `where ${parts.join(' and ')}`);
  const given = Object.fromEntries(Object.entries({ rule, connectionId }).filter(([, value]) => value !== undefined));
  const total =
    db
      .prepare<[object], number>(`select count(*) from dead_letters d ${where(filter)}`)
      .pluck()
      .get(given) ?? 0;
  // One more than asked for tells whether there is a page behind.
  const found = db
    .prepare<[object], DeadLetter>(
      `select ${columns} ${joined} ${where([...filter, ...(belowId === undefined ? [] : ['d.id < @belowId'])])} order by d.id desc limit @most`,
    )
    .all({ ...given, ...(belowId === undefined ? {} : { belowId }), most: limit + 1 });
  const letters = found.slice(0, limit).map(plain);
  return { letters, total, nextBelowId: found.length > limit ? (letters.at(-1)?.id ?? null) : null };
}

/** How many there are by connection and reason, most first. Long on a large table: for the reader thread. */
export function letterCounts(db: ReadDb): LetterCount[] {
  const counts = new Map<string, LetterCount>();
  const rows = db
    .prepare<[], LetterCount>(
      "select n.connectionId, json_extract(c.doc, '$.title') as connectionTitle, n.rule, n.count from " +
        '(select connection_id as connectionId, rule, count(*) as count from dead_letters group by connection_id, rule) n ' +
        'left join connections c on c.id = n.connectionId',
    )
    .all();
  for (const row of rows) {
    const connectionId = connectionOf(row.connectionId);
    const place = `${connectionId} ${row.rule}`;
    counts.set(place, { ...row, connectionId, count: row.count + (counts.get(place)?.count ?? 0) });
  }
  return [...counts.values()].sort(
    (a, b) => b.count - a.count || a.connectionId.localeCompare(b.connectionId) || a.rule.localeCompare(b.rule),
  );
}

type Kept = { raw: Buffer | null; seq: number | null; fileId: number | null; layout: string | null };

/**
 * Open one dead letter: the row's bytes as they came, or the text of the record that a destination refused.
 *
 * @throws {Fault} `dead-letter-not-found`, or `database-damaged` when its seal does not open.
 */
export function openLetter(db: ReadDb, key: KeyObject, id: number): DeadLetter & { content: LetterContent } {
  const letter = db.prepare<[number], DeadLetter>(`select ${columns} ${joined} where d.id = ?`).get(id);
  const kept = db
    .prepare<[number], Kept>(
      'select d.raw, d.seq, d.file_id as fileId, f.layout from dead_letters d left join files f on f.id = d.file_id where d.id = ?',
    )
    .get(id);
  if (!letter || !kept) throw new Fault('dead-letter-not-found', { id: String(id) });
  try {
    return { ...plain(letter), content: kept.seq === null ? bytesOf(key, letter, kept) : recordOf(db, key, kept.seq) };
  } catch (error) {
    throw new Fault('database-damaged', { file: `dead-letter ${id}` }, { cause: error });
  }
}

function bytesOf(key: KeyObject, { rule, byteOffset, byteLength }: DeadLetter, { raw, fileId, layout }: Kept): LetterContent {
  // Nothing is kept of it but its place in the copy of its file.
  if (rule === 'kept-damaged') return { kind: 'bytes', base64: '', encoding: 'utf-8', otherEncodings: [], isCut: true };
  if (raw === null || fileId === null || byteOffset === null || layout === null) throw new TypeError('a dead letter without its bytes');
  const bytes = unseal(key, raw, letterContext(fileId, byteOffset));
  const { encoding, otherEncodings } = FoundLayout.parse(JSON.parse(layout));
  return {
    kind: 'bytes',
    base64: bytes.toString('base64'),
    // UTF-16 lies here as UTF-8.
    encoding: encoding.startsWith('utf-16') ? 'utf-8' : encoding,
    otherEncodings,
    // Where only the line end may be missing, it is called cut all the same: that nothing is missing must be certain.
    isCut: bytes.length >= keptLetterBytes && (byteLength ?? 0) > bytes.length,
  };
}

function recordOf(db: ReadDb, key: KeyObject, seq: number): LetterContent {
  return { kind: 'record', json: outboxText(db, key, seq).toString('utf8') };
}

/** A letter as trying it again needs it, with the file that it came in. */
export type ReplayableLetter = {
  readonly id: number;
  readonly connectionId: string;
  readonly destinationId: string | null;
  readonly rule: RuleId;
  readonly externalId: string | null;
  readonly line: number;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly raw: Buffer | null;
  readonly fileId: number;
  readonly entity: string;
};

/** Open letters of a filter from an id on, oldest first: the order in which their rows came. */
export function lettersToReplay(
  db: ReadDb,
  { rule, connectionId, ids, aboveId, upToId, limit }: ReplayQuery,
): { letters: ReplayableLetter[]; total: number } {
  const where = [
    'd.id <= @upToId',
    rule && 'd.rule = @rule',
    connectionId && ofConnection(connectionId),
    ids && 'd.id in (select value from json_each(@ids))',
  ]
    .filter(Boolean)
    .join(' and ');
  const given = {
    upToId,
    ...(rule ? { rule } : {}),
    ...(connectionId ? { connectionId } : {}),
    ...(ids ? { ids: JSON.stringify(ids) } : {}),
  };
  const total = db.prepare<[object], number>(`select count(*) from dead_letters d where ${where}`).pluck().get(given) ?? 0;
  const letters = db
    .prepare<[object], ReplayableLetter>(
      'select d.id, d.connection_id as connectionId, d.destination_id as destinationId, d.rule, d.external_id as externalId, d.line, ' +
        'd.byte_offset as byteOffset, d.byte_length as byteLength, d.raw, d.file_id as fileId, d.entity ' +
        `from dead_letters d where ${where} and d.id > @aboveId order by d.id limit @limit`,
    )
    .all({ ...given, aboveId, limit });
  return { letters, total };
}

/** Which letters are tried again. `total` counts all of them, whatever `aboveId`. */
export type ReplayQuery = {
  readonly rule?: RuleId | undefined;
  readonly connectionId?: string | undefined;
  readonly ids?: readonly number[] | undefined;
  readonly aboveId: number;
  readonly upToId: number;
  readonly limit: number;
};
