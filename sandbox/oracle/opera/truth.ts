import type { OracleDatabase } from '../database.ts';

/** One reservation as it stands when everything is committed, in words that need no code of the product. */
export type TrueReservation = {
  readonly resvNameId: number;
  readonly confirmationNo: string;
  readonly kind: 'guest' | 'companion' | 'postingMaster';
  /** As OPERA stores it. */
  readonly status: string;
  readonly nameId: number;
  readonly lastName: string;
  readonly firstName: string;
  readonly email: string | null;
  readonly arrival: string;
  readonly departure: string;
  /** The room and the label of its kind in the last night; null where none is assigned. */
  readonly room: string | null;
  readonly roomType: string | null;
  /** What this guest pays for all nights; the row of the day of departure is none, but for a day use it is the only one. */
  readonly totalMinor: number;
  readonly nights: number;
  readonly updatedAt: string | null;
};

const pageRows = 1000;

/**
 * Read what is committed, one reservation after the other in the order of their ids, straight from where the rows are kept.
 * What is deleted does not come: see `deleted` of the hotel.
 */
export function* readTruth(
  database: OracleDatabase,
  { owner, resort }: { readonly owner: string; readonly resort: string },
): Generator<TrueReservation> {
  const table = (name: string) => `"${owner}.${name}"`;
  const reader = database.connect();
  try {
    const statement = reader.prepare(
      `SELECT r.RESV_NAME_ID AS resvNameId, r.CONFIRMATION_NO AS confirmationNo, r.NAME_USAGE_TYPE AS usage, r.RESV_STATUS AS status,
         r.NAME_ID AS nameId, n.LAST AS lastName, n.FIRST AS firstName, substr(r.TRUNC_BEGIN_DATE, 1, 10) AS arrival,
         substr(r.TRUNC_END_DATE, 1, 10) AS departure, r.UPDATE_DATE AS updatedAt,
         (SELECT p.PHONE_NUMBER FROM ${table('NAME_PHONE')} p WHERE p.NAME_ID = r.NAME_ID AND p.PHONE_ROLE = 'EMAIL') AS email
       FROM ${table('RESERVATION_NAME')} r LEFT JOIN ${table('NAME')} n ON n.NAME_ID = r.NAME_ID
       WHERE r.RESORT = ? AND r.RESV_NAME_ID > ? ORDER BY r.RESV_NAME_ID LIMIT ${pageRows}`,
    );
    const nights = reader.prepare(
      `SELECT d.SHARE_AMOUNT AS amount, e.ROOM AS room, e.ROOM_CATEGORY AS category, c.LABEL AS label
       FROM ${table('RESERVATION_DAILY_ELEMENT_NAME')} d
       JOIN ${table('RESERVATION_DAILY_ELEMENTS')} e
         ON e.RESORT = d.RESORT AND e.RESERVATION_DATE = d.RESERVATION_DATE AND e.RESV_DAILY_EL_SEQ = d.RESV_DAILY_EL_SEQ
       LEFT JOIN ${table('RESORT$_ROOM_CATEGORY')} c ON c.RESORT = e.RESORT AND c.ROOM_CATEGORY = e.ROOM_CATEGORY
       WHERE d.RESORT = ? AND d.RESV_NAME_ID = ? AND (d.RESERVATION_DATE < ? OR ? = ?) ORDER BY d.RESERVATION_DATE`,
    );
    // One moment for all of it, whatever is committed between two rows.
    reader.exec('BEGIN');
    for (let after = 0, isMore = true; isMore; ) {
      const page = statement.all(resort, after) as StoredReservation[];
      for (const row of page) {
        const { usage, arrival, departure } = row;
        const found = nights.all(resort, row.resvNameId, `${departure} 00:00:00`, arrival, departure) as StoredNight[];
        const kind = usage === 'AG' ? 'companion' : found[0]?.category.startsWith('-') ? 'postingMaster' : 'guest';
        yield { ...trueOf(row, found), kind };
      }
      after = page.at(-1)?.resvNameId ?? after;
      isMore = page.length === pageRows;
    }
  } finally {
    reader.close();
  }
}

type StoredReservation = Omit<TrueReservation, 'kind' | 'room' | 'roomType' | 'totalMinor' | 'nights'> & { readonly usage: string };
type StoredNight = { readonly amount: number; readonly room: string | null; readonly category: string; readonly label: string };

function trueOf({ usage: _usage, ...row }: StoredReservation, nights: readonly StoredNight[]): Omit<TrueReservation, 'kind'> {
  const last = nights.at(-1);
  const totalMinor = nights.reduce((sum, { amount }) => sum + Math.round(amount * 100), 0);
  return { ...row, room: last?.room ?? null, roomType: last?.label ?? null, totalMinor, nights: nights.length };
}
