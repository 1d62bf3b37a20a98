import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { Fault } from '../../contract/faults.ts';
import type { ReadDb } from '../open.ts';
import { type FileToSee, isPage, type PartKey, type SealedHashes, seenHashBytes } from '../seen.ts';
import { openBlock } from './blocks.ts';
import { delivery, sentLater } from './outbox.ts';

/**
 * The comparison of a certificate: what the sources have said (db/seen.ts) with what is kept here, and with the texts that each destination
 * has confirmed, as they lie sealed. For a reader thread of its own.
 */

const biteMs = 40;
const biteRows = 2000;
const noHash = Buffer.alloc(seenHashBytes);
const hashMark = '"hash":"';
/** No file takes so long to be read. */
const longReadMs = 3_600_000;

export type SealedBite = { readonly blocks: readonly SealedHashes[]; readonly nextSeq: number | null; readonly lastSeq: number };

/** Open the blocks of the outbox from a row on, for a moment, and give the content hash that each text itself bears. */
export function sealedHashes(db: ReadDb, key: KeyObject, fromSeq: number): SealedBite {
  type Block = { firstSeq: number; rows: number; sealed: Buffer };
  const blocks = db.prepare<[number], Block>(
    'select first_seq as firstSeq, rows, sealed from blocks where first_seq + rows > ? order by first_seq',
  );
  const lastSeq = db.prepare<[], number>('select coalesce(max(seq), 0) from outbox').pluck().get() as number;
  const began = performance.now();
  const found: SealedHashes[] = [];
  for (const { firstSeq, rows, sealed } of blocks.iterate(fromSeq)) {
    found.push({ firstSeq, rows, hashes: hashesIn(key, firstSeq, rows, sealed) });
    if (performance.now() - began > biteMs) return { blocks: found, nextSeq: firstSeq + rows, lastSeq };
  }
  return { blocks: found, nextSeq: null, lastSeq };
}

function hashesIn(key: KeyObject, firstSeq: number, rows: number, sealed: Buffer): Buffer {
  const hashes = Buffer.alloc(rows * seenHashBytes);
  try {
    for (const [at, text] of openBlock(key, firstSeq, rows, sealed).entries()) {
      const from = text.indexOf(hashMark);
      if (from >= 0)
        hashes.write(
          text.toString('latin1', from + hashMark.length, from + hashMark.length + seenHashBytes * 2),
          at * seenHashBytes,
          'hex',
        );
    }
  } catch (error) {
    // Nothing of a block that does not open was or is confirmed as it is kept.
    if (!(error instanceof Fault) || error.code !== 'database-damaged') throw error;
  }
  return hashes;
}

/** What of the ledger is to be compared: one kind of record of one source. `isCompared`: its source was read. */
export type CertifyOrder = {
  readonly part: PartKey;
  readonly isCompared: boolean;
  /** When the reading of the sources began: what was kept since and was not met there came later. */
  readonly sinceMs: number;
  readonly destinationIds: readonly string[];
  /** Where a bite begins: in the records of the source, then in those that are kept and were not there, then in the rows set aside. */
  readonly from: CertifyPlace;
};
export type CertifyPlace = { readonly stage: 'seen' | 'kept' | 'aside'; readonly after: string };

/** A record that differs, or a row that is lost, with what it takes to pull it again. */
export type FoundDifference = {
  readonly kind: 'missing' | 'changed' | 'row-lost';
  readonly externalId: string | null;
  readonly day: string | null;
  readonly file: { readonly id: number; readonly line: number; readonly byteOffset: number; readonly byteLength: number } | null;
  readonly row: { readonly tableId: number; readonly page: number; readonly key: string } | null;
};

export type DeliveredSum = { confirmed: number; sum: bigint; waiting: number; withheld: number; refused: number };
/** One day of a part. `later`: kept while the sources were read, and so no part of the comparison. */
export type DaySums = {
  source: number;
  sourceSum: bigint;
  kept: number;
  keptSum: bigint;
  missing: number;
  changed: number;
  corrected: number;
  gone: number;
  later: number;
  readonly deliveries: DeliveredSum[];
};

export type CertifyBite = {
  readonly days: ReadonlyMap<string, DaySums>;
  readonly differences: readonly FoundDifference[];
  readonly next: CertifyPlace | null;
};

