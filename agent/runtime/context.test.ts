import { describe, expect, it } from 'vitest';
import { correlationIdOf, isSameSecret, localOperator } from './context.ts';

const given = (id?: string) =>
  correlationIdOf({
    actor: localOperator,
    client: 'console',
    ...(id === undefined ? {} : { reqHeaders: new Headers({ 'x-correlation-id': id }) }),
  });

describe('the id under which a call is found in the log', () => {
  it('is that of the caller, in small letters', () => {
    expect(given('0A1B2C3D-0000-4000-8000-ABCDEFABCDEF')).toBe('0a1b2c3d-0000-4000-8000-abcdefabcdef');
  });

  it.each([undefined, '', 'x', '0a1b2c3d00004000800abcdefabcdefa', '0a1b2c3d-0000-4000-8000-abcdefabcdef; drop', 'g'.repeat(36)])(
    'is a new one where the caller gives none that can be used: %j',
    (id) => {
      const made = [given(id), given(id)];
      expect([made[0] === made[1], made[0]]).toEqual([false, expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)]);
    },
  );
});

describe('a secret that is shown', () => {
  it.each<[string | undefined, string, boolean]>([
    ['token.abc', 'token.abc', true],
    ['token.abd', 'token.abc', false],
    ['token.ab', 'token.abc', false],
    ['token.abcd', 'token.abc', false],
    ['TOKEN.ABC', 'token.abc', false],
    ['', 'token.abc', false],
    [undefined, 'token.abc', false],
    ['töken', 'töken', true],
    ['to\u0308ken', 'töken', false],
  ])('%j is %j: %j', (shown, wanted, isSame) => {
    expect(isSameSecret(shown, wanted)).toBe(isSame);
  });
});
