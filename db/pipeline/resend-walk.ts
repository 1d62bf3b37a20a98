import type { EntityName } from '../../contract/record.ts';
import type { RecordKey } from '../../contract/resend.ts';
import type { ReadDb } from '../open.ts';
import { ofConnection } from './dead-letters.ts';
import { blockOf } from './outbox.ts';
import { condition, type Given, type RecordFilter } from './record-views.ts';
import { noneWithheld, olderConfirmed, type WithheldCount, withheldCount } from './resend-withheld.ts';

/** Which records an order means, in the words of the store. It is kept with the order, so that it means the same to its end. */
export type ResendChoice =
  | { readonly kind: 'filter'; readonly filter: RecordFilter }
  | { readonly kind: 'keys'; readonly keys: readonly RecordKey[] }
  | {
      readonly kind: 'letters';
      readonly ids: readonly number[] | null;
      readonly connectionId: string | null;
      readonly upToId: number | null;
    };

/** A record in the order of the outbox. `letterId`: the refusal that it is sent again for; `newestSeq` where a later version has come. */
export type ResendRow = { readonly seq: number; readonly newestSeq: number; readonly letterId: number | null };

/** The next records of an order: the walk has come to `reached`; nothing lies behind it where `isEnd`. */
export type ResendBite = { readonly rows: readonly ResendRow[]; readonly reached: number; readonly isEnd: boolean };

export type ResendWindow = {
  readonly choice: ResendChoice;
  readonly destinationId: string;
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
};

/** So many rows of the outbox are looked through at once, and for so long in one call. */
const windowRows = 2500;
const callMs = 100;

/**
 * Give the next records of an order, as far as some tenth of a second goes. Records that are named are looked up by their keys; a filter goes
 * through the outbox between two places, block by block, and takes what is the newest state of its record. For the reader thread.
 */
export function resendBite(db: ReadDb, window: ResendWindow): ResendBite {
  const { choice, after, upTo, limit } = window;
  if (choice.kind !== 'filter') {
    const rows = choice.kind === 'keys' ? keyRows(db, window, choice.keys) : letterRows(db, window, choice);
    const isEnd = rows.length < limit;
    return { rows, reached: isEnd ? upTo : (rows.at(-1)?.seq ?? upTo), isEnd };
  }
  const { where, given } = condition(choice.filter);
  const next = db.prepare<[Given], ResendRow>(
    'select o.seq, o.seq as newestSeq, null as letterId from blocks b ' +
      'cross join outbox o on o.seq >= b.first_seq and o.seq < b.first_seq + b.rows ' +
      'cross join records r on r.ledger_id = b.ledger_id and r.external_id = o.external_id ' +
      `where b.first_seq >= coalesce(${blockOf('@after + 1')}, 0) and b.first_seq <= @end and o.seq > @after and o.seq <= @end and r.seq = o.seq ` +
      `and ${where} order by b.first_seq, o.seq limit @limit`,
  );
  const until = performance.now() + callMs;
  const { from, to } = keptBetween(db, choice.filter, upTo);
  const rows: ResendRow[] = [];
  let reached = Math.max(after, from);
  const last = Math.min(upTo, to);
  while (reached < last && rows.length < limit && performance.now() < until) {
    const end = Math.min(last, reached + windowRows);
    const wanted = limit - rows.length;
    const found = next.all({ ...given, after: reached, end, limit: wanted });
    rows.push(...found);
    reached = found.length === wanted ? (found.at(-1)?.seq ?? end) : end;
  }
  const isEnd = reached >= last;
  return { rows, reached: isEnd ? upTo : reached, isEnd };
}

/** Between which places of the outbox lies what was kept in a time: blocks know it, and are few. */
function keptBetween(db: ReadDb, { keptFromMs, keptToMs }: RecordFilter, upTo: number): { from: number; to: number } {
  if (keptFromMs === undefined && keptToMs === undefined) return { from: 0, to: upTo };
  const ends = db
    .prepare<[number, number], { first: number | null; last: number | null }>(
      'select min(first_seq) as first, max(first_seq + rows - 1) as last from blocks where kept_at_ms >= ? and kept_at_ms <= ?',
    )
    .get(keptFromMs ?? 0, keptToMs ?? Number.MAX_SAFE_INTEGER);
  return ends?.first == null || ends.last === null ? { from: upTo, to: upTo } : { from: ends.first - 1, to: ends.last };
}

