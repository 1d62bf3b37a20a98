import { posix } from 'node:path';
import ssh2, { type Algorithms, type Attributes, type Client, type FileEntryWithStats, type SFTPWrapper } from 'ssh2';
import { Fault } from '../../../../contract/faults.ts';
import { visibleText } from '../../../../contract/raw-bytes.ts';
import { policies } from '../../../resilience/policies.ts';
import { type HostKey, hostKeyAlgorithms, hostKeyOf } from './host-key.ts';
import { readPrivateKey } from './key.ts';
import { endOfFile, noSuchFile, permissionDenied, sshFault, statusOf, wrongHostKey } from './ssh-fault.ts';

/** Where a file server is and how it is logged in to. `hostKey` is the pin; without one nothing is sent to the server. */
export type LineSpec = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string | undefined;
  readonly password: string | undefined;
  readonly privateKey: string | undefined;
  readonly passphrase: string | undefined;
};

/** A plain file of the server, as its listing shows it. Times are whole seconds of the server's clock. */
export type RemoteFile = { readonly name: string; readonly path: string; readonly bytes: number; readonly modifiedAtS: number };

/** Nothing with SHA-1, CBC or a short group: a server that has nothing better is refused. */
const algorithms: Algorithms = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
  ],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr', 'chacha20-poly1305@openssh.com'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
};

/** Less than the driver splits a question at: 31,952 bytes for a server that does not call itself OpenSSH. */
const pieceBytes = 31 * 1024;
/** No folder holds more than this: a listing that goes on is none. */
const mostEntries = 500_000;
/** So many pieces are asked for ahead: on a far line the way there and back would otherwise be waited for with each. */
const piecesAhead = 16;

/**
 * One SSH line to a file server. Every step has a deadline; a line that breaks ends everything that is under way
 * with a named fault, also where the driver would wait for ever.
 */
export class SftpLine {
  readonly #spec: LineSpec;
  readonly #client: Client;
  readonly #broken = Promise.withResolvers<never>();
  #fault: Fault | null = null;
  #answeredAtMs = 0;
  #sftp: SFTPWrapper | null = null;

  private constructor(spec: LineSpec) {
    this.#spec = spec;
    this.#client = new ssh2.Client();
    // Questions are small and each waits for its answer: held back to be sent together they would take 40 ms each.
    this.#client.on('connect', () => this.#client.setNoDelay(true));
    // Whoever waits for something is told; when nobody does, the next call is.
    this.#broken.promise.catch(() => undefined);
    this.#client.on('error', (error) => this.#break(sshFault(error, spec)));
    this.#client.on('close', () => this.#break(new Fault('source-unreachable', { host: spec.host, detail: 'the line was closed' })));
  }

