import { inventGuest, wishes } from './guests.ts';
import { type Random, seededRandom } from './random.ts';

/** The first line of the export: what the mapping `generic-pms-bookings` reads. */
// biome-ignore format: the header as one reads it in a file
export const exportHeader = [
  'Confirmation No', 'Guest Name', 'Email', 'Phone', 'Room', 'Room Type', 'Arrival', 'Departure', 'Booked On', 'Status', 'Channel',
  'Total', 'Deposit', 'Currency', 'Payment', 'Requests',
] as const;

/** Each word twice: as the PMS writes it, and as the unified record must say it. */
const statuses = {
  reserved: { pms: 'RESERVED', unified: 'confirmed' },
  inHouse: { pms: 'CHECKED IN', unified: 'checked_in' },
  departed: { pms: 'CHECKED OUT', unified: 'checked_out' },
  cancelled: { pms: 'CANCELLED', unified: 'cancelled' },
  noShow: { pms: 'NO SHOW', unified: 'no_show' },
} as const;
const channels = [
  { pms: 'DIRECT', unified: 'direct' },
  { pms: 'OTA', unified: 'ota' },
  { pms: 'AGENT', unified: 'agent' },
  { pms: 'WALK IN', unified: 'walk_in' },
] as const;
const payments = [
  { pms: 'CC', unified: 'credit_card' },
  { pms: 'CASH', unified: 'cash' },
  { pms: 'INVOICE', unified: 'invoice' },
  { pms: 'POINTS', unified: 'points' },
] as const;
const roomTypes = [
  { name: 'Single', nightMinor: 8900 },
  { name: 'Double', nightMinor: 12450 },
  { name: 'Double, quay view', nightMinor: 15900 },
  { name: 'Suite "Aldermoor"', nightMinor: 34000 },
] as const;

type Word = { readonly pms: string; readonly unified: string };
type Stay = {
  readonly key: string;
  readonly guestName: string;
  readonly email: string;
  readonly phone: string;
  readonly room: string;
  readonly roomType: string;
  readonly arrival: string;
  readonly departure: string;
  readonly bookedOn: string;
  readonly status: keyof typeof statuses;
  readonly channel: Word;
  readonly totalMinor: number;
  readonly depositMinor: number | null;
  readonly payment: Word;
  readonly requests: string;
};

/** What must come out of a row: the fields of the record, or the rule that sets the row aside. */
type RowTruth =
  | { readonly key: string; readonly expected: Readonly<Record<string, string | number>> }
  | { readonly key: string | null; readonly bad: 'value-unknown' | 'day-unreadable' | 'key-missing' };
export type ExportRow = { readonly cells: readonly string[]; readonly truth: RowTruth };

type ExportOrder = {
  readonly rows: number;
  /** The share of rows that change a booking of before, where there is one: 0 to 1. */
  readonly changes: number;
  /** How many of the rows are bad on purpose. */
  readonly bad: number;
};

/** A hotel that lives: guests book, change their minds, arrive, leave or never come. */
export type Hotel = {
  /** Write down what happened since the last export: new and changed bookings, now and then a row twice, in the order of happening. */
  nextExport(order: ExportOrder): readonly ExportRow[];
};

/** Open a hotel. The seed and the day decide everything it will ever do. */
export function openHotel({ seed, today }: { readonly seed: number; readonly today: string }): Hotel {
  const random = seededRandom(seed);
  const stays: Stay[] = [];
  const context = { random, today };

  function book(): Stay {
    const stay = inventStay(context, stays.length + 1);
    stays.push(stay);
    return stay;
  }
  function change(): Stay {
    const index = random.between(0, stays.length - 1);
    const before = stays[index];
    if (!before) return book();
    const after = liveOn(random, before);
    stays[index] = after;
    return after;
  }

  return {
    nextExport({ rows, changes, bad }) {
      const spoilt = new Set<number>();
      while (spoilt.size < Math.min(bad, rows)) spoilt.add(random.between(0, rows - 1));
      return Array.from({ length: rows }, (_, row) => {
        if (spoilt.has(row)) return badRow(context, stays.length + 1);
        if (stays.length > 0 && random.chance(0.02)) return goodRow(random.pick(stays));
        return goodRow(random.chance(changes) ? change() : book());
      });
    },
  };
}

type Context = { readonly random: Random; readonly today: string };

