import { z } from 'zod';
import { trustSettings } from '../../secure-line.ts';

/** Settings lie open in the database and in every list of connections; a login belongs to the secrets. */
const withoutLogin = (url: string) => !/^[^/]*\/\/[^/?#]*@/.test(url);
const noLogin = 'leave the login out of the address: it has fields of its own';

export const settings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine(withoutLogin, noLogin)
    .meta({ title: 'Address', description: 'Of the group hub, without a path.', examples: ['https://hub.example.com'] }),
  allowHttpOnThisPc: z
    .boolean()
    .default(false)
    .meta({ title: 'Allow http to this PC', description: 'Only for a receiver on 127.0.0.1, such as the sandbox.', 'x-advanced': true }),
  batchRecords: z.int().min(1).max(5000).default(1000).meta({ title: 'Records in one request', 'x-advanced': true }),
  proxyUrl: z
    .url({ protocol: /^http$/ })
    .refine(withoutLogin, noLogin)
    .optional()
    .meta({ title: 'Proxy', examples: ['http://proxy.hotel.local:3128'], 'x-advanced': true }),
  proxyUser: z.string().max(200).optional().meta({ title: 'User name at the proxy', 'x-advanced': true }),
  proxyBypass: z.string().max(1000).default('127.0.0.1,localhost').meta({
    title: 'Addresses reached without the proxy',
    description: 'Names, with commas between; .hotel.local means everything below it.',
    'x-advanced': true,
  }),
  ...trustSettings,
});
export type Settings = z.infer<typeof settings>;
export type Secrets = Readonly<Record<string, string>>;
