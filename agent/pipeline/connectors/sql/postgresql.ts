import { Socket } from 'node:net';
import pg from 'pg';
import { Fault } from '../../../../contract/faults.ts';
import { policies } from '../../../resilience/policies.ts';
import type { Logins } from '../../connector.ts';
import { bounded, isPlainLine, tlsOptions } from '../../secure-line.ts';
import type { SourceClock } from '../../watermark.ts';
import type { Column, Engine, Rights } from './engine.ts';
import { lineBroke } from './faults.ts';
import { loggedIn } from './login.ts';
import { placeOf, type Settings } from './settings.ts';

/** Every value as the server writes it. */
const asText = { getTypeParser: () => (text: unknown) => text } as unknown as pg.CustomTypesConfig;

/** The types a change can be stamped with. @source pg_type.oid of the server's own catalogue, which never changes */
const stampTypes: Readonly<Record<number, { readonly type: string; readonly grain: 0 | 1 }>> = {
  1082: { type: 'date', grain: 1 },
  1114: { type: 'timestamp', grain: 0 },
  1184: { type: 'timestamptz', grain: 0 },
};

/**
 * The line is told at its start that it only reads, that no statement takes long, and how texts of times look. Its time zone stays the
 * one that the server gives to everybody: by that clock the programs of the hotel write times without a zone.
 */
const options = [
  'default_transaction_read_only=on',
  `statement_timeout=${policies.statementTimeoutMs}`,
  `lock_timeout=${policies.statementTimeoutMs}`,
  'idle_in_transaction_session_timeout=60000',
  'DateStyle=ISO',
  'IntervalStyle=postgres',
  // A backslash in a string is one, whatever the server says to others: the question was looked at so.
  'standard_conforming_strings=on',
];

type Open = { readonly client: pg.Client; readonly socket: Socket };

/** One line to one PostgreSQL that only reads. It is made when it is first needed, and anew after whatever has broken it. */
export class PostgresReader implements Engine {
  readonly #given: Settings;
  readonly #password: string;
  readonly #isPlain: boolean;
  readonly #logins: Logins | undefined;
  #open: Open | null = null;
  #before: Promise<unknown> = Promise.resolve();

  constructor(given: Settings, password: string, logins?: Logins) {
    this.#given = given;
    this.#logins = logins;
    this.#password = password;
    this.#isPlain = isPlainLine(given);
  }

  name(column: string): string {
    return pg.escapeIdentifier(column);
  }

  stampPlace(at: number, { type }: Column): string {
    return type === 'timestamptz' ? `($${at}::timestamp AT TIME ZONE 'UTC')` : `$${at}::${type}`;
  }

  keyPlace(at: number): string {
    return `$${at}`;
  }

  stampText({ name, type }: Column): string {
    const column = `q.${this.name(name)}`;
    return `to_char(${type === 'timestamptz' ? `${column} AT TIME ZONE 'UTC'` : column}, 'YYYY-MM-DD HH24:MI:SS.US')`;
  }

  /** A time that lies at the end of all times is none. */
  isUnstamped({ name }: Column): string {
    const column = `q.${this.name(name)}`;
    return `(${column} IS NULL OR ${column} = 'infinity' OR ${column} = '-infinity')`;
  }

  isBeforeAllTimes({ name }: Column): string {
    return `q.${this.name(name)} < 'infinity'`;
  }

  keyText(key: string): string {
    return `${key}::text`;
  }

  limit(rows: number): string {
    return `LIMIT ${rows}`;
  }

  async describe(question: string, signal: AbortSignal): Promise<readonly Column[]> {
    const { fields } = await this.#ask(`SELECT * FROM (${question}) q LIMIT 0`, [], signal);
    return fields.map(({ name, dataTypeID }) => ({
      name,
      type: stampTypes[dataTypeID]?.type ?? '',
      stampGrain: stampTypes[dataTypeID]?.grain ?? null,
    }));
  }

