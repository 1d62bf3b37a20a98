import type { Duplex } from 'node:stream';
import ssh2, { type Algorithms, type Client, type SFTPWrapper } from 'ssh2';
import { Fault } from '../../../../contract/faults.ts';
import { policies } from '../../../resilience/policies.ts';
import { type HostKey, hostKeyAlgorithms, hostKeyOf } from './host-key.ts';
import { readPrivateKey } from './key.ts';
import { sshFault, statusOf, wrongHostKey } from './ssh-fault.ts';

/** An SSH server and how it is logged in to. `hostKey` is the pin; without one nothing is sent to the server. */
export type SshHost = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string | undefined;
  /** The setting that holds the pin. */
  readonly pinnedIn: 'hostKey' | 'jumpHostKey';
  readonly password: string | undefined;
  readonly privateKey: string | undefined;
  readonly passphrase: string | undefined;
  /** The last day (UTC) on which this server may be reached by methods that are broken; undefined: never. */
  readonly weakUntil?: string | undefined;
};

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

/** What an old server may have to be reached by for a while. It is taken only where nothing better is offered. */
const weakAlgorithms = {
  kex: ['diffie-hellman-group-exchange-sha1', 'diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1'],
  cipher: ['aes256-cbc', 'aes192-cbc', 'aes128-cbc', '3des-cbc'],
  hmac: ['hmac-sha1-etm@openssh.com', 'hmac-sha1'],
} as const;

function algorithmsFor({ hostKey, weakUntil }: SshHost): Algorithms {
  // Looked at with every new line: an exception ends on its day, not with the next start.
  const isWeak = weakUntil !== undefined && new Date().toISOString().slice(0, 10) <= weakUntil;
  const serverHostKey = [...hostKeyAlgorithms(hostKey, isWeak ? 'weak' : 'strong')] as never;
  if (!isWeak) return { ...algorithms, serverHostKey };
  const both = <K extends keyof typeof weakAlgorithms>(kind: K) =>
    [...(algorithms[kind] as readonly string[]), ...weakAlgorithms[kind]] as never;
  return { ...algorithms, serverHostKey, kex: both('kex'), cipher: both('cipher'), hmac: both('hmac') };
}

/**
 * One SSH line. Every question has a deadline; a line that breaks ends everything that is under way with a named fault, also where the
 * driver would wait for ever.
 */
export class SshLine {
  readonly #at: SshHost;
  readonly #client: Client;
  readonly #broken = Promise.withResolvers<never>();
  #fault: Fault | null = null;
  #answeredAtMs = 0;

  constructor(at: SshHost) {
    this.#at = at;
    this.#client = new ssh2.Client();
    // Questions are small and each waits for its answer: held back to be sent together they would take 40 ms each.
    this.#client.on('connect', () => this.#client.setNoDelay(true));
    // Whoever waits for something is told; when nobody does, the next call is.
    this.#broken.promise.catch(() => undefined);
    this.#client.on('error', (error) => this.break(sshFault(error, at)));
    this.#client.on('close', () => this.break(closed(at.host)));
  }

  /** What has ended the line, or null while it holds. */
  get fault(): Fault | null {
    return this.#fault;
  }

  /** Called once when the line breaks. */
  onBreak(tell: (fault: Fault) => void): void {
    this.#broken.promise.catch(tell);
  }