  /**
   * Log in.
   * @throws {Fault} `host-key-unknown` and `host-key-changed` before a user name or a password was sent; `login-refused`, `ssh-weak`,
   *   `source-unreachable`; `secret-missing` and the faults of {@link readPrivateKey} for what is wrong on this side.
   */
  static async open(spec: LineSpec, signal: AbortSignal): Promise<SftpLine> {
    if (!spec.password && !spec.privateKey) throw new Fault('secret-missing', { field: 'Password', connection: spec.host });
    const line = new SftpLine(spec);
    const stop = () => line.#break(new Fault('stopped'));
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      await line.#connect();
      line.#sftp = await line.#call<SFTPWrapper>((done) => line.#client.sftp(done));
      // The channel can end while the line around it lives.
      line.#sftp.once('close', () => line.#break(new Fault('source-unreachable', { host: spec.host, detail: 'the line was closed' })));
      line.#sftp.on('error', (error: unknown) => line.#break(sshFault(error, spec)));
      return line;
    } catch (error) {
      line.close();
      throw signal.aborted ? new Fault('stopped') : sshFault(error, spec);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Ask a server for its host key and hang up before anything else is said. */
  static async hostKey(spec: Pick<LineSpec, 'host' | 'port' | 'hostKey'>): Promise<HostKey> {
    const line = new SftpLine({ ...spec, user: 'nobody', password: undefined, privateKey: undefined, passphrase: undefined });
    try {
      const { promise, resolve } = Promise.withResolvers<HostKey>();
      line.#dial({ hostVerifier: (blob: Buffer) => refuseAfter(() => resolve(hostKeyOf(blob))) });
      return await Promise.race([promise, line.#broken.promise]);
    } finally {
      line.close();
    }
  }

  get isOpen(): boolean {
    return this.#fault === null;
  }

  async #connect(): Promise<void> {
    const { host, hostKey, user, password, privateKey, passphrase } = this.#spec;
    const ready = new Promise<void>((resolve) => this.#client.once('ready', resolve));
    if (privateKey !== undefined) readPrivateKey(privateKey, passphrase, host);
    // Some servers ask for the password in a dialogue of their own.
    this.#client.on('keyboard-interactive', (_name, _instructions, _language, prompts, finish) =>
      finish(prompts.map((prompt) => (prompt.echo ? user : (password ?? '')))),
    );
    this.#dial({
      ...(privateKey === undefined ? {} : { privateKey: privateKey.trim(), ...(passphrase === undefined ? {} : { passphrase }) }),
      ...(password === undefined ? {} : { password, tryKeyboard: true }),
      hostVerifier: (blob: Buffer) => {
        const found = hostKeyOf(blob);
        if (found.text === hostKey) return true;
        return refuseAfter(() => this.#break(wrongHostKey(host, hostKey, found)));
      },
    });
    await Promise.race([ready, this.#broken.promise]);
  }

  #dial(more: Parameters<Client['connect']>[0]): void {
    this.#client.connect({
      host: this.#spec.host,
      port: this.#spec.port,
      username: this.#spec.user,
      readyTimeout: policies.headersTimeoutMs,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 3,
      algorithms: { ...algorithms, serverHostKey: [...hostKeyAlgorithms(this.#spec.hostKey)] as never },
      ...more,
    });
  }

  #break(fault: Fault): void {
    if (this.#fault !== null) return;
    this.#fault = fault;
    this.#broken.reject(fault);
    this.#client.destroy();
  }

  /** One question to the server, with an end: its answer, the end of the line, or the deadline. */
  async #call<T>(ask: (done: (error: Error | null | undefined, value: T) => void) => unknown): Promise<T> {
    if (this.#fault) throw this.#fault;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // Questions queue behind each other on a slow line: what counts is that anything is answered, not how long this one waits.
    const askedAtMs = performance.now();
    const look = () => {
      const silentMs = performance.now() - Math.max(this.#answeredAtMs, askedAtMs);
      if (silentMs < policies.bodyTimeoutMs) timer = setTimeout(look, policies.bodyTimeoutMs - silentMs);
      // A server that says nothing any more says nothing to the next question either.
      else
        this.#break(new Fault('source-unreachable', { host: this.#spec.host, detail: `no answer for ${policies.bodyTimeoutMs / 1000} s` }));
    };
    let timer = setTimeout(look, policies.bodyTimeoutMs);
    try {
      ask((error, value) => {
        this.#answeredAtMs = performance.now();
        if (!error) resolve(value);
        else if (statusOf(error) !== null) reject(error);
        // Not the server's no, but the driver's: it has lost the channel, sometimes a moment before it says that it has.
        else this.#break(sshFault(error, this.#spec));
      });
      return await Promise.race([promise, this.#broken.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  get #server(): SFTPWrapper {
    if (!this.#sftp) throw this.#fault ?? new Error('the line is not open');
    return this.#sftp;
  }

  /**
   * The plain files of a folder. Links, folders and devices are left out, and names that are none on some system: with a
   * slash, a backslash or a control sign in them.
   * @throws {Fault} `folder-missing`, `folder-unreadable`.
   */
  async list(folder: string): Promise<{ files: RemoteFile[]; unusable: number }> {
    const named = (error: unknown) => {
      const code = statusOf(error);
      if (code === noSuchFile) return new Fault('folder-missing', { folder }, { cause: error });
      if (code === permissionDenied) return new Fault('folder-unreadable', { folder }, { cause: error });
      return sshFault(error, this.#spec);
    };
    const files: RemoteFile[] = [];
    let unusable = 0;
    let entries = 0;
    try {
      const handle = await this.#call<Buffer>((done) => this.#server.opendir(folder, done));
      for (;;) {
        // A part at a time, each with its own deadline: a folder of fifty thousand files comes in five hundred.
        const part = await this.#call<FileEntryWithStats[] | null>((done) =>
          this.#server.readdir(handle, (error, list) => (error && statusOf(error) === endOfFile ? done(null, null) : done(error, list))),
        );
        if (part === null) break;
        for (const { filename: name, attrs } of part) {
          if (++entries > mostEntries) throw new Fault('source-unreachable', { host: this.#spec.host, detail: 'its listing does not end' });
          const file = { name, path: posix.join(folder, name), bytes: 0, modifiedAtS: unknownTime };
          // A listing may leave out what it likes; asked for by name, most servers tell.
          const known = isWhole(attrs) ? attrs : isUsableName(name) ? await this.attributes(file.path) : null;
          if (known?.mode !== undefined && !isPlainFile(known)) continue;
          if (known && isUsableName(name) && known.mode !== undefined && known.size !== undefined)
            files.push({ ...file, bytes: known.size, modifiedAtS: known.mtime ?? unknownTime });
          else unusable++;
        }
      }
      await this.#call<void>((done) => this.#server.close(handle, (error) => done(error, undefined)));
    } catch (error) {
      throw named(error);
    }
    return { files, unusable };
  }

  /** How a file stands now; null when it is gone or is no plain file any more. */
  async look(file: RemoteFile): Promise<RemoteFile | null> {
    const found = await this.attributes(file.path);
    if (!found || !isPlainFile(found)) return null;
    return { ...file, bytes: found.size ?? 0, modifiedAtS: found.mtime ?? unknownTime };
  }

  /** What lies at a path, whatever it is; null when nothing does. A link is not followed. */
  async attributes(path: string): Promise<PartOf<Attributes> | null> {
    try {
      return await this.#call<PartOf<Attributes>>((done) => this.#server.lstat(path, done as never));
    } catch (error) {
      if (statusOf(error) === noSuchFile) return null;
      throw sshFault(error, this.#spec);
    }
  }

  /**
   * Read a file up to the size that its listing has named, in order, several pieces asked for ahead.
   * A file that ends earlier gives fewer bytes; whoever reads compares.
   * @throws {Fault} `file-gone`, `file-unreadable`, `source-unreachable`; `stopped` when the signal fires.
   */
  async *read(file: RemoteFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const named = (error: unknown) => {
      const code = statusOf(error);
      if (code === noSuchFile) return new Fault('file-gone', { file: file.name }, { cause: error });
      if (code === permissionDenied) return new Fault('file-unreadable', { file: file.name }, { cause: error });
      return sshFault(error, this.#spec);
    };
    const handle = await this.#call<Buffer>((done) => this.#server.open(file.path, 'r', done)).catch((error) => {
      throw named(error);
    });
    const pieces: Promise<Buffer>[] = [];
    try {
      let asked = 0;
      for (let given = 0; given < file.bytes; ) {
        if (signal.aborted) throw new Fault('stopped');
        for (; pieces.length < piecesAhead && asked < file.bytes; asked += pieceBytes) {
          const piece = this.#piece(handle, asked, Math.min(pieceBytes, file.bytes - asked));
          piece.catch(() => undefined);
          pieces.push(piece);
        }
        const bytes = await (pieces.shift() as Promise<Buffer>).catch((error) => {
          throw named(error);
        });
        if (bytes.length === 0) return;
        given += bytes.length;
        yield bytes;
        // Shorter than asked for: the file has ended.
        if (given < file.bytes && bytes.length < pieceBytes) return;
      }
    } finally {
      await Promise.allSettled(pieces);
      if (this.isOpen)
        await this.#call<void>((done) => this.#server.close(handle, (error) => done(error, undefined))).catch(() => undefined);
    }
  }

  /** One piece, whole unless the file ends in it: a server may answer with less than was asked for. */
  async #piece(handle: Buffer, from: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    let have = 0;
    while (have < length) {
      const at = have;
      const got = await this.#call<number>((done) =>
        this.#server.read(handle, bytes, at, length - at, from + at, (error, count) => {
          if (error && statusOf(error) === endOfFile) done(null, 0);
          else done(error, count);
        }),
      );
      if (got === 0) break;
      have += got;
    }
    return bytes.subarray(0, have);
  }

  /** Give a file another name. A server of version 3 refuses when something has it already; not every server keeps to that. */
  rename(from: string, to: string): Promise<void> {
    return this.#change((done) => this.#server.rename(from, to, done));
  }

  remove(path: string): Promise<void> {
    return this.#change((done) => this.#server.unlink(path, done));
  }

  makeFolder(path: string): Promise<void> {
    return this.#change((done) => this.#server.mkdir(path, done));
  }

  /** A no of the server is thrown as it is: what was wanted decides what it means. */
  #change(ask: (done: (error?: Error | null) => void) => unknown): Promise<void> {
    return this.#call<void>((done) => ask((error) => done(error, undefined)));
  }

  close(): void {
    this.#break(new Fault('stopped'));
  }
}

type PartOf<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** The time of a file whose server does not tell it. Such a file is known by its content alone. */
export const unknownTime = -1;

/** What tells one content of a file from the next, as far as a server can. */
export const markOf = ({ bytes, modifiedAtS }: RemoteFile) => `${bytes} ${modifiedAtS}`;

const kindBits = 0o170000;
const plainKind = 0o100000;

const isPlainFile = ({ mode }: PartOf<Attributes>) => mode !== undefined && (mode & kindBits) === plainKind;
const isWhole = ({ mode, size, mtime }: PartOf<Attributes>) => mode !== undefined && size !== undefined && mtime !== undefined;

/** A name that is one name, on this system and on any other. */
function isUsableName(name: string): boolean {
  return name !== '' && !/[/\\\n\t]/.test(name) && visibleText(name) === name;
}

/** Hang up: say no to the key, after the reason was noted. */
function refuseAfter(note: () => void): false {
  note();
  return false;
}
