import type { Random } from '../../hotel/random.ts';
import { momentOf, wallDate, type Zone } from '../clock.ts';
import type { Booked, Books } from './books.ts';
import { book, merge, moveTo, remove, withRoom } from './changes.ts';
import { chooseChange, type Deed } from './errands.ts';
import { profileRows } from './guests.ts';
import type { Party, Status } from './party.ts';
import { type HotelCounts, type Quirks, stampOfBooking } from './quirks.ts';
import { type Day, dayOf } from './rows.ts';
import type { Timeline } from './timeline.ts';
import type { Transactions } from './transactions.ts';

export type FrontDeskOptions = {
  readonly books: Books;
  readonly transactions: Transactions;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly quirks: Quirks;
  readonly counts: HotelCounts;
  readonly zone: Zone;
  readonly now: () => number;
  /** Told of every reservation that is gone for good. */
  readonly onDelete: (resvNameId: number) => void;
};

const hourMs = 3_600_000;
/** How long somebody waits who finds that a colleague has a reservation open. */
const patienceMs = 45_000;

/** What the people at the desk do with reservations, and when. */
export class FrontDesk {
  readonly #options: FrontDeskOptions;

  constructor(options: FrontDeskOptions) {
    this.#options = options;
  }

  get today(): Day {
    return dayOf(wallDate(this.#options.zone, this.#options.now()));
  }

  /** Take a booking: for tonight or for later, for a day only, a question that may become one, or a bill for a group. */
  takeBooking(): void {
    const { books, random, counts, quirks } = this.#options;
    const roll = random.next();
    const isDayUse = roll < 0.03;
    const isPostingMaster = roll >= 0.97;
    const status: Status = roll < 0.08 && !isDayUse ? 'PROSPECT' : roll < 0.1 && !isDayUse ? 'WAITLIST' : 'RESERVED';
    const leadDays = isDayUse || isPostingMaster ? 0 : Math.min(60, Math.floor(-Math.log(1 - random.next()) * 9));
    const arrival = this.today + leadDays;
    const departure = arrival + (isDayUse ? 0 : 1 + Math.min(6, Math.floor(-Math.log(1 - random.next()) * 1.6)));
    const booked = books.invent({ arrival, departure, status, isPostingMaster });
    const { party, newProfiles } = booked;
    this.#begin(party, {
      make: (stamp) =>
        book(party, {
          stamp,
          updatedAt: stampOfBooking(random, quirks, stamp.at),
          profiles: newProfiles.flatMap((profile) => profileRows(profile, stamp)),
        }),
      onCommit: () => {
        counts.bookings += 1;
        this.adopt(booked);
      },
      onRollback: () => books.drop(party),
    });
  }

