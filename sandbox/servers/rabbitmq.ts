import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
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

/** The programs themselves: the ones on the path insist on the account of the machine's own broker. */
const bin = '/usr/lib/rabbitmq/bin';
export const hasRabbit = serverIsHere('rabbitmq', existsSync(join(bin, 'rabbitmq-server')));

export type RabbitServer = {
  readonly port: number;
  /** The port for TLS, where a certificate was given. */
  readonly tlsPort: number;
  /** Run rabbitmqctl as the administrator. */
  ctl(...args: readonly string[]): string;
  /** Run a shell script as the administrator; `input` is what a person would type. */
  script(text: string, input?: string): string;
  crash(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
};

/** Start a RabbitMQ of its own on private ports, as a node of its own. The user `admin` may do everything. */
export async function startRabbit({ tls }: { readonly tls?: Certificate } = {}): Promise<RabbitServer> {
  const account = accountFor('rabbitmq');
  const folder = ownFolder(account);
  const [port, tlsPort, distPort] = [await freePort(), await freePort(), await freePort()];
  const lines = ['log.console.level = error', 'disk_free_limit.absolute = 1MB', `listeners.tcp.local = 127.0.0.1:${port}`];
  if (tls) {
    writeFileSync(join(folder, 'server.pem'), tls.certificate);
    writeFileSync(join(folder, 'server.key'), tls.key);
    lines.push(`listeners.ssl.local = 127.0.0.1:${tlsPort}`, 'ssl_options.verify = verify_none');
    lines.push(`ssl_options.certfile = ${folder}/server.pem`, `ssl_options.keyfile = ${folder}/server.key`);
  }
  writeFileSync(join(folder, 'rabbitmq.conf'), `${lines.join('\n')}\n`);
  writeFileSync(join(folder, 'plugins'), '[].\n');
  const env = {
    HOME: folder,
    PATH: `${bin}:${process.env.PATH}`,
    RABBITMQ_NODENAME: `bellhop-${port}@${hostname().split('.')[0]}`,
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_MNESIA_BASE: join(folder, 'db'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2',
  };
  const run = { folder, account, env };
  const ctl = (...args: readonly string[]) => runCommand(join(bin, 'rabbitmqctl'), args, run);
  const begin = () => spawnServer(join(bin, 'rabbitmq-server'), [], run);
  const ready = () => untilItWorks(() => ctl('--quiet', 'await_startup', '--timeout', '30'), 40_000);
  let child = begin();
  await ready();
  ctl('add_user', 'admin', 'admin');
  ctl('set_permissions', '-p', '/', 'admin', '.*', '.*', '.*');
  return {
    port,
    tlsPort,
    ctl,
    script: (text, input = '') => {
      const file = join(folder, 'script.sh');
      writeFileSync(file, text);
      return runCommand('sh', [file], { ...run, input });
    },
    crash: () => endServer(child, 'SIGKILL'),
    start: async () => {
      child = begin();
      await ready();
    },
    close: async () => {
      await endServer(child, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
