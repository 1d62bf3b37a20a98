import type { databaseEn } from './en-database.ts';

const number = (value: number) => value.toLocaleString('de-DE');
const rows = (count: number) => `${number(count)} ${count === 1 ? 'Zeile' : 'Zeilen'}`;

/** Die Sätze zu Quellen, die Datenbanken sind: wie ihre Tabellen stehen und wie eine eingerichtet wird. */
export const databaseDe: typeof databaseEn = {
  tables: {
    title: 'Wie die Tabellen stehen',
    help: 'Nach Zeitstempel gelesen: Die Datenbank wird nur nach dem gefragt, was sich geändert hat. Einmal am Tag wird trotzdem alles verglichen, um zu finden, was sich ohne Spur geändert hat und was verschwunden ist.',
    empty: 'Noch wurde nichts gelesen. Wie jede Tabelle steht, zeigt sich hier nach dem ersten Lesen.',
    names: {
      reservations: 'Reservierungen',
      profiles: 'Gästeprofile',
      rooms: 'Zimmer',
      merges: 'Zusammengelegte Gästeprofile',
      question: 'Die Abfrage',
    },
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
  report: {
    title: 'Bericht über den Standort',
    make: 'Den Bericht erstellen',
    means:
      'Was man von dieser Datenbank wissen muss, bevor man sich auf sie verlässt: nur Anzahlen und Kürzel, nichts von einem Gast. Für den, der sie betreibt, und für den Helpdesk.',
    save: 'Als Datei sichern',
  },
  wizard: {
    steps: {
      connect: 'Wie verbinden',
      test: 'Prüfen',
      choose: 'Was zu wählen ist',
      reading: 'Was und wann',
      rows: 'Erste Zeilen',
      save: 'Sichern',
    },
    titles: {
      connect: 'Wie ist die Datenbank zu erreichen?',
      test: 'Geht alles?',
      choose: 'Was die Datenbank anbietet',
      reading: 'Was wird gelesen, und wie oft?',
      rows: 'Die ersten Zeilen, wie sie aufbewahrt würden',
      save: 'Alles noch einmal',
    },
    helps: {
      connect: 'Wer die Datenbank betreibt, weiß das. Vor dem letzten Schritt wird nichts gespeichert.',
      test: 'Schritt für Schritt, vom Namen des Servers bis zu den ersten Zeilen. Die Datenbank wird nur gelesen.',
      choose: 'Diese Listen kommen aus der Datenbank selbst.',
      reading: 'Nach Änderungen wird immer wieder gefragt; einmal am Tag wird alles verglichen, am besten in den ruhigen Stunden.',
      rows: 'Bis zu 20 Zeilen jeder Tabelle, jetzt gelesen und auf ihrem ganzen Weg. Was eine Person erkennen lässt, ist verborgen, und nichts davon wird aufbewahrt.',
      save: 'Erst jetzt wird auf diesem PC etwas gespeichert.',
    },
    understood: ({ host, port, kind, name, isEncrypted }) =>
      `Server ${host}, Port ${port}, ${kind === 'sid' ? 'SID' : 'Dienst'} ${name}, ${isEncrypted ? 'mit TLS' : 'ohne TLS'}`,
    understoodNothing: 'Hier steht, wie die Adresse verstanden wird.',
    choiceNeeded: 'Bis hierher geht alles. Wählen Sie im nächsten Schritt, dann geht es weiter.',
    choose: 'zu wählen',
    testIsOld: 'Seit dieser Prüfung hat sich etwas geändert.',
    toSendTitle: 'Text an den, der die Datenbank betreibt',
    toSend: (hotel) => `Bellhop ${hotel === '' ? '' : `im Hotel ${hotel} `}kann die Datenbank nicht lesen:`,
    ask: 'Die Datenbank fragen',
    askAgain: 'Noch einmal fragen',
    asking: 'Die Datenbank wird gefragt',
    mayWait: 'Angemeldet wird höchstens sechsmal in der Minute; es kann also etwas dauern.',
    ownerRows: (owner, count) => `${owner} (${rows(count)} bei der letzten Zählung)`,
    pleaseChoose: 'Wählen',
    nothingToChoose: 'Noch nichts zu wählen',
    clear: (field) => `${field} leeren`,
    reading: 'Die ersten Zeilen werden gelesen',
    readAgain: 'Noch einmal lesen',
    wouldBe: (kept, aside) => `${rows(kept)} würden aufbewahrt${aside === 0 ? '' : `, ${number(aside)} beiseitegelegt`}.`,
    asideBecause: (count, why) => `${rows(count)} beiseitegelegt: ${why}`,
    rowsOf: (table) => `Erste Zeilen: ${table}`,
    masked: 'verborgen',
    rowsNotSeen:
      'Mit diesen Einstellungen wurden die ersten Zeilen noch nicht gelesen. Sichern Sie einen Entwurf, oder gehen Sie zurück und sehen Sie sie an.',
    goLive: 'Sichern und ab jetzt lesen',
    saveDraft: 'Als Entwurf sichern',
    draftMeans: 'Ein Entwurf ist angehalten: Nichts wird gelesen, bis ihn jemand weiterlaufen lässt.',
  },
};
