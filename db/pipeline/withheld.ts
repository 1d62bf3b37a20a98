import type { EntityName } from '../../contract/record.ts';
import { type OtherSource, SameRecordRule, type SameRecords, type Withheld } from '../../contract/same-record.ts';
import type { ReadDb } from '../open.ts';
import { setting } from './connections.ts';
import { recordUuid } from './ids.ts';
import { blockOf, sentLater, type WithheldRow } from './outbox.ts';

/** Where the rule of a kind of record stands among the settings. */
export const sameRecordSetting = (entity: EntityName) => `same-record/${entity}`;

export function sameRecordRule(db: ReadDb, entity: EntityName): SameRecordRule {
  const stored = setting(db, sameRecordSetting(entity));
  return stored === undefined ? { rule: 'apart' } : SameRecordRule.parse(stored);
}

type Ledger = { readonly id: number; readonly source: string };
/** A destination, as far as it is withheld from. */
export type WithheldFrom = { readonly destinationId: string; readonly sharePercent: number };
type BlockFacts = { readonly firstSeq: number; readonly rows: number; readonly ledgerId: number; readonly hotelId: string } & {
  readonly source: string;
  readonly entity: EntityName;
};
type Row = BlockFacts & { readonly seq: number; readonly externalId: string };

/**
 * Tell which rows are not sent to a destination. Rules are read once for each call of the outer function, so one batch is judged by one state
 * of them.
 *
 * @param to `sharePercent`: so many of a hundred records are sent, the same ones for good: which they are follows from their key.
 */
export function withholding(db: ReadDb, { destinationId, sharePercent }: WithheldFrom): (seq: number) => WithheldRow | null {
  const blockAt = db.prepare<[number], BlockFacts>(
    'select b.first_seq as firstSeq, b.rows, b.ledger_id as ledgerId, l.hotel_id as hotelId, l.source, l.entity from blocks b ' +
      'join ledgers l on l.id = b.ledger_id where b.first_seq <= ? order by b.first_seq desc limit 1',
  );
  const externalIdAt = db.prepare<[number], string>('select external_id from outbox where seq = ?').pluck();
  let block: BlockFacts | undefined;
  /** All rows of a block are of one ledger, and most rows are in the block of the row before them. */
  function rowOf(seq: number): Row | null {
    if (!block || seq < block.firstSeq || seq >= block.firstSeq + block.rows) block = blockAt.get(seq);
    const externalId = externalIdAt.get(seq);
    return block && externalId !== undefined ? { ...block, seq, externalId } : null;
  }
  const ledgers = db.prepare<[string, string, number], Ledger>(
    'select id, source from ledgers where hotel_id = ? and entity = ? and id <> ? order by id',
  );
  const newestOf = db.prepare<[number, string], number>('select seq from records where ledger_id = ? and external_id = ?').pluck();
  const saidAt = saidBy(db);
  const isRefused = db.prepare<[string, number], number>('select 1 from dead_letters where destination_id = ? and seq = ?').pluck();
  const rules = new Map<EntityName, SameRecordRule>();
  const others = new Map<number, Ledger[]>();

  function ruleOf(entity: EntityName): SameRecordRule {
    const known = rules.get(entity) ?? sameRecordRule(db, entity);
    rules.set(entity, known);
    return known;
  }
  function othersOf({ ledgerId, hotelId, entity }: Row): Ledger[] {
    const known = others.get(ledgerId) ?? ledgers.all(hotelId, entity, ledgerId);
    others.set(ledgerId, known);
    return known;
  }
  /** The other source by which a row is overruled. */
  function overruledBy(row: Row): Omit<WithheldRow, 'seq'> | null {
    const rule = ruleOf(row.entity);
    if (rule.rule === 'apart') return null;
    for (const other of othersOf(row)) {
      const newest = newestOf.get(other.id, row.externalId);
      // One that the destination refuses does not come in the place of this one. Both are in its share, or neither.
      if (newest === undefined || isRefused.get(destinationId, newest) !== undefined) continue;
      const by = { otherLedgerId: other.id };
      if (rule.rule === 'leads' && rule.source === other.source && rule.source !== row.source)
        return { reason: 'other-source-leads', ...by };
      if (rule.rule === 'newest' && saidAt(newest) > saidAt(row.seq)) return { reason: 'other-source-newer', ...by };
    }
    return null;
  }

  return (seq) => {
    const row = rowOf(seq);
    if (!row) return null;
    if (!isInShare(row, sharePercent)) return { seq, reason: 'not-in-share', otherLedgerId: null };
    const overruled = overruledBy(row);
    return overruled && { seq, ...overruled };
  };
}

