import type { Random } from '../../sandbox/hotel/random.ts';

/** Something to be dealt. What is slow comes only when everything else has come once: a small run has no time for it. */
export type Card = { readonly name: string; readonly isSlow?: boolean };

/**
 * Deal cards without end: in each round every card once, in an order that the seed decides; the slow ones from the second round on.
 * So a run of N troubles has had every kind that it can have had, and not some of them five times.
 */
export function* dealt<C extends Card>(cards: readonly C[], random: Random): Generator<C, never> {
  for (let round = 0; ; round++) {
    const left = cards.filter(({ isSlow }) => round > 0 || !isSlow);
    while (left.length > 0) {
      const [card] = left.splice(random.between(0, left.length - 1), 1);
      if (card) yield card;
    }
  }
}
