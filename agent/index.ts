import { randomUUID } from 'node:crypto';
import type { AuditDraft } from '../contract/audit.ts';
import type { Connection } from '../contract/connection.ts';
import { Fault, type FaultCode, sidelines } from '../contract/faults.ts';
import type { Heartbeat } from '../contract/ingest.ts';
import { connectionById, property } from '../db/pipeline/connections.ts';
import { entityCounts } from '../db/pipeline/counts.ts';
import { firstBegunAtMs } from '../db/pipeline/generation.ts';
import { delivery, waitingBehind } from '../db/pipeline/outbox.ts';
import { agentItself, standingAlerts } from '../db/pipeline/standing.ts';
import { Backups } from './backup/scheduled.ts';
import { Certifying } from './certificate/certifying.ts';
import { Checking } from './check/checking.ts';
import { noteWhereSuspect } from './check/suspect.ts';
import { Destinations } from './pipeline/destinations.ts';
import { Figures } from './pipeline/figures.ts';
import { resumeImports } from './pipeline/import-file.ts';
import { Pruning } from './pipeline/pruning.ts';
import type { PullTools } from './pipeline/pull.ts';
import { Quiet } from './pipeline/quiet.ts';
import type { ReplayTools } from './pipeline/replay-letters.ts';
import { Sources } from './pipeline/sources.ts';
import { policies } from './resilience/policies.ts';
import { byItself, entryOf, Views } from './runtime/audit.ts';
import { backUpTo } from './runtime/backups.ts';
import { type DiskSpace, DiskWatch, diskSpace, shares } from './runtime/disk.ts';
import { carryOutIntents } from './runtime/intents.ts';
import { Live } from './runtime/live.ts';
import { errorFields, neverLog } from './runtime/log.ts';
import { LoginBook } from './runtime/login-book.ts';
import { allMappings, mappingNamed } from './runtime/mappings.ts';
import { Mending } from './runtime/mending.ts';
import { openStores, type Stores } from './runtime/stores.ts';
import { Unnamed } from './runtime/unnamed.ts';
import { version } from './version.ts';

const intentsEveryMs = 5_000;

type StartOptions = { readonly recoveryKey?: string; readonly withLoops: boolean; readonly measureDisk?: () => DiskSpace };

/** The agent of one home: its stores, its loops, and their end. */
export class Agent {
  readonly version = version;
  readonly startedAtMs = Date.now();
  readonly isSandbox = process.env.BELLHOP_SANDBOX === '1';
  readonly now = Date.now;
  readonly live = new Live();
  readonly views = new Views();
  readonly stores: Stores;
  readonly unnamed: Unnamed;
  readonly sources: Sources;
  readonly destinations: Destinations;
  readonly figures: Figures;
  readonly pruning: Pruning;
  readonly mending: Mending;
  readonly checking: Checking;
  readonly certifying: Certifying;
  readonly backups: Backups;
  readonly disk: DiskWatch;
  readonly #quiet = new Quiet(this.now);
  readonly #stopping = new AbortController();
  #intents: NodeJS.Timeout | null = null;
  readonly logins: LoginBook;
  #disk: NodeJS.Timeout | null = null;
  #attempts: NodeJS.Timeout | null = null;
  #isSending = false;
  /** The whole per cent that were last warned of. */
  #warnedOfPercent = 100;
  #stopped: Promise<void> | null = null;
  #carrying: Promise<void> = Promise.resolve();

