import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { AuditDraft } from '../../contract/audit.ts';
import type {
  CertificateDifference,
  CertificatePlan,
  CertificateProgress,
  CertificateSource,
  CertificateStanding,
  NotCompared,
} from '../../contract/certificate.ts';
import { CertificatePlan as Plan } from '../../contract/certificate.ts';
import type { Connection } from '../../contract/connection.ts';
import { Fault } from '../../contract/faults.ts';
import type { Mapping } from '../../contract/mapping.ts';
import type { Property } from '../../contract/property.ts';
import type { EntityName } from '../../contract/record.ts';
import { isDamage } from '../../db/faults.ts';
import type { ReadDb } from '../../db/open.ts';
import { certificateDigest, certificates, lastCertificateMs } from '../../db/pipeline/certificates.ts';
import type { CertifyPlace, FoundDifference, FoundPart } from '../../db/pipeline/certify.ts';
import { connections, property, setting } from '../../db/pipeline/connections.ts';
import { fileById, unnamedSince } from '../../db/pipeline/files.ts';
import { heldSending } from '../../db/pipeline/held-sending.ts';
import { delivery, waitingBehind } from '../../db/pipeline/outbox.ts';
import { standingAlerts } from '../../db/pipeline/standing.ts';
import { type LongReads, startReader } from '../../db/reader.ts';
import { Seen } from '../../db/seen.ts';
import type { Remote } from '../../db/thread-calls.ts';
import type { Writer } from '../../db/writer.ts';
import type { Quiet } from '../pipeline/quiet.ts';
import { connectors } from '../pipeline/registry.ts';
import { isSound } from '../pipeline/sealed-file.ts';
import { type Sources, unlessStopped } from '../pipeline/sources.ts';
import { policies, sleep } from '../resilience/policies.ts';
import { businessDate, nextDailyMs } from '../runtime/hotel-clock.ts';
import type { Mending } from '../runtime/mending.ts';
import { addBite, assemble, type DestinationFacts, differing, type PartComparison } from './assemble.ts';
import { isMoving, nameOf, nameOfPart, orderOf } from './differences.ts';
import { seeFiles } from './see-files.ts';
import { type PagesToSee, type SeeTablesTools, seePagesAgain, seeTables } from './see-tables.ts';

const planKey = 'certificate/plan';
const underWayKey = 'certificate/under-way';
const triedKey = 'certificate/tried';
/** Behind the night audit, and behind the comparison of tables that a source makes by itself. */
const defaultPlan: CertificatePlan = { at: '06:00' };
const namedDifferences = 200;
/** So many are pulled again in a night. */
const pulledDifferences = 20_000;
const confirmLookMs = 100;
const mostLooks = 3;

type Cause = 'night' | 'by-hand';

/** A run that was begun and has not ended. `tries`: so often in a row; one that ends the agent each time waits for its hour. */
type UnderWay = { readonly startedAtMs: number; readonly tries?: number };
const mostTries = 3;

export type CertifyingTools = {
  readonly home: string;
  readonly key: KeyObject;
  readonly read: ReadDb;
  readonly writer: Pick<Writer, 'step' | 'audited'>;
  readonly now: () => number;
  readonly quiet: Quiet;
  /** Throws when the disk has no room for more. */
  readonly assertRoom: () => void;
  readonly sources: Pick<Sources, 'lend' | 'syncNow' | 'compareNow' | 'state'>;
  readonly mending: Pick<Mending, 'readAgain' | 'settled'>;
  readonly mapping: (name: string) => Mapping;
  /** Whether the lines to the destinations run, so that something that was pulled again can be confirmed. */
  readonly isSending: () => boolean;
  readonly bornAtMs: () => number;
  readonly entry: (detail: AuditDraft['detail'], id: string) => AuditDraft;
  readonly onFault: (fault: Fault) => Promise<void>;
  readonly clearFault: () => Promise<unknown>;
  readonly onMade: (summary: { readonly state: string; readonly records: number; readonly found: number; readonly mended: number }) => void;
  readonly onChange: () => void;
  readonly onBug: (error: unknown) => void;
};

