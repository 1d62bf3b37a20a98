import type { CertificateDifference, CertificateProgress, CertificateState, NotCompared } from '../../contract/certificate.ts';
import type { certificateEn } from './en-certificate.ts';

const number = (value: number) => value.toLocaleString('de-DE');
const many = (count: number, one: string, more: string) => `${number(count)} ${count === 1 ? one : more}`;

/** The sentences of the certificate of completeness, in German. */
export const certificateDe: typeof certificateEn = {
  title: 'Nachweis',
  full: 'Nachweis der Vollständigkeit',
  now: 'Jetzt vergleichen',
  cancel: 'Vergleich beenden',
  cancelled: 'Der Vergleich wurde beendet. Was er noch einmal geholt hat, bleibt.',
  print: 'Drucken',
  csv: 'Als CSV sichern',
  json: 'Als JSON sichern',
  list: 'Nachweise, der neueste zuerst',
  none: {
    title: 'Noch kein Nachweis',
    body: 'Jede Nacht werden die Quellen Tag für Tag mit dem verglichen, was hier aufbewahrt ist, und mit dem, was jedes Ziel bestätigt hat. Das lässt sich auch jetzt tun.',
  },
  next: (when) => `Der nächste entsteht ${when}.`,
  never: 'Von selbst entsteht keiner.',
  plan: {
    title: 'Jede Nacht',
    at: 'Uhrzeit, nach der Uhr des Hotels',
    help: 'Eine Uhrzeit wie 06:00',
    save: 'Sichern',
    off: 'Keinen von selbst erstellen',
    saved: 'Gesichert',
    why: 'Am besten hinter dem Tagesabschluss.',
  },
  failed: 'Der letzte konnte nicht erstellt werden. Es wird binnen einer Stunde noch einmal versucht.',
  businessDate: (day) => `Hoteltag ${day}`,
  hints: { move: 'bewegen', open: 'öffnen' },
  stages: {
    files: 'Die Kopien der Dateien werden neu gelesen',
    tables: 'Die Tabellen der Quellen werden gelesen',
    outbox: 'Das Gesendete wird geöffnet',
    comparing: 'Es wird verglichen',
    pulling: 'Was abweicht, wird noch einmal geholt',
    confirming: 'Die Ziele bestätigen noch',
    done: 'Fertig',
  } as Record<CertificateProgress['stage'], string>,
  progress: (stage, done, total) => (total === null ? `${stage} (${done})` : `${stage} (${done} von ${total})`),
  made: (from, to) => `Verglichen von ${from} bis ${to}, in der Zeit des Hotels.`,
  intro: (hotel) =>
    `Was die Quellen von ${hotel} sagten, neu gelesen, verglichen mit dem, was dieser PC aufbewahrt, und mit dem, was jedes Ziel bestätigt hat: nach Art und Hoteldatum.`,
  states: {
    complete: 'Vollständig',
    waiting: 'Wartet',
    refused: 'Teils abgelehnt',
    different: 'Nicht gleich',
    'not-compared': 'Nicht verglichen',
  } as Record<CertificateState, string>,
  verdicts: {
    complete: 'Nichts fehlt: Jeder Datensatz der Quellen ist hier aufbewahrt und von jedem Ziel bestätigt, das ihn bekommt.',
    waiting: 'Hier fehlt nichts. Ein Ziel hat noch nicht alles bestätigt; was wartet, folgt.',
    refused: 'Hier fehlt nichts. Ein Ziel hat einige Datensätze abgelehnt: Sie liegen beiseite.',
    different: 'Etwas fehlt, auch nachdem es noch einmal geholt wurde.',
    'not-compared': 'Nicht alles wurde verglichen. Was nicht, ist genannt, und darüber wird nichts behauptet.',
  } as Record<CertificateState, string>,
  counted: (records) =>
    records === 0
      ? 'Kein Datensatz einer Quelle wurde verglichen.'
      : `${many(records, 'Datensatz der Quellen wurde', 'Datensätze der Quellen wurden')} verglichen.`,
  found: (found, mended) =>
    found === 0
      ? 'Keiner wich ab.'
      : `${number(found)} ${found === 1 ? 'wich' : 'wichen'} ab; ${mended === found ? 'alle' : `${number(mended)} davon`} geheilt, indem sie noch einmal geholt wurden.`,
  waits: (count) => `${many(count, 'Datensatz wartet', 'Datensätze warten')} auf ein Ziel.`,
  reasons: {
    paused: 'die Verbindung ist angehalten',
    removed: 'die Verbindung wurde entfernt',
    'never-read': 'von ihr wurde noch nie etwas gelesen',
    'first-load': 'ihr erstes Laden ist im Gang',
    'not-asked': 'die Quelle wird danach nicht mehr gefragt',
    'night-audit': 'ihr Tagesabschluss lief',
    'being-read': 'Dateien von ihr wurden gerade gelesen',
    damaged: 'Kopien ihrer Dateien sind beschädigt',
    fault: 'sie ist gestört',
  } as Record<NotCompared['reason'], string>,
  notCompared: 'Nicht verglichen',
  stopped: 'das Senden dorthin ist von Hand angehalten, und Datensätze warten darauf',
  noDestination: 'Es gibt kein Ziel, das alles bekommt: Niemand hat etwas bestätigt.',
  noSource: 'Es gibt keine Quelle.',
  columns: {
    kind: 'Art',
    day: 'Hoteldatum',
    source: 'An der Quelle',
    kept: 'Hier aufbewahrt',
    destination: 'Ziel',
    confirmed: 'Bestätigt',
    withheld: 'Zurückgehalten',
    waiting: 'Wartet',
    state: 'Stand',
    sum: 'Prüfsumme, Quelle und bestätigt',
  },
  noDay: 'ohne Datum',
  from: (kind, source) => `${kind} aus ${source}`,
  read: (files, rows) =>
    files > 0 ? `${many(files, 'Datei', 'Dateien')}, ${many(rows, 'Zeile', 'Zeilen')} gelesen` : `${many(rows, 'Zeile', 'Zeilen')} gelesen`,
  sum: 'alle Daten',
  unknown: 'unbekannt',
  notes: {
    missing: (count) => `${number(count)} ${count === 1 ? 'fehlt' : 'fehlen'}`,
    changed: (count) => `${number(count)} mit anderem Inhalt`,
    corrected: (count) => `${number(count)} von Hand berichtigt, nicht in der Prüfsumme`,
    gone: (count) => `${number(count)} aufbewahrt und nicht mehr an der Quelle`,
    later: (count) => `${number(count)} inzwischen gekommen, nicht Teil davon`,
    refused: (count) => `${number(count)} abgelehnt`,
    stopped: 'das Senden ist angehalten',
    since: (when) => `wartet seit ${when}`,
  },
  shadow: 'Schatten',
  differences: 'Was abwich',
  difference: { key: 'Datensatz', what: 'Was', where: 'Gesagt von', outcome: 'Nachdem er noch einmal geholt wurde' },
  kinds: {
    missing: 'war nicht aufbewahrt',
    changed: 'war mit anderem Inhalt aufbewahrt oder gesendet',
    'row-lost': 'eine Zeile, die weder aufbewahrt war noch beiseite lag',
  } as Record<CertificateDifference['kind'], string>,
  mended: 'geheilt',
  open: 'weicht noch ab',
  moreDifferences: (count) => `${number(count)} weitere sind nicht aufgeführt.`,
  setAside: 'Beiseitegelegt',
  setAsideOf: (count, kind) => `${many(count, 'Zeile', 'Zeilen')} (${kind})`,
  showAll: (count) => `Alle ${number(count)} Zeilen zeigen`,
  onlyOpen: 'Gezeigt sind von jeder Art die Summe und jedes Datum, das nicht vollständig ist.',
  digest: (digest) => `Fingerabdruck ${digest}. Er steht auch im Verlauf dieses PCs.`,
  changed: 'Was von diesem Nachweis aufbewahrt ist, wurde nach seiner Entstehung geändert. Verlassen Sie sich nicht darauf.',
  explained:
    'Eine Prüfsumme ist die Summe der geschlüsselten Hashwerte aller Datensätze einer Zeile, ohne Reihenfolge: Sie wird auf beiden Seiten neu berechnet, an der Quelle aus dem dort Gelesenen, am Ziel aus den Texten, die es bestätigt hat.',
};