  private constructor(stores: Stores, measureDisk: () => DiskSpace) {
    this.stores = stores;
    this.disk = new DiskWatch(measureDisk);
    const secretsOf = (connectionId: string) => {
      const secrets = stores.secrets.of(connectionId);
      neverLog(Object.values(secrets));
      return secrets;
    };
    const onBug = (error: unknown) => {
      noteWhereSuspect(stores.home, error);
      stores.log.error(errorFields(error), 'a step of the agent failed');
    };
    const shared = {
      secretsOf,
      onFault: (connectionId: string, fault: Fault) => void this.#note(connectionId, fault).catch(onBug),
      onWell: (connectionId: string) => void this.#forgive(connectionId).catch(onBug),
      onChange: () => this.live.tellSoon('overview'),
    };
    this.logins = new LoginBook({ key: stores.secrets.dataKey, read: stores.read, writer: stores.writer, now: this.now });
    let stuckBy: FaultCode | null = null;
    this.unnamed = new Unnamed({
      pull: () => this.pullTools(),
      signal: this.signal,
      onRead: async (found) => {
        stores.log.warn(found, 'what was taken since the backup was read again from its copies');
        if (stuckBy !== null) await stores.writer.step('clearAlert', [agentItself, stuckBy]);
      },
      // The name of a file may be that of a guest: it is said, and not logged.
      onUnread: (fault) => this.#raise(agentItself, fault),
      onStuck: (error) => {
        const fault = error instanceof Fault ? error : new Fault('internal', { correlationId: 'copies' }, { cause: error });
        stuckBy = fault.code;
        return this.#note(agentItself, fault);
      },
    });
    this.sources = new Sources({
      ...this.pullTools(),
      readFirst: () => this.unnamed.done(),
      reads: stores.reads,
      logins: this.logins.for(false),
      ...shared,
      onKept: () => this.#kept(),
      onUnnoted: (error) => stores.log.warn(errorFields(error), 'a run could not be noted; it went on all the same'),
      onUnlooked: (error) => {
        noteWhereSuspect(stores.home, error);
        stores.log.error(errorFields(error), 'which source is due could not be looked at');
      },
    });
    this.destinations = new Destinations({
      key: stores.secrets.dataKey,
      read: stores.read,
      reads: stores.reads,
      writer: stores.writer,
      now: this.now,
      ...shared,
      onResent: () => this.live.tellSoon('resends'),
      finished: ({ id, destinationId, total, confirmed, refused, correlationId }) =>
        entryOf(this, byItself(correlationId), {
          action: 'resend-finished',
          kind: 'connection',
          id: destinationId,
          detail: { resend: id, total, confirmed, refused },
        }),
      onBug,
      onDamage: (seq) => this.mending.setAside(seq),
      onPutBack: (connectionId) =>
        stores.log.warn(
          { connectionId },
          'the hub knows newer states than this data folder: every record is sent again when it is next read',
        ),
      heartbeat: (id) => this.heartbeat(id),
    });
    this.figures = new Figures({
      writer: stores.writer,
      quiet: this.#quiet,
      assertRoom: () => this.disk.assertRoom(),
      onKept: () => {
        this.destinations.wake();
        this.live.tellSoon('overview');
      },
      onBug,
    });
    this.mending = new Mending({
      writer: stores.writer,
      replay: () => this.replayTools(),
      signal: this.signal,
      now: this.now,
      onDamage: (found) => stores.log.error(found, 'a block of the outbox is damaged; its rows are set aside and read once more'),
      onFault: (fault) => this.#note(agentItself, fault),
      onRead: () => this.#kept(),
      onBug,
    });
    this.checking = new Checking({
      home: stores.home,
      key: stores.secrets.dataKey,
      read: stores.read,
      writer: stores.writer,
      now: this.now,
      quiet: this.#quiet,
      mending: this.mending,
      timeZone: () => property(stores.read)?.timeZone ?? null,
      bornAtMs: () => firstBegunAtMs(stores.read),
      takeAgain: (connectionIds) => this.#takeAgain(connectionIds),
      onFault: (fault) => this.#note(agentItself, fault),
      onFound: ({ kind, name, rows }) => stores.log.error({ kind, name, rows }, 'a check has found something damaged'),
      onEnd: ({ findings: _, ...report }) => stores.log.info(report, 'everything that is kept was checked'),
      onChange: () => this.live.tellSoon('overview'),
      onBug,
    });
    this.certifying = new Certifying({
      assertRoom: () => this.disk.assertRoom(),
      home: stores.home,
      key: stores.secrets.dataKey,
      read: stores.read,
      writer: stores.writer,
      now: this.now,
      quiet: this.#quiet,
      sources: this.sources,
      mending: this.mending,
      mapping: (name) => mappingNamed(stores.read, name),
      isSending: () => this.#isSending,
      bornAtMs: () => firstBegunAtMs(stores.read),
      entry: (detail, id) => entryOf(this, byItself(randomUUID()), { action: 'certificate-made', kind: 'certificate', id, detail }),
      onFault: (fault) => this.#note(agentItself, fault),
      clearFault: () => stores.writer.step('clearAlert', [agentItself, 'certificate-differs']),
      onMade: (summary) => stores.log.info(summary, 'the sources were compared with what is kept and was confirmed'),
      onChange: () => this.live.tellSoon('overview'),
      onBug,
    });
    this.backups = new Backups({
      home: stores.home,
      key: stores.secrets.dataKey,
      now: this.now,
      hotel: () => property(stores.read),
      byItself: (folder, signal) => backUpTo(this, folder, byItself(randomUUID()), signal),
      onFault: (fault) => this.#note(agentItself, fault),
      clearFault: (code) => stores.writer.step('clearAlert', [agentItself, code]),
      isSaid: (code) => standingAlerts(stores.read).some(({ fault }) => fault.code === code),
      onDeleted: (names) => stores.log.info({ names }, 'older backups were deleted'),
      onChange: () => this.live.tellSoon('overview'),
      onBug,
    });
    this.pruning = new Pruning({
      read: stores.read,
      writer: stores.writer,
      now: this.now,
      quiet: this.#quiet,
      onPruned: (versions) => stores.log.info({ versions }, 'old versions that nobody needs were removed from the outbox'),
      onBug,
    });
  }

