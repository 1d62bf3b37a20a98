import { hash } from 'node:crypto';
import type { Connection } from '../../contract/connection.ts';
import { Fault } from '../../contract/faults.ts';
import type { Fingerprint } from '../../contract/fingerprint.ts';
import type { PartSet } from '../../contract/health.ts';
import type { RunCause } from '../../contract/run.ts';
import { connections, property } from '../../db/pipeline/connections.ts';
import { isSighted } from '../../db/pipeline/files.ts';
import { type RunEnd, wasCutShort } from '../../db/pipeline/runs.ts';
import { standingAlerts, syncOf } from '../../db/pipeline/standing.ts';
import { nextRunMs } from '../runtime/schedule.ts';
import { type Logins, readsTables, type SourceSession, type TableSession } from './connector.ts';
import { mappedColumns } from './normalise/row-mapper.ts';
import { type PullProgress, pullSource } from './pull.ts';
import { pullTables, type TablePullTools } from './pull-tables.ts';
import { connectors } from './registry.ts';
import { RunBook } from './run-book.ts';

export type SourceTools = Omit<TablePullTools, 'onProgress' | 'onBeside' | 'onCompared' | 'runId'> & {
  readonly logins: Logins;
  /** Resolves when what has to be read before anything of a source is read. */
  readonly readFirst: () => Promise<void>;
  readonly secretsOf: (connectionId: string) => Record<string, string>;
  readonly onChange: () => void;
  readonly onKept: () => void;
  readonly onFault: (connectionId: string, fault: Fault) => void;
  readonly onWell: (connectionId: string) => void;
  /** Told of what of a run could not be noted; the run itself goes on. */
  readonly onUnnoted: (error: unknown) => void;
  /** Told of a look at what is due that failed; it is looked again half a second later. */
  readonly onUnlooked: (error: unknown) => void;
};

/** What a source is doing at this moment. */
export type SourceState = {
  readonly isRunning: boolean;
  /** The run that is under way, where its beginning could be noted. */
  readonly runId: number | null;
  readonly progress: PullProgress | null;
  readonly fault: Fault | null;
  readonly failingSinceMs: number | null;
  readonly waitsFor: readonly PartSet[];
};

type Running = {
  /** Somebody else than a run holds the line for a moment. */
  readonly isLent?: true;
  readonly abort: AbortController;
  readonly done: Promise<void>;
  readonly cause: RunCause;
  runId: number | null;
  progress: PullProgress | null;
};
type Ended = Pick<RunEnd, 'outcome' | 'fault'>;
type Kept = { readonly key: string; readonly session: Promise<SourceSession> };

/** Tells the settings of a connection from any others. */
export function settingsHash({ kind, settings }: Pick<Connection, 'kind' | 'settings'>): string {
  return hash('sha256', JSON.stringify([kind, settings]));
}

const tickMs = 500;
/** So many looks in a row that fail are more than a disk that did not answer once. */
const mostFailedLooks = 5;
/** A failed sync is tried again after this long, or when its schedule says, whichever comes first. */
const retryFailedMs = 60_000;
/** A time of the schedule that lies further back was missed: the PC slept, or another run took longer. */
const missedAfterMs = 60_000;

/**
 * Runs the sources by their schedules: looks every half second which is due, starts it, one run a connection at a time.
 * After sleep or a stop a source that was missed runs once, however often it was missed.
 */
export class Sources {
  readonly #tools: SourceTools;
  readonly #running = new Map<string, Running>();
  readonly #sessions = new Map<string, Kept>();
  readonly #comparing = new Set<string>();
  readonly #waitsFor = new Map<string, readonly PartSet[]>();
  readonly #failed = new Map<string, { fault: Fault; sinceMs: number; atMs: number }>();
  /** The comparisons of columns that are kept already. */
  readonly #compared = new Map<string, Fingerprint>();
  readonly #runs: RunBook;
  #timer: NodeJS.Timeout | null = null;
  #failedLooks = 0;
  #isStopping = false;

