import { z } from 'zod';
import { Fault } from '../../../../contract/faults.ts';
import { allowPlainOnThisPc, type Place, trustSettings } from '../../secure-line.ts';

/** A name that needs no quoting: in a shell, in a regular expression of rights, in JSON. */
const plainName = z
  .string()
  .regex(/^(?!amq\.)[A-Za-z0-9_.-]{1,120}$/, 'letters, digits, dots, hyphens and underscores; amq. belongs to the broker');
/** A routing key has 255 bytes at most; a hotel's id has up to 64 characters, a source's name 40. */
const longestKey = (pattern: string) => pattern.replaceAll('{hotelId}', 'x'.repeat(64)).replace(/\{\w+\}/g, 'x'.repeat(40)).length;

export const settings = z.strictObject({
  host: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'the name or the address alone, without a port')
    .meta({ title: 'Server', description: 'Its name or its address.', examples: ['broker.example.com'] }),
  port: z.int().min(1).max(65_535).default(5671).meta({ title: 'Port', 'x-advanced': true }),
  vhost: z
    .string()
    .regex(/^(\/|[A-Za-z0-9_.-]{1,120})$/, 'letters, digits, dots, hyphens and underscores, or a slash alone')
    .default('bellhop')
    .meta({ title: 'Virtual host' }),
  user: plainName.default('bellhop').meta({ title: 'User name' }),
  exchange: plainName.default('bellhop.records').meta({ title: 'Exchange', description: 'To which everything is sent.' }),
  routingKey: z
    .string()
    .regex(
      /^([A-Za-z0-9_.-]|\{entity\}|\{hotelId\}|\{source\})+$/,
      'letters, digits, dots, hyphens, underscores, {entity}, {hotelId} and {source}',
    )
    .refine((pattern) => longestKey(pattern) <= 255, 'too long')
    .default('{entity}.{hotelId}')
    .meta({
      title: 'Routing key',
      description: 'For {entity}, {hotelId} and {source} stands what holds for each message.',
      'x-advanced': true,
    }),
  queue: plainName
    .optional()
    .meta({ title: 'Queue', description: 'Only to test for it and to make it; what is sent goes to the exchange.', 'x-advanced': true }),
  declares: z.boolean().default(false).meta({
    title: 'Make what is missing',
    description: 'Exchange, queue and binding. The user needs more rights for it than sending takes.',
    'x-advanced': true,
  }),
  allowPlainOnThisPc,
  batchRecords: z.int().min(1).max(5000).default(500).meta({ title: 'Records on their way at once', 'x-advanced': true }),
  ...trustSettings,
});
export type Settings = z.infer<typeof settings>;

export function placeOf({ host, port }: Settings): Place {
  return { host, port, shown: `${host}:${port}` };
}

export function passwordOf(secrets: Readonly<Record<string, string>>, { host }: Settings): string {
  const password = secrets.brokerPassword;
  if (!password) throw new Fault('secret-missing', { field: 'Password of the broker user', connection: host });
  return password;
}

export function routingKeyOf(
  { routingKey }: Settings,
  given: { readonly entity: string; readonly hotelId: string; readonly source: string },
) {
  return routingKey.replaceAll('{entity}', given.entity).replaceAll('{hotelId}', given.hotelId).replaceAll('{source}', given.source);
}

/** What a hotel's records come to rest in where no other queue is named. */
export function queueOf({ queue, exchange }: Settings): string {
  return queue ?? exchange;
}
