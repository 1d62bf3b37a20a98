import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate } from '../open.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-0003-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const version = (db: Database.Database) => db.pragma('user_version', { simple: true });

it('keeps what the version before has kept, and knows no table of a source yet', () => {
  const db = new Database(join(folder, 'pipeline.db'));
  migrate(db, 2);
  db.exec("insert into connections (id, doc) values ('pms', '{}')");
  migrate(db, 3);
  const count = (table: string) => db.prepare(`select count(*) from ${table}`).pluck().get();
  expect([version(db), count('connections'), count('source_tables'), count('source_rows')]).toEqual([3, 1, 0, 0]);
  db.close();
});

it('leaves the schema before it when it fails in the middle', () => {
  const db = new Database(join(folder, 'pipeline.db'));
  migrate(db, 2);
  db.exec('create table source_rows (x)');
  expect(() => migrate(db, 3)).toThrow(/source_rows already exists/);
  expect([version(db), db.prepare("select count(*) from sqlite_master where name = 'source_tables'").pluck().get()]).toEqual([2, 0]);
  db.close();
});
