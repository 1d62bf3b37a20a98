import type { leavesEn } from './en-leaves.ts';

const number = (value: number) => value.toLocaleString('de-DE');

/** The sentences of what leaves this hotel, in German. */
export const leavesDe: typeof leavesEn = {
  title: 'Was dieses Hotel verlässt',
  intro:
    'Jedes Feld jedes Datensatzes, für jedes Ziel, und wie es hinausgeht. Die Beispiele stammen vom neuesten Datensatz und werden auf diesem PC verdeckt, bevor sie gezeigt werden.',
  none: { title: 'Nichts verlässt dieses Hotel', body: 'Es ist kein Ziel eingerichtet. Was eingeht, wird hier aufbewahrt.' },
  export: 'Als CSV speichern',
  fileName: 'was-hinausgeht.csv',
  print: 'Drucken',
  confirmed: (count) =>
    count === 1
      ? 'Bisher wurde ein Stand eines Datensatzes bestätigt.'
      : `Bisher wurden ${number(count)} Stände von Datensätzen bestätigt.`,
  fromNowOn:
    'Eine Regel gilt ab dem nächsten Datensatz, der gesendet wird. Was vorher gesendet wurde, liegt dort, wie es war: Ein Ziel, das es noch hat, behält es, auch wenn es noch einmal gesendet wird. Bitten Sie den Betreiber zu löschen, was dort nicht liegen soll.',
  sendAgain: 'Datensätze noch einmal senden',
  destination: 'Ziel',
  kind: 'Art des Datensatzes',
  field: 'Feld',
  personal: 'Personenbezogen',
  sample: 'Beispiel, verdeckt',
  outcome: 'Geht hinaus als',
  rule: 'Regel',
  ruleOf: (field) => `Regel für ${field}`,
  since: 'Seit wann, von wem',
  sinceBy: (time, who) => `${time}, ${who}`,
  always: 'immer',
  neverSet: 'wie am Anfang',
  noValue: 'ohne Wert',
  leftOut: 'weggelassen',
  asItIs: 'wie es ist',
  keyNote: 'Die Nummer eines Datensatzes geht immer hinaus: An ihr findet das Ziel den Datensatz wieder.',
  tokenNote:
    'Derselbe Wert ergibt überall dasselbe Kennzeichen: Das Ziel sieht, dass zwei gleich sind. Zurückverwandeln kann es ein Kennzeichen nicht.',
  changed: (count) =>
    count === 1 ? 'Eine Regel ist geändert und nicht gespeichert.' : `${number(count)} Regeln sind geändert und nicht gespeichert.`,
  save: 'Diese Regeln speichern',
  discard: 'Alles lassen, wie es war',
  saved: (destination) => `Die Regeln für ${destination} gelten ab dem nächsten Datensatz`,
  beside: 'Was sonst hinausgeht',
  heartbeat: (fields) => `Einmal in der Minute ein Lebenszeichen, allein mit: ${fields}.`,
  question: (fields) => `Beim Start die Frage nach der neuesten Generation, die dort bekannt ist, allein mit: ${fields}.`,
  onEvery: (fields) => `An jedem Datensatz, und immer: ${fields}.`,
  nothingElse: 'Daneben nur, was die Anmeldung dort braucht. Sonst geht für dieses Ziel nichts hinaus.',
  history: 'Änderungen dieser Regeln',
  noHistory: 'Noch hat niemand eine Regel geändert. Alles wird gesendet.',
  change: (field, before, after) => `${field}: aus ${before} wurde ${after}`,
  rulesThen: (rules) => `Danach: ${rules}`,
  everythingSent: 'alles wird gesendet',
  when: 'Hotelzeit',
  who: 'Wer',
  what: 'Was',
  rules: { send: 'Senden', mask: 'Verdecken', tokenise: 'Durch ein Kennzeichen ersetzen', drop: 'Weglassen' },
  kinds: {
    identity: 'Nennt oder erreicht eine Person',
    writing: 'Kann alles enthalten',
    about: 'Sagt etwas über eine Person',
    none: 'Nein',
  },
  envelope: {
    eventId: 'Kennung des Standes',
    generation: 'Generation',
    version: 'Version',
    hash: 'Prüfsumme',
    id: 'Kennung des Datensatzes',
    hotelId: 'Code des Hotels',
    source: 'Quelle',
    externalId: 'Nummer',
    syncedAt: 'Zeit, zu der er aufgenommen wurde',
  },
  said: {
    hotelId: 'Code des Hotels',
    version: 'Version von Bellhop',
    sentAt: 'Uhrzeit',
    lagSeconds: 'Alter des ältesten wartenden Datensatzes',
    depth: 'wie viele Datensätze warten',
    deadLetters: 'wie viele Zeilen beiseitegelegt sind',
    entities: 'wie viele Datensätze jeder Art aufbewahrt sind',
  },
};
