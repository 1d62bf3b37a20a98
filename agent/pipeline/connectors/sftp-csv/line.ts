import { posix } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Attributes, FileEntryWithStats, SFTPWrapper } from 'ssh2';
import { Fault } from '../../../../contract/faults.ts';
import { visibleText } from '../../../../contract/raw-bytes.ts';
import type { HostKey } from './host-key.ts';
import { endOfFile, noSuchFile, permissionDenied, sshFault, statusOf } from './ssh-fault.ts';
import { type SshHost, SshLine } from './ssh-line.ts';

/** A file server, and the host through which it is reached where it is not reached directly. */
export type LineSpec = SshHost & { readonly jump?: SshHost | undefined };

/** A plain file of the server, as its listing shows it. Times are whole seconds of the server's clock. */
export type RemoteFile = { readonly name: string; readonly path: string; readonly bytes: number; readonly modifiedAtS: number };

/** Less than the driver splits a question at: 31,952 bytes for a server that does not call itself OpenSSH. */
const pieceBytes = 31 * 1024;
/** No folder holds more than this: a listing that goes on is none. */
const mostEntries = 500_000;
/** So many pieces are asked for ahead: on a far line the way there and back would otherwise be waited for with each. */
const piecesAhead = 16;

/** The files of a server, over one SSH line. */
export class SftpLine {
  readonly #spec: LineSpec;
  readonly #lines: readonly SshLine[];
  readonly #ssh: SshLine;
  readonly #server: SFTPWrapper;

  private constructor(spec: LineSpec, lines: readonly SshLine[], ssh: SshLine, server: SFTPWrapper) {
    this.#spec = spec;
    this.#lines = lines;
    this.#ssh = ssh;
    this.#server = server;
  }

  /** Log in, at the jump host first where there is one. @throws {Fault} what {@link SshLine.login} throws of either host. */
  static async open(spec: LineSpec, signal: AbortSignal): Promise<SftpLine> {
    return onLines(spec, signal, async (lines, ssh, over) => {
      await ssh.login(over);
      return new SftpLine(spec, lines, ssh, await ssh.files());
    });
  }

  /** Ask a server for its host key and hang up before anything else is said. At a jump host somebody has to log in for that. */
  static async hostKey(spec: Pick<LineSpec, 'host' | 'port' | 'hostKey' | 'jump'>, signal = never): Promise<HostKey> {
    const nobody = { user: 'nobody', password: undefined, privateKey: undefined, passphrase: undefined };
    return onLines({ ...nobody, pinnedIn: 'hostKey', ...spec }, signal, async (lines, ssh, over) => {
      try {
        return await ssh.askHostKey(over);
      } finally {
        hangUp(lines);
      }
    });
  }

  get isOpen(): boolean {
    return this.#ssh.fault === null;
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
      const handle = await this.#ssh.call<Buffer>((done) => this.#server.opendir(folder, done));
      for (;;) {
        // A part at a time, each with its own deadline: a folder of fifty thousand files comes in five hundred.
        const part = await this.#ssh.call<FileEntryWithStats[] | null>((done) =>
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
      await this.#ssh.call<void>((done) => this.#server.close(handle, (error) => done(error, undefined)));
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
      return await this.#ssh.call<PartOf<Attributes>>((done) => this.#server.lstat(path, done as never));
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
    const handle = await this.#ssh
      .call<Buffer>((done) => this.#server.open(file.path, 'r', done))
      .catch((error) => {
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
        await this.#ssh.call<void>((done) => this.#server.close(handle, (error) => done(error, undefined))).catch(() => undefined);
    }
  }

  /** One piece, whole unless the file ends in it: a server may answer with less than was asked for. */
  async #piece(handle: Buffer, from: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    let have = 0;
    while (have < length) {
      const at = have;
      const got = await this.#ssh.call<number>((done) =>
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
    return this.#ssh.call<void>((done) => ask((error) => done(error, undefined)));
  }

  close(): void {
    hangUp(this.#lines);
  }
}

/** Log in and hang up. @throws {Fault} what {@link SshLine.login} throws. */
export async function tryLogin(host: SshHost, signal: AbortSignal): Promise<void> {
  await onLines(host, signal, async (lines, ssh) => {
    await ssh.login(null);
    hangUp(lines);
  });
}

const never = new AbortController().signal;

/** Do something on a new line. Whatever it ends in, nothing stays open then but what it has given back. */
async function onLines<T>(
  spec: LineSpec,
  signal: AbortSignal,
  run: (lines: readonly SshLine[], ssh: SshLine, over: Duplex | null) => Promise<T>,
): Promise<T> {
  const ssh = new SshLine(spec);
  const jump = spec.jump && new SshLine(spec.jump);
  const lines = jump ? [ssh, jump] : [ssh];
  const stop = () => hangUp(lines);
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    await jump?.login(null);
    // A jump host that is lost takes the line through it along, and is the one to be named.
    jump?.onBreak((fault) => ssh.break(fault));
    const over = (await jump?.through(spec.host, spec.port)) ?? null;
    return await run(lines, ssh, over);
  } catch (error) {
    hangUp(lines);
    throw signal.aborted ? new Fault('stopped') : sshFault(error, spec);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function hangUp(lines: readonly SshLine[]): void {
  for (const line of lines) line.break(new Fault('stopped'));
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
