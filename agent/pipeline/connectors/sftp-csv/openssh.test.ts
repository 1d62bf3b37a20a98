import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../../../contract/faults.ts';
import type { KeptFile } from '../../connector.ts';
import { type LineSpec, markOf, SftpLine } from './line.ts';
import { putAway } from './put-away.ts';

/** The server that nobody here wrote: Debian's OpenSSH, started on a port of its own. */
const sshd = '/usr/sbin/sshd';
const isThere = existsSync(sshd);
if (!isThere && (process.env.BELLHOP_REQUIRE ?? '').split(',').includes('sshd'))
  throw new Error('BELLHOP_REQUIRE demands sshd, and there is none');

const anyTime = new AbortController().signal;
async function all(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of pieces);
}
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fine',
    (error: unknown) => (error instanceof Fault ? error.code : `not named: ${error}`),
  );

describe.skipIf(!isThere)('OpenSSH (skipped where sshd is not installed)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-sshd-'));
  const exports = join(folder, 'exports');
  let port = 0;
  let server: ChildProcess;
  let privateKey = '';

  const keygen = (name: string, ...more: string[]) => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-f', join(folder, name), ...more]);
    return execFileSync('cat', [join(folder, name)], { encoding: 'utf8' });
  };
  const fingerprint = (name: string) =>
    execFileSync('ssh-keygen', ['-lf', join(folder, `${name}.pub`)], { encoding: 'utf8' }).split(' ')[1] as string;

  async function start(hostKey: string, more = ''): Promise<ChildProcess> {
    const config = join(folder, 'sshd_config');
    writeFileSync(
      config,
      `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${join(folder, hostKey)}\nPidFile none\nStrictModes no\nUsePAM no\n` +
        `AuthorizedKeysFile ${join(folder, 'authorized')}\nPasswordAuthentication yes\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n${more}`,
    );
    const child = spawn(sshd, ['-D', '-e', '-f', config], { stdio: 'ignore' });
    for (let tries = 0; tries < 100; tries++) {
      const answered = await SftpLine.hostKey({ host: '127.0.0.1', port, hostKey: undefined }).catch((error: Fault) => error);
      if (!(answered instanceof Fault) || answered.code === 'ssh-weak') break;
      await after(50);
    }
    return child;
  }
  async function stop(child: ChildProcess): Promise<void> {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }

  beforeAll(async () => {
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    mkdirSync(exports);
    for (const key of ['host', 'other']) keygen(key, '-N', '');
    keygen('client', '-N', 'open sesame');
    privateKey = execFileSync('cat', [join(folder, 'client')], { encoding: 'utf8' });
    execFileSync('cp', [join(folder, 'client.pub'), join(folder, 'authorized')]);
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    port = (free.address() as { port: number }).port;
    free.close();
    server = await start('host');
  });
  afterAll(async () => {
    await stop(server);
    rmSync(folder, { recursive: true, force: true });
  });

  const spec = (more: Partial<LineSpec> = {}): LineSpec => ({
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    hostKey: `ssh-ed25519 ${fingerprint('host')}`,
    pinnedIn: 'hostKey',
    password: undefined,
    privateKey,
    passphrase: 'open sesame',
    ...more,
  });

  it('has the host key that ssh-keygen tells', async () => {
    expect((await SftpLine.hostKey(spec({ hostKey: undefined }))).text).toBe(`ssh-ed25519 ${fingerprint('host')}`);
  });

  it('lists and reads: plain files alone, byte for byte', async () => {
    const content = Buffer.from(Array.from({ length: 2_500_000 }, (_, at) => (at * 31 + (at >> 7)) % 256));
    writeFileSync(join(exports, 'a.csv'), content);
    writeFileSync(join(exports, 'empty.csv'), '');
    writeFileSync(join(exports, 'line\nbreak.csv'), 'x');
    symlinkSync('/etc/passwd', join(exports, 'link.csv'));
    mkdirSync(join(exports, 'folder.csv'));
    utimesSync(join(exports, 'a.csv'), 1_770_000_000, 1_770_000_000);
    const line = await SftpLine.open(spec(), anyTime);
    const { files, unusable } = await line.list(exports);
    const file = files.find((one) => one.name === 'a.csv');
    const parts: Buffer[] = [];
    if (file) for await (const piece of line.read(file, anyTime)) parts.push(Buffer.from(piece));
    const seen = file && (await line.look(file));
    line.close();
    expect([files.map((one) => one.name).sort(), unusable, seen, Buffer.concat(parts).equals(content)]).toEqual([
      ['a.csv', 'empty.csv'],
      1,
      { name: 'a.csv', path: join(exports, 'a.csv'), bytes: content.length, modifiedAtS: 1_770_000_000 },
      true,
    ]);
  });

  it('lets us through to itself as a jump host', async () => {
    writeFileSync(join(exports, 'behind.csv'), 'x');
    const jump = { ...spec(), pinnedIn: 'jumpHostKey' as const };
    const line = await SftpLine.open(spec({ jump }), anyTime);
    const names = (await line.list(exports)).files.map((file) => file.name);
    line.close();
    const missing = await codeOf(SftpLine.open(spec({ jump, port: 1 }), anyTime));
    const wrongKey = await codeOf(SftpLine.open(spec({ jump: { ...jump, hostKey: `ssh-ed25519 ${fingerprint('other')}` } }), anyTime));
    expect([names.includes('behind.csv'), missing, wrongKey]).toEqual([true, 'source-unreachable', 'host-key-changed']);
    rmSync(join(exports, 'behind.csv'));
  });

  it('refuses a key that it does not know, and names what is missing', async () => {
    const stranger = keygen('stranger', '-N', '');
    const line = await SftpLine.open(spec(), anyTime);
    const missing = await codeOf(line.list(join(exports, 'nowhere')));
    line.close();
    expect([await codeOf(SftpLine.open(spec({ privateKey: stranger, passphrase: undefined }), anyTime)), missing]).toEqual([
      'login-refused',
      'folder-missing',
    ]);
  });

  // A user with a password can only be made by root.
  it.skipIf(process.getuid?.() !== 0)(
    'lets a user in by the right password alone, and sends none to a server with another key',
    async () => {
      const user = `bellhop-${process.pid}`;
      const hashed = execFileSync('openssl', ['passwd', '-6', 'correct horse'], { encoding: 'utf8' }).trim();
      execFileSync('useradd', ['--no-create-home', '--shell', '/bin/false', '--password', hashed, user]);
      try {
        const login = (more: Partial<LineSpec>) =>
          SftpLine.open(spec({ user, privateKey: undefined, passphrase: undefined, password: 'correct horse', ...more }), anyTime);
        const line = await login({});
        const { files } = await line.list('/etc');
        line.close();
        const other = `ssh-ed25519 ${fingerprint('other')}`;
        expect([files.length > 0, await codeOf(login({ password: 'wrong' })), await codeOf(login({ hostKey: other }))]).toEqual([
          true,
          'login-refused',
          'host-key-changed',
        ]);
      } finally {
        execFileSync('userdel', ['--force', user], { stdio: 'ignore' });
      }
    },
  );

  // Root may read everything.
  it.skipIf(process.getuid?.() === 0)('names a file that may not be read', async () => {
    writeFileSync(join(exports, 'secret.csv'), 'x');
    chmodSync(join(exports, 'secret.csv'), 0);
    const line = await SftpLine.open(spec(), anyTime);
    const file = { name: 'secret.csv', path: join(exports, 'secret.csv'), bytes: 1, modifiedAtS: 0 };
    expect(await codeOf(line.read(file, anyTime).next())).toBe('file-unreadable');
    line.close();
  });

  it('lets taken files be moved and deleted, and never overwrites or takes away another one', async () => {
    const drops = join(folder, 'drops');
    mkdirSync(drops);
    const drop = (name: string, content: string) => {
      writeFileSync(join(drops, name), content);
      utimesSync(join(drops, name), 1_770_000_000, 1_770_000_000);
      writeFileSync(join(drops, `${name}.done`), '');
    };
    const kept = (name: string, content: string): KeptFile => ({
      fileId: 7,
      path: join(drops, name),
      mark: `${content.length} 1770000000`,
      isMarkProof: false,
      sha256: hash('sha256', content),
    });
    const order = { folder: drops, archive: join(drops, 'taken'), host: '127.0.0.1', user: 'x' };
    const line = await SftpLine.open(spec(), anyTime);
    const away = (name: string, content: string, afterwards: 'move' | 'delete') =>
      codeOf(putAway(line, kept(name, content), { ...order, afterwards }, anyTime));
    const outcomes: string[] = [];
    drop('a.csv', 'one');
    outcomes.push(await away('a.csv', 'one', 'move'), await away('a.csv', 'one', 'move'));
    drop('a.csv', 'two');
    outcomes.push(await away('a.csv', 'one', 'move'), await away('a.csv', 'two', 'move'));
    drop('b.csv', 'three');
    drop('c.csv', 'other');
    outcomes.push(await away('b.csv', 'three', 'delete'), await away('c.csv', 'three', 'delete'), await away('c.csv', 'four', 'delete'));
    line.close();
    const taken = (name: string) => readFileSync(join(drops, 'taken', name), 'utf8');
    expect([outcomes, readdirSync(drops).sort(), readdirSync(join(drops, 'taken')).sort(), taken('a.csv'), taken('a-7.csv')]).toEqual([
      outcomes.map(() => 'fine'),
      ['c.csv', 'c.csv.done', 'taken'],
      ['a-7.csv', 'a-7.csv.done', 'a.csv', 'a.csv.done'],
      'one',
      'two',
    ]);
  });

  it('lists fifty thousand files in a few seconds', async () => {
    const many = join(folder, 'many');
    mkdirSync(many);
    for (let at = 0; at < 50_000; at++) writeFileSync(join(many, `bookings-${at}.csv`), '');
    const line = await SftpLine.open(spec(), anyTime);
    expect((await line.list(many)).files.length).toBe(50_000);
    line.close();
  }, 30_000);

  it('ends what is under way when the server is killed, is another server when its key is another, and may be for reading only', async () => {
    writeFileSync(join(exports, 'large.csv'), Buffer.alloc(50_000_000, 120));
    const line = await SftpLine.open(spec(), anyTime);
    const file = { name: 'large.csv', path: join(exports, 'large.csv'), bytes: 50_000_000, modifiedAtS: 0 };
    const reading = codeOf(all(line.read(file, anyTime)));
    await line.look(file);
    // The process of this one session, not the server that takes new ones.
    execFileSync('pkill', ['-KILL', '-P', String(server.pid)]);
    expect(await reading).toBe('source-unreachable');
    await stop(server);
    server = await start('other');
    const changed = await codeOf(SftpLine.open(spec(), anyTime));
    await stop(server);
    server = await start('host', 'Ciphers aes256-cbc\n');
    const weak = await codeOf(SftpLine.open(spec(), anyTime));
    await stop(server);
    server = await start('host', 'ForceCommand internal-sftp -R\nAllowTcpForwarding no\n');
    const readOnly = await SftpLine.open(spec(), anyTime);
    const order = { folder: exports, archive: join(exports, 'taken'), host: '127.0.0.1', user: 'x' };
    const found = await readOnly.look(file);
    const large = { fileId: 1, path: file.path, mark: markOf(found ?? file), isMarkProof: true, sha256: '0'.repeat(64) };
    const refused = [
      await codeOf(putAway(readOnly, large, { ...order, afterwards: 'move' }, anyTime)),
      await codeOf(putAway(readOnly, large, { ...order, afterwards: 'delete' }, anyTime)),
      readOnly.isOpen,
    ];
    readOnly.close();
    const through = await codeOf(SftpLine.open(spec({ jump: spec() }), anyTime));
    expect([...refused, through]).toEqual(['archive-refused', 'removal-refused', true, 'jump-refused']);
    expect([changed, weak]).toEqual(['host-key-changed', 'ssh-weak']);
  }, 30_000);
});
