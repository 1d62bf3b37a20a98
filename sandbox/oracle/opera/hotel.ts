import { seededRandom } from '../../hotel/random.ts';
import { momentOf, type Zone } from '../clock.ts';
import { OracleDatabase } from '../database.ts';
import { Books } from './books.ts';
import { closeDay } from './changes.ts';
import { fillHotel } from './fill.ts';
import { FrontDesk } from './front-desk.ts';
import { propertyRows } from './property.ts';
import { defaultQuirks, type HotelCounts, noCounts, type Quirks } from './quirks.ts';
import type { Day } from './rows.ts';
import { operaTables } from './schema.ts';
import { Timeline } from './timeline.ts';
import { Transactions } from './transactions.ts';
import { readTruth, type TrueReservation } from './truth.ts';

export type OperaHotelOptions = {
  /** Decides everything: the same seed and the same times give the same hotel. */
  readonly seed?: number;
  readonly resort?: string;
  readonly owner?: string;
  readonly rooms?: number;
  readonly bookingsPerDay?: number;
  /** The zone of the property and of the clock of its database server. */
  readonly zone?: Zone;
  /** The clock that the hotel follows, as fast as it likes; where absent the hotel has its own, which `advance` moves. */
  readonly now?: () => number;
  /** Where its own clock begins. */
  readonly startAtMs?: number;
  readonly quirks?: Partial<Quirks>;
  /** Another property of the same chain: this one is in its database and in its tables, and follows its clock. */
  readonly neighbourOf?: OperaHotel;
};

export type OperaHotel = {
  readonly database: OracleDatabase;
  readonly owner: string;
  readonly resort: string;
  readonly counts: Readonly<HotelCounts>;
  /** The ids of reservations that were there and are no more. */
  readonly deleted: ReadonlySet<number>;
  /** The hotel's own time. */
  nowMs(): number;
  /** Put so many reservations into the past, the house and the time to come, in bulk; their stamps are those of their last change. */
  fill(reservations: number): { readonly reservations: number; readonly rows: number };
  /** Let this much time pass, with everything that happens in it. */
  advance(ms: number): void;
  runUntil(atMs: number): void;
  /** Let everything happen that is due by the clock it follows; reading the database does so by itself. */
  step(): void;
  /** End all transactions that are open, now: after this the truth is what anybody can read. */
  settle(): void;
  truth(): Generator<TrueReservation>;
  close(): void;
};

const auditHour = 3;
/** An audit writes its rows under one stamp and commits when it is through with the last. */
const auditMs = 90_000;

/** A neighbour's ids begin here: a chain numbers all its reservations and profiles in one row. */
const neighbourIdsFrom = 500_000_000;

/** Open an OPERA property that lives: a database with its tables, and people who change it. */
export function createOperaHotel(options: OperaHotelOptions = {}): OperaHotel {
  const { neighbourOf } = options;
  const clock = neighbourOf ? () => neighbourOf.nowMs() : options.now;
  const owner = neighbourOf?.owner ?? options.owner ?? 'OPERA';
  const { seed = 1, resort = 'ALDQ', rooms = 40, bookingsPerDay = 20, zone = 'Europe/Amsterdam' } = options;
  const random = seededRandom(seed);
  const counts = noCounts();
  const timeline = new Timeline();
  const deleted = new Set<number>();
  const quirks = { ...defaultQuirks, ...options.quirks };
  let atMs = clock?.() ?? options.startAtMs ?? Date.now();
  const now = () => atMs;
  const database = neighbourOf?.database ?? new OracleDatabase({ now: clock ?? now, zone });
  if (!neighbourOf) database.create(owner, operaTables);
  const books = new Books(random, { rooms, idsFrom: neighbourOf ? neighbourIdsFrom : 0 });
  const transactions = new Transactions({ database, owner, resort, timeline, random, quirks, counts });
  const desk = new FrontDesk({ books, transactions, timeline, random, quirks, counts, zone, now, onDelete: (id) => deleted.add(id) });

  const closeBusinessDay = (day: Day) => {
    const free = [...books.parties.values()].filter(({ isLocked }) => !isLocked);
    const noShows = free.filter(({ status, arrival }) => status === 'RESERVED' && arrival <= day);
    const inHouse = free.filter(({ status }) => status === 'CHECKED IN');
    transactions.begin(atMs, {
      parties: [...noShows, ...inHouse],
      make: (stamp) => closeDay(day, { stamp, noShows, inHouse }),
      commitsAfterMs: auditMs,
      onCommit: () => {
        counts.audits += 1;
        counts.noShows += noShows.length;
        for (const party of noShows) books.leave(party);
      },
    });
  };
  /** Plan a day between its business-day change and the next: who calls when, and what is tidied up. */
  const planDay = (day: Day) => {
    const fromMs = Math.max(atMs, momentOf(zone, day, 0));
    const endMs = momentOf(zone, day + 1, 0);
    const share = (endMs - fromMs) / (endMs - momentOf(zone, day, 0));
    const plan = (count: number, act: () => void) => {
      const whole = Math.floor(count) + (random.chance(count % 1) ? 1 : 0);
      for (let at = 0; at < whole; at += 1) timeline.plan(fromMs + random.next() * (endMs - fromMs), act);
    };
    plan(bookingsPerDay * share, () => desk.takeBooking());
    plan(bookingsPerDay * 0.01 * share, () => desk.mergeProfiles());
    plan(bookingsPerDay * 0.02 * share, () => desk.purge());
    timeline.plan(momentOf(zone, day + 1, auditHour), () => closeBusinessDay(day));
    timeline.plan(endMs, () => planDay(day + 1));
  };
  const runUntil = (untilMs: number) => {
    while (timeline.nextMs <= untilMs) {
      const next = timeline.take();
      if (!next) break;
      atMs = Math.max(atMs, next.atMs);
      next.run();
    }
    atMs = Math.max(atMs, untilMs);
  };
  const step = () => {
    if (clock) runUntil(clock());
  };

  transactions.write({
    rows: propertyRows({ stamp: transactions.stamp(atMs), rooms: books.rooms, businessDay: desk.today, zone }),
    apply: () => undefined,
  });
  planDay(desk.today);
  // Whoever reads finds all that was committed by then, however seldom the hotel is stepped.
  const others = database.onStatement;
  database.onStatement = () => {
    others();
    step();
  };
  return {
    database,
    owner,
    resort,
    counts,
    deleted,
    nowMs: now,
    fill: (reservations) =>
      fillHotel({ reservations, bookingsPerDay, database, owner, books, desk, transactions, random, quirks, zone, nowMs: atMs }),
    advance: (ms) => {
      if (clock) throw new RangeError('this hotel follows a clock: step it instead');
      runUntil(atMs + ms);
    },
    runUntil,
    step,
    settle: () => transactions.endAll(),
    truth: () => readTruth(database, { owner, resort }),
    close: () => {
      if (!neighbourOf) database.close();
    },
  };
}
