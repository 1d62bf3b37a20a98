import { Socket } from 'node:net';
import pg from 'pg';
import { Fault } from '../../../../contract/faults.ts';
import type { Refusal } from '../../../../contract/ingest.ts';
import { policies } from '../../../resilience/policies.ts';
import { bounded, isPlainLine, tlsOptions } from '../../secure-line.ts';
import type { OutgoingBatch, SendOutcome } from '../../upstream.ts';
import { databaseFault, statementSeconds } from './faults.ts';
import { newestOfEachKey } from './newest.ts';
import { passwordOf, placeOf, type Settings } from './settings.ts';
import { applyStatement, tableOf, tables } from './tables.ts';

type Open = { readonly client: pg.Client; readonly socket: Socket };

/**
 * Every transaction opens with this: no statement without an end, and no COMMIT that answers before the disk has it, whatever the
 * role is set to.
 */
const begin = `BEGIN; SET LOCAL statement_timeout = '${statementSeconds}s'; SET LOCAL lock_timeout = '${statementSeconds}s';
  SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`;

/** One line to one database. It is made when it is first needed, and anew after whatever has broken it. */
export class DatabaseLine {
  readonly #given: Settings;
  readonly #password: string;
  readonly #isPlain: boolean;
  #open: Open | null = null;
  /** One thing at a time: a question between BEGIN and COMMIT would be part of the transaction. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(given: Settings, secrets: Readonly<Record<string, string>>) {
    this.#given = given;
    this.#isPlain = isPlainLine(given);
    this.#password = passwordOf(secrets, given);
  }

  /**
   * Store a batch in one transaction. What is confirmed has been committed, or stands there in a newer state.
   * @throws {DataRefused} when the server does not take a value of it.
   */
  async send(batch: OutgoingBatch, signal: AbortSignal): Promise<SendOutcome> {
    const { host, schema } = this.#given;
    const { newest, refused, overtakenBy } = newestOfEachKey(batch.records);
    const unstored = await this.#within(signal, policies.totalTimeoutMs, async (client) => {
      await client.query(begin);
      try {
        const apply = async (texts: readonly string[]) =>
          (await client.query<Unstored>(applyStatement(schema, tableOf(batch.entity)), [`[${texts.join(',')}]`])).rows;
        const first = await apply(newest);
        // Another line may have written a newer state between the look and the writing: the next look sees it.
        const rows = first.some((row) => !row.is_clash) ? await apply(newest) : first;
        // A transaction that has failed answers COMMIT with ROLLBACK, and no error.
        const { command } = await client.query('COMMIT');
        if (command !== 'COMMIT') throw new Fault('upstream-answer', { host, detail: `${command} to a COMMIT` });
        return rows;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => this.#drop());
        throw error;
      }
    });
    for (const row of unstored) refused.set(row.event_id, row.is_clash ? versionReused(row.event_id) : notStored(row.event_id));
    // Where the newest state of a key is not there, its older ones are not either.
    for (const [eventId, newestId] of overtakenBy)
      if (refused.get(newestId)?.code === notStoredCode) refused.set(eventId, notStored(eventId));
    return { confirmed: new Set(batch.records.map((record) => record.eventId).filter((id) => !refused.has(id))), refused };
  }

  /** The newest generation of a hotel in any of the tables. */
  async highWater(hotelId: string, signal: AbortSignal): Promise<number> {
    const newest = tables.map(({ name }) => `SELECT max(generation) AS g FROM ${this.#given.schema}.${name} WHERE hotel_id = $1`);
    const text = `SELECT coalesce(max(g), 0)::text AS generation FROM (${newest.join(' UNION ALL ')}) AS newest`;
    const rows = await this.ask<{ generation: string }>(text, [hotelId], signal);
    return Number(rows[0]?.generation);
  }

  /** Ask one question. */
  async ask<R extends pg.QueryResultRow>(text: string, values: readonly unknown[], signal: AbortSignal): Promise<R[]> {
    return this.#within(signal, policies.bodyTimeoutMs, async (client) => (await client.query<R>(text, [...values])).rows);
  }

  /** Run statements one after the other and take all of it back. */
  async rehearse(
    statements: readonly { readonly text: string; readonly values: readonly unknown[] }[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#within(signal, policies.bodyTimeoutMs, async (client) => {
      await client.query(begin);
      try {
        for (const { text, values } of statements) await client.query(text, [...values]);
      } finally {
        await client.query('ROLLBACK').catch(() => this.#drop());
      }
    });
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

  /** Whatever is stopped or late leaves a line in an unknown state: it is cut, and what it may have done is met again by its ids. */
  async #within<T>(signal: AbortSignal, ms: number, run: (client: pg.Client) => Promise<T>): Promise<T> {
    const running = this.#before.then(() => this.#connected(signal)).then(run);
    this.#before = running.catch(() => undefined);
    try {
      return await bounded(
        running.catch((error: unknown) => {
          throw databaseFault(error, this.#given);
        }),
        { shown: placeOf(this.#given).shown, signal, ms },
      );
    } catch (error) {
      // A refusal of data leaves the line as it was; everything else does not.
      if (error instanceof Fault) this.#drop();
      throw error;
    }
  }

  async #connected(signal: AbortSignal): Promise<pg.Client> {
    if (this.#open) return this.#open.client;
    if (signal.aborted) throw new Fault('stopped');
    const { host, port, database, user } = this.#given;
    const socket = new Socket();
    const client = new pg.Client({
      host,
      port,
      database,
      user,
      password: this.#password,
      ssl: this.#isPlain ? false : tlsOptions(this.#given),
      application_name: 'bellhop',
      connectionTimeoutMillis: policies.connectTimeoutMs,
      keepAlive: true,
      stream: () => socket,
    });
    const open = { client, socket };
    // A line that breaks while nothing is asked is only noticed here; the next question makes a new one.
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

type Unstored = { readonly event_id: string; readonly is_clash: boolean };

const notStoredCode = 'not-stored';

function notStored(eventId: string): Refusal {
  return { eventId, code: notStoredCode, message: 'the database has taken it without a word and does not have it' };
}

function versionReused(eventId: string): Refusal {
  return { eventId, code: 'version-reused', message: 'another content stands there under the same version' };
}
