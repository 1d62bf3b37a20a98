import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate } from '../open.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-0005-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const version = (db: Database.Database) => db.pragma('user_version', { simple: true });

it('keeps what the version before has kept, and knows no confirmation number yet', () => {
  const db = new Database(join(folder, 'pipeline.db'));
  migrate(db, 4);
  db.exec("insert into connections (id, doc) values ('pms', '{}')");
  migrate(db, 5);
  const count = (table: string) => db.prepare(`select count(*) from ${table}`).pluck().get();
  expect([version(db), count('connections'), count('confirmation_numbers')]).toEqual([5, 1, 0]);
  db.close();
});

it('leaves the schema before it when it fails in the middle', () => {
  const db = new Database(join(folder, 'pipeline.db'));
  migrate(db, 4);
  db.exec('create table confirmation_numbers_by_number (x)');
  expect(() => migrate(db, 5)).toThrow(/confirmation_numbers_by_number/);
  expect([version(db), db.prepare("select count(*) from sqlite_master where name = 'confirmation_numbers'").pluck().get()]).toEqual([4, 0]);
  db.close();
});
