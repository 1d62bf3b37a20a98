import type { Random } from './random.ts';

/** Invented people. The signs in their names are the point: umlauts, commas, quotes and other alphabets break bad importers. */
// biome-ignore format: a table of names
const lastNames = [
  'Albrecht', 'Ångström', 'Bąk', 'Brandt', 'Castellanos', 'Çelik', 'Delacroix-Meyer', 'Dvořák', 'Eriksen', 'Fjeldstad', 'García Núñez',
  'Großmann', 'Haverkamp', 'İnan', 'Jørgensen', 'Kowalczyk', 'Lindqvist', 'Løvenskiold', 'MacAllister', 'Müller', 'Nagy', "O'Farrell",
  'Özdemir', 'Papadakis', 'Quispe', 'Rößler', 'Șerban', 'Thygesen', 'Ünal', 'van der Heijden', 'Wójcik', 'Yamamoto', 'Żak', '王',
] as const;
// biome-ignore format: a table of names
const firstNames = [
  'Agnieszka', 'André', 'Björn', 'Chloë', 'Dagný', 'Eamon', 'Françoise', 'Gül', 'Håkon', 'Ilse', 'Jürgen', 'Katarzyna', 'Léa', 'Mateo',
  'Noor', 'Oisín', 'Pilar', 'Rasmus', 'Søren', 'Théo', 'Uxía', 'Věra', 'Willem', 'Yuki', 'Zoë', '小明',
] as const;
const nicknames = ['Bob', 'Teddy', 'Kit', 'Lou'] as const;

export type Guest = { readonly name: string; readonly email: string; readonly phone: string };

/** Invent a guest. Mail goes to the reserved example domains; phone numbers lie in ranges nobody is given. */
export function inventGuest(random: Random, number: number): Guest {
  const last = random.pick(lastNames);
  const first = random.pick(firstNames);
  const given = random.chance(0.05) ? `${first} "${random.pick(nicknames)}"` : first;
  const name = random.chance(0.5) ? `${last}, ${given}` : `${given} ${last}`;
  const email = random.chance(0.7) ? `guest.${number}@example.${random.pick(['com', 'org', 'net'])}` : '';
  const phone = random.chance(0.6) ? `+44 20 7946 ${String(random.between(0, 999)).padStart(4, '0')}` : '';
  return { name, email, phone };
}

/** What guests ask for, as a front desk types it. */
export const wishes = [
  'Late arrival, after 23:00',
  'Feather-free pillows; high floor',
  'Says: "the quiet side, please"',
  'Cot for a baby, and a bath, not a shower',
  'Allergic to nuts, shellfish & wool',
  'Anniversary – flowers, card from "all of us"',
  'Airport pick-up 06:45\nflight from Reykjavík',
  'Zimmer zum Hof, Frühstück aufs Zimmer',
] as const;
