import { posix } from 'node:path';
import { z } from 'zod';
import { Fault } from '../../../../contract/faults.ts';
import { entityNames } from '../../../../contract/record.ts';
import { sleep } from '../../../resilience/policies.ts';
import { defineConnector, type KeptFile, type OpenContext, type SourceFile, type SourceSession } from '../../connector.ts';
import { dropPlan, dropSettings, hideCardNumbers, nameMatcher } from '../../csv-drops.ts';
import { hostKeyShape } from './host-key.ts';
import { makeKeyPair, publicHalf } from './key.ts';
import { type LineSpec, markOf, type RemoteFile, SftpLine, unknownTime } from './line.ts';
import { isAside, type PutAwayOrder, putAway } from './put-away.ts';

const settings = z.strictObject({
  host: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,253}$/, 'a name or an address, without sftp:// and without a path')
    .meta({ title: 'Server', description: 'Its name or address.', examples: ['sftp.pms.example.com'] }),
  port: z.int().min(1).max(65_535).default(22).meta({ title: 'Port', 'x-advanced': true }),
  user: z.string().min(1).max(200).meta({ title: 'User name' }),
  hostKey: z
    .string()
    .trim()
    .regex(hostKeyShape, 'a host key looks like ssh-ed25519 SHA256: and 43 signs')
    .optional()
    .meta({
      title: 'Host key',
      description: 'By it you know the server again. Test the connection to see it, and compare it with what the operator tells you.',
      examples: ['ssh-ed25519 SHA256:…'],
    }),
  serverFolder: z
    .string()
    .startsWith('/', 'starts with a slash')
    .default('/')
    .meta({ title: 'Folder on the server', examples: ['/exports/bookings'] }),
  ...dropSettings,
  afterwards: z
    .enum(['leave', 'move', 'delete'])
    .default('leave')
    .meta({
      title: 'When everything of a file is kept',
      'x-titles': { leave: 'leave it on the server', move: 'move it to another folder of the server', delete: 'delete it from the server' },
    }),
  archiveFolder: z
    .string()
    .regex(/^\/?(?!\.{1,2}(?:\/|$))[^\0/]+(?:\/(?!\.{1,2}(?:\/|$))[^\0/]+)*$/, 'the name of a folder, or its path from the slash on')
    .default('taken')
    .meta({
      title: 'Folder for files that were taken',
      description: 'Within the folder on the server, or its whole path. It is made when it is not there.',
      'x-advanced': true,
    }),
  hideCardNumbers,
});
type Settings = z.infer<typeof settings>;

/** Times on the server are whole seconds: what was written later than this after the last change cannot look the same. */
const tieSeconds = 2;
/** A line that nobody uses is given back; the next look makes a new one. */
const idleLineMs = 60_000;

/**
 * CSV files that a hotel system puts on an SFTP server.
 *
 * Nothing is sent to a server before its host key was compared with the one that a person has confirmed. A file is offered when it is
 * complete, as in a folder of this PC; it is read to its listed size and must then still be what it was.
 */
