import type { Text } from './en.ts';

/** Die deutschen Wörter für das, was Quellen, die Datenbanken sind, auf Englisch nennen: Schritte ihrer Prüfung, Felder, Arten. */
export const databaseStepsDe: Text['steps'] = {
  protocol: 'Mit der Datenbank sprechen',
  place: 'OPERA und das Haus finden',
  rights: 'Darf er nur lesen',
  clock: 'Die Uhr der Datenbank lesen',
  columns: 'Tabellen und Spalten vergleichen',
  rows: 'Die ersten Zeilen lesen',
  question: 'Die Abfrage ansehen',
  keys: 'Ist jeder Schlüssel da, und nur einmal',
};

const blankAtTheEnd = 'einige beginnen oder enden mit einem Leerzeichen: Zwei, die sich nur darin unterscheiden, werden ein Datensatz';

const found: readonly (readonly [english: RegExp, german: string | ((...found: string[]) => string)])[] = [
  [
    /^(\S+), (SID|service) (\S+), (with|without) TLS$/,
    (_, at, kind, name, how) => `${at}, ${kind === 'SID' ? 'SID' : 'Dienst'} ${name}, ${how === 'with' ? 'mit' : 'ohne'} TLS`,
  ],
  [/^it answers, and knows what is asked for$/, 'sie antwortet und kennt, wonach gefragt wird'],
  [/^Oracle (\S+), by the driver alone \(node-oracledb (\S+)\)$/, 'Oracle $1, mit dem Treiber allein (node-oracledb $2)'],
  [
    /^Oracle (\S+), by the driver(?: generation (6))? with the Oracle client (.+) \(node-oracledb (\S+)\)$/,
    (_, version, generation, client, driver) =>
      `Oracle ${version}, mit dem Treiber${generation ? ' der Generation 6' : ''} und dem Oracle-Client ${client === 'of this PC' ? 'dieses PCs' : client} (node-oracledb ${driver})`,
  ],
  [/^(\S+), on a secure line$/, '$1, über eine sichere Leitung'],
  [
    /^(\S+), on a line without TLS: what is read can be read along in the network$/,
    '$1, ohne TLS: Was gelesen wird, ist im Netz mitlesbar',
  ],
  [/^(\S+); its password runs out soon \(ORA-28002\)$/, '$1; sein Passwort läuft bald ab (ORA-28002)'],
  [/^owner (\S+), property (\S+)$/, 'Eigentümer $1, Haus $2'],
  [/^it may read the (\d+) tables that are needed, and write nothing$/, 'er darf die $1 nötigen Tabellen lesen und nichts schreiben'],
  [/^it may only read, and more than is needed: (.+)$/, 'er darf nur lesen, und mehr als nötig: $1'],
  [/^it may write nothing$/, 'er darf nichts schreiben'],
  [/^it may write, as you have accepted: (.+)$/, 'er darf schreiben, wie von Ihnen hingenommen: $1'],
  [/^it may do more than read: (.+)$/, 'er darf mehr als lesen: $1'],
  [/^(.+) there, (-?\d+) min from UTC; business date (\S+)$/, 'dort $1, $2 min von UTC; Geschäftstag $3'],
  [/^(.+) there, (-?\d+) min from UTC$/, 'dort $1, $2 min von UTC'],
  [
    /^all (\d+) tables are as they have to be, and changes are found by an index$/,
    'alle $1 Tabellen sind, wie sie sein müssen, und ein Index findet, was sich geändert hat',
  ],
  [
    /^all there, but no index leads with RESORT, UPDATE_DATE of RESERVATION_NAME: reservations are read at night only$/,
    'alles da, aber kein Index beginnt mit RESORT, UPDATE_DATE von RESERVATION_NAME: Reservierungen werden nur nachts gelesen',
  ],
  [/^what needs these is not read: (.+)$/, 'was diese braucht, wird nicht gelesen: $1'],
  [/^(\d+) reservations, and more$/, '$1 Reservierungen und mehr'],
  [/^(\d+) reservations$/, '$1 Reservierungen'],
  [/^no reservation of (\S+) yet$/, 'noch keine Reservierung von $1'],
  [/^one SELECT of (\d+) characters$/, 'ein SELECT mit $1 Zeichen'],
  [/^(.+), without TLS as set$/, '$1, ohne TLS, wie eingestellt'],
  [/^every row has one of its own$/, 'jede Zeile hat einen eigenen'],
  [
    /^(at least )?(\d+) rows have none and are never read(; some begin or end with a blank: two that differ in nothing else become one record)?$/,
    (_, least, rows, blank) =>
      `${least ? 'mindestens ' : ''}${rows} Zeilen haben keinen und werden nie gelesen${blank ? `; ${blankAtTheEnd}` : ''}`,
  ],
  [/^some begin or end with a blank: two that differ in nothing else become one record$/, blankAtTheEnd],
  [
    /^(.+) there, (-?\d+) min from UTC; the changed column is written in UTC$/,
    'dort $1, $2 min von UTC; die Spalte der Änderung steht in UTC',
  ],
  [
    /^(\d+): (.+); key (.+), changed not told: everything is compared every time$/,
    '$1: $2; Schlüssel $3, keine Spalte der Änderung: Jedes Mal wird alles verglichen',
  ],
  [
    /^the changed column seems to be written in UTC; (if a row was changed just now, )?set “Clock of the changed column” to UTC$/,
    (_, now) =>
      `die Spalte der Änderung scheint in UTC geschrieben zu sein; ${now ? 'wenn gerade eben eine Zeile geändert wurde, ' : ''}stellen Sie „Uhr der Spalte der Änderung“ auf UTC`,
  ],
  [
    /^the newest time in the changed column lies (\d+) min ahead of the clock of the database(; is it written in UTC\?)?$/,
    (_, minutes, utc) =>
      `die neueste Zeit in der Spalte der Änderung liegt ${minutes} min vor der Uhr der Datenbank${utc ? '; steht sie in UTC?' : ''}`,
  ],
  [/^none yet$/, 'noch keine'],
  [/^(\d+) and more$/, '$1 und mehr'],
];

