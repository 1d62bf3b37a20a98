import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOperaHotel, type OperaHotel, type OracleServer, startOracle } from '../index.ts';
import { codeOf, type DriverConnection, drivers } from '../testing.ts';
import type { TrueReservation } from './truth.ts';

let hotel: OperaHotel;
let server: OracleServer;
let truth: TrueReservation[];
beforeAll(async () => {
  hotel = createOperaHotel({ seed: 5, rooms: 80, bookingsPerDay: 40, startAtMs: Date.parse('2026-05-01T08:00:00Z') });
  hotel.fill(1200);
  hotel.advance(4 * 86_400_000);
  hotel.settle();
  truth = [...hotel.truth()];
  server = await startOracle({ hotel });
});
afterAll(async () => {
  await server.close();
  hotel.close();
});

/** The queries by which the tables of a property are read, as a DBA would run them. */
const changed = `SELECT rn.RESORT, rn.RESV_NAME_ID, rn.NAME_ID, rn.PARENT_RESV_NAME_ID, rn.NAME_USAGE_TYPE, rn.CONFIRMATION_NO, rn.RESV_STATUS,
    TO_CHAR(rn.TRUNC_BEGIN_DATE,'YYYY-MM-DD') AS ARRIVAL, TO_CHAR(rn.TRUNC_END_DATE,'YYYY-MM-DD') AS DEPARTURE,
    TO_CHAR(rn.UPDATE_DATE,'YYYY-MM-DD HH24:MI:SS') AS UPDATED_AT
  FROM RESERVATION_NAME rn WHERE rn.RESORT = :resort
   AND rn.UPDATE_DATE >= TO_DATE(:since,'YYYY-MM-DD HH24:MI:SS') AND rn.UPDATE_DATE <= TO_DATE(:until,'YYYY-MM-DD HH24:MI:SS')
   AND (rn.UPDATE_DATE > TO_DATE(:last_at,'YYYY-MM-DD HH24:MI:SS')
        OR (rn.UPDATE_DATE = TO_DATE(:last_at,'YYYY-MM-DD HH24:MI:SS') AND rn.RESV_NAME_ID > :last_id))
 ORDER BY rn.UPDATE_DATE, rn.RESV_NAME_ID`;
const nights = `SELECT TO_CHAR(dn.RESERVATION_DATE,'YYYY-MM-DD') AS STAY_DATE, de.ROOM, dn.SHARE_AMOUNT,
    CASE WHEN dn.RESERVATION_DATE < rn.TRUNC_END_DATE OR rn.TRUNC_BEGIN_DATE = rn.TRUNC_END_DATE THEN 'Y' ELSE 'N' END AS NIGHT_YN
  FROM RESERVATION_NAME rn
  JOIN RESERVATION_DAILY_ELEMENT_NAME dn ON dn.RESORT = rn.RESORT AND dn.RESV_NAME_ID = rn.RESV_NAME_ID
  JOIN RESERVATION_DAILY_ELEMENTS de ON de.RESORT = dn.RESORT AND de.RESERVATION_DATE = dn.RESERVATION_DATE AND de.RESV_DAILY_EL_SEQ = dn.RESV_DAILY_EL_SEQ
 WHERE rn.RESORT = :resort AND rn.RESV_NAME_ID = :id ORDER BY dn.RESERVATION_DATE`;
const guest = `SELECT n.LAST, (SELECT MIN(p.PHONE_NUMBER) FROM NAME_PHONE p WHERE p.NAME_ID = n.NAME_ID AND p.PHONE_ROLE = 'EMAIL' AND p.PRIMARY_YN = 'Y'
    AND p.INACTIVE_DATE IS NULL) AS EMAIL FROM NAME n WHERE n.NAME_ID = :name_id`;
