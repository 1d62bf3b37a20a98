import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { Fault } from '../../contract/faults.ts';

/** The folder a person gets when they name none: the platform's place for local, never roaming, data. */
export function defaultHome(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  if (env.BELLHOP_HOME) return resolve(env.BELLHOP_HOME);
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'Bellhop');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Bellhop');
  return join(env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'bellhop');
}

const syncClients =
  /(^|[\\/])(onedrive(?:[ -][^\\/]*)?|dropbox(?: \([^\\/]*\))?|google ?drive(?:-[^\\/]*)?|cloudstorage|my ?drive|icloud ?drive|mobile documents|nextcloud|box sync)([\\/]|$)/i;
const networkTypes = new Set(['nfs', 'nfs4', 'cifs', 'smb3', 'smbfs', '9p', 'fuse.sshfs']);

/**
 * Refuse a folder in which a database can be damaged: under a sync client, or on a network share.
 * @throws {Fault} `home-unsuitable`
 */
export function assertSuitable(home: string, mounts: string = readMounts()): void {
  if (syncClients.test(home)) throw new Fault('home-unsuitable', { home, where: 'in a folder that a sync program copies' });
  if (home.startsWith('\\\\') || home.startsWith('//') || networkTypes.has(mountType(home, mounts))) {
    throw new Fault('home-unsuitable', { home, where: 'on a network share' });
  }
}

function readMounts(): string {
  return existsSync('/proc/mounts') ? readFileSync('/proc/mounts', 'utf8') : '';
}

/** Where a folder lies when every link and every drive letter of a share is followed; it need not be there yet. */
function realPlace(home: string): string {
  let there = resolve(home);
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  return existsSync(there) ? join(realpathSync.native(there), relative(there, resolve(home))) : home;
}

function mountType(home: string, mounts: string): string {
  let best = { point: '', type: '' };
  for (const line of mounts.split('\n')) {
    const [, written = '', type = ''] = line.split(' ');
    // A blank in the name of a folder stands there in octal.
    const point = written.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const isInside = home === point || home.startsWith(point.endsWith('/') ? point : `${point}/`);
    if (isInside && point.length >= best.point.length) best = { point, type };
  }
  return best.type;
}

/** What a running agent leaves for the consoles of this PC: where it listens and the token of this start. Owner-only. */
const RunFile = z.object({ pid: z.number(), pipe: z.string(), token: z.string(), startedAtMs: z.number(), version: z.string() });
export type RunFile = z.infer<typeof RunFile>;

const runFilePath = (home: string) => join(home, 'run', 'agent.json');

/** Read where the agent of a home listens; null when none has left word. It may be gone all the same: only a call tells. */
export function readRunFile(home: string): RunFile | null {
  try {
    return RunFile.parse(JSON.parse(readFileSync(runFilePath(home), 'utf8')));
  } catch {
    return null;
  }
}

export type HomeLock = { readonly pipe: string; readonly token: string; announce(version: string): void; release(): void };

/**
 * Take a home for this process alone. The lock is the operating system's own on an open file, so a killed agent leaves none behind.
 *
 * @throws {Fault} `home-in-use` when another agent has it, `home-unsuitable` when no database may lie there.
 */
export function lockHome(home: string): HomeLock {
  assertSuitable(home);
  assertSuitable(realPlace(home));
  makeFolder(home);
  const lock = takeLock(home);
  const token = randomBytes(32).toString('base64url');
  const pipe = pipePath(home);
  if (process.platform !== 'win32') rmSync(pipe, { force: true });
  return {
    pipe,
    token,
    announce: (version) => {
      const run: RunFile = { pid: process.pid, pipe, token, startedAtMs: Date.now(), version };
      rmSync(runFilePath(home), { force: true });
      writeFileSync(runFilePath(home), JSON.stringify(run), { mode: 0o600, flag: 'wx' });
    },
    release: () => {
      rmSync(runFilePath(home), { force: true });
      if (process.platform !== 'win32') rmSync(pipe, { force: true });
      if (process.platform !== 'win32' && !pipe.startsWith(home)) rmSync(dirname(pipe), { recursive: true, force: true });
      lock.close();
    },
  };
}

function makeFolder(home: string): void {
  try {
    mkdirSync(join(home, 'run'), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(home, error);
  }
}

/** A folder that cannot be written: full, or not ours to write in. */
function unusable(home: string, error: unknown): Fault {
  const code = (error as { code?: string }).code ?? '';
  if (code === 'ENOSPC' || code === 'SQLITE_FULL') return new Fault('disk-full', {}, { cause: error });
  return new Fault('home-unsuitable', { home, where: 'where the account that runs Bellhop may not write' }, { cause: error });
}

function takeLock(home: string): Database.Database {
  let lock: Database.Database | null = null;
  try {
    lock = new Database(join(home, 'run', 'lock.db'), { timeout: 0 });
    lock.pragma('journal_mode = delete');
    lock.exec('begin exclusive');
    return lock;
  } catch (error) {
    lock?.close();
    const code = (error as { code?: string }).code ?? '';
    if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') throw new Fault('home-in-use', { home }, { cause: error });
    throw unusable(home, error);
  }
}

function pipePath(home: string): string {
  const name = createHash('sha256').update(resolve(home)).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return `\\\\.\\pipe\\bellhop-${name}-${randomBytes(8).toString('hex')}`;
  const inside = join(home, 'run', 'agent.sock');
  // The kernel takes at most 107 bytes for the path of a socket. Elsewhere it lies in a folder of its own, which only we may enter:
  // a name that others can guess could be taken before us.
  return Buffer.byteLength(inside) <= 100 ? inside : join(mkdtempSync(join(tmpdir(), 'bellhop-')), 'agent.sock');
}
