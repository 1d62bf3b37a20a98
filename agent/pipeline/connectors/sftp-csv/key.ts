import { generateKeyPairSync, randomBytes } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';
import { Fault } from '../../../../contract/faults.ts';
import type { MadeSecret } from '../../connector.ts';

/**
 * Read a private key as it was pasted.
 * @param host whose key it is, for the words of the fault.
 * @throws {Fault} `key-passphrase-missing`, `key-passphrase-wrong`, `key-putty`, `key-unreadable`. Nothing of the key is in them.
 */
export function readPrivateKey(text: string, passphrase: string | undefined, host: string): ParsedKey {
  const key = parse(text.trim(), passphrase);
  if (!(key instanceof Error) && key.isPrivateKey()) return key;
  const why = key instanceof Error ? key.message : 'a public key';
  const cause = { cause: key };
  if (/no passphrase given/.test(why)) throw new Fault('key-passphrase-missing', { host }, cause);
  if (/bad passphrase/i.test(why)) throw new Fault('key-passphrase-wrong', { host }, cause);
  const putty = /^PuTTY-User-Key-File-(\d+): (\S+)/.exec(text.trim());
  // The driver reads version 2 alone, and of that RSA and DSA alone.
  if (putty) throw new Fault('key-putty', { host, version: putty[1] as string, algorithm: putty[2] as string }, cause);
  throw new Fault('key-unreadable', { host }, cause);
}

/** Whatever a person has pasted: the driver answers with an error, and throws where it did not expect what it found. */
function parse(text: string, passphrase: string | undefined): ParsedKey | Error {
  try {
    return ssh2.utils.parseKey(text, passphrase);
  } catch (error) {
    return error as Error;
  }
}

/**
 * Make an Ed25519 key pair. The driver's own maker is not used: one of 256 of its pairs cannot be read again.
 * @source github.com/mscdex/ssh2/issues/1390; format: PROTOCOL.key of OpenSSH, without a passphrase: the secret store seals it.
 */
export function makeKeyPair(whose: string): MadeSecret {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) as { d: string; x: string };
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  const blob = Buffer.concat([lengthed(algorithm), lengthed(point)]);
  const check = randomBytes(4);
  const inner = Buffer.concat([check, check, blob, lengthed(Buffer.concat([seed, point])), lengthed(whose)]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, at) => at + 1));
  const none = lengthed('none');
  const one = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    none,
    none,
    lengthed(''),
    one,
    lengthed(blob),
    lengthed(Buffer.concat([inner, padding])),
  ]);
  const lines = whole.toString('base64').match(/.{1,70}/g) as string[];
  return {
    secret: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    handOver: publicLine(algorithm, blob, whose),
  };
}

/** The public half of a private key, as the operator of a server enters it. */
export function publicHalf(privateKey: string, passphrase: string | undefined, whose: string): string {
  const key = readPrivateKey(privateKey, passphrase, whose);
  return publicLine(key.type, key.getPublicSSH(), whose);
}

const algorithm = 'ssh-ed25519';
const publicLine = (type: string, blob: Buffer, whose: string) => `${type} ${blob.toString('base64')} ${whose}`;

/** A text or bytes with their length in front. @source RFC 4251 §5 */
function lengthed(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
