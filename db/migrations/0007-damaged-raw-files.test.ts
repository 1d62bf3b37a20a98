import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate } from '../open.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-0007-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('keeps what the version before has kept, and knows no damaged copy of a file yet', () => {
  const db = new Database(join(folder, 'pipeline.db'));
  migrate(db, 6);
  db.exec("insert into damaged_blocks (first_seq, found_at_ms, sealed) values (1, 2, x'03')");
  migrate(db, 7);
  const count = (table: string) => db.prepare(`select count(*) from ${table}`).pluck().get();
  expect([db.pragma('user_version', { simple: true }), count('damaged_blocks'), count('damaged_raw_files')]).toEqual([7, 1, 0]);
  db.close();
});
