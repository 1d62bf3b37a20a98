import { z } from 'zod';
import { Fault } from '../../../../contract/faults.ts';
import { entityNames } from '../../../../contract/record.ts';
import type { SecretField } from '../../connector.ts';
import { hideCardNumbers } from '../../csv-drops.ts';
import { allowPlainOnThisPc, isPlainLine, type Place, trustSettings } from '../../secure-line.ts';

const columnName = z.string().min(1).max(128);

export const settings = z.strictObject({
  engine: z
    .enum(['postgresql', 'mariadb', 'oracle'])
    .meta({ title: 'Database', 'x-titles': { postgresql: 'PostgreSQL', mariadb: 'MariaDB or MySQL', oracle: 'Oracle' } }),
  host: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'the name or the address alone, without a port')
    .meta({ title: 'Server', description: 'Its name or its address.', examples: ['pms-db.hotel.example'] }),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .meta({ title: 'Port', description: '5432, 3306 or 1521 if it is empty. At Oracle, 2484 means a line with TLS.', 'x-advanced': true }),
  database: z
    .string()
    .regex(/^[A-Za-z0-9_.$-]{1,64}$/, 'letters, digits, dots, hyphens and underscores')
    .meta({ title: 'Name of the database', description: 'At Oracle: of the service.' }),
  user: z.string().min(1).max(80).meta({ title: 'User name', description: 'A user that may read, and nothing more.' }),
  question: z
    .string()
    .min(1)
    .max(50_000)
    .meta({
      title: 'Question',
      description: 'One SELECT. Each row that it gives becomes one record.',
      examples: ['SELECT id, guest, arrival, departure, status, changed_at FROM bookings'],
      'x-widget': 'textarea',
    }),
  keyColumn: columnName.meta({
    title: 'Key column',
    description: 'One of the columns of the question: no two rows have the same value in it, and a row keeps its value.',
    examples: ['id'],
    'x-step': 'choose',
  }),
  changedColumn: columnName.optional().meta({
    title: 'Changed column',
    description: 'The column with the time of the last change. It needs an index. Without it, all rows are read and compared every time.',
    examples: ['changed_at'],
    'x-step': 'choose',
  }),
  stampClock: z
    .enum(['server', 'utc'])
    .default('server')
    .meta({
      title: 'Clock of the changed column',
      description: 'By which clock the times in it are written. The test of the connection says when it seems to be the other one.',
      'x-titles': { server: "The server's own", utc: 'UTC' },
      'x-step': 'choose',
      'x-advanced': true,
    }),
  entity: z.enum(entityNames).default('booking').meta({ title: 'What a row is', 'x-step': 'reading' }),
  mapping: z.string().min(1).default('generic-pms-bookings').meta({
    title: 'Mapping',
    description: 'Which column of the question is which field.',
    'x-widget': 'mapping',
    'x-step': 'reading',
  }),
  source: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
    .default('pms')
    .meta({
      title: 'Name of the system',
      description: 'Stands on every record: small letters, digits and hyphens.',
      examples: ['protel'],
      'x-step': 'reading',
    }),
  sweepAt: z
    .string()
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/)
    .default('04:30')
    .meta({
      title: 'Compare everything at',
      description: 'In hotel time. Once a day all rows are read, to find what has changed without a trace and what is gone.',
      'x-advanced': true,
      'x-step': 'reading',
    }),
  allowPlainOnThisPc,
  ...trustSettings,
  hideCardNumbers,
});
export type Settings = z.infer<typeof settings>;

export const secrets: Readonly<Record<string, SecretField>> = {
  databasePassword: { title: 'Password of the database user', description: 'Kept in the secret store of this PC.', isRequired: true },
};

const defaultPorts = { postgresql: 5432, mariadb: 3306, oracle: 1521 } as const;

export function placeOf({ engine, host, port }: Settings): Place {
  const at = port ?? defaultPorts[engine];
  return { host, port: at, shown: `${host}:${at}` };
}

const oracleTlsPort = 2484;

/** Whether what is read can be read along in the network. @throws {Fault} when that is asked for where it is not allowed. */
export function isPlain(given: Settings): boolean {
  // Hotels seldom have set up TLS at Oracle: the test warns of it.
  return given.engine === 'oracle' ? placeOf(given).port !== oracleTlsPort : isPlainLine(given);
}

export function passwordOf(given: Readonly<Record<string, string>>, { host }: Settings): string {
  const password = given.databasePassword;
  if (!password) throw new Fault('secret-missing', { field: 'Password of the database user', connection: host });
  return password;
}