/** What a run holds while it goes on. */
type Run = {
  readonly cause: Cause;
  readonly startedAtMs: number;
  readonly seen: Seen;
  readonly reads: Remote<LongReads>;
  readonly signal: AbortSignal;
  /** The file connections and tables that could not be read, and why. */
  readonly unseen: Map<string, NotCompared>;
  /** Connections with files whose copies are damaged. */
  damaged: ReadonlySet<string>;
  sealedUpTo: number;
};

/** Makes a certificate each night, or when somebody asks: compares the sources with what is kept and with what was confirmed. */
export class Certifying {
  readonly #tools: CertifyingTools;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #run: { readonly abort: AbortController; readonly ended: Promise<number | null> } | null = null;
  #progress: CertificateProgress | null = null;
  #change = Promise.withResolvers<void>();
  #planned = Promise.withResolvers<void>();
  #failed: { readonly fault: Fault; readonly atMs: number } | null = null;

  constructor(tools: CertifyingTools) {
    this.#tools = tools;
  }

  start(): void {
    this.#loop = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#run?.abort.abort();
    await this.#loop;
    await this.#run?.ended;
  }

  standing(limit: number): CertificateStanding {
    return {
      plan: this.#plan(),
      nextAtMs: this.#nextAtMs(),
      certificates: certificates(this.#tools.read, limit),
      underWay: this.#progress,
      lastFault: this.#failed?.fault.report() ?? null,
    };
  }

  #plan(): CertificatePlan {
    const kept = setting(this.#tools.read, planKey);
    return kept === undefined ? defaultPlan : Plan.parse(kept);
  }

  /** @param entry what is written down of it. */
  async setPlan(plan: CertificatePlan, entry: AuditDraft): Promise<void> {
    await this.#tools.writer.audited([entry], 'saveSetting', [planKey, plan]);
    this.#planned.resolve();
    this.#tools.onChange();
  }

  /** A night that was slept through is made up for; a run that was cut short by the end of the agent is made again at once. */
  #nextAtMs(): number | null {
    const { read, now, bornAtMs } = this.#tools;
    const hotel = property(read);
    const { at } = this.#plan();
    if (!hotel) return null;
    const underWay = setting(read, underWayKey) as UnderWay | null | undefined;
    if (underWay && (underWay.tries ?? 1) < mostTries) return now();
    if (at === null) return null;
    const triedAtMs = Math.max((setting(read, triedKey) as number | undefined) ?? 0, lastCertificateMs(read) ?? 0) || bornAtMs();
    const daily = nextDailyMs(at, hotel.timeZone, Math.min(triedAtMs, now()));
    return this.#failed ? Math.min(daily, this.#failed.atMs + policies.certificateAgainAfterMs) : daily;
  }

