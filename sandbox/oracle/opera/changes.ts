import type { Member, Party, Stamp, Status } from './party.ts';
import { nightAmount, nightRows, nightsGone, ownKey, reservationRow, stayDays } from './party.ts';
import { type Cells, type Day, dateOf, type RowChange } from './rows.ts';

/** What a transaction writes, and what the hotel remembers of it once it is committed. */
export type Change = { readonly rows: readonly RowChange[]; readonly apply: () => void };

function stamps({ at, user }: Stamp): Cells {
  return { UPDATE_DATE: at, UPDATE_USER: user };
}

function holders(party: Party): Member[] {
  return party.members.filter(({ usage }) => usage === 'DG');
}

/** Touch the reservation of everybody in a party; with a null stamp nobody's UPDATE_DATE moves. */
function reservationUpdates(
  party: Party,
  set: Cells,
  { stamp, isStamped }: { readonly stamp: Stamp; readonly isStamped: boolean },
): RowChange[] {
  return party.members.map((member) => ({
    kind: 'update',
    table: 'RESERVATION_NAME',
    set: isStamped ? { ...set, ...stamps(stamp) } : set,
    where: ownKey(stamp, member),
  }));
}

function elementUpdates(party: Party, set: Cells, { stamp, days }: { readonly stamp: Stamp; readonly days: readonly Day[] }): RowChange[] {
  return days.map((day) => ({
    kind: 'update',
    table: 'RESERVATION_DAILY_ELEMENTS',
    set: { ...set, ...stamps(stamp) },
    where: { RESORT: stamp.resort, RESERVATION_DATE: dateOf(day), RESV_DAILY_EL_SEQ: party.elementSeq },
  }));
}

export function book(
  party: Party,
  { stamp, updatedAt, profiles }: { readonly stamp: Stamp; readonly updatedAt: string | null; readonly profiles: readonly RowChange[] },
): Change {
  const reservations = party.members.map((member): RowChange => {
    return { kind: 'insert', table: 'RESERVATION_NAME', values: { ...reservationRow(party, member, stamp), UPDATE_DATE: updatedAt } };
  });
  return { rows: [...profiles, ...reservations, ...nightRows(party, stamp)], apply: () => undefined };
}

/** Move a party to another status, with what OPERA notes beside it. */
export function moveTo(
  party: Party,
  status: Status,
  { stamp, room = party.room }: { readonly stamp: Stamp; readonly room?: string | null },
): Change {
  const today = `${stamp.at.slice(0, 10)} 00:00:00`;
  const noted: Readonly<Partial<Record<Status, Cells>>> = {
    'CHECKED IN': {
      ACTUAL_CHECK_IN_DATE: stamp.at,
      TRUNC_ACTUAL_CHECK_IN_DATE: today,
      GUARANTEE_CODE: 'CHECKED IN',
      GUARANTEE_CODE_PRE_CI: '6PM',
    },
    'CHECKED OUT': { ACTUAL_CHECK_OUT_DATE: stamp.at, TRUNC_ACTUAL_CHECK_OUT_DATE: today },
    CANCELLED: { CANCELLATION_NO: String(party.elementSeq), CANCELLATION_DATE: stamp.at, CANCELLATION_REASON_CODE: 'PLANS' },
    RESERVED:
      party.status === 'CANCELLED'
        ? { CANCELLATION_NO: null, CANCELLATION_DATE: null, CANCELLATION_REASON_CODE: null, REINSTATE_DATE: stamp.at }
        : {},
  };
  return {
    rows: [
      ...reservationUpdates(party, { RESV_STATUS: status, ...noted[status] }, { stamp, isStamped: true }),
      ...elementUpdates(party, { RESV_STATUS: status, ROOM: room }, { stamp, days: stayDays(party) }),
    ],
    apply: () => {
      party.status = status;
      party.room = room;
    },
  };
}

export function changeDates(party: Party, dates: Pick<Party, 'arrival' | 'departure' | 'room'>, stamp: Stamp): Change {
  const after: Party = { ...party, ...dates };
  const set = {
    BEGIN_DATE: `${dateOf(dates.arrival).slice(0, 10)} 15:00:00`,
    END_DATE: `${dateOf(dates.departure).slice(0, 10)} 11:00:00`,
    TRUNC_BEGIN_DATE: dateOf(dates.arrival),
    TRUNC_END_DATE: dateOf(dates.departure),
    ORIGINAL_END_DATE: dateOf(party.departure),
  };
  return {
    rows: [...reservationUpdates(party, set, { stamp, isStamped: true }), ...nightsGone(party, stamp), ...nightRows(after, stamp)],
    apply: () => Object.assign(party, dates),
  };
}

/** Change what the nights from a day on cost. Whether OPERA then stamps the reservation too is not known: `isStamped` decides. */
export function changeRate(
  party: Party,
  { rate, from, stamp, isStamped }: { readonly rate: number; readonly from: Day; readonly stamp: Stamp; readonly isStamped: boolean },
): Change {
  const days = stayDays(party).filter((day) => day >= from);
  const nights = holders(party).flatMap((member) =>
    days.map(
      (day): RowChange => ({
        kind: 'update',
        table: 'RESERVATION_DAILY_ELEMENT_NAME',
        set: { SHARE_AMOUNT: nightAmount(rate, member.share), ...stamps(stamp) },
        where: { ...ownKey(stamp, member), RESERVATION_DATE: dateOf(day) },
      }),
    ),
  );
  return {
    rows: [
      ...(isStamped ? reservationUpdates(party, {}, { stamp, isStamped }) : []),
      ...elementUpdates(party, { RATE_AMOUNT: rate }, { stamp, days }),
      ...nights,
    ],
    apply: () => {
      party.rate = rate;
    },
  };
}