  /**
   * Log in, over the network or over another line.
   * @throws {Fault} `host-key-unknown` and `host-key-changed` before a user name or a password was sent; `login-refused`, `ssh-weak`,
   *   `source-unreachable`; `secret-missing` and the faults of {@link readPrivateKey} for what is wrong on this side.
   */
  async login(over: Duplex | null): Promise<void> {
    const { host, hostKey, user, password, privateKey, passphrase } = this.#at;
    if (password === undefined && privateKey === undefined) throw new Fault('secret-missing', { field: 'Password', connection: host });
    if (privateKey !== undefined) readPrivateKey(privateKey, passphrase, host);
    const ready = new Promise<void>((resolve) => this.#client.once('ready', resolve));
    // Some servers ask for the password in a dialogue of their own.
    this.#client.on('keyboard-interactive', (_name, _instructions, _language, prompts, finish) =>
      finish(prompts.map((prompt) => (prompt.echo ? user : (password ?? '')))),
    );
    this.#dial(over, {
      ...(privateKey === undefined ? {} : { privateKey: privateKey.trim(), ...(passphrase === undefined ? {} : { passphrase }) }),
      ...(password === undefined ? {} : { password, tryKeyboard: true }),
      hostVerifier: (blob: Buffer) => {
        const found = hostKeyOf(blob);
        if (found.text === hostKey) return true;
        return refuseAfter(() => this.break(wrongHostKey(this.#at, found)));
      },
    });
    await Promise.race([ready, this.#broken.promise]);
  }

  /** Ask the server for its host key and hang up before anything else is said. */
  async askHostKey(over: Duplex | null): Promise<HostKey> {
    const { promise, resolve } = Promise.withResolvers<HostKey>();
    this.#dial(over, { hostVerifier: (blob: Buffer) => refuseAfter(() => resolve(hostKeyOf(blob))) });
    return Promise.race([promise, this.#broken.promise]);
  }

  #dial(over: Duplex | null, more: Parameters<Client['connect']>[0]): void {
    const { host, port, user } = this.#at;
    this.#client.connect({
      ...(over ? { sock: over } : { host, port }),
      username: user,
      readyTimeout: policies.headersTimeoutMs,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 3,
      algorithms: algorithmsFor(this.#at),
      ...more,
    });
  }

  /** Open the channel of files. It can end while the line around it lives. */
  async files(): Promise<SFTPWrapper> {
    const sftp = await this.call<SFTPWrapper>((done) => this.#client.sftp(done));
    sftp.once('close', () => this.break(closed(this.#at.host)));
    sftp.on('error', (error: unknown) => this.break(sshFault(error, this.#at)));
    return sftp;
  }

  /**
   * A line through this one to another host, as this host sees it.
   * @throws {Fault} `jump-refused` when this host does not let anybody through, `source-unreachable` when it does not get there.
   */
  async through(host: string, port: number): Promise<Duplex> {
    const connected = (done: (error: Error | null | undefined, value: Duplex) => void) =>
      this.#client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        const reason = (error as { reason?: unknown } | undefined)?.reason;
        if (typeof reason !== 'number') return done(error, channel);
        const detail = `${this.#at.host} does not get there`;
        // @source RFC 4254 §5.1: 2 is "connect failed"; every other reason is a no of this host.
        const fault =
          reason === 2
            ? new Fault('source-unreachable', { host, detail }, { cause: error })
            : new Fault('jump-refused', { host: this.#at.host, user: this.#at.user, target: `${host}:${port}` }, { cause: error });
        done(fault, channel);
      });
    return this.call<Duplex>(connected);
  }

  break(fault: Fault): void {
    if (this.#fault !== null) return;
    this.#fault = fault;
    this.#broken.reject(fault);
    this.#client.destroy();
  }

  /** One question to the server, with an end: its answer, the end of the line, or the deadline. */
  async call<T>(ask: (done: (error: Error | null | undefined, value: T) => void) => unknown): Promise<T> {
    if (this.#fault) throw this.#fault;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // Questions queue behind each other on a slow line: what counts is that anything is answered, not how long this one waits.
    const askedAtMs = performance.now();
    const look = () => {
      const silentMs = performance.now() - Math.max(this.#answeredAtMs, askedAtMs);
      if (silentMs < policies.bodyTimeoutMs) timer = setTimeout(look, policies.bodyTimeoutMs - silentMs);
      // A server that says nothing any more says nothing to the next question either.
      else this.break(new Fault('source-unreachable', { host: this.#at.host, detail: `no answer for ${policies.bodyTimeoutMs / 1000} s` }));
    };
    let timer = setTimeout(look, policies.bodyTimeoutMs);
    try {
      ask((error, value) => {
        this.#answeredAtMs = performance.now();
        if (!error) resolve(value);
        else if (error instanceof Fault || statusOf(error) !== null) reject(error);
        // Not the server's no, but the driver's: it has lost the channel, sometimes a moment before it says that it has.
        else this.break(sshFault(error, this.#at));
      });
      return await Promise.race([promise, this.#broken.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function closed(host: string): Fault {
  return new Fault('source-unreachable', { host, detail: 'the line was closed' });
}

/** Hang up: say no to the key, after the reason was noted. */
function refuseAfter(note: () => void): false {
  note();
  return false;
}
