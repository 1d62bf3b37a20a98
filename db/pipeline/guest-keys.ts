import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** Whose guests are meant: numbers and addresses are compared within one source of one hotel. */
export type GuestScope = { readonly hotelId: string; readonly source: string };

const keyBytes = 16;

/**
 * Makes keys by which bookings are led to their guest. They stand in the database, so nobody may read a number or an address from them, or
 * try one out: they cannot be made without the data key.
 */
export function guestKeys(dataKey: KeyObject) {
  const key = createSecretKey(new Uint8Array(hkdfSync('sha256', dataKey, 'bellhop', 'guests', 32)));
  const keyed = (purpose: string, { hotelId, source }: GuestScope, text: string): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([purpose, hotelId, source, text]))
      .digest()
      .subarray(0, keyBytes);
  return {
    guest: (of: GuestScope, guestId: string): Buffer => keyed('guest', of, guestId),
    /** Small and large letters of an address are the same. */
    email: (of: GuestScope, email: string): Buffer => keyed('email', of, email.normalize('NFC').trim().toLowerCase()),
    /** What figures were kept with: two that are equal have the same hash, and nobody can guess a sum by it. */
    figures: (json: string): Buffer => createHmac('sha256', key).update(json).digest().subarray(0, keyBytes),
  };
}
