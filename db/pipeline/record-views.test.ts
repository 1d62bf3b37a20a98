import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import type { RecordQuery } from '../../contract/record-view.ts';
import { migrate, type ReadDb } from '../open.ts';
import { folded, recordViews } from './record-views.ts';

type Given = { readonly id: string; readonly title?: string; readonly amount?: number; readonly currency?: string };

/** A database with these bookings, each kept by itself. */
function kept(given: readonly Given[]): ReadDb {
  const db = new Database(':memory:');
  migrate(db);
  db.exec("insert into ledgers (id, hotel_id, source, entity) values (1, 'ALDQ', 'pms', 'booking')");
  const block = db.prepare(
    "insert into blocks (first_seq, rows, generation, ledger_id, kept_at_ms, correlation_id, sealed) values (?, 1, 1, 1, 0, x'00', x'00')",
  );
  const row = db.prepare('insert into outbox (seq, external_id, version) values (?, ?, 1)');
  const record = db.prepare(
    'insert into records (ledger_id, external_id, generation, version, hash, seq, title, amount, currency, first_kept_at_ms, kept_at_ms) ' +
      "values (1, ?, 1, 1, x'00', ?, ?, ?, ?, 0, 0)",
  );
  for (const [at, { id, title = null, amount = null, currency = null }] of given.entries()) {
    block.run(at + 1);
    row.run(at + 1, id);
    record.run(id, at + 1, title, amount, currency);
  }
  return db as ReadDb;
}

const query = (more: Partial<RecordQuery> = {}): RecordQuery => ({ entity: 'booking', sort: 'kept', direction: 'down', ...more });
const window = { offset: 0, limit: 100 };

it('adds up more money than a number of SQLite or of JavaScript holds, debts too, with and without a search', () => {
  const most = Number.MAX_SAFE_INTEGER;
  const given = Array.from({ length: 3000 }, (_, at) => ({
    id: `A-${at}`,
    amount: at % 3 === 0 ? -1 : most,
    currency: at < 2999 ? 'EUR' : 'JPY',
  }));
  const page = recordViews(kept(given));
  const sums = [
    { currency: 'EUR', records: 2999, sumMinor: String(BigInt(most) * 1999n - 1000n) },
    { currency: 'JPY', records: 1, sumMinor: String(most) },
  ];
  expect([page(query(), window).sums, page(query({ search: 'a-' }), window).sums]).toEqual([sums, sums]);
});

it.each([
  ['Zoë Łukasz', 'zoe lukasz'],
  ['ÇELİK', 'celik'],
  ['Søren Straße', 'soren strasse'],
  ['Ｆｕｌｌ', 'full'],
  ['Ελένη', 'ελενη'],
])('%s is found by %s', (name, words) => {
  const page = recordViews(
    kept([
      { id: '1', title: name },
      { id: '2', title: 'Ada' },
    ]),
  );
  expect([folded(name), page(query({ search: words }), window).rows.map(({ title }) => title)]).toEqual([words, [name]]);
  expect(page(query({ search: name }), window).total).toBe(1);
});

it('sorts a column in the same order, whether words are looked for or not', () => {
  const given = [3, 1, 2, 1].map((amount, at) => ({ id: `A-${at}`, amount, currency: 'EUR' }));
  const page = recordViews(kept([...given, { id: 'A-9' }]));
  for (const direction of ['up', 'down'] as const)
    for (const sort of ['amount', 'key', 'kept', 'title'] as const) {
      const ids = (search?: string) => page(query({ sort, direction, search }), window).rows.map(({ externalId }) => externalId);
      expect([sort, direction, ids('A-')]).toEqual([sort, direction, ids()]);
    }
});
