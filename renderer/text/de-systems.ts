import type { RuleId } from '../../contract/dead-letter.ts';
import type { Text } from './en.ts';

/** The German words for what the agent names in English: steps of a test, fields of a form, reasons for setting aside. */
export const stepsDe: Text['steps'] = {
  folder: 'Ordner finden',
  'host-key': 'Schlüssel des Servers vergleichen',
  login: 'Anmelden',
  'jump-key': 'Schlüssel des Sprungservers vergleichen',
  'jump-login': 'Am Sprungserver anmelden',
  files: 'Nach Dateien sehen',
  read: 'Neueste Datei öffnen',
  archive: 'Dürfen Dateien verschoben werden',
  account: 'Was dieses Konto dort darf',
  address: 'Adresse prüfen',
  secret: 'Nach dem Signaturgeheimnis sehen',
  answer: 'Die Zentrale fragen, was sie von diesem Hotel hat',
  signature: 'Ein unterschriebenes Lebenszeichen senden',
  name: 'Den Server finden',
  port: 'Seinen Port erreichen',
  tls: 'Eine sichere Leitung herstellen',
  rights: 'Was dieser Benutzer darf',
  shape: 'Die Tabellen vergleichen',
  write: 'Einen Datensatz schreiben und zurücknehmen',
  exchange: 'Nach dem Exchange sehen',
  queue: 'Nach der Warteschlange sehen',
  publish: 'Darf dieser Benutzer dorthin senden',
};

const rights: Readonly<Record<string, string>> = {
  yes: 'ja',
  'no file yet': 'noch keine Datei',
  'not asked for': 'nicht verlangt',
  'not tried, because that would write': 'nicht probiert, denn das hieße schreiben',
};

const found: readonly (readonly [english: RegExp, german: string | ((...found: string[]) => string)])[] = [
  [
    /^(.+?)(?: \(at the share (.+)\))?: list yes, read (.+), move (not tried, because that would write|.+)$/,
    (_, account, share, reads = '', moves = '') =>
      `${account}${share ? ` (an der Freigabe ${share})` : ''}: auflisten ja, lesen ${rights[reads] ?? reads}, verschieben ${rights[moves] ?? moves}`,
  ],
  [/^no file like (.+) yet$/, 'noch keine Datei wie $1'],
  [/^(\d+) like (.+), newest (.+)$/, '$1 wie $2, die neueste $3'],
  [/^(\d+) names cannot be used; (\d+) like (.+)$/, '$1 Namen sind nicht zu gebrauchen; $2 wie $3'],
  [/^nothing to open yet$/, 'noch nichts zu öffnen'],
  [/^(.+), (\d+) bytes$/, '$1, $2 Bytes'],
  [
    /^not tried, because that would write: the first file that is taken will show it \((.+)\)$/,
    'nicht probiert, denn das hieße schreiben: Die erste übernommene Datei zeigt es ($1)',
  ],
  [/^(\S+) at (\S+)$/, '$1 an $2'],
  [/^(.+); broken methods are allowed until (\S+)$/, '$1; gebrochene Verfahren sind bis $2 zugelassen'],
  [/^stored on this PC$/, 'auf diesem PC gespeichert'],
  [/^nothing yet$/, 'noch nichts'],
  [/^generation (\d+)$/, 'Stand $1'],
  [/^none, as set: the server is this PC$/, 'keine, wie eingestellt: Der Server ist dieser PC'],
  [/^(.+), a standby that takes no writes at the moment$/, '$1, eine Reserve, die zurzeit nichts schreiben lässt'],
  [/^(.+), nothing more$/, '$1, mehr nicht'],
  [/^enough, and more than needed: (.+)$/, 'genug, und mehr als nötig: $1'],
  [/^works; nothing of it was kept$/, 'geht; nichts davon wurde behalten'],
  [/^yes; nothing was sent$/, 'ja; nichts wurde gesendet'],
  [
    /^not named in the settings: the first record shows whether one takes it$/,
    'in den Einstellungen nicht genannt: Der erste Datensatz zeigt, ob eine ihn nimmt',
  ],
  [/^is made when sending starts$/, 'wird angelegt, wenn das Senden beginnt'],
  [/^(.+) is there$/, '$1 ist da'],
  [/^the hub accepts our signature$/, 'die Zentrale nimmt unsere Unterschrift an'],
];

