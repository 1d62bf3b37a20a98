import type { ColumnDifference } from '../../contract/fingerprint.ts';
import type { runsEn } from './en-runs.ts';

const number = (value: number) => value.toLocaleString('de-DE');
const needs: Record<ColumnDifference['needs'], string> = {
  any: 'das Nötige',
  once: 'einmal da',
  text: 'ein Text',
  number: 'eine Zahl',
  date: 'ein Datum',
  time: 'eine Zeit',
};

/** Die Sätze zu den Läufen einer Quelle und zu den Spalten ihrer Datenbank. */
export const runsDe: typeof runsEn = {
  title: 'Läufe',
  help: 'Die Zahlen gelten für den Lauf allein. Läufe, die gleich enden und nichts bringen, stehen in einer Zeile. Aufbewahrt werden sie 90 Tage.',
  empty: 'Noch wurde nichts gelesen. Jeder Lauf steht dann hier, mit dem, was er gebracht hat.',
  columns: {
    began: 'Begonnen',
    took: 'Dauer',
    files: 'Dateien',
    read: 'Gelesen',
    changed: 'Neu',
    kept: 'Behalten',
    unchanged: 'Unverändert',
    aside: 'Beiseite',
    ended: 'Wie er endete',
  },
  causes: {
    schedule: 'nach Zeitplan',
    'catch-up': 'nachgeholt',
    'by-hand': 'von Hand',
    comparison: 'ganz verglichen, von Hand',
    certificate: 'für den Nachweis',
  },
  times: (count, since) => `${number(count)}-mal seit ${since}`,
  brief: 'unter 1 s',
  each: 'je Lauf, im Mittel',
  twice: (count) => `${number(count)} kamen noch einmal`,
  outcomes: {
    well: 'Gut',
    failed: 'Fehlgeschlagen',
    stopped: 'Angehalten',
    'agent-ended': 'Dabei endete der Agent',
  },
  nothingNew: 'nichts Neues',
  underWay: 'Läuft gerade',
  why: 'Warum?',
  older: 'Ältere Läufe',
  fingerprint: {
    title: 'Spalten',
    help: 'Bevor eine Zeile gelesen wird, werden die Spalten mit denen verglichen, die nötig sind. Was fehlt, hält nur das auf, was es braucht.',
    empty: 'Mit diesen Einstellungen wurden sie noch nicht verglichen. Das geschieht, bevor die erste Zeile gelesen wird.',
    well: (columns, tables) =>
      tables === 1
        ? `Alle ${number(columns)} Spalten sind, wie sie sein müssen`
        : `Alle ${number(columns)} Spalten von ${number(tables)} Tabellen sind, wie sie sein müssen`,
    wrong: (wrong, tables) =>
      tables === 1
        ? 'Die Spalten sind nicht, wie sie sein müssen'
        : `${number(wrong)} von ${number(tables)} Tabellen nicht, wie sie sein müssen`,
    comparedAt: (when) => `verglichen ${when}`,
    columns: { table: 'Tabelle', difference: 'Was anders ist', stops: 'Deshalb nicht gelesen' },
    missingTable: 'Die Tabelle fehlt oder darf nicht gelesen werden',
    difference: ({ column, found, needs: need }) =>
      need === 'once'
        ? `${column} ist mehr als einmal da`
        : found === null
          ? `${column} fehlt`
          : `${column} ist ${found}, nicht ${needs[need]}`,
    stopsNothing: 'Nichts, was hier gelesen wird',
  },
};
