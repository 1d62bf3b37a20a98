import { z } from 'zod';
import { entityNames } from './record.ts';

/**
 * Why a row was set aside. `title` is the reason in a sentence, `hint` what a person can do.
 * The German words stand in renderer/text; these are the ones of the command line.
 */
export const rules = {
  'row-ragged': {
    title: 'The row has more or fewer cells than the header.',
    hint: 'Look for a delimiter inside a text, or a line that is a total.',
  },
  'row-unclosed-quote': {
    title: 'A quotation mark opens and never closes.',
    hint: 'Close or remove the mark in the source, and export again.',
  },
  'row-stray-quote': {
    title: 'A quotation mark stands in the middle of a quoted cell.',
    hint: 'Double the mark or remove it in the source, and export again.',
  },
  'row-too-long': { title: 'The row is longer than 1 MiB.', hint: 'Look whether a line end is missing in the export.' },
  'row-undecodable': {
    title: 'Some bytes are no text in the encoding of the mapping.',
    hint: 'Set the encoding that the export is written in.',
  },
  'row-nul': { title: 'The row holds a NUL byte.', hint: 'The file was cut or written badly; export again.' },
  'header-unusable': {
    title: 'The header lacks a column that the mapping needs, or names one twice.',
    hint: 'Correct the mapping or the export; nothing of this file was used.',
  },
  'key-missing': { title: 'The row has no key.', hint: 'Map the column that holds the confirmation number.' },
  'key-is-card-number': {
    title: 'The key looks like a card number and was hidden.',
    hint: 'If your confirmation numbers look like that, switch card hiding off for this connection.',
  },
  'value-missing': { title: 'A field that every record needs is empty.', hint: 'Fill it in the source, or give the mapping a default.' },
  'value-too-long': { title: 'The value is longer than the field may be.', hint: 'Shorten it in the source.' },
  'value-unknown': {
    title: 'The source uses a word that the mapping does not know.',
    hint: 'Add the word to the mapping and say what it means.',
  },
  'day-unreadable': {
    title: 'This is no day in the format of the mapping.',
    hint: 'Correct the format in the mapping, or the value in the source.',
  },
  'amount-unreadable': {
    title: 'This is no amount in the format of the mapping.',
    hint: 'Say which sign the source uses for decimals and thousands.',
  },
  'amount-without-currency': { title: 'An amount has no currency.', hint: 'Map the currency, or set the one of the hotel as a constant.' },
  'currency-unknown': { title: 'This currency code is not in ISO 4217.', hint: 'Translate it in the mapping.' },
  'number-unreadable': {
    title: 'This is no number, or it lies outside what the field may hold.',
    hint: 'Correct it in the source or the mapping.',
  },
  'stay-backwards': { title: 'The stay ends before it begins.', hint: 'Correct the dates in the source.' },
  'refused-by-destination': {
    title: 'The destination refused this record.',
    hint: 'Read its answer, correct the source or the mapping, and send it again.',
  },
} as const;

export type RuleId = keyof typeof rules;
export const ruleIds = Object.keys(rules) as [RuleId, ...RuleId[]];

/** A row that could not become a record, or a record that a destination refused: kept whole, with its place. */
export const DeadLetter = z.strictObject({
  id: z.int(),
  connectionId: z.string(),
  destinationId: z.string().nullable(),
  entity: z.enum(entityNames),
  rule: z.enum(ruleIds),
  field: z.string().nullable(),
  column: z.string().nullable(),
  detail: z.string().nullable(),
  fileName: z.string().nullable(),
  line: z.int().nullable(),
  byteOffset: z.int().nullable(),
  byteLength: z.int().nullable(),
  setAsideAtMs: z.int(),
});
export type DeadLetter = z.infer<typeof DeadLetter>;
