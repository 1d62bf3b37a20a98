import { afterEach, describe, expect, it } from 'vitest';
import { createOperaHotel, type OperaHotel, startOracle } from '../index.ts';
import { type DriverConnection, drivers } from '../testing.ts';
import type { OperaHotelOptions } from './hotel.ts';
import type { TrueReservation } from './truth.ts';

const dayMs = 86_400_000;
const startAtMs = Date.parse('2026-03-20T07:00:00Z');
const hotels: OperaHotel[] = [];
afterEach(() => {
  for (const hotel of hotels.splice(0)) hotel.close();
});

function opened(options: OperaHotelOptions = {}): OperaHotel {
  const hotel = createOperaHotel({ seed: 11, rooms: 120, bookingsPerDay: 60, startAtMs, ...options });
  hotels.push(hotel);
  return hotel;
}

function select(hotel: OperaHotel, sql: string): Record<string, unknown>[] {
  const reader = hotel.database.connect();
  const rows = reader.prepare(sql.replaceAll(/opera\.([A-Z_$]+)/g, '"OPERA.$1"')).all();
  reader.close();
  return rows as Record<string, unknown>[];
}

describe('an OPERA property that lives', () => {
  it('has of everything that makes a property hard to read', () => {
    const hotel = opened();
    hotel.fill(2000);
    hotel.advance(12 * dayMs);
    hotel.settle();
    const truth = [...hotel.truth()];
    const seen = new Set(truth.flatMap(({ kind, status }) => [kind, status]));
    const happened = Object.entries(hotel.counts).filter(([, count]) => count === 0);
    expect([happened, [...seen].sort(), truth.some(({ arrival, departure }) => arrival === departure)]).toEqual([
      [],
      ['CANCELLED', 'CHECKED IN', 'CHECKED OUT', 'NO SHOW', 'PROSPECT', 'RESERVED', 'WAITLIST', 'companion', 'guest', 'postingMaster'],
      true,
    ]);
  });

  it('keeps its books in order: nights, sharers, companions, profiles, rooms, one open day', () => {
    const hotel = opened();
    hotel.fill(1000);
    hotel.advance(10 * dayMs);
    hotel.settle();
    const count = (sql: string) => Object.values(select(hotel, sql)[0] ?? {})[0];
    const wrong = {
      'nights that are missing or too many': count(
        `SELECT count(*) FROM opera.RESERVATION_NAME r WHERE r.NAME_USAGE_TYPE = 'DG' AND julianday(r.TRUNC_END_DATE) - julianday(r.TRUNC_BEGIN_DATE) + 1 <>
          (SELECT count(*) FROM opera.RESERVATION_DAILY_ELEMENT_NAME d WHERE d.RESV_NAME_ID = r.RESV_NAME_ID AND d.RESERVATION_DATE BETWEEN r.TRUNC_BEGIN_DATE AND r.TRUNC_END_DATE)`,
      ),
      'nights without a room day': count(
        `SELECT count(*) FROM opera.RESERVATION_DAILY_ELEMENT_NAME d WHERE NOT EXISTS (SELECT 1 FROM opera.RESERVATION_DAILY_ELEMENTS e
          WHERE e.RESERVATION_DATE = d.RESERVATION_DATE AND e.RESV_DAILY_EL_SEQ = d.RESV_DAILY_EL_SEQ)`,
      ),
      'room days of nobody': count(
        `SELECT count(*) FROM opera.RESERVATION_DAILY_ELEMENTS e WHERE NOT EXISTS (SELECT 1 FROM opera.RESERVATION_DAILY_ELEMENT_NAME d
          WHERE e.RESERVATION_DATE = d.RESERVATION_DATE AND e.RESV_DAILY_EL_SEQ = d.RESV_DAILY_EL_SEQ)`,
      ),
      'companions of nobody': count(
        `SELECT count(*) FROM opera.RESERVATION_NAME a WHERE a.NAME_USAGE_TYPE = 'AG' AND NOT EXISTS
          (SELECT 1 FROM opera.RESERVATION_NAME r WHERE r.RESV_NAME_ID = a.PARENT_RESV_NAME_ID AND r.RESV_STATUS = a.RESV_STATUS)`,
      ),
      'guests without a profile': count(
        `SELECT count(*) FROM opera.RESERVATION_NAME r WHERE NOT EXISTS (SELECT 1 FROM opera.NAME n WHERE n.NAME_ID = r.NAME_ID)`,
      ),
      'nights outside of a stay': count(
        `SELECT count(*) FROM opera.RESERVATION_DAILY_ELEMENT_NAME d WHERE NOT EXISTS (SELECT 1 FROM opera.RESERVATION_NAME r
          WHERE r.RESV_NAME_ID = d.RESV_NAME_ID AND d.RESERVATION_DATE BETWEEN r.TRUNC_BEGIN_DATE AND r.TRUNC_END_DATE)`,
      ),
      'room days in another status than their guest': count(
        `SELECT count(*) FROM opera.RESERVATION_DAILY_ELEMENTS e JOIN opera.RESERVATION_DAILY_ELEMENT_NAME d
          ON d.RESERVATION_DATE = e.RESERVATION_DATE AND d.RESV_DAILY_EL_SEQ = e.RESV_DAILY_EL_SEQ
          JOIN opera.RESERVATION_NAME r ON r.RESV_NAME_ID = d.RESV_NAME_ID WHERE e.RESV_STATUS <> r.RESV_STATUS`,
      ),
      'guests who should have left': count(
        `SELECT count(*) FROM opera.RESERVATION_NAME WHERE RESV_STATUS = 'CHECKED IN' AND TRUNC_END_DATE < '2026-03-30'`,
      ),
      'guests in the house without a check-in': count(
        `SELECT count(*) FROM opera.RESERVATION_NAME WHERE RESV_STATUS = 'CHECKED IN' AND ACTUAL_CHECK_IN_DATE IS NULL`,
      ),
    };
    const sharers = count(
      `SELECT count(*) FROM (SELECT 1 FROM opera.RESERVATION_DAILY_ELEMENT_NAME GROUP BY RESERVATION_DATE, RESV_DAILY_EL_SEQ HAVING count(*) = 2)`,
    );
    const open = select(hotel, `SELECT BUSINESS_DATE AS day FROM opera.BUSINESSDATE WHERE STATE = 'OPEN'`);
    expect([Object.entries(wrong).filter(([, found]) => found !== 0), Number(sharers) > 50, open]).toEqual([
      [],
      true,
      [{ day: '2026-03-30 00:00:00' }],
    ]);
  });

  it('stamps many rows with the one second of its night audit, and shows them only when the audit has committed', () => {
    const hotel = opened();
    hotel.fill(2000);
    // 03:00 in Amsterdam.
    hotel.runUntil(Date.parse('2026-03-21T02:01:00Z'));
    const stamped = () =>
      Number(select(hotel, `SELECT count(*) AS n FROM opera.RESERVATION_NAME WHERE UPDATE_DATE = '2026-03-21 03:00:00'`)[0]?.n);
    const before = stamped();
    hotel.advance(60_000);
    expect([before, stamped() > 40]).toEqual([0, true]);
  });

  it('commits rows whose stamp is older than rows that could be read before', () => {
    const hotel = opened({ bookingsPerDay: 400 });
    hotel.fill(2000);
    let late = 0;
    let newest = '';
    let lastScn = hotel.database.scn;
    for (let minute = 0; minute < 400; minute += 1) {
      hotel.advance(60_000);
      const rows = select(hotel, `SELECT UPDATE_DATE AS at FROM opera.RESERVATION_NAME WHERE ORA_ROWSCN > ${lastScn}`) as { at: string }[];
      late += rows.filter(({ at }) => at < newest).length;
      newest = rows.reduce((max, { at }) => (at > max ? at : max), newest);
      lastScn = hotel.database.scn;
    }
    expect([late > 10, hotel.counts.latestMs > 5 * 60_000, hotel.counts.latestMs <= 14 * 60_000]).toEqual([true, true, true]);
  });

  it('is the same hotel for the same seed, however its time is cut', () => {
    const [one, other, third] = [opened(), opened(), opened({ seed: 12 })];
    for (const hotel of [one, other, third]) hotel.fill(300);
    one.advance(3 * dayMs);
    for (let hour = 0; hour < 72; hour += 1) other.advance(dayMs / 24);
    third.advance(3 * dayMs);
    for (const hotel of [one, other, third]) hotel.settle();
    const [first, second, different] = [one, other, third].map((hotel) => [...hotel.truth()]);
    expect([second, different?.length === first?.length && different?.[5]?.totalMinor === first?.[5]?.totalMinor]).toEqual([first, false]);
  });

  it('forgets deleted reservations, and tells which they were', () => {
    const hotel = opened();
    hotel.fill(500);
    hotel.advance(8 * dayMs);
    hotel.settle();
    const left = new Set([...hotel.truth()].map(({ resvNameId }) => resvNameId));
    expect([hotel.deleted.size > 5, [...hotel.deleted].filter((id) => left.has(id))]).toEqual([true, []]);
  });

  it('leaves stamps alone where a property does, if it is asked to', () => {
    const hotel = opened({ quirks: { quietUpdates: 1, quietNights: 1, quietProfiles: 1 } });
    hotel.fill(1000);
    const before = hotel.database.scn;
    hotel.advance(dayMs / 3);
    const quiet = select(
      hotel,
      `SELECT count(*) AS n FROM opera.RESERVATION_NAME WHERE ORA_ROWSCN > ${before} AND UDFC01 IS NOT NULL AND UPDATE_DATE < '2026-03-20'`,
    );
    expect(Number(quiet[0]?.n)).toBeGreaterThan(5);
  });

  it('has rows without a stamp and rows of the year 2099, if it is asked to', () => {
    const hotel = opened({ quirks: { nullStamps: 0.05, futureStamps: 0.05 } });
    hotel.fill(500);
    hotel.advance(dayMs);
    const odd = `SELECT sum(UPDATE_DATE IS NULL) AS none, sum(UPDATE_DATE > '2090') AS ahead FROM opera.RESERVATION_NAME`;
    const [{ none, ahead }] = select(hotel, odd) as [{ none: number; ahead: number }];
    expect([none > 5, ahead > 5]).toEqual([true, true]);
  });

  it('shares its database with another property of the chain, and neither has rows of the other', () => {
    const hotel = opened();
    const neighbour = createOperaHotel({ neighbourOf: hotel, resort: 'BRIX', seed: 3, rooms: 30, bookingsPerDay: 40 });
    hotel.fill(200);
    neighbour.fill(100);
    hotel.advance(dayMs);
    neighbour.step();
    const [own, other] = [[...hotel.truth()], [...neighbour.truth()]].map((all) => new Set(all.map(({ resvNameId }) => resvNameId)));
    const all = select(hotel, 'SELECT count(*) AS n FROM opera.RESERVATION_NAME')[0]?.n;
    expect([own!.size >= 200, other!.size >= 110, all, [...own!].some((id) => other!.has(id))]).toEqual([
      true,
      true,
      own!.size + other!.size,
      false,
    ]);
  });
});

