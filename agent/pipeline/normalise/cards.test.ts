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

  it('finds in bytes what it finds in text, wherever it stands and whatever stands around it', () => {
    const part = fc.oneof(
      fc.constantFrom(
        ...published,
        '4111-1111-1111-1111',
        '4111 1111 1111 1111',
        '2026-03-01',
        '+442070000001',
        '12',
        '7',
        ' ',
        '-',
        '--',
        ',',
        'x',
        ';',
      ),
      fc.string({ maxLength: 15, unit: fc.constantFrom('a', 'Z', ',', '.', '0', '4', '9', ' ', '-') }),
    );
    let found = 0;
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        const clean = hideCardsInText(text);
        if (clean !== text) found++;
        expect(hidden(text)).toBe(clean);
      }),
      { numRuns: 5000, seed: 20_261_121 },
    );
    expect(found).toBeGreaterThan(500);
  });

  it('finds every number of a row of them, wherever it is cut in two', () => {
    const text = `a,${Array.from({ length: 20 }, () => '4111111111111111').join(' ')},b`;
    for (let cut = 1; cut < text.length; cut++) {
      const first = Buffer.from(text.slice(0, cut));
      const { settled } = hideCards(first, { isEnd: false, before: 0 });
      const rest = Buffer.concat([first.subarray(settled), Buffer.from(text.slice(cut))]);
      hideCards(rest, { isEnd: true, before: settled > 0 ? (first[settled - 1] as number) : 0 });
      expect(first.subarray(0, settled).toString() + rest.toString()).toBe(text.replace(/4111111111111111/g, '*'.repeat(16)));
    }
  });

  it('finds the same in two pieces as in one', () => {
    const part = fc.constantFrom(
      ...published,
      '4111-1111-1111-1111',
      '4111 1111',
      '2026-03-01',
      '12',
      '7',
      ' ',
      '-',
      ',',
      'x',
      '0'.repeat(30),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.nat(), (parts, at) => {
        const text = parts.join('');
        const first = Buffer.from(text.slice(0, at % (text.length + 1)));
        const { settled } = hideCards(first, { isEnd: false, before: 0 });
        const rest = Buffer.concat([first.subarray(settled), Buffer.from(text.slice(first.length))]);
        hideCards(rest, { isEnd: true, before: settled > 0 ? (first[settled - 1] as number) : 0 });
        expect(first.subarray(0, settled).toString() + rest.toString()).toBe(hidden(text));
      }),
      { numRuns: 5000, seed: 20_261_121 },
    );
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