export default defineConnector({
  id: 'sftp-csv',
  title: 'Files on an SFTP server',
  summary: 'Reads the CSV files that the hotel system puts on an SFTP server.',
  settings,
  secrets: {
    password: { title: 'Password', description: 'Leave it empty if you log in with a key.', isRequired: false },
    privateKey: {
      title: 'Private key',
      description: 'The whole text of the key file: OpenSSH, or PuTTY of version 2 for RSA.',
      isRequired: false,
      isLong: true,
      maker: {
        make: makeKeyPair,
        handOver: ({ privateKey = '', passphrase }, whose) => publicHalf(privateKey, passphrase, whose),
      },
    },
    passphrase: { title: 'Passphrase of the key', description: 'Only if the key has one.', isRequired: false },
  },
  entities: entityNames,
  sample: { host: '127.0.0.1', port: 9, user: 'hotel', serverFolder: '/exports' },

  checks: (given, context) => {
    const spec = lineSpec(given, context);
    const withLine = async <T>(signal: AbortSignal, run: (line: SftpLine) => Promise<T>): Promise<T> => {
      const line = await SftpLine.open(spec, signal);
      try {
        return await run(line);
      } finally {
        line.close();
      }
    };
    const listed = async (line: SftpLine) => {
      const { files, unusable } = await line.list(given.serverFolder);
      return { files: fitting(given, files), unusable };
    };
    return [
      {
        step: 'host-key',
        title: 'Compare the host key',
        run: async () => {
          const key = await SftpLine.hostKey(spec);
          if (given.hostKey === undefined) throw new Fault('host-key-unknown', { host: given.host, key: key.text, words: key.words });
          if (given.hostKey !== key.text) throw new Fault('host-key-changed', { host: given.host, pinned: given.hostKey, key: key.text });
          return { found: key.text };
        },
      },
      { step: 'login', title: 'Log in', run: (signal) => withLine(signal, async () => ({ found: given.user })) },
      {
        step: 'files',
        title: 'Look for files',
        run: (signal) =>
          withLine(signal, async (line) => {
            const { files, unusable } = await listed(line);
            const newest = files.at(-1);
            if (!newest) return { found: `no file like ${given.pattern} yet`, isWarning: true };
            if (unusable > 0) return { found: `${unusable} names cannot be used; ${files.length} like ${given.pattern}`, isWarning: true };
            return { found: `${files.length} like ${given.pattern}, newest ${newest.name}` };
          }),
      },
      {
        step: 'read',
        title: 'Open the newest file',
        run: (signal) =>
          withLine(signal, async (line) => {
            const newest = (await listed(line)).files.at(-1);
            if (!newest) return { found: 'nothing to open yet', isWarning: true };
            await line.read({ ...newest, bytes: Math.min(newest.bytes, 1) }, signal).next();
            return { found: `${newest.name}, ${newest.bytes} bytes` };
          }),
      },
      ...(given.afterwards === 'leave'
        ? []
        : [
            {
              step: 'archive',
              title: 'May files be put away',
              run: (signal: AbortSignal) => withLine(signal, (line) => mayPutAway(line, given)),
            },
          ]),
    ];
  },

  open: async (given, context) => new SftpSession(given, context),
});

function lineSpec(given: Settings, { secrets }: Pick<OpenContext, 'secrets'>): LineSpec {
  const { host, port, user, hostKey } = given;
  const secret = (name: string) => secrets[name] || undefined;
  return { host, port, user, hostKey, password: secret('password'), privateKey: secret('privateKey'), passphrase: secret('passphrase') };
}

function putAwayOrder({ host, user, serverFolder, archiveFolder }: Settings, afterwards: PutAwayOrder['afterwards']): PutAwayOrder {
  return { afterwards, host, user, folder: serverFolder, archive: posix.resolve(serverFolder, archiveFolder) };
}

const anyWriteBit = 0o222;

/**
 * Say what can be told about putting files away without writing anything.
 * @throws {Fault} where it is sure to be refused.
 */
async function mayPutAway(line: SftpLine, given: Settings): Promise<{ found: string; isWarning?: boolean }> {
  if (given.afterwards === 'leave') return { found: 'files stay where they are' };
  const order = putAwayOrder(given, given.afterwards);
  const { host, user, folder, archive } = order;
  const goesTo = given.afterwards === 'move' ? archive : folder;
  const [from, to] = [await line.attributes(folder), await line.attributes(goesTo)];
  const isShut = [from, to].some((one) => one?.mode !== undefined && (one.mode & anyWriteBit) === 0);
  if (isShut && given.afterwards === 'move') throw new Fault('archive-refused', { host, user, folder, archive });
  if (isShut) throw new Fault('removal-refused', { host, user, folder });
  const newest = fitting(given, (await line.list(folder)).files).at(-1);
  if (newest?.modifiedAtS === unknownTime) throw new Fault('archive-unsure', { host, file: newest.name });
  return { found: `not tried, because that would write: the first file that is taken will show it (${goesTo})` };
}