/** What a step has found; a name or a path is the same in every language. */
export function foundDe(words: string): string {
  const known = found.find(([english]) => english.test(words));
  if (!known) return words;
  const [english, german] = known;
  return typeof german === 'string' ? words.replace(english, german) : words.replace(english, german);
}

export const kindsDe: Text['kinds'] = {
  'folder-csv': {
    title: 'Dateien in einem Ordner',
    summary: 'Liest die CSV-Dateien, die das Hotelsystem in einen Ordner dieses PCs schreibt.',
  },
  'sftp-csv': {
    title: 'Dateien auf einem SFTP-Server',
    summary: 'Liest die CSV-Dateien, die das Hotelsystem auf einen SFTP-Server legt.',
  },
  postgres: {
    title: 'PostgreSQL-Datenbank',
    summary: 'Hält jeden Datensatz in seinem neuesten Stand in Tabellen einer PostgreSQL-Datenbank, jede Änderung in einer Transaktion.',
  },
  rabbitmq: {
    title: 'RabbitMQ-Broker',
    summary:
      'Sendet jeden Datensatz mindestens einmal als dauerhafte Nachricht an einen Exchange und bewahrt ihn auf, bis der Broker ihn bestätigt hat.',
  },
  'https-ingest': {
    title: 'Zentrale über HTTPS',
    summary: 'Sendet jeden Datensatz an die Schnittstelle der Zentrale und bewahrt ihn auf, bis sie ihn bestätigt hat.',
  },
};

