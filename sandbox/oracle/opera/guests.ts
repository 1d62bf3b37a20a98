import { inventGuest } from '../../hotel/guests.ts';
import type { Random } from '../../hotel/random.ts';
import type { Stamp } from './party.ts';
import type { RowChange } from './rows.ts';

/** A profile as the generator remembers it. */
export type Profile = {
  readonly nameId: number;
  readonly lastName: string;
  readonly firstName: string;
  readonly email: string;
  readonly phone: string;
};

/** Invent a profile; the names are those that break bad importers. */
export function inventProfile(random: Random, nameId: number): Profile {
  const { name, email, phone } = inventGuest(random, nameId);
  const [last = '', first = ''] = name.includes(', ')
    ? name.split(', ')
    : [name.slice(name.indexOf(' ') + 1), name.slice(0, name.indexOf(' '))];
  return { nameId, lastName: last, firstName: first, email, phone };
}

/** The rows of a profile: e-mail and telephone stand in one table and differ in their role. */
export function profileRows(profile: Profile, stamp: Stamp): RowChange[] {
  const stamps = { INSERT_DATE: stamp.at, INSERT_USER: stamp.user, UPDATE_DATE: stamp.at, UPDATE_USER: stamp.user };
  const { nameId, lastName, firstName, email, phone } = profile;
  const contact = (at: number, role: string, text: string): RowChange[] =>
    text === ''
      ? []
      : [
          {
            kind: 'insert',
            table: 'NAME_PHONE',
            values: {
              PHONE_ID: nameId * 4 + at,
              NAME_ID: nameId,
              PHONE_ROLE: role,
              PHONE_TYPE: 'HOME',
              PHONE_NUMBER: text,
              PRIMARY_YN: 'Y',
              ...stamps,
            },
          },
        ];
  return [
    {
      kind: 'insert',
      table: 'NAME',
      values: {
        NAME_ID: nameId,
        NAME_TYPE: 'D',
        LAST: lastName,
        FIRST: firstName,
        SNAME: lastName.toUpperCase(),
        SFIRST: firstName.toUpperCase(),
        LANGUAGE: 'E',
        NATIONALITY: 'NL',
        VIP_STATUS: nameId % 20 === 0 ? 'V1' : null,
        ACTIVE_YN: 'Y',
        CONTACT_YN: 'N',
        ...stamps,
      },
    },
    ...contact(0, 'EMAIL', email),
    ...contact(1, 'PHONE', phone),
  ];
}
