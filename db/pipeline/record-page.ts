import type { KeyObject } from 'node:crypto';
import { setImmediate as breath } from 'node:timers/promises';
import { importedByHand, type SettledAs } from '../../contract/dead-letter.ts';
import { Fault } from '../../contract/faults.ts';
import type { EntityName } from '../../contract/record.ts';
import type { OpenedRecord, RecordCount, RecordVersion, VersionDelivery } from '../../contract/record-view.ts';
import type { ReadDb } from '../open.ts';
import { attemptsOf } from './attempts.ts';
import { outboxText, prunedUpTo, wasInDamage } from './blocks.ts';
import { blockOf, delivery } from './outbox.ts';
import { otherSources, sameRecordRule, wasSentLater, withheldFrom } from './withheld.ts';

/** So many versions are opened with a record. Each lies in a block of its own, more often than not. */
const mostVersions = 50;

type Head = { entity: EntityName; hotelId: string; source: string; seq: number; firstKeptAtMs: number };
type Kept = Omit<RecordVersion, 'record' | 'deliveries' | 'eventId' | 'wasSetAside'> & { previousSeq: number | null };

/** What a row was set aside for, before it was settled. */
type Settled = { destinationId: string | null; seq: number | null; setAsideAtMs: number; settledAtMs: number; settledAs: SettledAs };

const byHand = (id: string | null) => (id?.startsWith(importedByHand) ? importedByHand : id);

/**
 * Open one record: its newest versions with what each destination has said of them. Between two versions other work of the thread runs.
 *
 * @throws {Fault} `record-not-found`, or `database-damaged` when a seal does not open.
 */
export async function openRecord(db: ReadDb, key: KeyObject, ledgerId: number, externalId: string): Promise<OpenedRecord> {
  const head = db
    .prepare<[number, string], Head>(
      'select l.entity, l.hotel_id as hotelId, l.source, r.seq, r.first_kept_at_ms as firstKeptAtMs from records r ' +
        'join ledgers l on l.id = r.ledger_id where r.ledger_id = ? and r.external_id = ?',
    )
    .get(ledgerId, externalId);
  if (!head) throw new Fault('record-not-found', { key: externalId });
  const versionAt = db.prepare<[number], Kept>(
    'select o.seq, o.version, o.previous_seq as previousSeq, o.line, o.byte_offset as byteOffset, o.byte_length as byteLength, b.generation, ' +
      "coalesce(b.reason, 'source') as reason, b.kept_at_ms as keptAtMs, b.file_id as fileId, f.name as fileName, f.connection_id as connectionId, json_extract(c.doc, '$.title') as connectionTitle " +
      `from outbox o join blocks b on b.first_seq = ${blockOf('o.seq')} ` +
      'left join files f on f.id = b.file_id left join connections c on c.id = f.connection_id where o.seq = ?',
  );
  const settledAt = settledOf(db);
  const pruned = prunedUpTo(db);
  const saidOf = deliveriesOf(db);
  const isDamage = wasInDamage(db);
  const versions: RecordVersion[] = [];
  let seq: number | null = head.seq;
  let areOlderPruned = false;
  while (seq !== null && versions.length < mostVersions) {
    const kept = versionAt.get(seq);
    // What lies behind was pruned, or was damaged and has been made anew.
    if (seq !== head.seq && (kept ? isDamage(seq) : seq <= pruned())) {
      areOlderPruned = true;
      seq = null;
      break;
    }
    if (!kept) throw new Fault('database-damaged', { file: `outbox ${seq}` });
    const { previousSeq, ...version }: Kept = kept;
    const record = JSON.parse(outboxText(db, key, seq).toString('utf8')) as Record<string, unknown>;
    const connectionId = byHand(version.connectionId);
    const settled = settledAt(version.fileId, version.byteOffset);
    versions.push({
      ...version,
      connectionId,
      eventId: String(record.eventId),
      record,
      wasSetAside: version.reason === 'source' && settled.some((one) => one.destinationId === null && one.settledAs === 'kept'),
      deliveries: saidOf(seq, settled),
    });
    seq = previousSeq;
    await breath();
  }
  const { entity, hotelId, source, firstKeptAtMs } = head;
  const total = seq === null ? versions.length : versions.length + countedFrom(db, seq);
  const same = { otherSources: otherSources(db, ledgerId, externalId), rule: sameRecordRule(db, entity) };
  return { ledgerId, externalId, entity, hotelId, source, firstKeptAtMs, ...same, versions, total, areOlderPruned };
}

/** How many versions lie from this one on backwards. */
function countedFrom(db: ReadDb, seq: number): number {
  const way =
    'with recursive way (seq) as (select ? union all select o.previous_seq from way w join outbox o on o.seq = w.seq ' +
    'where o.previous_seq is not null) select count(*) from way';
  return db.prepare<[number], number>(way).pluck().get(seq) as number;
}

/** What the row at a place of a file was set aside for, and settled. */
export function settledOf(db: ReadDb): (fileId: number | null, byteOffset: number | null) => Settled[] {
  const settled = db.prepare<[number | null, number | null], Settled>(
    'select destination_id as destinationId, seq, set_aside_at_ms as setAsideAtMs, settled_at_ms as settledAtMs, settled_as as settledAs from settled_letters where file_id = ? and byte_offset = ?',
  );
  return (fileId, byteOffset) => settled.all(fileId, byteOffset);
}

