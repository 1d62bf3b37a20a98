import type { Cells, Day, RowChange } from './rows.ts';
import { dateOf } from './rows.ts';

/** The statuses as OPERA stores them. */
export type Status = 'RESERVED' | 'CHECKED IN' | 'CHECKED OUT' | 'CANCELLED' | 'NO SHOW' | 'PROSPECT' | 'WAITLIST';

export type Member = {
  readonly resvNameId: number;
  nameId: number;
  readonly lastName: string;
  readonly firstName: string;
  /** DG holds a reservation, also as a sharer; AG only comes along and has no nights of its own. */
  readonly usage: 'DG' | 'AG';
  /** What part of the rate this guest pays. */
  readonly share: number;
};

/** The people of one room and one stay: they come, change and leave together. */
export type Party = {
  readonly members: Member[];
  /** The number of the room's days, which sharers have in common. */
  readonly elementSeq: number;
  status: Status;
  arrival: Day;
  departure: Day;
  category: string;
  readonly bookedCategory: string;
  room: string | null;
  rate: number;
  readonly adults: number;
  readonly children: number;
  readonly rateCode: string;
  readonly market: string;
  readonly origin: string;
  readonly channel: string;
  readonly isPostingMaster: boolean;
  /** Somebody is changing it and has not committed: others would wait for the row. */
  isLocked: boolean;
};

/** Who writes, when, and in which property: what every row carries. */
export type Stamp = { readonly resort: string; readonly currency: string; readonly at: string; readonly user: number };

export function ownKey({ resort }: Stamp, { resvNameId }: Member): Cells {
  return { RESORT: resort, RESV_NAME_ID: resvNameId };
}

/** The nights of a stay with the day of departure, which has a row too. */
export function stayDays({ arrival, departure }: Pick<Party, 'arrival' | 'departure'>): Day[] {
  return Array.from({ length: departure - arrival + 1 }, (_, at) => arrival + at);
}

export function reservationRow(party: Party, member: Member, stamp: Stamp): Cells {
  const [holder = member] = party.members;
  return {
    ...ownKey(stamp, member),
    NAME_ID: member.nameId,
    NAME_USAGE_TYPE: member.usage,
    PARENT_RESV_NAME_ID: member.usage === 'AG' ? holder.resvNameId : null,
    CONFIRMATION_NO: String(70_000_000 + member.resvNameId),
    RESV_STATUS: party.status,
    BEGIN_DATE: `${dateOf(party.arrival).slice(0, 10)} 15:00:00`,
    END_DATE: `${dateOf(party.departure).slice(0, 10)} 11:00:00`,
    TRUNC_BEGIN_DATE: dateOf(party.arrival),
    TRUNC_END_DATE: dateOf(party.departure),
    GUARANTEE_CODE: '6PM',
    PAYMENT_METHOD: party.isPostingMaster ? 'DB' : 'VA',
    CHANNEL: party.channel,
    WALKIN_YN: party.channel === 'WLK' ? 'Y' : 'N',
    SHARE_SEQ_NO: party.members.filter(({ usage }) => usage === 'DG').length > 1 ? party.elementSeq : null,
    SGUEST_NAME: member.lastName.toUpperCase(),
    SGUEST_FIRSTNAME: member.firstName.toUpperCase(),
    GUEST_LAST_NAME: member.lastName,
    GUEST_FIRST_NAME: member.firstName,
    BUSINESS_DATE_CREATED: `${stamp.at.slice(0, 10)} 00:00:00`,
    INSERT_DATE: stamp.at,
    INSERT_USER: stamp.user,
    UPDATE_DATE: stamp.at,
    UPDATE_USER: stamp.user,
  };
}

/** What one guest pays of a night, to the cent; the first of the sharers pays what is left over. */
export function nightAmount(rate: number, share: number): number {
  return Math.round(rate * share * 100) / 100;
}

export function nightRow(party: Party, member: Member, { day, stamp }: { readonly day: Day; readonly stamp: Stamp }): Cells {
  return {
    ...ownKey(stamp, member),
    RESERVATION_DATE: dateOf(day),
    RESV_DAILY_EL_SEQ: party.elementSeq,
    SHARE_AMOUNT: nightAmount(party.rate, member.share),
    ADULTS: party.adults,
    CHILDREN: party.children,
    RATE_CODE: party.rateCode,
    CURRENCY_CODE: stamp.currency,
    INSERT_DATE: stamp.at,
    INSERT_USER: stamp.user,
    UPDATE_DATE: stamp.at,
    UPDATE_USER: stamp.user,
  };
}

export function elementRow(party: Party, day: Day, stamp: Stamp): Cells {
  return {
    RESORT: stamp.resort,
    RESERVATION_DATE: dateOf(day),
    RESV_DAILY_EL_SEQ: party.elementSeq,
    RESV_STATUS: party.status,
    ROOM_CLASS: party.isPostingMaster ? 'PM' : 'ALL',
    ROOM_CATEGORY: party.category,
    BOOKED_ROOM_CATEGORY: party.bookedCategory,
    ROOM: party.room,
    MARKET_CODE: party.market,
    ORIGIN_OF_BOOKING: party.origin,
    RATE_AMOUNT: party.rate,
    QUANTITY: 1,
    PHYSICAL_QUANTITY: 1,
    DAY_USE_YN: party.arrival === party.departure ? 'Y' : 'N',
    DUE_OUT_YN: day === party.departure ? 'Y' : 'N',
    INSERT_DATE: stamp.at,
    INSERT_USER: stamp.user,
    UPDATE_DATE: stamp.at,
    UPDATE_USER: stamp.user,
  };
}

/** All rows of the nights of a party, for a booking or in place of those that were there. */
export function nightRows(party: Party, stamp: Stamp): RowChange[] {
  const holders = party.members.filter(({ usage }) => usage === 'DG');
  return stayDays(party).flatMap((day) => [
    { kind: 'insert' as const, table: 'RESERVATION_DAILY_ELEMENTS', values: elementRow(party, day, stamp) },
    ...holders.map((member) => ({
      kind: 'insert' as const,
      table: 'RESERVATION_DAILY_ELEMENT_NAME',
      values: nightRow(party, member, { day, stamp }),
    })),
  ]);
}

export function nightsGone(party: Party, stamp: Stamp): RowChange[] {
  const holders = party.members.filter(({ usage }) => usage === 'DG');
  return [
    ...stayDays(party).map((day) => ({
      kind: 'delete' as const,
      table: 'RESERVATION_DAILY_ELEMENTS',
      where: { RESORT: stamp.resort, RESERVATION_DATE: dateOf(day), RESV_DAILY_EL_SEQ: party.elementSeq },
    })),
    ...holders.map((member) => ({ kind: 'delete' as const, table: 'RESERVATION_DAILY_ELEMENT_NAME', where: ownKey(stamp, member) })),
  ];
}
