import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../contract/faults.ts';
import { pipelineMigrations } from './migrations/index.ts';
import { openForReading, openForWriting, type WriteDb } from './open.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-open-'));
  path = join(folder, 'pipeline.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const settings = [
  'journal_mode',
  'synchronous',
  'foreign_keys',
  'secure_delete',
  'trusted_schema',
  'cell_size_check',
  'wal_autocheckpoint',
  'cache_size',
  'temp_store',
  'page_size',
  'busy_timeout',
  'user_version',
] as const;
const found = (db: Database.Database) => Object.fromEntries(settings.map((name) => [name, db.pragma(name, { simple: true })]));

const safe = {
  journal_mode: 'wal',
  synchronous: 2,
  foreign_keys: 1,
  secure_delete: 1,
  trusted_schema: 0,
  cell_size_check: 1,
  wal_autocheckpoint: 8000,
  cache_size: -8192,
  temp_store: 2,
  page_size: 8192,
  busy_timeout: 10_000,
  user_version: pipelineMigrations.length,
};

function faultCode(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Fault ? error.code : `not named: ${error}`;
  }
  return 'opened';
}

function use<T>(db: WriteDb, act: (db: WriteDb) => T): T {
  try {
    return act(db);
  } finally {
    db.close();
  }
}

/** A sound database with some pages in it. */
function filled(): void {
  use(openForWriting(path), (db) => {
    const add = db.prepare('insert into settings (key, json) values (?, ?)');
    db.transaction(() => {
      for (let at = 0; at < 400; at++) add.run(`key-${at}`, JSON.stringify('x'.repeat(300)));
    })();
    db.pragma('wal_checkpoint(TRUNCATE)');
  });
}

describe('what keeps the database safe', () => {
  it('holds on the first open and on every later one', () => {
    const seen = [1, 2, 3].map(() => use(openForWriting(path), found));
    expect(seen).toEqual([safe, safe, safe]);
  });

  it('holds on a database that another program has opened and left in its own way', () => {
    use(openForWriting(path), () => undefined);
    const other = new Database(path);
    other.pragma('journal_mode = delete');
    other.pragma('synchronous = 0');
    other.close();
    expect(use(openForWriting(path), found)).toEqual(safe);
  });

  it('is refused where it cannot be had: another page size never goes unnoticed', () => {
    const other = new Database(path);
    other.pragma('page_size = 4096');
    other.exec('create table x (y)');
    other.close();
    expect(faultCode(() => openForWriting(path))).toBe('database-unsafe');
  });

  it('holds beside a reader that is still open', () => {
    use(openForWriting(path), () => undefined);
    const reader = openForReading(path);
    expect(use(openForWriting(path), found)).toEqual(safe);
    reader.close();
  });
});

describe('a database of a newer Bellhop', () => {
  it('is refused, and not one byte of it is changed', () => {
    filled();
    const newer = new Database(path);
    newer.pragma('user_version = 99');
    newer.close();
    const before = readFileSync(path);
    expect([faultCode(() => openForWriting(path)), readFileSync(path).equals(before), readdirSync(folder)]).toEqual([
      'database-newer',
      true,
      ['pipeline.db'],
    ]);
  });

  it('is refused untouched also when it was left in the middle of its work, with its log beside it', () => {
    filled();
    const newer = new Database(path);
    newer.pragma('journal_mode = wal');
    newer.pragma('user_version = 99');
    newer.exec('create table of_tomorrow (x)');
    const torn = join(folder, 'torn');
    mkdirSync(torn);
    newer.pragma('wal_autocheckpoint = 0');
    for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, join(torn, `pipeline.db${end}`));
    newer.close();
    const bytes = () => ['pipeline.db', 'pipeline.db-wal'].map((name) => readFileSync(join(torn, name)).toString('base64'));
    const before = bytes();
    expect([faultCode(() => openForWriting(join(torn, 'pipeline.db'))), bytes()]).toEqual(['database-newer', before]);
  });
});

describe('what is no sound database is named, never thrown raw', () => {
  it.each([
    ['a text', 'This is a shopping list.\n'.repeat(400)],
    ['a short text', 'x'],
    ['the first half of a header', 'SQLite format 3\0 and then the power went'],
    ['zeros', Buffer.alloc(65_536)],
    ['a header with garbage behind it', Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(65_536, 0xa5)])],
  ])('%s', (_name, content) => {
    writeFileSync(path, content);
    expect([faultCode(() => openForWriting(path)), readFileSync(path).equals(Buffer.from(content))]).toEqual(['database-damaged', true]);
  });

  it.each([0.9, 0.75, 0.5, 0.25, 0.1])('a file of which only %d is left', (part) => {
    filled();
    truncateSync(path, Math.floor(readFileSync(path).length * part));
    expect(faultCode(() => openForWriting(path))).toBe('database-damaged');
  });

  it('a folder where the file should be, and a folder that is not there', () => {
    mkdirSync(path);
    expect([
      faultCode(() => openForWriting(path)),
      faultCode(() => openForReading(path)),
      faultCode(() => openForWriting(join(folder, 'not-there', 'pipeline.db'))),
    ]).toEqual(['database-unreadable', 'database-unreadable', 'database-unreadable']);
  });

  it('sixty flipped bytes, one at a time: it opens or it is named', () => {
    filled();
    const sound = readFileSync(path);
    let seed = 20_261_121;
    const next = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const codes = new Set<string>();
    for (let round = 0; round < 60; round++) {
      const torn = Buffer.from(sound);
      const at = round < 20 ? next(100) : next(torn.length);
      torn[at] = (torn[at] as number) ^ (1 + next(255));
      writeFileSync(path, torn);
      codes.add(faultCode(() => openForWriting(path).close()));
      for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    }
    const named = ['opened', 'database-damaged', 'database-unreadable', 'database-newer', 'database-unsafe'];
    expect([...codes].filter((code) => !named.includes(code))).toEqual([]);
    expect(codes).toContain('database-damaged');
  });
});

describe('a handle that reads', () => {
  const writes = [
    "insert into settings (key, json) values ('a', '1')",
    'delete from settings',
    'create table more (x)',
    'drop table settings',
    'pragma user_version = 7',
    'vacuum',
  ];

  it.each(writes)('cannot %s', (sql) => {
    filled();
    const before = readFileSync(path);
    const reader = openForReading(path);
    expect(() => reader.exec(sql)).toThrow(/readonly/);
    reader.close();
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('cannot be talked into writing either', () => {
    filled();
    const reader = openForReading(path);
    reader.pragma('query_only = 0');
    expect(() => reader.exec('delete from settings')).toThrow(/readonly/);
    reader.close();
  });

  it('makes no file where there is none', () => {
    expect([faultCode(() => openForReading(path)), existsSync(path)]).toEqual(['database-damaged', false]);
  });

  it('sees what the writing handle commits, and nothing before', () => {
    const writer = openForWriting(path);
    const reader = openForReading(path);
    const count = () => reader.prepare('select count(*) from settings').pluck().get();
    writer.exec("begin; insert into settings (key, json) values ('a', '1')");
    const before = count();
    writer.exec('commit');
    expect([before, count()]).toEqual([0, 1]);
    reader.close();
    writer.close();
  });
});
