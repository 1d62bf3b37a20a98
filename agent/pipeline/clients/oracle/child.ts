import { createRequire } from 'node:module';
import type { Answer, Ask, Connection, Driver, Ready, Way } from './driver.ts';

/**
 * The process in which one Oracle database is spoken with. It is a process of its own because the driver cannot change its mode once it has
 * connected, because a driver that hangs must not hang the agent, and because two databases may need two clients.
 *
 * It only ever reads: every transaction opens READ ONLY and ends in a rollback.
 */
const load = createRequire(import.meta.url);
let driver: Driver | null = null;
let connection: Connection | null = null;

/** The clock of the session stands at UTC and texts are compared byte by byte, whatever the server is set to. */
const session =
  "ALTER SESSION SET TIME_ZONE='+00:00' NLS_SORT=BINARY NLS_COMP=BINARY NLS_NUMERIC_CHARACTERS='.,' NLS_DATE_FORMAT='YYYY-MM-DD HH24:MI:SS' NLS_TIMESTAMP_FORMAT='YYYY-MM-DD HH24:MI:SS.FF9'";

function driverFor(way: Way): Driver {
  const loaded = load(way.package) as Driver;
  if (way.mode === 'thick') loaded.initOracleClient(way.clientFolder === null ? {} : { libDir: way.clientFolder });
  // Every value as text: no number and no date is ever made of it.
  loaded.fetchTypeHandler = () => ({ type: loaded.STRING });
  return loaded;
}

async function answer(ask: Ask): Promise<Answer> {
  const { id } = ask;
  switch (ask.kind) {
    case 'connect': {
      driver ??= driverFor(ask.way);
      await connection?.close().catch(() => undefined);
      connection = await driver.getConnection({
        user: ask.user,
        password: ask.password,
        connectString: ask.connectText,
        connectTimeout: Math.ceil(ask.timeoutMs / 1000),
        transportConnectTimeout: Math.ceil(ask.timeoutMs / 1000),
      });
      connection.callTimeout = ask.timeoutMs;
      await connection.execute(session, {}, {});
      return {
        id,
        login: {
          serverVersion: connection.oracleServerVersionString,
          driver: driver.versionString,
          isThin: connection.thin,
          clientVersion: connection.thin ? null : driver.oracleClientVersionString,
          warnsOfExpiry: connection.warning?.errorNum === 28_002,
        },
      };
    }
    case 'execute': {
      if (!connection) throw Object.assign(new Error('NJS-500: not connected'), { code: 'NJS-500' });
      connection.callTimeout = ask.timeoutMs;
      const result = await connection.execute(ask.sql, ask.binds, {
        maxRows: ask.rows,
        fetchArraySize: Math.min(ask.rows || 1000, 2000),
        prefetchRows: Math.min(ask.rows || 1000, 2000) + 1,
      });
      const columns = (result.metaData ?? []).map(({ name, dbTypeName }) => ({ name, type: dbTypeName }));
      return { id, rows: { columns, rows: result.rows ?? [] } };
    }
    case 'end-transaction':
      await connection?.rollback();
      return { id, done: true };
  }
}

function errorOf(error: unknown): { code: string; message: string } {
  const { code, message = '' } = error as { code?: string; message?: string };
  const named = /\b((?:ORA|NJS|DPI)-\d{3,5})\b/;
  // The line of a session that was killed says so in its second line; that is the one that tells.
  const inner =
    code === 'NJS-500' || code === 'NJS-511' ? named.exec(message.split('\n').slice(1).join('\n') || message.slice(8))?.[1] : undefined;
  return { code: inner ?? code ?? named.exec(message)?.[1] ?? 'unknown', message: message.replace(/\s+/g, ' ').slice(0, 500) };
}

process.on('message', (ask: Ask) => {
  void answer(ask)
    .catch((error: unknown): Answer => ({ id: ask.id, error: errorOf(error) }))
    .then((given) => process.send?.(given));
});
// The driver is loaded before the first question, so that it takes nothing of the time of a login. One that cannot be is named then.
try {
  if (process.argv[2]) load(process.argv[2]);
} catch {
  // The question for it says why.
}
process.send?.({ isReady: true } satisfies Ready);
// Whoever started it is gone: nobody asks any more.
process.on('disconnect', () => process.exit(0));
