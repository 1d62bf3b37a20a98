import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RecordQuery } from '../../contract/record-view.ts';
import { migrate, type ReadDb, type WriteDb } from '../open.ts';
import { sumsWriter } from './ledger-sums.ts';
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
  const sums = sumsWriter(db as unknown as WriteDb);
  sums.begin();
  for (const [at, { id, title = null, amount = null, currency = null }] of given.entries()) {
    block.run(at + 1);
    row.run(at + 1, id);
    record.run(id, at + 1, title, amount, currency);
    sums.added(amount, currency);
  }
  sums.finish(1);
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

describe('a list longer than two screens', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const many = () => kept(Array.from({ length: 1000 }, (_, at) => ({ id: `A-${String(at).padStart(4, '0')}` })));
  const byKey = query({ sort: 'key', direction: 'up' });
  const from = (view: number, offset: number) => ({ view, offset, limit: 100 });

  it('gives its first rows before the rest is put in order, and the rest is of the same moment', () => {
    const db = many();
    const page = recordViews(db);
    const first = page(byKey, window);
    const states = [db.inTransaction, page(byKey, from(first.view, 100)).view === first.view, db.inTransaction];
    vi.runAllTimers();
    states.push(db.inTransaction);
    const ids = [0, 150, 250, 999, 1000].map((offset) => page(byKey, from(first.view, offset)).rows[0]?.externalId);
    expect([first.total, states, ids]).toEqual([1000, [true, true, true, false], ['A-0000', 'A-0150', 'A-0250', 'A-0999', undefined]]);
  });

  it('is put in order at once when rows further down are asked for', () => {
    const db = many();
    const page = recordViews(db);
    const { view } = page(byKey, window);
    const last = page(byKey, from(view, 900));
    expect([last.view === view, last.rows.at(-1)?.externalId, db.inTransaction]).toEqual([true, 'A-0999', false]);
    vi.runAllTimers();
    expect(page(byKey, from(view, 900)).rows.length).toBe(100);
  });

  it('is forgotten when another is asked for before it was put in order, and made anew under another number', () => {
    const db = many();
    const page = recordViews(db);
    const { view } = page(byKey, window);
    const other = page(query({ sort: 'title' }), window);
    const again = page(byKey, from(view, 500));
    vi.runAllTimers();
    expect([again.view === view, again.view === other.view, again.rows[0]?.externalId, db.inTransaction]).toEqual([
      false,
      false,
      'A-0500',
      false,
    ]);
  });

  it('says what is wrong when it cannot be put in order, and never gives half of itself', () => {
    const db = many();
    const page = recordViews(db);
    const { view } = page(byKey, window);
    db.exec('commit; drop table records; begin');
    vi.runAllTimers();
    expect(() => page(byKey, from(view, 250))).toThrow(/records/);
    expect(db.inTransaction).toBe(false);
  });
});
