import type { databaseEn } from './en-database.ts';

const number = (value: number) => value.toLocaleString('de-DE');
const rows = (count: number) => `${number(count)} ${count === 1 ? 'Zeile' : 'Zeilen'}`;

/** Die Sätze zu Quellen, die Datenbanken sind: wie ihre Tabellen stehen und wie eine eingerichtet wird. */
export const databaseDe: typeof databaseEn = {
  tables: {
    title: 'Wie die Tabellen stehen',
    help: 'Nach Zeitstempel gelesen: Die Datenbank wird nur nach dem gefragt, was sich geändert hat. Einmal am Tag wird trotzdem alles verglichen, um zu finden, was sich ohne Spur geändert hat und was verschwunden ist.',
    empty: 'Noch wurde nichts gelesen. Wie jede Tabelle steht, zeigt sich hier nach dem ersten Lesen.',
    names: { reservations: 'Reservierungen', profiles: 'Gästeprofile', rooms: 'Zimmer', question: 'Die Abfrage' },
    columns: {
      table: 'Tabelle',
      pass: 'Stand',
      swept: 'Ganz verglichen',
      window: 'Blickt zurück',
      read: 'Zeilen gelesen',
      changed: 'Mit Neuem',
    },
    polled: 'nach Zeitstempel',
    whole: 'jedes Mal ganz verglichen',
    nightly: 'nachts ganz verglichen',
    firstLoad: 'wird zum ersten Mal gelesen',
    sweeping: 'läuft gerade',
    never: 'noch nie',
    lateness: (span) => `höchstens ${span} verspätet`,
    neverLate: 'keine kam verspätet',
    perNew: (reads) => `${reads} gelesen je Zeile`,
    compare: 'Jetzt alles vergleichen',
    compares: (title) => `${title}: Alles wird verglichen`,
    missing: (count, table) => `${table}: ${rows(count)} fehlen auf einmal, zu viele, um es zu glauben.`,
    missingMeans:
      'Nichts wurde als verschwunden gemeldet, und was sich ändert, wird weiter gelesen. Sehen Sie nach, ob das System sie noch zeigt: Eine Tabelle, die versehentlich geleert oder zurückgesetzt wurde, sieht genauso aus.',
    gone: 'Sie sind wirklich fort …',
    goneTitle: (count, table) => `${rows(count)} von „${table}“ als verschwunden melden?`,
    goneMeans:
      'Nach zwei weiteren Vergleichen, die sie nicht finden, erfährt jedes Ziel, dass sie verschwunden sind. Das lässt sich nicht zurücknehmen; eine Zeile, die wiederkommt, wird als neue gemeldet.',
    goneSure: 'Sie sind wirklich fort',
    goneDone: (table) => `${table}: nach zwei weiteren Vergleichen als verschwunden gemeldet`,
  },
};
