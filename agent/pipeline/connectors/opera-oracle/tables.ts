import { Fault } from '../../../../contract/faults.ts';
import type { Asker, OracleLine } from '../../clients/oracle/line.ts';
import type { SourceRow, SourceTable, TablePage } from '../../connector.ts';
import {
  businessDate,
  mergesByKey,
  mergesByStamp,
  mostInList,
  nightsOf,
  phonesOf,
  profilesByKey,
  profilesOf,
  reservationsByKey,
  reservationsByStamp,
  reservationsOfNames,
  roomsByKey,
  type Statement,
  type Where,
} from './queries.ts';
import {
  type Head,
  isPostingMaster,
  type Night,
  nobody,
  type PhoneRow,
  type Profile,
  profileColumns,
  profileRow,
  type Reach,
  reachOf,
  reservationColumns,
  reservationRow,
  roomColumns,
} from './reservation-rows.ts';

type Cells = readonly (string | null)[];
type Mappings = { readonly bookings: string; readonly guests: string; readonly rooms: string };

/** What every table is read with. */
export type Reading = { readonly line: OracleLine; readonly where: Where; readonly host: string; readonly mappings: Mappings };

/**
 * Reservations: each with its nights, its guest and how to reach them, read again whenever it has changed, in one look at one state of the
 * database. Their profiles come along.
 * @param isPolled whether an index leads with the time of the last change. Without one they are read at night only.
 */
export function reservationTable(reading: Reading, isPolled: boolean): SourceTable {
  const look = (statement: Statement, signal: AbortSignal): Promise<TablePage> =>
    reading.line.readOnly(signal, async (ask) => {
      const heads = (await ask(statement.sql, statement.binds, { doing: 'reading reservations', place: 'RESERVATION_NAME' }))
        .rows as readonly Head[];
      return {
        ...(await wholeReservations(ask, reading, heads)),
        isEnd: heads.length < Number(statement.binds.page_rows),
        last: lastOf(heads),
      };
    });
  const { where, mappings } = reading;
  return {
    name: 'reservations',
    mapping: mappings.bookings,
    columns: reservationColumns,
    stamp: isPolled ? { column: 'UPDATE_DATE', grainSeconds: 1 } : null,
    isReadBeside: !isPolled,
    pageByStamp: (after, limit, signal) => look(reservationsByStamp(where, after, limit), signal),
    pageUnstamped: (afterKey, limit, signal) => look(reservationsByKey(where, afterKey, limit, true), signal),
    pageByKey: (afterKey, limit, signal) => look(reservationsByKey(where, afterKey, limit, false), signal),
  };
}

function lastOf(heads: readonly Head[]): { readonly key: string; readonly stamp: string | null } | null {
  const head = heads.at(-1);
  return head ? { key: head[2] ?? '', stamp: head[0] } : null;
}

async function wholeReservations(ask: Asker, { where, host }: Reading, heads: readonly Head[]): Promise<TablePage> {
  if (heads.length === 0) return { rows: [] };
  const today = await openBusinessDate(ask, where, host);
  const keys = heads.map((head) => head[2] ?? '');
  const nameIds = unique(heads.map((head) => head[4] ?? null));
  const nights = grouped(await inLists(ask, keys, (list) => nightsOf(where, list), 'RESERVATION_DAILY_ELEMENT_NAME'), nightOf);
  const people = await peopleOf(ask, where, nameIds);
  const rows: SourceRow[] = [];
  const profiles: SourceRow[] = [];
  for (const head of heads) {
    const own = nights.get(head[2] ?? '') ?? [];
    if (isPostingMaster(own)) continue;
    const person = people.get(head[4] ?? '');
    rows.push(reservationRow(head, { nights: own, profile: person?.profile, reach: person?.reach ?? nobody, businessDate: today }));
  }
  for (const [nameId, { profile, reach }] of people) profiles.push(profileRow(nameId, profile, reach));
  return { rows, beside: new Map([['profiles', profiles]]) };
}

/** The hotel's own today. @throws {Fault} `opera-business-date` where there is none, or more than one. */
export async function openBusinessDate(ask: Asker, where: Where, host: string): Promise<string> {
  const { sql, binds } = businessDate(where);
  const { rows } = await ask(sql, binds, { doing: 'asking for the business date', place: 'BUSINESSDATE' });
  const [today] = rows[0] ?? [];
  if (rows.length !== 1 || !today) throw new Fault('opera-business-date', { host, resort: where.resort, count: String(rows.length) });
  return today;
}

/** The profiles behind reservations, with e-mail and telephone. */
async function peopleOf(ask: Asker, where: Where, nameIds: readonly string[]): Promise<Map<string, { profile: Profile; reach: Reach }>> {
  const found = new Map<string, { profile: Profile; reach: Reach }>();
  if (nameIds.length === 0) return found;
  const phones = grouped(await inLists(ask, nameIds, (list) => phonesOf(where, list), 'NAME_PHONE'), phoneOf);
  for (const [nameId, first = null, last = null, vip = null, language = null, nationality = null] of await inLists(
    ask,
    nameIds,
    (list) => profilesOf(where, list),
    'NAME',
  ))
    if (nameId) found.set(nameId, { profile: { first, last, vip, language, nationality }, reach: reachOf(phones.get(nameId) ?? []) });
  return found;
}