  /** Compare now. One that is under way is joined; it goes on when the caller goes. */
  async *now(signal: AbortSignal): AsyncGenerator<CertificateProgress> {
    if (!property(this.#tools.read)) throw new Fault('input-wrong', { detail: 'the hotel is not set up yet' });
    this.#failed = null;
    this.#begin('by-hand');
    const ended = this.#run?.ended ?? Promise.resolve(null);
    const gone = new Promise<'gone'>((resolve) => signal.addEventListener('abort', () => resolve('gone'), { once: true }));
    let id: number | null | 'changed' | 'gone' = 'changed';
    while (id === 'changed') {
      if (this.#progress) yield this.#progress;
      id = await Promise.race([ended, this.#change.promise.then(() => 'changed' as const), gone]);
    }
    if (id === 'gone' || id === null) throw this.#failure() ?? new Fault('stopped');
    yield { stage: 'done', done: 1, total: 1, id };
  }

  #failure(): Fault | null {
    return this.#failed?.fault ?? null;
  }

  /** End the run that is under way. @returns whether there was one. */
  async cancel(): Promise<boolean> {
    const run = this.#run;
    if (!run) return false;
    run.abort.abort();
    await run.ended;
    await this.#note(underWayKey, null);
    return true;
  }

  async #follow(): Promise<void> {
    const { now, onBug } = this.#tools;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#planned = Promise.withResolvers();
      try {
        const nextAtMs = this.#nextAtMs();
        if (this.#run === null && nextAtMs !== null && nextAtMs <= now()) this.#begin('night');
      } catch (error) {
        onBug(error);
      }
      await Promise.race([sleep(policies.certificateLookEveryMs, signal), this.#planned.promise]);
    }
  }

  #begin(cause: Cause): void {
    if (this.#run) return;
    const abort = new AbortController();
    const ended = this.#make(cause, abort.signal)
      .catch(async (error) => {
        if (abort.signal.aborted) return null;
        this.#tools.onBug(error);
        const fault = error instanceof Fault ? error : new Fault('internal', { correlationId: 'certificate' }, { cause: error });
        this.#failed = { fault, atMs: this.#tools.now() };
        await this.#note(underWayKey, null).catch(() => undefined);
        return null;
      })
      .finally(() => {
        this.#run = null;
        this.#tell(null);
      });
    this.#run = { abort, ended };
    this.#tell({ stage: 'files', done: 0, total: null, id: null });
  }

  async #make(cause: Cause, signal: AbortSignal): Promise<number> {
    const { home, key, now, read } = this.#tools;
    const startedAtMs = now();
    await this.#note(triedKey, startedAtMs);
    const before = setting(read, underWayKey) as UnderWay | null | undefined;
    await this.#note(underWayKey, { startedAtMs, tries: before ? (before.tries ?? 1) + 1 : 1 } satisfies UnderWay);
    const path = join(home, 'seen.db');
    const seen = Seen.open(path);
    const reader = await startReader(join(home, 'pipeline.db'));
    let isDamaged = false;
    try {
      await reader.reads.openSeen(path, key);
      const what = (await reader.reads.isSeenOfAnother()) ? 'all' : 'tables';
      while (seen.forgetSome(what)) await this.#rest(0, 0, signal);
      const run: Run = { cause, startedAtMs, seen, reads: reader.reads, signal, unseen: new Map(), damaged: new Set(), sealedUpTo: 1 };
      return await this.#compareAll(run);
    } catch (error) {
      // A full disk or a source that does not answer costs nothing of what was read.
      isDamaged = isDamage(error) || (error instanceof Fault && error.code === 'database-damaged');
      throw error;
    } finally {
      await reader.close();
      seen.close();
      // Should it be what has failed, it is made anew from the copies.
      if (isDamaged) Seen.drop(path);
    }
  }

  async #compareAll(run: Run): Promise<number> {
    await this.#readSources(run);
    await this.#seeFiles(run);
    await this.#seeOutbox(run);
    let comparisons = await this.#compare(run);
    // What has changed at the source meanwhile is brought in first: only what then still differs is a difference.
    if (isMoving(comparisons) || comparisons.some((one) => differing(one) > 0)) {
      await this.#catchUp(run, comparisons);
      comparisons = await this.#compare(run);
    }
    const first = comparisons;
    const found = first.reduce((sum, one) => sum + differing(one), 0);
    if (found > 0) {
      await this.#pullAgain(run, first);
      // What was seen of them is read once more as well, from the copies themselves.
      await this.#doubt(run, first);
      await this.#seeAgain(run, first);
    }
    // What is kept meanwhile, such as figures of guests, is looked at too, as long as there is not ever more of it.
    for (
      let looks = 0;
      looks < mostLooks && ((looks === 0 && found > 0) || isMoving(comparisons) || this.#isWaiting(comparisons));
      looks++
    ) {
      await this.#letConfirm(run);
      await this.#seeOutbox(run);
      comparisons = await this.#compare(run);
    }
    return this.#finish(run, { first, last: comparisons, found });
  }

  /** Whether a destination to which something is sent has not confirmed all of it yet. */
  #isWaiting(comparisons: readonly PartComparison[]): boolean {
    const counts = this.#destinations().map(({ connection, isStopped }) => !isStopped && connection.isShadow !== true);
    const isOpen = (deliveries: readonly { readonly waiting: number }[]) => deliveries.some(({ waiting }, at) => counts[at] && waiting > 0);
    return comparisons.some(({ days }) => [...days.values()].some(({ deliveries }) => isOpen(deliveries)));
  }

  /** Bring in what lies at the sources now, and read their tables for the comparison. */
  async #readSources(run: Run): Promise<void> {
    const { sources } = this.#tools;
    for (const connection of this.#connections('source')) {
      if (run.signal.aborted) throw new Fault('stopped');
      if (connection.isPaused) {
        run.unseen.set(connection.id, { reason: 'paused', fault: null });
        continue;
      }
      const isDatabase = connectors.get(connection.kind)?.isDatabase === true;
      // A source that is read by hand alone is left alone; what it has brought is compared.
      if (!isDatabase && connection.schedule.kind !== 'manual') await unlessStopped(sources.syncNow(connection, 'certificate'), run.signal);
      const { fault, waitsFor } = sources.state(connection.id);
      if (!isDatabase && fault) run.unseen.set(connection.id, { reason: 'fault', fault: fault.report() });
      // Parts of a set lie there, and are not read before the others have come.
      else if (waitsFor.length > 0) run.unseen.set(connection.id, { reason: 'being-read', fault: null });
      if (isDatabase) await this.#seeTables(run, connection);
    }
  }

  async #seeTables(run: Run, connection: Connection): Promise<void> {
    try {
      const unseen = await seeTables(run.seen, connection, this.#tableTools(run));
      if (unseen) run.unseen.set(connection.id, { reason: unseen, fault: null });
    } catch (error) {
      if (run.signal.aborted) throw error;
      if (!(error instanceof Fault)) throw error;
      // Stopped in the middle: by a person, or because its night audit has begun.
      const isPaused = this.#connections('source').some((one) => one.id === connection.id && one.isPaused);
      const stopped: NotCompared = { reason: isPaused ? 'paused' : 'night-audit', fault: null };
      run.unseen.set(connection.id, error.code === 'stopped' ? stopped : { reason: 'fault', fault: error.report() });
    }
  }

  #tableTools({ cause, signal }: Run): SeeTablesTools {
    const { read, sources, mapping } = this.#tools;
    const onRows = (done: number) => this.#tell({ stage: 'tables', done, total: null, id: null });
    return {
      read,
      sources,
      mapping,
      onRows,
      rest: (tookMs) => this.#rest(tookMs, cause === 'night' ? policies.checkRestsTimes : 1, signal),
      isAsked: cause === 'by-hand',
      signal,
    };
  }

  async #seeFiles(run: Run): Promise<void> {
    const { home, key, read } = this.#tools;
    const { seen, reads, signal, cause } = run;
    const unreadable = await seeFiles(seen, {
      home,
      key,
      read,
      reads,
      onFile: (done, total) => this.#tell({ stage: 'files', done, total, id: null }),
      rest: (tookMs) => this.#rest(tookMs, cause === 'night' ? policies.checkRestsTimes : 0, signal),
      signal,
    });
    run.damaged = new Set(unreadable.map(({ hotelId, source, entity }) => JSON.stringify([hotelId, source, entity])));
  }

