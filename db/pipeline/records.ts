import type { KeyObject } from 'node:crypto';
import { Fault } from '../../contract/faults.ts';
import type { ReadDb, WriteDb } from '../open.ts';
import { type BlockFacts, blockWriter } from './blocks.ts';
import { contentName, eventHead } from './event-text.ts';
import { eventId } from './ids.ts';
import { sumsWriter } from './ledger-sums.ts';
import { type BatchLetter, letterStatements } from './letter-steps.ts';

/**
 * A batch as the normaliser hands it over. Texts travel as one, numbers as arrays of them and documents as shared memory, because
 * cloning some ten thousand small values costs more than storing them.
 *
 * @shape for each row: `texts` holds its external id and the index columns (contract/entity.ts), '' for none, with NUL between any two (no text holds one);
 *   `places` line, byte offset and byte length; `hashes` 32 bytes; `documents` its document, which ends at `ends[row]`: a JSON
 *   object without line feeds, the record but for what only the ledger knows.
 */
export type Batch = {
  readonly fileId: number;
  readonly count: number;
  readonly texts: string;
  readonly places: Float64Array;
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

/** How many texts and numbers a row has in a {@link Batch}. */
export const textsInRow = 8;
export const placesInRow = 3;

/** What became of the rows of a batch. */
export type Stored = { readonly kept: number; readonly unchanged: number; readonly duplicates: number };

type FileRow = { connection_id: string; hotel_id: string; source: string; entity: string; position: number };
type LedgerRow = { hash: Buffer; version: number; generation: number; file_id: number | null; seq: number };

type NewestRow = {
  seq: number;
  generation: number;
  version: number;
  day: string | null;
  amount: number | null;
  currency: string | null;
  line: number | null;
  byteOffset: number | null;
  byteLength: number | null;
  hotelId: string;
  source: string;
  entity: string;
};

/** Whose records are kept again, and why. */
export type KeptAgain = Omit<BlockFacts, 'generation'>;

/**
 * A record that is kept again.
 * @shape `document` is its JSON without the opening brace and without what the ledger adds; the columns are undefined where they stay.
 */
export type NewVersion = {
  readonly externalId: string;
  readonly hashHex: string;
  readonly document: Uint8Array;
  readonly day?: string | null;
  readonly amount?: number | null;
  readonly currency?: string | null;
};

/** Fewer rows are added one by one. */
const leastAtOnce = 20;

/**
 * The rows of a batch as a JSON list of lists: the texts of each, then its places. Null where a text holds what JSON and SQLite do not
 * give back as it was: half a surrogate pair, or a NUL.
 */
function rowsJson(texts: readonly string[], { count, places }: Batch): string | null {
  const rows = Array.from({ length: count }, (_, index) => {
    const text = index * textsInRow;
    const place = index * placesInRow;
    const amount = texts[text + 6];
    return [
      texts[text],
      texts[text + 1],
      texts[text + 2],
      texts[text + 3],
      texts[text + 4],
      texts[text + 5],
      amount ? Number(amount) : '',
      texts[text + 7],
      places[place],
      places[place + 1],
      places[place + 2],
    ];
  });
  const json = JSON.stringify(rows);
  return /\\u(?:d|0000)/.test(json) ? null : json;
}

/** Prepare the statements of the ledger and give the step that stores a batch. `generation` is read anew for every batch. */
export function recordStatements(db: WriteDb, key: KeyObject, generation: () => number) {
  const blocks = blockWriter(db, key);
  const letters = letterStatements(db);
  const sums = sumsWriter(db);
  const findFile = db.prepare<[number], FileRow>('select connection_id, hotel_id, source, entity, position from files where id = ?');
  const addLedger = db.prepare('insert into ledgers (hotel_id, source, entity) values (?, ?, ?) on conflict do nothing');
  const findLedger = db
    .prepare<[string, string, string], number>('select id from ledgers where hotel_id = ? and source = ? and entity = ?')
    .pluck();
  const findRecord = db.prepare<[number, string], LedgerRow>(
    'select hash, version, generation, file_id, seq from records where ledger_id = ? and external_id = ?',
  );
  const addRecord = db.prepare(
    'insert into records (ledger_id, external_id, generation, version, hash, seq, file_id, day, until, state, title, place, amount, currency, first_kept_at_ms, kept_at_ms) ' +
      'values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing',
  );
  const changeRecord = db.prepare(
    'update records set generation = ?, version = ?, hash = ?, seq = ?, file_id = ?, day = ?, until = ?, state = ?, title = ?, place = ?, amount = ?, currency = ?, kept_at_ms = ? where ledger_id = ? and external_id = ?',
  );
  const addRow = db.prepare(
    'insert into outbox (seq, external_id, version, previous_seq, line, byte_offset, byte_length) values (?, ?, ?, ?, ?, ?, ?)',
  );
  // Of many rows at once: a bound value of each costs more than the row itself. A key that is there already undoes the whole statement.
  const addAll = db.prepare(
    'insert into records (ledger_id, external_id, generation, version, hash, seq, file_id, day, until, state, title, place, amount, currency, first_kept_at_ms, kept_at_ms) ' +
      "select @ledgerId, value ->> 0, @generation, 1, substr(@hashes, key * 32 + 1, 32), @firstSeq + key, @fileId, nullif(value ->> 1, ''), nullif(value ->> 2, ''), " +
      "nullif(value ->> 3, ''), nullif(value ->> 4, ''), nullif(value ->> 5, ''), nullif(value ->> 6, ''), nullif(value ->> 7, ''), @nowMs, @nowMs from jsonb_each(jsonb(@rows))",
  );
  const addAllRows = db.prepare(
    'insert into outbox (seq, external_id, version, previous_seq, line, byte_offset, byte_length) ' +
      'select @firstSeq + key, value ->> 0, 1, null, value ->> 8, value ->> 9, value ->> 10 from jsonb_each(jsonb(@rows))',
  );
  const moveFile = db.prepare(
    'update files set position = ?, rows = rows + ?, bytes_normalised = bytes_normalised + ?, bytes_dead_letters = bytes_dead_letters + ?, ' +
      'bytes_structural = bytes_structural + ?, kept = kept + ?, unchanged = unchanged + ?, duplicates = duplicates + ?, dead_letters = dead_letters + ? where id = ?',
  );
  const countRecords = db.prepare(
    'insert into entity_counts (connection_id, entity, records, dead_letters, last_kept_at_ms) values (?, ?, ?, ?, ?) on conflict do update set ' +
      'records = records + excluded.records, dead_letters = dead_letters + excluded.dead_letters, last_kept_at_ms = coalesce(excluded.last_kept_at_ms, last_kept_at_ms)',
  );
  const countHour = db.prepare(
    'insert into kept_hours (connection_id, entity, hour, kept) values (?, ?, ?, ?) on conflict do update set kept = kept + excluded.kept',
  );
  let lastSeq = db.prepare<[], number>('select coalesce(max(seq), 0) from outbox').pluck().get() ?? 0;

  function store(batch: Batch, correlationId: Buffer, nowMs: number, skipped?: ReadonlySet<number>): Stored {
    const file = findFile.get(batch.fileId);
    if (!file) throw new Error(`no file ${batch.fileId}`);
    const { hotel_id: hotelId, source, entity } = file;
    addLedger.run(hotelId, source, entity);
    const ledgerId = findLedger.get(hotelId, source, entity) as number;
    const texts = batch.texts.split('\0');
    const isWhole = texts.length === batch.count * textsInRow && batch.places.length === batch.count * placesInRow;
    if (batch.count > 0 && !isWhole) throw new Error('a batch of which something is missing');
    const hashes = Buffer.from(batch.hashes.buffer, batch.hashes.byteOffset, batch.hashes.byteLength);
    const hashesHex = hashes.toString('hex');
    const current = generation();
    const syncedAt = new Date(nowMs).toISOString();
    const count = { kept: 0, unchanged: 0, duplicates: 0, added: 0 };
    letters.add(batch.letters, { connectionId: file.connection_id, entity, fileId: batch.fileId, ledgerId, correlationId, nowMs });
    const settler = letters.settler(ledgerId, batch.fileId, nowMs);
    sums.begin();
    blocks.begin({ ledgerId, fileId: batch.fileId, generation: current, keptAtMs: nowMs, correlationId });
    const firstSeq = lastSeq + 1;
    const areAllNew = !skipped && !settler && addedAll();
    function addedAll(): boolean {
      const isKnown = (index: number) => findRecord.get(ledgerId, texts[index * textsInRow] as string) !== undefined;
      if (batch.count < leastAtOnce || isKnown(0) || isKnown(batch.count - 1)) return false;
      const rows = rowsJson(texts, batch);
      if (rows === null) return false;
      try {
        addAll.run({ ledgerId, generation: current, hashes, firstSeq, fileId: batch.fileId, nowMs, rows });
      } catch (error) {
        if ((error as { code?: string }).code === 'SQLITE_CONSTRAINT_PRIMARYKEY') return false;
        throw error;
      }
      addAllRows.run({ firstSeq, rows });
      return true;
    }
    // Adding tells by itself whether a record is new. Most rows are like the row before them, so that is tried first after a new one.
    let isNew = false;
    let from = 0;
    for (let index = 0; index < batch.count; index++) {
      const text = index * textsInRow;
      const externalId = texts[text] as string;
      if (areAllNew) {
        lastSeq++;
        sums.added(texts[text + 6] ? Number(texts[text + 6]) : null, texts[text + 7] || null);
        const hashHex = hashesHex.slice(index * 64, index * 64 + 64);
        const id = eventId({ hotelId, source, entity, externalId }, current, 1, hashHex);
        blocks.add(lastSeq, eventHead(id, current, 1, syncedAt, hashHex), batch.documents.subarray(from + 1, batch.ends[index]));
        from = batch.ends[index] as number;
        continue;
      }
      const day = texts[text + 1] || null;
      const until = texts[text + 2] || null;
      const state = texts[text + 3] || null;
      const title = texts[text + 4] || null;
      const place = texts[text + 5] || null;
      const amountText = texts[text + 6];
      const amount = amountText ? Number(amountText) : null;
      const currency = texts[text + 7] || null;
      const contentHash = hashes.subarray(index * 32, index * 32 + 32);
      // The head of an event ends behind a comma; the brace that opens the document is left out.
      const document = batch.documents.subarray(from + 1, batch.ends[index]);
      from = batch.ends[index] as number;
      if (skipped?.has(index)) continue;
      const seq = lastSeq + 1;
      const add = () =>
        addRecord.run(
          ledgerId,
          externalId,
          current,
          1,
          contentHash,
          seq,
          batch.fileId,
          day,
          until,
          state,
          title,
          place,
          amount,
          currency,
          nowMs,
          nowMs,
        ).changes > 0;
      isNew = isNew && add();
      const known: LedgerRow | undefined = isNew ? undefined : findRecord.get(ledgerId, externalId);
      isNew ||= known === undefined && add();
      settler?.rowRead(externalId, batch.places[index * placesInRow] as number);
      if (known?.file_id === batch.fileId) count.duplicates++;
      if (known?.hash.equals(contentHash)) {
        count.unchanged++;
        continue;
      }
      // Versions count up within a generation; a new generation starts again at 1 and ranks above all of the old one.
      const version = known && known.generation === current ? known.version + 1 : 1;
      if (known) sums.changed(ledgerId, externalId, amount, currency);
      else sums.added(amount, currency);
      if (known)
        changeRecord.run(
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
          amount,
          currency,
          nowMs,
          ledgerId,
          externalId,
        );
      else count.added++;
      settler?.rowChanged(externalId);
      lastSeq = seq;
      const at = index * placesInRow;
      addRow.run(seq, externalId, version, known?.seq ?? null, batch.places[at], batch.places[at + 1], batch.places[at + 2]);
      const hashHex = hashesHex.slice(index * 64, index * 64 + 64);
      const id = eventId({ hotelId, source, entity, externalId }, current, version, hashHex);
      blocks.add(seq, eventHead(id, current, version, syncedAt, hashHex), document);
      count.kept++;
    }
    if (areAllNew) count.kept = count.added = batch.count;
    blocks.finish();
    sums.finish(ledgerId);
    moveFile.run(
      batch.position,
      batch.rows,
      batch.bytesNormalised,
      batch.bytesDeadLetters,
      batch.bytesStructural,
      count.kept,
      count.unchanged,
      count.duplicates,
      batch.letters.length,
      batch.fileId,
    );
    countRecords.run(file.connection_id, entity, count.added, batch.letters.length, count.kept > 0 ? nowMs : null);
    if (count.kept > 0) countHour.run(file.connection_id, entity, Math.floor(nowMs / 3_600_000), count.kept);
    return { kept: count.kept, unchanged: count.unchanged, duplicates: count.duplicates };
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
    return numbersBack(() => storeWhole(...args));
  }

  const findNewest = db.prepare<[number, string], NewestRow>(
    'select r.seq, r.generation, r.version, r.day, r.amount, r.currency, o.line, o.byte_offset as byteOffset, o.byte_length as byteLength, ' +
      'l.hotel_id as hotelId, l.source, l.entity from records r join ledgers l on l.id = r.ledger_id join outbox o on o.seq = r.seq ' +
      'where r.ledger_id = ? and r.external_id = ?',
  );
  const changeNewest = db.prepare(
    'update records set generation = ?, version = ?, seq = ?, day = ?, amount = ?, currency = ?, kept_at_ms = ? where ledger_id = ? and external_id = ?',
  );

  /**
   * Keep records again with the same content of their source and other figures: each gets a new version, and so an event id of its own. The place
   * it came from stays that of the version before, so that a row of a file is still known as the later or the earlier one. Part of a
   * transaction of the caller.
   * @returns the number of each new version.
   */
  function keepAgain(of: KeptAgain, versions: readonly NewVersion[]): number[] {
    const current = generation();
    const syncedAt = new Date(of.keptAtMs).toISOString();
    sums.begin();
    blocks.begin({ ...of, generation: current });
    const kept = versions.map(({ externalId, hashHex, document, day, amount, currency }) => {
      const newest = findNewest.get(of.ledgerId, externalId);
      if (!newest) throw new Error(`no record ${of.ledgerId} ${externalId}`);
      const version = newest.generation === current ? newest.version + 1 : 1;
      const seq = ++lastSeq;
      const columns = {
        day: day === undefined ? newest.day : day,
        amount: amount === undefined ? newest.amount : amount,
        currency: currency === undefined ? newest.currency : currency,
      };
      sums.changed(of.ledgerId, externalId, columns.amount, columns.currency);
      letters.settleRefused(of.ledgerId, externalId, of.keptAtMs);
      changeNewest.run(current, version, seq, columns.day, columns.amount, columns.currency, of.keptAtMs, of.ledgerId, externalId);
      addRow.run(seq, externalId, version, newest.seq, newest.line, newest.byteOffset, newest.byteLength);
      const id = eventId({ ...newest, externalId }, current, version, contentName(hashHex, of.reason ?? null, document));
      blocks.add(seq, eventHead(id, current, version, syncedAt, hashHex), document);
      return seq;
    });
    blocks.finish();
    sums.finish(of.ledgerId);
    return kept;
  }

  /** Run a transaction that takes numbers of the log; where it fails they are free again and the log keeps no hole. */
  function numbersBack<T>(run: () => T): T {
    const lastSeqBefore = lastSeq;
    try {
      return run();
    } catch (error) {
      // Also when it was the commit that failed.
      lastSeq = lastSeqBefore;
      throw error;
    }
  }
  return { storeBatch, store, keepAgain, numbersBack };
}

/** Where the newest state of a record stands: its row of the outbox, and the file and line that it came from. */
export function recordOfKey(
  db: ReadDb,
  {
    hotelId,
    source,
    entity,
    externalId,
  }: { readonly hotelId: string; readonly source: string; readonly entity: string; readonly externalId: string },
): { seq: number; fileId: number | null; line: number | null } | undefined {
  return db
    .prepare<[string, string, string, string], { seq: number; fileId: number | null; line: number | null }>(
      'select r.seq, r.file_id as fileId, o.line from ledgers l join records r on r.ledger_id = l.id join outbox o on o.seq = r.seq ' +
        'where l.hotel_id = ? and l.source = ? and l.entity = ? and r.external_id = ?',
    )
    .get(hotelId, source, entity, externalId);
}
