import { expect, it } from 'vitest';
import { seededRandom } from '../../sandbox/hotel/random.ts';
import { type Card, dealt } from './deck.ts';

const cards: Card[] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'slow', isSlow: true }];

function first(n: number, seed: number): string[] {
  const deck = dealt(cards, seededRandom(seed));
  return Array.from({ length: n }, () => deck.next().value.name);
}

it('deals each card once a round, and the slow ones from the second round on', () => {
  const names = first(11, 7);
  expect([names.slice(0, 3), names.slice(3, 7), names.slice(7)].map((round) => round.toSorted())).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b', 'c', 'slow'],
    ['a', 'b', 'c', 'slow'],
  ]);
});

it('deals the same to the same seed, and not to each', () => {
  const orders = new Set(Array.from({ length: 20 }, (_, seed) => first(11, seed).join(' ')));
  const again = new Set([first(11, 7).join(' '), first(11, 7).join(' ')]);
  expect([again.size, orders.size > 10]).toEqual([1, true]);
});
