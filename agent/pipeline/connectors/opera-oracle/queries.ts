import type { StampPlace } from '../../watermark.ts';

/** Where is read, and in which dialect: before 12.1 Oracle knows no FETCH FIRST. */
export type Where = { readonly owner: string; readonly resort: string; readonly isOld: boolean };
export type Statement = { readonly sql: string; readonly binds: Readonly<Record<string, string | number>> };

const moment = "'YYYY-MM-DD HH24:MI:SS'";
const day = "'YYYY-MM-DD'";
/** At most so many keys in one list: Oracle takes a thousand. */
export const mostInList = 500;

export const clockStatement = `SELECT TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), ${moment}), TO_CHAR(SYSDATE, ${moment}) FROM DUAL`;

/** A page: the question with its order, and no more rows than a page holds. */
function page(sql: string, { isOld }: Where): string {
  return isOld ? `SELECT * FROM (${sql}) WHERE ROWNUM <= :page_rows` : `${sql} FETCH FIRST :page_rows ROWS ONLY`;
}

const head =
  `TO_CHAR(rn.UPDATE_DATE, ${moment}) AS STAMP, rn.RESORT, rn.RESV_NAME_ID, rn.CONFIRMATION_NO, rn.NAME_ID, rn.RESV_STATUS, ` +
  `TO_CHAR(rn.TRUNC_BEGIN_DATE, ${day}) AS ARRIVAL, TO_CHAR(rn.TRUNC_END_DATE, ${day}) AS DEPARTURE, TO_CHAR(rn.INSERT_DATE, ${moment}) AS BOOKED_AT, ` +
  'rn.PAYMENT_METHOD, rn.CHANNEL, rn.WALKIN_YN, rn.EXTERNAL_REFERENCE';

/** Only the guest who holds a reservation: companions have rows of their own, and rooms would be counted twice. */
const own = "rn.RESORT = :resort AND rn.NAME_USAGE_TYPE = 'DG'";

/** Reservations by the time of their last change. */
export function reservationsByStamp(where: Where, after: StampPlace, limit: number): Statement {
  const behind = after.key === null ? '' : ` AND (rn.UPDATE_DATE > TO_DATE(:stamp2, ${moment}) OR rn.RESV_NAME_ID > :last_id)`;
  const sql =
    `SELECT ${head} FROM ${where.owner}.RESERVATION_NAME rn WHERE ${own} AND rn.UPDATE_DATE >= TO_DATE(:stamp, ${moment})${behind} ` +
    'ORDER BY rn.UPDATE_DATE, rn.RESV_NAME_ID';
  const place = after.key === null ? {} : { stamp2: after.stamp, last_id: Number(after.key) };
  return { sql: page(sql, where), binds: { resort: where.resort, stamp: after.stamp, ...place, page_rows: limit } };
}

/** Reservations by their number; `isUnstamped`: only those without a time of change. */
export function reservationsByKey(where: Where, afterKey: string | null, limit: number, isUnstamped: boolean): Statement {
  const behind = afterKey === null ? '' : ' AND rn.RESV_NAME_ID > :last_id';
  const only = isUnstamped ? ' AND rn.UPDATE_DATE IS NULL' : '';
  const sql = `SELECT ${head} FROM ${where.owner}.RESERVATION_NAME rn WHERE ${own}${only}${behind} ORDER BY rn.RESV_NAME_ID`;
  const place = afterKey === null ? {} : { last_id: Number(afterKey) };
  return { sql: page(sql, where), binds: { resort: where.resort, ...place, page_rows: limit } };
}

/** The lengths of lists: few, so that the server keeps few plans. */
const listLengths = [10, 100, mostInList] as const;

/** A list of keys for IN, of one of the lengths: the last key fills it up. */
function listOf(keys: readonly string[]): { readonly places: string; readonly binds: Record<string, number> } {
  const length = listLengths.find((one) => one >= keys.length) ?? mostInList;
  const binds: Record<string, number> = {};
  for (let at = 0; at < length; at++) binds[`k${at}`] = Number(keys[Math.min(at, keys.length - 1)]);
  return {
    places: Object.keys(binds)
      .map((name) => `:${name}`)
      .join(', '),
    binds,
  };
}

/** The days of reservations. They join on three columns: on the number of the element alone rows would multiply. */
export function nightsOf({ owner, resort }: Where, keys: readonly string[]): Statement {
  const { places, binds } = listOf(keys);
  return {
    sql:
      `SELECT dn.RESV_NAME_ID, TO_CHAR(dn.RESERVATION_DATE, ${day}) AS STAY_DATE, dn.SHARE_AMOUNT, dn.CURRENCY_CODE, dn.RATE_CODE, dn.ADULTS, dn.CHILDREN, ` +
      `de.ROOM, de.ROOM_CATEGORY, rc.LABEL, de.MARKET_CODE, de.ORIGIN_OF_BOOKING FROM ${owner}.RESERVATION_DAILY_ELEMENT_NAME dn ` +
      `JOIN ${owner}.RESERVATION_DAILY_ELEMENTS de ON de.RESORT = dn.RESORT AND de.RESERVATION_DATE = dn.RESERVATION_DATE AND de.RESV_DAILY_EL_SEQ = dn.RESV_DAILY_EL_SEQ ` +
      `LEFT JOIN ${owner}.RESORT$_ROOM_CATEGORY rc ON rc.RESORT = de.RESORT AND rc.ROOM_CATEGORY = de.ROOM_CATEGORY ` +
      `WHERE dn.RESORT = :resort AND dn.RESV_NAME_ID IN (${places}) ORDER BY dn.RESV_NAME_ID, dn.RESERVATION_DATE`,
    binds: { resort, ...binds },
  };
}

