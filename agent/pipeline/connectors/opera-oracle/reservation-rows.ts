import type { SourceRow } from '../../connector.ts';
import { sumOf } from './amounts.ts';

/** The columns of a reservation, as a mapping names them. */
export const reservationColumns = [
  'RESORT',
  'RESV_NAME_ID',
  'CONFIRMATION_NO',
  'NAME_ID',
  'RESV_STATUS',
  'ARRIVAL',
  'DEPARTURE',
  'BOOKED_AT',
  'PAYMENT_METHOD',
  'CHANNEL',
  'WALKIN_YN',
  'EXTERNAL_REFERENCE',
  'GUEST_NAME',
  'EMAIL',
  'PHONE',
  'VIP_STATUS',
  'ROOM',
  'ROOM_TYPE',
  'TOTAL',
  'CURRENCY',
  'RATE_CODE',
  'MARKET_CODE',
  'ORIGIN_OF_BOOKING',
  'ADULTS',
  'CHILDREN',
] as const;
export const profileColumns = ['NAME_ID', 'FIRST', 'LAST', 'EMAIL', 'PHONE', 'VIP_STATUS', 'LANGUAGE', 'NATIONALITY'] as const;
export const roomColumns = ['ROOM', 'ROOM_TYPE', 'FLOOR', 'ROOM_STATUS', 'HK_STATUS', 'FO_STATUS'] as const;

type Cell = string | null;
/** A row of RESERVATION_NAME; the first cell is the stamp, the rest the first twelve of {@link reservationColumns}. */
export type Head = readonly [stamp: Cell, ...cells: Cell[]];
/** A day of a reservation, with the room that stands for it. */
export type Night = {
  readonly day: string;
  readonly amount: Cell;
  readonly currency: Cell;
  readonly rateCode: Cell;
  readonly adults: Cell;
  readonly children: Cell;
  readonly room: Cell;
  readonly category: Cell;
  readonly label: Cell;
  readonly market: Cell;
  readonly origin: Cell;
};
export type Profile = {
  readonly first: Cell;
  readonly last: Cell;
  readonly vip: Cell;
  readonly language: Cell;
  readonly nationality: Cell;
};
/** What a profile can be reached by. */
export type Reach = { readonly email: Cell; readonly phone: Cell };
export const nobody: Reach = { email: null, phone: null };

const at = (name: (typeof reservationColumns)[number]) => reservationColumns.indexOf(name);

/** Posting masters hold the bills of groups; they are no rooms, and nobody stays in them. */
export function isPostingMaster(nights: readonly Night[]): boolean {
  return nights.length > 0 && nights.every(({ category }) => category?.startsWith('-') ?? false);
}

/**
 * Put one reservation together: its own row, its nights, its guest.
 *
 * The day of departure has a row of its own and is no night; a day-use stay has only that. The room is the one of the newest night that has
 * begun, or the first that will.
 */
export function reservationRow(
  head: Head,
  of: { readonly nights: readonly Night[]; readonly profile: Profile | undefined; readonly reach: Reach; readonly businessDate: string },
): SourceRow {
  const [stamp, ...own] = head;
  const { profile, reach, businessDate } = of;
  const arrival = own[at('ARRIVAL')] ?? '';
  const departure = own[at('DEPARTURE')] ?? '';
  const nights = of.nights.filter(({ day }) => day < departure || arrival === departure);
  const shown = nights.findLast(({ day }) => day <= businessDate) ?? nights[0] ?? of.nights[0];
  const currencies = [...new Set(nights.flatMap(({ currency }) => (currency === null ? [] : [currency])))];
  const amounts = nights.flatMap(({ amount }) => (amount === null ? [] : [amount]));
  // Nights in two currencies have no total.
  const hasTotal = amounts.length > 0 && currencies.length === 1;
  const name = [profile?.last, profile?.first].filter((part) => part).join(', ');
  return {
    key: own[at('RESV_NAME_ID')] ?? '',
    stamp,
    cells: [
      ...own.slice(0, 12),
      name === '' ? null : name,
      reach.email,
      reach.phone,
      profile?.vip ?? null,
      shown?.room ?? null,
      shown?.label ?? shown?.category ?? null,
      hasTotal ? sumOf(amounts) : null,
      hasTotal ? (currencies[0] ?? null) : null,
      shown?.rateCode ?? null,
      shown?.market ?? null,
      shown?.origin ?? null,
      shown?.adults ?? null,
      shown?.children ?? null,
    ],
  };
}

export function profileRow(nameId: string, profile: Profile, reach: Reach): SourceRow {
  const { first, last, vip, language, nationality } = profile;
  return { key: nameId, stamp: null, cells: [nameId, first, last, reach.email, reach.phone, vip, language, nationality] };
}

/** A row of NAME_PHONE that has not ended. E-mail addresses stand there too, and both kinds of mistake occur. */
export type PhoneRow = { readonly role: Cell; readonly number: Cell; readonly isPrimary: boolean };

/** What a guest is reached by: the primary one of each kind, else the first. An address without an @ is none. */
export function reachOf(rows: readonly PhoneRow[]): Reach {
  const first = (isFit: (row: PhoneRow) => boolean) =>
    (rows.find((row) => row.isPrimary && isFit(row)) ?? rows.find(isFit))?.number ?? null;
  const isAddress = ({ number }: PhoneRow) => number?.includes('@') ?? false;
  const isPhone = (row: PhoneRow) => !isAddress(row) && /\d/.test(row.number ?? '');
  return {
    email: first((row) => row.role === 'EMAIL' && isAddress(row)),
    phone: first((row) => row.role === 'MOBILE' && isPhone(row)) ?? first((row) => row.role === 'PHONE' && isPhone(row)),
  };
}
