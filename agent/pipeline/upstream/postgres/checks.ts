import type { Socket } from 'node:net';
import { Fault } from '../../../../contract/faults.ts';
import { policies } from '../../../resilience/policies.ts';
import type { Check, OpenContext } from '../../connector.ts';
import { addressesOf, bounded, isPlainLine, reach, secured } from '../../secure-line.ts';
import { DataRefused } from '../../upstream.ts';
import { DatabaseLine } from './line.ts';
import { placeOf, type Settings } from './settings.ts';
import { applyStatement, tables } from './tables.ts';

/** The steps of the test, each with a line of its own: what is wrong shows as the step that needs it. */
export function checks(given: Settings, context: OpenContext & { readonly hotelId: string }): readonly Check[] {
  const withLine = async <T>(run: (line: DatabaseLine) => Promise<T>): Promise<T> => {
    const line = new DatabaseLine(given, context.secrets);
    try {
      return await run(line);
    } finally {
      await line.close();
    }
  };
  const place = placeOf(given);
  return [
    { step: 'name', title: 'Find the server', run: async (signal) => ({ found: await addressesOf(place, signal) }) },
    {
      step: 'port',
      title: 'Reach its port',
      run: async (signal) => {
        (await reach(place, signal)).destroy();
        return { found: place.shown };
      },
    },
    { step: 'tls', title: 'Make a secure line', run: (signal) => checkTls(given, signal) },
    { step: 'login', title: 'Log in', run: (signal) => withLine((line) => checkLogin(line, signal)) },
    { step: 'rights', title: 'What this user may do', run: (signal) => withLine((line) => checkRights(line, given, signal)) },
    { step: 'shape', title: 'Compare the tables', run: (signal) => withLine((line) => checkShape(line, given, signal)) },
    {
      step: 'write',
      title: 'Write a record and take it back',
      run: (signal) => withLine((line) => checkWrite(line, given, context.hotelId, signal)),
    },
  ];
}

async function checkTls(given: Settings, signal: AbortSignal): Promise<{ found: string; isWarning?: boolean }> {
  if (isPlainLine(given)) return { found: 'none, as set: the server is this PC', isWarning: true };
  const place = placeOf(given);
  const socket = await reach(place, signal);
  try {
    await askForTls(socket, place.shown, signal);
    const tls = await secured(socket, place, given, signal);
    return { found: tls.getProtocol() ?? 'TLS' };
  } finally {
    socket.destroy();
  }
}

/** @source PostgreSQL, "Message Formats", SSLRequest: its length and 80877103; the answer is one byte, S or N. */
async function askForTls(socket: Socket, shown: string, signal: AbortSignal): Promise<void> {
  socket.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
  const answered = new Promise<string>((resolve) => {
    socket.once('data', (bytes) => resolve(bytes.toString('latin1', 0, 1)));
    socket.once('close', () => resolve(''));
  });
  const answer = await bounded(answered, { shown, signal, ms: policies.connectTimeoutMs });
  if (answer === 'S') return;
  const reason = answer === 'N' ? 'the server offers none' : 'what answers there is no PostgreSQL';
  throw new Fault('tls-failed', { host: shown, reason });
}

async function checkLogin(line: DatabaseLine, signal: AbortSignal): Promise<{ found: string; isWarning?: boolean }> {
  const text = "SELECT current_user AS name, split_part(version(), ' ', 2) AS version, pg_is_in_recovery() AS standby";
  const [row] = await line.ask<{ name: string; version: string; standby: boolean }>(text, [], signal);
  const found = `${row?.name}, PostgreSQL ${row?.version}`;
  return row?.standby ? { found: `${found}, a standby that takes no writes at the moment`, isWarning: true } : { found };
}

const needed = ['SELECT', 'INSERT', 'UPDATE'] as const;
const needless = ['DELETE', 'TRUNCATE'] as const;

async function checkRights(line: DatabaseLine, given: Settings, signal: AbortSignal): Promise<{ found: string; isWarning?: boolean }> {
  const { host, user, schema, database } = given;
  const [place] = await line.ask<{ isThere: boolean; mayUse: boolean; mayCreate: boolean }>(
    `SELECT n.oid IS NOT NULL AS "isThere", has_schema_privilege(n.oid, 'USAGE') AS "mayUse", has_schema_privilege(n.oid, 'CREATE') AS "mayCreate"
     FROM (SELECT 1) AS one LEFT JOIN pg_namespace n ON n.nspname = $1`,
    [schema],
    signal,
  );
  if (!place?.isThere) throw new Fault('upstream-place-missing', { host, place: `schema ${schema}` });
  if (!place.mayUse) throw new Fault('upstream-rights', { host, user, right: 'USAGE', place: `schema ${schema}` });
  const tooMuch = place.mayCreate ? [`CREATE in ${schema}`] : [];
  for (const { name } of tables) {
    const full = `${schema}.${name}`;
    const [held] = await line.ask<{ rights: string[] | null }>(
      `SELECT array(SELECT r FROM unnest($2::text[]) AS r WHERE has_table_privilege(to_regclass($1), r)) AS rights
       WHERE to_regclass($1) IS NOT NULL`,
      [full, [...needed, ...needless]],
      signal,
    );
    if (!held?.rights) throw new Fault('upstream-place-missing', { host, place: `table ${full}` });
    const missing = needed.filter((right) => !held.rights?.includes(right));
    if (missing.length > 0) throw new Fault('upstream-rights', { host, user, right: missing.join(', '), place: `table ${full}` });
    tooMuch.push(...needless.filter((right) => held.rights?.includes(right)).map((right) => `${right} on ${full}`));
  }
  if (tooMuch.length === 0) return { found: `${needed.join(', ')} in ${database}.${schema}, nothing more` };
  return { found: `enough, and more than needed: ${tooMuch.join(', ')}`, isWarning: true };
}

async function checkShape(line: DatabaseLine, { host, schema }: Settings, signal: AbortSignal): Promise<{ found: string }> {
  for (const table of tables) {
    const place = `${schema}.${table.name}`;
    const rows = await line.ask<{ name: string; type: string }>(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
       WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
      [place],
      signal,
    );
    const types = new Map(rows.map(({ name, type }) => [name, type]));
    const wrong = table.columns.flatMap(({ name, type }) => {
      const found = types.get(name);
      if (found === type) return [];
      return [found === undefined ? `${name} is missing` : `${name} is ${found}, not ${type}`];
    });
    if (wrong.length > 0) throw new Fault('upstream-shape', { host, place, detail: wrong.join('; ') });
  }
  return { found: tables.map(({ name }) => name).join(', ') };
}

async function checkWrite(
  line: DatabaseLine,
  { host, schema }: Settings,
  hotelId: string,
  signal: AbortSignal,
): Promise<{ found: string }> {
  const document = {
    hotelId,
    source: 'bellhop-test',
    externalId: 'bellhop-test',
    eventId: '00000000-0000-4000-8000-000000000000',
    generation: 1,
    version: 1,
    hash: '0'.repeat(64),
    syncedAt: '1970-01-01T00:00:00.000Z',
  };
  const statements = tables.map((table) => ({ text: applyStatement(schema, table), values: [JSON.stringify([document])] }));
  try {
    await line.rehearse(statements, signal);
  } catch (error) {
    if (!(error instanceof DataRefused)) throw error;
    // Our row is in order, so the tables ask for something that the letter does not.
    throw new Fault('upstream-shape', { host, place: schema, detail: `SQLSTATE ${error.status} at a plain row` }, { cause: error });
  }
  return { found: 'works; nothing of it was kept' };
}