/** Whether a destination withholds anything at all: where it does not, no row is looked at. */
export function isAnythingWithheld(db: ReadDb, sharePercent: number): boolean {
  if (sharePercent < 100) return true;
  return (
    db
      .prepare("select 1 from settings where key >= 'same-record/' and key < 'same-record0' and json_extract(json, '$.rule') <> 'apart'")
      .get() !== undefined
  );
}

/**
 * Which records fall into a share is the same on every PC, at every destination and for ever: a larger share holds the smaller ones. The source
 * has no part in it: where two speak of one record, a share holds what both say or neither.
 */
export function isInShare(key: { hotelId: string; entity: string; externalId: string }, percent: number): boolean {
  const { hotelId, entity, externalId } = key;
  return percent >= 100 || Number.parseInt(recordUuid({ hotelId, source: '', entity, externalId }).slice(0, 8), 16) % 100 < percent;
}

/** The row in which a source said what a version holds: one that was kept for its figures says nothing new. */
function saidBy(db: ReadDb): (seq: number) => number {
  const before = db
    .prepare<[number], number | null>(
      `select o.previous_seq from outbox o join blocks b on b.first_seq = ${blockOf('o.seq')} where o.seq = ? and b.reason is not null`,
    )
    .pluck();
  return (seq) => {
    let at = seq;
    for (let earlier = before.get(at); earlier != null; earlier = before.get(at)) at = earlier;
    return at;
  };
}

/** Why a version was not sent to a destination; null where it was or will be. */
export function withheldFrom(db: ReadDb): (destinationId: string, seq: number) => Withheld | null {
  const found = db.prepare<[string, number], Withheld>(
    'select w.reason, l.source as otherSource from withheld w left join ledgers l on l.id = w.other_ledger_id where w.destination_id = ? and w.seq = ? ' +
      `and w.reason <> '${sentLater}'`,
  );
  return (destinationId, seq) => found.get(destinationId, seq) ?? null;
}

/** Tells whether a version was withheld at first, and sent by an order since. */
export function wasSentLater(db: ReadDb): (destinationId: string, seq: number) => boolean {
  const found = db
    .prepare<[string, number], number>(`select 1 from withheld where destination_id = ? and seq = ? and reason = '${sentLater}'`)
    .pluck();
  return (destinationId, seq) => found.get(destinationId, seq) !== undefined;
}

/** The same record in other sources of its hotel. */
export function otherSources(db: ReadDb, ledgerId: number, externalId: string): OtherSource[] {
  return db
    .prepare<[number, string], OtherSource>(
      'select r.ledger_id as ledgerId, o.source, r.kept_at_ms as keptAtMs from ledgers l join ledgers o on o.hotel_id = l.hotel_id ' +
        'and o.entity = l.entity and o.id <> l.id join records r on r.ledger_id = o.id where l.id = ? and r.external_id = ? order by o.source',
    )
    .all(ledgerId, externalId);
}

/** Every kind of record that more than one source brings, with its rule. Counting may take a second: for the reader thread. */
export function sameRecords(db: ReadDb, entities: readonly EntityName[]): SameRecords[] {
  const ledgers = db.prepare<[string], Ledger & { hotelId: string }>(
    'select id, source, hotel_id as hotelId from ledgers where entity = ? order by id',
  );
  // Each is counted once, at the first of its sources.
  const shared = db
    .prepare<[object], number>(
      'select count(*) from records a where a.ledger_id = @id ' +
        'and exists (select 1 from json_each(@later) o join records b on b.ledger_id = o.value and b.external_id = a.external_id) ' +
        'and not exists (select 1 from json_each(@earlier) o join records b on b.ledger_id = o.value and b.external_id = a.external_id)',
    )
    .pluck();
  return entities.map((entity) => {
    const all = ledgers.all(entity);
    const sharedFrom = ({ id, hotelId }: Ledger & { hotelId: string }): number => {
      const others = all.flatMap((other) => (other.hotelId === hotelId && other.id !== id ? [other.id] : []));
      const [earlier, later] = [others.filter((other) => other < id), others.filter((other) => other > id)];
      return later.length === 0 ? 0 : (shared.get({ id, earlier: JSON.stringify(earlier), later: JSON.stringify(later) }) ?? 0);
    };
    return {
      entity,
      rule: sameRecordRule(db, entity),
      sources: [...new Set(all.map(({ source }) => source))],
      shared: all.reduce((sum, one) => sum + sharedFrom(one), 0),
    };
  });
}
