import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import ssh2, { type Attributes, type AuthContext, type AuthenticationType, type Connection, type FileEntry, type SFTPWrapper } from 'ssh2';

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;

/** One file of the sandbox server. `mode` is a Unix mode with its type, a plain file by default; `mtime` in seconds. */
export type ServedFile = { readonly content: Buffer; readonly mtime: number; readonly mode?: number; readonly isForbidden?: boolean };

/** What the server does wrong on purpose, until it is told otherwise. */
export type SftpFaults = {
  /** Cut the line when so many bytes of a file were sent. */
  cutAfterBytes: number | null;
  /** Take the line and never answer anything. */
  isSilent: boolean;
  /** Never answer a read. */
  hangsAtRead: boolean;
  /** Answer each read with at most so many bytes. */
  mostReadBytes: number | null;
  /** Answer one read after the other, each after so long. */
  readMs: number;
  /** List names alone; `all` also when asked for one file. */
  leavesOut: 'nothing' | 'in lists' | 'all times';
  /** End the SFTP channel at the next question; the SSH line stays. */
  closesChannel: boolean;
  /** Refuse to rename, to delete, or to make anything in a folder. */
  forbids: 'nothing' | 'renaming' | 'removing' | 'the archive';
  /** The mode that folders show. */
  folderMode: number;
  /** Let nobody through to another server. */
  forbidsForwarding: boolean;
  /** Cut the line at the next change that is asked for: before it is made, or when it is made and before that is said. */
  cutsAtChange: 'never' | 'before' | 'after';
  /** Called before a change is made: somebody else may be writing at the same moment. */
  beforeChange: ((path: string) => void) | null;
};

export type SandboxSftp = {
  readonly port: number;
  /** The private half of the host key, to start another server with the same. */
  readonly hostKey: string;
  /** Its public half as it is sent. */
  readonly hostKeyBlob: Buffer;
  /** Files by their whole path. */
  readonly files: Map<string, ServedFile>;
  readonly faults: SftpFaults;
  /** The ways in which somebody has tried to log in, in order: nothing of them is kept but the method. */
  readonly logins: string[];
  /** The files that somebody has opened, in order. */
  readonly opened: string[];
  /** Where somebody was let through to, in order. */
  readonly forwarded: string[];
  /** What somebody has changed, in order. */
  readonly changed: string[];
  close(): Promise<void>;
};

/**
 * An SFTP server on 127.0.0.1 that keeps its files in memory and can be made to fail.
 * It takes the user `hotel` with the password or the public key that it is started with; keyboard-interactive asks for the password.
 */
export async function startSftp(options: {
  readonly password: string;
  readonly publicKey?: string;
  readonly hostKey?: string;
  readonly port?: number;
  readonly algorithms?: ssh2.Algorithms;
  readonly onlyKeyboard?: boolean;
}): Promise<SandboxSftp> {
  const hostKey = options.hostKey ?? newKeyPair().private;
  const files = new Map<string, ServedFile>();
  const faults: SftpFaults = {
    cutAfterBytes: null,
    isSilent: false,
    hangsAtRead: false,
    mostReadBytes: null,
    readMs: 0,
    leavesOut: 'nothing',
    closesChannel: false,
    forbids: 'nothing',
    forbidsForwarding: false,
    folderMode: 0o040755,
    cutsAtChange: 'never',
    beforeChange: null,
  };
  const logins: string[] = [];
  const opened: string[] = [];
  const changed: string[] = [];
  const forwarded: string[] = [];
  const folders = new Set(['/exports']);
  const sockets = new Set<Socket>();
  const server = new ssh2.Server({ hostKeys: [hostKey], ...(options.algorithms ? { algorithms: options.algorithms } : {}) });
  server.on('connection', (connection: Connection) => {
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => authenticate(context, options, logins));
    // A server that nobody listens at for this says that it is prohibited.
    if (!faults.forbidsForwarding)
      connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
        forwarded.push(`${destIP}:${destPort}`);
        letThrough(destPort, accept, reject);
      });
    connection.on('session', (accept) =>
      accept().on('sftp', (acceptSftp) => serve(acceptSftp(), connection, { files, folders, faults, opened, changed })),
    );
  });
  const door: NetServer = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    if (!faults.isSilent) server.injectSocket(socket);
  });
  door.listen(options.port ?? 0, '127.0.0.1');
  await once(door, 'listening');
  return {
    port: (door.address() as AddressInfo).port,
    hostKey,
    hostKeyBlob: publicBlob(hostKey),
    files,
    faults,
    logins,
    opened,
    changed,
    forwarded,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      door.close();
      await once(door, 'close');
    },
  };
}

