import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../../../contract/faults.ts';
import { policies, sleep } from '../../../resilience/policies.ts';
import type { Logins } from '../../connector.ts';
import { noteFailedLogin } from '../../failed-login.ts';
import type { OracleAddress } from './address.ts';
import type { Answer, Ask, Login, OracleError, Ready, Rows, Way } from './driver.ts';
import { breaksTheLine, oracleFault } from './faults.ts';

type Binds = Readonly<Record<string, string | number>>;
/** `rows`: at most so many; 0 for all. `place` names the table in a fault. */
export type Asked = { readonly rows?: number; readonly doing: string; readonly place?: string };
export type Asker = (sql: string, binds: Binds, asked: Asked) => Promise<Rows>;

type Spec = {
  readonly address: OracleAddress;
  readonly user: string;
  readonly password: string;
  /** The ways to try, the first that the server takes. */
  readonly ways: readonly Way[];
  readonly caPem?: string | undefined;
  readonly logins?: Logins | undefined;
};

/** What was found on the way in. `tried`: the ways that the server did not take, with why. */
export type WayIn = Login & { readonly way: Way; readonly tried: readonly string[] };

/** Only these say that another way in may help. */
const otherWayHelps = new Set(['NJS-138', 'NJS-116', 'NJS-533', 'ORA-12660', 'DPI-1047', 'DPI-1050', 'DPI-1072']);

/**
 * One line to one Oracle database, in a child process: it is started when it is first needed, and anew after whatever has broken it. Two
 * at most are open at a database: the one that reads, and the one of a test.
 */
export class OracleLine {
  readonly #spec: Spec;
  #child: Child | null = null;
  #in: WayIn | null = null;
  #before: Promise<unknown> = Promise.resolve();

  constructor(spec: Spec) {
    this.#spec = spec;
  }

  get account(): string {
    const { address, user } = this.#spec;
    return `${address.shown}/${address.name} ${user}`.toLowerCase();
  }

  /** Log in, if that was not done yet. */
  login(signal: AbortSignal): Promise<WayIn> {
    return this.#inTurn(() => this.#connected(signal));
  }

  /**
   * Ask in one transaction that reads only: all of it sees one state of the database. It is short, so that the database need not keep old
   * states for us.
   */
  readOnly<T>(signal: AbortSignal, run: (ask: Asker) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await this.#connected(signal);
      await this.#execute('SET TRANSACTION READ ONLY', {}, { doing: 'beginning to read' }, signal);
      try {
        return await run((sql, binds, asked) => this.#execute(sql, binds, asked, signal));
      } finally {
        await this.#child?.ask({ kind: 'end-transaction' }, policies.closeWithinMs, signal).catch(() => this.#drop());
      }
    });
  }

  async close(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    this.#in = null;
    await child?.end();
  }

  /** One thing at a time. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const running = this.#before.then(run);
    this.#before = running.catch(() => undefined);
    return running;
  }

  /** Find a way in: the newest driver first, without any client; another way only where the server says that it is too old for this one. */
  async #connected(signal: AbortSignal): Promise<WayIn> {
    if (this.#in && this.#child?.isAlive) return this.#in;
    this.#drop();
    const tried: string[] = [];
    let last: OracleError | null = null;
    for (const way of this.#spec.ways) {
      const found = await this.#try(way, signal);
      if ('login' in found) {
        this.#in = { ...found.login, way, tried };
        return this.#in;
      }
      // A client that cannot be loaded says nothing about the server.
      last = last !== null && found.error.code.startsWith('DPI-') ? last : found.error;
      tried.push(`${wayInWords(way)}: ${found.error.code}`);
      if (!otherWayHelps.has(found.error.code)) break;
    }
    throw this.#fault(last ?? { code: 'NJS-500', message: '' }, { doing: 'logging in' });
  }

  async #try(way: Way, signal: AbortSignal): Promise<{ readonly login: Login } | { readonly error: OracleError }> {
    const { address, user, password, caPem, logins } = this.#spec;
    const rests = await logins?.begin(this.account, password, signal);
    if (rests) throw new Fault('source-login', { host: address.shown, user, detail: rests.detail });
    const child = new Child(way, caPem);
    const asked = { kind: 'connect', way, connectText: address.connectText, user, password, timeoutMs: policies.connectTimeoutMs } as const;
    try {
      // A PC that is busy starts a process slowly: that says nothing about the server, and is no part of its time.
      await child.started(signal);
      const answer = await child.ask(asked, policies.connectTimeoutMs * 2, signal);
      if ('login' in answer) {
        await logins?.succeeded(this.account, password);
        this.#child = child;
        return answer;
      }
      if ('error' in answer) {
        void child.end();
        await this.#noteFailed(this.#fault(answer.error, { doing: 'logging in' }));
        return answer;
      }
      throw new Error('an answer to another question');
    } catch (error) {
      void child.end();
      const fault = error instanceof Late ? this.#fault({ code: 'NJS-510', message: '' }, { doing: 'logging in' }) : new Fault('stopped');
      await this.#noteFailed(fault);
      throw error instanceof Late ? fault : error;
    }
  }

  #noteFailed(fault: Fault): Promise<void> {
    const { address: place, password, logins } = this.#spec;
    return noteFailedLogin(logins, { account: this.account, password, place, fault });
  }

  async #execute(sql: string, binds: Binds, asked: Asked, signal: AbortSignal): Promise<Rows> {
    const child = this.#child;
    if (!child) throw this.#fault({ code: 'NJS-500', message: '' }, asked);
    const timeoutMs = policies.statementTimeoutMs;
    try {
      const answer = await child.ask(
        { kind: 'execute', sql, binds, rows: asked.rows ?? 0, timeoutMs },
        timeoutMs + policies.connectTimeoutMs,
        signal,
      );
      if ('rows' in answer) return answer.rows;
      if (!('error' in answer)) throw new Error('an answer to another question');
      if (breaksTheLine(answer.error)) this.#drop();
      throw this.#fault(answer.error, asked);
    } catch (error) {
      if (error instanceof Fault && error.code !== 'stopped') throw error;
      // Stopped or late, the driver is in an unknown state: its process is ended. The server ends the question when it next writes to it.
      this.#drop();
      throw error instanceof Late ? this.#fault({ code: 'NJS-123', message: '' }, asked) : error;
    }
  }

  #fault(error: OracleError, { doing, place }: Asked): Fault {
    const { address, user } = this.#spec;
    return oracleFault(error, { address, user, doing, ...(place !== undefined && { place }) });
  }

  #drop(): void {
    const child = this.#child;
    this.#child = null;
    this.#in = null;
    void child?.end();
  }
}

