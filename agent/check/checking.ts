import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckFinding, CheckProgress, CheckReport, CheckStanding } from '../../contract/check.ts';
import { Fault } from '../../contract/faults.ts';
import { isPageNeeded, isRawDamaged, lastBlocksFrom, stillDamagedRows } from '../../db/pipeline/check.ts';
import { setting } from '../../db/pipeline/connections.ts';
import { startReader } from '../../db/reader.ts';
import type { Writer } from '../../db/writer.ts';
import type { Quiet } from '../pipeline/quiet.ts';
import { policies, sleep } from '../resilience/policies.ts';
import type { Mending } from '../runtime/mending.ts';
import { isCheckDue } from './due.ts';
import { forgetSuspicion, suspectFile } from './suspect.ts';
import { type WalkPlace, type WalkStep, type WalkTools, walk, walkStart } from './walk.ts';

const lastKey = 'check/last';
const underWayKey = 'check/under-way';
const mostFindings = 100;
/** Blocks that were written last are those that a power cut hits. */
const blocksAtStart = 40;
/** The agent starts within two seconds, with opening the database and all. */
const lookAtStartMs = 1000;
const notedEveryMs = 5000;

type Found = WalkStep['found'][number];
/** `isNews`: it was not known to be damaged before. */
type Met = Found & { readonly isNews: boolean };
/** A walk that has not come to its end, as it is written down, so that the next start takes it up. */
type UnderWay = Pick<CheckReport, 'startedAtMs' | 'blocks' | 'rows' | 'rawFiles' | 'rawBytes'> & {
  readonly place: WalkPlace;
  readonly met: readonly Met[];
};

export type CheckingTools = Omit<WalkTools, 'reads'> & {
  readonly writer: Pick<Writer, 'step'>;
  readonly now: () => number;
  readonly quiet: Quiet;
  readonly mending: Mending;
  readonly timeZone: () => string | null;
  /** When this data folder was made. */
  readonly bornAtMs: () => number;
  /** Have files read again whose copies are damaged, from the sources where they still lie. */
  readonly takeAgain: (connectionIds: readonly string[]) => Promise<void>;
  readonly onFault: (fault: Fault) => Promise<void>;
  readonly onFound: (found: Found) => void;
  readonly onEnd: (report: CheckReport) => void;
  readonly onChange: () => void;
  readonly onBug: (error: unknown) => void;
};

/** Checks everything that is kept, by night or when somebody asks, and has mended what can be mended. */
export class Checking {
  readonly #tools: CheckingTools;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #walk: { readonly abort: AbortController; readonly isHurried: boolean; readonly ended: Promise<CheckReport | null> } | null = null;
  #progress: CheckProgress | null = null;
  #change = Promise.withResolvers<void>();

  constructor(tools: CheckingTools) {
    this.#tools = tools;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#walk?.abort.abort();
    await this.#loop;
    await this.#walk?.ended;
  }

