import { type Connection, createConnection, escapeId } from 'mysql2';
import { Fault } from '../../../../contract/faults.ts';
import { policies } from '../../../resilience/policies.ts';
import type { Logins } from '../../connector.ts';
import { bounded, isPlainLine, tlsOptions } from '../../secure-line.ts';
import type { SourceClock } from '../../watermark.ts';
import type { Column, Engine, Rights } from './engine.ts';
import { lineBroke } from './faults.ts';
import { loggedIn } from './login.ts';
import { placeOf, type Settings } from './settings.ts';

/** The types a change can be stamped with. @source the protocol's "column type" */
const stampTypes: Readonly<Record<number, string>> = { 7: 'timestamp', 10: 'date', 12: 'datetime' };
const decimalType = 246;
/** VARCHAR, BLOB, VAR_STRING and STRING: a text, or bytes where their character set is `binary`. */
const textTypes: readonly number[] = [15, 252, 253, 254];
const bytesCharset = 63;

/**
 * What the line is told at its start: it only reads, and signs in texts mean what the driver writes. Its time zone stays the one that
 * the server gives to everybody.
 */
const opening = ["SET SESSION sql_mode = ''", 'SET SESSION TRANSACTION READ ONLY', 'SET NAMES utf8mb4'] as const;
/** MariaDB counts in seconds; MySQL has another name, and milliseconds. */
const limits = [
  `SET SESSION max_statement_time = ${policies.statementTimeoutMs / 1000}`,
  `SET SESSION max_execution_time = ${policies.statementTimeoutMs}`,
] as const;

/** Rights that change nothing. */
const onlyReading = new Set(['USAGE', 'SELECT', 'SHOW VIEW', 'SHOW DATABASES']);

/** A name in backticks. What stands in it is no part of the line around it. */
const quoted = '`(?:[^`]|``)*`';
const place = `(?:\\*|${quoted})(?:\\.(?:\\*|${quoted}))?`;
const grantShape = new RegExp(`^GRANT ((?:[^\`]|${quoted})+?) ON ((?:[A-Z ]+ )?${place}) TO (.*)$`, 's');
const roleShape = new RegExp(`^GRANT (${quoted}(?:@${quoted})?|\\w+) TO `);
const columnsShape = new RegExp(`\\((?:[^)\`]|${quoted})*\\)`, 'g');

type Answer = { readonly rows: readonly (string | null)[][]; readonly fields: readonly Field[] };
type Field = { readonly name: string; readonly columnType?: number; readonly characterSet?: number; readonly decimals?: number };

/** One line to one MariaDB or MySQL that only reads. It is made when it is first needed, and anew after whatever has broken it. */
export class MariaReader implements Engine {
  readonly #given: Settings;
  readonly #password: string;
  readonly #isPlain: boolean;
  readonly #logins: Logins | undefined;
  #open: Promise<Connection> | null = null;
  /** The line of {@link #open} once it is there. */
  #line: Connection | null = null;
  #before: Promise<unknown> = Promise.resolve();

  constructor(given: Settings, password: string, logins?: Logins) {
    this.#given = given;
    this.#logins = logins;
    this.#password = password;
    this.#isPlain = isPlainLine(given);
  }

  name(column: string): string {
    return escapeId(column, true);
  }

  /** A day is compared by days: what has changed today is in it, at whatever hour. */
  stampPlace(_at: number, { type }: Column): string {
    return type === 'date' ? 'DATE(?)' : '?';
  }

  /** Beside a text, a decimal would be compared as a float, in which long numbers are the same. */
  keyPlace(_at: number, { type }: Column): string {
    return type === 'decimal' ? 'CAST(? AS DECIMAL(65,10))' : '?';
  }

  stampText(stamp: Column): string {
    return `DATE_FORMAT(${this.stampOrder(stamp)}, '%Y-%m-%d %H:%i:%s.%f')`;
  }

  /** A TIMESTAMP is kept in UTC, and told apart in UTC alone: by the clock on the wall, an hour of autumn comes twice. */
  stampOrder({ name, type }: Column): string {
    const column = `q.${this.name(name)}`;
    return type === 'timestamp' ? `(TIMESTAMP'1970-01-01 00:00:00' + INTERVAL UNIX_TIMESTAMP(${column}) SECOND)` : column;
  }

  /** Two hours more than asked for: as the column is compared by the clock on the wall. */
  isAbout(_at: number, { name, type }: Column): string | null {
    if (type !== 'timestamp') return null;
    return `q.${this.name(name)} >= FROM_UNIXTIME(GREATEST(0, TIMESTAMPDIFF(SECOND, '1970-01-01 00:00:00', ?) - 7200))`;
  }

