import { createServer } from 'node:net';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../../../contract/faults.ts';
import { newKeyPair, type SandboxSftp, startSftp } from '../../../../sandbox/sftp/server.ts';
import { policies } from '../../../resilience/policies.ts';
import { hostKeyAlgorithms, hostKeyOf, hostKeyShape } from './host-key.ts';
import { type LineSpec, type RemoteFile, SftpLine, unknownTime } from './line.ts';

const password = 'correct horse';
const anyTime = new AbortController().signal;
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fine',
    (error: unknown) => (error instanceof Fault ? error.code : `not named: ${error}`),
  );
const listedKey = async (port: number) => (await SftpLine.hostKey({ host: '127.0.0.1', port, hostKey: undefined })).text;
const spec = (port: number, more: Partial<LineSpec> = {}): LineSpec => ({
  host: '127.0.0.1',
  port,
  user: 'hotel',
  hostKey: undefined,
  pinnedIn: 'hostKey',
  password,
  privateKey: undefined,
  passphrase: undefined,
  ...more,
});

async function all(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(Uint8Array.from(piece));
  return Buffer.concat(parts);
}

describe('a host key', () => {
  it('is told as ssh-keygen tells it, and in words', () => {
    const blob = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f', 'base64');
    const key = hostKeyOf(blob);
    expect([key.algorithm, hostKeyShape.test(key.text), key.words.split(' ').length]).toEqual(['ssh-ed25519', true, 24]);
    const other = hostKeyOf(Buffer.concat([blob.subarray(0, -1), Buffer.from([1])]));
    expect([other.text === key.text, other.words === key.words]).toEqual([false, false]);
  });

  it('is asked for in the kind that was confirmed, and never with SHA-1', () => {
    expect([
      hostKeyAlgorithms('ssh-rsa SHA256:x', 'strong'),
      hostKeyAlgorithms('ssh-ed25519 SHA256:x', 'strong'),
      hostKeyAlgorithms(undefined, 'strong').includes('ssh-rsa'),
    ]).toEqual([['rsa-sha2-512', 'rsa-sha2-256'], ['ssh-ed25519'], false]);
  });
});

