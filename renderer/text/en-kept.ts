import type { BackupProgress } from '../../contract/backup.ts';
import type { CheckFinding, CheckProgress } from '../../contract/check.ts';

const number = (value: number) => value.toLocaleString('en-GB');
const many = (count: number, one: string, more: string) => `${number(count)} ${count === 1 ? one : more}`;

/** The sentences of the check of everything that is kept, and of backups, in English. */
export const keptEn = {
  check: {
    title: 'Check of what is kept',
    never: 'Nothing was checked yet. It is done once a night; where the PC is off by night, every other day.',
    last: (when: string) => `Last check ${when}`,
    looked: (rows: number, files: number, bytes: string) =>
      `${many(rows, 'row', 'rows')} of the outbox and ${many(files, 'copy of a file', 'copies of files')} (${bytes}) were opened.`,
    whole: 'All of it is whole.',
    mended: (count: number) =>
      count === 1 ? 'One part was damaged, and is mended.' : `${number(count)} parts were damaged, and are mended.`,
    open: (count: number) =>
      count === 1 ? 'One part is damaged and could not be mended.' : `${number(count)} parts are damaged and could not be mended.`,
    now: 'Check now',
    stages: {
      tables: 'Checking the pages of the database',
      blocks: 'Opening the outbox',
      'raw-files': 'Opening the copies of files',
      mending: 'Mending what is damaged',
      done: 'Done',
    } as Record<CheckProgress['stage'], string>,
    progress: (stage: string, percent: number) => `${stage}: ${percent} %`,
    names: {
      database: (name: string) => `Pages of the table ${name} of the database`,
      block: (name: string) => `A block of the outbox (${name})`,
      'block-gone': (name: string) => `A block of the outbox is gone (${name})`,
      'raw-file': (name: string) => `The copy of the file ${name}`,
      'raw-page': (name: string) => `The copy of rows of the table ${name}`,
    } as Record<CheckFinding['kind'], (name: string) => string>,
    rows: (count: number) => many(count, 'row', 'rows'),
    keys: (keys: string) => `It holds the newest word of ${keys}.`,
    isMended: 'mended',
    isOpen: 'not mended',
  },
  backups: {
    title: 'Backups',
    intro:
      'One a day, sealed, with everything in it. Each is restored beside as a drill: only then it counts as verified. Should the database break, the last verified one is restored by itself.',
    folder: 'Folder',
    folderHelp: 'On another disk than this PC’s own: a stick that stays plugged in, or a share that the account of Bellhop may write to.',
    at: 'Time, by the hotel’s clock',
    atHelp: 'A time such as 02:30',
    keep: 'How many are kept',
    keepHelp: 'A number from 1 to 365',
    begin: 'Make backups from now on',
    end: 'Make none any more',
    saved: 'Backups are made from now on',
    ended: 'No backups are made any more; those that lie there stay',
    none: 'None was verified yet.',
    verified: (when: string) => `Last verified ${when}`,
    next: (when: string) => `Next ${when}`,
    failed: (when: string) => `The last one failed ${when}. It is tried again every hour.`,
    now: 'Back up now',
    made: 'The backup is made and verified',
    phases: {
      snapshot: 'Copying the database',
      'raw-files': 'Copying the copies of files',
      database: 'Sealing the database',
      check: 'Reading it back',
      drill: 'Restoring it beside, as a drill',
      done: 'Done',
    } as Record<BackupProgress['phase'], string>,
    of: (done: string, total: string) => `(${done} of ${total})`,
    lying: 'What lies in the folder, the newest first',
    columns: { made: 'Made', records: 'Records', rawFiles: 'Copies of files', drill: 'Drill' },
    drilled: 'verified',
    drillFailed: 'could not be restored',
    noDrill: 'no drill',
  },
  seen: 'I have seen this',
  noted: 'Noted',
};
