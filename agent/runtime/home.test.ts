import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import { Agent } from '../index.ts';
import { assertSuitable, defaultHome, lockHome, readRunFile } from './home.ts';

let folder: string;
let home: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-home-'));
  home = join(folder, 'home');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function outcome(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Fault ? error.code : `not named: ${error}`;
  }
  return 'taken';
}

/** Another process that takes the home, says what came of it, and stays until it is killed. */
async function otherProcess(): Promise<{ said: string; kill: () => Promise<unknown> }> {
  const module = fileURLToPath(new URL('./home.ts', import.meta.url));
  const script = `
    import { lockHome } from ${JSON.stringify(module)};
    try { lockHome(process.argv[1]).announce('1.0.0'); process.stdout.write('taken'); } catch (error) { process.stdout.write(String(error.code)); }
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, home], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const said = await new Promise<string>((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))));
  return {
    said,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

describe('a home', () => {
  it('belongs to one agent at a time, and to the next when the first has stopped', async () => {
    const first = await Agent.start(home, { withLoops: false });
    const second = await Agent.start(home, { withLoops: false }).catch((error: Fault) => [error.code, error.detail.home]);
    await first.stop();
    const third = await Agent.start(home, { withLoops: false });
    await third.stop();
    expect(second).toEqual(['home-in-use', home]);
  });

  it('is refused to a second process, and nothing in it is touched', async () => {
    const lock = lockHome(home);
    lock.announce('1.0.0');
    const before = readFileSync(join(home, 'run', 'agent.json'), 'utf8');
    const other = await otherProcess();
    await other.kill();
    expect([other.said, readFileSync(join(home, 'run', 'agent.json'), 'utf8')]).toEqual(['home-in-use', before]);
    lock.release();
  });

  it('is free again after its holder was killed, every time', async () => {
    for (let round = 0; round < 5; round++) {
      const other = await otherProcess();
      const meanwhile = outcome(() => lockHome(home));
      await other.kill();
      const lock = lockHome(home);
      lock.release();
      expect([other.said, meanwhile]).toEqual(['taken', 'home-in-use']);
    }
  }, 60_000);

  it('is taken also where a killed agent has left its word and its socket', async () => {
    const other = await otherProcess();
    await other.kill();
    const left = readRunFile(home);
    writeFileSync(join(home, 'run', 'agent.sock'), '');
    const agent = await Agent.start(home, { withLoops: false });
    agent.stores.lock.announce(agent.version);
    const now = readRunFile(home);
    await agent.stop();
    expect([left?.version, now?.pid, now?.token === left?.token, readRunFile(home)]).toEqual(['1.0.0', process.pid, false, null]);
  });

  it('can be taken again when a start has failed half way', async () => {
    mkdirSync(home);
    writeFileSync(join(home, 'pipeline.db'), 'no database'.repeat(500));
    const failed = await Agent.start(home, { withLoops: false }).catch((error: Fault) => error.code);
    rmSync(join(home, 'pipeline.db'));
    const agent = await Agent.start(home, { withLoops: false });
    await agent.stop();
    expect(failed).toBe('secrets-locked');
  });

  it('with a damaged database is told so, let go of, and stays as it is', async () => {
    await (await Agent.start(home, { withLoops: false })).stop();
    const wrong = Buffer.from('no database'.repeat(500));
    writeFileSync(join(home, 'pipeline.db'), wrong);
    const codes = [];
    for (let round = 0; round < 2; round++) codes.push(await Agent.start(home, { withLoops: false }).catch((error: Fault) => error.code));
    expect([codes, readFileSync(join(home, 'pipeline.db')).equals(wrong)]).toEqual([['database-lost', 'database-lost'], true]);
  });

  it.runIf(process.platform !== 'win32')('says to its owner alone where it listens', () => {
    const before = process.umask(0o000);
    const lock = lockHome(home);
    lock.announce('1.2.3');
    process.umask(before);
    const mode = (name: string) => (statSync(join(home, name)).mode & 0o777).toString(8);
    const run = readRunFile(home);
    lock.release();
    expect([mode('run'), run, readRunFile(home), readdirSync(join(home, 'run'))]).toEqual([
      '700',
      { pid: process.pid, pipe: lock.pipe, token: lock.token, startedAtMs: expect.any(Number), version: '1.2.3' },
      null,
      ['lock.db'],
    ]);
  });

  it('gives a new token at every start', () => {
    const tokens = Array.from({ length: 20 }, () => {
      const lock = lockHome(home);
      lock.release();
      return lock.token;
    });
    expect([new Set(tokens).size, tokens.every((token) => Buffer.from(token, 'base64url').length === 32)]).toEqual([20, true]);
  });

  it.runIf(process.platform !== 'win32')('with a path that is too long for a socket gets one elsewhere', () => {
    const long = join(folder, 'x'.repeat(80), 'y'.repeat(80));
    const lock = lockHome(long);
    lock.release();
    expect([Buffer.byteLength(lock.pipe) < 107, lock.pipe.startsWith(tmpdir())]).toEqual([true, true]);
  });

  it.each(['', '{', '{"pid":1}', 'null', '\u0000'])('that holds the word %j tells of no agent', (content) => {
    mkdirSync(join(home, 'run'), { recursive: true });
    writeFileSync(join(home, 'run', 'agent.json'), content);
    expect(readRunFile(home)).toBeNull();
  });
});

const mounts = [
  '/dev/sda1 / ext4 rw,relatime 0 0',
  'server:/export /mnt/nfs nfs4 rw 0 0',
  '//server/share /mnt/smb cifs rw 0 0',
  'share /mnt/smb3 smb3 rw 0 0',
  'sshfs /mnt/ssh fuse.sshfs rw 0 0',
  'host /mnt/9p 9p rw 0 0',
  'server:/spaces /mnt/with\\040space nfs rw 0 0',
  '/dev/sdb1 /mnt/nfs/local ext4 rw 0 0',
  'tmpfs /run tmpfs rw 0 0',
].join('\n');

describe('a folder in which a database can be damaged', () => {
  it.each([
    'C:\\Users\\ada\\OneDrive\\Bellhop',
    'C:\\Users\\ada\\OneDrive - Aldermoor Quay\\Bellhop',
    'C:\\Users\\ada\\Dropbox\\Bellhop',
    'C:\\Users\\ada\\Google Drive\\Bellhop',
    'G:\\My Drive\\Bellhop',
    '/home/ada/Dropbox/bellhop',
    '/home/ada/Dropbox (Hotel)/bellhop',
    '/home/ada/Nextcloud/bellhop',
    '/Users/ada/Library/Mobile Documents/com~apple~CloudDocs/bellhop',
    '/Users/ada/Library/CloudStorage/OneDrive-Hotel/bellhop',
    '/Users/ada/Library/CloudStorage/GoogleDrive-ada@example.com/My Drive/bellhop',
    '/home/ada/onedrive',
    '\\\\server\\share\\bellhop',
    '//server/share/bellhop',
    '\\\\wsl$\\Ubuntu\\home',
    '/mnt/nfs/bellhop',
    '/mnt/nfs',
    '/mnt/smb/a/b/c',
    '/mnt/smb3/x',
    '/mnt/ssh/x',
    '/mnt/9p/x',
    '/mnt/with space/x',
  ])('is refused: %s', (path) => {
    expect(outcome(() => assertSuitable(path, mounts))).toBe('home-unsuitable');
  });

  it.each([
    'C:\\Users\\ada\\AppData\\Local\\Bellhop',
    '/var/lib/bellhop',
    '/home/ada/.local/share/bellhop',
    '/home/ada/onedriver-hotel/bellhop/dropboxes',
    '/mnt/nfs/local/bellhop',
    '/mnt/nfsx/bellhop',
    '/run/bellhop',
    '/srv/boxes/bellhop',
  ])('is no other one: %s', (path) => {
    expect(outcome(() => assertSuitable(path, mounts))).toBe('taken');
  });

  it('is found behind a link too', () => {
    mkdirSync(join(folder, 'OneDrive'));
    symlinkSync(join(folder, 'OneDrive'), join(folder, 'plain'));
    expect([
      outcome(() => lockHome(join(folder, 'plain'))),
      outcome(() => lockHome(join(folder, 'plain', 'a', 'b'))),
      readdirSync(join(folder, 'OneDrive')),
    ]).toEqual(['home-unsuitable', 'home-unsuitable', []]);
  });

  it('is not even made', () => {
    const wrong = join(folder, 'OneDrive', 'home');
    expect([outcome(() => lockHome(wrong)), existsSync(wrong)]).toEqual(['home-unsuitable', false]);
  });
});

it('lies where the platform keeps local data when nobody names a folder', () => {
  expect([
    defaultHome({ BELLHOP_HOME: 'here' }, 'linux'),
    defaultHome({}, 'linux'),
    defaultHome({ XDG_DATA_HOME: '/data' }, 'linux'),
    defaultHome({}, 'darwin'),
    defaultHome({ LOCALAPPDATA: 'C:/Local' }, 'win32'),
  ]).toEqual([
    resolve('here'),
    join(homedir(), '.local/share/bellhop'),
    '/data/bellhop',
    join(homedir(), 'Library/Application Support/Bellhop'),
    join('C:/Local', 'Bellhop'),
  ]);
});