describe('a line to a file server', () => {
  let server: SandboxSftp;
  let hostKey: string;
  beforeEach(async () => {
    server = await startSftp({ password });
    hostKey = await listedKey(server.port);
  });
  afterEach(async () => {
    await server.close();
  });
  const put = (path: string, content: string | Buffer, mtime = 1_770_000_000, more = {}) =>
    server.files.set(path, { content: Buffer.from(content), mtime, ...more });
  const open = (more: Partial<LineSpec> = {}) => SftpLine.open(spec(server.port, { hostKey, ...more }), anyTime);
  const listed = async (line: SftpLine, name: string) =>
    (await line.list('/exports')).files.find((file) => file.name === name) as RemoteFile;

  it('says nothing to a server whose key nobody has confirmed, or that shows another', async () => {
    const before = server.logins.length;
    expect([
      await outcome(open({ hostKey: undefined })),
      await outcome(open({ hostKey: `ssh-ed25519 SHA256:${'A'.repeat(43)}` })),
      await outcome(open({ hostKey: `ssh-rsa SHA256:${'A'.repeat(43)}` })),
      server.logins.length - before,
    ]).toEqual(['host-key-unknown', 'host-key-changed', 'host-key-changed', 0]);
  });

  it('names the key that nobody has confirmed, so that it can be compared', async () => {
    const fault = await open({ hostKey: undefined }).catch((error) => error as Fault);
    expect((fault as Fault).detail).toMatchObject({ host: '127.0.0.1', key: hostKey });
    expect((fault as Fault).detail.words?.split(' ').length).toBe(24);
  });

  it('logs in with a password, also where the server asks for it in a dialogue, and says when it is refused', async () => {
    const dialogue = await startSftp({ password, onlyKeyboard: true, hostKey: server.hostKey });
    try {
      const inDialogue = SftpLine.open(spec(dialogue.port, { hostKey }), anyTime);
      expect([
        await outcome(open()),
        await outcome(inDialogue),
        await outcome(open({ password: 'wrong' })),
        await outcome(open({ user: 'x' })),
      ]).toEqual(['fine', 'fine', 'login-refused', 'login-refused']);
      (await inDialogue).close();
    } finally {
      await dialogue.close();
    }
  });

  it('logs in with a key, plain or with a passphrase, and names a key that cannot be read', async () => {
    const plain = newKeyPair();
    const locked = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256, passphrase: 'open sesame', cipher: 'aes256-ctr', rounds: 4 });
    const found: string[] = [];
    for (const [pair, passphrase] of [
      [plain, undefined],
      [locked, 'open sesame'],
      [locked, 'wrong'],
      [{ ...plain, private: 'no key at all' }, undefined],
    ] as const) {
      const own = await startSftp({ password, publicKey: pair.public, hostKey: server.hostKey });
      const login = SftpLine.open(spec(own.port, { hostKey, password: undefined, privateKey: pair.private, passphrase }), anyTime);
      found.push(await outcome(login));
      await login.then((line) => line.close()).catch(() => undefined);
      await own.close();
    }
    expect(found).toEqual(['fine', 'fine', 'key-passphrase-wrong', 'key-unreadable']);
    expect(await outcome(open({ password: undefined }))).toBe('secret-missing');
  });

  it('refuses a server that has nothing better than broken methods, before anything is said', async () => {
    const found: string[] = [];
    for (const algorithms of [
      { kex: ['diffie-hellman-group1-sha1'] },
      { cipher: ['aes128-cbc'] },
      { cipher: ['aes128-ctr'], hmac: ['hmac-sha1'] },
    ] as ssh2.Algorithms[]) {
      const weak = await startSftp({ password, hostKey: server.hostKey, algorithms });
      found.push(await outcome(SftpLine.open(spec(weak.port, { hostKey }), anyTime)), String(weak.logins.length));
      await weak.close();
    }
    expect(found).toEqual(['ssh-weak', '0', 'ssh-weak', '0', 'ssh-weak', '0']);
  });

  it('reads from a server that has nothing better only until the day of its exception', async () => {
    const found: string[] = [];
    const today = new Date().toISOString().slice(0, 10);
    for (const algorithms of [
      { kex: ['diffie-hellman-group14-sha1'] },
      { cipher: ['aes128-cbc'], hmac: ['hmac-sha1'] },
      { serverHostKey: ['ssh-rsa'] },
    ] as ssh2.Algorithms[]) {
      const rsa = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 }).private;
      const weak = await startSftp({ password, hostKey: algorithms.serverHostKey ? rsa : server.hostKey, algorithms });
      const pinned = algorithms.serverHostKey ? hostKeyOf(weak.hostKeyBlob).text : hostKey;
      for (const weakUntil of [today, '2025-12-31']) {
        const line = SftpLine.open(spec(weak.port, { hostKey: pinned, weakUntil }), anyTime);
        found.push(await outcome(line), String(weak.logins.length > 0));
        await line.then((one) => one.close()).catch(() => undefined);
        weak.logins.length = 0;
      }
      await weak.close();
    }
    // A host key that can only sign with SHA-1 is to us one of another kind than the pinned one can prove.
    expect(found).toEqual([
      'fine',
      'true',
      'ssh-weak',
      'false',
      'fine',
      'true',
      'ssh-weak',
      'false',
      'fine',
      'true',
      expect.stringMatching(/ssh-weak|host-key-changed/),
      'false',
    ]);
  });

  it('names a server that is not there, has no such name, or is none', async () => {
    const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const { port } = web.address() as { port: number };
    expect([
      await outcome(SftpLine.open(spec(1, { hostKey }), anyTime)),
      await outcome(SftpLine.open(spec(22, { host: 'nowhere.invalid', hostKey }), anyTime)),
      await outcome(SftpLine.open(spec(port, { hostKey }), anyTime)),
    ]).toEqual(['source-unreachable', 'source-unreachable', 'source-unreachable']);
    web.close();
  });

  it('does not wait for ever for a server that takes the line and says nothing, and ends at once when it is stopped', async () => {
    server.faults.isSilent = true;
    const stop = new AbortController();
    const stopped = SftpLine.open(spec(server.port, { hostKey }), stop.signal);
    stop.abort();
    expect(await outcome(stopped)).toBe('stopped');
    expect(await outcome(open())).toBe('source-unreachable');
  }, 30_000);

  it('lists plain files alone, whatever lies beside them', async () => {
    put('/exports/b.csv', 'b');
    put('/exports/a.csv', 'aa', 1_770_000_001);
    put('/exports/link.csv', 'x', 0, { mode: 0o120777 });
    put('/exports/folder.csv', '', 0, { mode: 0o040755 });
    put('/exports/device.csv', '', 0, { mode: 0o020644 });
    for (const name of ['..\\x.csv', 'a\nb.csv', '\u001b[2J.csv', 'gpj.\u202exe.csv', 'nul\u0000.csv']) put(`/exports/${name}`, 'x');
    const line = await open();
    const { files, unusable } = await line.list('/exports');
    line.close();
    expect([files.map((file) => [file.name, file.path, file.bytes, file.modifiedAtS]).sort(), unusable]).toEqual([
      [
        ['a.csv', '/exports/a.csv', 2, 1_770_000_001],
        ['b.csv', '/exports/b.csv', 1, 1_770_000_000],
      ],
      5,
    ]);
  });

  it('lists fifty thousand files', async () => {
    for (let at = 0; at < 50_000; at++) put(`/exports/bookings-${at}.csv`, 'x');
    const line = await open();
    expect((await line.list('/exports')).files.length).toBe(50_000);
    line.close();
  }, 30_000);

  it('names a folder that is not there', async () => {
    const line = await open();
    expect(await outcome(line.list('/nowhere'))).toBe('folder-missing');
    line.close();
  });

  it.each([0, 1, 32 * 1024, 32 * 1024 + 1, 3_000_000])(
    'reads %i bytes as they are, also from a server that gives them in small pieces',
    async (size) => {
      const content = Buffer.from(Array.from({ length: size }, (_, at) => (at * 7 + (at >> 8)) % 251));
      put('/exports/a.csv', content);
      const line = await open();
      const whole = await all(line.read(await listed(line, 'a.csv'), anyTime));
      server.faults.mostReadBytes = 1000;
      const small = size > 100_000 ? content : await all(line.read(await listed(line, 'a.csv'), anyTime));
      line.close();
      expect([whole.equals(content), small.equals(content)]).toEqual([true, true]);
    },
  );

  it('gives fewer bytes of a file that has become shorter, never others', async () => {
    put('/exports/a.csv', 'x'.repeat(100_000));
    const line = await open();
    const file = await listed(line, 'a.csv');
    put('/exports/a.csv', 'y'.repeat(40_000));
    expect((await all(line.read(file, anyTime))).length).toBe(40_000);
    server.files.clear();
    expect([await outcome(all(line.read(file, anyTime))), await line.look(file)]).toEqual(['file-gone', null]);
    put('/exports/a.csv', 'z', 0, { isForbidden: true });
    expect(await outcome(all(line.read(file, anyTime)))).toBe('file-unreadable');
    line.close();
  });

  it.each([0, 0.4, 1])('ends with a fault when the line is cut at %d of a file', async (part) => {
    put('/exports/a.csv', 'x'.repeat(1_000_000));
    const line = await open();
    const file = await listed(line, 'a.csv');
    server.faults.cutAfterBytes = part === 1 ? 999_999 : part * 1_000_000;
    expect([await outcome(all(line.read(file, anyTime))), line.isOpen, await outcome(line.list('/exports'))]).toEqual([
      'source-unreachable',
      false,
      'source-unreachable',
    ]);
  });

  it('gives a slow line its time: the questions that wait behind each other are no silence', async () => {
    const limits = policies as { bodyTimeoutMs: number };
    const before = limits.bodyTimeoutMs;
    limits.bodyTimeoutMs = 400;
    try {
      put('/exports/a.csv', 'x'.repeat(700_000));
      const line = await open();
      const file = await listed(line, 'a.csv');
      server.faults.readMs = 60;
      expect((await all(line.read(file, anyTime))).length).toBe(700_000);
      server.faults.hangsAtRead = true;
      expect(await outcome(all(line.read(file, anyTime)))).toBe('source-unreachable');
    } finally {
      limits.bodyTimeoutMs = before;
    }
  });

  it('asks by name for what a listing leaves out, and says when a time is not to be had', async () => {
    put('/exports/a.csv', 'abc', 1_770_000_000);
    put('/exports/folder.csv', '', 0, { mode: 0o040755 });
    const line = await open();
    server.faults.leavesOut = 'in lists';
    const inLists = await line.list('/exports');
    server.faults.leavesOut = 'all times';
    const noTimes = await line.list('/exports');
    line.close();
    const file = { name: 'a.csv', path: '/exports/a.csv', bytes: 3 };
    expect([inLists, noTimes]).toEqual([
      { files: [{ ...file, modifiedAtS: 1_770_000_000 }], unusable: 0 },
      { files: [{ ...file, modifiedAtS: unknownTime }], unusable: 0 },
    ]);
  });

  it('notices that its channel was closed while the line around it lives', async () => {
    put('/exports/a.csv', 'x');
    const line = await open();
    server.faults.closesChannel = true;
    expect([await outcome(line.list('/exports')), line.isOpen]).toEqual(['source-unreachable', false]);
  });

  it('ends with a fault when the server stops answering in the middle', async () => {
    put('/exports/a.csv', 'x'.repeat(100_000));
    const line = await open();
    const file = await listed(line, 'a.csv');
    server.faults.hangsAtRead = true;
    const reading = outcome(all(line.read(file, anyTime)));
    setTimeout(() => line.close(), 200);
    expect(await reading).toBe('stopped');
  });
});