  standing(): CheckStanding {
    return { last: this.#last(), underWay: this.#progress };
  }

  #last(): CheckReport | null {
    return (setting(this.#tools.read, lastKey) as CheckReport | undefined) ?? null;
  }

  /** Check everything now, from the start. One that was asked for already is joined; it goes on when the caller goes. */
  async *now(signal: AbortSignal): AsyncGenerator<CheckProgress> {
    if (!this.#walk?.isHurried) {
      this.#walk?.abort.abort();
      await this.#walk?.ended;
      await this.#note(underWayKey, null);
      this.#begin('hurried');
    }
    const ended = this.#walk?.ended ?? Promise.resolve(null);
    const gone = new Promise<'gone'>((resolve) => signal.addEventListener('abort', () => resolve('gone'), { once: true }));
    let report: CheckReport | null | 'changed' | 'gone' = 'changed';
    while (report === 'changed') {
      if (this.#progress) yield this.#progress;
      report = await Promise.race([ended, this.#change.promise.then(() => 'changed' as const), gone]);
    }
    if (report === 'gone' || report === null) throw new Fault('stopped');
    yield { stage: 'done', done: 1, total: 1, report };
  }

  async #run(): Promise<void> {
    const { now, timeZone, bornAtMs, onBug } = this.#tools;
    const { signal } = this.#stopping;
    await this.#lookAtStart().catch(onBug);
    while (!signal.aborted) {
      const isHalfDone = setting(this.#tools.read, underWayKey) != null;
      const sinceMs = this.#last()?.startedAtMs ?? bornAtMs();
      if (this.#walk === null && (isHalfDone || isCheckDue({ sinceMs, nowMs: now(), zone: timeZone() ?? 'UTC' }))) this.#begin('throttled');
      await sleep(policies.checkLookEveryMs, signal);
    }
  }

  /** Look at what was written last, for a moment. */
  async #lookAtStart(): Promise<void> {
    const { home, read, writer: _, ...tools } = this.#tools;
    const endsAt = performance.now() + lookAtStartMs;
    const reader = await startReader(join(home, 'pipeline.db'));
    try {
      const from: WalkPlace = { stage: 'blocks', at: lastBlocksFrom(read, blocksAtStart) };
      for await (const { found, next } of walk({ home, read, key: tools.key, reads: reader.reads }, from, this.#stopping.signal)) {
        const met = await Promise.all(found.map((one) => this.#meet(one)));
        // A block that does not open is mended by and by, and that is said.
        await this.#warn(met.filter(({ kind }) => kind === 'block-gone'));
        if (next?.stage !== 'blocks' || performance.now() > endsAt) return;
      }
    } finally {
      await reader.close();
    }
  }

  #begin(pace: 'hurried' | 'throttled'): void {
    const abort = new AbortController();
    const ended = this.#walkThrough(pace, abort.signal)
      .catch((error) => {
        if (!abort.signal.aborted) this.#tools.onBug(error);
        return null;
      })
      .finally(() => {
        this.#walk = null;
        this.#tell(null);
      });
    this.#walk = { abort, isHurried: pace === 'hurried', ended };
  }

  async #walkThrough(pace: 'hurried' | 'throttled', signal: AbortSignal): Promise<CheckReport> {
    const { home, key, read, quiet, now } = this.#tools;
    const stored = (setting(read, underWayKey) as UnderWay | null | undefined) ?? null;
    let state: UnderWay = stored ?? { startedAtMs: now(), blocks: 0, rows: 0, rawFiles: 0, rawBytes: 0, place: walkStart, met: [] };
    // A thread of its own: a large table takes a while, and the lists of the console must not wait behind it.
    const reader = await startReader(join(home, 'pipeline.db'));
    try {
      let notedAt = performance.now();
      let beganAt = performance.now();
      for await (const step of walk({ home, key, read, reads: reader.reads }, state.place, signal)) {
        state = await this.#after(state, step);
        this.#tell({ ...step.progress, report: null });
        if (performance.now() - notedAt > notedEveryMs || step.found.length > 0) {
          await this.#note(underWayKey, state);
          notedAt = performance.now();
        }
        if (pace === 'throttled') await sleep(quiet.inMs() + (performance.now() - beganAt) * policies.checkRestsTimes, signal);
        beganAt = performance.now();
      }
    } finally {
      await reader.close();
      if (signal.aborted) await this.#note(underWayKey, state).catch(() => undefined);
    }
    return this.#finish(state);
  }

  async #after(state: UnderWay, { next, counts, found, whole }: WalkStep): Promise<UnderWay> {
    if (whole !== null && isRawDamaged(this.#tools.read, whole)) await this.#tools.writer.step('rawIsWhole', [whole]);
    const met: Met[] = [];
    for (const one of found) met.push(await this.#meet(one));
    return {
      startedAtMs: state.startedAtMs,
      blocks: state.blocks + counts.blocks,
      rows: state.rows + counts.rows,
      rawFiles: state.rawFiles + counts.rawFiles,
      rawBytes: state.rawBytes + counts.rawBytes,
      place: next ?? state.place,
      met: [...state.met, ...met],
    };
  }

  /** Do at once what can be done about a finding. */
  async #meet(found: Found): Promise<Met> {
    const { home, read, writer, mending, onFound } = this.#tools;
    onFound(found);
    switch (found.kind) {
      case 'database':
        writeFileSync(suspectFile(home), found.name);
        return { ...found, isNews: true };
      case 'block-gone':
        return { ...found, isNews: true };
      case 'block':
        await mending.setAside(found.at);
        return { ...found, isNews: true };
      case 'raw-page':
        if (found.connectionId !== null && isPageNeeded(read, found.at)) await writer.step('forgetPage', [found.connectionId, found.at]);
        return { ...found, isNews: await writer.step('noteDamagedRaw', [found.at]) };
      case 'raw-file':
        return { ...found, isNews: await writer.step('noteDamagedRaw', [found.at]) };
      default: {
        const never: never = found.kind;
        throw new Error(`no kind ${never}`);
      }
    }
  }

  async #finish(state: UnderWay): Promise<CheckReport> {
    const { mending, takeAgain, now, home, writer } = this.#tools;
    const { startedAtMs, blocks, rows, rawFiles, rawBytes, met } = state;
    if (met.length > 0) {
      this.#tell({ stage: 'mending', done: 0, total: met.length, report: null });
      const sources = met.flatMap(({ kind, connectionId }) => (kind === 'raw-file' && connectionId !== null ? [connectionId] : []));
      await takeAgain([...new Set(sources)]);
      mending.readAgain();
      await mending.settled();
    }
    if (!met.some(({ kind }) => kind === 'database')) forgetSuspicion(home, startedAtMs);
    const findings = met.map(({ at, isNews, ...one }): CheckFinding => ({ ...one, isMended: this.#isMended({ ...one, at, isNews }) }));
    const mended = findings.filter(({ isMended }) => isMended).length;
    const counts = { startedAtMs, endedAtMs: now(), blocks, rows, rawFiles, rawBytes };
    const report = { ...counts, damaged: findings.length, mended, findings: findings.slice(0, mostFindings) };
    await this.#note(lastKey, report);
    await this.#note(underWayKey, null);
    if (mended === findings.length) await writer.step('clearAlert', ['', 'check-found-damage']);
    else await this.#warn(met.filter((one) => one.isNews && !this.#isMended(one)));
    this.#tools.onEnd(report);
    return report;
  }

  #isMended({ kind, at }: Met): boolean {
    const { read } = this.#tools;
    switch (kind) {
      case 'database':
      case 'block-gone':
        return false;
      case 'block':
        return this.#isSetAside(at) && stillDamagedRows(read, at) === 0;
      case 'raw-page':
        return !isPageNeeded(read, at);
      case 'raw-file':
        return !isRawDamaged(read, at);
      default: {
        const never: never = kind;
        throw new Error(`no kind ${never}`);
      }
    }
  }

  #isSetAside(firstSeq: number): boolean {
    return this.#tools.read.prepare('select 1 from damaged_blocks where first_seq = ?').get(firstSeq) !== undefined;
  }

  async #warn(open: readonly Met[]): Promise<void> {
    if (open.length === 0) return;
    const names = open.slice(0, 5).map(({ name }) => name);
    await this.#tools.onFault(new Fault('check-found-damage', { count: String(open.length), names: names.join(', ') }));
  }

  async #note(name: string, value: unknown): Promise<void> {
    await this.#tools.writer.step('saveSetting', [name, value]);
  }

  #tell(progress: CheckProgress | null): void {
    this.#progress = progress;
    this.#change.resolve();
    this.#change = Promise.withResolvers();
    this.#tools.onChange();
  }
}
