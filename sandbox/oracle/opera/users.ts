import type { OracleUser } from '../accounts.ts';

/** What a sync has to be granted at a property, each alone: READ, because SELECT would let it hold rows. */
export const neededTables = [
  'BUSINESSDATE',
  'RESERVATION_NAME',
  'RESERVATION_DAILY_ELEMENT_NAME',
  'RESERVATION_DAILY_ELEMENTS',
  'NAME',
  'NAME_PHONE',
  'NAME_ADDRESS',
  'NAME_MERGE_LOG',
  'RESORT',
  'ROOM',
  'RESORT$_ROOM_CATEGORY',
] as const;

export function grantsOn(
  owner: string,
  privileges: readonly string[],
  tables: readonly string[] = neededTables,
): Record<string, readonly string[]> {
  return Object.fromEntries(tables.map((table) => [`${owner}.${table}`, privileges]));
}

/** The accounts of a property that stands for many: all passwords are made up and nothing here is real. */
export function operaUsers(owner: string): Record<string, OracleUser> {
  const read = grantsOn(owner, ['READ']);
  return {
    [owner]: { password: 'opera-owner' },
    HOTEL_READER: { password: 'Lobby-3-kings', grants: read },
    // What hotels have: SELECT on everything, rights to write, and a role with powers.
    HOTEL_WRITER: {
      password: 'Lobby-3-kings',
      systemPrivileges: ['CREATE SESSION', 'CREATE TABLE'],
      grants: { ...grantsOn(owner, ['SELECT']), [`${owner}.RESERVATION_NAME`]: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] },
      roles: { PMS_SUPPORT: { systemPrivileges: ['SELECT ANY TABLE'], grants: { [`${owner}.NAME$NOTES`]: ['SELECT', 'UPDATE'] } } },
    },
    HOTEL_LOCKED: { password: 'Lobby-3-kings', status: 'locked', grants: read },
    HOTEL_EXPIRED: { password: 'Lobby-3-kings', status: 'expired', grants: read },
    HOTEL_EXPIRING: { password: 'Lobby-3-kings', status: 'expiring', grants: read },
    HOTEL_NOBODY: { password: 'Lobby-3-kings', systemPrivileges: [] },
  };
}
