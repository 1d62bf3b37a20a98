import type { sameEn } from './en-same.ts';

const number = (value: number) => value.toLocaleString('de-DE');

/** Die Sätze zu zwei Quellen eines Datensatzes, zu Schatten und Anteil und dazu, wie lange Fassungen bleiben. */
export const sameDe: typeof sameEn = {
  title: 'Wenn zwei Quellen von einem Datensatz sprechen',
  intro:
    'Dieselbe Art von Datensatz unter derselben Nummer gilt als einer. Behalten wird hier in jedem Fall alles; die Regel sagt, was gesendet wird, ab dem nächsten Datensatz.',
  shared: (count) =>
    count === 0
      ? 'Keiner ist aus zweien bekannt.'
      : count === 1
        ? 'Einer ist aus zweien bekannt.'
        : `${number(count)} sind aus zweien bekannt.`,
  oneSource: (source) => `Bisher bringt nur ${source} solche.`,
  choices: {
    apart: 'Beide getrennt behalten und senden',
    newest: 'Von dem, was wartet, das Neueste senden',
    leads: (source) => `${source} führt; was andere davon sagen, wird nicht gesendet`,
  },
  saved: 'Die Regel gilt ab dem nächsten Datensatz',
  withheldFor: {
    'other-source-leads': (source) => `${source} führt bei dieser Art von Datensatz`,
    'other-source-newer': (source) => `${source} hat Neueres davon gesagt`,
    'not-in-share': () => 'er liegt außerhalb des Anteils, der dorthin geht',
  },
  withheld: (from, why) => `Nicht an ${from} gesendet: ${why}`,
  alsoFrom: (sources) => `Auch bekannt aus ${sources}.`,
  rule: (rule) =>
    rule.rule === 'leads'
      ? `${rule.source} führt: Was andere davon sagen, wird hier behalten und nicht gesendet.`
      : rule.rule === 'newest'
        ? 'Von dem, was wartet, wird das Neueste gesendet.'
        : 'Beide werden behalten und gesendet, jeder für sich.',
  lookAt: (source) => `Zeigen, was ${source} sagt`,
  shadow: {
    tag: 'Schatten',
    title: 'Schatten und Anteil',
    what: 'Schatten: bekommt alles und entscheidet nichts',
    help: 'Er hält niemanden auf, und was er sagt, zählt nur für ihn. Um einen neuen Hub neben dem alten zu erproben.',
    isNow: (title) => `${title} ist jetzt ein Schatten`,
    isNoMore: (title) => `${title} zählt jetzt wie die anderen Ziele`,
    share: 'Anteil der Datensätze, der dorthin geht',
    shareHelp: 'Immer dieselben Datensätze. Ein größerer Anteil enthält den kleineren; was fehlt, wird von selbst gesendet.',
    percent: (percent) => `${percent} %`,
    shared: (title, percent) => `${title} bekommt ${percent} % der Datensätze`,
    noLeading: 'Es gibt kein Ziel, mit dem er verglichen werden kann.',
    comparedWith: (title) => `Verglichen mit ${title}`,
    none: 'Kein Unterschied',
    onlyShadowRefused: (count) => `${number(count)} nur hier abgelehnt`,
    onlyLeadingRefused: (count) => `${number(count)} nur dort abgelehnt`,
    behind: (count) => `${number(count)} kommen noch`,
    missed: (count) => `${number(count)} alte Fassungen wurden entfernt, bevor er sie hatte`,
    withheld: (count) => `${number(count)} mit Absicht nicht gesendet`,
  },
  keep: {
    title: 'Alte Fassungen',
    intro:
      'Die neueste Fassung eines Datensatzes bleibt immer, ebenso alles, was ein Ziel noch nicht bestätigt hat. Ältere werden entfernt, wenn sie so lange behalten wurden; ihr Platz wird wieder benutzt.',
    label: 'Ältere Fassungen behalten',
    days: (days) => (days % 365 === 0 ? (days === 365 ? 'ein Jahr' : `${days / 365} Jahre`) : `${days} Tage`),
    ever: 'für immer',
    saved: 'Gesetzt',
    pruned: 'Ältere Fassungen wurden entfernt, nachdem sie lange genug behalten wurden.',
  },
  outbox: (bytes, since) =>
    since === null ? 'Noch wurde nichts behalten.' : `Der Ausgang belegt ${bytes}; seine älteste Fassung ist von ${since}.`,
  waits: (bytes) => `${bytes} zu senden`,
  figures: 'Zahlen von Gästen werden berechnet.',
};
