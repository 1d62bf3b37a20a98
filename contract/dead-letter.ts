import { z } from 'zod';
import { Mapping } from './mapping.ts';
import { entityNames } from './record.ts';

/**
 * Why a row was set aside. `title` is the reason in a sentence, `means` why no record could be made of it, `hint` what a person can do.
 * The German words stand in renderer/text; these are the ones of the command line.
 */
export const rules = {
  'row-ragged': {
    title: 'The row has more or fewer cells than the header.',
    means: 'Its cells cannot be told apart any more: a value may stand under the wrong column.',
    hint: 'Look for a delimiter inside a text, or a line that is a total.',
  },
  'row-unclosed-quote': {
    title: 'A quotation mark opens and never closes.',
    means: 'Where the cell ends is not known, so the cells behind it are not either.',
    hint: 'Close or remove the mark in the source, and export again.',
  },
  'row-stray-quote': {
    title: 'A quotation mark stands in the middle of a quoted cell.',
    means: 'Text follows behind a closing mark, so where the cell ends is not known.',
    hint: 'Double the mark or remove it in the source, and export again.',
  },
  'row-too-long': {
    title: 'The row is longer than 1 MiB.',
    means: 'No booking, guest, room or review is that long; most likely several rows ran together.',
    hint: 'Look whether a line end is missing in the export.',
  },
  'row-undecodable': {
    title: 'Some bytes are no text in the encoding of the mapping.',
    means: 'Read as they are, names would be changed: some letters are not what the hotel wrote.',
    hint: 'Set the encoding that the export is written in.',
  },
  'letters-unsure': {
    title: 'Some letters could be read in two ways.',
    means: 'Nothing in the file tells for certain in which encoding its letters are written, and names would differ.',
    hint: 'Look at the row in each encoding, and set the one in which the name is right in the mapping.',
  },
  'row-nul': {
    title: 'The row holds a NUL byte.',
    means: 'Exports hold text, and no text holds such a byte.',
    hint: 'The file was cut or written badly; export again.',
  },
  'header-unusable': {
    title: 'The header lacks a column that the mapping needs, or names one twice.',
    means: 'Without that column no row of the file means anything, so the whole file was set aside as one.',
    hint: 'Correct the mapping or the export; nothing of this file was used.',
  },
  'key-missing': {
    title: 'The row has no key.',
    means: 'Without it nobody could tell this record from any other, or find it again when it changes.',
    hint: 'Map the column that holds the confirmation number.',
  },
  'key-is-card-number': {
    title: 'The key looks like a card number and was hidden.',
    means: 'Card numbers are hidden before anything is kept. A key that is hidden tells no record apart.',
    hint: 'If your confirmation numbers look like that, switch card hiding off for this connection.',
  },
  'value-missing': {
    title: 'A field that every record needs is empty.',
    means: 'The record would be incomplete at its destination, so it was not made.',
    hint: 'Fill it in the source, or give the mapping a default.',
  },
  'value-too-long': {
    title: 'The value is longer than the field may be.',
    means: 'Cutting it would change what the hotel wrote, so it was left as it is.',
    hint: 'Shorten it in the source.',
  },
  'value-unknown': {
    title: 'The source uses a word that the mapping does not know.',
    means: 'What it means is not guessed: a wrong guess would be a wrong booking.',
    hint: 'Add the word to the mapping and say what it means.',
  },
  'day-unreadable': {
    title: 'This is no day in the format of the mapping.',
    means: 'Day and month could be swapped, or the calendar has no such day.',
    hint: 'Correct the format in the mapping, or the value in the source.',
  },
  'amount-unreadable': {
    title: 'This is no amount in the format of the mapping.',
    means: 'A comma read as a point would make the amount a thousand times larger or smaller.',
    hint: 'Say which sign the source uses for decimals and thousands.',
  },
  'amount-without-currency': {
    title: 'An amount has no currency.',
    means: 'An amount means nothing until it is said in what money.',
    hint: 'Map the currency, or set the one of the hotel as a constant.',
  },
  'currency-unknown': {
    title: 'This currency code is not in ISO 4217.',
    means: 'Nobody could tell how many decimals its amounts have, or what they are worth.',
    hint: 'Translate it in the mapping.',
  },
  'number-unreadable': {
    title: 'This is no number, or it lies outside what the field may hold.',
    means: 'Another number put in its place would be made up.',
    hint: 'Correct it in the source or the mapping.',
  },
  'stay-backwards': {
    title: 'The stay ends before it begins.',
    means: 'Arrival and departure may be swapped, or one of them mistyped; which one, only the hotel knows.',
    hint: 'Correct the dates in the source.',
  },
  'kept-damaged': {
    title: 'What was kept of this row is damaged.',
    means:
      'A part of the database does not open any more, and nothing damaged is ever sent. The row is read once more from the copy of its file.',
    hint: 'Look at the disk. Where the copy is damaged as well, export the record once more: it is sent when its source next names it.',
  },
  'refused-by-destination': {
    title: 'The destination refused this record.',
    means: 'The row became a record and was kept, and the destination said that it will not take it.',
    hint: 'Read its answer. What is wrong in the record is corrected in the source: the next export sends it by itself. What was wrong at the destination: send it again.',
  },
} as const;