  constructor(tools: SourceTools) {
    this.#tools = tools;
    this.#runs = new RunBook(tools);
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), tickMs);
    this.#look();
  }

  state(connectionId: string): SourceState {
    const running = this.#running.get(connectionId);
    const failed = this.#failed.get(connectionId);
    return {
      isRunning: running !== undefined,
      runId: running?.runId ?? null,
      progress: running?.progress ?? null,
      fault: failed?.fault ?? null,
      failingSinceMs: failed?.sinceMs ?? null,
      waitsFor: this.#waitsFor.get(connectionId) ?? [],
    };
  }

  /** When a source runs next by itself, or null while it is paused, has no hotel yet, or never does. */
  nextRunMs(connection: Connection): number | null {
    const hotel = property(this.#tools.read);
    if (connection.isPaused || !hotel || this.#restsUntilMended(connection.id)) return null;
    const planned = this.#planned(connection, hotel.timeZone);
    const { lastStartedAtMs, lastOkAtMs } = syncOf(this.#tools.read, connection.id);
    // A run that failed, or that a stop or a kill has cut short, is made up for soon, also after a restart.
    const isOwed = lastStartedAtMs !== null && (lastOkAtMs === null || lastOkAtMs < lastStartedAtMs);
    if (!isOwed) return planned;
    // By hand alone nothing is tried again, but what was begun is finished.
    if (planned === null && !wasCutShort(this.#tools.read, connection.id)) return null;
    return Math.min(planned ?? Number.POSITIVE_INFINITY, lastStartedAtMs + retryFailedMs);
  }

  /** A login that was refused is not tried again by itself, also after a restart: after a few tries an account is locked. */
  #restsUntilMended(connectionId: string): boolean {
    return standingAlerts(this.#tools.read).some((alert) => alert.connectionId === connectionId && alert.fault.code === 'source-login');
  }

  #planned(connection: Connection, zone: string): number | null {
    const { lastStartedAtMs } = syncOf(this.#tools.read, connection.id);
    return nextRunMs(connection.schedule, zone, { startedAtMs: lastStartedAtMs, setUpAtMs: connection.createdAtMs }, this.#tools.now());
  }

  /** @throws whatever a look throws again and again: then the agent stops in order, and its next start looks at the database. */
  #look(): void {
    try {
      this.#tick();
      this.#failedLooks = 0;
    } catch (error) {
      this.#failedLooks += 1;
      if (this.#failedLooks >= mostFailedLooks) throw error;
      this.#tools.onUnlooked(error);
    }
  }

  #tick(): void {
    if (this.#isStopping) return;
    for (const connection of connections(this.#tools.read)) {
      if (connection.direction !== 'source' || this.#running.has(connection.id)) continue;
      const next = this.nextRunMs(connection);
      const failed = this.#failed.get(connection.id);
      // With the disk full not even the start of a run can be noted: then only our own memory keeps the distance.
      const isTooSoon = failed?.fault.code === 'disk-full' && this.#tools.now() < failed.atMs + retryFailedMs;
      if (next !== null && next <= this.#tools.now() && !isTooSoon) void this.syncNow(connection, this.#causeNow(connection));
    }
  }

  /** Whether it is the schedule that lets a source run now, or something that is made up for. */
  #causeNow(connection: Connection): RunCause {
    const planned = this.#planned(connection, property(this.#tools.read)?.timeZone ?? 'UTC');
    // Looked at behind it: a first run is planned for the moment at which it is asked for.
    const lateMs = this.#tools.now() - (planned ?? 0);
    return lateMs >= 0 && lateMs < missedAfterMs ? 'schedule' : 'catch-up';
  }

  /** Run a source now, unless it is running; resolves when that run has ended. Its failure is kept in its state, not thrown. */
  async syncNow(connection: Connection, cause: RunCause = 'by-hand'): Promise<void> {
    let current = this.#running.get(connection.id);
    for (; current?.isLent; current = this.#running.get(connection.id)) await current.done;
    if (current) return current.done;
    const abort = new AbortController();
    let finish = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const running: Running = { abort, done, cause, runId: null, progress: null };
    this.#running.set(connection.id, running);
    this.#tools.onChange();
    try {
      await this.#run(connection, running, abort.signal);
    } finally {
      this.#running.delete(connection.id);
      this.#tools.onChange();
      finish();
    }
  }

  /** Run a source that is a database and compare everything; a run that is under way is finished first. */
  async compareNow(connection: Connection, cause: RunCause = 'comparison'): Promise<void> {
    await this.#running.get(connection.id)?.done;
    this.#comparing.add(connection.id);
    await this.syncNow(connection, cause);
  }

  /**
   * Lend the line of a source that is a database, between its runs: reading beside them logs in no second time.
   * @param signal ends the waiting for it, and its use.
   * @throws {Fault} what opening it throws; `stopped` when the source is stopped meanwhile.
   */
  async lend<T>(connection: Connection, signal: AbortSignal, use: (session: TableSession, signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let run = this.#running.get(connection.id); run; run = this.#running.get(connection.id)) await unlessStopped(run.done, signal);
    if (this.#isStopping || signal.aborted) throw new Fault('stopped');
    const abort = new AbortController();
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    this.#running.set(connection.id, { isLent: true, abort, done, cause: 'comparison', runId: null, progress: null });
    try {
      const session = await this.#session(connection);
      if (!readsTables(session)) throw new Error(`${connection.id} is no database`);
      return await use(session, AbortSignal.any([abort.signal, signal]));
    } finally {
      this.#running.delete(connection.id);
      finish();
    }
  }

  /** Run a source once, and note the run. */
  async #run(connection: Connection, running: Running, signal: AbortSignal): Promise<void> {
    const reads = connectors.get(connection.kind)?.isDatabase ? 'tables' : 'files';
    const run = await this.#runs.begin({ connectionId: connection.id, cause: running.cause, reads });
    running.runId = run.id;
    await this.#runs.end(run, await this.#pull(connection, running, signal));
  }

  async #pull(connection: Connection, running: Running, signal: AbortSignal): Promise<Ended> {
    try {
      await unlessStopped(this.#tools.readFirst(), signal);
      await this.#tools.writer.step('noteSyncStarted', [connection.id, this.#tools.now()]);
      const hotel = property(this.#tools.read);
      if (!hotel) throw new Fault('input-wrong', { detail: 'the hotel is not set up yet' });
      const session = await this.#session(connection);
      const comparesAll = this.#comparing.has(connection.id);
      const tools = this.#pullTools(connection, running);
      if (readsTables(session)) await pullTables(tools, session, connection.id, hotel.hotelId, { comparesAll, signal });
      else {
        try {
          await pullSource(tools, session, connection.id, hotel.hotelId, signal);
        } finally {
          this.#waitsFor.set(connection.id, session.waitsFor?.() ?? []);
        }
      }
      // A comparison that was asked for and did not come about is owed to the next run.
      if (comparesAll) this.#comparing.delete(connection.id);
      this.#failed.delete(connection.id);
      await this.#tools.writer.step('noteSyncOk', [connection.id, this.#tools.now()]);
      this.#tools.onWell(connection.id);
      return { outcome: 'well', fault: null };
    } catch (error) {
      if (signal.aborted || (error instanceof Fault && error.code === 'stopped')) return { outcome: 'stopped', fault: null };
      const fault = error instanceof Fault ? error : new Fault('internal', { correlationId: connection.id }, { cause: error });
      const before = this.#failed.get(connection.id);
      this.#failed.set(connection.id, { fault, sinceMs: before?.sinceMs ?? this.#tools.now(), atMs: this.#tools.now() });
      this.#tools.onFault(connection.id, fault);
      return { outcome: 'failed', fault: fault.report() };
    }
  }

  #pullTools(connection: Connection, running: Running): TablePullTools {
    return {
      ...this.#tools,
      runId: running.runId,
      onBeside: this.#tools.onFault,
      onProgress: (progress) => {
        running.progress = progress;
        this.#tools.onKept();
      },
      onCompared: async (found) => {
        if (found === null || found === this.#compared.get(connection.id)) return;
        try {
          await this.#tools.writer.step('keepFingerprint', [connection.id, settingsHash(connection), found]);
          this.#compared.set(connection.id, found);
        } catch (error) {
          this.#tools.onUnnoted(error);
        }
      },
    };
  }

  /** A session is kept from run to run, so that a source remembers what it has offered; new settings make a new one. */
  async #session(connection: Connection): Promise<SourceSession> {
    const key = settingsHash(connection);
    const kept = this.#sessions.get(connection.id);
    if (kept?.key === key) return kept.session;
    await this.#closeSession(connection.id);
    const connector = connectors.get(connection.kind);
    if (!connector) throw new Fault('connection-not-found', { id: connection.kind });
    const settings = connector.settings.safeParse(connection.settings);
    if (!settings.success)
      throw new Fault('input-wrong', { detail: `the settings of ${connection.title} no longer fit` }, { cause: settings.error });
    const session = connector.open(settings.data, {
      secrets: this.#tools.secretsOf(connection.id),
      now: this.#tools.now,
      logins: this.#tools.logins,
      isTaken: (path, mark) => isSighted(this.#tools.read, connection.id, path, mark),
      mappedColumns: (name, header) => mappedColumns(this.#tools.mapping(name), header),
    });
    this.#sessions.set(connection.id, { key, session });
    // One that could not open is tried anew: what it needed may be there the next time.
    session.catch(() => this.#sessions.delete(connection.id));
    return session;
  }

  async #closeSession(connectionId: string): Promise<void> {
    const kept = this.#sessions.get(connectionId);
    this.#sessions.delete(connectionId);
    this.#waitsFor.delete(connectionId);
    await kept?.session.then((session) => session.close()).catch(() => undefined);
  }

  /** Read a source as if it had never been looked at: what counts as not taken is taken then. */
  async readAnew(connection: Connection): Promise<void> {
    await this.#running.get(connection.id)?.done;
    await this.#closeSession(connection.id);
    await this.syncNow(connection);
  }

  /** Stop the run of one source: the batch under way is kept, the rest of its file is read another time. */
  async stopOne(connectionId: string): Promise<void> {
    const running = this.#running.get(connectionId);
    running?.abort.abort();
    await running?.done;
    await this.#closeSession(connectionId);
    this.#failed.delete(connectionId);
  }

  /** Take no more, finish the batches under way, close. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer) clearInterval(this.#timer);
    await Promise.all([...new Set([...this.#running.keys(), ...this.#sessions.keys()])].map((id) => this.stopOne(id)));
  }
}

/** Wait for something that goes on by itself, but no longer than until the signal fires. @throws {Fault} `stopped` then. */
export async function unlessStopped<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = () => reject(new Fault('stopped'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