/** Connect somebody to another server of this machine. */
function letThrough(port: number, accept: () => Duplex, reject: () => void): void {
  const socket = connect(port, '127.0.0.1');
  socket.once('error', reject);
  socket.once('connect', () => {
    socket.off('error', reject);
    const channel = accept();
    socket.pipe(channel).pipe(socket);
    socket.on('error', () => channel.end());
    channel.on('error', () => socket.destroy());
    channel.on('close', () => socket.destroy());
  });
}

/** A pair whose halves can be read again: of 256 that the library makes, one lacks a zero byte. @source github.com/mscdex/ssh2/issues/1390 */
export function newKeyPair(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    if (![pair.private, pair.public].some((half) => ssh2.utils.parseKey(half) instanceof Error)) return pair;
  }
}

function publicBlob(privateKey: string): Buffer {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return key.getPublicSSH();
}

function authenticate(
  context: AuthContext,
  options: { readonly password: string; readonly publicKey?: string; readonly onlyKeyboard?: boolean },
  logins: string[],
): void {
  logins.push(context.method);
  const methods: AuthenticationType[] = options.onlyKeyboard ? ['keyboard-interactive'] : ['password', 'publickey', 'keyboard-interactive'];
  const isHotel = context.username === 'hotel';
  if (isHotel && context.method === 'keyboard-interactive') {
    context.prompt([{ prompt: 'Password: ', echo: false }], ([answer]) => {
      if (answer === options.password) context.accept();
      else context.reject();
    });
  } else if (isHotel && (isRightPassword(context, options) || isRightKey(context, options.publicKey))) context.accept();
  else context.reject(methods);
}

function isRightPassword(context: AuthContext, options: { readonly password: string; readonly onlyKeyboard?: boolean }): boolean {
  return context.method === 'password' && !options.onlyKeyboard && context.password === options.password;
}

/** The client first asks whether a key would do, then signs with it. */
function isRightKey(context: AuthContext, publicKey: string | undefined): boolean {
  const key = publicKey === undefined ? new Error('no key') : ssh2.utils.parseKey(publicKey);
  if (context.method !== 'publickey' || key instanceof Error || !context.key.data.equals(key.getPublicSSH())) return false;
  return context.signature === undefined || key.verify(context.blob as Buffer, context.signature, context.hashAlgo as string) === true;
}

const plainFile = 0o100644;
type Folders = { readonly folders: Set<string> };

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