const keyList = (keys: readonly RecordKey[]) => JSON.stringify(keys.map(({ ledgerId, externalId }) => [ledgerId, externalId]));
const byKeys =
  "(select distinct json_extract(value, '$[0]') as ledger_id, json_extract(value, '$[1]') as external_id from json_each(@keys)) k " +
  'cross join records r on r.ledger_id = k.ledger_id and r.external_id = k.external_id';

function keyRows(db: ReadDb, { after, upTo, limit }: ResendWindow, keys: readonly RecordKey[]): ResendRow[] {
  return db
    .prepare<[object], ResendRow>(
      `select r.seq, r.seq as newestSeq, null as letterId from ${byKeys} where r.seq > @after and r.seq <= @upTo order by r.seq limit @limit`,
    )
    .all({ keys: keyList(keys), after, upTo, limit });
}

type Letters = Extract<ResendChoice, { kind: 'letters' }>;

function lettersMeant({ ids, connectionId, upToId }: Letters): { where: string; given: Given } {
  const parts = [
    ids && 'd.id in (select value from json_each(@ids))',
    connectionId !== null && ofConnection(connectionId),
    upToId !== null && 'd.id <= @upToId',
  ].filter(Boolean);
  return {
    where: parts.join(' and ') || 'true',
    given: {
      ...(ids ? { ids: JSON.stringify(ids) } : {}),
      ...(connectionId === null ? {} : { connectionId }),
      ...(upToId === null ? {} : { upToId }),
    },
  };
}

function letterRows(db: ReadDb, { destinationId, after, upTo, limit }: ResendWindow, choice: Letters): ResendRow[] {
  const { where, given } = lettersMeant(choice);
  return db
    .prepare<[object], ResendRow>(
      'select d.seq, r.seq as newestSeq, d.id as letterId from dead_letters d ' +
        'cross join records r on r.ledger_id = d.ledger_id and r.external_id = d.external_id ' +
        `where d.destination_id = @destinationId and d.seq > @after and d.seq <= @upTo and ${where} order by d.seq limit @limit`,
    )
    .all({ ...given, destinationId, after, upTo, limit });
}

/** From where a count goes on: through the records in the order of their keys, then through what the destination has refused. */
export type CountFrom =
  | { readonly at: 'records'; readonly ledgerId: number; readonly afterId: string }
  | { readonly at: 'refused'; readonly afterSeq: number };

/** A record that is meant, as an example. `olderSeq`: the newest older version that the destination has confirmed, of refused ones. */
export type CountedRow = {
  readonly seq: number;
  readonly ledgerId: number;
  readonly externalId: string;
  readonly entity: EntityName;
  readonly isRefused: 0 | 1;
  readonly olderSeq: number | null;
};

/** A part of a count; `next` is null behind the last. What was refused is counted among `total` as well, but for letters by themselves. */
export type CountBite = WithheldCount & {
  readonly scanned: number;
  readonly total: number;
  readonly onItsWay: number;
  readonly refused: number;
  readonly older: number;
  readonly rows: readonly CountedRow[];
  readonly next: CountFrom | null;
};

export type CountQuery = {
  readonly choice: ResendChoice;
  readonly destinationId: string;
  readonly confirmedSeq: number;
  readonly upTo: number;
  /** How many examples are wanted. */
  readonly examples: number;
};

const scannedRows = 40_000;
const refusedRows = 500;
export const countStart: CountFrom = { at: 'records', ledgerId: 0, afterId: '' };

/** Count a part of what an order means, and what the destination has of it. For the reader thread. */
export function countBite(db: ReadDb, query: CountQuery, from: CountFrom): CountBite {
  if (from.at === 'refused') return refusedBite(db, query, from.afterSeq);
  if (query.choice.kind === 'letters') return { ...nothing, next: { at: 'refused', afterSeq: 0 } };
  return query.choice.kind === 'keys' ? keysBite(db, query, query.choice.keys) : filterBite(db, query, query.choice.filter, from);
}

const nothing = { scanned: 0, total: 0, onItsWay: 0, refused: 0, older: 0, ...noneWithheld, rows: [] };
type Counted = { scanned: number; total: number; onItsWay: number; last: string | null };
const exampleColumns =
  'r.seq, r.ledger_id as ledgerId, r.external_id as externalId, (select entity from ledgers where id = r.ledger_id) as entity, 0 as isRefused, null as olderSeq';