  async #rest(tookMs: number, times: number, signal: AbortSignal): Promise<void> {
    await sleep(this.#tools.quiet.inMs() + tookMs * times, signal);
    if (signal.aborted) throw new Fault('stopped');
    // What is read for it must not take the room of what comes in.
    this.#tools.assertRoom();
  }

  /** Open what lies sealed, from where it was opened last. */
  async #seeOutbox(run: Run): Promise<void> {
    const { seen, reads, signal, cause } = run;
    for (let at: number | null = run.sealedUpTo; at !== null; ) {
      if (signal.aborted) throw new Fault('stopped');
      const began = performance.now();
      const { blocks, nextSeq, lastSeq }: Awaited<ReturnType<typeof reads.sealedHashes>> = await reads.sealedHashes(this.#tools.key, at);
      seen.takeSealed(blocks);
      const last = blocks.at(-1);
      if (last) run.sealedUpTo = last.firstSeq;
      this.#tell({ stage: 'outbox', done: nextSeq ?? lastSeq, total: lastSeq, id: null });
      await this.#rest(performance.now() - began, cause === 'night' ? policies.checkRestsTimes : 0, signal);
      at = nextSeq;
    }
  }

  async #compare(run: Run): Promise<PartComparison[]> {
    const parts = await run.reads.partsToCertify();
    this.#tell({ stage: 'comparing', done: 0, total: parts.length, id: null });
    const destinationIds = this.#connections('destination').map(({ id }) => id);
    const done: PartComparison[] = [];
    for (const part of parts) {
      const comparison: PartComparison = { part, notCompared: this.#whyNot(run, part), days: new Map(), differences: [], lost: 0 };
      for (let from: CertifyPlace | null = { stage: 'seen', after: '' }; from !== null; ) {
        if (run.signal.aborted) throw new Fault('stopped');
        const { hotelId, source, entity } = part;
        const order = {
          part: { hotelId, source, entity },
          isCompared: comparison.notCompared === null,
          sinceMs: run.startedAtMs,
          destinationIds,
          from,
        };
        const began = performance.now();
        const bite: Awaited<ReturnType<typeof run.reads.certify>> = await run.reads.certify(order);
        addBite(comparison, bite, pulledDifferences);
        from = bite.next;
        if (run.cause === 'night') await this.#rest(performance.now() - began, policies.checkRestsTimes, run.signal);
      }
      done.push(comparison);
      this.#tell({ stage: 'comparing', done: done.length, total: parts.length, id: null });
    }
    return done;
  }

