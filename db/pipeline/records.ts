import type { KeyObject } from 'node:crypto';
import type { RuleId } from '../../contract/dead-letter.ts';
import { Fault } from '../../contract/faults.ts';
import type { WriteDb } from '../open.ts';
import { eventId } from './ledger.ts';
import { payloadWriter } from './payloads.ts';

/** One record of a batch: key, the five index columns, place in the file. Hash and document lie in the batch's blocks. */
export type BatchRow = readonly [
  externalId: string,
  day: string | null,
  until: string | null,
  state: string | null,
  title: string | null,
  place: string | null,
  line: number,
  byteOffset: number,
  byteLength: number,
];

/** One row that could not become a record. `raw` is sealed; `detail` holds no guest data. */
export type BatchLetter = {
  readonly rule: RuleId;
  readonly field: string | null;
  readonly column: string | null;
  readonly detail: string | null;
  readonly line: number;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly raw: Uint8Array;
};

/**
 * A batch as the normaliser hands it over. Rows travel as one JSON text and blocks as shared memory, because cloning some ten
 * thousand small strings costs more than storing them, and because writer and sender both read the documents.
 *
 * @shape `hashes` is 32 bytes a row; `documents` holds the documents end to end, `ends[i]` is where row i ends.
 */
export type Batch = {
  readonly fileId: number;
  readonly rowsJson: string;
  readonly count: number;
  readonly hashes: Uint8Array;
  readonly documents: Uint8Array;
  readonly ends: Uint32Array;
  readonly letters: readonly BatchLetter[];
  readonly position: number;
  readonly rows: number;
  readonly bytesNormalised: number;
  readonly bytesDeadLetters: number;
  readonly bytesStructural: number;
};

/**
 * What became of a batch. `versions[i]` is 0 for a row that was unchanged; `eventIds` holds 16 bytes for each kept row.
 * The kept rows have the numbers from `firstSeq` on, in their order.
 */
export type Stored = {
  kept: number;
  unchanged: number;
  duplicates: number;
  readonly firstSeq: number;
  readonly generation: number;
  readonly keptAtMs: number;
  readonly versions: Uint32Array;
  readonly eventIds: Uint8Array;
};

type FileRow = { connection_id: string; hotel_id: string; source: string; entity: string; position: number };
type LedgerRow = { hash: Buffer; version: number; generation: number; file_id: number | null };