function serve(
  sftp: SFTPWrapper,
  connection: Connection,
  { files, folders, faults, opened, changed }: Pick<SandboxSftp, 'files' | 'faults' | 'opened' | 'changed'> & Folders,
): void {
  const handles = new Map<number, { readonly path: string; entries?: FileEntry[] }>();
  let nextHandle = 1;
  let sentBytes = 0;
  let reading = Promise.resolve();
  const open = (id: number, handle: { path: string; entries?: FileEntry[] }) => {
    const number = nextHandle++;
    handles.set(number, handle);
    const name = Buffer.alloc(4);
    name.writeUInt32BE(number);
    sftp.handle(id, name);
  };
  const attributes = (file: ServedFile) => {
    const times = faults.leavesOut === 'all times' ? {} : { atime: file.mtime, mtime: file.mtime };
    return { mode: file.mode ?? plainFile, uid: 0, gid: 0, size: file.content.length, ...times } as Attributes;
  };
  const stat = (id: number, path: string) => {
    const file = files.get(path);
    if (file) sftp.attrs(id, attributes(file));
    else if (folders.has(path)) sftp.attrs(id, { mode: faults.folderMode, uid: 0, gid: 0, size: 4096, atime: 0, mtime: 0 } as Attributes);
    else sftp.status(id, STATUS_CODE.NO_SUCH_FILE);
  };
  /** Make a change and say so, or refuse it; the line may be cut on either side of it. */
  const change = (id: number, what: string, isAllowed: boolean, make: () => boolean) => {
    faults.beforeChange?.(what);
    const cut = faults.cutsAtChange;
    faults.cutsAtChange = 'never';
    if (cut === 'before') return void connection.end();
    if (!isAllowed) return sftp.status(id, STATUS_CODE.PERMISSION_DENIED);
    const isMade = make();
    if (isMade) changed.push(what);
    if (cut === 'after') return void connection.end();
    sftp.status(id, isMade ? STATUS_CODE.OK : STATUS_CODE.FAILURE);
  };
  sftp.on('RENAME', (id, from, to) => {
    const isAllowed = faults.forbids !== 'renaming' && (faults.forbids !== 'the archive' || parentOf(to) === '/exports');
    change(id, `${from} > ${to}`, isAllowed, () => {
      const file = files.get(from);
      // Version 3 never overwrites.
      if (!file || files.has(to) || !folders.has(parentOf(to))) return false;
      files.delete(from);
      files.set(to, file);
      return true;
    });
  });
  sftp.on('REMOVE', (id, path) => change(id, `- ${path}`, faults.forbids !== 'removing', () => files.delete(path)));
  sftp.on('MKDIR', (id, path) => {
    change(id, `+ ${path}`, faults.forbids !== 'the archive', () => {
      const isNew = !folders.has(path);
      folders.add(path);
      return isNew;
    });
  });
  sftp.on('OPENDIR', (id, path) => {
    if (faults.closesChannel) {
      faults.closesChannel = false;
      sftp.end();
      return;
    }
    const inside = [...files].filter(([name]) => parentOf(name) === path);
    if (inside.length === 0 && !folders.has(path)) {
      sftp.status(id, STATUS_CODE.NO_SUCH_FILE);
      return;
    }
    const entries = inside.map(([name, file]) => {
      const filename = name.slice(path.length + (path.endsWith('/') ? 0 : 1));
      const attrs = faults.leavesOut === 'nothing' ? attributes(file) : ({} as Attributes);
      return { filename, longname: filename, attrs } as FileEntry;
    });
    open(id, { path, entries });
  });
  sftp.on('READDIR', (id, handle) => {
    const found = handles.get(handle.readUInt32BE(0));
    const some = found?.entries?.splice(0, 100) ?? [];
    if (some.length === 0) sftp.status(id, STATUS_CODE.EOF);
    else sftp.name(id, some);
  });
  sftp.on('LSTAT', stat);
  sftp.on('STAT', stat);
  sftp.on('OPEN', (id, path, flags) => {
    const file = files.get(path);
    if (!file) {
      sftp.status(id, STATUS_CODE.NO_SUCH_FILE);
      return;
    }
    if (file.isForbidden || (flags & OPEN_MODE.WRITE) !== 0) {
      sftp.status(id, STATUS_CODE.PERMISSION_DENIED);
      return;
    }
    opened.push(path);
    open(id, { path });
  });
  sftp.on('READ', (id, handle, offset, length) => {
    if (faults.hangsAtRead) return;
    const file = files.get(handles.get(handle.readUInt32BE(0))?.path ?? '');
    const bytes = file?.content.subarray(offset, offset + Math.min(length, faults.mostReadBytes ?? length)) ?? Buffer.alloc(0);
    if (faults.cutAfterBytes !== null && sentBytes + bytes.length > faults.cutAfterBytes) {
      connection.end();
      return;
    }
    sentBytes += bytes.length;
    const answer = () => {
      if (bytes.length === 0) sftp.status(id, STATUS_CODE.EOF);
      else sftp.data(id, bytes);
    };
    if (faults.readMs === 0) return answer();
    reading = reading.then(() => after(faults.readMs)).then(answer);
  });
  sftp.on('CLOSE', (id, handle) => {
    handles.delete(handle.readUInt32BE(0));
    sftp.status(id, STATUS_CODE.OK);
  });
}
