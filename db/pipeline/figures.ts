import { daysBetween } from '../../contract/day.ts';

/** What figures need of a booking. @units `amount` in minor units of `currency`; `leadDays` from the booking to the arrival. */
export type Stay = {
  readonly day: string | null;
  readonly until: string | null;
  readonly state: string | null;
  readonly amount: number | null;
  readonly currency: string | null;
  readonly leadDays: number | null;
};

/** Fields that follow from several bookings, by their names in the record. One that cannot be said is left out. */
export type Figures = Readonly<Record<string, number | string>>;

const hasStayed = ({ state }: Stay) => state === 'checked_in' || state === 'checked_out';

/**
 * Work out the figures of each booking among all of its guest: stays and no-shows that began on an earlier day.
 * @returns for a booking none where there were none: one without a history has no figures, so a first import makes no second version of it.
 */
export function bookingFigures(all: readonly Stay[]): (booking: Stay) => Figures {
  const stays = daysOf(all.filter(hasStayed));
  const noShows = daysOf(all.filter(({ state }) => state === 'no_show'));
  return ({ day }) => {
    const previousStays = countBefore(stays, day);
    const previousNoShows = countBefore(noShows, day);
    return previousStays + previousNoShows === 0 ? {} : { previousStays, previousNoShows };
  };
}

/** Days of arrival in their order. */
const daysOf = (stays: readonly Stay[]): string[] => stays.flatMap(({ day }) => (day === null ? [] : [day])).sort();

/** How many days lie before one; a guest may have thousands, so they are halved. */
function countBefore(days: readonly string[], day: string | null): number {
  let [from, to] = [0, day === null ? 0 : days.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((days[middle] as string) < (day as string)) from = middle + 1;
    else to = middle;
  }
  return from;
}

/**
 * Work out the figures of a guest from all of their bookings.
 *
 * Money is added up in one currency only, and only where every stay names its amount: a sum in which something is missing would be a lie.
 * A guest whose record names another currency has no sums either.
 */
export function guestFigures(all: readonly Stay[], ownCurrency: string | null): Figures {
  if (all.length === 0) return {};
  const stays = all.filter(hasStayed);
  const days = daysOf(stays);
  const leads = all.flatMap(({ leadDays }) => (leadDays === null ? [] : [leadDays]));
  const count = (state: string) => all.filter((one) => one.state === state).length;
  return {
    totalStays: stays.length,
    ...moneyOf(stays, all, ownCurrency),
    ...(days.length === 0 ? {} : { firstStay: days[0] as string, lastStay: days.at(-1) as string }),
    ...(leads.length === 0 ? {} : { avgDaysInAdvance: Math.round((leads.reduce(plus, 0) / leads.length) * 10) / 10 }),
    noShowCount: count('no_show'),
    cancellationCount: count('cancelled'),
  };
}

const plus = (sum: number, one: number) => sum + one;

/** What was spent, per night, and with what is booked and confirmed beside it. */
function moneyOf(stays: readonly Stay[], all: readonly Stay[], ownCurrency: string | null): Figures {
  const spent = sumOf(stays, ownCurrency);
  if (spent === null) return {};
  const overnight = stays.filter((one) => nightsOf(one) > 0);
  const nights = overnight.map(nightsOf).reduce(plus, 0);
  const forNights = sumOf(overnight, spent.currency);
  const lifetime = sumOf([...stays, ...all.filter(({ state }) => state === 'confirmed')], ownCurrency);
  return {
    ...(ownCurrency === null ? { currency: spent.currency } : {}),
    totalSpendMinor: spent.sum,
    ...(forNights === null ? {} : { avgRoomRateMinor: Math.round(forNights.sum / nights) }),
    ...(lifetime === null ? {} : { lifetimeValueMinor: lifetime.sum }),
  };
}

function sumOf(stays: readonly Stay[], ownCurrency: string | null): { sum: number; currency: string } | null {
  const currency = ownCurrency ?? stays[0]?.currency ?? null;
  if (currency === null || stays.length === 0) return null;
  const amounts = stays.map((one) => (one.currency === currency ? one.amount : null));
  if (amounts.some((amount) => amount === null)) return null;
  const sum = (amounts as number[]).reduce(plus, 0);
  return Number.isSafeInteger(sum) ? { sum, currency } : null;
}

const nightsOf = ({ day, until }: Stay) => (day === null || until === null ? 0 : daysBetween(day, until));