/** Was ein Schritt gefunden hat; null, wo es keiner einer Datenbank ist. */
export function databaseFoundDe(words: string): string | null {
  const known = found.find(([english]) => english.test(words));
  if (!known) return null;
  const [english, german] = known;
  return typeof german === 'string' ? words.replace(english, german) : words.replace(english, german);
}

export const databaseKindsDe: Text['kinds'] = {
  'opera-oracle': {
    title: 'OPERA V5 (Oracle)',
    summary: 'Liest Reservierungen, Gäste und Zimmer aus der Oracle-Datenbank von OPERA V5.',
  },
  sql: {
    title: 'Datenbank mit einer eigenen Abfrage',
    summary: 'Liest eine Datenbank von PostgreSQL, MariaDB oder MySQL mit einem SELECT und findet, was sich geändert hat.',
  },
};

export const databaseFieldsDe: Text['fields'] = {
  user: { title: 'Benutzername', description: 'Mit dem sich Bellhop dort anmeldet.' },
  address: {
    title: 'Adresse der Datenbank',
    description: 'host:1521/DIENST, host:1521:SID, der JDBC-Text eines anderen Programms, ein Text in Klammern oder ein Alias.',
  },
  tnsFolder: { title: 'Ordner von tnsnames.ora', description: 'Nur nötig, wenn die Adresse ein Alias ist.' },
  owner: { title: 'Eigentümer der Tabellen', description: 'Meist OPERA. Leer heißt: der einzige, den es gibt.' },
  resort: { title: 'Haus', description: 'Sein Kürzel in OPERA. Leer heißt: das einzige, das es gibt.' },
  readsGuests: { title: 'Gäste lesen', description: 'Die Profile hinter den Reservierungen, mit E-Mail und Telefon.' },
  readsRooms: { title: 'Zimmer lesen', description: 'Zimmer mit ihrem Zustand. Buchungskonten bleiben weg.' },
  bookingMapping: { title: 'Zuordnung der Reservierungen' },
  guestMapping: { title: 'Zuordnung der Gäste' },
  roomMapping: { title: 'Zuordnung der Zimmer' },
  sweepAt: {
    title: 'Alles vergleichen um',
    description: 'In Hotelzeit. Einmal am Tag werden alle Zeilen gelesen, um zu finden, was sich ohne Spur geändert hat und was fort ist.',
  },
  auditFrom: { title: 'Tagesabschluss ab', description: 'Von da an wird nur jede Viertelstunde gelesen.' },
  auditUntil: { title: 'Tagesabschluss bis' },
  clientFolder: {
    title: 'Ordner eines Oracle-Clients',
    description: 'Nur für Server nötig, die für den Treiber allein zu alt sind; die Prüfung sagt es.',
  },
  acknowledgedRights: {
    title: 'Hingenommene Rechte über das Lesen hinaus',
    description: 'Jedes mit seinem Namen, wie die Prüfung sie nennt. Besser nehmen Sie sie dem Benutzer weg.',
  },
  engine: { title: 'Art der Datenbank', choices: { postgresql: 'PostgreSQL', mariadb: 'MariaDB oder MySQL' } },
  question: { title: 'Abfrage', description: 'Ein SELECT. Jede Zeile, die er ergibt, wird ein Datensatz.' },
  keyColumn: {
    title: 'Schlüsselspalte',
    description: 'Eine Spalte der Abfrage: Keine zwei Zeilen haben darin denselben Wert, und eine Zeile behält ihren.',
  },
  stampClock: {
    title: 'Uhr der Spalte der Änderung',
    description: 'Nach welcher Uhr ihre Zeiten geschrieben sind. Die Prüfung der Verbindung sagt, wenn es die andere zu sein scheint.',
    choices: { server: 'die des Servers', utc: 'UTC' },
  },
  changedColumn: {
    title: 'Spalte der Änderung',
    description:
      'Die Spalte mit der Zeit der letzten Änderung. Sie braucht einen Index. Ohne sie wird jedes Mal alles gelesen und verglichen.',
  },
};
