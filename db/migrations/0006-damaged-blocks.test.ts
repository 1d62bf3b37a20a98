import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate } from '../open.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-0006-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('keeps what the version before has kept, and knows nothing damaged yet', () => {
  const db = new Database(join(folder, 'pipeline.db'));
  migrate(db, 5);
  db.exec("insert into connections (id, doc) values ('pms', '{}')");
  migrate(db, 6);
  const count = (table: string) => db.prepare(`select count(*) from ${table}`).pluck().get();
  expect([db.pragma('user_version', { simple: true }), count('connections'), count('damaged_blocks')]).toEqual([6, 1, 0]);
  db.close();
});