/** How a way in is called in a test. */
export function wayInWords(way: Way): string {
  if (way.mode === 'thin') return 'the driver alone';
  return `${way.package === 'oracledb6' ? 'the driver generation 6' : 'the driver'} with the Oracle client ${way.clientFolder ?? 'of this PC'}`;
}

/** The child did not answer in time. */
class Late extends Error {}

type Asking = Ask extends infer A ? (A extends Ask ? Omit<A, 'id'> : never) : never;

/** The process that holds the driver. */
class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #trust: string | null;
  readonly #started = Promise.withResolvers<void>();
  #nextId = 1;
  #hasEnded = false;

  constructor(way: Way, caPem: string | undefined) {
    this.#trust = caPem ? mkdtempSync(join(tmpdir(), 'bellhop-ca-')) : null;
    if (this.#trust && caPem) writeFileSync(join(this.#trust, 'ca.pem'), caPem, { mode: 0o600 });
    this.#process = fork(childFile(), [way.package], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: {
        ...environment(way),
        // The driver takes no authority by itself, but Node does, at its start.
        ...(this.#trust && { NODE_EXTRA_CA_CERTS: join(this.#trust, 'ca.pem') }),
      },
    });
    this.#process.on('message', (answer: Answer | Ready) => {
      if ('isReady' in answer) this.#started.resolve();
      else this.#waiting.get(answer.id)?.(answer);
    });
    this.#process.once('exit', () => this.#over());
    this.#process.once('error', () => this.#over());
  }

  /** Wait until the process has loaded its driver, or has ended; not for ever. */
  async started(signal: AbortSignal): Promise<void> {
    const enough = new AbortController();
    const stopped = () => enough.abort();
    signal.addEventListener('abort', stopped, { once: true });
    await Promise.race([this.#started.promise, sleep(policies.processStartsWithinMs, enough.signal)]);
    signal.removeEventListener('abort', stopped);
    enough.abort();
  }

  get isAlive(): boolean {
    return !this.#hasEnded;
  }

  async ask(asking: Asking, withinMs: number, signal: AbortSignal): Promise<Answer> {
    const id = this.#nextId++;
    if (signal.aborted) throw new Fault('stopped');
    if (this.#hasEnded) return gone(id);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const timer = setTimeout(() => reject(new Late()), withinMs);
    const stopped = () => reject(new Fault('stopped'));
    signal.addEventListener('abort', stopped, { once: true });
    this.#waiting.set(id, resolve);
    this.#process.send({ ...asking, id } as Ask, (error) => error && resolve(gone(id)));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stopped);
      this.#waiting.delete(id);
    }
  }

  async end(): Promise<void> {
    if (this.#hasEnded) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#process.once('exit', () => resolve());
    this.#process.kill('SIGKILL');
    await promise;
  }

  #over(): void {
    this.#hasEnded = true;
    this.#started.resolve();
    for (const [id, resolve] of this.#waiting) resolve(gone(id));
    if (this.#trust) rmSync(this.#trust, { recursive: true, force: true });
  }
}

function gone(id: number): Answer {
  return { id, error: { code: 'NJS-500', message: 'the process of the driver has ended' } };
}

/** Of the agent's environment only what a program needs to run, and what an Oracle client looks for. */
function environment(way: Way): NodeJS.ProcessEnv {
  const names = ['PATH', 'Path', 'SystemRoot', 'TEMP', 'TMP', 'HOME', 'USERPROFILE', 'LANG', 'TZ', 'ORACLE_HOME', 'LD_LIBRARY_PATH'];
  const kept = Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
  if (way.mode !== 'thick' || way.clientFolder === null) return kept;
  // On Linux the client's libraries find each other by this alone; on Windows by the path.
  return process.platform === 'win32'
    ? { ...kept, PATH: `${way.clientFolder};${kept.Path ?? kept.PATH ?? ''}` }
    : { ...kept, LD_LIBRARY_PATH: way.clientFolder };
}

/** Beside the bundle as `oracle-child.js`, or the source when the sources themselves run. */
function childFile(): string {
  for (const bundled of ['./oracle-child.js', '../oracle-child.js']) {
    const path = fileURLToPath(new URL(bundled, import.meta.url));
    if (existsSync(path)) return path;
  }
  return fileURLToPath(new URL('./child.ts', import.meta.url));
}
