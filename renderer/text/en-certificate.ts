import type { CertificateDifference, CertificateProgress, CertificateState, NotCompared } from '../../contract/certificate.ts';

const number = (value: number) => value.toLocaleString('en-GB');
const many = (count: number, one: string, more: string) => `${number(count)} ${count === 1 ? one : more}`;

/** The sentences of the certificate of completeness, in English. */
export const certificateEn = {
  title: 'Certificate',
  full: 'Certificate of completeness',
  now: 'Compare now',
  cancel: 'End the comparison',
  cancelled: 'The comparison was ended. What it had pulled again stays.',
  print: 'Print',
  csv: 'Save as CSV',
  json: 'Save as JSON',
  list: 'Certificates, the newest first',
  none: {
    title: 'No certificate yet',
    body: 'Each night the sources are compared, day by day, with what is kept here and with what each destination has confirmed. You can have it done now.',
  },
  next: (when: string) => `The next is made ${when}.`,
  never: 'None is made by itself.',
  plan: {
    title: 'Each night',
    at: 'Time, by the hotel’s clock',
    help: 'A time such as 06:00',
    save: 'Save',
    off: 'Make none by itself',
    saved: 'Saved',
    why: 'Best behind the night audit.',
  },
  failed: 'The last one could not be made. It is tried again within the hour.',
  businessDate: (day: string) => `Business date ${day}`,
  hints: { move: 'move', open: 'open' },
  stages: {
    files: 'Reading the copies of files anew',
    tables: 'Reading the tables of the sources',
    outbox: 'Opening what was sent',
    comparing: 'Comparing',
    pulling: 'Pulling again what differs',
    confirming: 'Waiting for the destinations',
    done: 'Done',
  } as Record<CertificateProgress['stage'], string>,
  progress: (stage: string, done: string, total: string | null) =>
    total === null ? `${stage} (${done})` : `${stage} (${done} of ${total})`,
  made: (from: string, to: string) => `Compared from ${from} to ${to}, in the time of the hotel.`,
  intro: (hotel: string) =>
    `What the sources of ${hotel} said, read anew, compared with what this PC keeps and with what each destination has confirmed: by kind of record and hotel date.`,
  states: {
    complete: 'Complete',
    waiting: 'Waits',
    refused: 'Refused in part',
    different: 'Not the same',
    'not-compared': 'Not compared',
  } as Record<CertificateState, string>,
  verdicts: {
    complete: 'Nothing is missing: every record of the sources is kept here, and was confirmed by every destination that gets it.',
    waiting: 'Nothing is missing here. A destination has not confirmed everything yet; what waits follows.',
    refused: 'Nothing is missing here. A destination has refused some records: they are set aside.',
    different: 'Something is missing, also after it was pulled again.',
    'not-compared': 'Not everything was compared. What was not is named, and nothing is claimed about it.',
  } as Record<CertificateState, string>,
  counted: (records: number) =>
    records === 0
      ? 'No record of a source was compared.'
      : `${many(records, 'record of the sources was', 'records of the sources were')} compared.`,
  found: (found: number, mended: number) =>
    found === 0
      ? 'None differed.'
      : `${number(found)} differed; ${mended === found ? 'all were' : `${number(mended)} of them were`} mended by pulling them again.`,
  waits: (count: number) => `${many(count, 'record waits', 'records wait')} for a destination.`,
  reasons: {
    paused: 'the connection is paused',
    removed: 'the connection was removed',
    'never-read': 'nothing was ever read from it',
    'first-load': 'its first load is under way',
    'not-asked': 'the source is not asked for it any more',
    'night-audit': 'its night audit was running',
    'being-read': 'files of it were being read',
    damaged: 'copies of its files are damaged',
    fault: 'it failed',
  } as Record<NotCompared['reason'], string>,
  notCompared: 'Not compared',
  stopped: 'a person has stopped sending to it, and records wait for it',
  noDestination: 'No destination is set up that gets everything: nobody has confirmed anything.',
  noSource: 'No source is set up.',
  columns: {
    kind: 'Kind of record',
    day: 'Hotel date',
    source: 'At the source',
    kept: 'Kept here',
    destination: 'Destination',
    confirmed: 'Confirmed',
    withheld: 'Withheld',
    waiting: 'Waiting',
    state: 'State',
    sum: 'Checksum, source and confirmed',
  },
  noDay: 'without a date',
  from: (kind: string, source: string) => `${kind} from ${source}`,
  read: (files: number, rows: number) =>
    files > 0 ? `${many(files, 'file', 'files')}, ${many(rows, 'row', 'rows')} read` : `${many(rows, 'row', 'rows')} read`,
  sum: 'all dates',
  unknown: 'unknown',
  notes: {
    missing: (count: number) => `${number(count)} missing`,
    changed: (count: number) => `${number(count)} with another content`,
    corrected: (count: number) => `${number(count)} corrected by a person, not in the checksum`,
    gone: (count: number) => `${number(count)} kept and no longer at the source`,
    later: (count: number) => `${number(count)} came meanwhile, not part of it`,
    refused: (count: number) => `${number(count)} refused`,
    stopped: 'sending is stopped',
    since: (when: string) => `waits since ${when}`,
  },
  shadow: 'shadow',
  differences: 'What differed',
  difference: { key: 'Record', what: 'What', where: 'Said by', outcome: 'After it was pulled again' },
  kinds: {
    missing: 'was not kept',
    changed: 'was kept or sent with another content',
    'row-lost': 'a row that was neither kept nor set aside',
  } as Record<CertificateDifference['kind'], string>,
  mended: 'mended',
  open: 'still differs',
  moreDifferences: (count: number) => `${number(count)} more are not listed.`,
  setAside: 'Set aside',
  setAsideOf: (count: number, kind: string) => `${many(count, 'row', 'rows')} of ${kind}`,
  showAll: (count: number) => `Show all ${number(count)} lines`,
  onlyOpen: 'Of each kind the sum is shown, and every date that is not complete.',
  digest: (digest: string) => `Digest ${digest}. It stands in the history of this PC as well.`,
  changed: 'What is kept of this certificate was changed after it was made. Do not rely on it.',
  explained:
    'A checksum is the sum of the keyed hashes of all records of a line, in no order: on both sides it is worked out anew, at the source from what was read there, at the destination from the texts that it has confirmed.',
};