  /** The year 0 is how an empty time is written. */
  isUnstamped({ name, type }: Column): string {
    const column = `q.${this.name(name)}`;
    return `(${column} IS NULL OR ${column} = '${type === 'date' ? '0000-00-00' : '0000-00-00 00:00:00'}')`;
  }

  limit(rows: number): string {
    return `LIMIT ${rows}`;
  }

  async describe(question: string, signal: AbortSignal): Promise<readonly Column[]> {
    const { fields } = await this.#ask(`SELECT * FROM (${question}) q LIMIT 0`, [], signal);
    return fields.map(({ name, columnType = 0, characterSet, decimals = 0 }) => {
      const type = stampTypes[columnType];
      const isBytes = characterSet === bytesCharset && textTypes.includes(columnType);
      const other = isBytes ? 'bytes' : columnType === decimalType ? 'decimal' : '';
      return { name, type: type ?? other, stampGrain: type === undefined ? null : decimals > 0 ? 0 : 1 };
    });
  }

  async rows(text: string, values: readonly string[], signal: AbortSignal): Promise<readonly (readonly (string | null)[])[]> {
    return (await this.#ask(text, values, signal)).rows;
  }

  async clock(stamp: Column | null, signal: AbortSignal): Promise<SourceClock> {
    const shape = "'%Y-%m-%d %H:%i:%s'";
    const { rows } = await this.#ask(`SELECT DATE_FORMAT(UTC_TIMESTAMP(), ${shape}), DATE_FORMAT(NOW(), ${shape})`, [], signal);
    const utc = rows[0]?.[0] ?? '';
    return { utc, local: stamp?.type === 'timestamp' ? utc : (rows[0]?.[1] ?? '') };
  }

  async rights(signal: AbortSignal): Promise<Rights> {
    const who = (await this.#ask('SELECT CURRENT_USER(), VERSION()', [], signal)).rows[0];
    const tooMuch = new Set<string>();
    const roles = new Set<string>();
    const look = async (text: string) => {
      for (const [grant = null] of (await this.#ask(text, [], signal)).rows) {
        const role = roleShape.exec(grant ?? '')?.[1];
        if (role !== undefined) roles.add(role);
        else for (const right of rightsBeyond(grant ?? '')) tooMuch.add(right);
      }
    };
    await look('SHOW GRANTS');
    // Of a role that is on, MariaDB has shown the rights along with the user's own. One that is not on can be put on.
    const isMariaDb = /mariadb/i.test(who?.[1] ?? '');
    const on = isMariaDb ? (await this.#ask('SELECT ROLE_NAME FROM information_schema.ENABLED_ROLES', [], signal)).rows.flat() : [];
    for (const role of roles) {
      if (on.includes(role.replace(/^`|`$/g, '').replaceAll('``', '`'))) continue;
      await look(`SHOW GRANTS FOR ${role}`).catch((error: unknown) => {
        if (!(error instanceof Fault) || (error.code !== 'source-rights' && error.code !== 'source-error')) throw error;
        tooMuch.add(`the role ${role}, whose rights cannot be seen`);
      });
    }
    return { user: who?.[0] ?? '', version: who?.[1] ?? '', tooMuch: [...tooMuch].slice(0, 6) };
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    this.#line = null;
    const connection = await open?.catch(() => null);
    if (!connection) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        connection.destroy();
        resolve();
      }, policies.closeWithinMs);
      connection.end(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** One question at a time. Whatever is stopped or late leaves the line in an unknown state: it is cut. */
  async #ask(sql: string, values: readonly string[], signal: AbortSignal): Promise<Answer> {
    const { shown } = placeOf(this.#given);
    const running = this.#before.then(async () => {
      const connection = await this.#connected(signal);
      return bounded(asked(connection, sql, values), { shown, signal, ms: policies.statementTimeoutMs + policies.connectTimeoutMs });
    });
    this.#before = running.catch(() => undefined);
    try {
      return await running;
    } catch (error) {
      const fault = mariaFault(error, this.#given);
      if (fault.code !== 'source-place-missing' && fault.code !== 'source-rights') this.#drop();
      throw fault;
    }
  }

  #connected(signal: AbortSignal): Promise<Connection> {
    if (signal.aborted) return Promise.reject(new Fault('stopped'));
    const given = this.#given;
    const faultOf = (error: unknown) => mariaFault(error, given);
    if (this.#open) return this.#open;
    const opening = loggedIn({ given, password: this.#password, logins: this.#logins, signal, faultOf }, () => this.#connect(signal));
    this.#open = opening;
    // What did not come about is tried anew.
    opening.catch(() => {
      if (this.#open === opening) this.#open = null;
    });
    return opening;
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const { host, database, user } = this.#given;
    const { shown } = placeOf(this.#given);
    const connection = createConnection({
      host,
      port: placeOf(this.#given).port,
      user,
      password: this.#password,
      database,
      ...(this.#isPlain ? {} : { ssl: { ...tlsOptions(this.#given), verifyIdentity: true } }),
      connectTimeout: policies.connectTimeoutMs,
      rowsAsArray: true,
      multipleStatements: false,
      flags: ['-LOCAL_FILES'],
      // Every value as the server writes it. MySQL calls its JSON bytes, and writes it in UTF-8.
      typeCast: (field) => field.string(field.type === 'JSON' ? 'utf8' : undefined),
    });
    // Only what is said of the line that is open now: an old one may say its end later.
    connection.on('error', () => this.#forget(connection));
    connection.on('end', () => this.#forget(connection));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    connection.connect((error) => (error ? reject(error) : resolve()));
    try {
      const ready = promise.then(async () => {
        for (const text of opening) await asked(connection, text, []);
        // One of the two is known; on neither the deadline of this side still holds.
        for (const text of limits) await asked(connection, text, []).catch(() => undefined);
      });
      await bounded(ready, { shown, signal, ms: policies.statementTimeoutMs + policies.connectTimeoutMs });
      this.#line = connection;
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  #forget(connection: Connection): void {
    if (this.#line !== connection) return;
    this.#line = null;
    this.#open = null;
  }

  #drop(): void {
    const open = this.#open;
    this.#open = null;
    this.#line = null;
    void open?.then((connection) => connection.destroy()).catch(() => undefined);
  }
}

/** What a line of SHOW GRANTS allows beyond reading. One that cannot be read is too much, and shown without the password that may stand in it. */
function rightsBeyond(grant: string): readonly string[] {
  if (grant.startsWith('SET DEFAULT ROLE ')) return [];
  const [, rights, where, rest = ''] = grantShape.exec(grant) ?? [];
  if (rights === undefined)
    return [
      `a grant that cannot be read: ${grant
        .replace(/ IDENTIFIED .*$/s, '')
        .replace(/'[^']*'?/g, "'…'")
        .slice(0, 120)}`,
    ];
  const named = rights
    .replace(columnsShape, '')
    .split(',')
    .map((right) => right.trim())
    .filter((right) => !onlyReading.has(right));
  return [...named, ...(/ WITH .*GRANT OPTION/s.test(rest) ? ['GRANT OPTION'] : [])].map((right) => `${right} on ${where}`);
}

function asked(connection: Connection, sql: string, values: readonly string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    connection.query({ sql, values: [...values] }, (error: unknown, rows: unknown, fields: unknown) => {
      if (error) reject(error);
      else resolve({ rows: Array.isArray(rows) ? rows : [], fields: Array.isArray(fields) ? fields : [] });
    });
  });
}

/**
 * Give what the server or its driver has thrown its name. What the server says about values is never repeated.
 * @source MariaDB error codes
 */
function mariaFault(error: unknown, given: Settings): Fault {
  if (error instanceof Fault) return lineBroke(error, given);
  const { code = '', errno = 0, sqlState, message = '' } = error as { code?: string; errno?: number; sqlState?: string; message?: string };
  if (sqlState === undefined) return lineBroke(error, given);
  const { shown: host } = placeOf(given);
  const { user, database } = given;
  const because = { cause: new Error(code) };
  const object = /'([^']{1,130})'/.exec(message)?.[1] ?? '';
  switch (errno) {
    case 1045:
    case 1698:
      return new Fault('source-login', { host, user, detail: 'user name or password' }, because);
    case 4151:
      return new Fault('source-login', { host, user, detail: 'the account is locked' }, because);
    case 1862:
    case 1820:
      return new Fault('source-login', { host, user, detail: 'the password has run out' }, because);
    case 1049:
      return new Fault('source-place-missing', { host, user, place: `database ${database}` }, because);
    case 1044:
      return new Fault('source-rights', { host, user, place: `database ${database}` }, because);
    case 1146:
      return new Fault('source-place-missing', { host, user, place: `table ${object}` }, because);
    case 1142:
    case 1143:
    case 1370:
      return new Fault(
        'source-rights',
        { host, user, place: /for (?:table|column|routine) .?([\w.`]+)/.exec(message)?.[1] ?? 'what the question asks' },
        because,
      );
    case 1054:
      return new Fault('source-columns', { host, table: 'the question', detail: `there is no column ${object}` }, because);
    case 1060:
      return new Fault('source-question', { detail: `two of its columns have the name ${object}` }, because);
    case 1064:
      return new Fault('source-question', { detail: 'the database cannot read it as SQL' }, because);
    case 1969:
    case 3024:
      return new Fault('source-timeout', { host, seconds: String(policies.statementTimeoutMs / 1000) }, because);
    default:
      return new Fault('source-error', { host, code, doing: 'reading' }, because);
  }
}
