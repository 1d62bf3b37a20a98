import type { KeyObject } from 'node:crypto';
import type { EntityName } from '../../contract/record.ts';
import type { ReadDb } from '../open.ts';
import { outboxText } from './blocks.ts';

/** The version of a kind of record that was kept last, whatever its source. */
export type NewestText = { readonly keptAtMs: number; readonly text: Buffer };

/**
 * Read the newest version of a kind of record, or null where none is kept.
 * @throws {Fault} `database-damaged` when its block does not open.
 */
export function newestText(db: ReadDb, key: KeyObject, entity: EntityName): NewestText | null {
  const newest = db
    .prepare<[string], { seq: number; keptAtMs: number }>(
      'select b.first_seq + b.rows - 1 as seq, b.kept_at_ms as keptAtMs from blocks b join ledgers l on l.id = b.ledger_id ' +
        'where l.entity = ? order by b.first_seq desc limit 1',
    )
    .get(entity);
  return newest ? { keptAtMs: newest.keptAtMs, text: outboxText(db, key, newest.seq) } : null;
}
