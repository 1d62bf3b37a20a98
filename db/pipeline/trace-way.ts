import type { KeyObject } from 'node:crypto';
import { Fault } from '../../contract/faults.ts';
import { Mapping } from '../../contract/mapping.ts';
import type { EntityName } from '../../contract/record.ts';
import { differences } from '../../contract/record-difference.ts';
import type { KeptReason } from '../../contract/record-view.ts';
import type { DeliveryOfTrace, Station, Trace, TraceLetter } from '../../contract/trace.ts';
import type { ReadDb } from '../open.ts';
import { attemptsOf } from './attempts.ts';
import { outboxText } from './blocks.ts';
import { contentName, documentOf } from './event-text.ts';
import { eventId } from './ids.ts';
import { blockOf, delivery } from './outbox.ts';
import { deliveriesOf, settledOf } from './record-page.ts';
import { lettersWhere } from './trace-find.ts';
import { otherSources, sameRecordRule, wasSentLater } from './withheld.ts';

type Head = { entity: EntityName; hotelId: string; source: string; newestSeq: number; newestHash: Buffer };
type Kept = {
  ledgerId: number;
  externalId: string;
  version: number;
  previousSeq: number | null;
  line: number | null;
  byteOffset: number | null;
  byteLength: number | null;
  generation: number;
  reason: KeptReason;
  keptAtMs: number;
  correlationId: Buffer;
  fileId: number | null;
};
type File = {
  fileId: number;
  name: string;
  sha256: string;
  takenAtMs: number;
  bytes: number;
  mapping: string;
  connectionTitle: string | null;
  mark: string | null;
};
type Document = Readonly<Record<string, unknown>>;

/** Which version of a record is meant: its newest, or the one of a row of the outbox. */
export type TraceOf = { readonly ledgerId: number; readonly externalId: string; readonly seq?: number | undefined };

/** What the database knows of a waiting version; why it waits knows whoever holds the line. */
export type StoredDelivery = Omit<DeliveryOfTrace, 'waiting'> & { readonly waiting: { before: number; sinceMs: number } | null };
export type StoredTrace = Omit<Trace, 'stations'> & {
  readonly stations: readonly Exclude<Station, { kind: 'delivery' }>[];
  readonly deliveries: readonly StoredDelivery[];
  readonly later: readonly TraceLetter[];
};

/**
 * Follow one version of a record from its file to each destination.
 * @throws {Fault} `record-not-found`. What is damaged is said at its place, and hides nothing else.
 */
export function traceWay(db: ReadDb, key: KeyObject, of: TraceOf): StoredTrace {
  const head = db
    .prepare<[number, string], Head>(
      'select l.entity, l.hotel_id as hotelId, l.source, r.seq as newestSeq, r.hash as newestHash from records r ' +
        'join ledgers l on l.id = r.ledger_id where r.ledger_id = ? and r.external_id = ?',
    )
    .get(of.ledgerId, of.externalId);
  const seq = of.seq ?? head?.newestSeq ?? 0;
  const kept = keptAt(db, seq);
  if (!head || !kept || kept.ledgerId !== of.ledgerId || kept.externalId !== of.externalId)
    throw new Fault('record-not-found', { key: of.externalId });
  const { entity, hotelId, source, newestSeq, newestHash } = head;
  const isNewest = seq === newestSeq;
  const opened = openedText(db, key, seq);
  const document = opened?.document ?? null;
  const isWhole = opened !== null && fits(opened, { ...kept, entity }, isNewest ? newestHash.toString('hex') : null);
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  const stations: StoredTrace['stations'] = [
    ...fileStations(db, kept),
    ...(document ? [{ kind: 'masking' as const, atMs: null, fields: hiddenIn(document) }] : []),
    ...settledBefore(db, kept),
    {
      kind: 'kept',
      atMs: kept.keptAtMs,
      generation: kept.generation,
      version: kept.version,
      isFirst: kept.previousSeq === null,
      reason: kept.reason,
      changed: changedSince(db, key, kept.previousSeq, document),
      correlationId: uuidOf(kept.correlationId),
    },
    { kind: 'outbox', atMs: kept.keptAtMs, seq, eventId: text(document?.eventId), hash: text(document?.hash), isWhole },
  ];
  const same = { otherSources: otherSources(db, of.ledgerId, of.externalId), rule: sameRecordRule(db, entity) };
  const known = { ledgerId: of.ledgerId, externalId: of.externalId, entity, hotelId, source, seq, isNewest, ...same };
  return { ...known, stations, deliveries: storedDeliveries(db, seq, kept), later: isNewest ? setAsideNow(db, of) : [] };
}

function keptAt(db: ReadDb, seq: number): Kept | undefined {
  return db
    .prepare<[number], Kept>(
      'select b.ledger_id as ledgerId, o.external_id as externalId, o.version, o.previous_seq as previousSeq, o.line, o.byte_offset as byteOffset, ' +
        "o.byte_length as byteLength, b.generation, coalesce(b.reason, 'source') as reason, b.kept_at_ms as keptAtMs, b.correlation_id as correlationId, b.file_id as fileId " +
        `from outbox o join blocks b on b.first_seq = ${blockOf('o.seq')} where o.seq = ?`,
    )
    .get(seq);
}

type Opened = { readonly text: string; readonly document: Document };