  /**
   * Open a home and start its loops. Damage of a large database that is met only now is looked into at once, as at every start.
   * @throws {Fault} what {@link openStores} throws.
   */
  static async start(home: string, options: StartOptions): Promise<Agent> {
    try {
      return await Agent.#begin(home, options);
    } catch (error) {
      if (!noteWhereSuspect(home, error)) throw error;
      return Agent.#begin(home, options);
    }
  }

  static async #begin(home: string, options: StartOptions): Promise<Agent> {
    const agent = new Agent(await openStores(home, options), options.measureDisk ?? (() => diskSpace(home)));
    try {
      await agent.#noteBeside('closeRuns', 'runs that were cut short could not be closed');
      if (options.withLoops) await agent.#startLoops();
      return agent;
    } catch (error) {
      await agent.stop().catch(() => undefined);
      throw error;
    }
  }

  async #startLoops(): Promise<void> {
    this.sources.start();
    await this.destinations.start();
    this.figures.start();
    this.pruning.start();
    this.mending.readAgain();
    this.#isSending = true;
    this.checking.start();
    this.certifying.start();
    this.backups.start();
    this.#intents = setInterval(() => void this.#carryOut(), intentsEveryMs);
    this.#disk = setInterval(() => void this.#lookAtDisk(), policies.diskLookEveryMs);
    this.#attempts = setInterval(() => void this.#pruneHistory(), policies.pruneAttemptsEveryMs);
    await this.#carryOut();
    await this.#lookAtDisk();
    await this.#pruneHistory();
    void this.#resumeImports();
  }

  /** Fires when the agent stops. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  requestStop(): void {
    this.#stopping.abort();
  }

  /** What a pull by hand works with; progress goes to the live events. */
  pullTools(): PullTools {
    const { home, secrets, read, writer, normaliser } = this.stores;
    return {
      home,
      key: secrets.dataKey,
      read,
      writer,
      normaliser,
      now: this.now,
      assertRoom: () => this.disk.assertRoom(),
      mapping: (name) => mappingNamed(read, name),
      timeZone: () => property(read)?.timeZone ?? null,
      onProgress: () => this.#kept(),
      onReading: ({ connectionId, correlationId, fileId }) =>
        this.stores.log.info({ connectionId, correlationId, file: fileId }, 'a file is being read'),
      // An import by hand is no run of a source, and leaves its files where they are: nothing stands beside it.
      runId: null,
      onBeside: () => undefined,
    };
  }

  replayTools(): ReplayTools {
    const tools = this.pullTools();
    const settingsOf = (connectionId: string) => connectionById(tools.read, connectionId)?.settings;
    const savedMapping = (name: string) => allMappings(tools.read).find((mapping) => mapping.name === name) ?? null;
    return {
      ...tools,
      savedMapping,
      mappingOf: (connectionId) => {
        const name = settingsOf(connectionId)?.mapping;
        return typeof name === 'string' ? savedMapping(name) : null;
      },
      hidesCards: (connectionId) => settingsOf(connectionId)?.hideCardNumbers !== false,
    };
  }

  hasRecords(): boolean {
    return waitingBehind(this.stores.read, 0).lastSeq > 0;
  }

  async addConnection(connection: Connection, entries: readonly AuditDraft[]): Promise<void> {
    await this.stores.writer.audited(entries, 'saveConnection', [connection]);
    await this.configurationChanged();
  }

  /** Change some fields of a connection. @throws {Fault} `connection-not-found` */
  async changeConnection(id: string, fields: Partial<Omit<Connection, 'id'>>, entries: readonly AuditDraft[]): Promise<void> {
    if (!(await this.stores.writer.audited(entries, 'changeConnection', [id, fields]))) throw new Fault('connection-not-found', { id });
    await this.configurationChanged();
  }

  async configurationChanged(): Promise<void> {
    await this.destinations.follow();
    this.live.tell('connections');
    this.live.tell('overview');
  }

  /** Stop: take no more, finish the batches, commit the cursors, close. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.requestStop();
    if (this.#intents) clearInterval(this.#intents);
    if (this.#disk) clearInterval(this.#disk);
    if (this.#attempts) clearInterval(this.#attempts);
    try {
      await this.certifying.stop();
      await this.checking.stop();
      await this.backups.stop();
      await this.sources.stop();
      await this.unnamed.settled();
      await this.destinations.stop();
      await this.figures.stop();
      await this.pruning.stop();
      await this.mending.settled();
      await this.#carrying;
      this.stores.log.info('the agent has stopped');
    } finally {
      await this.stores.close();
    }
  }

  async #takeAgain(connectionIds: readonly string[]): Promise<void> {
    for (const id of connectionIds) {
      const connection = connectionById(this.stores.read, id);
      if (connection?.direction === 'source' && !connection.isPaused && !this.signal.aborted) await this.sources.readAnew(connection);
    }
  }

  async #resumeImports(): Promise<void> {
    try {
      await this.unnamed.done();
      await resumeImports(this.pullTools(), this.signal);
    } catch (error) {
      if (!this.signal.aborted) this.stores.log.error(errorFields(error), 'an import that was cut short could not go on');
    }
  }

  #kept(): void {
    this.#quiet.disturb();
    this.figures.wake();
    this.destinations.wake();
    this.live.tellSoon('overview');
    this.live.tellSoon('files');
  }

  async #note(connectionId: string, fault: Fault): Promise<void> {
    noteWhereSuspect(this.stores.home, fault);
    this.stores.log.warn(
      { connectionId, code: fault.code, detail: fault.detail, ...(fault.code === 'internal' ? errorFields(fault.cause) : {}) },
      fault.message,
    );
    await this.#raise(connectionId, fault);
  }

  async #raise(connectionId: string, fault: Fault): Promise<void> {
    const severity = fault.who === 'later' || sidelines.includes(fault.code) ? 'warning' : 'critical';
    await this.stores.writer.step('raiseAlert', [connectionId, fault.report(), severity, this.now()]);
    this.live.tellSoon('overview');
  }

  async #forgive(connectionId: string): Promise<void> {
    await this.stores.writer.step('clearAlerts', [connectionId]);
    await this.#carryOut();
    this.live.tellSoon('overview');
  }

  /** Warn while the disk gets full. A warning of an earlier start ends as well. */
  async #lookAtDisk(): Promise<void> {
    const { writer, log } = this.stores;
    try {
      const { state, ...space } = this.disk.look();
      const fault = new Fault('disk-low', shares(space));
      const percent = state === 'enough' ? 100 : Math.floor(Number(fault.detail.percent));
      if (state === 'enough') await writer.step('clearAlert', [agentItself, fault.code]);
      else if (percent !== this.#warnedOfPercent) await this.#note(agentItself, fault);
      this.#warnedOfPercent = percent;
    } catch (error) {
      // Not even the warning can be noted on a disk that is full: then the sources say so.
      log.error(errorFields(error), 'the disk could not be looked at');
    }
    await this.mending.look().catch((error) => log.error(errorFields(error), 'what was damaged could not be told'));
  }

  /** Drop what was tried and which runs were made long ago. A disk that is full keeps them a while longer. */
  async #pruneHistory(): Promise<void> {
    await this.#noteBeside('pruneAttempts', 'old attempts could not be dropped');
    await this.#noteBeside('pruneRuns', 'old runs could not be dropped');
  }

  /** Carry out a step of a history that nothing else depends on. */
  async #noteBeside(step: 'closeRuns' | 'pruneAttempts' | 'pruneRuns', otherwise: string): Promise<void> {
    const { writer, log } = this.stores;
    await writer.step(step, []).catch((error) => {
      noteWhereSuspect(this.stores.home, error);
      log.error(errorFields(error), otherwise);
    });
  }

  /** One after the other: two at once would move the same file. */
  #carryOut(): Promise<void> {
    const { read, writer, secrets, log } = this.stores;
    const tools = {
      read,
      writer,
      secrets,
      now: this.now,
      onFault: (id: string, fault: Fault) => void this.#note(id, fault).catch(() => undefined),
    };
    this.#carrying = this.#carrying
      .then(() => carryOutIntents(tools))
      .catch((error) => log.error(errorFields(error), 'an intent could not be carried out'));
    return this.#carrying;
  }

  /** What this agent says of itself to one destination: counts and times, nothing else. */
  heartbeat(destinationId: string): Heartbeat {
    const counts = entityCounts(this.stores.read, this.now());
    const { waiting, oldestAtMs } = waitingBehind(this.stores.read, delivery(this.stores.read, destinationId).confirmedSeq);
    const entities: Record<string, number> = {};
    for (const count of counts) entities[count.entity] = (entities[count.entity] ?? 0) + count.records;
    return {
      hotelId: property(this.stores.read)?.hotelId ?? 'unknown',
      version,
      sentAt: new Date(this.now()).toISOString(),
      lagSeconds: oldestAtMs === null ? 0 : Math.max(0, Math.round((this.now() - oldestAtMs) / 1000)),
      depth: waiting,
      deadLetters: counts.reduce((sum, count) => sum + count.deadLetters, 0),
      entities: entities as Heartbeat['entities'],
    };
  }
}
