import type { KeyObject } from 'node:crypto';
import { setImmediate as breath } from 'node:timers/promises';
import type { EntityName } from '../../contract/record.ts';
import type { RecordRow } from '../../contract/record-view.ts';
import type { TraceAbsence, TraceFound, TraceHit, TraceLetter, TraceQuery } from '../../contract/trace.ts';
import type { ReadDb } from '../open.ts';
import { openBlock } from './blocks.ts';
import { eventIdOf } from './event-text.ts';
import { blockOf } from './outbox.ts';
import { condition } from './record-views.ts';

/** So many records, and so many rows that were set aside, are given: who finds more looks more closely. */
const mostFound = 20;
/** A beginning of a key that is shorter says nothing. */
const leastOfKey = 3;
/** Behind every text that begins with what stands before it. */
const last = '\u{10FFFF}';

type Row = RecordRow & { readonly entity: EntityName };

const rowColumns =
  'l.entity, r.ledger_id as ledgerId, r.external_id as externalId, l.source, r.version, r.day, r.until, r.state, r.title, r.place, ' +
  'r.amount as amountMinor, r.currency, r.kept_at_ms as keptAtMs from records r join ledgers l on l.id = r.ledger_id';

const letterColumns = (settledAt: string, settledAs: string) =>
  "d.id, d.entity, d.external_id as externalId, d.rule, json_extract(t.doc, '$.title') as destinationTitle, f.name as fileName, d.line, " +
  `d.set_aside_at_ms as setAsideAtMs, d.replays, ${settledAt} as settledAtMs, ${settledAs} as settledAs`;
const letterJoins = 'left join files f on f.id = d.file_id left join connections t on t.id = d.destination_id';

/** A select over the rows that are set aside now and over those that were. */
export function lettersWhere(condition: string, settled = condition): string {
  return (
    `select ${letterColumns('null', 'null')} from dead_letters d ${letterJoins} where ${condition} union all ` +
    `select ${letterColumns('d.settled_at_ms', 'd.settled_as')} from settled_letters d ${letterJoins} where ${settled}`
  );
}

/**
 * Find records, and rows that are or were set aside, by what somebody knows of them. May take a second on a large table: for the reader
 * thread. An event id is looked for by {@link findEvent}.
 * @param dayStartMs when the hotel's day began.
 */
export function traceFind(db: ReadDb, query: TraceQuery, dayStartMs: number): TraceFound {
  const hits = new Map<string, TraceHit>();
  const take = (by: TraceHit['by'], rows: readonly Row[]) => {
    for (const { entity, ...row } of rows) {
      const name = `${row.ledgerId} ${row.externalId}`;
      if (!hits.has(name)) hits.set(name, { entity, by, seq: null, row });
    }
  };
  const { text, room, day } = query;
  const of = query.entity === undefined ? '' : ' and l.entity = @entity';
  const entity = query.entity === undefined ? {} : { entity: query.entity };
  const rowsWhere = (where: string, given: object) =>
    db
      .prepare<[object], Row>(`select ${rowColumns} where ${where}${of} order by r.seq desc limit ${mostFound + 1}`)
      .all({ ...given, ...entity });

  if (room !== undefined && day !== undefined)
    take('room', rowsWhere('r.place = @room collate nocase and r.day <= @day and (r.until is null or r.until >= @day)', { room, day }));
  if (text !== undefined) {
    const keys = JSON.stringify([...new Set([text, text.toUpperCase(), text.toLowerCase()])]);
    const ofAll = 'r.ledger_id in (select id from ledgers)';
    take('key', rowsWhere(`${ofAll} and r.external_id in (select value from json_each(@keys))`, { keys }));
    const byNumber = 'select ledger_id, external_id from confirmation_numbers where number in (select value from json_each(@keys))';
    take('number', rowsWhere(`(r.ledger_id, r.external_id) in (${byNumber})`, { keys }));
    if (hits.size === 0) {
      if (text.length >= leastOfKey)
        for (const from of JSON.parse(keys) as string[])
          take('key-begins', rowsWhere(`${ofAll} and r.external_id >= @from and r.external_id < @to`, { from, to: from + last }));
      const words = condition({ search: text });
      take('name', rowsWhere(words.where, words.given));
    }
  }
  const letters = text === undefined ? [] : lettersOf(db, text, query.entity);
  return {
    hits: [...hits.values()].slice(0, mostFound),
    letters: letters.slice(0, mostFound),
    isMore: hits.size > mostFound || letters.length > mostFound,
    absence: absenceOf(db, dayStartMs),
  };
}

