import { mkdirSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EntityName } from '../../contract/record.ts';

/** What the receiver looks at of any record; the rest is kept as it came. */
export type ReceivedRecord = {
  readonly hotelId: string;
  readonly source: string;
  readonly externalId: string;
  readonly version: number;
  readonly generation: number;
  readonly eventId: string;
  readonly hash: string;
};

export type RefusedRecord = { readonly eventId: string; readonly code: string; readonly field?: string | null; readonly message: string };
export type Verdicts = { readonly applied: string[]; readonly duplicate: string[]; readonly refused: RefusedRecord[] };
export type Mode = 'upsert' | 'insert' | 'update';

/**
 * How often what has happened since the log was opened.
 *
 * `wireDuplicates`: event ids that came again. `stale`: versions older than one already applied, so not applied.
 */
export type ReceivedCounts = { applied: number; wireDuplicates: number; stale: number; refused: number };

type Place = { readonly generation: number; readonly version: number };

/**
 * The receiver's memory: one line of NDJSON for every event it has applied, in the order of applying.
 *
 * The file is the state. What stands in memory is read from it at the start, so a receiver that was killed
 * says exactly what it had on disk when it said "applied".
 */
export class ReceivedLog {
  readonly file: string;
  readonly counts: ReceivedCounts = { applied: 0, wireDuplicates: 0, stale: 0, refused: 0 };
  readonly #handle: FileHandle;
  readonly #hashOfEvent = new Map<string, string>();
  readonly #newest = new Map<string, Place>();
  readonly #generationOfHotel = new Map<string, number>();
  #lines = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #failure: Error | null = null;

  private constructor(file: string, handle: FileHandle) {
    this.file = file;
    this.#handle = handle;
  }

  /**
   * Open the log of a folder, making both when they are missing.
   * A last line without its end was never confirmed to anybody and is cut off.
   *
   * @throws {Error} when a whole line cannot be read: the file was edited.
   */
  static async open(dir: string): Promise<ReceivedLog> {
    mkdirSync(dir, { recursive: true });
    const file = join(dir, 'received.ndjson');
    const handle = await open(file, 'a+');
    const log = new ReceivedLog(file, handle);
    const bytes = await readFile(file);
    const whole = bytes.lastIndexOf(0x0a) + 1;
    if (whole < bytes.length) {
      await handle.truncate(whole);
      await handle.sync();
    }
    for (const line of bytes.subarray(0, whole).toString('utf8').split('\n')) {
      if (line === '') continue;
      const { entity, record } = JSON.parse(line) as { entity: EntityName; record: ReceivedRecord };
      log.#remember(entity, record);
      log.#lines += 1;
    }
    return log;
  }

  /** How many events the file holds. */
  get size(): number {
    return this.#lines;
  }

  /** The newest generation seen of a hotel; 0 when it has never sent anything. */
  highWater(hotelId: string): number {
    return this.#generationOfHotel.get(hotelId) ?? 0;
  }

  /**
   * Apply the records of one request in their order and make them durable. Requests take turns: an id that one request
   * is still writing must not be called a duplicate to another before it is on the disk.
   */
  apply(batch: {
    readonly entity: EntityName;
    readonly mode: Mode;
    readonly records: readonly ReceivedRecord[];
    readonly refuseKeys: readonly string[];
  }): Promise<Verdicts> {
    const turn = this.#turn.then(() => this.#applyNow(batch));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #applyNow(batch: Parameters<ReceivedLog['apply']>[0]): Promise<Verdicts> {
    // Memory would be ahead of the file after a failed write: only a restart, which reads the file, is honest then.
    if (this.#failure) throw this.#failure;
    const verdicts: Verdicts = { applied: [], duplicate: [], refused: [] };
    const lines: string[] = [];
    const receivedAtMs = Date.now();
    for (const record of batch.records) {
      const verdict = this.#judge(batch, record);
      if (verdict === 'duplicate') verdicts.duplicate.push(record.eventId);
      else if (verdict !== 'new') verdicts.refused.push({ eventId: record.eventId, ...verdict });
      else {
        this.#remember(batch.entity, record);
        lines.push(`${JSON.stringify({ receivedAtMs, entity: batch.entity, record })}\n`);
        verdicts.applied.push(record.eventId);
      }
    }
    if (lines.length > 0) await this.#append(lines);
    this.counts.applied += lines.length;
    this.counts.refused += verdicts.refused.length;
    return verdicts;
  }

  #judge(batch: Parameters<ReceivedLog['apply']>[0], record: ReceivedRecord): 'new' | 'duplicate' | Omit<RefusedRecord, 'eventId'> {
    const knownHash = this.#hashOfEvent.get(record.eventId);
    if (knownHash !== undefined) {
      if (knownHash !== record.hash) {
        return { code: 'event-id-reused', field: 'eventId', message: 'this event id was applied before with other content' };
      }
      this.counts.wireDuplicates += 1;
      return 'duplicate';
    }
    if (batch.refuseKeys.includes(record.externalId) || batch.refuseKeys.includes(`${record.source} ${record.externalId}`)) {
      return { code: 'key-refused', field: 'externalId', message: 'this receiver was told to refuse this key' };
    }
    const newest = this.#newest.get(keyOf(batch.entity, record));
    const order = newest === undefined ? 1 : record.generation - newest.generation || record.version - newest.version;
    if (order < 0) {
      this.counts.stale += 1;
      return 'duplicate';
    }
    if (order === 0) {
      return { code: 'version-reused', field: 'version', message: 'another event has this generation and version of the key' };
    }
    if (batch.mode === 'insert' && newest) return { code: 'key-exists', field: 'externalId', message: 'insert: the key is there already' };
    if (batch.mode === 'update' && !newest) return { code: 'key-unknown', field: 'externalId', message: 'update: the key is not there' };
    return 'new';
  }

  #remember(entity: EntityName, record: ReceivedRecord): void {
    this.#hashOfEvent.set(record.eventId, record.hash);
    this.#newest.set(keyOf(entity, record), { generation: record.generation, version: record.version });
    if (record.generation > this.highWater(record.hotelId)) this.#generationOfHotel.set(record.hotelId, record.generation);
  }

  async #append(lines: readonly string[]): Promise<void> {
    try {
      // On the disk before anyone is told "applied": an answer that a power cut could take back would be a lie.
      await this.#handle.appendFile(lines.join(''));
      await this.#handle.datasync();
      this.#lines += lines.length;
    } catch (error) {
      this.#failure = new Error('the received file could not be written; restart the receiver', { cause: error });
      throw this.#failure;
    }
  }

  /** Finish what is being written and let go of the file. */
  async close(): Promise<void> {
    await this.#turn;
    await this.#handle.close();
  }
}

function keyOf(entity: EntityName, record: ReceivedRecord): string {
  return JSON.stringify([record.hotelId, record.source, entity, record.externalId]);
}