  /** Plan what becomes of a party that is booked or in the house. */
  adopt(booked: Booked): void {
    const { books, random, timeline, zone } = this.#options;
    const { party } = booked;
    books.enter(booked);
    if (party.status === 'PROSPECT' || party.status === 'WAITLIST') {
      timeline.plan(this.#soon(random.between(4, 96)), () => this.#settle(party));
      return;
    }
    const endMs = momentOf(zone, Math.max(party.departure, this.today), 6);
    for (let changes = random.between(0, 4); changes > 0; changes -= 1) {
      timeline.plan(this.#between(endMs), () => this.#change(party));
    }
    if (party.status === 'RESERVED' && random.chance(0.13)) {
      timeline.plan(this.#between(momentOf(zone, party.arrival, 13)), () => this.#cancel(party));
    }
    this.#planStay(party);
  }

  /** Merge two profiles of the same guest. */
  mergeProfiles(): void {
    const { books, transactions, counts, now } = this.#options;
    const pair = books.hasProfiles ? books.twoProfiles() : null;
    if (!pair) return;
    const [from, to] = pair;
    books.retire(from);
    transactions.begin(now(), {
      parties: [],
      make: (stamp) => ({ rows: merge({ from, to, stamp }), apply: () => books.merged(from, to) }),
      onCommit: () => {
        counts.merges += 1;
      },
      commitsAfterMs: 400,
    });
  }

  /** Purge a reservation that is over. */
  purge(): void {
    const { books, random } = this.#options;
    const old = books.past.filter((party) => !party.isLocked && party.status !== 'CHECKED IN');
    if (old.length > 0) this.#delete(random.pick(old));
  }

  #begin(party: Party, { make, onCommit, onRollback }: Deed): void {
    const { transactions, now } = this.#options;
    transactions.begin(now(), { parties: [party], make, ...(onCommit && { onCommit }), ...(onRollback && { onRollback }) });
  }

  /** Do something with a party, or come back later when a colleague has it open. */
  #with(party: Party, act: () => void): void {
    const { timeline, now } = this.#options;
    if (party.isLocked) timeline.plan(now() + patienceMs, () => this.#with(party, act));
    else act();
  }

  #soon(hours: number): number {
    return this.#options.now() + hours * hourMs * (0.5 + this.#options.random.next());
  }

  #between(endMs: number): number {
    const nowMs = this.#options.now();
    return nowMs + Math.max(60_000, (endMs - nowMs) * this.#options.random.next());
  }

  #planStay(party: Party): void {
    const { random, timeline, zone, now } = this.#options;
    const { arrival, departure } = party;
    const isDayUse = arrival === departure;
    const arriveMs = momentOf(zone, arrival, isDayUse ? 9 : 13 + random.next() * 9);
    const leaveMs = momentOf(zone, departure, isDayUse ? 17 : 7 + random.next() * 4.5);
    if (party.status === 'RESERVED') timeline.plan(Math.max(arriveMs, now() + 60_000), () => this.#checkIn(party));
    // Who leaves must have come: their check-in plans it.
    else timeline.plan(Math.max(leaveMs, now() + hourMs), () => this.#checkOut(party));
  }

  #checkIn(party: Party): void {
    const { random, books, counts } = this.#options;
    // Of those who do not come the night audit makes no-shows.
    const isPlanned = party.status === 'RESERVED' && party.arrival <= this.today;
    if (!isPlanned || random.chance(0.04)) return;
    this.#with(party, () => {
      if (party.status !== 'RESERVED' || party.arrival > this.today) return;
      const room = party.room ?? books.takeRoom(party);
      this.#begin(party, {
        make: (stamp) => withRoom(moveTo(party, 'CHECKED IN', { stamp, room }), { room, stamp, status: 'OCC' }),
        onCommit: () => {
          counts.checkIns += 1;
          this.#planStay(party);
        },
        onRollback: () => this.#options.timeline.plan(this.#options.now() + patienceMs, () => this.#checkIn(party)),
      });
    });
  }

  #checkOut(party: Party): void {
    this.#with(party, () => {
      const { books, counts, timeline, now } = this.#options;
      if (party.status !== 'CHECKED IN' || party.departure > this.today) return;
      this.#begin(party, {
        make: (stamp) => withRoom(moveTo(party, 'CHECKED OUT', { stamp }), { room: party.room, stamp, status: 'VAC' }),
        onCommit: () => {
          counts.checkOuts += 1;
          books.leave(party);
        },
        onRollback: () => timeline.plan(now() + patienceMs, () => this.#checkOut(party)),
      });
    });
  }

  #cancel(party: Party): void {
    this.#with(party, () => {
      const { books, counts, random, timeline } = this.#options;
      if (party.status !== 'RESERVED') return;
      this.#begin(party, {
        make: (stamp) => moveTo(party, 'CANCELLED', { stamp, room: null }),
        onCommit: () => {
          counts.cancellations += 1;
          books.leave(party);
          if (random.chance(0.1)) timeline.plan(this.#soon(8), () => this.#reinstate(party));
        },
      });
    });
  }

  #reinstate(party: Party): void {
    this.#with(party, () => {
      const { counts } = this.#options;
      if (party.status !== 'CANCELLED' || party.arrival <= this.today || !this.#options.books.past.includes(party)) return;
      this.#begin(party, {
        make: (stamp) => moveTo(party, 'RESERVED', { stamp }),
        onCommit: () => {
          counts.reinstated += 1;
          this.#options.books.past.splice(this.#options.books.past.indexOf(party), 1);
          this.adopt({ party, newProfiles: [] });
        },
      });
    });
  }

  /** A question becomes a booking, or nothing. */
  #settle(party: Party): void {
    this.#with(party, () => {
      if (this.#options.random.chance(0.4) || party.arrival < this.today) return this.#delete(party);
      this.#begin(party, {
        make: (stamp) => moveTo(party, 'RESERVED', { stamp }),
        onCommit: () => {
          this.#options.counts.changes += 1;
          this.adopt({ party, newProfiles: [] });
        },
      });
    });
  }

  #delete(party: Party): void {
    const { books, counts, onDelete } = this.#options;
    this.#begin(party, {
      make: (stamp) => remove(party, stamp),
      onCommit: () => {
        counts.deletes += 1;
        books.forget(party);
        for (const { resvNameId } of party.members) onDelete(resvNameId);
      },
    });
  }

  #change(party: Party): void {
    this.#with(party, () => {
      const isOpen = party.status === 'RESERVED' || party.status === 'CHECKED IN';
      if (!isOpen || party.isPostingMaster || party.departure < this.today) return;
      const { make, onCommit, onRollback } = chooseChange(party, {
        ...this.#options,
        today: this.today,
        onMove: () => this.#planStay(party),
      });
      this.#begin(party, {
        make,
        onCommit: () => {
          this.#options.counts.changes += 1;
          onCommit?.();
        },
        ...(onRollback && { onRollback }),
      });
    });
  }
}
