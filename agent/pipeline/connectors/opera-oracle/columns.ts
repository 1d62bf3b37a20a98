import type { ColumnDifference } from '../../../../contract/fingerprint.ts';

/** The families of Oracle's types that a column may have. */
type Family = 'text' | 'number' | 'date';

/**
 * Every table and column that is read, and of which family it has to be. It is the fingerprint that is compared before the first reading
 * and at every start, and what the text for the administrator grants.
 * @source the OPERA V5 schema as public sources establish it; which of it each table is needed for stands beside it
 */
export const neededColumns = {
  RESORT: { RESORT: 'text' },
  BUSINESSDATE: { RESORT: 'text', BUSINESS_DATE: 'date', STATE: 'text' },
  RESERVATION_NAME: {
    RESORT: 'text',
    RESV_NAME_ID: 'number',
    NAME_ID: 'number',
    NAME_USAGE_TYPE: 'text',
    CONFIRMATION_NO: 'text',
    RESV_STATUS: 'text',
    TRUNC_BEGIN_DATE: 'date',
    TRUNC_END_DATE: 'date',
    PAYMENT_METHOD: 'text',
    CHANNEL: 'text',
    WALKIN_YN: 'text',
    EXTERNAL_REFERENCE: 'text',
    INSERT_DATE: 'date',
    UPDATE_DATE: 'date',
  },
  RESERVATION_DAILY_ELEMENT_NAME: {
    RESORT: 'text',
    RESV_NAME_ID: 'number',
    RESERVATION_DATE: 'date',
    RESV_DAILY_EL_SEQ: 'number',
    SHARE_AMOUNT: 'number',
    RATE_CODE: 'text',
    CURRENCY_CODE: 'text',
    ADULTS: 'number',
    CHILDREN: 'number',
  },
  RESERVATION_DAILY_ELEMENTS: {
    RESORT: 'text',
    RESERVATION_DATE: 'date',
    RESV_DAILY_EL_SEQ: 'number',
    ROOM: 'text',
    ROOM_CATEGORY: 'text',
    MARKET_CODE: 'text',
    ORIGIN_OF_BOOKING: 'text',
  },
  NAME: { NAME_ID: 'number', FIRST: 'text', LAST: 'text', VIP_STATUS: 'text', LANGUAGE: 'text', NATIONALITY: 'text' },
  NAME_PHONE: {
    PHONE_ID: 'number',
    NAME_ID: 'number',
    PHONE_ROLE: 'text',
    PHONE_NUMBER: 'text',
    PRIMARY_YN: 'text',
    INACTIVE_DATE: 'date',
  },
  NAME_MERGE_LOG: { NAME_ID_FROM: 'number', NAME_ID_TO: 'number', TRANSACTION_DATE: 'date' },
  ROOM: {
    RESORT: 'text',
    ROOM: 'text',
    ROOM_CATEGORY: 'text',
    FLOOR: 'text',
    ROOM_STATUS: 'text',
    HK_STATUS: 'text',
    FO_STATUS: 'text',
    PSEUDO_YN: 'text',
  },
  RESORT$_ROOM_CATEGORY: { RESORT: 'text', ROOM_CATEGORY: 'text', LABEL: 'text' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Family>>>>;

export type NeededTable = keyof typeof neededColumns;
export const neededTables = Object.keys(neededColumns) as NeededTable[];

/** Which tables each kind of record is made from. What is missing in one of them stops only that kind. */
export const tablesOf = {
  reservations: [
    'BUSINESSDATE',
    'RESERVATION_NAME',
    'RESERVATION_DAILY_ELEMENT_NAME',
    'RESERVATION_DAILY_ELEMENTS',
    'NAME',
    'NAME_PHONE',
    'RESORT$_ROOM_CATEGORY',
  ],
  profiles: ['RESERVATION_NAME', 'NAME', 'NAME_PHONE'],
  merges: ['NAME_MERGE_LOG', 'RESERVATION_NAME'],
  rooms: ['ROOM', 'RESORT$_ROOM_CATEGORY'],
} as const satisfies Readonly<Record<string, readonly NeededTable[]>>;
export type Kind = keyof typeof tablesOf;

function familyOf(type: string): Family | null {
  if (/CHAR/.test(type)) return 'text';
  if (/^(?:NUMBER|FLOAT|INTEGER)/.test(type)) return 'number';
  return /^(?:DATE|TIMESTAMP)/.test(type) ? 'date' : null;
}

/** What of a table is missing or different. @param found the columns that the database shows, with their types. */
export function differencesOf(table: NeededTable, found: ReadonlyMap<string, string>): ColumnDifference[] {
  return Object.entries(neededColumns[table]).flatMap(([column, needs]) => {
    const type = found.get(column) ?? null;
    return type !== null && familyOf(type) === needs ? [] : [{ column, found: type, needs }];
  });
}

/** The same in words, for a person or a report. */
export function differenceWords(wrong: Difference): string[] {
  if (wrong === 'missing') return ['the table is missing, or may not be read'];
  return wrong.map(({ column, found, needs }) => (found === null ? `${column} is missing` : `${column} is ${found}, not a ${needs}`));
}

/** What is wrong with a table: all of it, or some of its columns. */
export type Difference = 'missing' | readonly ColumnDifference[];
