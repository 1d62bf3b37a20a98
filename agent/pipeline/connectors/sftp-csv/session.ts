import { posix } from 'node:path';
import { Fault } from '../../../../contract/faults.ts';
import type { PartSet } from '../../../../contract/health.ts';
import { sleep } from '../../../resilience/policies.ts';
import type { FileSession, KeptFile, OpenContext, SourceFile } from '../../connector.ts';
import { dropPlan, nameMatcher } from '../../csv-drops.ts';
import { Parts } from '../../parts.ts';
import { type LineSpec, markOf, type RemoteFile, SftpLine, unknownTime } from './line.ts';
import { isAside, putAway } from './put-away.ts';
import { lineSpec, putAwayOrder, type Settings } from './settings.ts';

/** Times on the server are whole seconds: what was written later than this after the last change cannot look the same. */
const tieSeconds = 2;
/** A line that nobody uses is given back; the next look makes a new one. */
const idleLineMs = 60_000;

/** The files of a listing that fit the pattern, in the order of their names: an export's name holds its time. */
export function fitting(given: Settings, files: readonly RemoteFile[]): RemoteFile[] {
  const fits = nameMatcher(given.pattern);
  return files.filter((file) => fits(file.name) && !isAside(file.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Reads one folder of a server from run to run; the line is made when it is needed and given back when nobody uses it. */
export class SftpSession implements FileSession {
  readonly plan;
  readonly #given: Settings;
  readonly #spec: LineSpec;
  readonly #context: OpenContext;
  readonly #parts: Parts;
  /** The mark under which a file of this start was taken. */
  readonly #known = new Map<string, string>();
  #line: SftpLine | null = null;
  #idle: NodeJS.Timeout | null = null;

  constructor(given: Settings, context: OpenContext) {
    this.#given = given;
    this.#context = context;
    this.#parts = new Parts(context.now);
    this.#spec = lineSpec(given, context);
    this.plan = dropPlan(given, given.afterwards === 'leave' ? null : { kind: 'put-away-file' });
  }

  async files(signal: AbortSignal): Promise<readonly SourceFile[]> {
    const all = await this.#listed(signal);
    const fresh = fitting(this.#given, all).filter((file) => this.#known.get(file.path) !== markOf(file));
    if ((fresh.length === 0 && !this.#given.waitsForParts) || signal.aborted) return [];
    const isByDoneFile = this.#given.completeWhen === 'done-file' || fresh.length === 0;
    const complete = isByDoneFile ? withDoneFile(fresh, all) : await this.#standingStill(fresh, signal);
    const offered = complete.map(({ file, isMarkProof }) => this.#sourceFile(file, isMarkProof));
    if (!this.#given.waitsForParts || signal.aborted) return offered;
    const wasTaken = new Set(
      fitting(this.#given, all)
        .filter((file) => this.#isTaken(file))
        .map((file) => file.name),
    );
    return this.#parts.whole(offered, fitting(this.#given, all), ({ name }) => wasTaken.has(name));
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

  #isTaken(file: RemoteFile): boolean {
    return this.#known.get(file.path) === markOf(file) || (this.#context.isTaken?.(file.path, markOf(file)) ?? false);
  }

  waitsFor(): readonly PartSet[] {
    return this.#parts.waiting;
  }

  isHeld(path: string, failed: readonly string[]): boolean {
    return this.#given.waitsForParts && this.#parts.isHeld(posix.basename(path), failed);
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
