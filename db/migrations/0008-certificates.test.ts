import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate } from '../open.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-0008-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('keeps what the version before has kept, and knows no certificate yet', () => {
  const db = new Database(join(folder, 'pipeline.db'));
  migrate(db, 7);
  db.exec('insert into damaged_raw_files (file_id, found_at_ms) values (1, 2)');
  migrate(db, 8);
  const count = (table: string) => db.prepare(`select count(*) from ${table}`).pluck().get();
  expect([db.pragma('user_version', { simple: true }), count('damaged_raw_files'), count('certificates')]).toEqual([8, 1, 0]);
  db.close();
});

it('leaves the schema before it when it fails in the middle', () => {
  const db = new Database(join(folder, 'pipeline.db'));
  migrate(db, 7);
  db.exec('create table certificates (x)');
  expect(() => migrate(db, 8)).toThrow(/certificates already exists/);
  expect(db.pragma('user_version', { simple: true })).toBe(7);
  db.close();
});