/** Give a party a room of some kind from a day on: an assignment, an upgrade, or a move during the stay. */
export function changeRoom(
  party: Party,
  { room, category, from, stamp }: { readonly room: string | null; readonly category: string; readonly from: Day; readonly stamp: Stamp },
): Change {
  const days = stayDays(party).filter((day) => day >= from);
  return {
    rows: [
      ...reservationUpdates(party, {}, { stamp, isStamped: true }),
      ...elementUpdates(party, { ROOM: room, ROOM_CATEGORY: category }, { stamp, days }),
    ],
    apply: () => {
      party.room = room;
      party.category = category;
    },
  };
}

/** Somebody corrects a detail of the reservation. With `isStamped` false it is done by a script that leaves UPDATE_DATE alone. */
export function changeDetail(
  party: Party,
  { stamp, isStamped, text }: { readonly stamp: Stamp; readonly isStamped: boolean; readonly text: string },
): Change {
  const [holder] = party.members;
  const rows = holder
    ? reservationUpdates({ ...party, members: [holder] }, { UDFC01: text, CUSTOM_REFERENCE: text }, { stamp, isStamped })
    : [];
  return { rows, apply: () => undefined };
}

export function changeEmail(
  party: Party,
  { stamp, email, isStamped }: { readonly stamp: Stamp; readonly email: string; readonly isStamped: boolean },
): Change {
  const [holder] = party.members;
  const contact: RowChange[] = holder
    ? [
        {
          kind: 'update',
          table: 'NAME_PHONE',
          set: { PHONE_NUMBER: email, ...stamps(stamp) },
          where: { NAME_ID: holder.nameId, PHONE_ROLE: 'EMAIL' },
        },
        { kind: 'update', table: 'NAME', set: stamps(stamp), where: { NAME_ID: holder.nameId } },
      ]
    : [];
  return { rows: [...contact, ...(isStamped ? reservationUpdates(party, {}, { stamp, isStamped }) : [])], apply: () => undefined };
}

/** Take a reservation out of the database as a purge does: nothing is left of it. */
export function remove(party: Party, stamp: Stamp): Change {
  const rows = party.members.map((member): RowChange => ({ kind: 'delete', table: 'RESERVATION_NAME', where: ownKey(stamp, member) }));
  return { rows: [...rows, ...nightsGone(party, stamp)], apply: () => undefined };
}

/** Merge one profile into another: its reservations move, and it is gone. */
export function merge({ from, to, stamp }: { readonly from: number; readonly to: number; readonly stamp: Stamp }): RowChange[] {
  return [
    {
      kind: 'insert',
      table: 'NAME_MERGE_LOG',
      values: {
        NAME_ID_FROM: from,
        NAME_ID_TO: to,
        REPORTED_YN: 'N',
        TRANSACTION_DATE: stamp.at,
        UPDATE_DATE: stamp.at,
        INSERT_USER: stamp.user,
      },
    },
    { kind: 'update', table: 'RESERVATION_NAME', set: { NAME_ID: to, ...stamps(stamp) }, where: { RESORT: stamp.resort, NAME_ID: from } },
    { kind: 'delete', table: 'NAME_PHONE', where: { NAME_ID: from } },
    { kind: 'delete', table: 'NAME', where: { NAME_ID: from } },
  ];
}

/** Close a business day and open the next; everything the audit touches carries the stamp of its one second. */
export function closeDay(
  day: Day,
  { stamp, noShows, inHouse }: { readonly stamp: Stamp; readonly noShows: readonly Party[]; readonly inHouse: readonly Party[] },
): Change {
  const missed = noShows.map((party) => moveTo(party, 'NO SHOW', { stamp, room: null }));
  const own = { RESORT: stamp.resort };
  return {
    rows: [
      { kind: 'update', table: 'BUSINESSDATE', set: { STATE: 'CLOSED', ...stamps(stamp) }, where: { ...own, BUSINESS_DATE: dateOf(day) } },
      {
        kind: 'insert',
        table: 'BUSINESSDATE',
        values: { ...own, BUSINESS_DATE: dateOf(day + 1), STATE: 'OPEN', INSERT_DATE: stamp.at, ...stamps(stamp) },
      },
      ...missed.flatMap(({ rows }) => rows),
      ...inHouse.flatMap((party) => [
        ...reservationUpdates(party, {}, { stamp, isStamped: true }),
        ...elementUpdates(party, {}, { stamp, days: [day] }),
      ]),
    ],
    apply: () => {
      for (const { apply } of missed) apply();
    },
  };
}

/** A room changes with its guest: it is taken, and later dirty. */
export function withRoom(
  change: Change,
  { room, stamp, status }: { readonly room: string | null; readonly stamp: Stamp; readonly status: 'OCC' | 'VAC' },
): Change {
  if (room === null) return change;
  const set = { FO_STATUS: status, HK_STATUS: status, ROOM_STATUS: 'DI', ...stamps(stamp) };
  return { ...change, rows: [...change.rows, { kind: 'update', table: 'ROOM', set, where: { RESORT: stamp.resort, ROOM: room } }] };
}
