import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Certificate, CertificateSummary, type OpenedCertificate } from '../../contract/certificate.ts';
import type { ReadDb, WriteDb } from '../open.ts';

/** A year of nights, and some by hand. */
const keptCertificates = 400;

/** The place of a row in the copy of a file. `wasKept`: it was a record, not a row that was set aside. */
export type LostRow = {
  readonly fileId: number;
  readonly line: number;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly externalId: string | null;
  readonly wasKept: boolean;
};

/** What of one ledger is to be read again: rows of files, and rows of the tables of a connection by their keys. */
export type PullAgain = {
  readonly hotelId: string;
  readonly source: string;
  readonly entity: string;
  /** Records that are not there, and records whose content is not the one of the source. */
  readonly keys: readonly string[];
  readonly rows: readonly LostRow[];
  readonly tableRows: readonly { readonly connectionId: string; readonly table: string; readonly key: string }[];
};

/** Digest of a certificate, as it stands in the audit chain. */
export function certificateDigest(json: string): string {
  return createHash('sha256').update(json).digest('hex');
}

/** Prepare the steps that keep certificates and order what is to be read again. */
export function certificateStatements(db: WriteDb) {
  const add = db.prepare('insert into certificates (started_at_ms, summary, digest, doc) values (?, ?, ?, ?)');
  const prune = db.prepare('delete from certificates where id <= (select max(id) from certificates) - ?');

  /** Keep a certificate. @returns its number. */
  const keepCertificate = db.transaction((json: string): number => {
    const {
      hotelId: _,
      timeZone: _z,
      sources: _s,
      destinations: _d,
      parts: _p,
      differences: _f,
      ...summary
    } = JSON.parse(json) as Certificate;
    const { lastInsertRowid } = add.run(summary.startedAtMs, JSON.stringify(summary), certificateDigest(json), zstdCompressSync(json));
    prune.run(keptCertificates);
    return Number(lastInsertRowid);
  });

  const addLedger = db.prepare('insert into ledgers (hotel_id, source, entity) values (?, ?, ?) on conflict do nothing');
  const findLedger = db
    .prepare<[string, string, string], number>('select id from ledgers where hotel_id = ? and source = ? and entity = ?')
    .pluck();
  const forgetContent = db.prepare("update records set hash = x'' where ledger_id = ? and external_id = ?");
  // What was sent of a lost record tells its last version: read again it must rank above it. It is found without an index, once for all keys.
  const putBack = db.prepare(
    'insert into records (ledger_id, external_id, generation, version, hash, seq, file_id, first_kept_at_ms, kept_at_ms) ' +
      "select b.ledger_id, o.external_id, b.generation, o.version, x'', o.seq, null, b.kept_at_ms, b.kept_at_ms from (" +
      'select o.external_id, max(o.seq) as seq from outbox o join blocks b on b.first_seq = (select max(first_seq) from blocks where first_seq <= o.seq) ' +
      'where b.ledger_id = @ledgerId and o.external_id in (select value from json_each(@keys)) group by o.external_id) newest ' +
      'join outbox o on o.seq = newest.seq join blocks b on b.first_seq = (select max(first_seq) from blocks where first_seq <= o.seq) where true on conflict do nothing',
  );
  const isThere = db.prepare<[number, string], 1>('select 1 from records where ledger_id = ? and external_id = ?').pluck();
  const dropSums = db.prepare('delete from ledger_sums where ledger_id = ?');
  const addSums = db.prepare(
    'insert into ledger_sums (ledger_id, currency, records, high, low) ' +
      "select ledger_id, iif(amount is null or currency is null, '', currency), count(*), " +
      'sum(iif(amount is null or currency is null, 0, amount >> 20)), sum(iif(amount is null or currency is null, 0, amount & 1048575)) ' +
      'from records where ledger_id = ? group by 1, 2',
  );
  const isAside = db
    .prepare<[number, number], 1>('select 1 from dead_letters where file_id = ? and byte_offset = ? and destination_id is null')
    .pluck();
  const setAside = db.prepare(
    'insert into dead_letters (connection_id, entity, rule, file_id, line, byte_offset, byte_length, ledger_id, external_id, set_aside_at_ms, correlation_id) ' +
      "select f.connection_id, f.entity, 'kept-damaged', f.id, @line, @byteOffset, @byteLength, @ledgerId, @externalId, @nowMs, x'' from files f where f.id = @fileId",
  );
  const moveBytes = db.prepare(
    'update files set bytes_normalised = bytes_normalised - @byteLength, bytes_dead_letters = bytes_dead_letters + @byteLength, dead_letters = dead_letters + 1 where id = @fileId',
  );
  const count = db.prepare(
    'insert into entity_counts (connection_id, entity, dead_letters) select connection_id, entity, 1 from files where id = ? ' +
      'on conflict do update set dead_letters = dead_letters + 1',
  );
  const forgetRow = db.prepare(
    "update source_rows set hash = x'' where table_id = (select id from source_tables where connection_id = ? and name = ?) and key = ?",
  );

  /**
   * Have what is missing read again, by the ways there are: rows of files count as damaged here and are read once more from their copies, rows
   * of tables count as new to the next comparison of the table. What is kept stays, until the source has said it anew.
   */
  const pullAgain = db.transaction(({ hotelId, source, entity, keys, rows, tableRows }: PullAgain, nowMs: number): void => {
    addLedger.run(hotelId, source, entity);
    const ledgerId = findLedger.get(hotelId, source, entity) as number;
    for (const key of keys) forgetContent.run(ledgerId, key);
    // It looks at all of the outbox: only for what is really gone.
    const gone = keys.filter((key) => isThere.get(ledgerId, key) === undefined);
    if (gone.length > 0 && putBack.run({ ledgerId, keys: JSON.stringify(gone) }).changes > 0) {
      dropSums.run(ledgerId);
      addSums.run(ledgerId);
    }
    for (const { wasKept, ...row } of rows) {
      if (isAside.get(row.fileId, row.byteOffset) !== undefined) continue;
      if (setAside.run({ ...row, ledgerId, nowMs }).changes === 0) continue;
      if (wasKept) moveBytes.run({ fileId: row.fileId, byteLength: row.byteLength });
      count.run(row.fileId);
    }
    for (const { connectionId, table, key } of tableRows) forgetRow.run(connectionId, table, key);
  });
  return { keepCertificate, pullAgain };
}

/** The newest certificates, the newest first. */
export function certificates(db: ReadDb, limit: number): CertificateSummary[] {
  return db
    .prepare<[number], { id: number; summary: string; digest: string }>(
      'select id, summary, digest from certificates order by id desc limit ?',
    )
    .all(limit)
    .map(({ id, summary, digest }) => CertificateSummary.parse({ ...JSON.parse(summary), id, digest }));
}

/** When the newest certificate was begun. */
export function lastCertificateMs(db: ReadDb): number | null {
  return db.prepare<[], number | null>('select max(started_at_ms) from certificates').pluck().get() ?? null;
}

/** One certificate whole, the newest where none is named; and whether it is as it was kept. */
export function openCertificate(db: ReadDb, id: number | null): OpenedCertificate | null {
  const found = db
    .prepare<[object], { id: number; digest: string; doc: Buffer }>(
      'select id, digest, doc from certificates where id = coalesce(@id, (select max(id) from certificates))',
    )
    .get({ id });
  if (!found) return null;
  const json = zstdDecompressSync(found.doc).toString('utf8');
  return {
    id: found.id,
    digest: found.digest,
    isUnchanged: certificateDigest(json) === found.digest,
    certificate: Certificate.parse(JSON.parse(json)),
  };
}
