import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whom a server runs as: servers that refuse to run as root get an account of their own. */
export type Account = { readonly uid: number; readonly gid: number } | null;

export function accountFor(name: string): Account {
  if (process.getuid?.() !== 0) return null;
  const line = (wanted: string) =>
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((one) => one.startsWith(`${wanted}:`));
  const [, , uid, gid] = (line(name) ?? line('nobody') ?? '').split(':');
  return uid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

/** A new folder that belongs to the account. */
export function ownFolder(account: Account): string {
  const path = mkdtempSync(join(tmpdir(), 'bellhop-server-'));
  if (account) chownSync(path, account.uid, account.gid);
  return path;
}

export type Certificate = { readonly certificate: string; readonly key: string };

/** A certificate for this PC that has signed itself. */
export function selfSigned(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-certificate-'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key', '-out', 'pem'];
  const about = ['-days', '30', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  runCommand('openssl', ['req', '-x509', ...key, ...about], { folder, account: null });
  const made = { certificate: readFileSync(join(folder, 'pem'), 'utf8'), key: readFileSync(join(folder, 'key'), 'utf8') };
  rmSync(folder, { recursive: true });
  return made;
}

type Spawned = { readonly folder: string; readonly account: Account; readonly env?: NodeJS.ProcessEnv };

/** Start a server in a process group of its own, so that all of it can be ended. What it says goes into a file. */
export function spawnServer(program: string, args: readonly string[], { folder, account, env }: Spawned): ChildProcess {
  const log = openSync(join(folder, 'output.log'), 'a');
  return spawn(program, [...args], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
    ...account,
  });
}

/** Run a command of a server to its end. @throws {Error} with what it said when it fails. */
export function runCommand(
  program: string,
  args: readonly string[],
  { folder, account, env, input }: Spawned & { readonly input?: string },
): string {
  const done = spawnSync(program, [...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, ...env },
    ...account,
    ...(input !== undefined && { input }),
  });
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.error?.message ?? ''} ${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** End every process of a server's group and wait until the first of them is gone. */
export async function endServer(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const gone =
    child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise((resolve) => child.once('exit', resolve));
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // All of it has ended already.
  }
  await gone;
}

/** A port of this PC on which nobody listens now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Ask again and again until it works. @throws what it ended with last, after the deadline. */
export async function untilItWorks<T>(ask: () => T | Promise<T>, withinMs: number): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Whether a kind of server can be started here. @throws {Error} where BELLHOP_REQUIRE demands it and it is not there. */
export function serverIsHere(name: string, isThere: boolean): boolean {
  if (!isThere && (process.env.BELLHOP_REQUIRE ?? '').split(',').includes(name)) {
    throw new Error(`BELLHOP_REQUIRE demands ${name}, and there is none`);
  }
  return isThere;
}
