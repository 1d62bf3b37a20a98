import type { RuleId } from '../../contract/dead-letter.ts';
import type { Text } from './en.ts';

/** The German words for what the agent names in English: steps of a test, fields of a form, reasons for setting aside. */
export const stepsDe: Text['steps'] = {
  folder: 'Ordner finden',
  files: 'Nach Dateien sehen',
  read: 'Neueste Datei öffnen',
  archive: 'Dürfen Dateien verschoben werden',
  address: 'Adresse prüfen',
  secret: 'Nach dem Signaturgeheimnis sehen',
  answer: 'Die Zentrale fragen, was sie von diesem Hotel hat',
  signature: 'Ein unterschriebenes Lebenszeichen senden',
};

const found: readonly (readonly [english: RegExp, german: string])[] = [
  [/^no file like (.+) yet$/, 'noch keine Datei wie $1'],
  [/^(\d+) like (.+), newest (.+)$/, '$1 wie $2, die neueste $3'],
  [/^nothing to open yet$/, 'noch nichts zu öffnen'],
  [/^(.+), (\d+) bytes$/, '$1, $2 Bytes'],
  [/^stored on this PC$/, 'auf diesem PC gespeichert'],
  [/^nothing yet$/, 'noch nichts'],
  [/^generation (\d+)$/, 'Stand $1'],
  [/^the hub accepts our signature$/, 'die Zentrale nimmt unsere Unterschrift an'],
];

/** What a step has found; a name or a path is the same in every language. */
export function foundDe(words: string): string {
  const known = found.find(([english]) => english.test(words));
  return known ? words.replace(known[0], known[1]) : words;
}

export const kindsDe: Text['kinds'] = {
  'folder-csv': {
    title: 'Dateien in einem Ordner',
    summary: 'Liest die CSV-Dateien, die das Hotelsystem in einen Ordner dieses PCs schreibt.',
  },
  'https-ingest': {
    title: 'Zentrale über HTTPS',
    summary: 'Sendet jeden Datensatz an die Schnittstelle der Zentrale und bewahrt ihn auf, bis sie ihn bestätigt hat.',
  },
};

export const fieldsDe: Text['fields'] = {
  folder: { title: 'Ordner', description: 'Wohin das Hotelsystem exportiert, so wie dieser PC ihn sieht.' },
  entity: { title: 'Was in den Dateien steht' },
  mapping: { title: 'Zuordnung', description: 'Welche Spalte des Exports welches Feld ist.' },
  source: { title: 'Name des Systems', description: 'Steht auf jedem Datensatz: kleine Buchstaben, Ziffern, Bindestriche.' },
  pattern: { title: 'Dateinamen', description: 'Ein Stern steht für beliebigen Text.' },
  completeWhen: {
    title: 'Eine Datei ist vollständig, wenn',
    choices: { still: 'sie sich eine Weile nicht ändert', 'done-file': 'eine zweite Datei NAME.done daneben liegt' },
  },
  stillSeconds: { title: 'So viele Sekunden muss sie ruhen' },
  archive: {
    title: 'Ist alles einer Datei aufbewahrt',
    choices: { leave: 'bleibt sie liegen', move: 'kommt sie in den Ordner „taken“ daneben' },
  },
  hideCardNumbers: {
    title: 'Kartennummern verbergen',
    description: 'Nur ausschalten, wenn Ihre Bestätigungsnummern wie Kartennummern aussehen.',
  },
  url: { title: 'Adresse', description: 'Der Zentrale, ohne Pfad.' },
  allowHttpOnThisPc: { title: 'http zu diesem PC erlauben', description: 'Nur für einen Empfänger auf 127.0.0.1, etwa das Übungshotel.' },
  batchRecords: { title: 'Datensätze in einer Anfrage' },
  proxyUrl: { title: 'Proxy' },
  proxyUser: { title: 'Benutzername am Proxy' },
  proxyBypass: { title: 'Adressen ohne Proxy', description: 'Namen, durch Kommas getrennt; .hotel.local meint alles darunter.' },
  caPem: { title: 'Zertifikat Ihrer eigenen Stelle', description: 'PEM-Text. Nur nötig, wenn die Zentrale oder ein Proxy eines benutzt.' },
  pinnedKey: {
    title: 'Festgelegter Schlüssel',
    description: 'SHA-256 des öffentlichen Schlüssels der Zentrale, in Base64. Jeder andere wird abgelehnt.',
  },
  signingSecret: { title: 'Signaturgeheimnis', description: 'Beginnt mit whsec_. Der Betreiber der Zentrale gibt es Ihnen.' },
  token: { title: 'Zugangsmarke', description: 'Nur, wenn die Zentrale eine verlangt.' },
  proxyPassword: { title: 'Kennwort am Proxy', description: 'Nur, wenn der Proxy eines verlangt.' },
};

