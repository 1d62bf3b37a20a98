import type { Random } from '../../hotel/random.ts';
import type { Books } from './books.ts';
import { type Change, changeDates, changeDetail, changeEmail, changeRate, changeRoom, withRoom } from './changes.ts';
import type { Party, Stamp } from './party.ts';
import { categories } from './property.ts';
import type { Quirks } from './quirks.ts';
import type { Day } from './rows.ts';

/** Something that is done with one party, and what follows from it. */
export type Deed = { readonly make: (stamp: Stamp) => Change; readonly onCommit?: () => void; readonly onRollback?: () => void };

export type ErrandOptions = {
  readonly books: Books;
  readonly random: Random;
  readonly quirks: Quirks;
  readonly today: Day;
  /** The days of the stay are others now. */
  readonly onMove: () => void;
};

/** Choose what a guest wants changed: other days, another price, another room, another address, or a word in the reservation. */
export function chooseChange(party: Party, options: ErrandOptions): Deed {
  const { random, quirks, today } = options;
  const from = Math.max(party.arrival, today);
  const roll = random.next();
  if (roll < 0.25) return otherDates(party, options);
  if (roll < 0.5) {
    const rate = Math.round(party.rate * (0.85 + random.next() * 0.3) * 100) / 100;
    return { make: (stamp) => changeRate(party, { rate, from, stamp, isStamped: !random.chance(quirks.quietNights) }) };
  }
  if (roll < 0.7) return otherRoom(party, from, options);
  if (roll < 0.85) {
    const email = `guest.${party.elementSeq}.${random.between(1, 999)}@example.net`;
    return { make: (stamp) => changeEmail(party, { email, stamp, isStamped: !random.chance(quirks.quietProfiles) }) };
  }
  const text = `note ${random.between(1, 9999)}`;
  return { make: (stamp) => changeDetail(party, { text, stamp, isStamped: !random.chance(quirks.quietUpdates) }) };
}

function otherDates(party: Party, { random, books, today, onMove }: ErrandOptions): Deed {
  const isIn = party.status === 'CHECKED IN';
  const shift = isIn ? 0 : random.between(0, 3);
  const arrival = party.arrival + shift;
  const departure = Math.max(arrival + 1, party.departure + shift + random.between(-1, 2), today);
  const before = { room: party.room, arrival: party.arrival, departure: party.departure };
  books.freeRoom(before);
  // Whoever is in a room stays there; for others it may be taken on the new days.
  const room = isIn || party.room === null ? party.room : books.takeRoom({ category: party.category, arrival, departure });
  const after = { room, arrival, departure };
  books.holdRoom(after);
  return {
    make: (stamp) => changeDates(party, after, stamp),
    onCommit: onMove,
    onRollback: () => {
      books.freeRoom(after);
      books.holdRoom(before);
    },
  };
}

function otherRoom(party: Party, from: Day, { random, books }: ErrandOptions): Deed {
  const category = random.chance(0.3) ? random.pick(categories).number : party.category;
  const before = { room: party.room, arrival: from, departure: party.departure };
  const found = books.takeRoom({ category, arrival: from, departure: party.departure });
  const room = found ?? party.room;
  return {
    make: (stamp) => {
      const change = changeRoom(party, { room, category, from, stamp });
      if (party.status !== 'CHECKED IN' || found === null) return change;
      return withRoom(withRoom(change, { room: before.room, stamp, status: 'VAC' }), { room, stamp, status: 'OCC' });
    },
    onCommit: () => {
      if (found !== null) books.freeRoom(before);
    },
    onRollback: () => books.freeRoom({ ...before, room: found }),
  };
}
