import type { keptEn } from './en-kept.ts';

const number = (value: number) => value.toLocaleString('de-DE');
const many = (count: number, one: string, more: string) => `${number(count)} ${count === 1 ? one : more}`;

/** Die Sätze zur Prüfung von allem, was aufbewahrt ist, und zu Sicherungen. */
export const keptDe: typeof keptEn = {
  check: {
    title: 'Prüfung des Aufbewahrten',
    never: 'Es wurde noch nichts geprüft. Geprüft wird einmal in der Nacht; wo der PC nachts aus ist, jeden zweiten Tag.',
    last: (when) => `Letzte Prüfung ${when}`,
    looked: (rows, files, bytes) =>
      `${many(rows, 'Zeile', 'Zeilen')} des Ausgangs und ${many(files, 'Kopie einer Datei', 'Kopien von Dateien')} (${bytes}) wurden geöffnet.`,
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
    rows: (count) => many(count, 'Zeile', 'Zeilen'),
    keys: (keys) => `Sie hält das neueste Wort von ${keys}.`,
    isMended: 'geheilt',
    isOpen: 'nicht geheilt',
  },
  backups: {
    title: 'Sicherungen',
    intro:
      'Eine am Tag, versiegelt, mit allem darin. Jede wird zur Probe daneben zurückgespielt: Erst dann zählt sie als geprüft. Geht die Datenbank kaputt, wird die letzte geprüfte von selbst zurückgespielt.',
    folder: 'Ordner',
    folderHelp:
      'Auf einer anderen Festplatte als der dieses PCs: ein Stick, der stecken bleibt, oder eine Freigabe, in die das Konto von Bellhop schreiben darf.',
    at: 'Uhrzeit im Hotel',
    atHelp: 'Eine Uhrzeit wie 02:30',
    keep: 'Wie viele bleiben',
    keepHelp: 'Eine Zahl von 1 bis 365',
    begin: 'Ab jetzt sichern',
    end: 'Nicht mehr sichern',
    saved: 'Ab jetzt wird gesichert',
    ended: 'Es wird nicht mehr gesichert; was dort liegt, bleibt',
    none: 'Noch keine wurde geprüft.',
    verified: (when) => `Zuletzt geprüft ${when}`,
    next: (when) => `Nächste ${when}`,
    failed: (when) => `Die letzte misslang ${when}. Sie wird jede Stunde noch einmal versucht.`,
    now: 'Jetzt sichern',
    made: 'Die Sicherung ist gemacht und geprüft',
    phases: {
      snapshot: 'Die Datenbank wird kopiert',
      'raw-files': 'Die Kopien der Dateien werden kopiert',
      database: 'Die Datenbank wird versiegelt',
      check: 'Sie wird zurückgelesen',
      drill: 'Sie wird zur Probe daneben zurückgespielt',
      done: 'Fertig',
    },
    of: (done, total) => `(${done} von ${total})`,
    lying: 'Was im Ordner liegt, das Neueste zuerst',
    columns: { made: 'Gemacht', records: 'Datensätze', rawFiles: 'Kopien von Dateien', drill: 'Probe' },
    drilled: 'geprüft',
    drillFailed: 'ließ sich nicht zurückspielen',
    noDrill: 'keine Probe',
  },
  seen: 'Ich habe das gesehen',
  noted: 'Vermerkt',
};
