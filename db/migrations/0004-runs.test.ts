import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate } from '../open.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-0004-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const version = (db: Database.Database) => db.pragma('user_version', { simple: true });

it('keeps what the version before has kept, and knows no run yet', () => {
  const db = new Database(join(folder, 'pipeline.db'));
  migrate(db, 3);
  db.exec(`
    insert into source_tables (connection_id, name, identity, watermark) values ('opera', 'rooms', 'x', '{}');
    insert into source_rows (table_id, key, hash, file_id, byte_offset, byte_length, sweep) values (1, '101', x'00', 1, 0, 9, 1);
    insert into syncs (connection_id, last_started_at_ms, last_ok_at_ms) values ('opera', 5, 4);`);
  migrate(db, 4);
  const count = (table: string) => db.prepare(`select count(*) from ${table}`).pluck().get();
  expect([
    version(db),
    count('source_tables'),
    count('source_rows'),
    db.prepare('select * from syncs').all(),
    count('runs'),
    count('fingerprints'),
  ]).toEqual([4, 1, 1, [{ connection_id: 'opera', last_started_at_ms: 5, last_ok_at_ms: 4 }], 0, 0]);
  db.close();
});

it('leaves the schema before it when it fails in the middle', () => {
  const db = new Database(join(folder, 'pipeline.db'));
  migrate(db, 3);
  db.exec('create table fingerprints (x)');
  expect(() => migrate(db, 4)).toThrow(/fingerprints already exists/);
  expect([version(db), db.prepare("select count(*) from sqlite_master where name = 'runs'").pluck().get()]).toEqual([3, 0]);
  db.close();
});
