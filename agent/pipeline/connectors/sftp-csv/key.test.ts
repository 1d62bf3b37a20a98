import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Fault } from '../../../../contract/faults.ts';
import { makeKeyPair, publicHalf, readPrivateKey } from './key.ts';

const isMissing = (program: string) => spawnSync(program, ['--version']).error !== undefined;
const isDemanded = (process.env.BELLHOP_REQUIRE ?? '').split(',').includes('sshd');
const [noKeygen, noPuttygen] = [isMissing('ssh-keygen'), isMissing('puttygen')];
if (isDemanded && (noKeygen || noPuttygen)) throw new Error('BELLHOP_REQUIRE demands sshd, and there is no ssh-keygen or no puttygen');

const folder = mkdtempSync(join(tmpdir(), 'bellhop-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secret = 'open sesame';
let made = 0;
/** Make a key as people do, and give the text of its file. */
function keygen(kind: string, ...more: string[]): string {
  const path = join(folder, `key-${made++}`);
  execFileSync('ssh-keygen', ['-q', '-t', kind, ...(kind === 'rsa' ? ['-b', '2048'] : []), '-f', path, ...more]);
  return path;
}
const textOf = (path: string) => readFileSync(path, 'utf8');
const outcome = (text: string, passphrase?: string) => {
  try {
    return readPrivateKey(text, passphrase, 'sftp.example.com').type;
  } catch (error) {
    return error instanceof Fault ? error.code : `not named: ${error}`;
  }
};

describe('a key pair that is made here', () => {
  it('can be read again, whatever its numbers are, and its halves belong together', () => {
    const pairs = Array.from({ length: 600 }, () => makeKeyPair('bellhop@ALDQ'));
    const wrong = pairs.filter(({ secret: text, handOver }) => {
      const key = readPrivateKey(text, undefined, 'x');
      const signed = key.sign('something');
      return (
        signed instanceof Error || key.verify('something', signed) !== true || publicHalf(text, undefined, 'bellhop@ALDQ') !== handOver
      );
    });
    expect([wrong, new Set(pairs.map((pair) => pair.handOver)).size]).toEqual([[], 600]);
  });

  it('has a public half in one line that names the hotel and holds nothing of the private one', () => {
    const { secret: text, handOver } = makeKeyPair('bellhop@ALDQ');
    const seed = Buffer.from(text.split('\n').slice(1, -2).join(''), 'base64').subarray(-80);
    expect([handOver, handOver.includes(seed.toString('base64').slice(4, 40))]).toEqual([
      expect.stringMatching(/^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43} bellhop@ALDQ$/),
      false,
    ]);
  });

  it.skipIf(noKeygen)('is one that ssh-keygen reads (skipped where it is not installed)', () => {
    const { secret: text, handOver } = makeKeyPair('bellhop@ALDQ');
    const path = join(folder, 'made');
    execFileSync('sh', ['-c', 'umask 077; cat > "$0"', path], { input: text });
    expect(execFileSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' }).trim()).toBe(handOver);
  });
});

describe.skipIf(noKeygen)('a key of OpenSSH (skipped where ssh-keygen is not installed)', () => {
  it.each([
    ['ed25519', 'ssh-ed25519', []],
    ['rsa', 'ssh-rsa', []],
    ['ecdsa', 'ecdsa-sha2-nistp256', []],
    ['rsa', 'ssh-rsa', ['-m', 'PEM']],
    ['ecdsa', 'ecdsa-sha2-nistp256', ['-m', 'PEM']],
  ])('%s (%s, %j) is read, plain and with a passphrase, and says which passphrase is missing or wrong', (kind, type, more) => {
    const plain = textOf(keygen(kind, '-N', '', ...more));
    const locked = textOf(keygen(kind, '-N', secret, ...more));
    expect([
      outcome(plain),
      outcome(plain, 'one that is not needed'),
      outcome(`\r\n${plain.replaceAll('\n', '\r\n')}\r\n`),
      outcome(locked, secret),
      outcome(locked),
      outcome(locked, 'wrong'),
    ]).toEqual([type, type, type, type, 'key-passphrase-missing', 'key-passphrase-wrong']);
  });

  it('is told from its public half, from half a file, and from nothing at all', () => {
    const path = keygen('ed25519', '-N', '');
    const text = textOf(path);
    expect([textOf(`${path}.pub`), text.slice(0, 200), text.replaceAll('\n', ' '), 'open sesame', ''].map((part) => outcome(part))).toEqual(
      Array(5).fill('key-unreadable'),
    );
  });
});

describe.skipIf(noKeygen || noPuttygen)('a key of PuTTY (skipped where puttygen is not installed)', () => {
  /** Make a key and let PuTTY save it in its own format. */
  function ppk(kind: string, version: number, passphrase = ''): string {
    const path = keygen(kind, '-N', '', '-m', 'PEM');
    const [before, after] = [join(folder, 'none'), join(folder, 'pass')];
    execFileSync('sh', ['-c', ': > "$0"; printf %s "$2" > "$1"', before, after, passphrase]);
    const params = ['--ppk-param', `version=${version}`, '--old-passphrase', before, '--new-passphrase', after];
    execFileSync('puttygen', [path, '-O', 'private', '-o', `${path}.ppk`, ...params]);
    return textOf(`${path}.ppk`);
  }

  it('is read in version 2 with RSA, plain and with a passphrase, and says which passphrase is missing or wrong', () => {
    const locked = ppk('rsa', 2, secret);
    expect([outcome(ppk('rsa', 2)), outcome(locked, secret), outcome(locked), outcome(locked, 'wrong')]).toEqual([
      'ssh-rsa',
      'ssh-rsa',
      'key-passphrase-missing',
      'key-passphrase-wrong',
    ]);
  });

  it('of any other kind is named, so that a person knows how to save it anew', () => {
    const found = [ppk('rsa', 3), ppk('rsa', 3, secret), ppk('ed25519', 2), ppk('ed25519', 3), ppk('ecdsa', 2, secret)].map((text) => {
      try {
        return readPrivateKey(text, secret, 'sftp.example.com').type;
      } catch (error) {
        return [(error as Fault).code, (error as Fault).detail];
      }
    });
    const putty = (algorithm: string, version: string) => ['key-putty', { host: 'sftp.example.com', algorithm, version }];
    expect(found).toEqual([
      putty('ssh-rsa', '3'),
      putty('ssh-rsa', '3'),
      putty('ssh-ed25519', '2'),
      putty('ssh-ed25519', '3'),
      putty('ecdsa-sha2-nistp256', '2'),
    ]);
  });
});
