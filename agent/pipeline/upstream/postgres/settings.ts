import { z } from 'zod';
import { Fault } from '../../../../contract/faults.ts';
import { allowPlainOnThisPc, type Place, trustSettings } from '../../secure-line.ts';

/** A name as PostgreSQL takes it without quotes: what a person reads in a script is what stands in the database. */
const plainName = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, 'small letters, digits and underscores, not starting with a digit');

export const settings = z.strictObject({
  host: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'the name or the address alone, without a port')
    .meta({ title: 'Server', description: 'Its name or its address.', examples: ['db.example.com'] }),
  port: z.int().min(1).max(65_535).default(5432).meta({ title: 'Port', 'x-advanced': true }),
  database: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,63}$/, 'letters, digits, dots, hyphens and underscores')
    .meta({ title: 'Database' }),
  schema: plainName.default('production').meta({ title: 'Schema', description: 'In which the tables stand.', 'x-advanced': true }),
  user: plainName.default('bellhop').meta({ title: 'User name' }),
  allowPlainOnThisPc,
  batchRecords: z.int().min(1).max(5000).default(1000).meta({ title: 'Records in one transaction', 'x-advanced': true }),
  ...trustSettings,
});
export type Settings = z.infer<typeof settings>;

export function placeOf({ host, port }: Settings): Place {
  return { host, port, shown: `${host}:${port}` };
}

export function passwordOf(secrets: Readonly<Record<string, string>>, { host }: Settings): string {
  const password = secrets.databasePassword;
  if (!password) throw new Fault('secret-missing', { field: 'Password of the database user', connection: host });
  return password;
}
