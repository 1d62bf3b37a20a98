const number = (value: number) => value.toLocaleString('en-GB');
const rows = (count: number) => `${number(count)} ${count === 1 ? 'row' : 'rows'}`;

/** The sentences of sources that are databases, in English: how their tables stand, and how one is set up. */
export const databaseEn = {
  tables: {
    title: 'How the tables stand',
    help: 'Read by its stamp: the database is asked only for what has changed. Everything is compared once a day all the same, to find what has changed without a trace and what is gone.',
    empty: 'Nothing was read yet. How each table stands is shown here after the first reading.',
    names: {
      reservations: 'Reservations',
      profiles: 'Guest profiles',
      rooms: 'Rooms',
      question: 'The question',
    } as Record<string, string>,
    columns: {
      table: 'Table',
      pass: 'As of',
      swept: 'Compared whole',
      window: 'Looks back',
      read: 'Rows read',
      changed: 'With something new',
    },
    polled: 'by its stamp',
    whole: 'compared whole each time',
    nightly: 'compared whole at night',
    firstLoad: 'first reading under way',
    sweeping: 'under way',
    never: 'not yet',
    lateness: (span: string) => `latest ${span} late`,
    neverLate: 'none came late',
    perNew: (reads: string) => `${reads} read for each`,
    compare: 'Compare everything now',
    compares: (title: string) => `${title}: everything is compared`,
    missing: (count: number, table: string) => `${table}: ${rows(count)} missing at once, too many to believe.`,
    missingMeans:
      'Nothing was reported as gone, and what changes goes on being read. Look whether the system still shows them: a table that was emptied or restored by mistake looks just like that.',
    gone: 'They are really gone…',
    goneTitle: (count: number, table: string) => `Report ${rows(count)} of ${table} as gone?`,
    goneMeans:
      'After two more comparisons that do not find them, every destination is told that they are gone. That cannot be taken back; a row that comes back is reported as new.',
    goneSure: 'They are really gone',
    goneDone: (table: string) => `${table}: reported as gone after two more comparisons`,
  },
};