export type RuleId = keyof typeof rules;
export const ruleIds = Object.keys(rules) as [RuleId, ...RuleId[]];

/** The connection id under which files stand that a person imported by hand: no connection can have it. */
export const importedByHand = '#import';

/**
 * A row that could not become a record, or a record that a destination refused: its place and its reason, without its bytes.
 *
 * `connectionId` is what brought the row in, {@link importedByHand} for a file imported by hand; a title is null when no connection with
 * that id was ever set up. `destinationId` is set for refused records alone. `detail` never holds guest data: what was expected, or the
 * destination's own code.
 * @shape `line` counts from 1; `byteOffset` and `byteLength` are bytes of the file as it was kept, the line end included.
 */
export const DeadLetter = z.strictObject({
  id: z.int(),
  connectionId: z.string(),
  connectionTitle: z.string().nullable(),
  destinationId: z.string().nullable(),
  destinationTitle: z.string().nullable(),
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
  /** How often it was tried again in vain. */
  replays: z.int(),
});
export type DeadLetter = z.infer<typeof DeadLetter>;

/**
 * How a row that was set aside came to be settled: `kept` as a record after all, read as `structure` (a total, a title), overtaken by a
 * `newer` row of the same key, or, refused by a destination at first, `confirmed` by it when it was sent again.
 */
export const settledAs = ['kept', 'structure', 'newer', 'confirmed'] as const;
export type SettledAs = (typeof settledAs)[number];

/** A dead letter keeps at most this much of its bytes; the rest stays in the raw file, at the same place. */
export const keptLetterBytes = 64 * 1024;

/**
 * What a dead letter holds, which is guest data: the row's bytes without its line end, or the refused record as it is kept here.
 *
 * @shape `base64` of at most {@link keptLetterBytes} bytes, written in `encoding`, or perhaps in one of `otherEncodings`; `isCut` when more of the row came than is kept with it.
 *   `json` is the event's text, byte for byte as the destination got it.
 */
export const LetterContent = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('bytes'),
    base64: z.base64(),
    encoding: z.string(),
    otherEncodings: z.array(z.string()),
    isCut: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('record'), json: z.string() }),
]);
export type LetterContent = z.infer<typeof LetterContent>;

/** One dead letter with what it holds, and the mapping that it would be read by now; null for a record that a destination refused. */
export const OpenedLetter = DeadLetter.extend({ content: LetterContent, mapping: Mapping.nullable() });
export type OpenedLetter = z.infer<typeof OpenedLetter>;

/** Which dead letters are meant; without a rule or a connection, those of all. */
export const LetterFilter = z.strictObject({ rule: z.enum(ruleIds).optional(), connectionId: z.string().min(1).max(80).optional() });
export type LetterFilter = z.infer<typeof LetterFilter>;

/** Dead letters, newest first. `total` counts all that the filter means; `nextBelowId` asks for the page behind, null after the last. */
export const LetterPage = z.strictObject({ letters: z.array(DeadLetter), total: z.int(), nextBelowId: z.int().nullable() });
export type LetterPage = z.infer<typeof LetterPage>;

/** How many rows one connection has set aside for one reason. */
export const LetterCount = z.strictObject({
  connectionId: z.string(),
  connectionTitle: z.string().nullable(),
  rule: z.enum(ruleIds),
  count: z.int(),
});
export type LetterCount = z.infer<typeof LetterCount>;