function keysBite(db: ReadDb, query: CountQuery, keys: readonly RecordKey[]): CountBite {
  const { confirmedSeq, upTo, examples } = query;
  const given = { keys: keyList(keys), confirmedSeq, upTo, examples };
  const counted = db
    .prepare<[object], Counted>(
      `select count(*) as scanned, count(*) as total, count(*) filter (where r.seq > @confirmedSeq) as onItsWay, null as last from ${byKeys} where r.seq <= @upTo`,
    )
    .get(given) as Counted;
  const rows = db
    .prepare<[object], CountedRow>(`select ${exampleColumns} from ${byKeys} where r.seq <= @upTo order by r.seq desc limit @examples`)
    .all(given);
  const { scanned, total, onItsWay } = counted;
  const withheld = withheldCount(db, query, { from: byKeys, where: 'true', given });
  return { ...nothing, scanned, total, onItsWay, ...withheld, rows, next: { at: 'refused', afterSeq: 0 } };
}

function filterBite(
  db: ReadDb,
  query: CountQuery,
  filter: RecordFilter,
  { ledgerId, afterId }: Extract<CountFrom, { at: 'records' }>,
): CountBite {
  const { confirmedSeq, upTo, examples } = query;
  const ledger = db
    .prepare<[object], number>(
      `select id from ledgers where id >= @ledgerId ${filter.entity === undefined ? '' : 'and entity = @entity'} order by id limit 1`,
    )
    .pluck()
    .get({ ledgerId, entity: filter.entity ?? '' });
  if (ledger === undefined) return { ...nothing, next: { at: 'refused', afterSeq: 0 } };
  const { where, given } = condition(filter);
  const some = '(select * from records where ledger_id = @ledger and external_id > @afterId order by external_id limit @most) r';
  const all = { ...given, ledger, afterId: ledger === ledgerId ? afterId : '', most: scannedRows, confirmedSeq, upTo, examples };
  const { scanned, total, onItsWay, last } = db
    .prepare<[object], Counted>(
      `select count(*) as scanned, count(*) filter (where r.seq <= @upTo and ${where}) as total, ` +
        `count(*) filter (where r.seq <= @upTo and r.seq > @confirmedSeq and ${where}) as onItsWay, max(r.external_id) as last from ${some}`,
    )
    .get(all) as Counted;
  const rows =
    examples === 0 || total === 0
      ? []
      : db
          .prepare<[object], CountedRow>(`select ${exampleColumns} from ${some} where r.seq <= @upTo and ${where} limit @examples`)
          .all(all);
  const isWhole = scanned < scannedRows || last === null;
  const next = isWhole ? { ledgerId: ledger + 1, afterId: '' } : { ledgerId: ledger, afterId: last };
  const withheld = withheldCount(db, query, { from: some, where, given: all });
  return { ...nothing, scanned, total, onItsWay, ...withheld, rows, next: { at: 'records', ...next } };
}

/** What the destination has refused of the newest states, and whether it has an older state of them. */
function refusedBite(db: ReadDb, query: CountQuery, afterSeq: number): CountBite {
  const { choice, destinationId, confirmedSeq, upTo, examples } = query;
  const meant =
    choice.kind === 'letters'
      ? lettersMeant(choice)
      : choice.kind === 'keys'
        ? {
            where:
              "(r.ledger_id, r.external_id) in (select json_extract(value, '$[0]'), json_extract(value, '$[1]') from json_each(@keys))",
            given: { keys: keyList(choice.keys) },
          }
        : condition(choice.filter);
  const rows = db
    .prepare<[object], CountedRow>(
      'select d.seq, r.ledger_id as ledgerId, r.external_id as externalId, d.entity, 1 as isRefused, ' +
        `(${olderConfirmed}) as olderSeq from dead_letters d ` +
        'cross join records r on r.ledger_id = d.ledger_id and r.external_id = d.external_id and r.seq = d.seq ' +
        `where d.destination_id = @destinationId and d.seq > @afterSeq and d.seq <= @upTo and ${meant.where} order by d.seq limit @most`,
    )
    .all({ ...meant.given, destinationId, confirmedSeq, afterSeq, upTo, most: refusedRows });
  const last = rows.at(-1);
  return {
    ...nothing,
    scanned: rows.length,
    total: choice.kind === 'letters' ? rows.length : 0,
    refused: rows.length,
    older: rows.filter(({ olderSeq }) => olderSeq !== null).length,
    rows: rows.slice(0, examples),
    next: rows.length < refusedRows || !last ? null : { at: 'refused', afterSeq: last.seq },
  };
}
