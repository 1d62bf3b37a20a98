import { posix } from 'node:path';
import { z } from 'zod';
import type { OpenContext, SecretField } from '../../connector.ts';
import { dropSettings, hideCardNumbers } from '../../csv-drops.ts';
import { hostKeyShape } from './host-key.ts';
import { makeKeyPair, publicHalf } from './key.ts';
import type { LineSpec } from './line.ts';
import type { PutAwayOrder } from './put-away.ts';

const sshPort = 22;
const hostName = z.string().regex(/^[A-Za-z0-9_.:-]{1,253}$/, 'a name or an address, without sftp:// and without a path');
const pin = z.string().trim().regex(hostKeyShape, 'a host key looks like ssh-ed25519 SHA256: and 43 signs');

export const settings = z.strictObject({
  host: hostName.meta({ title: 'Server', description: 'Its name or address.', examples: ['sftp.pms.example.com'] }),
  port: z.int().min(1).max(65_535).default(sshPort).meta({ title: 'Port', 'x-advanced': true }),
  user: z.string().min(1).max(200).meta({ title: 'User name' }),
  hostKey: pin.optional().meta({
    title: 'Host key',
    description: 'By it you know the server again. Test the connection to see it, and compare it with what the operator tells you.',
    examples: ['ssh-ed25519 SHA256:…'],
  }),
  serverFolder: z
    .string()
    .startsWith('/', 'starts with a slash')
    .default('/')
    .meta({ title: 'Folder on the server', examples: ['/exports/bookings'] }),
  ...dropSettings,
  afterwards: z
    .enum(['leave', 'move', 'delete'])
    .default('leave')
    .meta({
      title: 'When everything of a file is kept',
      'x-titles': { leave: 'leave it on the server', move: 'move it to another folder of the server', delete: 'delete it from the server' },
    }),
  archiveFolder: z
    .string()
    .regex(/^\/?(?!\.{1,2}(?:\/|$))[^\0/]+(?:\/(?!\.{1,2}(?:\/|$))[^\0/]+)*$/, 'the name of a folder, or its path from the slash on')
    .default('taken')
    .meta({
      title: 'Folder for files that were taken',
      description: 'Within the folder on the server, or its whole path. It is made when it is not there.',
      'x-advanced': true,
    }),
  weakUntil: z.iso
    .date('a day such as 2026-12-31')
    .optional()
    .meta({
      title: 'Allow broken methods until',
      description:
        'Only for a server that has nothing better, and only until its operator has mended that: what is read and the password can be read along on the way. Ends by itself after that day.',
      examples: ['2026-12-31'],
      'x-advanced': true,
      'x-exception': true,
    }),
  jumpHost: hostName.optional().meta({
    title: 'Jump host',
    description: 'Only if the server is reached through another SSH server.',
    examples: ['gate.pms.example.com'],
    'x-advanced': true,
  }),
  jumpPort: z.int().min(1).max(65_535).optional().meta({ title: 'Jump host: port', description: '22 if it is empty.', 'x-advanced': true }),
  jumpUser: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ title: 'Jump host: user name', description: 'As at the server if it is empty.', 'x-advanced': true }),
  jumpHostKey: pin.optional().meta({
    title: 'Jump host: host key',
    description: 'Compared and confirmed like the one of the server.',
    'x-advanced': true,
  }),
  hideCardNumbers,
});
export type Settings = z.infer<typeof settings>;

export const secrets: Readonly<Record<string, SecretField>> = {
  password: { title: 'Password', description: 'Leave it empty if you log in with a key.', isRequired: false },
  privateKey: {
    title: 'Private key',
    description: 'The whole text of the key file: OpenSSH, or PuTTY of version 2 for RSA.',
    isRequired: false,
    isLong: true,
    maker: {
      make: makeKeyPair,
      handOver: ({ privateKey = '', passphrase }, whose) => publicHalf(privateKey, passphrase, whose),
    },
  },
  passphrase: { title: 'Passphrase of the key', description: 'Only if the key has one.', isRequired: false },
  jumpPassword: {
    title: 'Jump host: password',
    description: 'If neither this nor a key is entered for it, it gets the same as the server.',
    isRequired: false,
    isAdvanced: true,
  },
  jumpPrivateKey: {
    title: 'Jump host: private key',
    description: 'Only if it is another one than for the server.',
    isRequired: false,
    isLong: true,
    isAdvanced: true,
  },
  jumpPassphrase: {
    title: 'Jump host: passphrase of the key',
    description: 'Only if that key has one.',
    isRequired: false,
    isAdvanced: true,
  },
};

/** How the server is reached and logged in to. */
export function lineSpec(given: Settings, { secrets }: Pick<OpenContext, 'secrets'>): LineSpec {
  const { host, port, user, hostKey, weakUntil, jumpHost, jumpPort = sshPort, jumpUser = user, jumpHostKey } = given;
  const secret = (name: string) => secrets[name] || undefined;
  const login = { password: secret('password'), privateKey: secret('privateKey'), passphrase: secret('passphrase') };
  const own = { password: secret('jumpPassword'), privateKey: secret('jumpPrivateKey'), passphrase: secret('jumpPassphrase') };
  const spec: LineSpec = { host, port, user, hostKey, weakUntil, pinnedIn: 'hostKey', ...login };
  if (jumpHost === undefined) return spec;
  const jumpLogin = own.password || own.privateKey ? own : login;
  return { ...spec, jump: { host: jumpHost, port: jumpPort, user: jumpUser, hostKey: jumpHostKey, pinnedIn: 'jumpHostKey', ...jumpLogin } };
}

/** What becomes of a file that is kept. */
export function putAwayOrder({ host, user, serverFolder, archiveFolder }: Settings, afterwards: PutAwayOrder['afterwards']): PutAwayOrder {
  return { afterwards, host, user, folder: serverFolder, archive: posix.resolve(serverFolder, archiveFolder) };
}