type Joined = {
  externalId: string;
  seenHash: Buffer | null;
  seenDay: string | null;
  fileId: number | null;
  line: number | null;
  byteOffset: number | null;
  byteLength: number | null;
  tableId: number | null;
  page: number | null;
  key: string | null;
  hash: Buffer | null;
  day: string | null;
  seq: number | null;
  keptFileId: number | null;
  keptOffset: number | null;
  keptAtMs: number | null;
};

/** Makes the comparison of a database with what was seen. */
export function certifier(db: ReadDb, path: string, dataKey: KeyObject) {
  db.prepare('attach database ? as seen').run(path);
  const key = createSecretKey(new Uint8Array(hkdfSync('sha256', dataKey, 'bellhop', 'certificate', 32)));
  /** The keyed hash of a record with its content: nobody can tell a content from a sum over one record. */
  const sumOf = (externalId: string, hash: Buffer): bigint =>
    createHmac('sha256', key).update(hash).update(externalId).digest().readBigUInt64BE(0);
  const partIdOf = db
    .prepare<PartKey, number>('select id from seen.parts where hotel_id = @hotelId and source = @source and entity = @entity')
    .pluck();
  const ledgerIdOf = db
    .prepare<PartKey, number>('select id from ledgers where hotel_id = @hotelId and source = @source and entity = @entity')
    .pluck();
  const seenColumns =
    's.external_id as externalId, s.hash as seenHash, s.day as seenDay, s.file_id as fileId, s.line, s.byte_offset as byteOffset, s.byte_length as byteLength, s.table_id as tableId, s.page, s.key';
  const keptColumns = 'r.hash, r.day, r.seq, r.file_id as keptFileId, o.byte_offset as keptOffset, r.kept_at_ms as keptAtMs';
  const fromSeen = db.prepare<[number, number, string, number], Joined>(
    `select ${seenColumns}, ${keptColumns} from seen.rows s left join records r on r.ledger_id = ? and r.external_id = s.external_id ` +
      'left join outbox o on o.seq = r.seq where s.part_id = ? and s.external_id > ? order by s.external_id limit ?',
  );
  const nothingSeen =
    'null as seenHash, null as seenDay, null as fileId, null as line, null as byteOffset, null as byteLength, null as tableId, null as page, null as key';
  const notSeen = db.prepare<[number, number, string, number], Joined>(
    `select r.external_id as externalId, ${nothingSeen}, ${keptColumns} from records r left join outbox o on o.seq = r.seq where r.ledger_id = ? ` +
      'and not exists (select 1 from seen.rows s where s.part_id = ? and s.external_id = r.external_id) and r.external_id > ? order by r.external_id limit ?',
  );
  const all = db.prepare<[number, string, number], Joined>(
    `select r.external_id as externalId, ${nothingSeen}, ${keptColumns} from records r left join outbox o on o.seq = r.seq where r.ledger_id = ? and r.external_id > ? order by r.external_id limit ?`,
  );
  // A row that was only read once more because it was lost or damaged here says what its copy says.
  const wasCorrected = db
    .prepare<[number, number], 1>(
      "select 1 from settled_letters where file_id = ? and byte_offset = ? and destination_id is null and settled_as = 'kept' and rule <> 'kept-damaged'",
    )
    .pluck();
  /** Whether a row of a file was read later than another: then it says more than what was corrected there. */
  const isReadLater = db
    .prepare<{ file: number; offset: number; thanFile: number; thanOffset: number }, number>(
      'select (f.id = g.id and @offset > @thanOffset) or (f.id <> g.id and (f.last_seen_at_ms, f.id) > (g.last_seen_at_ms, g.id)) ' +
        'from files f join files g on g.id = @thanFile where f.id = @file',
    )
    .pluck();
  // What was kept from a page, or from a file that was read here, is what the comparison knows of.
  const isLater = db
    .prepare<[number], number>(
      `select not ${isPage('f')} and not exists (select 1 from seen.files s where s.id = f.id and s.finished_at_ms is f.finished_at_ms) from files f where f.id = ?`,
    )
    .pluck();
  const lastOpened = db.prepare<[], number>('select coalesce(max(first_seq + rows - 1), 0) from seen.sealed').pluck();
  const readSideBySide = db
    .prepare<[number, number], number>(
      'select f.id <> g.id and f.taken_at_ms < g.finished_at_ms and g.taken_at_ms < f.finished_at_ms ' +
        // One that was opened again, or lay half read, was not read all that time.
        `and f.finished_at_ms - f.taken_at_ms < ${longReadMs} and g.finished_at_ms - g.taken_at_ms < ${longReadMs} ` +
        'from files f join files g on g.id = ? where f.id = ?',
    )
    .pluck();
  const isSideBySide = ({ fileId, keptFileId }: Joined) =>
    fileId !== null && keptFileId !== null && readSideBySide.get(fileId, keptFileId) === 1;
  const blockAt = db.prepare<[number], SealedHashes>(
    'select first_seq as firstSeq, rows, hashes from seen.sealed where first_seq <= ? order by first_seq desc limit 1',
  );
  const isRefused = db.prepare<[string, number], 1>('select 1 from dead_letters where destination_id = ? and seq = ?').pluck();
  const withheldAt = db.prepare<[string, number], string>('select reason from withheld where destination_id = ? and seq = ?').pluck();

  let block: SealedHashes | undefined;
  /** The hash of the text that lies sealed under a number; null where none does. */
  function sealedAt(seq: number): Buffer | null {
    if (!block || seq < block.firstSeq || seq >= block.firstSeq + block.rows) block = blockAt.get(seq);
    if (!block || seq >= block.firstSeq + block.rows) return null;
    const at = (seq - block.firstSeq) * seenHashBytes;
    const hash = Buffer.from(block.hashes.subarray(at, at + seenHashBytes));
    return hash.equals(noHash) ? null : hash;
  }

  function bite({ part, isCompared, sinceMs, destinationIds, from }: CertifyOrder): CertifyBite {
    const partId = partIdOf.get(part) ?? -1;
    const ledgerId = ledgerIdOf.get(part) ?? -1;
    const days = new Map<string, DaySums>();
    const differences: FoundDifference[] = [];
    const confirmedSeqs = destinationIds.map((id) => delivery(db, id).confirmedSeq);
    const began = performance.now();
    block = undefined;
    const openedUpTo = lastOpened.get() ?? 0;

    function dayOf(day: string | null): DaySums {
      const name = day ?? '';
      let sums = days.get(name);
      if (!sums) {
        const deliveries = destinationIds.map(() => ({ confirmed: 0, sum: 0n, waiting: 0, withheld: 0, refused: 0 }));
        sums = { source: 0, sourceSum: 0n, kept: 0, keptSum: 0n, missing: 0, changed: 0, corrected: 0, gone: 0, later: 0, deliveries };
        days.set(name, sums);
      }
      return sums;
    }
    /** Whether what a destination was given under the number is what is kept. */
    function deliver(sums: DaySums, seq: number, sum: bigint): void {
      for (const [at, to] of sums.deliveries.entries()) {
        const id = destinationIds[at] as string;
        if (seq > (confirmedSeqs[at] as number)) to.waiting++;
        else if (isRefused.get(id, seq) !== undefined) to.refused++;
        else if ((withheldAt.get(id, seq) ?? sentLater) !== sentLater) to.withheld++;
        else {
          to.confirmed++;
          to.sum += sum;
        }
      }
    }
    function differ(kind: FoundDifference['kind'], row: Joined): void {
      const { externalId, fileId, line, byteOffset, byteLength, tableId, page, key: rowKey } = row;
      const file = fileId === null ? null : { id: fileId, line: line ?? 0, byteOffset: byteOffset ?? 0, byteLength: byteLength ?? 0 };
      const tableRow = tableId === null ? null : { tableId, page: page ?? 0, key: rowKey ?? '' };
      differences.push({ kind, externalId, day: row.seenDay, file, row: tableRow });
    }
    /** Whether what is kept is the word of a person, or of another mapping, behind which its source has said nothing more. */
    function isCorrection({ keptFileId, keptOffset, seenHash, fileId, byteOffset }: Joined): boolean {
      if (keptFileId === null || keptOffset === null || wasCorrected.get(keptFileId, keptOffset) === undefined) return false;
      if (seenHash === null) return true;
      if (fileId === null || byteOffset === null) return false;
      return isReadLater.get({ file: fileId, offset: byteOffset, thanFile: keptFileId, thanOffset: keptOffset }) !== 1;
    }
    function compare(row: Joined): void {
      const { externalId, seenHash, hash, seq } = row;
      // After a restore no content counts as known, so that it is sent again when its source says it; what lies sealed is what is kept all the same.
      const isForgotten = hash?.length === 0 && seq !== null && row.keptFileId !== null;
      const keptHash = isForgotten ? sealedAt(seq) : hash === null || hash.length === 0 ? null : hash.subarray(0, seenHashBytes);
      if (isForgotten && keptHash === null) {
        dayOf(row.seenDay ?? row.day).later++;
        return;
      }
      if (keptHash === null || seq === null) {
        if (seenHash === null) return;
        const sums = dayOf(row.seenDay);
        sums.source++;
        sums.sourceSum += sumOf(externalId, seenHash);
        sums.missing++;
        differ('missing', row);
        return;
      }
      const isCorrected = isCompared && !seenHash?.equals(keptHash) && isCorrection(row);
      if (isCorrected) {
        const sums = dayOf(row.day);
        sums.source++;
        sums.kept++;
        sums.corrected++;
        deliver(sums, seq, 0n);
        return;
      }
      if (isCompared && row.keptFileId !== null && !seenHash?.equals(keptHash) && isLater.get(row.keptFileId) === 1) {
        dayOf(row.day).later++;
        return;
      }
      if (seenHash === null) {
        const sums = dayOf(row.day);
        if (isCompared && (row.keptAtMs ?? 0) >= sinceMs) sums.later++;
        else if (isCompared) sums.gone++;
        else {
          const sealed = sealedAt(seq);
          sums.kept++;
          sums.keptSum += sumOf(externalId, keptHash);
          if (sealed) deliver(sums, seq, sumOf(externalId, sealed));
        }
        return;
      }
      const sums = dayOf(row.seenDay);
      const sealed = sealedAt(seq);
      // Kept since the outbox was opened: what lies under its number was not looked at.
      if (seq > openedUpTo) {
        sums.later++;
        return;
      }
      // A row of a table that has changed since it was looked at.
      if (!seenHash.equals(keptHash) && sealed?.equals(keptHash) && row.tableId !== null && (row.keptAtMs ?? 0) >= sinceMs) {
        sums.later++;
        return;
      }
      // Two files that were read at the same time: nobody knows which of them has spoken last, and this is what one of them said.
      if (!seenHash.equals(keptHash) && sealed?.equals(keptHash) && isSideBySide(row)) {
        sums.later++;
        return;
      }
      sums.source++;
      sums.sourceSum += sumOf(externalId, seenHash);
      // Kept with this content, and under that number lies a text with this content: the one that leaves, or has left.
      if (seenHash.equals(keptHash) && sealed?.equals(seenHash)) {
        sums.kept++;
        sums.keptSum += sumOf(externalId, keptHash);
        deliver(sums, seq, sumOf(externalId, sealed));
        return;
      }
      sums.changed++;
      differ('changed', row);
    }

    function answer(next: CertifyPlace | null): CertifyBite {
      return { days, differences, next };
    }
    if (from.stage === 'seen' && isCompared) {
      const rows = fromSeen.all(ledgerId, partId, from.after, biteRows);
      for (const row of rows) compare(row);
      const last = rows.at(-1);
      return answer(rows.length === biteRows && last ? { stage: 'seen', after: last.externalId } : { stage: 'kept', after: '' });
    }
    if (from.stage !== 'aside') {
      const rows = isCompared ? notSeen.all(ledgerId, partId, from.after, biteRows) : all.all(ledgerId, from.after, biteRows);
      for (const row of rows) compare(row);
      const last = rows.at(-1);
      return answer(rows.length === biteRows && last ? { stage: 'kept', after: last.externalId } : { stage: 'aside', after: '0' });
    }
    if (isCompared) {
      let at = Number(from.after);
      for (const { rowid, isThere, ...row } of asideRows.iterate(partId, at)) {
        at = rowid;
        if (!isThere) differ('row-lost', { ...row, ...nothingKept });
        if (performance.now() - began > biteMs) return answer({ stage: 'aside', after: String(at) });
      }
    }
    return answer(null);
  }
  const tableRowAside =
    'exists (select 1 from seen.tables t join source_tables st on st.connection_id = t.connection_id and st.name = t.name ' +
    'join source_rows sr on sr.table_id = st.id and sr.key = a.key where t.id = a.table_id and (' +
    'exists (select 1 from dead_letters d where d.file_id = sr.file_id and d.byte_offset = sr.byte_offset) ' +
    'or exists (select 1 from settled_letters d where d.file_id = sr.file_id and d.byte_offset = sr.byte_offset)))';
  const asideRows = db.prepare<
    [number, number],
    Pick<Joined, 'fileId' | 'line' | 'byteOffset' | 'byteLength' | 'tableId' | 'page' | 'key'> & {
      rowid: number;
      externalId: string;
      isThere: number;
    }
  >(
    'select a.rowid, cast(coalesce(a.external_id, a.key, a.line) as text) as externalId, a.file_id as fileId, a.line, a.byte_offset as byteOffset, a.byte_length as byteLength, a.table_id as tableId, a.page, a.key, ' +
      `case when a.table_id is null then exists (select 1 from dead_letters d where d.file_id = a.file_id and d.byte_offset = a.byte_offset) ` +
      `or exists (select 1 from settled_letters d where d.file_id = a.file_id and d.byte_offset = a.byte_offset) else ${tableRowAside} end as isThere ` +
      'from seen.aside a where a.part_id = ? and a.rowid > ? order by a.rowid',
  );
  /** The files that were kept whole, or read anew, since they were seen last; in the order in which they were kept. */
  const filesToSee = db.prepare<[], FileToSee>(
    'select f.id, f.connection_id as connectionId, f.hotel_id as hotelId, f.source, f.entity, f.sha256, f.finished_at_ms as finishedAtMs from files f ' +
      `where f.finished_at_ms is not null and f.raw_path <> '' and not ${isPage('f')} ` +
      'and not exists (select 1 from seen.files s where s.id = f.id and s.finished_at_ms = f.finished_at_ms) order by f.finished_at_ms, f.id',
  );
  /** Whether files were seen that this database does not have: it is another one, or was restored. */
  const isOfAnother = db
    .prepare<[], 1>('select 1 from seen.files s left join files f on f.id = s.id where f.sha256 is not s.sha256 limit 1')
    .pluck();
  return { bite, parts: () => partsOf(db), filesToSee: () => filesToSee.all(), isOfAnother: () => isOfAnother.get() !== undefined };
}