  /** Why a part cannot be compared; null where all that brings it was read. */
  #whyNot(run: Run, part: FoundPart): NotCompared | null {
    const known = new Set(this.#connections('source').map(({ id }) => id));
    // Of a database that is no more nobody can ask anything; the copies of files say what was in them for good.
    if (part.tableConnections.some((id) => !known.has(id))) return { reason: 'removed', fault: null };
    for (const id of [...part.tableConnections, ...part.fileConnections]) {
      const why = run.unseen.get(id);
      if (why) return why;
    }
    // After a restore: copies that no row names are still to be read, or could not be.
    if (part.fileConnections.length > 0 && setting(this.#tools.read, unnamedSince)) return { reason: 'being-read', fault: null };
    if (part.fileConnections.length > 0 && standingAlerts(this.#tools.read).some(({ fault }) => fault.code === 'copies-unread'))
      return { reason: 'damaged', fault: null };
    // What a source is not asked for any more cannot be told from what it has lost.
    if (part.tableConnections.some((id) => !part.walked.includes(id))) return { reason: 'not-asked', fault: null };
    if (run.damaged.has(JSON.stringify([part.hotelId, part.source, part.entity]))) return { reason: 'damaged', fault: null };
    return part.isBeingRead ? { reason: 'being-read', fault: null } : null;
  }

  /** Have the sources brought in once more, and look again at what differed. */
  async #catchUp(run: Run, comparisons: readonly PartComparison[]): Promise<void> {
    const { sources } = this.#tools;
    const tables = new Set(comparisons.filter((one) => differing(one) > 0).flatMap(({ part }) => part.tableConnections));
    for (const connection of this.#connections('source'))
      if (tables.has(connection.id) && !connection.isPaused) await unlessStopped(sources.syncNow(connection, 'certificate'), run.signal);
    await this.#seeAgain(run, comparisons);
    await this.#seeOutbox(run);
  }

  /** Have the files of differences read once more: what was seen of them is not beyond doubt. What a copy that is gone has said stays. */
  async #doubt({ seen, signal }: Run, comparisons: readonly PartComparison[]): Promise<void> {
    const { home, key, read } = this.#tools;
    const ids = new Set(comparisons.flatMap(({ differences }) => differences.flatMap(({ file }) => (file ? [file.id] : []))));
    for (const id of ids) {
      if (signal.aborted) throw new Fault('stopped');
      const rawPath = fileById(read, id)?.rawPath;
      if (rawPath && (await isSound(join(home, rawPath), key, rawPath))) seen.forgetFile(id);
    }
  }

  async #seeAgain(run: Run, comparisons: readonly PartComparison[]): Promise<void> {
    const differences = comparisons.flatMap((one) => one.differences);
    const known = new Map(this.#connections('source').map((connection) => [connection.id, connection]));
    const pages = new Map<string, Map<number, Map<number, string[]>>>();
    for (const { row } of differences) {
      if (!row) continue;
      const { connectionId } = run.seen.tableOf(row.tableId);
      const ofConnection = pages.get(connectionId) ?? new Map<number, Map<number, string[]>>();
      const ofTable = ofConnection.get(row.tableId) ?? new Map<number, string[]>();
      ofTable.set(row.page, [...(ofTable.get(row.page) ?? []), row.key]);
      ofConnection.set(row.tableId, ofTable);
      pages.set(connectionId, ofConnection);
    }
    for (const [id, some] of pages) {
      const connection = known.get(id);
      if (connection) await this.#seePages(run, connection, some);
    }
    await this.#seeFiles(run);
  }

  async #seePages(run: Run, connection: Connection, pages: PagesToSee): Promise<void> {
    try {
      await seePagesAgain(run.seen, connection, pages, this.#tableTools(run));
    } catch (error) {
      if (run.signal.aborted || !(error instanceof Fault)) throw error;
      run.unseen.set(connection.id, { reason: 'fault', fault: error.report() });
    }
  }

  /** Pull again what differs, by the ways there are. */
  async #pullAgain(run: Run, comparisons: readonly PartComparison[]): Promise<void> {
    const { writer, mending, sources } = this.#tools;
    this.#tell({ stage: 'pulling', done: 0, total: comparisons.reduce((sum, one) => sum + differing(one), 0), id: null });
    for (const { part, differences } of comparisons)
      if (differences.length > 0) await writer.step('pullAgain', [orderOf(run.seen, part, differences)]);
    mending.readAgain();
    await unlessStopped(mending.settled(), run.signal);
    const tables = new Set(
      comparisons.flatMap(({ differences }) => differences.flatMap(({ row }) => (row ? [run.seen.tableOf(row.tableId).connectionId] : []))),
    );
    for (const connection of this.#connections('source'))
      if (tables.has(connection.id) && !connection.isPaused) await unlessStopped(sources.compareNow(connection, 'certificate'), run.signal);
  }

  /** Give the destinations a moment to confirm what was kept just now. */
  async #letConfirm({ signal }: Run): Promise<void> {
    const { read, now, isSending } = this.#tools;
    if (!isSending()) return;
    const { lastSeq } = waitingBehind(read, 0);
    const isOpen = () =>
      this.#destinations().some(
        ({ connection, isStopped }) => !isStopped && connection.isShadow !== true && delivery(read, connection.id).confirmedSeq < lastSeq,
      );
    for (const until = now() + policies.certificateConfirmWithinMs; isOpen() && now() < until; ) {
      this.#tell({ stage: 'confirming', done: 0, total: null, id: null });
      await sleep(confirmLookMs, signal);
      if (signal.aborted) throw new Fault('stopped');
    }
  }

  async #finish(
    run: Run,
    { first, last, found }: { readonly first: readonly PartComparison[]; readonly last: readonly PartComparison[]; readonly found: number },
  ): Promise<number> {
    const { read, writer, now, entry, onFault, clearFault, onMade } = this.#tools;
    const hotel = property(read) as Property;
    const still = last.reduce((sum, one) => sum + differing(one), 0);
    const stillNamed = new Set(last.flatMap(({ part, differences }) => differences.map((one) => nameOf(part, one))));
    // What could not be compared any more at the end is not called mended.
    const isMended = (part: FoundPart, one: FoundDifference) =>
      !stillNamed.has(nameOf(part, one)) && last.some((other) => nameOfPart(other.part) === nameOfPart(part) && other.notCompared === null);
    const before = new Set(first.flatMap(({ part, differences }) => differences.map((one) => nameOf(part, one))));
    const lately = last.map(({ part, differences }) => ({
      part,
      differences: differences.filter((one) => !before.has(nameOf(part, one))),
    }));
    const named = [...first, ...lately].flatMap(({ part, differences }) =>
      differences.map(
        (one): CertificateDifference => ({
          source: part.source,
          entity: part.entity as EntityName,
          kind: one.kind,
          day: one.day,
          key: one.externalId ?? '',
          where: this.#whereOf(run, one),
          isMended: isMended(part, one),
        }),
      ),
    );
    const differences = named.slice(0, namedDifferences);
    const endedAtMs = now();
    const certificate = assemble({
      comparisons: last,
      factsOf: ({ hotelId, source, entity }) => run.seen.facts({ hotelId, source, entity }),
      sources: this.#connections('source').map((connection) => this.#sourceOf(run, connection, last)),
      destinations: this.#destinations(),
      differences,
      found,
      mended: named.filter((one) => one.isMended).length,
      head: {
        startedAtMs: run.startedAtMs,
        endedAtMs,
        cause: run.cause,
        businessDate: businessDate(hotel, run.startedAtMs),
        hotelId: hotel.hotelId,
        timeZone: hotel.timeZone,
      },
    });
    const json = JSON.stringify(certificate);
    const digest = certificateDigest(json);
    const { state, records, waiting, mended } = certificate;
    const id = await writer.audited([entry({ state, records, found, mended, waiting, digest }, digest.slice(0, 16))], 'keepCertificate', [
      json,
    ]);
    await this.#note(underWayKey, null);
    this.#failed = null;
    const keys = named.flatMap((one) => (one.isMended ? [] : [one.key]));
    if (keys.length > 0) {
      await onFault(new Fault('certificate-differs', { count: String(Math.max(still, keys.length)), keys: keys.slice(0, 5).join(', ') }));
    } else if (state !== 'not-compared') await clearFault();
    onMade({ state, records, found, mended });
    return id;
  }

