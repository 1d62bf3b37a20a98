import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate } from '../open.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-0002-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('keeps what the version before has kept, and calls none of it kept for its figures', () => {
  const db = new Database(join(folder, 'pipeline.db'));
  migrate(db, 1);
  db.exec(`
    insert into blocks (first_seq, rows, generation, ledger_id, file_id, kept_at_ms, correlation_id, sealed) values (1, 2, 5, 1, 1, 7, x'00', x'ff');
    insert into deliveries (destination_id, confirmed_seq, confirmed) values ('hub', 2, 2);
    insert into resends (destination_id, selection, choice, ordered_at_ms, actor_id, actor_name, correlation_id, up_to_seq, total, state)
      values ('hub', '{}', '{}', 1, 'a', 'A', 'c', 2, 2, 'done');`);
  migrate(db, 2);
  expect([
    db.prepare('select first_seq, rows, reason, sealed from blocks').all(),
    db.prepare('select destination_id, confirmed_seq, confirmed, withheld, missed from deliveries').all(),
    db.prepare('select total, withheld from resends').all(),
    db.prepare('select position from follower').all(),
    db.pragma('user_version', { simple: true }),
  ]).toEqual([
    [{ first_seq: 1, rows: 2, reason: null, sealed: Buffer.from([255]) }],
    [{ destination_id: 'hub', confirmed_seq: 2, confirmed: 2, withheld: 0, missed: 0 }],
    [{ total: 2, withheld: 0 }],
    [{ position: 0 }],
    2,
  ]);
  db.close();
});

it('leaves the schema before it when it fails in the middle', () => {
  const db = new Database(join(folder, 'pipeline.db'));
  migrate(db, 1);
  db.exec('create table withheld (x)');
  expect(() => migrate(db, 2)).toThrow(/withheld already exists/);
  expect([
    db.pragma('user_version', { simple: true }),
    db.prepare("select count(*) from pragma_table_info('blocks') where name = 'reason'").pluck().get(),
  ]).toEqual([1, 0]);
  db.close();
});
