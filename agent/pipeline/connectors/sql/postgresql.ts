import { Socket } from 'node:net';
import pg from 'pg';
import { Fault } from '../../../../contract/faults.ts';
import { policies } from '../../../resilience/policies.ts';
import { bounded, isPlainLine, tlsOptions } from '../../secure-line.ts';
import type { SourceClock } from '../../watermark.ts';
import type { Column, Engine, Rights } from './engine.ts';
import { lineBroke } from './faults.ts';
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
];

type Open = { readonly client: pg.Client; readonly socket: Socket };

/** One line to one PostgreSQL that only reads. It is made when it is first needed, and anew after whatever has broken it. */
export class PostgresReader implements Engine {
  readonly #given: Settings;
  readonly #password: string;
  readonly #isPlain: boolean;
  #open: Open | null = null;
  #before: Promise<unknown> = Promise.resolve();

  constructor(given: Settings, password: string) {
    this.#given = given;
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
  isStamped({ name }: Column): string {
    return `coalesce(isfinite(q.${this.name(name)}), false)`;
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
      `SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'
       AND has_schema_privilege(n.oid, 'USAGE') AND (has_table_privilege(c.oid, 'INSERT') OR has_table_privilege(c.oid, 'UPDATE')
       OR has_table_privilege(c.oid, 'DELETE') OR has_table_privilege(c.oid, 'TRUNCATE')) ORDER BY 1 LIMIT 6`,
      [],
      signal,
    );
    const tooMuch = writable.rows.map(([table]) => `write ${table}`);
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
    const running = this.#before
      .then(() => this.#connected(signal))
      .then((client) => client.query<(string | null)[]>({ text, values: [...values], rowMode: 'array', types: asText }));
    this.#before = running.catch(() => undefined);
    const { shown } = placeOf(this.#given);
    try {
      return await bounded(running, { shown, signal, ms: policies.statementTimeoutMs + policies.connectTimeoutMs });
    } catch (error) {
      const fault = postgresFault(error, this.#given);
      if (fault.code !== 'source-place-missing' && fault.code !== 'source-rights') this.#drop();
      throw fault;
    }
  }

  async #connected(signal: AbortSignal): Promise<pg.Client> {
    if (this.#open) return this.#open.client;
    if (signal.aborted) throw new Fault('stopped');
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
    await client.connect();
    return client;
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