/** The files of a listing that fit the pattern, in the order of their names: an export's name holds its time. */
function fitting(given: Settings, files: readonly RemoteFile[]): RemoteFile[] {
  const fits = nameMatcher(given.pattern);
  return files.filter((file) => fits(file.name) && !isAside(file.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

class SftpSession implements SourceSession {
  readonly plan;
  readonly #given: Settings;
  readonly #spec: LineSpec;
  /** The mark under which a file of this start was taken. */
  readonly #known = new Map<string, string>();
  #line: SftpLine | null = null;
  #idle: NodeJS.Timeout | null = null;

  constructor(given: Settings, context: OpenContext) {
    this.#given = given;
    this.#spec = lineSpec(given, context);
    this.plan = dropPlan(given, given.afterwards === 'leave' ? null : { kind: 'put-away-file' });
  }

  async files(signal: AbortSignal): Promise<readonly SourceFile[]> {
    const all = await this.#listed(signal);
    const fresh = fitting(this.#given, all).filter((file) => this.#known.get(file.path) !== markOf(file));
    if (fresh.length === 0 || signal.aborted) return [];
    const complete = this.#given.completeWhen === 'done-file' ? withDoneFile(fresh, all) : await this.#standingStill(fresh, signal);
    return complete.map(({ file, isMarkProof }) => this.#sourceFile(file, isMarkProof));
  }

  async #standingStill(files: readonly RemoteFile[], signal: AbortSignal): Promise<Complete[]> {
    const seconds = this.#given.stillSeconds;
    await sleep(seconds * 1000, signal);
    // Stopped before the time was over: none of them has been watched for long enough.
    if (signal.aborted) return [];
    const now = new Map((await this.#listed(signal)).map((file) => [file.path, markOf(file)]));
    const still = files.filter((file) => now.get(file.path) === markOf(file));
    return still.map((file) => ({ file, isMarkProof: seconds >= tieSeconds && file.modifiedAtS !== unknownTime }));
  }

  #sourceFile(file: RemoteFile, isMarkProof: boolean): SourceFile {
    return {
      name: file.name,
      path: file.path,
      bytes: file.bytes,
      mark: markOf(file),
      isMarkProof,
      read: (signal) => this.#read(file, signal),
      isUnchanged: async (signal) => {
        const found = await (await this.#open(signal)).look(file);
        this.#restLater();
        return found !== null && markOf(found) === markOf(file);
      },
    };
  }

  async *#read(file: RemoteFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const line = await this.#open(signal);
    const stop = () => line.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      yield* line.read(file, signal);
    } catch (error) {
      throw signal.aborted ? new Fault('stopped') : error;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#restLater();
    }
  }

  async #listed(signal: AbortSignal): Promise<RemoteFile[]> {
    return this.#onLine(signal, async (line) => (await line.list(this.#given.serverFolder)).files);
  }

  /** Do something over the line; a stop ends it at once. */
  async #onLine<T>(signal: AbortSignal, run: (line: SftpLine) => Promise<T>): Promise<T> {
    const line = await this.#open(signal);
    const stop = () => line.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await run(line);
    } catch (error) {
      throw signal.aborted ? new Fault('stopped') : error;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#restLater();
    }
  }

  /** The line, made anew when there is none or it broke: after sleep the first question finds out. */
  async #open(signal: AbortSignal): Promise<SftpLine> {
    if (this.#idle) clearTimeout(this.#idle);
    if (!this.#line?.isOpen) this.#line = await SftpLine.open(this.#spec, signal);
    return this.#line;
  }

  #restLater(): void {
    if (this.#idle) clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#line?.close(), idleLineMs);
    this.#idle.unref();
  }

  taken(file: SourceFile): void {
    if (file.isMarkProof) this.#known.set(file.path, file.mark);
  }

  async putAway(file: KeptFile, signal: AbortSignal): Promise<void> {
    const { afterwards } = this.#given;
    if (afterwards === 'leave') return;
    await this.#onLine(signal, (line) => putAway(line, file, putAwayOrder(this.#given, afterwards), signal));
  }

  async close(): Promise<void> {
    if (this.#idle) clearTimeout(this.#idle);
    this.#line?.close();
    this.#line = null;
  }
}

type Complete = { readonly file: RemoteFile; readonly isMarkProof: boolean };

/** The files beside which a done-file lies that is not older than they are. */
function withDoneFile(files: readonly RemoteFile[], all: readonly RemoteFile[]): Complete[] {
  const writtenAtS = new Map(all.map((file) => [file.path, file.modifiedAtS]));
  return files.flatMap((file) => {
    const doneAtS = writtenAtS.get(`${file.path}.done`);
    if (doneAtS === undefined || doneAtS < file.modifiedAtS) return [];
    return [{ file, isMarkProof: doneAtS - file.modifiedAtS >= tieSeconds }];
  });
}
