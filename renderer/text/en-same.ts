import type { SameRecordRule, WithheldReason } from '../../contract/same-record.ts';

const number = (value: number) => value.toLocaleString('en-GB');

/** The sentences of two sources that speak of one record, of shadows and shares, and of how long versions are kept, in English. */
export const sameEn = {
  title: 'When two sources speak of one record',
  intro:
    'The same kind of record under the same number counts as one. Everything is kept here in any case; the rule says what is sent, from the next record on.',
  shared: (count: number) =>
    count === 0 ? 'None is known from two.' : count === 1 ? 'One is known from two.' : `${number(count)} are known from two.`,
  oneSource: (source: string) => `So far only ${source} brings them.`,
  choices: {
    apart: 'Keep both apart and send both',
    newest: 'Send the newest of what waits',
    leads: (source: string) => `${source} leads; what others say of it is not sent`,
  },
  saved: 'The rule holds from the next record on',
  withheldFor: {
    'other-source-leads': (source) => `${source} leads for this kind of record`,
    'other-source-newer': (source) => `${source} has said something newer of it`,
    'not-in-share': () => 'it lies outside of the share that is sent there',
  } satisfies Record<WithheldReason, (source: string) => string> as Record<WithheldReason, (source: string) => string>,
  withheld: (from: string, why: string) => `Not sent to ${from}: ${why}`,
  alsoFrom: (sources: string) => `Also known from ${sources}.`,
  rule: (rule: SameRecordRule) =>
    rule.rule === 'leads'
      ? `${rule.source} leads: what others say of it is kept here and not sent.`
      : rule.rule === 'newest'
        ? 'Of what waits, the newest is sent.'
        : 'Both are kept and sent, each as its own.',
  lookAt: (source: string) => `Show what ${source} says`,
  shadow: {
    tag: 'shadow',
    title: 'Shadow and share',
    what: 'Shadow: gets everything and decides nothing',
    help: 'It holds nobody back, and what it says counts for itself alone. To try a new hub beside the old one.',
    isNow: (title: string) => `${title} is a shadow now`,
    isNoMore: (title: string) => `${title} counts like the other destinations now`,
    share: 'Share of the records that is sent there',
    shareHelp: 'Always the same records. A larger share holds the smaller one; what is missing is sent by itself.',
    percent: (percent: number) => `${percent} %`,
    shared: (title: string, percent: number) => `${title} gets ${percent} % of the records`,
    noLeading: 'There is no destination to compare it with.',
    comparedWith: (title: string) => `Compared with ${title}`,
    none: 'No difference',
    onlyShadowRefused: (count: number) => `${number(count)} refused here alone`,
    onlyLeadingRefused: (count: number) => `${number(count)} refused there alone`,
    behind: (count: number) => `${number(count)} still to come`,
    missed: (count: number) => `${number(count)} old versions were removed before it had them`,
    withheld: (count: number) => `${number(count)} not sent on purpose`,
  },
  keep: {
    title: 'Old versions',
    intro:
      'The newest version of a record is always kept, and whatever a destination has not confirmed. Older ones are removed when they have been kept for so long; the room they took is used again.',
    label: 'Keep older versions for',
    days: (days: number) => (days % 365 === 0 ? (days === 365 ? 'a year' : `${days / 365} years`) : `${days} days`),
    ever: 'ever',
    saved: 'Set',
    pruned: 'Older versions were removed when they had been kept for long enough.',
  },
  outbox: (bytes: string, since: string | null) =>
    since === null ? 'Nothing was kept yet.' : `The outbox takes ${bytes}; its oldest version is of ${since}.`,
  waits: (bytes: string) => `${bytes} to send`,
  figures: 'Figures of guests are being worked out.',
};
