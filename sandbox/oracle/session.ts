import type { Duplex } from 'node:stream';
import type { Accounts } from './accounts.ts';
import { MoreBytesNeeded, Reader, Writer } from './bytes.ts';
import { transactionIsOpen } from './constants.ts';
import { Cursors } from './cursors.ts';
import type { OracleDatabase } from './database.ts';
import { OracleError } from './errors.ts';
import { type Call, type Fault, faultError, Pause } from './faults.ts';
import { databaseVersion, environmentOf, greeting } from './instance.ts';
import { Lobs } from './lobs.ts';
import { Logon, type VerifierKind } from './o5logon.ts';
import { SqlSession } from './sql/sql-session.ts';
import { countOne, type OracleStats } from './stats.ts';
import { TnsLine, wantedService } from './tns.ts';
import { type CallEnd, writeEnd, writeStatus, writeWarning } from './ttc/answers.ts';
import { type Request, readRequest } from './ttc/calls.ts';
import { type AuthRequest, answerDataTypes, answerProtocol, writePairs } from './ttc/handshake.ts';
import type { ExecuteRequest, Piggyback } from './ttc/requests.ts';
import { offsetText } from './values.ts';

/** What all sessions of a server have in common. */
export type SessionServer = {
  readonly database: OracleDatabase;
  readonly accounts: Accounts;
  readonly stats: OracleStats;
  /** Names of services and SIDs, in capitals. */
  readonly services: readonly string[];
  readonly sids: readonly string[];
  readonly tns: '19c' | '11.2';
  readonly verifier: VerifierKind;
  readonly takeFault: (call: Call) => Fault | null;
  readonly nextId: () => number;
};

/** A call that is understood and not answered yet. */
type Work = { readonly name: Call['name']; readonly sql: string | undefined; readonly answer: () => Writer };

const grammarErrors = { first: 900, last: 1000, invisible: 942 };

/** One client at the server, from CONNECT to its end. */
export class Session {
  readonly #server: SessionServer;
  readonly #line: TnsLine;
  readonly #id: number;
  readonly #lobs = new Lobs();
  readonly #cursors: Cursors;
  readonly #pause = new Pause();
  #state: 'connect' | 'protocol' | 'dataTypes' | 'ready' | 'closed' = 'connect';
  #service = '';
  #program = '';
  #attributes: ReadonlyMap<string, string> = new Map();
  #zoneMinutes = 0;
  #user = '';
  #logon: Logon | null = null;
  #sql: SqlSession | null = null;
  #sequence = 0;
  #isKilled = false;

