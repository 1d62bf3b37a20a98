import { expect, it } from 'vitest';
import { entityNames, entityOf } from '../../contract/record.ts';
import { recordsDe } from './de-records.ts';
import { recordsEn } from './en-records.ts';

it.each([
  ['English', recordsEn],
  ['German', recordsDe],
])('every field of every kind of record, and every word it can hold, has its words in %s', (_language, { fields, choices }) => {
  const known = entityNames.flatMap((name) => entityOf(name).fields);
  const names = known.map(({ name }) => name);
  const words = known.flatMap((field) => field.choices ?? []);
  expect([names.filter((name) => !fields[name]), Object.keys(fields).filter((name) => !names.includes(name))]).toEqual([[], []]);
  expect([words.filter((word) => !choices[word]), Object.keys(choices).filter((word) => !words.includes(word))]).toEqual([[], []]);
});
