import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomFillSync } from 'node:crypto';
import { Fault } from '../contract/faults.ts';

const nonceBytes = 12;
const tagBytes = 16;
export const sealOverheadBytes = nonceBytes + tagBytes;

/** Make 32 bytes a key. Done once: making it anew for every row costs three times as much as the cipher. */
export function sealingKey(bytes: Uint8Array): KeyObject {
  return createSecretKey(bytes);
}

/** Random numbers are drawn for some hundred nonces at once: one draw a row costs as much as the cipher. */
const pool = Buffer.alloc(nonceBytes * 512);
let poolAt = pool.length;

function nonce(): Buffer {
  if (poolAt === pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  poolAt += nonceBytes;
  return pool.subarray(poolAt - nonceBytes, poolAt);
}

/**
 * Encrypt with AES-256-GCM. What `context` names is bound to it: a sealed text moved to another row or field does not open.
 * @shape nonce (12 bytes), cipher text, tag (16 bytes).
 */
export function seal(key: KeyObject, plain: Uint8Array | string, context: string): Buffer {
  const iv = nonce();
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(context, 'utf8'));
  const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
  cipher.final();
  return Buffer.concat([iv, body, cipher.getAuthTag()], body.length + sealOverheadBytes);
}

/**
 * Decrypt what {@link seal} has made.
 * @throws {Fault} `database-damaged` when a bit of it, of its context or of the key differs.
 */
export function unseal(key: KeyObject, sealed: Uint8Array, context: string): Buffer {
  try {
    // GCM also takes a shorter tag, which is easier to forge: what is cut off is never opened.
    if (sealed.length < sealOverheadBytes) throw new RangeError('too short to be sealed');
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(context, 'utf8'));
    decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
    const plain = decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes));
    decipher.final();
    return plain;
  } catch (error) {
    throw new Fault('database-damaged', { file: context.split(' ')[0] ?? '' }, { cause: error });
  }
}

/** What the bytes of a dead letter are bound to: their file and place. */
export function letterContext(fileId: number, byteOffset: number): string {
  return `dead-letter ${fileId} ${byteOffset}`;
}