export const fieldsDe: Text['fields'] = {
  folder: {
    title: 'Ordner',
    description:
      'Wohin das Hotelsystem exportiert, so wie dieser PC ihn sieht. Eine Freigabe mit ihrem Namen, nicht mit einem Laufwerksbuchstaben.',
  },
  shareUser: {
    title: 'Benutzername an der Freigabe',
    description: 'Nur, wenn das Konto, unter dem Bellhop läuft, die Freigabe nicht lesen darf, wie es bei einem Dienst üblich ist.',
  },
  sharePassword: { title: 'Passwort an der Freigabe', description: 'Nur zusammen mit einem Benutzernamen an der Freigabe.' },
  entity: { title: 'Was in den Dateien steht' },
  mapping: { title: 'Zuordnung', description: 'Welche Spalte des Exports welches Feld ist.' },
  source: { title: 'Name des Systems', description: 'Steht auf jedem Datensatz: kleine Buchstaben, Ziffern, Bindestriche.' },
  pattern: { title: 'Dateinamen', description: 'Ein Stern steht für beliebigen Text.' },
  completeWhen: {
    title: 'Eine Datei ist vollständig, wenn',
    choices: { still: 'sie sich eine Weile nicht ändert', 'done-file': 'eine zweite Datei NAME.done daneben liegt' },
  },
  waitsForParts: {
    title: 'Warten, bis alle Teile eines Exports da sind',
    description: 'Bei Namen wie bookings_1of3.csv: Keiner wird gelesen, bevor der letzte da ist.',
  },
  stillSeconds: { title: 'So viele Sekunden muss sie ruhen' },
  archive: {
    title: 'Ist alles einer Datei aufbewahrt',
    choices: { leave: 'bleibt sie liegen', move: 'kommt sie in den Ordner „taken“ daneben' },
  },
  afterwards: {
    title: 'Ist alles einer Datei aufbewahrt',
    choices: {
      leave: 'bleibt sie auf dem Server liegen',
      move: 'kommt sie in einen anderen Ordner des Servers',
      delete: 'wird sie auf dem Server gelöscht',
    },
  },
  archiveFolder: {
    title: 'Ordner für übernommene Dateien',
    description: 'Im Ordner auf dem Server, oder sein ganzer Pfad. Er wird angelegt, wenn er fehlt.',
  },
  hideCardNumbers: {
    title: 'Kartennummern verbergen',
    description: 'Nur ausschalten, wenn Ihre Bestätigungsnummern wie Kartennummern aussehen.',
  },
  host: { title: 'Server', description: 'Sein Name oder seine Adresse.' },
  port: { title: 'Port' },
  user: { title: 'Benutzername' },
  serverFolder: { title: 'Ordner auf dem Server' },
  hostKey: {
    title: 'Schlüssel des Servers',
    description:
      'An ihm erkennen Sie den Server wieder. Prüfen Sie die Verbindung, um ihn zu sehen, und vergleichen Sie ihn mit dem, was der Betreiber sagt.',
  },
  weakUntil: {
    title: 'Gebrochene Verfahren zulassen bis',
    description:
      'Nur für einen Server, der nichts Besseres hat, und nur, bis sein Betreiber das behoben hat: Was gelesen wird und das Passwort können unterwegs mitgelesen werden. Endet nach diesem Tag von selbst.',
  },
  jumpHost: { title: 'Sprungserver', description: 'Nur, wenn der Server über einen anderen SSH-Server erreicht wird.' },
  jumpPort: { title: 'Sprungserver: Port', description: '22, wenn es leer ist.' },
  jumpUser: { title: 'Sprungserver: Benutzername', description: 'Wie am Server, wenn es leer ist.' },
  jumpHostKey: { title: 'Sprungserver: Schlüssel', description: 'Verglichen und bestätigt wie der des Servers.' },
  jumpPassword: {
    title: 'Sprungserver: Passwort',
    description: 'Ist für ihn weder dieses noch ein Schlüssel eingetragen, bekommt er dasselbe wie der Server.',
  },
  jumpPrivateKey: { title: 'Sprungserver: privater Schlüssel', description: 'Nur, wenn es ein anderer ist als für den Server.' },
  jumpPassphrase: { title: 'Sprungserver: Kennwort des Schlüssels', description: 'Nur, wenn dieser Schlüssel eines hat.' },
  password: { title: 'Passwort', description: 'Lassen Sie es leer, wenn Sie sich mit einem Schlüssel anmelden.' },
  privateKey: { title: 'Privater Schlüssel', description: 'Der ganze Text der Schlüsseldatei: OpenSSH, oder PuTTY in Version 2 für RSA.' },
  passphrase: { title: 'Kennwort des Schlüssels', description: 'Nur, wenn der Schlüssel eines hat.' },
  url: { title: 'Adresse', description: 'Der Zentrale, ohne Pfad.' },
  allowHttpOnThisPc: { title: 'http zu diesem PC erlauben', description: 'Nur für einen Empfänger auf 127.0.0.1, etwa das Übungshotel.' },
  batchRecords: { title: 'Datensätze in einer Anfrage' },
  proxyUrl: { title: 'Proxy' },
  proxyUser: { title: 'Benutzername am Proxy' },
  proxyBypass: { title: 'Adressen ohne Proxy', description: 'Namen, durch Kommas getrennt; .hotel.local meint alles darunter.' },
  caPem: {
    title: 'Zertifikat Ihrer eigenen Stelle',
    description: 'PEM-Text. Nur nötig, wenn die Gegenseite oder ein Proxy eines benutzt.',
  },
  pinnedKey: {
    title: 'Festgelegter Schlüssel',
    description: 'SHA-256 des öffentlichen Schlüssels der Gegenseite, in Base64. Jeder andere wird abgelehnt.',
  },
  allowPlainOnThisPc: { title: 'Leitung ohne TLS zu diesem PC erlauben', description: 'Nur für einen Server auf 127.0.0.1.' },
  database: { title: 'Datenbank' },
  schema: { title: 'Schema', description: 'In dem die Tabellen stehen.' },
  databasePassword: { title: 'Passwort des Datenbankbenutzers', description: 'Sie bekommen es von dem, der die Datenbank betreibt.' },
  vhost: { title: 'Virtueller Host' },
  exchange: { title: 'Exchange', description: 'An den gesendet wird.' },
  routingKey: {
    title: 'Routing-Key',
    description: 'Für {entity}, {hotelId} und {source} steht bei jeder Nachricht, was für sie gilt.',
  },
  queue: { title: 'Warteschlange', description: 'Nur zum Prüfen und Anlegen; gesendet wird an den Exchange.' },
  declares: {
    title: 'Fehlendes selbst anlegen',
    description: 'Exchange, Warteschlange und Bindung. Der Benutzer braucht dafür mehr Rechte, als zum Senden nötig sind.',
  },
  brokerPassword: { title: 'Passwort des Brokerbenutzers', description: 'Sie bekommen es von dem, der den Broker betreibt.' },
  signingSecret: { title: 'Signaturgeheimnis', description: 'Beginnt mit whsec_. Der Betreiber der Zentrale gibt es Ihnen.' },
  token: { title: 'Zugangsmarke', description: 'Nur, wenn die Zentrale eine verlangt.' },
  proxyPassword: { title: 'Kennwort am Proxy', description: 'Nur, wenn der Proxy eines verlangt.' },
};

