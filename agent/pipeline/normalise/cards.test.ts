import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hideCards, hideCardsInText, isHiddenCard } from './cards.ts';

/** Test numbers published by the card networks: no account stands behind them. */
const published = [
  '4111111111111111',
  '5555555555554444',
  '2223003122003222',
  '378282246310005',
  '30569309025904',
  '6011111111111117',
  '3530111333300000',
  '6200000000000005',
];

const hidden = (text: string) => {
  const bytes = Buffer.from(text);
  hideCards(bytes, { isEnd: true, before: 0 });
  return bytes.toString();
};

describe('hiding card numbers', () => {
  it.each(published)('hides %s in bytes and in text, and keeps every other byte in its place', (number) => {
    const text = `Guest;pays with ${number}, thanks`;
    const stars = `Guest;pays with ${'*'.repeat(number.length)}, thanks`;
    expect([hidden(text), hideCardsInText(text)]).toEqual([stars, stars]);
    expect(isHiddenCard('*'.repeat(number.length))).toBe(true);
  });

  it('hides them with spaces and hyphens between', () => {
    expect(hidden('4111 1111 1111 1111;4111-1111-1111-1111')).toBe('**** **** **** ****;****-****-****-****');
    expect(hideCardsInText('4111 1111 1111 1111')).toBe('**** **** **** ****');
  });

  it.each([
    '4111111111111112',
    '1234567890123456',
    '41111111111111110',
    'A4111111111111111',
    '+4420794606900',
    '2026-03-01 14:05:00',
    '0000004471902',
    '4111  1111 1111 1111',
  ])('leaves %s as it is', (text) => {
    expect(hidden(text)).toBe(text);
  });

  it.each([
    ['4111 1111 1111 1111 12/27', '**** **** **** **** 12/27'],
    ['4111111111111111 123', '**************** 123'],
    ['5555-5555-5555-4444-12-27', '****-****-****-****-12-27'],
    ['1 4111111111111111', '1 ****************'],
    ['2026 4111111111111111', '2026 ****************'],
    ['4111111111111111 4012888888881881', '**************** ****************'],
  ])('hides the number in %s, whatever stands beside it', (text, stars) => {
    expect([hidden(text), hideCardsInText(text)]).toEqual([stars, stars]);
  });

  it('leaves a confirmation number alone wherever a chunk ends', () => {
    const text = 'a,R4111111111111111,b,VISA4111111111111111';
    for (let cut = 1; cut < text.length; cut++) {
      const first = Buffer.from(text.slice(0, cut));
      const { settled } = hideCards(first, { isEnd: false, before: 0 });
      const rest = Buffer.concat([first.subarray(settled), Buffer.from(text.slice(cut))]);
      hideCards(rest, { isEnd: true, before: settled > 0 ? text.charCodeAt(settled - 1) : 0 });
      expect(first.subarray(0, settled).toString() + rest.toString()).toBe(text);
    }
  });

  it('finds a number that two chunks share', () => {
    const text = `a,${'4111111111111111'},b\n`;
    for (let cut = 1; cut < text.length; cut++) {
      const first = Buffer.from(text.slice(0, cut));
      const { settled } = hideCards(first, { isEnd: false, before: 0 });
      const rest = Buffer.concat([first.subarray(settled), Buffer.from(text.slice(cut))]);
      hideCards(rest, { isEnd: true, before: settled > 0 ? text.charCodeAt(settled - 1) : 0 });
      expect(first.subarray(0, settled).toString() + rest.toString()).toBe('a,****************,b\n');
    }
  });

  it('never changes the length of anything, nor a byte that is no digit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const copy = Uint8Array.from(bytes);
        const { settled } = hideCards(copy, { isEnd: true, before: 0 });
        expect(settled).toBe(bytes.length);
        for (const [at, byte] of bytes.entries()) if (byte < 48 || byte > 57) expect(copy[at]).toBe(byte);
      }),
    );
  });
});