export type Certifier = ReturnType<typeof certifier>;

const nothingKept = { seenHash: null, seenDay: null, hash: null, day: null, seq: null, keptFileId: null, keptOffset: null, keptAtMs: null };

/** A kind of record of a source, and by which connections it came. */
export type FoundPart = PartKey & {
  readonly fileConnections: string[];
  readonly tableConnections: string[];
  readonly isBeingRead: boolean;
  /** The connections of which a table was walked through for it. */
  readonly walked: string[];
};

/** Every kind of record of every source of which anything was ever read, or was seen just now. */
function partsOf(db: ReadDb): FoundPart[] {
  type Row = PartKey & { connectionId: string; isTable: number; isOpen: number };
  const found = new Map<string, FoundPart & { isBeingRead: boolean }>();
  const rows = db
    .prepare<[], Row>(
      `select hotel_id as hotelId, source, entity, connection_id as connectionId, max(${isPage('files')}) as isTable, max(finished_at_ms is null) as isOpen from files ` +
        "where raw_path <> '' group by hotel_id, source, entity, connection_id order by min(id)",
    )
    .all();
  for (const { hotelId, source, entity, connectionId, isTable, isOpen } of rows) {
    const name = JSON.stringify([hotelId, source, entity]);
    const part = found.get(name) ?? { hotelId, source, entity, fileConnections: [], tableConnections: [], isBeingRead: false, walked: [] };
    (isTable ? part.tableConnections : part.fileConnections).push(connectionId);
    part.isBeingRead ||= isOpen === 1;
    found.set(name, part);
  }
  const walked = db
    .prepare<[], PartKey & { connectionId: string }>(
      'select p.hotel_id as hotelId, p.source, p.entity, t.connection_id as connectionId from seen.tables t join seen.parts p on p.id = t.part_id order by t.id',
    )
    .all();
  for (const { hotelId, source, entity, connectionId } of walked) {
    const name = JSON.stringify([hotelId, source, entity]);
    const part = found.get(name) ?? {
      hotelId,
      source,
      entity,
      fileConnections: [],
      tableConnections: [connectionId],
      isBeingRead: false,
      walked: [],
    };
    part.walked.push(connectionId);
    found.set(name, part);
  }
  return [...found.values()];
}