export const rulesDe: Record<RuleId, { readonly title: string; readonly means: string; readonly hint: string }> = {
  'row-ragged': {
    title: 'Die Zeile hat mehr oder weniger Zellen als die Kopfzeile.',
    means: 'Ihre Zellen lassen sich nicht mehr zuordnen: Ein Wert könnte unter der falschen Spalte stehen.',
    hint: 'Suchen Sie ein Trennzeichen mitten im Text oder eine Summenzeile.',
  },
  'row-unclosed-quote': {
    title: 'Ein Anführungszeichen geht auf und nie zu.',
    means: 'Wo die Zelle endet, ist nicht bekannt, und damit auch nicht, wo die nächsten beginnen.',
    hint: 'Schließen oder entfernen Sie es in der Quelle und exportieren Sie neu.',
  },
  'row-stray-quote': {
    title: 'Ein Anführungszeichen steht mitten in einer Zelle in Anführungszeichen.',
    means: 'Hinter dem schließenden Zeichen folgt Text; wo die Zelle endet, ist nicht bekannt.',
    hint: 'Verdoppeln oder entfernen Sie es in der Quelle und exportieren Sie neu.',
  },
  'row-too-long': {
    title: 'Die Zeile ist länger als 1 MiB.',
    means: 'So lang ist keine Buchung, kein Gast, kein Zimmer und keine Bewertung; wahrscheinlich sind mehrere Zeilen zusammengelaufen.',
    hint: 'Sehen Sie nach, ob im Export ein Zeilenende fehlt.',
  },
  'row-undecodable': {
    title: 'Einige Bytes sind in der Kodierung der Zuordnung kein Text.',
    means: 'So gelesen würden Namen verändert: Einige Buchstaben sind nicht die, die das Hotel geschrieben hat.',
    hint: 'Stellen Sie die Kodierung ein, in der exportiert wird.',
  },
  'letters-unsure': {
    title: 'Einige Buchstaben lassen sich auf zwei Arten lesen.',
    means: 'Nichts in der Datei sagt sicher, in welcher Kodierung ihre Buchstaben stehen, und Namen kämen verschieden heraus.',
    hint: 'Sehen Sie sich die Zeile in jeder Kodierung an und stellen Sie in der Zuordnung die ein, in der der Name stimmt.',
  },
  'row-nul': {
    title: 'Die Zeile enthält ein NUL-Byte.',
    means: 'Exporte enthalten Text, und in keinem Text kommt dieses Byte vor.',
    hint: 'Die Datei wurde abgeschnitten oder falsch geschrieben; exportieren Sie neu.',
  },
  'header-unusable': {
    title: 'In der Kopfzeile fehlt eine Spalte, die die Zuordnung braucht, oder sie steht zweimal da.',
    means: 'Ohne diese Spalte bedeutet keine Zeile der Datei etwas; darum wurde sie als Ganzes beiseitegelegt.',
    hint: 'Berichtigen Sie Zuordnung oder Export; nichts aus dieser Datei wurde benutzt.',
  },
  'key-missing': {
    title: 'Die Zeile hat keinen Schlüssel.',
    means: 'Ohne ihn ließe sich dieser Datensatz von keinem anderen unterscheiden und bei einer Änderung nicht wiederfinden.',
    hint: 'Ordnen Sie die Spalte mit der Bestätigungsnummer zu.',
  },
  'key-is-card-number': {
    title: 'Der Schlüssel sieht wie eine Kartennummer aus und wurde verborgen.',
    means: 'Kartennummern werden verborgen, bevor etwas aufbewahrt wird. Ein verborgener Schlüssel unterscheidet nichts mehr.',
    hint: 'Sehen Ihre Bestätigungsnummern so aus, schalten Sie das Verbergen für diese Verbindung aus.',
  },
  'value-missing': {
    title: 'Ein Feld, das jeder Datensatz braucht, ist leer.',
    means: 'Der Datensatz käme unvollständig an; darum wurde keiner daraus.',
    hint: 'Füllen Sie es in der Quelle oder geben Sie der Zuordnung eine Vorgabe.',
  },
  'value-too-long': {
    title: 'Der Wert ist länger, als das Feld sein darf.',
    means: 'Abgeschnitten wäre es nicht mehr, was das Hotel geschrieben hat; darum blieb es, wie es ist.',
    hint: 'Kürzen Sie ihn in der Quelle.',
  },
  'value-unknown': {
    title: 'Die Quelle benutzt ein Wort, das die Zuordnung nicht kennt.',
    means: 'Was es bedeutet, wird nicht geraten: Falsch geraten wäre eine falsche Buchung.',
    hint: 'Nehmen Sie das Wort in die Zuordnung auf und sagen Sie, was es bedeutet.',
  },
  'day-unreadable': {
    title: 'Das ist kein Tag in der Schreibweise der Zuordnung.',
    means: 'Tag und Monat könnten vertauscht sein, oder den Tag gibt es im Kalender nicht.',
    hint: 'Berichtigen Sie die Schreibweise oder den Wert in der Quelle.',
  },
  'amount-unreadable': {
    title: 'Das ist kein Betrag in der Schreibweise der Zuordnung.',
    means: 'Ein Komma, als Punkt gelesen, machte den Betrag tausendmal größer oder kleiner.',
    hint: 'Sagen Sie, welches Zeichen die Quelle für Komma und Tausender benutzt.',
  },
  'amount-without-currency': {
    title: 'Ein Betrag hat keine Währung.',
    means: 'Ein Betrag bedeutet nichts, solange nicht gesagt ist, in welchem Geld.',
    hint: 'Ordnen Sie die Währung zu oder setzen Sie die des Hotels fest.',
  },
  'currency-unknown': {
    title: 'Diese Währung steht nicht in ISO 4217.',
    means: 'Niemand könnte sagen, wie viele Nachkommastellen ihre Beträge haben oder was sie wert sind.',
    hint: 'Übersetzen Sie sie in der Zuordnung.',
  },
  'number-unreadable': {
    title: 'Das ist keine Zahl oder liegt außerhalb dessen, was das Feld fasst.',
    means: 'Eine andere Zahl an dieser Stelle wäre erfunden.',
    hint: 'Berichtigen Sie sie in der Quelle oder der Zuordnung.',
  },
  'stay-backwards': {
    title: 'Der Aufenthalt endet, bevor er beginnt.',
    means: 'An- und Abreise sind vielleicht vertauscht, oder eine ist vertippt; welche, weiß nur das Hotel.',
    hint: 'Berichtigen Sie die Daten in der Quelle.',
  },
  'kept-damaged': {
    title: 'Was von dieser Zeile aufbewahrt war, ist beschädigt.',
    means:
      'Ein Teil der Datenbank lässt sich nicht mehr öffnen, und Beschädigtes wird nie gesendet. Die Zeile wird aus der Kopie ihrer Datei noch einmal gelesen.',
    hint: 'Prüfen Sie die Festplatte. Ist auch die Kopie beschädigt, exportieren Sie den Datensatz noch einmal: Er wird gesendet, sobald seine Quelle ihn wieder nennt.',
  },
  'refused-by-destination': {
    title: 'Das Ziel hat diesen Datensatz abgelehnt.',
    means: 'Aus der Zeile wurde ein Datensatz, er ist aufbewahrt, und das Ziel hat gesagt, dass es ihn nicht nimmt.',
    hint: 'Lesen Sie seine Antwort. Was im Datensatz falsch ist, berichtigen Sie in der Quelle: der nächste Export sendet ihn von selbst. Lag es am Ziel, senden Sie ihn noch einmal.',
  },
};
