import { createHash } from 'node:crypto';
import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';

/**
 * The key by which a file server shows that it is the one it was: its algorithm, and SHA-256 over the key.
 * @shape `ssh-ed25519 SHA256:uNiVztksCsDhcc0u9e8BrhhFZ...`, as `ssh-keygen -l` writes it, the algorithm in front.
 */
export type HostKey = { readonly algorithm: string; readonly text: string; readonly words: string };

/** What may stand in the settings. */
export const hostKeyShape = /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) SHA256:[A-Za-z0-9+/]{43}$/;

/**
 * Name a host key as the server has sent it.
 * @param blob the public key on the wire: the length of the algorithm's name (4 bytes), the name, the key.
 * @source RFC 4253 §6.6; words: BIP 39, 24 words for 32 bytes, so that it can be read out over the phone and a slip is noticed.
 */
export function hostKeyOf(blob: Buffer): HostKey {
  const algorithm = blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
  const digest = createHash('sha256').update(blob).digest();
  const text = `${algorithm} SHA256:${digest.toString('base64').replace(/=+$/, '')}`;
  return { algorithm, text, words: entropyToMnemonic(digest, wordlist) };
}

const everyAlgorithm = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

/**
 * The signatures to ask the server for: of the key that is pinned, so that it shows that one and not another of its keys.
 * An RSA key is one key, whatever hash its signatures use; with SHA-1 it signs only for a server that may be weak.
 */
export function hostKeyAlgorithms(pinned: string | undefined, strength: 'strong' | 'weak'): readonly string[] {
  const sha1 = strength === 'weak' ? ['ssh-rsa'] : [];
  if (pinned === undefined) return [...everyAlgorithm, ...sha1];
  const algorithm = pinned.split(' ')[0] as string;
  return algorithm === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', ...sha1] : [algorithm];
}
