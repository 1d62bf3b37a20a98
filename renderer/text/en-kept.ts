import type { CheckFinding, CheckProgress } from '../../contract/check.ts';

const number = (value: number) => value.toLocaleString('en-GB');

/** The sentences of the check of everything that is kept, in English. */
export const keptEn = {
  check: {
    title: 'Check of what is kept',
    never: 'Nothing was checked yet. It is done once a night; where the PC is off by night, every other day.',
    last: (when: string) => `Last check ${when}`,
    looked: (rows: number, files: number, bytes: string) =>
      `${number(rows)} rows of the outbox and ${number(files)} copies of files (${bytes}) were opened.`,
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
    rows: (count: number) => (count === 1 ? '1 row' : `${number(count)} rows`),
    keys: (keys: string) => `It holds the newest word of ${keys}.`,
    isMended: 'mended',
    isOpen: 'not mended',
  },
};