const rooms = `SELECT r.ROOM, c.LABEL AS ROOM_TYPE FROM ROOM r
  LEFT JOIN RESORT$_ROOM_CATEGORY c ON c.RESORT = r.RESORT AND c.ROOM_CATEGORY = r.ROOM_CATEGORY
 WHERE r.RESORT = :resort AND (r.PSEUDO_YN IS NULL OR r.PSEUDO_YN <> 'Y') AND r.ROOM_CATEGORY NOT LIKE '-%'`;
const businessDate = `SELECT TO_CHAR(b.BUSINESS_DATE,'YYYY-MM-DD') FROM BUSINESSDATE b WHERE b.RESORT = :resort AND b.STATE = 'OPEN'`;
const merged = `SELECT m.NAME_ID_FROM, m.NAME_ID_TO FROM NAME_MERGE_LOG m WHERE m.TRANSACTION_DATE >= TO_DATE(:since,'YYYY-MM-DD HH24:MI:SS')`;

describe.each(drivers)('reading a property with the driver $versionString', (driver) => {
  let connection: DriverConnection;
  const connect = () => driver.getConnection({ user: 'hotel_reader', password: 'Lobby-3-kings', connectString: server.url });
  beforeAll(async () => {
    connection = await connect();
    await connection.execute('ALTER SESSION SET CURRENT_SCHEMA = OPERA');
  });
  afterAll(() => connection.close());
  const rows = async (sql: string, binds: object) => (await connection.execute(sql, binds)).rows ?? [];

  it('finds every reservation, its nights, its total, its guest and its room as they truly are', async () => {
    const from = '1900-01-01 00:00:00';
    const found = await rows(changed, { resort: 'ALDQ', since: from, until: '2999-01-01 00:00:00', last_at: from, last_id: 0 });
    const read = new Map(found.map((row) => [Number(row[1]), [row[5], row[6], row[7], row[8], row[9]]]));
    const expected = new Map(
      truth.map((one) => [one.resvNameId, [one.confirmationNo, one.status, one.arrival, one.departure, one.updatedAt]]),
    );
    const wrong: number[] = [];
    for (const one of truth.slice(-200)) {
      const own = await rows(nights, { resort: 'ALDQ', id: one.resvNameId });
      const paid = own.filter((row) => row[3] === 'Y');
      const totalMinor = paid.reduce((sum, row) => sum + Math.round(Number(row[2]) * 100), 0);
      const [holder = []] = await rows(guest, { name_id: one.nameId });
      const isRight =
        totalMinor === one.totalMinor && (paid.at(-1)?.[1] ?? null) === one.room && holder[0] === one.lastName && holder[1] === one.email;
      if (!isRight) wrong.push(one.resvNameId);
    }
    expect([read, wrong]).toEqual([expected, []]);
  });

  it('knows the rooms that hold guests, the day that is open and who was merged', async () => {
    const [all, day, merges] = [
      await rows(rooms, { resort: 'ALDQ' }),
      await rows(businessDate, { resort: 'ALDQ' }),
      await rows(merged, { since: '2026-01-01 00:00:00' }),
    ];
    expect([all.length, all.some((row) => row[1] === 'PM'), day, merges.length]).toEqual([
      80,
      false,
      [['2026-05-05']],
      hotel.counts.merges,
    ]);
  });

  it('needs nothing that the sandbox does not translate', () => {
    expect(server.stats.rejected).toEqual([]);
  });

  it('finds the same data after the database was restarted', async () => {
    const other = await startOracle({ hotel });
    const restarted = await driver.getConnection({ user: 'hotel_reader', password: 'Lobby-3-kings', connectString: other.url });
    const count = async (one: DriverConnection) => (await one.execute('SELECT COUNT(*) FROM opera.reservation_name')).rows;
    const before = await count(restarted);
    await other.close();
    const gone = await codeOf(restarted.execute('SELECT 1 FROM DUAL'));
    const again = await startOracle({ hotel, port: other.port });
    const fresh = await driver.getConnection({ user: 'hotel_reader', password: 'Lobby-3-kings', connectString: again.url });
    const after = await count(fresh);
    await fresh.close();
    await again.close();
    expect([gone, after]).toEqual(['NJS-500', before]);
  });
});