/** Profiles: read with their reservations, and by themselves at night. */
export function profileTable({ line, where, mappings }: Reading): SourceTable {
  const look = (afterKey: string | null, limit: number, signal: AbortSignal): Promise<TablePage> =>
    line.readOnly(signal, async (ask) => {
      const { sql, binds } = profilesByKey(where, afterKey, limit);
      const { rows } = await ask(sql, binds, { doing: 'reading profiles', place: 'NAME' });
      const ids = unique(rows.map(([nameId]) => nameId ?? null));
      const phones = grouped(ids.length === 0 ? [] : await inLists(ask, ids, (list) => phonesOf(where, list), 'NAME_PHONE'), phoneOf);
      return {
        rows: rows.map(([nameId = null, first = null, last = null, vip = null, language = null, nationality = null]) =>
          profileRow(nameId ?? '', { first, last, vip, language, nationality }, reachOf(phones.get(nameId ?? '') ?? [])),
        ),
      };
    });
  return { ...sweptOnly, name: 'profiles', mapping: mappings.guests, columns: profileColumns, isReadBeside: true, pageByKey: look };
}

/** Merges of profiles, with the reservations that have moved by them. The log is small, and is never swept. */
export function mergeTable(reading: Reading): SourceTable {
  const { line, where, mappings } = reading;
  const look = (statement: Statement, signal: AbortSignal): Promise<TablePage> =>
    line.readOnly(signal, async (ask) => {
      const { rows } = await ask(statement.sql, statement.binds, { doing: 'reading merges of profiles', place: 'NAME_MERGE_LOG' });
      const into = unique(rows.map((cells) => cells[2] ?? null));
      const heads = into.length === 0 ? [] : await inLists(ask, into, (list) => reservationsOfNames(where, list), 'RESERVATION_NAME');
      const moved = await wholeReservations(ask, reading, heads as readonly Cells[] as readonly Head[]);
      const beside = new Map(moved.beside ?? []).set('reservations', moved.rows);
      return { rows: rows.map(([stamp = null, from = null, to = null]) => ({ key: from ?? '', stamp, cells: [from, to] })), beside };
    });
  return {
    name: 'merges',
    mapping: mappings.guests,
    columns: ['NAME_ID_FROM', 'NAME_ID_TO'],
    isGuestMerges: true,
    stamp: { column: 'TRANSACTION_DATE', grainSeconds: 1 },
    pageByStamp: (after, limit, signal) => look(mergesByStamp(where, after, limit), signal),
    pageUnstamped: noPage,
    pageByKey: (afterKey, limit, signal) => look(mergesByKey(where, afterKey, limit), signal),
  };
}

/** Rooms: a few hundred rows, compared whole each time. */
export function roomTable({ line, where, mappings }: Reading): SourceTable {
  const look = (afterKey: string | null, limit: number, signal: AbortSignal): Promise<TablePage> =>
    line.readOnly(signal, async (ask) => {
      const { sql, binds } = roomsByKey(where, afterKey, limit);
      const { rows } = await ask(sql, binds, { doing: 'reading rooms', place: 'ROOM' });
      return { rows: rows.map((cells) => ({ key: cells[0] ?? '', stamp: null, cells })) };
    });
  return { ...sweptOnly, name: 'rooms', mapping: mappings.rooms, columns: roomColumns, pageByKey: look };
}

const noPage = async (): Promise<TablePage> => ({ rows: [] });
const sweptOnly = { stamp: null, pageByStamp: noPage, pageUnstamped: noPage } as const;

/** Ask for many keys, a list at a time. */
async function inLists(
  ask: Asker,
  keys: readonly string[],
  statement: (keys: readonly string[]) => Statement,
  place: string,
): Promise<Cells[]> {
  const rows: Cells[] = [];
  for (let from = 0; from < keys.length; from += mostInList) {
    const { sql, binds } = statement(keys.slice(from, from + mostInList));
    rows.push(...(await ask(sql, binds, { doing: `reading ${place}`, place })).rows);
  }
  return rows;
}

/** Rows by their first cell. */
function grouped<T>(rows: readonly Cells[], read: (cells: Cells) => T): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = row[0] ?? '';
    const group = groups.get(key);
    if (group) group.push(read(row));
    else groups.set(key, [read(row)]);
  }
  return groups;
}

function nightOf(cells: Cells): Night {
  const [
    ,
    day = null,
    amount = null,
    currency = null,
    rateCode = null,
    adults = null,
    children = null,
    room = null,
    category = null,
    label = null,
    market = null,
    origin = null,
  ] = cells;
  return { day: day ?? '', amount, currency, rateCode, adults, children, room, category, label, market, origin };
}

function phoneOf([, role = null, number = null, primary = null]: Cells): PhoneRow {
  return { role, number, isPrimary: primary === 'Y' };
}

function unique(keys: readonly (string | null)[]): string[] {
  return [...new Set(keys.filter((key): key is string => key !== null && key !== ''))];
}
