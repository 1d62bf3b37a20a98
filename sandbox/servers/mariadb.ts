import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { accountFor, endServer, freePort, ownFolder, runCommand, serverIsHere, spawnServer, untilItWorks } from './own-process.ts';

const program = ['/usr/sbin/mariadbd', '/usr/libexec/mariadbd'].find((path) => existsSync(path));

export const hasMariaDb = serverIsHere('mariadb', program !== undefined && existsSync('/usr/bin/mariadb-install-db'));

export type MariaDbServer = {
  readonly port: number;
  readonly database: string;
  /** Run SQL as the administrator; gives what it prints, columns by tabs. */
  ask(text: string): string;
  close(): Promise<void>;
};

/** Start a MariaDB of its own on a private port, on the clock of `zone`. The administrator comes in by its socket, everybody else with a password. */
export async function startMariaDb({ zone = 'UTC' }: { readonly zone?: string } = {}): Promise<MariaDbServer> {
  if (program === undefined) throw new Error('MariaDB is not installed');
  const account = accountFor('mysql');
  const folder = ownFolder(account);
  const data = join(folder, 'data');
  const socket = join(folder, 'socket');
  const port = await freePort();
  const run = { folder, account, env: { TZ: zone } };
  const plain = ['--no-defaults', `--datadir=${data}`];
  runCommand('/usr/bin/mariadb-install-db', [...plain, '--auth-root-authentication-method=normal', '--skip-test-db'], run);
  const settings = [`--port=${port}`, `--socket=${socket}`, '--bind-address=127.0.0.1', `--pid-file=${join(folder, 'pid')}`];
  const child = spawnServer(program, [...plain, ...settings, '--innodb-flush-log-at-trx-commit=0', '--skip-log-bin'], run);
  const ask = (text: string, database = 'hotels') =>
    runCommand('mariadb', ['--no-defaults', `--socket=${socket}`, '-u', 'root', '-N', '-B', database], {
      folder,
      account: null,
      input: text,
    });
  await untilItWorks(() => ask('SELECT 1', 'mysql'), 30_000);
  ask('CREATE DATABASE hotels CHARACTER SET utf8mb4', 'mysql');
  return {
    port,
    database: 'hotels',
    ask,
    close: async () => {
      await endServer(child, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
