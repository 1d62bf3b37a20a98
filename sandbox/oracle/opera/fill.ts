import type { Database, Statement } from 'better-sqlite3';
import type { Random } from '../../hotel/random.ts';
import type { Zone } from '../clock.ts';
import { wallDate } from '../clock.ts';
import type { OracleDatabase } from '../database.ts';
import { timeText } from '../values.ts';
import type { Booked, Books } from './books.ts';
import type { FrontDesk } from './front-desk.ts';
import { profileRows } from './guests.ts';
import { nightRows, type Party, reservationRow, type Stamp, type Status } from './party.ts';
import { type Quirks, stampOfBooking } from './quirks.ts';
import { type Cells, type Day, dateOf } from './rows.ts';
import type { Transactions } from './transactions.ts';

export type Filling = {
  readonly reservations: number;
  readonly bookingsPerDay: number;
  readonly database: OracleDatabase;
  readonly owner: string;
  readonly books: Books;
  readonly desk: FrontDesk;
  readonly transactions: Transactions;
  readonly random: Random;
  readonly quirks: Quirks;
  readonly zone: Zone;
  readonly nowMs: number;
};

/** Parties a commit: enough to be fast, few enough that a commit stays a thing of a second. */
const batchParties = 5000;
/** Below this, keeping the indexes costs less than building them. */
const indexedReservations = 20_000;

/** Fill a hotel with the bookings of the days before: most of them are over, some are in the house, some are to come. */
export function fillHotel(filling: Filling): { readonly reservations: number; readonly rows: number } {
  return filling.reservations < indexedReservations ? fill(filling) : filling.database.withoutIndexes(() => fill(filling));
}

function fill(filling: Filling): { readonly reservations: number; readonly rows: number } {
  const { reservations, database, owner, books, desk, random, quirks } = filling;
  let made = 0;
  let rows = 0;
  while (made < reservations) {
    rows += database.commit((sqlite, scn) => {
      const writer = new BulkWriter(sqlite, { owner, scn });
      for (let party = 0; party < batchParties && made < reservations; party += 1) {
        const { booked, stamp } = inventPast(filling, made);
        write(writer, booked, { stamp, updatedAt: stampOfBooking(random, quirks, stamp.at) });
        made += booked.party.members.length;
        if (isOver(booked.party)) books.remember(booked);
        else desk.adopt(booked);
      }
      return writer.rows;
    });
  }
  return { reservations: made, rows };
}

function isOver({ status }: Party): boolean {
  return status === 'CHECKED OUT' || status === 'CANCELLED' || status === 'NO SHOW';
}

/** Invent the n-th party of the past, with the stamp of the last that has happened to it. */
function inventPast({ reservations, bookingsPerDay, books, desk, random, transactions, zone, nowMs }: Filling, made: number) {
  const { today } = desk;
  const bookedOn = today - 1 - Math.floor((reservations - 1 - made) / bookingsPerDay);
  const arrival = bookedOn + Math.min(60, Math.floor(-Math.log(1 - random.next()) * 9));
  const departure = arrival + (random.chance(0.03) ? 0 : 1 + Math.min(6, Math.floor(-Math.log(1 - random.next()) * 1.2)));
  const status = statusOf({ arrival, departure, today, random });
  const isPostingMaster = random.chance(0.01) && status === 'CHECKED OUT';
  const booked = books.invent({ arrival, departure, status, isPostingMaster, isPast: departure < today });
  const last: Day = status === 'CHECKED IN' ? arrival : status === 'CHECKED OUT' ? departure : bookedOn;
  const at = `${dateOf(last).slice(0, 10)} ${timeText(random.between(8 * 3600, 22 * 3600) * 1000).slice(11)}`;
  const wall = wallDate(zone, nowMs);
  const stamp: Stamp = { ...transactions.stamp(nowMs), at: at < wall ? at : wall };
  return { booked, stamp };
}

function statusOf({
  arrival,
  departure,
  today,
  random,
}: {
  readonly arrival: Day;
  readonly departure: Day;
  readonly today: Day;
  readonly random: Random;
}): Status {
  const roll = random.next();
  if (departure < today) return roll < 0.86 ? 'CHECKED OUT' : roll < 0.98 ? 'CANCELLED' : 'NO SHOW';
  if (roll < 0.08) return 'CANCELLED';
  if (arrival < today) return 'CHECKED IN';
  return roll < 0.12 ? 'PROSPECT' : 'RESERVED';
}

function write(
  writer: BulkWriter,
  { party, newProfiles }: Booked,
  { stamp, updatedAt }: { readonly stamp: Stamp; readonly updatedAt: string | null },
): void {
  const history = { ...historyOf(party, stamp), UPDATE_DATE: updatedAt };
  for (const profile of newProfiles)
    for (const row of profileRows(profile, stamp)) if (row.kind === 'insert') writer.insert(row.table, row.values);
  for (const member of party.members) writer.insert('RESERVATION_NAME', { ...reservationRow(party, member, stamp), ...history });
  for (const row of nightRows(party, stamp)) if (row.kind === 'insert') writer.insert(row.table, row.values);
}

/** What OPERA has noted on the way to a status. */
function historyOf({ arrival, status }: Party, { at }: Stamp): Cells {
  const isIn = status === 'CHECKED IN' || status === 'CHECKED OUT';
  return {
    ACTUAL_CHECK_IN_DATE: isIn ? `${dateOf(arrival).slice(0, 10)} 15:20:00` : null,
    ACTUAL_CHECK_OUT_DATE: status === 'CHECKED OUT' ? at : null,
    CANCELLATION_DATE: status === 'CANCELLED' ? at : null,
  };
}

/** Inserts rows as fast as SQLite takes them: every row of a table has the same columns in the same order. */
class BulkWriter {
  readonly #sqlite: Database;
  readonly #owner: string;
  readonly #scn: number;
  readonly #inserts = new Map<string, Statement>();
  rows = 0;

  constructor(sqlite: Database, { owner, scn }: { readonly owner: string; readonly scn: number }) {
    this.#sqlite = sqlite;
    this.#owner = owner;
    this.#scn = scn;
  }

  insert(table: string, values: Cells): void {
    this.rows += 1;
    (this.#inserts.get(table) ?? this.#prepare(table, Object.keys(values))).run(...Object.values(values), this.#scn);
  }

  #prepare(table: string, names: readonly string[]): Statement {
    const columns = [...names.map((name) => `"${name}"`), 'ORA_ROWSCN'];
    const statement = this.#sqlite.prepare(
      `INSERT INTO "${this.#owner}.${table}" (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
    this.#inserts.set(table, statement);
    return statement;
  }
}
