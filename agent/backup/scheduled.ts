import type { KeyObject } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { BackupPlan, BackupProgress, BackupStanding, LyingBackup } from '../../contract/backup.ts';
import { Fault, type FaultCode } from '../../contract/faults.ts';
import { policies, sleep } from '../resilience/policies.ts';
import { nextDailyMs } from '../runtime/hotel-clock.ts';
import { makeBackup } from './make.ts';
import { dataFolderId } from './owner.ts';
import { assertOutside, placeOf, readDrill, readFacts, wholeBackups } from './place.ts';
import { type BackupNotes, noNotes, readNotes, writeNotes } from './plan.ts';
import { rotate } from './rotate.ts';

export type BackupsTools = {
  readonly home: string;
  readonly key: KeyObject;
  readonly now: () => number;
  readonly hotel: () => { readonly hotelId: string; readonly timeZone: string } | null;
  /** Make a backup by itself and write down that it was made. */
  readonly byItself: (folder: string, signal: AbortSignal) => AsyncGenerator<BackupProgress>;
  readonly onFault: (fault: Fault) => Promise<void>;
  readonly clearFault: (code: FaultCode) => Promise<void>;
  readonly isSaid: (code: FaultCode) => boolean;
  readonly onDeleted: (names: readonly string[]) => void;
  readonly onChange: () => void;
  readonly onBug: (error: unknown) => void;
};

/** The troubles of a backup, which end with the next one that is verified. */
const troubles = [
  'backup-folder-unusable',
  'backup-no-room',
  'backup-drill-failed',
  'backup-unreadable',
  'backup-plan-unreadable',
  'backup-overdue',
] as const;
const dayMs = 86_400_000;
const overdueMs = 2 * dayMs;
const shownBackups = 30;

/** Makes a backup a day where a folder is set, keeps as many as were asked for, and says when there was none for too long. */
export class Backups {
  readonly #tools: BackupsTools;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #byHand: Promise<unknown> = Promise.resolve();
  #notes: BackupNotes = noNotes;
  /** The plan stands in a file that cannot be read: what is in it is not known, and it is not written over before one is set anew. */
  #unread: Fault | null = null;
  #underWay: BackupProgress | null = null;
  readonly #looking = new Map<string, Promise<LyingBackup[]>>();
  /** Another plan is looked at at once. */
  #planned = Promise.withResolvers<void>();

  constructor(tools: BackupsTools) {
    this.#tools = tools;
    this.#readNotes();
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#byHand;
  }

  async standing(): Promise<BackupStanding> {
    const { plan, verifiedAtMs, failedAtMs, fault } = this.#notes;
    return {
      plan,
      nextAtMs: this.#nextAtMs(),
      backups: plan ? await this.#lying(this.#place(plan)) : [],
      lastVerifiedAtMs: verifiedAtMs,
      lastFailedAtMs: failedAtMs,
      lastFault: fault,
      underWay: this.#underWay,
    };
  }