/** The record as it will be or was sent; null where its seal does not open. */
function openedText(db: ReadDb, key: KeyObject, seq: number): Opened | null {
  try {
    const text = outboxText(db, key, seq).toString('utf8');
    return { text, document: JSON.parse(text) as Document };
  } catch {
    return null;
  }
}

/** Whether the event id in a record is the one of what stands in it, and its hash the one that is kept beside it. */
function fits(
  { document, text }: Opened,
  { externalId, generation, version, reason, entity }: Kept & { entity: string },
  hash: string | null,
): boolean {
  const { hotelId, source } = document;
  const key = { hotelId: String(hotelId), source: String(source), entity, externalId };
  const content = contentName(String(document.hash), reason === 'source' ? null : reason, documentOf(text));
  const isItself = document.eventId === eventId(key, generation, version, content);
  return isItself && document.externalId === externalId && (hash === null || document.hash === hash);
}

function fileStations(db: ReadDb, { fileId, line, byteOffset, byteLength }: Kept): StoredTrace['stations'] {
  const file =
    fileId === null
      ? undefined
      : db
          .prepare<[number], File>(
            "select f.id as fileId, f.name, f.sha256, f.taken_at_ms as takenAtMs, f.bytes, f.mapping, json_extract(c.doc, '$.title') as connectionTitle, " +
              '(select mark from sightings s where s.file_id = f.id and s.path = f.path order by seen_at_ms desc limit 1) as mark ' +
              'from files f left join connections c on c.id = f.connection_id where f.id = ?',
          )
          .get(fileId);
  if (!file) return [];
  const { takenAtMs, mapping: mappingJson, ...facts } = file;
  const mapping = Mapping.safeParse(JSON.parse(mappingJson));
  return [
    { kind: 'file', atMs: takenAtMs, ...facts },
    ...(line === null ? [] : [{ kind: 'row' as const, atMs: null, line, byteOffset, byteLength }]),
    ...(mapping.success ? [{ kind: 'mapping' as const, atMs: null, ...mappingFacts(mapping.data) }] : []),
  ];
}

function mappingFacts({ name, title, version, fields }: Mapping) {
  const columns = Object.values(fields).flatMap(({ column, columns: several }) => several ?? (column === undefined ? [] : [column]));
  return { name, title, version, columns: [...new Set(columns)] };
}

/** As many asterisks as a card number has digits, with its gaps. */
const hidden = /\*(?:[ -]?\*){12,18}/g;

function hiddenIn(document: Document): { field: string; signs: number }[] {
  return Object.entries(document).flatMap(([field, value]) => {
    const found = JSON.stringify(value)?.match(hidden) ?? [];
    const signs = found.join('').replaceAll(/[^*]/g, '').length;
    return signs === 0 ? [] : [{ field, signs }];
  });
}

/** What the row of a version had been set aside for, before it was kept. */
function settledBefore(db: ReadDb, { fileId, byteOffset }: Kept): StoredTrace['stations'] {
  if (fileId === null || byteOffset === null) return [];
  const where = 'd.destination_id is null and d.file_id = @fileId and d.byte_offset = @byteOffset';
  const letters = db.prepare<[object], TraceLetter>(lettersWhere('false', where)).all({ fileId, byteOffset });
  return letters.map((letter) => ({ kind: 'set-aside', atMs: letter.setAsideAtMs, letter }));
}

/** Rows of the same key that are set aside now: what they say is not in the record. */
function setAsideNow(db: ReadDb, { ledgerId, externalId }: TraceOf): TraceLetter[] {
  const where = 'd.destination_id is null and d.ledger_id = @ledgerId and d.external_id = @externalId';
  return db.prepare<[object], TraceLetter>(lettersWhere(where, 'false')).all({ ledgerId, externalId });
}

function changedSince(db: ReadDb, key: KeyObject, previousSeq: number | null, document: Document | null): string[] | null {
  const before = previousSeq === null ? null : (openedText(db, key, previousSeq)?.document ?? null);
  return before && document ? differences(before, document).map(({ field }) => field) : null;
}

function storedDeliveries(db: ReadDb, seq: number, { fileId, byteOffset, keptAtMs }: Kept): StoredDelivery[] {
  const settled = settledOf(db)(fileId, byteOffset);
  const codeOf = db.prepare<[string, number], string>('select detail from dead_letters where destination_id = ? and seq = ?').pluck();
  const wasWithheld = wasSentLater(db);
  // What was withheld at first was in none of the requests among whose rows it lies; an order has sent it.
  const attempts = (destinationId: string, state: DeliveryOfTrace['state']) => {
    if (state === 'withheld') return [];
    const all = attemptsOf(db, destinationId)(seq, keptAtMs);
    return wasWithheld(destinationId, seq) ? all.filter(({ resendId }) => resendId !== null) : all;
  };
  return deliveriesOf(db)(seq, settled).map(({ destinationId, title, isShadow, state, atMs, withheld }) => {
    const before = seq - delivery(db, destinationId).confirmedSeq - 1;
    return {
      kind: 'delivery',
      atMs,
      destinationId,
      title,
      isShadow,
      state,
      withheld,
      code: codeOf.get(destinationId, seq) ?? null,
      waiting: state === 'waiting' ? { before, sinceMs: keptAtMs } : null,
      attempts: attempts(destinationId, state),
    };
  });
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
