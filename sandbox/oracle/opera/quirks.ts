import type { Random } from '../../hotel/random.ts';

/** What is not known of OPERA, or differs between properties, and what makes a source hard to follow. @units shares from 0 to 1 */
export type Quirks = {
  /** Share of the transactions that commit seconds to minutes after their statement, whose stamp they carry. */
  readonly lateCommits: number;
  /** The longest that a transaction stays open. */
  readonly latestCommitMs: number;
  /** Share of the transactions that are rolled back. */
  readonly rollbacks: number;
  /** Share of the corrections of a reservation that leave its UPDATE_DATE alone, as a script of the vendor may. */
  readonly quietUpdates: number;
  /** Share of the changes of a rate that stamp the nights and not the reservation. */
  readonly quietNights: number;
  /** Share of the bookings that have no UPDATE_DATE until they are changed: rows of a migration. */
  readonly nullStamps: number;
  /** Share of the bookings whose UPDATE_DATE lies far ahead until they are changed: somebody's clock was wrong. */
  readonly futureStamps: number;
  /** Share of the changes of an e-mail address that stamp the profile and not the reservation. */
  readonly quietProfiles: number;
};

/** Late commits as they are everywhere; of what is not known, the kind answer. */
export const defaultQuirks: Quirks = {
  lateCommits: 0.15,
  latestCommitMs: 14 * 60_000,
  rollbacks: 0.01,
  quietUpdates: 0,
  quietNights: 0,
  quietProfiles: 0,
  nullStamps: 0,
  futureStamps: 0,
};

/** Draw what a new booking carries as UPDATE_DATE, which for nearly all is the time of its statement. */
export function stampOfBooking(random: Random, { nullStamps, futureStamps }: Quirks, at: string): string | null {
  // Nothing is drawn where nothing is to be odd: so the same seed stays the same hotel.
  if (nullStamps > 0 && random.chance(nullStamps)) return null;
  return futureStamps > 0 && random.chance(futureStamps) ? '2099-12-31 23:59:59' : at;
}

/** What has happened in the hotel, for tests that must know that something has. */
export type HotelCounts = Record<
  | 'bookings'
  | 'changes'
  | 'checkIns'
  | 'checkOuts'
  | 'cancellations'
  | 'reinstated'
  | 'noShows'
  | 'audits'
  | 'merges'
  | 'deletes'
  | 'commits'
  | 'lateCommits'
  | 'rollbacks',
  number
> & { latestMs: number };

export function noCounts(): HotelCounts {
  return {
    bookings: 0,
    changes: 0,
    checkIns: 0,
    checkOuts: 0,
    cancellations: 0,
    reinstated: 0,
    noShows: 0,
    audits: 0,
    merges: 0,
    deletes: 0,
    commits: 0,
    lateCommits: 0,
    rollbacks: 0,
    latestMs: 0,
  };
}
