import type { Fingerprint } from '../../../../contract/fingerprint.ts';
import { entityNames } from '../../../../contract/record.ts';
import { defineConnector, type OpenContext } from '../../connector.ts';
import { checks } from './checks.ts';
import type { Column, Engine } from './engine.ts';
import { MariaReader } from './mariadb.ts';
import { OracleReader } from './oracle.ts';
import { PostgresReader } from './postgresql.ts';
import { type Described, describedBy, questionFingerprint, questionOf, questionTable, stampClock } from './question-table.ts';
import { passwordOf, placeOf, type Settings, secrets, settings } from './settings.ts';

function open(given: Settings, { secrets: of, logins }: OpenContext): Engine {
  const password = passwordOf(of, given);
  switch (given.engine) {
    case 'postgresql':
      return new PostgresReader(given, password, logins);
    case 'mariadb':
      return new MariaReader(given, password, logins);
    case 'oracle':
      return new OracleReader(given, password, logins);
    default: {
      const never: never = given.engine;
      throw new Error(`no engine ${never}`);
    }
  }
}

/**
 * A database that a hotel system stands on, read by one question.
 *
 * Each row of it becomes one record, by a mapping as for files. What has changed is found by the time of the last change, and by
 * comparing everything once a day; how nothing is missed stands in agent/pipeline/read-table.ts.
 */
export default defineConnector({
  id: 'sql',
  title: 'Database with a question of your own',
  summary: 'Reads a PostgreSQL, MariaDB, MySQL or Oracle database by one SELECT, and finds what has changed.',
  settings,
  secrets,
  schedule: { kind: 'every', interval: '1m' },
  entities: entityNames,
  isDatabase: true,
  sample: {
    engine: 'postgresql',
    host: '127.0.0.1',
    port: 9,
    database: 'pms',
    user: 'bellhop',
    question: 'SELECT id, guest, arrival, departure, status, changed_at FROM bookings',
    keyColumn: 'id',
    changedColumn: 'changed_at',
  },
  checks: (given, context) => checks(given, () => open(given, context)),
  choices: async (given, context, signal) => {
    const engine = open(given, context);
    try {
      const columns = await engine.describe(questionOf(given), signal);
      const option = ({ name, type }: Column) => ({ value: name, rows: null, type });
      return [
        { field: 'keyColumn', options: columns.map(option) },
        { field: 'changedColumn', options: columns.filter(({ stampGrain }) => stampGrain !== null).map(option) },
      ];
    } finally {
      await engine.close();
    }
  },
  open: async (given, context) => {
    const engine = open(given, context);
    let described: Described | null = null;
    let compared: Fingerprint | null = null;
    return {
      identity: JSON.stringify([
        given.engine,
        placeOf(given).shown,
        given.database,
        questionOf(given),
        given.keyColumn,
        given.changedColumn,
      ]),
      source: given.source,
      hidesCardNumbers: given.hideCardNumbers,
      sweepAt: given.sweepAt,
      tables: async (signal) => {
        // The columns are asked for at the start of every run: what has changed there is noticed before a row is read by the wrong name.
        const columns = await engine.describe(questionOf(given), signal);
        const names = columns.map(({ name }) => name);
        const mapped = context.mappedColumns?.(given.mapping, names) ?? { needed: [], missing: [], twice: [] };
        compared = questionFingerprint(given, columns, mapped, context.now());
        described = describedBy(given, columns);
        return { tables: [questionTable(given, engine, described)], faults: [] };
      },
      compared: () => compared,
      clock: (signal) => stampClock(given, engine, described?.stamp ?? null, signal),
      close: () => engine.close(),
    };
  },
});