/** Prepare the statements of the ledger and give the step that stores a batch. `generation` is read anew for every batch. */
export function recordStatements(db: WriteDb, key: KeyObject, generation: () => number) {
  const payloads = payloadWriter(db, key);
  const findFile = db.prepare<[number], FileRow>('select connection_id, hotel_id, source, entity, position from files where id = ?');
  const addLedger = db.prepare('insert into ledgers (hotel_id, source, entity) values (?, ?, ?) on conflict do nothing');
  const findLedger = db
    .prepare<[string, string, string], number>('select id from ledgers where hotel_id = ? and source = ? and entity = ?')
    .pluck();
  const findRecord = db.prepare<[number, string], LedgerRow>(
    'select hash, version, generation, file_id from records where ledger_id = ? and external_id = ?',
  );
  const addRecord = db.prepare(
    'insert into records (ledger_id, external_id, generation, version, hash, seq, file_id, day, until, state, title, place, first_kept_at_ms, kept_at_ms) ' +
      'values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const changeRecord = db.prepare(
    'update records set generation = ?, version = ?, hash = ?, seq = ?, file_id = ?, day = ?, until = ?, state = ?, title = ?, place = ?, kept_at_ms = ? where ledger_id = ? and external_id = ?',
  );
  const addEvent = db.prepare(
    'insert into outbox (seq, ledger_id, external_id, event_id, generation, version, hash, kept_at_ms, file_id, line, byte_offset, byte_length, correlation_id) ' +
      'values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const addLetter = db.prepare(
    'insert into dead_letters (connection_id, entity, rule, field, column_name, detail, file_id, line, byte_offset, byte_length, raw, set_aside_at_ms, correlation_id) ' +
      'values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const moveFile = db.prepare(
    'update files set position = ?, rows = rows + ?, bytes_normalised = bytes_normalised + ?, bytes_dead_letters = bytes_dead_letters + ?, ' +
      'bytes_structural = bytes_structural + ?, kept = kept + ?, unchanged = unchanged + ?, duplicates = duplicates + ?, dead_letters = dead_letters + ? where id = ?',
  );
  const count = db.prepare(
    'insert into entity_counts (connection_id, entity, records, dead_letters, last_kept_at_ms) values (?, ?, ?, ?, ?) on conflict do update set ' +
      'records = records + excluded.records, dead_letters = dead_letters + excluded.dead_letters, last_kept_at_ms = coalesce(excluded.last_kept_at_ms, last_kept_at_ms)',
  );
  const countHour = db.prepare(
    'insert into kept_hours (connection_id, entity, hour, kept) values (?, ?, ?, ?) on conflict do update set kept = kept + excluded.kept',
  );
  let lastSeq = db.prepare<[], number>('select coalesce(max(seq), 0) from outbox').pluck().get() ?? 0;

  function store(batch: Batch, correlationId: Buffer, nowMs: number): Stored {
    const file = findFile.get(batch.fileId);
    if (!file) throw new Error(`no file ${batch.fileId}`);
    addLedger.run(file.hotel_id, file.source, file.entity);
    const ledgerId = findLedger.get(file.hotel_id, file.source, file.entity) as number;
    const rows = JSON.parse(batch.rowsJson) as BatchRow[];
    const hashes = Buffer.from(batch.hashes.buffer, batch.hashes.byteOffset, batch.hashes.byteLength);
    const current = generation();
    const versions = new Uint32Array(rows.length);
    const eventIds = new Uint8Array(rows.length * 16);
    const stored: Stored = {
      kept: 0,
      unchanged: 0,
      duplicates: 0,
      firstSeq: lastSeq + 1,
      generation: current,
      keptAtMs: nowMs,
      versions,
      eventIds,
    };
    let added = 0;
    let from = 0;
    for (const [index, row] of rows.entries()) {
      const document = batch.documents.subarray(from, batch.ends[index]);
      from = batch.ends[index] as number;
      const contentHash = hashes.subarray(index * 32, index * 32 + 32);
      const [externalId, day, until, state, title, place, line, byteOffset, byteLength] = row;
      const known = findRecord.get(ledgerId, externalId);
      if (known?.file_id === batch.fileId) stored.duplicates++;
      if (known?.hash.equals(contentHash)) {
        stored.unchanged++;
        continue;
      }
      // Versions count up within a generation; a new generation starts again at 1 and ranks above all of the old one.
      const version = known && known.generation === current ? known.version + 1 : 1;
      const seq = ++lastSeq;
      if (known) {
        changeRecord.run(current, version, contentHash, seq, batch.fileId, day, until, state, title, place, nowMs, ledgerId, externalId);
      } else {
        addRecord.run(
          ledgerId,
          externalId,
          current,
          version,
          contentHash,
          seq,
          batch.fileId,
          day,
          until,
          state,
          title,
          place,
          nowMs,
          nowMs,
        );
        added++;
      }
      const key = { hotelId: file.hotel_id, source: file.source, entity: file.entity, externalId };
      const id = eventId(key, current, version, contentHash);
      addEvent.run(
        seq,
        ledgerId,
        externalId,
        id,
        current,
        version,
        contentHash,
        nowMs,
        batch.fileId,
        line,
        byteOffset,
        byteLength,
        correlationId,
      );
      payloads.add(seq, contentHash, document);
      versions[index] = version;
      eventIds.set(id, stored.kept * 16);
      stored.kept++;
    }
    for (const letter of batch.letters) {
      addLetter.run(
        file.connection_id,
        file.entity,
        letter.rule,
        letter.field,
        letter.column,
        letter.detail,
        batch.fileId,
        letter.line,
        letter.byteOffset,
        letter.byteLength,
        letter.raw,
        nowMs,
        correlationId,
      );
    }
    const letters = batch.letters.length;
    moveFile.run(
      batch.position,
      batch.rows,
      batch.bytesNormalised,
      batch.bytesDeadLetters,
      batch.bytesStructural,
      stored.kept,
      stored.unchanged,
      stored.duplicates,
      letters,
      batch.fileId,
    );
    count.run(file.connection_id, file.entity, added, letters, stored.kept > 0 ? nowMs : null);
    if (stored.kept > 0) countHour.run(file.connection_id, file.entity, Math.floor(nowMs / 3_600_000), stored.kept);
    payloads.flush();
    return stored;
  }

  const storeWhole = db.transaction((batch: Batch, startsAt: number, correlationId: string, nowMs: number): Stored => {
    if (findFile.get(batch.fileId)?.position !== startsAt) throw new Fault('file-changed', { file: `file ${batch.fileId}` });
    return store(batch, Buffer.from(correlationId.replaceAll('-', ''), 'hex'), nowMs);
  });

  /**
   * Keep a batch: records, ledger hashes, outbox rows, dead letters and the position in the file commit together,
   * so a crash leaves all of them or none: never a gap, never a row twice.
   *
   * @throws {Fault} `file-changed` when the batch does not start where the file stands (it was stored already).
   */
  function storeBatch(...args: Parameters<typeof storeWhole>): Stored {
    const lastSeqBefore = lastSeq;
    try {
      return storeWhole(...args);
    } catch (error) {
      // The rows are rolled back, also when it was the commit that failed: the numbers they had taken are free again and the log keeps no hole.
      payloads.drop();
      lastSeq = lastSeqBefore;
      throw error;
    }
  }
  return { storeBatch };
}
