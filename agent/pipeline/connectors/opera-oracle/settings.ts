import { z } from 'zod';
import { Fault } from '../../../../contract/faults.ts';
import { type OracleAddress, oracleAddress } from '../../clients/oracle/address.ts';
import type { SecretField } from '../../connector.ts';
import { hideCardNumbers } from '../../csv-drops.ts';

const clockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/);
/** A name as Oracle keeps it without quotes. */
const plainName = z.string().regex(/^[A-Z][A-Z0-9_$#]{0,127}$/, 'as Oracle keeps it: capital letters, digits, _ $ #');

export const settings = z.strictObject({
  address: z
    .string()
    .min(3)
    .max(4000)
    .meta({
      title: 'Address of the database',
      description: 'host:1521/SERVICE, host:1521:SID, the JDBC text of another program, a text in brackets, or an alias.',
      examples: ['opera-db:1521/OPERA', 'jdbc:oracle:thin:@//10.0.0.20:1521/OPERA'],
    }),
  tnsFolder: z.string().optional().meta({
    title: 'Folder of tnsnames.ora',
    description: 'Needed only where the address is an alias.',
    'x-widget': 'folder',
    'x-advanced': true,
  }),
  user: z
    .string()
    .min(1)
    .max(128)
    .meta({ title: 'User name', description: 'The one that the text for the administrator makes.', examples: ['BELLHOP_READER'] }),
  owner: plainName.optional().meta({
    title: 'Owner of the tables',
    description: 'Usually OPERA. If it is empty, the only one there is; the test lists them.',
    examples: ['OPERA'],
    'x-step': 'choose',
  }),
  resort: z
    .string()
    .regex(/^[^\s'"][^'"]{0,19}$/)
    .optional()
    .meta({
      title: 'Property',
      description: 'Its code in OPERA. If it is empty, the only one there is; the test lists them.',
      examples: ['ALDQ'],
      'x-step': 'choose',
    }),
  readsGuests: z
    .boolean()
    .default(true)
    .meta({ title: 'Read guests', description: 'The profiles behind the reservations, with e-mail and telephone.', 'x-step': 'reading' }),
  readsRooms: z
    .boolean()
    .default(true)
    .meta({ title: 'Read rooms', description: 'Rooms with their state. Posting masters are left out.', 'x-step': 'reading' }),
  source: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
    .default('opera')
    .meta({
      title: 'Name of the system',
      description: 'Stands on every record: small letters, digits and hyphens.',
      'x-advanced': true,
      'x-step': 'reading',
    }),
  bookingMapping: z
    .string()
    .min(1)
    .default('opera-v5-bookings')
    .meta({ title: 'Mapping of reservations', 'x-widget': 'mapping', 'x-advanced': true, 'x-step': 'reading' }),
  guestMapping: z
    .string()
    .min(1)
    .default('opera-v5-guests')
    .meta({ title: 'Mapping of guests', 'x-widget': 'mapping', 'x-advanced': true, 'x-step': 'reading' }),
  roomMapping: z
    .string()
    .min(1)
    .default('opera-v5-rooms')
    .meta({ title: 'Mapping of rooms', 'x-widget': 'mapping', 'x-advanced': true, 'x-step': 'reading' }),
  sweepAt: clockTime.default('04:30').meta({
    title: 'Compare everything at',
    description: 'In hotel time. Once a day all rows are read, to find what has changed without a trace and what is gone.',
    'x-advanced': true,
    'x-step': 'reading',
  }),
  auditFrom: clockTime.default('02:00').meta({
    title: 'Night audit from',
    description: 'From then on it is read every quarter of an hour only.',
    'x-advanced': true,
    'x-step': 'reading',
  }),
  auditUntil: clockTime.default('04:00').meta({ title: 'Night audit until', 'x-advanced': true, 'x-step': 'reading' }),
  clientFolder: z
    .string()
    .optional()
    .meta({
      title: 'Folder of an Oracle client',
      description: 'Needed only for servers that are too old for the driver alone; the test says so.',
      examples: ['C:\\oracle\\instantclient_19_23'],
      'x-widget': 'folder',
      'x-advanced': true,
    }),
  caPem: z.string().max(100_000).optional().meta({
    title: 'Certificate of your own authority',
    description: 'PEM text, for an address with tcps whose certificate is signed by it.',
    'x-widget': 'textarea',
    'x-advanced': true,
  }),
  acknowledgedRights: z.array(z.string().min(1).max(200)).max(50).optional().meta({
    title: 'Rights beyond reading that are accepted',
    description: 'Each by its name, as the test lists them. Better take them away from the user.',
    'x-advanced': true,
    'x-exception': true,
  }),
  hideCardNumbers,
});
export type Settings = z.infer<typeof settings>;

export const secrets: Readonly<Record<string, SecretField>> = {
  databasePassword: { title: 'Password of the database user', description: 'Kept in the secret store of this PC.', isRequired: true },
};

export function addressOf({ address, tnsFolder }: Settings): OracleAddress {
  return oracleAddress(address, tnsFolder);
}

export function passwordOf(given: Readonly<Record<string, string>>, { address }: Settings): string {
  const password = given.databasePassword;
  if (!password) throw new Fault('secret-missing', { field: 'Password of the database user', connection: address });
  return password;
}