/** Rows that are or were set aside, by their number, their key or its beginning, the newest first. */
function lettersOf(db: ReadDb, text: string, entity: EntityName | undefined): TraceLetter[] {
  const of = entity === undefined ? '' : ' and d.entity = @entity';
  const given = entity === undefined ? {} : { entity };
  const newest = ` order by setAsideAtMs desc limit ${mostFound + 1}`;
  const id = /^#(\d{1,15})$/.exec(text)?.[1];
  if (id !== undefined)
    return db.prepare<[object], TraceLetter>(lettersWhere(`d.id = @id${of}`) + newest).all({ id: Number(id), ...given });
  const byKey = `d.ledger_id in (select id from ledgers) and d.external_id is not null and d.external_id >= @from and d.external_id < @to${of}`;
  const found = db.prepare<[object], TraceLetter>(lettersWhere(byKey) + newest);
  const isShort = text.length < leastOfKey;
  const letters = new Map<number, TraceLetter>();
  for (const from of new Set([text, text.toUpperCase(), text.toLowerCase()]))
    for (const letter of found.all({ from, to: isShort ? `${from}\0` : from + last, ...given })) letters.set(letter.id, letter);
  return [...letters.values()].sort((a, b) => b.setAsideAtMs - a.setAsideAtMs);
}

function absenceOf(db: ReadDb, dayStartMs: number): TraceAbsence {
  const filesToday = db.prepare<[number], number>('select count(*) from files where taken_at_ms >= ?').pluck().get(dayStartMs) ?? 0;
  const newestFile =
    db
      .prepare<[], NonNullable<TraceAbsence['newestFile']>>(
        "select f.name, json_extract(c.doc, '$.title') as connectionTitle, f.taken_at_ms as takenAtMs from files f " +
          'left join connections c on c.id = f.connection_id order by f.taken_at_ms desc, f.id desc limit 1',
      )
      .get() ?? null;
  const aside = db
    .prepare<[], { setAside: number; setAsideWithoutKey: number }>(
      'select count(*) as setAside, count(*) filter (where external_id is null and destination_id is null) as setAsideWithoutKey from dead_letters',
    )
    .get() ?? { setAside: 0, setAsideWithoutKey: 0 };
  return { filesToday, newestFile, ...aside };
}

/** Between so many blocks other work of the thread runs: opening one takes a millisecond or two. */
const blocksInBite = 4;

/**
 * Look for the record that a version with an event id belongs to, whichever version it is: block by block, the newest first. The ids stand
 * in what is sealed, so a million versions take some seconds. What does not open holds nothing that could be found.
 */
export async function findEvent(db: ReadDb, key: KeyObject, wanted: string, signal: AbortSignal): Promise<TraceHit | null> {
  type Block = { firstSeq: number; rows: number; sealed: Buffer };
  const before = db.prepare<[number], Block>(
    `select first_seq as firstSeq, rows, sealed from blocks where first_seq < ? order by first_seq desc limit ${blocksInBite}`,
  );
  for (let blocks = before.all(Number.MAX_SAFE_INTEGER); blocks.length > 0 && !signal.aborted; ) {
    for (const { firstSeq, rows, sealed } of blocks) {
      const at = placeIn(key, { firstSeq, rows, sealed }, wanted);
      if (at >= 0) return recordOf(db, firstSeq + at);
    }
    blocks = before.all(blocks.at(-1)?.firstSeq ?? 0);
    await breath();
  }
  return null;
}

function placeIn(key: KeyObject, { firstSeq, rows, sealed }: { firstSeq: number; rows: number; sealed: Buffer }, wanted: string): number {
  try {
    return openBlock(key, firstSeq, rows, sealed).findIndex((text) => eventIdOf(text) === wanted);
  } catch {
    return -1;
  }
}

function recordOf(db: ReadDb, seq: number): TraceHit | null {
  const row = db
    .prepare<[number], Row>(
      `select ${rowColumns} where (r.ledger_id, r.external_id) = (select b.ledger_id, o.external_id from outbox o ` +
        `join blocks b on b.first_seq = ${blockOf('o.seq')} where o.seq = ?)`,
    )
    .get(seq);
  if (!row) return null;
  const { entity, ...record } = row;
  return { entity, by: 'event', seq, row: record };
}
