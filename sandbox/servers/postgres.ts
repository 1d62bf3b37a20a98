import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import {
  accountFor,
  type Certificate,
  endServer,
  freePort,
  ownFolder,
  runCommand,
  serverIsHere,
  spawnServer,
  untilItWorks,
} from './own-process.ts';

const versions = '/usr/lib/postgresql';
const bin = existsSync(versions)
  ? readdirSync(versions)
      .map((version) => join(versions, version, 'bin'))
      .filter((folder) => existsSync(join(folder, 'initdb')))
      .at(-1)
  : undefined;

export const hasPostgres = serverIsHere('postgres', bin !== undefined);

export type PostgresServer = {
  readonly port: number;
  readonly database: string;
  /** Ask as the administrator. */
  ask(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Run a psql script as the administrator; `input` is what a person would type. */
  script(text: string, input?: string): string;
  /** Stop without a checkpoint, as a power cut does. */
  crash(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
};

/** Start a PostgreSQL of its own on a private port. Whoever is not the administrator needs a password, as at any hotel. */
export async function startPostgres({ tls }: { readonly tls?: Certificate } = {}): Promise<PostgresServer> {
  if (bin === undefined) throw new Error('PostgreSQL is not installed');
  const account = accountFor('postgres');
  const folder = ownFolder(account);
  const data = join(folder, 'data');
  const port = await freePort();
  const database = 'hotels';
  const run = { folder, account };
  runCommand(join(bin, 'initdb'), ['-D', data, '-U', 'admin', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale', 'C'], run);
  writeFileSync(join(data, 'pg_hba.conf'), 'host all admin 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n');
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'shared_buffers=16MB', 'max_connections=20'];
  if (tls) {
    writeFileSync(join(data, 'server.crt'), tls.certificate);
    writeFileSync(join(data, 'server.key'), tls.key, { mode: 0o640 });
    if (account) runCommand('chown', ['-R', `${account.uid}:${account.gid}`, data], { folder, account: null });
    runCommand('chmod', ['600', join(data, 'server.key')], { folder, account: null });
    settings.push('ssl=on');
  }
  let child = spawnServer(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((one) => ['-c', one])], run);
  const connection = { host: '127.0.0.1', port, user: 'admin', password: 'unused', ssl: false as const };
  const asking = async (text: string, values: readonly unknown[], name: string) => {
    const client = new pg.Client({ ...connection, database: name });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(text, [...values])).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  await untilItWorks(() => asking('SELECT 1', [], 'postgres'), 20_000);
  await asking(`CREATE DATABASE ${database}`, [], 'postgres');
  const psql = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', String(port), '-U', 'admin', '-d', database];
  return {
    port,
    database,
    ask: (text, values = []) => asking(text, values, database),
    script: (text, input = '') => {
      const file = join(folder, 'script.sql');
      writeFileSync(file, text);
      // Without a terminal psql asks for passwords on standard input.
      return runCommand('setsid', ['-w', join(bin, 'psql'), ...psql, '-f', file], { folder, account: null, input });
    },
    crash: () => endServer(child, 'SIGQUIT'),
    start: async () => {
      child = spawnServer(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((one) => ['-c', one])], run);
      await untilItWorks(() => asking('SELECT 1', [], database), 20_000);
    },
    close: async () => {
      await endServer(child, 'SIGQUIT');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