const profileCells = 'n.NAME_ID, n.FIRST, n.LAST, n.VIP_STATUS, n.LANGUAGE, n.NATIONALITY';

export function profilesOf({ owner }: Where, keys: readonly string[]): Statement {
  const { places, binds } = listOf(keys);
  return { sql: `SELECT ${profileCells} FROM ${owner}.NAME n WHERE n.NAME_ID IN (${places})`, binds };
}

/** The profiles that hold a reservation at this property: a chain keeps those of all its hotels in one table. */
export function profilesByKey(where: Where, afterKey: string | null, limit: number): Statement {
  const { owner, resort } = where;
  const behind = afterKey === null ? '' : ' AND n.NAME_ID > :last_id';
  const sql =
    `SELECT ${profileCells} FROM ${owner}.NAME n WHERE EXISTS (SELECT 1 FROM ${owner}.RESERVATION_NAME rn WHERE rn.NAME_ID = n.NAME_ID AND ${own})` +
    `${behind} ORDER BY n.NAME_ID`;
  const place = afterKey === null ? {} : { last_id: Number(afterKey) };
  return { sql: page(sql, where), binds: { resort, ...place, page_rows: limit } };
}

/** Telephone numbers and e-mail addresses that have not ended. */
export function phonesOf({ owner }: Where, keys: readonly string[]): Statement {
  const { places, binds } = listOf(keys);
  return {
    sql:
      `SELECT p.NAME_ID, p.PHONE_ROLE, p.PHONE_NUMBER, p.PRIMARY_YN FROM ${owner}.NAME_PHONE p ` +
      `WHERE p.NAME_ID IN (${places}) AND p.INACTIVE_DATE IS NULL ORDER BY p.NAME_ID, p.PHONE_ID`,
    binds,
  };
}

const merge = `TO_CHAR(m.TRANSACTION_DATE, ${moment}) AS STAMP, m.NAME_ID_FROM, m.NAME_ID_TO`;
/** Merges that concern this property: the profile that is left holds a reservation here. */
const mergedHere = (owner: string) =>
  `EXISTS (SELECT 1 FROM ${owner}.RESERVATION_NAME rn WHERE rn.NAME_ID = m.NAME_ID_TO AND rn.RESORT = :resort)`;

/** Profiles that were merged, by the time of it. */
export function mergesByStamp(where: Where, after: StampPlace, limit: number): Statement {
  const { owner, resort } = where;
  const behind = after.key === null ? '' : ` AND (m.TRANSACTION_DATE > TO_DATE(:stamp2, ${moment}) OR m.NAME_ID_FROM > :last_id)`;
  const sql =
    `SELECT ${merge} FROM ${owner}.NAME_MERGE_LOG m WHERE ${mergedHere(owner)} AND m.TRANSACTION_DATE >= TO_DATE(:stamp, ${moment})${behind} ` +
    'ORDER BY m.TRANSACTION_DATE, m.NAME_ID_FROM';
  const place = after.key === null ? {} : { stamp2: after.stamp, last_id: Number(after.key) };
  return { sql: page(sql, where), binds: { resort, stamp: after.stamp, ...place, page_rows: limit } };
}

export function mergesByKey(where: Where, afterKey: string | null, limit: number): Statement {
  const { owner, resort } = where;
  const behind = afterKey === null ? '' : ' AND m.NAME_ID_FROM > :last_id';
  const sql = `SELECT ${merge} FROM ${owner}.NAME_MERGE_LOG m WHERE ${mergedHere(owner)}${behind} ORDER BY m.NAME_ID_FROM`;
  return { sql: page(sql, where), binds: { resort, ...(afterKey === null ? {} : { last_id: Number(afterKey) }), page_rows: limit } };
}

/** Reservations of some profiles: a merge moves them, and need not stamp them. */
export function reservationsOfNames({ owner, resort }: Where, nameIds: readonly string[]): Statement {
  const { places, binds } = listOf(nameIds);
  return {
    sql: `SELECT ${head} FROM ${owner}.RESERVATION_NAME rn WHERE ${own} AND rn.NAME_ID IN (${places})`,
    binds: { resort, ...binds },
  };
}

/** Rooms that can hold a guest. */
export function roomsByKey(where: Where, afterKey: string | null, limit: number): Statement {
  const { owner, resort } = where;
  const behind = afterKey === null ? '' : ' AND r.ROOM > :last_room';
  const sql =
    `SELECT r.ROOM, rc.LABEL, r.FLOOR, r.ROOM_STATUS, r.HK_STATUS, r.FO_STATUS FROM ${owner}.ROOM r ` +
    `LEFT JOIN ${owner}.RESORT$_ROOM_CATEGORY rc ON rc.RESORT = r.RESORT AND rc.ROOM_CATEGORY = r.ROOM_CATEGORY ` +
    `WHERE r.RESORT = :resort AND (r.PSEUDO_YN IS NULL OR r.PSEUDO_YN <> 'Y') AND r.ROOM_CATEGORY NOT LIKE '-%'${behind} ORDER BY r.ROOM`;
  return { sql: page(sql, where), binds: { resort, ...(afterKey === null ? {} : { last_room: afterKey }), page_rows: limit } };
}

/** The hotel's own today. Two rows, or none, are a fault of the set-up. */
export function businessDate({ owner, resort }: Where): Statement {
  return {
    sql: `SELECT TO_CHAR(b.BUSINESS_DATE, ${day}) FROM ${owner}.BUSINESSDATE b WHERE b.RESORT = :resort AND b.STATE = 'OPEN'`,
    binds: { resort },
  };
}