/** What each destination that is set up has said of a version. */
export function deliveriesOf(db: ReadDb): (seq: number, settled: readonly Settled[]) => VersionDelivery[] {
  const destinations = db
    .prepare<[], { id: string; title: string; isShadow: number }>(
      "select id, json_extract(doc, '$.title') as title, coalesce(json_extract(doc, '$.isShadow'), 0) as isShadow from connections where removed_at_ms is null and json_extract(doc, '$.direction') = 'destination' order by id",
    )
    .all()
    .map((one) => ({ ...one, isShadow: one.isShadow === 1, confirmedSeq: delivery(db, one.id).confirmedSeq }));
  const withheldAt = withheldFrom(db);
  const sentLaterAt = wasSentLater(db);
  const refusedAt = db
    .prepare<[string, number], number>('select set_aside_at_ms from dead_letters where destination_id = ? and seq = ?')
    .pluck();
  const confirmedAt = db
    .prepare<[string, number], number>(
      'select at_ms from confirmations where destination_id = ? and up_to_seq >= ? order by up_to_seq limit 1',
    )
    .pluck();
  return (seq, settled) =>
    destinations.map(({ id, title, isShadow, confirmedSeq }) => {
      const of = { destinationId: id, title, isShadow, withheld: null };
      const before = settled.find((one) => one.destinationId === id && one.seq === seq);
      // Where a later version has settled the refusal, it was one all the same; where it was sent again and taken, it is none any more.
      const isTaken = before?.settledAs === 'confirmed';
      const refused = refusedAt.get(id, seq) ?? (isTaken ? undefined : before?.setAsideAtMs);
      if (refused !== undefined) return { ...of, state: 'refused', atMs: refused };
      if (isTaken) return { ...of, state: 'confirmed', atMs: before.settledAtMs };
      if (seq > confirmedSeq) return { ...of, state: 'waiting', atMs: null };
      const withheld = withheldAt(id, seq);
      // The destination has said nothing of it, so there is no time at which it did.
      if (withheld) return { ...of, state: 'withheld', atMs: null, withheld };
      // By the order that sent it; its attempt is dropped some day, and then nobody knows when it was.
      if (sentLaterAt(id, seq)) {
        const sent = attemptsOf(db, id)(seq, 0).find(({ resendId, outcome }) => resendId !== null && outcome !== 'failed');
        return { ...of, state: 'confirmed', atMs: sent?.endedAtMs ?? null };
      }
      return { ...of, state: 'confirmed', atMs: confirmedAt.get(id, seq) ?? null };
    });
}

/** Where the row of a version lies in its raw file, and the mapping with which it was read. */
export type RowPlace = {
  readonly rawPath: string;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly mappingJson: string;
  readonly layoutJson: string;
};

/** Find the row that a version of a record came from. @throws {Fault} `record-not-found` */
export function rowPlace(db: ReadDb, seq: number): RowPlace {
  const place = db
    .prepare<[number], RowPlace>(
      'select f.raw_path as rawPath, o.byte_offset as byteOffset, o.byte_length as byteLength, f.mapping as mappingJson, f.layout as layoutJson from outbox o ' +
        `join blocks b on b.first_seq = ${blockOf('o.seq')} join files f on f.id = b.file_id where o.seq = ? and o.byte_offset is not null`,
    )
    .get(seq);
  if (!place) throw new Fault('record-not-found', { key: String(seq) });
  return place;
}

/** The key of the record that a row of the outbox is a version of. */
export function keyOfVersion(db: ReadDb, seq: number): string {
  return db.prepare<[number], string>('select external_id from outbox where seq = ?').pluck().get(seq) ?? String(seq);
}

/** How many records each connection has brought in, by kind. They are kept up to date with every batch, so reading them costs nothing. */
export function recordCounts(db: ReadDb): RecordCount[] {
  const counts = new Map<string, RecordCount>();
  const rows = db
    .prepare<[], RecordCount>(
      "select n.entity, n.connection_id as connectionId, json_extract(c.doc, '$.title') as connectionTitle, n.records from entity_counts n " +
        'left join connections c on c.id = n.connection_id where n.records > 0 order by n.entity, n.connection_id',
    )
    .all();
  for (const row of rows) {
    const connectionId = byHand(row.connectionId) ?? '';
    const place = `${row.entity} ${connectionId}`;
    counts.set(place, { ...row, connectionId, records: row.records + (counts.get(place)?.records ?? 0) });
  }
  return [...counts.values()];
}

/** How many versions of one kind of record were kept behind a row of the outbox. Long far behind the newest: for the reader thread. */
export function keptSince(db: ReadDb, entity: EntityName, seq: number): number {
  return (
    db
      .prepare<[number, string], number>(
        'select coalesce(sum(b.rows), 0) from blocks b join ledgers l on l.id = b.ledger_id where b.first_seq > ? and l.entity = ?',
      )
      .pluck()
      .get(seq, entity) ?? 0
  );
}