  async rows(text: string, values: readonly string[], signal: AbortSignal): Promise<readonly (readonly (string | null)[])[]> {
    return (await this.#ask(text, values, signal)).rows;
  }

  async clock(stamp: Column | null, signal: AbortSignal): Promise<SourceClock> {
    const local = stamp?.type === 'timestamptz' ? "t AT TIME ZONE 'UTC'" : 't';
    const shape = 'YYYY-MM-DD HH24:MI:SS';
    const text = `SELECT to_char(t AT TIME ZONE 'UTC', '${shape}'), to_char(${local}, '${shape}') FROM clock_timestamp() AS t`;
    const [row] = (await this.#ask(text, [], signal)).rows;
    return { utc: row?.[0] ?? '', local: row?.[1] ?? '' };
  }

  async rights(signal: AbortSignal): Promise<Rights> {
    const [who] = (
      await this.#ask("SELECT current_user, split_part(version(), ' ', 2), rolsuper FROM pg_roles WHERE rolname = current_user", [], signal)
    ).rows;
    const writable = await this.#ask(
      `WITH n AS (SELECT oid, nspname FROM pg_namespace WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'),
       c AS (SELECT c.oid, c.relkind, n.nspname || '.' || c.relname AS name FROM pg_class c JOIN n ON n.oid = c.relnamespace AND has_schema_privilege(n.oid, 'USAGE'))
       SELECT 'write ' || name FROM c WHERE relkind IN ('r', 'p', 'v', 'f') AND (has_any_column_privilege(oid, 'INSERT, UPDATE')
       OR has_table_privilege(oid, 'DELETE, TRUNCATE'))
       UNION ALL SELECT 'use the sequence ' || name FROM c WHERE CASE relkind WHEN 'S' THEN has_sequence_privilege(oid, 'USAGE, UPDATE') END
       UNION ALL SELECT 'create in ' || nspname FROM n WHERE has_schema_privilege(oid, 'CREATE')
       UNION ALL SELECT 'create in the database' WHERE has_database_privilege(current_database(), 'CREATE') ORDER BY 1 LIMIT 6`,
      [],
      signal,
    );
    const tooMuch = writable.rows.map(([right]) => right ?? '');
    return {
      user: who?.[0] ?? '',
      version: `PostgreSQL ${who?.[1]}`,
      tooMuch: who?.[2] === 't' ? ['everything: it is a superuser'] : tooMuch,
    };
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (!open) return;
    // Saying goodbye is a courtesy: a server that does not listen is not waited for.
    const gone = new Promise<void>((resolve) => open.socket.once('close', () => resolve()));
    open.client.end().catch(() => undefined);
    const timer = setTimeout(() => open.socket.destroy(), policies.closeWithinMs);
    await gone;
    clearTimeout(timer);
  }

  /** One question at a time. Whatever is stopped or late leaves the line in an unknown state: it is cut. */
  async #ask(text: string, values: readonly string[], signal: AbortSignal): Promise<pg.QueryArrayResult<(string | null)[]>> {
    const { shown } = placeOf(this.#given);
    // Extended also without values: the server itself refuses a text that holds more than one statement.
    const config = { text, values: [...values], rowMode: 'array' as const, types: asText, queryMode: 'extended' };
    const running = this.#before.then(async () => {
      const client = await this.#connected(signal);
      return bounded(client.query<(string | null)[]>(config), {
        shown,
        signal,
        ms: policies.statementTimeoutMs + policies.connectTimeoutMs,
      });
    });
    this.#before = running.catch(() => undefined);
    try {
      return await running;
    } catch (error) {
      const fault = postgresFault(error, this.#given);
      if (fault.code !== 'source-place-missing' && fault.code !== 'source-rights') this.#drop();
      throw fault;
    }
  }

  async #connected(signal: AbortSignal): Promise<pg.Client> {
    if (this.#open) return this.#open.client;
    if (signal.aborted) throw new Fault('stopped');
    const given = this.#given;
    const faultOf = (error: unknown) => postgresFault(error, given);
    return loggedIn({ given, password: this.#password, logins: this.#logins, signal, faultOf }, () => this.#connect(signal));
  }

  async #connect(signal: AbortSignal): Promise<pg.Client> {
    const { host, database, user } = this.#given;
    const socket = new Socket();
    const client = new pg.Client({
      host,
      port: placeOf(this.#given).port,
      database,
      user,
      password: this.#password,
      ssl: this.#isPlain ? false : tlsOptions(this.#given),
      application_name: 'bellhop',
      options: options.map((option) => `-c ${option}`).join(' '),
      connectionTimeoutMillis: policies.connectTimeoutMs,
      keepAlive: true,
      stream: () => socket,
    });
    const open = { client, socket };
    client.on('error', () => this.#forget(open));
    socket.once('close', () => this.#forget(open));
    this.#open = open;
    const { shown } = placeOf(this.#given);
    try {
      await bounded(client.connect(), { shown, signal, ms: policies.statementTimeoutMs + policies.connectTimeoutMs });
      return client;
    } catch (error) {
      this.#forget(open);
      throw error;
    }
  }

  #forget(open: Open): void {
    if (this.#open === open) this.#open = null;
    open.socket.destroy();
  }

  #drop(): void {
    if (this.#open) this.#forget(this.#open);
  }
}

/**
 * Give what the server or its driver has thrown its name. Of the server's messages only the name of what is missing or closed to us is taken.
 * @source PostgreSQL, "Appendix A. Error Codes"
 */
function postgresFault(error: unknown, given: Settings): Fault {
  if (error instanceof Fault) return lineBroke(error, given);
  const { code = '', severity, message = '' } = error as { code?: string; severity?: string; message?: string };
  const { shown: host } = placeOf(given);
  if (severity === undefined) return lineBroke(error, given);
  const because = { cause: new Error(`SQLSTATE ${code}`) };
  const object = /"([^"]{1,130})"/.exec(message)?.[1] ?? /permission denied for \w+ (\S{1,130})/.exec(message)?.[1] ?? '';
  const { user } = given;
  switch (code) {
    case '28000':
    case '28P01':
      return new Fault('source-login', { host, user, detail: 'user name or password' }, because);
    case '3D000':
      return new Fault('source-place-missing', { host, user, place: `database ${given.database}` }, because);
    case '42P01':
    case '3F000':
      return new Fault('source-place-missing', { host, user, place: `table ${object}` }, because);
    case '42501':
      return new Fault('source-rights', { host, user, place: object || 'what the question asks' }, because);
    case '42703':
      return new Fault('source-columns', { host, table: 'the question', detail: `there is no column ${object}` }, because);
    case '42601':
      return new Fault('source-question', { detail: 'the database cannot read it as SQL' }, because);
    case '57014':
      return new Fault('source-timeout', { host, seconds: String(policies.statementTimeoutMs / 1000) }, because);
    default:
      return new Fault('source-error', { host, code: `SQLSTATE ${code}`, doing: 'reading' }, because);
  }
}