  /** Each place is asked once at a time: a share that does not answer must not take every thread that waits for a disk. */
  #lying(place: string): Promise<LyingBackup[]> {
    const asked = this.#looking.get(place) ?? lying(place).finally(() => this.#looking.delete(place));
    this.#looking.set(place, asked);
    return asked;
  }

  /** The folder into which backups are made by themselves. @throws {Fault} `input-wrong` where none is set. */
  folder(): string {
    const { plan } = this.#notes;
    if (!plan) throw new Fault('input-wrong', { detail: 'no folder for backups is set' });
    return plan.folder;
  }

  /**
   * Have backups made by themselves, or none. The first is made at once.
   * @throws {Fault} `backup-folder-unusable`
   */
  async setPlan(plan: BackupPlan | null): Promise<void> {
    const wanted = plan && { ...plan, folder: resolve(plan.folder) };
    if (wanted) await this.#assertWritable(wanted);
    const isElsewhere = wanted?.folder !== this.#notes.plan?.folder;
    // What was made elsewhere does not count here.
    const since =
      isElsewhere || this.#unread ? { triedAtMs: null, verifiedAtMs: null, verifiedBackup: null, failedAtMs: null, fault: null } : {};
    await this.#keep({ plan: wanted, plannedAtMs: isElsewhere ? this.#tools.now() : this.#notes.plannedAtMs, ...since });
    if (!wanted || isElsewhere) for (const code of troubles) await this.#tools.clearFault(code);
    this.#planned.resolve();
  }

  /** Make a backup. One into the folder of the plan counts for it, whoever has asked for it. */
  async *make(folder: string, signal: AbortSignal): AsyncGenerator<BackupProgress> {
    const { home, key, now } = this.#tools;
    const { plan } = this.#notes;
    const counts = plan !== null && resolve(folder) === plan.folder;
    try {
      if (counts) await this.#assertWritable(plan);
      for await (const step of makeBackup({ home, key, now }, folder, signal)) {
        if (!step.result) this.#tell(step);
        if (step.result && counts) await this.#verified(plan, step.result.folder);
        yield step;
      }
    } catch (error) {
      if (counts && error instanceof Fault && error.code !== 'stopped' && error.code !== 'input-wrong') await this.#failed(plan, error);
      throw error;
    } finally {
      this.#tell(null);
    }
  }

  /** Give the steps of a backup that goes on also when nobody follows it any more. */
  async *goingOn(steps: AsyncGenerator<BackupProgress>, signal: AbortSignal): AsyncGenerator<BackupProgress> {
    const gone = new Promise<'gone'>((resolve) => signal.addEventListener('abort', () => resolve('gone'), { once: true }));
    let newest: BackupProgress | null = null;
    let isOver = false;
    let change = Promise.withResolvers<void>();
    const run = (async () => {
      for await (const step of steps) {
        newest = step;
        change.resolve();
        change = Promise.withResolvers();
      }
    })().finally(() => {
      isOver = true;
    });
    this.#byHand = run.catch(() => undefined);
    let told: BackupProgress | null = null;
    while (!isOver && (await Promise.race([run, change.promise, gone])) !== 'gone') {
      told = newest;
      if (told) yield told;
    }
    if (signal.aborted) return;
    await run;
    // The last word may have come together with the end.
    if (newest && newest !== told) yield newest;
  }

  async #verified(plan: BackupPlan, folder: string): Promise<void> {
    const atMs = this.#tools.now();
    await this.#keep({ triedAtMs: atMs, verifiedAtMs: atMs, verifiedBackup: resolve(folder), fault: null });
    for (const code of troubles) await this.#tools.clearFault(code);
    await this.#rotate(plan, folder);
  }

  async #rotate({ keep }: BackupPlan, made: string): Promise<void> {
    try {
      const deleted = await rotate(dirname(made), { keep, made, dataFolder: dataFolderId(this.#tools.key) });
      if (deleted.length > 0) this.#tools.onDeleted(deleted);
    } catch (error) {
      // What was made is made: one too many beside it is no trouble of a hotel.
      this.#tools.onBug(error);
    }
  }

  async #failed(plan: BackupPlan, fault: Fault): Promise<void> {
    // One of which the drill has failed is tried again every hour: they must not pile up.
    if (fault.code === 'backup-drill-failed' && fault.detail.folder) await this.#rotate(plan, fault.detail.folder);
    const atMs = this.#tools.now();
    await this.#keep({ triedAtMs: atMs, failedAtMs: atMs, fault: fault.report() });
    await this.#tools.onFault(fault);
  }

  async #run(): Promise<void> {
    const { onBug } = this.#tools;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#planned = Promise.withResolvers();
      await this.#look(signal).catch((error) => {
        if (!(error instanceof Fault)) onBug(error);
      });
      await Promise.race([sleep(policies.backupLookEveryMs, signal), this.#planned.promise]);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { now, byItself, onFault, clearFault, isSaid } = this.#tools;
    if (this.#unread) this.#readNotes();
    if (this.#unread) return isSaid('backup-plan-unreadable') ? undefined : onFault(this.#unread);
    if (isSaid('backup-plan-unreadable')) await clearFault('backup-plan-unreadable');
    const { plan } = this.#notes;
    if (!plan) return;
    const nextAtMs = this.#nextAtMs();
    try {
      if (nextAtMs !== null && nextAtMs <= now()) for await (const _ of byItself(plan.folder, signal));
    } finally {
      if (!signal.aborted) await this.#sayOverdue(plan);
    }
  }

  async #sayOverdue(plan: BackupPlan): Promise<void> {
    const { now, onFault, isSaid } = this.#tools;
    const { verifiedAtMs, plannedAtMs } = this.#notes;
    const sinceMs = verifiedAtMs ?? plannedAtMs;
    if (now() - sinceMs <= overdueMs || isSaid('backup-overdue')) return;
    const since = verifiedAtMs === null ? '–' : new Date(verifiedAtMs).toISOString().slice(0, 10);
    await onFault(new Fault('backup-overdue', { folder: plan.folder, since }));
  }

  /** When the next one is made: the first at once, one that has failed an hour later. A time that was slept through is made up for. */
  #nextAtMs(): number | null {
    const { plan, plannedAtMs, triedAtMs, verifiedAtMs } = this.#notes;
    if (!plan) return null;
    if (triedAtMs === null) return plannedAtMs;
    const daily = nextDailyMs(plan.at, this.#tools.hotel()?.timeZone ?? 'UTC', Math.min(triedAtMs, this.#tools.now()));
    return triedAtMs === verifiedAtMs ? daily : Math.min(daily, triedAtMs + policies.backupAgainAfterMs);
  }

  #place(plan: BackupPlan): string {
    return placeOf(plan.folder, this.#tools.hotel()?.hotelId ?? null);
  }

  async #assertWritable(plan: BackupPlan): Promise<void> {
    const { folder } = plan;
    assertOutside(this.#tools.home, folder);
    const place = this.#place(plan);
    try {
      // A stick that is not there must not become a folder of that name.
      await access(folder, constants.W_OK);
      await mkdir(place, { recursive: true });
      const probe = join(place, 'probe.part');
      await writeFile(probe, 'x');
      await rm(probe);
    } catch (error) {
      throw new Fault('backup-folder-unusable', { folder, detail: (error as { code?: string }).code ?? '' }, { cause: error });
    }
  }

  #readNotes(): void {
    this.#unread = null;
    try {
      this.#notes = readNotes(this.#tools.home);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#unread = error;
      this.#notes = { ...noNotes, fault: error.report() };
    }
  }

  async #keep(change: Partial<BackupNotes>): Promise<void> {
    this.#notes = { ...this.#notes, ...change };
    this.#unread = null;
    await writeNotes(this.#tools.home, this.#notes);
    this.#tools.onChange();
  }

  #tell(step: BackupProgress | null): void {
    this.#underWay = step;
    this.#tools.onChange();
  }
}

/** The whole backups that lie in a place, the newest first. */
async function lying(place: string): Promise<LyingBackup[]> {
  const newest = (await wholeBackups(place)).reverse().slice(0, shownBackups);
  const found: LyingBackup[] = [];
  for (const backup of newest) {
    try {
      const { madeAtMs, records, rawFiles } = await readFacts(backup);
      found.push({ name: basename(backup), madeAtMs, records, rawFiles, drill: await readDrill(backup) });
    } catch {
      // One that says nothing of itself is no backup to anybody.
    }
  }
  return found;
}
