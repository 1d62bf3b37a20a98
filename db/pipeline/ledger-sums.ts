import type { CurrencySum } from '../../contract/record-view.ts';
import type { ReadDb, WriteDb } from '../open.ts';

const halfBits = 20;
const half = 2 ** halfBits;

/** Adds up what a batch changes in the sums of its ledger, and writes it once. */
export function sumsWriter(db: WriteDb) {
  const before = db
    .prepare<[number, string], [number | null, string | null]>(
      'select amount, currency from records where ledger_id = ? and external_id = ?',
    )
    .raw();
  const add = db.prepare(
    'insert into ledger_sums (ledger_id, currency, records, high, low) values (?, ?, ?, ?, ?) on conflict do update set ' +
      'records = records + excluded.records, high = high + excluded.high, low = low + excluded.low',
  );
  const changes = new Map<string, { records: number; high: number; low: number }>();

  function count(amount: number | null, currency: string | null, by: 1 | -1): void {
    const hasAmount = amount !== null && currency !== null;
    const name = hasAmount ? currency : '';
    let change = changes.get(name);
    if (!change) {
      change = { records: 0, high: 0, low: 0 };
      changes.set(name, change);
    }
    change.records += by;
    if (!hasAmount) return;
    const high = Math.floor(amount / half);
    change.high += by * high;
    change.low += by * (amount - high * half);
  }

  return {
    begin: (): void => changes.clear(),
    added: (amount: number | null, currency: string | null): void => count(amount, currency, 1),
    /** Call before the record is changed. */
    changed: (ledgerId: number, externalId: string, amount: number | null, currency: string | null): void => {
      const was = before.get(ledgerId, externalId);
      if (was) count(was[0], was[1], -1);
      count(amount, currency, 1);
    },
    finish: (ledgerId: number): void => {
      for (const [currency, { records, high, low }] of changes)
        if (records !== 0 || high !== 0 || low !== 0) add.run(ledgerId, currency, records, high, low);
    },
  };
}

/** How many records of a kind there are, and their amounts by currency: kept up to date with every batch, so reading them costs nothing. */
export function sumsOf(db: ReadDb, entity: string): { total: number; sums: CurrencySum[] } {
  type Row = { currency: string; records: bigint; high: bigint; low: bigint };
  const rows = db
    .prepare<[string], Row>(
      'select s.currency, sum(s.records) as records, sum(s.high) as high, sum(s.low) as low from ledger_sums s ' +
        'join ledgers l on l.id = s.ledger_id where l.entity = ? group by s.currency having sum(s.records) > 0',
    )
    .safeIntegers()
    .all(entity);
  const sums = rows
    .filter(({ currency }) => currency !== '')
    .map(({ currency, records, high, low }) => ({ currency, records: Number(records), sumMinor: String(high * BigInt(half) + low) }));
  return { total: rows.reduce((sum, { records }) => sum + Number(records), 0), sums };
}
