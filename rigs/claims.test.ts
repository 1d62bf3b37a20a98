import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { claimedTooEarly } from './claims.ts';

it('finds what is counted as delivered and is not there, or only in an older state', () => {
  const home = mkdtempSync(join(tmpdir(), 'bellhop-claims-'));
  const db = new Database(join(home, 'pipeline.db'));
  db.exec(`create table outbox (seq integer primary key, external_id text, version integer);
    create table deliveries (destination_id text, confirmed_seq integer);
    insert into outbox values (1, 'a', 1), (2, 'b', 1), (3, 'a', 2), (4, 'c', 1);
    insert into deliveries values ('broker', 3), ('other', 4)`);
  db.close();
  const found = [
    claimedTooEarly(home, 'broker', new Map(Object.entries({ a: 2, b: 1 }))),
    claimedTooEarly(home, 'broker', new Map(Object.entries({ a: 3, b: 1, c: 1 }))),
    claimedTooEarly(home, 'broker', new Map(Object.entries({ a: 1, b: 1 }))),
    claimedTooEarly(home, 'broker', new Map(Object.entries({ b: 1 }))),
    claimedTooEarly(home, 'other', new Map(Object.entries({ a: 2, b: 1 }))),
    claimedTooEarly(home, 'nobody', new Map()),
  ];
  rmSync(home, { recursive: true });
  expect(found).toEqual([0, 0, 1, 1, 1, 0]);
});