type Ledger = Map<number, string>;

/** The plainest sync that can be right: pages by stamp and id from some time before the last pass, and a sweep over all ids. */
async function readChanges(connection: DriverConnection, ledger: Ledger, since: string): Promise<void> {
  const page = `SELECT resv_name_id, resv_status, name_id, TO_CHAR(trunc_begin_date,'YYYY-MM-DD'), TO_CHAR(update_date,'YYYY-MM-DD HH24:MI:SS')
    FROM opera.reservation_name WHERE resort = 'ALDQ' AND update_date >= TO_DATE(:p,'YYYY-MM-DD HH24:MI:SS')
    AND (update_date > TO_DATE(:p,'YYYY-MM-DD HH24:MI:SS') OR resv_name_id > :k) ORDER BY update_date, resv_name_id FETCH FIRST 200 ROWS ONLY`;
  for (let at = since, key = 0, isMore = true; isMore; ) {
    const { rows = [] } = await connection.execute(page, [at, at, key]);
    for (const row of rows) {
      ledger.set(Number(row[0]), row.slice(1, 4).join(' '));
      [at, key] = [String(row[4]), Number(row[0])];
    }
    isMore = rows.length === 200;
  }
}

async function keysOf(connection: DriverConnection): Promise<Set<number>> {
  const { rows = [] } = await connection.execute("SELECT resv_name_id FROM opera.reservation_name WHERE resort = 'ALDQ'", [], {
    fetchArraySize: 1000,
  });
  return new Set(rows.map(([id]) => Number(id)));
}