function inventStay({ random, today }: Context, number: number): Stay {
  const guest = inventGuest(random, number);
  const type = random.pick(roomTypes);
  const arrival = addDays(today, random.between(-2, 180));
  const nights = random.between(1, 9);
  const totalMinor = type.nightMinor * nights + random.between(0, 99);
  return {
    // Leading zeros belong to the key: whoever reads it as a number finds another booking.
    key: String(number).padStart(7, '0'),
    guestName: guest.name,
    email: guest.email,
    phone: guest.phone,
    room: '',
    roomType: type.name,
    arrival,
    departure: addDays(arrival, nights),
    bookedOn: `${addDays(today, -random.between(0, 90))} ${clock(random)}`,
    status: 'reserved',
    channel: random.pick(channels),
    totalMinor,
    depositMinor: random.chance(0.4) ? Math.floor(totalMinor / 5) : null,
    payment: random.pick(payments),
    requests: random.chance(0.15) ? random.pick(wishes) : '',
  };
}

function liveOn(random: Random, stay: Stay): Stay {
  if (stay.status === 'inHouse') return { ...stay, status: 'departed' };
  if (stay.status !== 'reserved') return { ...stay, totalMinor: stay.totalMinor + random.between(1, 5000) };
  const what = random.between(1, 10);
  if (what <= 4) return { ...stay, status: 'inHouse', room: roomNumber(random) };
  if (what <= 6) return { ...stay, status: 'cancelled', depositMinor: null };
  if (what === 7) return { ...stay, status: 'noShow' };
  if (what === 8) return { ...stay, requests: random.pick(wishes), totalMinor: stay.totalMinor + 1500 };
  return { ...stay, departure: addDays(stay.departure, 1), totalMinor: stay.totalMinor + random.between(8000, 16000) };
}

function goodRow(stay: Stay): ExportRow {
  return { cells: cellsOf(stay), truth: { key: stay.key, expected: expectedOf(stay) } };
}

function badRow(context: Context, number: number): ExportRow {
  // Keys of bad rows are their own, so that a good row can never hide what became of a bad one.
  const stay = { ...inventStay(context, number), key: `BAD-${context.random.between(1, 999_999)}` };
  const cells = cellsOf(stay);
  const spoil = (column: (typeof exportHeader)[number], text: string) =>
    cells.map((cell, index) => (exportHeader[index] === column ? text : cell));
  switch (context.random.between(1, 3)) {
    case 1:
      return { cells: spoil('Status', 'TENT'), truth: { key: stay.key, bad: 'value-unknown' } };
    case 2:
      return { cells: spoil('Arrival', '31/02/2026'), truth: { key: stay.key, bad: 'day-unreadable' } };
    default:
      return { cells: spoil('Confirmation No', ''), truth: { key: null, bad: 'key-missing' } };
  }
}

function cellsOf(stay: Stay): readonly string[] {
  return [
    stay.key,
    stay.guestName,
    stay.email,
    stay.phone,
    stay.room,
    stay.roomType,
    stay.arrival,
    stay.departure,
    stay.bookedOn,
    statuses[stay.status].pms,
    stay.channel.pms,
    euros(stay.totalMinor),
    stay.depositMinor === null ? '' : euros(stay.depositMinor),
    'EUR',
    stay.payment.pms,
    stay.requests,
  ];
}

function expectedOf(stay: Stay): Readonly<Record<string, string | number>> {
  return {
    guestName: stay.guestName,
    ...(stay.email && { guestEmail: stay.email }),
    ...(stay.phone && { guestPhone: stay.phone }),
    ...(stay.room && { roomNumber: stay.room }),
    roomType: stay.roomType,
    checkInDate: stay.arrival,
    checkOutDate: stay.departure,
    bookedAt: stay.bookedOn.replace(' ', 'T'),
    totalAmountMinor: stay.totalMinor,
    currency: 'EUR',
    ...(stay.depositMinor !== null && { depositPaidMinor: stay.depositMinor }),
    status: statuses[stay.status].unified,
    channel: stay.channel.unified,
    paymentMethod: stay.payment.unified,
    ...(stay.requests && { specialRequests: stay.requests }),
  };
}

function roomNumber(random: Random): string {
  return `${random.between(1, 4)}${String(random.between(1, 24)).padStart(2, '0')}`;
}

function clock(random: Random): string {
  return [random.between(0, 23), random.between(0, 59), random.between(0, 59)].map((part) => String(part).padStart(2, '0')).join(':');
}

function euros(minor: number): string {
  const digits = String(minor).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}