export const rulesDe: Record<RuleId, { readonly title: string; readonly hint: string }> = {
  'row-ragged': {
    title: 'Die Zeile hat mehr oder weniger Zellen als die Kopfzeile.',
    hint: 'Suchen Sie ein Trennzeichen mitten im Text oder eine Summenzeile.',
  },
  'row-unclosed-quote': {
    title: 'Ein Anführungszeichen geht auf und nie zu.',
    hint: 'Schließen oder entfernen Sie es in der Quelle und exportieren Sie neu.',
  },
  'row-stray-quote': {
    title: 'Ein Anführungszeichen steht mitten in einer Zelle in Anführungszeichen.',
    hint: 'Verdoppeln oder entfernen Sie es in der Quelle und exportieren Sie neu.',
  },
  'row-too-long': { title: 'Die Zeile ist länger als 1 MiB.', hint: 'Sehen Sie nach, ob im Export ein Zeilenende fehlt.' },
  'row-undecodable': {
    title: 'Einige Bytes sind in der Kodierung der Zuordnung kein Text.',
    hint: 'Stellen Sie die Kodierung ein, in der exportiert wird.',
  },
  'row-nul': {
    title: 'Die Zeile enthält ein NUL-Byte.',
    hint: 'Die Datei wurde abgeschnitten oder falsch geschrieben; exportieren Sie neu.',
  },
  'header-unusable': {
    title: 'In der Kopfzeile fehlt eine Spalte, die die Zuordnung braucht, oder sie steht zweimal da.',
    hint: 'Berichtigen Sie Zuordnung oder Export; nichts aus dieser Datei wurde benutzt.',
  },
  'key-missing': { title: 'Die Zeile hat keinen Schlüssel.', hint: 'Ordnen Sie die Spalte mit der Bestätigungsnummer zu.' },
  'key-is-card-number': {
    title: 'Der Schlüssel sieht wie eine Kartennummer aus und wurde verborgen.',
    hint: 'Sehen Ihre Bestätigungsnummern so aus, schalten Sie das Verbergen für diese Verbindung aus.',
  },
  'value-missing': {
    title: 'Ein Feld, das jeder Datensatz braucht, ist leer.',
    hint: 'Füllen Sie es in der Quelle oder geben Sie der Zuordnung eine Vorgabe.',
  },
  'value-too-long': { title: 'Der Wert ist länger, als das Feld sein darf.', hint: 'Kürzen Sie ihn in der Quelle.' },
  'value-unknown': {
    title: 'Die Quelle benutzt ein Wort, das die Zuordnung nicht kennt.',
    hint: 'Nehmen Sie das Wort in die Zuordnung auf und sagen Sie, was es bedeutet.',
  },
  'day-unreadable': {
    title: 'Das ist kein Tag in der Schreibweise der Zuordnung.',
    hint: 'Berichtigen Sie die Schreibweise oder den Wert in der Quelle.',
  },
  'amount-unreadable': {
    title: 'Das ist kein Betrag in der Schreibweise der Zuordnung.',
    hint: 'Sagen Sie, welches Zeichen die Quelle für Komma und Tausender benutzt.',
  },
  'amount-without-currency': {
    title: 'Ein Betrag hat keine Währung.',
    hint: 'Ordnen Sie die Währung zu oder setzen Sie die des Hotels fest.',
  },
  'currency-unknown': { title: 'Diese Währung steht nicht in ISO 4217.', hint: 'Übersetzen Sie sie in der Zuordnung.' },
  'number-unreadable': {
    title: 'Das ist keine Zahl oder liegt außerhalb dessen, was das Feld fasst.',
    hint: 'Berichtigen Sie sie in der Quelle oder der Zuordnung.',
  },
  'stay-backwards': { title: 'Der Aufenthalt endet, bevor er beginnt.', hint: 'Berichtigen Sie die Daten in der Quelle.' },
  'refused-by-destination': {
    title: 'Das Ziel hat diesen Datensatz abgelehnt.',
    hint: 'Lesen Sie seine Antwort, berichtigen Sie Quelle oder Zuordnung und senden Sie neu.',
  },
};
