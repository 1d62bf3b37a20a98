import type { keptEn } from './en-kept.ts';

const number = (value: number) => value.toLocaleString('de-DE');

/** Die Sätze zur Prüfung von allem, was aufbewahrt ist. */
export const keptDe: typeof keptEn = {
  check: {
    title: 'Prüfung des Aufbewahrten',
    never: 'Es wurde noch nichts geprüft. Geprüft wird einmal in der Nacht; wo der PC nachts aus ist, jeden zweiten Tag.',
    last: (when) => `Letzte Prüfung ${when}`,
    looked: (rows, files, bytes) =>
      `${number(rows)} Zeilen des Ausgangs und ${number(files)} Kopien von Dateien (${bytes}) wurden geöffnet.`,
    whole: 'Alles davon ist heil.',
    mended: (count) =>
      count === 1 ? 'Ein Teil war beschädigt und ist geheilt.' : `${number(count)} Teile waren beschädigt und sind geheilt.`,
    open: (count) =>
      count === 1
        ? 'Ein Teil ist beschädigt und ließ sich nicht heilen.'
        : `${number(count)} Teile sind beschädigt und ließen sich nicht heilen.`,
    now: 'Jetzt prüfen',
    stages: {
      tables: 'Die Seiten der Datenbank werden geprüft',
      blocks: 'Der Ausgang wird geöffnet',
      'raw-files': 'Die Kopien der Dateien werden geöffnet',
      mending: 'Beschädigtes wird geheilt',
      done: 'Fertig',
    },
    progress: (stage, percent) => `${stage}: ${percent} %`,
    names: {
      database: (name) => `Seiten der Tabelle ${name} der Datenbank`,
      block: (name) => `Ein Block des Ausgangs (${name})`,
      'block-gone': (name) => `Ein Block des Ausgangs fehlt (${name})`,
      'raw-file': (name) => `Die Kopie der Datei ${name}`,
      'raw-page': (name) => `Die Kopie von Zeilen der Tabelle ${name}`,
    },
    rows: (count) => (count === 1 ? '1 Zeile' : `${number(count)} Zeilen`),
    keys: (keys) => `Sie hält das neueste Wort von ${keys}.`,
    isMended: 'geheilt',
    isOpen: 'nicht geheilt',
  },
};