  #sourceOf(run: Run, { id, title, kind }: Connection, last: readonly PartComparison[]): CertificateSource {
    const isRead = last.some(({ part }) => part.tableConnections.includes(id) || part.fileConnections.includes(id));
    const isDatabase = connectors.get(kind)?.isDatabase === true;
    // An empty table was walked through; a folder without a file has said nothing.
    const never: NotCompared | null = isRead || isDatabase ? null : { reason: 'never-read', fault: null };
    return { id, title, isDatabase, notCompared: run.unseen.get(id) ?? never };
  }

  #whereOf({ seen }: Run, { file, row }: FoundDifference): string {
    if (row) return `${seen.tableOf(row.tableId).name} ${row.key}`;
    if (!file) return '';
    const name = this.#tools.read.prepare<[number], string>('select name from files where id = ?').pluck().get(file.id);
    return `${name ?? ''}:${file.line}`;
  }

  #destinations(): DestinationFacts[] {
    const { read, now } = this.#tools;
    const held = heldSending(read);
    return this.#connections('destination').map((connection) => ({
      connection,
      isStopped: connection.isPaused || held(connection.id, now()) !== null,
      waitingSinceMs: waitingBehind(read, delivery(read, connection.id).confirmedSeq).oldestAtMs,
    }));
  }

  #connections(direction: Connection['direction']): Connection[] {
    return connections(this.#tools.read).filter((connection) => connection.direction === direction);
  }

  async #note(name: string, value: unknown): Promise<void> {
    await this.#tools.writer.step('saveSetting', [name, value]);
  }

  #tell(progress: CertificateProgress | null): void {
    this.#progress = progress;
    this.#change.resolve();
    this.#change = Promise.withResolvers();
    this.#tools.onChange();
  }
}
