import type { Stamp } from './party.ts';
import { type Cells, type Day, dateOf, type RowChange } from './rows.ts';

/** A kind of room; the rate is what a night costs. */
export type Category = { readonly number: string; readonly label: string; readonly rate: number; readonly share: number };

export const categories: readonly Category[] = [
  { number: '101', label: 'SGL', rate: 89, share: 0.2 },
  { number: '102', label: 'DBL', rate: 124.5, share: 0.5 },
  { number: '103', label: 'DBLQ', rate: 159, share: 0.2 },
  { number: '104', label: 'STE', rate: 340.33, share: 0.1 },
];
/** Posting masters take bills, not guests; their kind begins with a minus. */
export const postingMaster = '-1';
export const markets = ['BAR', 'COR', 'GRP', 'LEI', 'OTA'] as const;
export const origins = ['WEB', 'TEL', 'GDS', 'WLK'] as const;
export const channels = ['WEB', 'OTA', 'GDS', 'TEL', 'WLK'] as const;

export type Room = { readonly room: string; readonly category: string };

/** Number the rooms by floors of forty, each kind in its share. */
export function makeRooms(count: number): Room[] {
  const bounds = categories.map((_, at) => categories.slice(0, at + 1).reduce((sum, { share }) => sum + share, 0));
  return Array.from({ length: count }, (_, at) => {
    const kind = categories[bounds.findIndex((bound) => (at + 0.5) / count <= bound)] ?? categories.at(-1);
    return { room: String((1 + Math.floor(at / 40)) * 100 + (at % 40) + 1).padStart(4, '0'), category: kind?.number ?? '102' };
  });
}

/** What stands in a property before the first guest comes. */
export function propertyRows(of: {
  readonly stamp: Stamp;
  readonly rooms: readonly Room[];
  readonly businessDay: Day;
  readonly zone: string;
}): RowChange[] {
  const { stamp, rooms, businessDay, zone } = of;
  const own = { RESORT: stamp.resort };
  const stamps = { INSERT_DATE: stamp.at, INSERT_USER: stamp.user, UPDATE_DATE: stamp.at, UPDATE_USER: stamp.user };
  const insert = (table: string, values: Cells): RowChange => ({ kind: 'insert', table, values: { ...values, ...stamps } });
  const room = ({ room: number, category }: Room, isPseudo: string) =>
    insert('ROOM', {
      ...own,
      ROOM: number,
      ROOM_CATEGORY: category,
      ROOM_CLASS: isPseudo === 'Y' ? 'PM' : 'ALL',
      FLOOR: isPseudo === 'Y' ? null : number.slice(0, 2),
      ROOM_STATUS: 'CL',
      HK_STATUS: 'VAC',
      FO_STATUS: 'VAC',
      HK_INSP_FLAG: 'N',
      PSEUDO_YN: isPseudo,
    });
  return [
    insert('RESORT', {
      ...own,
      NAME: 'Aldermoor Quay',
      CITY: 'Amsterdam',
      COUNTRY_CODE: 'NL',
      CURRENCY_CODE: stamp.currency,
      NUMBER_ROOMS: rooms.length,
      TIMEZONE_REGION: zone,
      DEFAULT_PROPERTY_ADDRESS: 'HOTEL',
      DEFAULT_GUEST_ADDRESS: 'HOME',
    }),
    insert('BUSINESSDATE', { ...own, BUSINESS_DATE: dateOf(businessDay), STATE: 'OPEN' }),
    ...categories.map(({ number, label }) =>
      insert('RESORT$_ROOM_CATEGORY', {
        ...own,
        ROOM_CATEGORY: number,
        LABEL: label,
        ROOM_CLASS: 'ALL',
        SHORT_DESCRIPTION: label,
        NUMBER_ROOMS: rooms.filter(({ category }) => category === number).length,
      }),
    ),
    insert('RESORT$_ROOM_CATEGORY', { ...own, ROOM_CATEGORY: postingMaster, LABEL: 'PM', ROOM_CLASS: 'PM', PSUEDO_ROOM_TYPE: 'Y' }),
    ...rooms.map((one) => room(one, 'N')),
    ...['PM01', 'PM02', 'PM03'].map((number) => room({ room: number, category: postingMaster }, 'Y')),
  ];
}
