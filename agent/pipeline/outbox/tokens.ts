import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { FieldKind } from '../../../contract/field.ts';

/**
 * The key of this hotel for what it keeps back. It follows from the data key, which lies wrapped in the secret store and comes along in
 * every backup: so the tokens stay the same on a new PC, and there is no second key to lose.
 */
export function leavingKey(dataKey: KeyObject): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', dataKey, 'bellhop', 'what leaves', 32)));
}

/** What a key makes of a text. What it is for is part of it, so that a token of one kind is never one of another. */
function keyed(key: KeyObject, purpose: string, text: string): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([purpose, text]))
    .digest('hex');
}

const tokenStart = 'tok_';
const tokenDigits = 32;
/** What every token looks like. */
export const tokenExample = tokenStart.padEnd(tokenStart.length + tokenDigits, '0');

/**
 * Put a token in the place of a value: the same one for the same value of the same kind, whatever the field, and for this hotel alone.
 * Small differences that mean nothing (large letters of an e-mail address, blanks and signs of a telephone number) make no other token.
 */
export function tokenOf(key: KeyObject, kind: FieldKind, value: string): string {
  return tokenStart + keyed(key, `token ${kind}`, normal(kind, value)).slice(0, tokenDigits);
}

function normal(kind: FieldKind, value: string): string {
  const text = value.normalize('NFC').trim();
  if (kind === 'email') return text.toLowerCase();
  if (kind !== 'phone') return text;
  const digits = text.replace(/\D/g, '');
  return digits === '' ? text : (text.startsWith('+') ? '+' : '') + digits;
}

/** The hash under which a version leaves when something of it is kept back. Without the key nobody can confirm a guess by it. */
export function hashToLeave(key: KeyObject, hash: string): string {
  return keyed(key, 'hash', hash);
}
