import type { ColumnDifference } from '../../contract/fingerprint.ts';
import type { Run, RunCause } from '../../contract/run.ts';

const number = (value: number) => value.toLocaleString('en-GB');
const needs: Record<ColumnDifference['needs'], string> = {
  any: 'as needed',
  once: 'there once',
  text: 'a text',
  number: 'a number',
  date: 'a date',
  time: 'a time',
};

/** The sentences of the runs of a source, and of the columns of its database, in English. */
export const runsEn = {
  title: 'Runs',
  help: 'Numbers are of the run alone. Runs that end alike and bring nothing stand in one line. They are kept for 90 days.',
  empty: 'It was not read yet. Each run is shown here, with what it has brought.',
  columns: {
    began: 'Began',
    took: 'Took',
    files: 'Files',
    read: 'Rows read',
    changed: 'New',
    kept: 'Kept',
    unchanged: 'Unchanged',
    aside: 'Set aside',
    ended: 'How it ended',
  },
  causes: {
    schedule: 'by its schedule',
    'catch-up': 'made up for',
    'by-hand': 'by hand',
    comparison: 'compared whole, by hand',
    certificate: 'for the certificate',
  } satisfies Record<RunCause, string> as Record<RunCause, string>,
  times: (count: number, since: string) => `${number(count)} times since ${since}`,
  brief: 'under 1 s',
  each: 'each, on average',
  twice: (count: number) => `${number(count)} came again`,
  outcomes: {
    well: 'Well',
    failed: 'Failed',
    stopped: 'Stopped',
    'agent-ended': 'The agent ended during it',
  } satisfies Record<NonNullable<Run['outcome']>, string> as Record<NonNullable<Run['outcome']>, string>,
  nothingNew: 'nothing new',
  underWay: 'Under way',
  why: 'Why?',
  older: 'Older runs',
  fingerprint: {
    title: 'Columns',
    help: 'Before a row is read, the columns are compared with those that are needed. What is missing stops only what needs it.',
    empty: 'They were not compared with these settings yet. That happens before the first row is read.',
    well: (columns: number, tables: number) =>
      tables === 1
        ? `All ${number(columns)} columns are as they have to be`
        : `All ${number(columns)} columns of ${number(tables)} tables are as they have to be`,
    wrong: (wrong: number, tables: number) =>
      tables === 1 ? 'The columns are not as they have to be' : `${number(wrong)} of ${number(tables)} tables not as they have to be`,
    comparedAt: (when: string) => `compared ${when}`,
    columns: { table: 'Table', difference: 'What is different', stops: 'Not read because of it' },
    missingTable: 'The table is missing, or may not be read',
    difference: ({ column, found, needs: need }: ColumnDifference) =>
      need === 'once'
        ? `${column} is there more than once`
        : found === null
          ? `${column} is missing`
          : `${column} is ${found}, not ${needs[need]}`,
    stopsNothing: 'Nothing that is read here',
  },
};