const truthOf = (hotel: OperaHotel) =>
  new Map(
    [...hotel.truth()].map(({ resvNameId, status, nameId, arrival }: TrueReservation) => [resvNameId, `${status} ${nameId} ${arrival}`]),
  );

describe.each(drivers)('a reader with the driver $versionString, while the hotel lives', (driver) => {
  it('finds every final state with an overlap, and misses some without', async () => {
    const hotel = opened({ bookingsPerDay: 300, quirks: { lateCommits: 0.5 } });
    hotel.fill(1500);
    const server = await startOracle({ hotel });
    const connection = await driver.getConnection({ user: 'hotel_reader', password: 'Lobby-3-kings', connectString: server.url });
    const clock = async () =>
      String((await connection.execute("SELECT TO_CHAR(SYSDATE - :d / 1440,'YYYY-MM-DD HH24:MI:SS') FROM DUAL", [0])).rows?.[0]?.[0]);
    const overlapped = async (minutes: number) =>
      String((await connection.execute("SELECT TO_CHAR(SYSDATE - :d / 1440,'YYYY-MM-DD HH24:MI:SS') FROM DUAL", [minutes])).rows?.[0]?.[0]);
    const [careful, naive]: [Ledger, Ledger] = [new Map(), new Map()];
    await readChanges(connection, careful, '1900-01-01 00:00:00');
    await readChanges(connection, naive, '1900-01-01 00:00:00');
    let [mark, bare] = [await overlapped(15), await clock()];
    for (let pass = 0; pass < 150; pass += 1) {
      hotel.advance(5 * 60_000);
      const [nextMark, nextBare] = [await overlapped(15), await clock()];
      await readChanges(connection, careful, mark);
      await readChanges(connection, naive, bare);
      [mark, bare] = [nextMark, nextBare];
    }
    hotel.settle();
    await readChanges(connection, careful, mark);
    await readChanges(connection, naive, bare);
    const left = await keysOf(connection);
    for (const ledger of [careful, naive]) for (const id of ledger.keys()) if (!left.has(id)) ledger.delete(id);
    await connection.close();
    await server.close();
    const truth = truthOf(hotel);
    // Most of what it overlooks is changed again later; these stay wrong.
    const missed = [...truth].filter(([id, state]) => naive.get(id) !== state).length;
    expect([careful.size, [...truth].filter(([id, state]) => careful.get(id) !== state), missed > 5, server.stats.rejected]).toEqual([
      truth.size,
      [],
      true,
      [],
    ]);
  });

  it('sees at any moment what is committed by the clock that the hotel follows', async () => {
    let nowMs = startAtMs;
    const hotel = opened({ now: () => nowMs, bookingsPerDay: 2000 });
    const server = await startOracle({ hotel });
    const connection = await driver.getConnection({ user: 'hotel_reader', password: 'Lobby-3-kings', connectString: server.url });
    const count = async () => Number((await connection.execute('SELECT COUNT(*) FROM opera.reservation_name')).rows?.[0]?.[0]);
    const counts = [await count()];
    for (let hour = 0; hour < 3; hour += 1) {
      nowMs += 3_600_000;
      counts.push(await count());
    }
    await connection.close();
    await server.close();
    expect([counts[0], counts.every((one, at) => at === 0 || one > (counts[at - 1] ?? 0) + 40)]).toEqual([0, true]);
  });
});
