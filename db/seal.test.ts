import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { letterContext, seal, sealingKey, sealOverheadBytes, unseal } from './seal.ts';

const bytes = Buffer.alloc(32, 7);
const key = sealingKey(bytes);
const damaged = expect.objectContaining({ code: 'database-damaged' });

it('gives back what was sealed, whatever it was and whatever it was bound to', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), fc.string({ maxLength: 60 }), (plain, context) => {
      const sealed = seal(key, plain, context);
      expect([sealed.length, unseal(key, sealed, context).equals(Buffer.from(plain))]).toEqual([plain.length + sealOverheadBytes, true]);
    }),
    { numRuns: 300, seed: 20_261_121 },
  );
});

it('never uses a nonce twice, also over many draws', () => {
  const nonces = Array.from({ length: 5000 }, () => seal(key, 'x', '').subarray(0, 12).toString('hex'));
  expect(new Set(nonces).size).toBe(nonces.length);
});

it('does not open for another place, another key or another bit', () => {
  const sealed = seal(key, 'a guest', letterContext(1, 100));
  for (const context of [letterContext(1, 101), letterContext(11, 0), letterContext(110, 0), '']) {
    expect(() => unseal(key, sealed, context)).toThrow(damaged);
  }
  expect(() => unseal(sealingKey(Buffer.alloc(32, 8)), sealed, letterContext(1, 100))).toThrow(damaged);
  for (let at = 0; at < sealed.length; at++) {
    const torn = Buffer.from(sealed);
    torn[at] = (torn[at] as number) ^ 0x80;
    expect(() => unseal(key, torn, letterContext(1, 100))).toThrow(damaged);
  }
});

it('does not open what is cut off, also not with a short tag that fits', () => {
  const sealed = seal(key, 'a guest', 'c');
  for (let length = 0; length < sealed.length; length++) expect(() => unseal(key, sealed.subarray(0, length), 'c')).toThrow(damaged);

  // The first four bytes of a true tag: four guesses in a thousand million instead of none.
  const iv = Buffer.alloc(12, 1);
  const cipher = createCipheriv('aes-256-gcm', bytes, iv, { authTagLength: 4 });
  cipher.setAAD(Buffer.from('c'));
  cipher.final();
  expect(() => unseal(key, Buffer.concat([iv, cipher.getAuthTag()]), 'c')).toThrow(damaged);
});

it('says what kind of thing is damaged, and nothing of what was in it', () => {
  try {
    unseal(key, seal(key, 'Ada Almeida', 'payload 17'), 'payload 18');
  } catch (error) {
    expect((error as Error).message).toBe('The database payload is damaged.');
    return;
  }
  expect.unreachable();
});