  constructor(server: SessionServer, socket: Duplex) {
    this.#server = server;
    this.#id = server.nextId();
    this.#cursors = new Cursors({ stats: server.stats, lobs: this.#lobs, end: () => this.#end });
    this.#line = new TnsLine(socket, {
      version: server.tns,
      events: {
        onConnect: (description) => this.#connect(description),
        onData: (bytes, isWhole) => this.#take(bytes, isWhole),
        onBreak: () => {
          server.stats.breaks += 1;
          this.#pause.end();
        },
        onReset: () => this.#line.send(this.#failure(new OracleError(1013)).done()),
        onClose: () => this.#close(),
      },
    });
  }

  /** Let the next call find that the session has been killed; a call that is waited for finds it now. */
  kill(): void {
    this.#isKilled = true;
    if (!this.#pause.end()) return;
    this.#line.send(this.#failure(new OracleError(28)).done());
    this.#line.cut();
  }

  cut(): void {
    this.#line.cut();
  }

  #connect(description: string): void {
    const { by, name, program } = wantedService(description);
    const isKnown = (by === 'service' ? this.#server.services : this.#server.sids).includes(name);
    const fault = this.#server.takeFault({ name: 'connect', sql: undefined, user: '' }) ?? {};
    this.#service = name;
    this.#program = program;
    this.#state = 'protocol';
    const answer = () => {
      const refused = faultError(fault)?.number ?? (isKnown ? null : by === 'service' ? 12514 : 12505);
      if (refused === null) this.#line.accept();
      else this.#line.refuse(refused);
    };
    this.#pause.until(fault, { cut: () => this.#line.cut(), answer });
  }

  #take(bytes: Buffer, isWhole: boolean): boolean {
    try {
      this.#request(bytes);
      return true;
    } catch (error) {
      if (error instanceof MoreBytesNeeded && !isWhole) return false;
      throw error;
    }
  }

  #request(bytes: Buffer): void {
    if (this.#state === 'protocol') {
      const answer = answerProtocol(bytes);
      this.#state = 'dataTypes';
      this.#line.send(answer);
    } else if (this.#state === 'dataTypes') {
      const { answer, zoneMinutes } = answerDataTypes(bytes);
      this.#zoneMinutes = zoneMinutes;
      this.#state = 'ready';
      this.#line.send(answer);
    } else if (this.#state === 'ready') this.#do(this.#work(bytes));
  }

  /** Only what was read whole is done: a request that goes on in the next packet is read again from its start. */
  #work(bytes: Buffer): Work {
    const { sequence, piggybacks, request } = readRequest(new Reader(bytes), (id) => this.#cursors.get(id));
    this.#sequence = sequence;
    for (const piggyback of piggybacks) this.#obey(piggyback);
    const isLogon = request.kind === 'challenge' || request.kind === 'proof';
    if (!isLogon && !this.#sql) return { name: 'ping', sql: undefined, answer: () => this.#failure(new OracleError(1012)) };
    return this.#workFor(request);
  }

  #workFor(request: Request): Work {
    switch (request.kind) {
      case 'challenge':
        return { name: 'logon', sql: undefined, answer: () => this.#challenge(request.auth) };
      case 'proof':
        return { name: 'logon', sql: undefined, answer: () => this.#authenticate(request.auth) };
      case 'execute': {
        const sql = request.execute.sql || this.#cursors.get(request.execute.cursor)?.sql;
        return { name: 'execute', sql, answer: () => this.#run(request.execute) };
      }
      case 'fetch': {
        const { cursor, rows } = request;
        return { name: 'fetch', sql: this.#cursors.get(cursor)?.sql, answer: () => this.#cursors.fetch(cursor, rows) };
      }
      case 'lob':
        return { name: 'lob', sql: undefined, answer: () => this.#withStatus(this.#lobs.answer(request.lob)) };
      case 'commit':
        return this.#plain('commit', () => this.#sql?.commit());
      case 'rollback':
        return this.#plain('rollback', () => this.#sql?.rollback());
      case 'ping':
        return this.#plain('ping', () => undefined);
      case 'logoff':
        return this.#plain('logoff', () => this.#logOff());
      case 'unknown':
        return this.#plain('execute', () => {
          const error = new OracleError(3120, `the sandbox has no function ${request.code} (${request.bytes})`);
          this.#server.stats.rejected.push({ sql: `function ${request.code}`, error: error.message });
          throw error;
        });
      default:
        return request satisfies never;
    }
  }

  #plain(name: Call['name'], act: () => void): Work {
    return {
      name,
      sql: undefined,
      answer: () => {
        act();
        return this.#withStatus(new Writer());
      },
    };
  }

  #obey(piggyback: Piggyback): void {
    switch (piggyback.kind) {
      case 'closeCursors':
        this.#cursors.close(piggyback.cursors);
        break;
      case 'cancelCursors':
        this.#cursors.cancel(piggyback.cursors);
        break;
      case 'freeLobs':
        this.#lobs.free(piggyback.locators);
        break;
      case 'setSchema':
        this.#sql?.setSchema(piggyback.schema.toUpperCase());
        break;
      case 'attributes':
        this.#attributes = new Map([...this.#attributes, ...piggyback.attributes]);
        break;
      default:
        piggyback satisfies never;
    }
  }

  /** Answer a call, with whatever shall go wrong with it. */
  #do(work: Work): void {
    const { name, sql } = work;
    const fault: Fault = this.#isKilled ? { killsSession: true } : (this.#server.takeFault({ name, sql, user: this.#user }) ?? {});
    this.#pause.until(fault, { cut: () => this.#line.cut(), answer: () => this.#finish(work, fault) });
  }

  #finish(work: Work, fault: Fault): void {
    if (this.#state === 'closed') return;
    const answer = this.#answer(work, faultError(fault));
    if (fault.cutsLine !== 'after') this.#line.send(answer.done());
    if (fault.cutsLine === 'after' || fault.killsSession) this.#line.cut();
  }

  #answer({ answer, sql }: Work, wanted: OracleError | null): Writer {
    try {
      if (wanted) throw wanted;
      return answer();
    } catch (error) {
      return this.#failure(error instanceof OracleError ? this.#noted(error, error === wanted ? undefined : sql) : this.#ownFault(error));
    }
  }

  /** Keep a statement that no product should send. */
  #noted(error: OracleError, sql: string | undefined): OracleError {
    const { number } = error;
    const isGrammar = number >= grammarErrors.first && number < grammarErrors.last && number !== grammarErrors.invisible;
    if (isGrammar && sql !== undefined) this.#server.stats.rejected.push({ sql, error: error.message });
    return error;
  }

  /** A fault of the sandbox itself: it must not pass for one of the database, and never end the process. */
  #ownFault(error: unknown): OracleError {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#server.stats.rejected.push({ sql: 'a fault of the sandbox', error: said });
    return new OracleError(3120, `the sandbox itself has failed: ${said.split('\n')[0]}`);
  }

  #run(request: ExecuteRequest): Writer {
    if (!this.#sql) throw new OracleError(1012);
    return this.#cursors.execute(request, this.#sql);
  }

  get #end(): CallEnd {
    return { status: this.#sql?.isOpen ? transactionIsOpen : 0, sequence: this.#sequence };
  }

  #withStatus(writer: Writer): Writer {
    writeStatus(writer, this.#end);
    return writer;
  }

  #failure(error: OracleError): Writer {
    const writer = new Writer();
    writeEnd(writer, { ...this.#end, number: error.number, text: error.message, cursor: 0, rows: 0, offset: error.offset });
    return writer;
  }

  #challenge({ user }: AuthRequest): Writer {
    const { accounts, verifier } = this.#server;
    this.#user = user;
    if (accounts.isLocked(user)) throw new OracleError(28000);
    this.#logon = new Logon(accounts.verifierOf(user));
    const writer = new Writer();
    writePairs(writer, this.#logon.challenge(verifier));
    return this.#withStatus(writer);
  }

  #authenticate({ pairs }: AuthRequest): Writer {
    const { accounts, stats } = this.#server;
    const proof = this.#logon?.answer(pairs) ?? null;
    if (proof === null) countOne(stats.failedLogins, this.#user);
    const user = accounts.admit(this.#user, proof !== null);
    this.#open(pairs.get('AUTH_ALTER_SESSION') ?? '');
    const writer = new Writer();
    if (user.status === 'expiring') writeWarning(writer, { number: 28002, text: new OracleError(28002).message });
    writePairs(writer, greeting({ id: this.#id, service: this.#service }, proof ?? ''));
    return this.#withStatus(writer);
  }

  #open(alterSession: string): void {
    const { stats, database, accounts } = this.#server;
    const [, zone = offsetText(this.#zoneMinutes)] = /TIME_ZONE\s*=\s*'([^']*)'/i.exec(alterSession) ?? [];
    this.#sql = new SqlSession({
      database,
      accounts,
      user: this.#user,
      zone,
      version: databaseVersion,
      environment: environmentOf({ id: this.#id, service: this.#service }, this.#attributes.get('module') ?? this.#program),
      onRead: (table) => countOne(stats.readsPerTable, table),
    });
    stats.logins += 1;
    stats.sessions += 1;
    stats.maxSessions = Math.max(stats.maxSessions, stats.sessions);
  }

  #logOff(): void {
    if (!this.#sql) return;
    this.#sql.close();
    this.#sql = null;
    this.#server.accounts.leave(this.#user);
    this.#server.stats.sessions -= 1;
  }

  #close(): void {
    this.#pause.end();
    this.#state = 'closed';
    this.#logOff();
  }
}
