import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { verifierFlag } from './constants.ts';

/**
 * The logon of Oracle 12c and later: neither side sends the password, and each proves to the other that it knows it.
 * @source node-oracledb, lib/thin/protocol/encryptDecrypt.js, read from the server's side
 */
const verifierRounds = 4096;
const sessionRounds = 3;
const keyBytes = 32;
const blockBytes = 16;

/** What a server keeps of a password. */
export type Verifier = { readonly salt: Buffer; readonly passwordKey: Buffer; readonly hash: Buffer };
export type VerifierKind = keyof typeof verifierFlag;
/** A key and a value of the logon's messages; the kind of verifier travels in the flag of its salt. */
export type LogonPair = readonly [key: string, value: string, flag?: number];

export function makeVerifier(password: string, salt: Buffer = randomBytes(16)): Verifier {
  const spiced = Buffer.concat([salt, Buffer.from('AUTH_PBKDF2_SPEEDY_KEY')]);
  const passwordKey = pbkdf2Sync(Buffer.from(password, 'utf8'), spiced, verifierRounds, 64, 'sha512');
  const hash = createHash('sha512').update(passwordKey).update(salt).digest().subarray(0, keyBytes);
  return { salt, passwordKey, hash };
}

/** One logon, from the challenge to the proof. Somebody unknown is given the same dialogue with a verifier that nothing fits. */
export class Logon {
  readonly #verifier: Verifier;
  readonly #serverPart = randomBytes(keyBytes);
  readonly #salt = randomBytes(16);

  constructor(verifier: Verifier) {
    this.#verifier = verifier;
  }

  challenge(kind: VerifierKind): LogonPair[] {
    return [
      ['AUTH_SESSKEY', hex(encrypt(this.#verifier.hash, this.#serverPart))],
      ['AUTH_VFR_DATA', hex(this.#verifier.salt), verifierFlag[kind]],
      ['AUTH_PBKDF2_CSK_SALT', hex(this.#salt)],
      ['AUTH_PBKDF2_VGEN_COUNT', String(verifierRounds)],
      ['AUTH_PBKDF2_SDER_COUNT', String(sessionRounds)],
    ];
  }

  /** Check what the client knows; gives what proves to it that we know the same, or null for a wrong password. */
  answer(pairs: ReadonlyMap<string, string>): string | null {
    try {
      return this.#checked(pairs);
    } catch {
      // With a wrong password the ciphers give rubbish or nothing: there is no better sign of it.
      return null;
    }
  }

  #checked(pairs: ReadonlyMap<string, string>): string | null {
    const clientPart = decrypt(this.#verifier.hash, fromHex(pairs.get('AUTH_SESSKEY')));
    if (clientPart.length !== keyBytes) return null;
    const mixed = Buffer.from(hex(Buffer.concat([clientPart, this.#serverPart])), 'ascii');
    const key = pbkdf2Sync(mixed, this.#salt, sessionRounds, keyBytes, 'sha512');
    const sent = decrypt(key, fromHex(pairs.get('AUTH_PASSWORD')));
    const padding = sent.at(-1) ?? 0;
    if (sent.length < 2 * blockBytes || padding < 1 || padding > blockBytes) return null;
    const password = sent.subarray(blockBytes, sent.length - padding).toString('utf8');
    const { passwordKey } = makeVerifier(password, this.#verifier.salt);
    if (!timingSafeEqual(passwordKey, this.#verifier.passwordKey)) return null;
    return hex(encrypt(key, Buffer.concat([randomBytes(blockBytes), Buffer.from('SERVER_TO_CLIENT')])));
  }
}

function encrypt(key: Buffer, clear: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, Buffer.alloc(blockBytes)).setAutoPadding(false);
  return Buffer.concat([cipher.update(clear), cipher.final()]);
}

function decrypt(key: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-cbc', key, Buffer.alloc(blockBytes)).setAutoPadding(false);
  return Buffer.concat([decipher.update(sealed), decipher.final()]);
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}

function fromHex(text = ''): Buffer {
  return Buffer.from(text, 'hex');
}
