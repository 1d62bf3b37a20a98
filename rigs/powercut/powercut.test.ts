import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../sandbox/hotel/random.ts';
import { Disk } from './disk.ts';
import { missingStrace } from './index.ts';
import { migrateRun } from './migrate.ts';
import { readTrace, straceArguments } from './trace.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-powercut-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const home = '/home';
const file = join(home, 'a');
const bytes = (text: string) => Buffer.from(text);
const call = { atMs: 0, path: file } as const;

/** What different cuts of one disk leave of a file. */
function left(disk: Disk, name = 'a'): Set<string | null> {
  const random = seededRandom(5);
  const found = new Set<string | null>();
  for (let at = 0; at < 200; at++) {
    const into = join(folder, 'cut');
    disk.cut(into, random);
    try {
      found.add(readFileSync(join(into, name), 'utf8'));
    } catch {
      found.add(null);
    }
  }
  return found;
}

describe('a disk whose power is cut', () => {
  it('holds what was flushed, and of a later write all or nothing', () => {
    const disk = new Disk(home, new Map());
    disk.do({ ...call, kind: 'create' });
    disk.do({ ...call, kind: 'write', at: 'end', bytes: bytes('one') });
    expect(left(disk)).toEqual(new Set([null, '', 'one']));
    disk.do({ ...call, kind: 'sync' });
    expect(left(disk)).toEqual(new Set(['one']));
    disk.do({ ...call, kind: 'write', at: 'end', bytes: bytes('two') });
    disk.do({ ...call, kind: 'write', at: 0, bytes: bytes('O') });
    expect(left(disk)).toEqual(new Set(['one', 'One', 'onetwo', 'Onetwo']));
  });

  it('tears a long write between two sectors', () => {
    const disk = new Disk(home, new Map([[file, bytes('')]]));
    disk.do({ ...call, kind: 'write', at: 0, bytes: Buffer.alloc(1300, 'x') });
    expect([...left(disk)].map((text) => text?.length).toSorted((one, other) => (one ?? 0) - (other ?? 0))).toEqual([0, 512, 1024, 1300]);
  });

  it('holds a name once its folder is flushed, and then also what was named before', () => {
    const part = `${file}.part`;
    const disk = new Disk(home, new Map());
    disk.do({ kind: 'make-folder', path: join(home, 'x'), atMs: 0 });
    disk.do({ kind: 'create', path: part, atMs: 0 });
    disk.do({ kind: 'write', path: part, at: 'end', bytes: bytes('whole'), atMs: 0 });
    disk.do({ kind: 'sync', path: part, atMs: 0 });
    disk.do({ kind: 'rename', path: part, to: file, atMs: 0 });
    expect([left(disk), left(disk, 'a.part')]).toEqual([new Set([null, 'whole']), new Set(['whole', null])]);
    disk.do({ kind: 'sync', path: home, atMs: 0 });
    disk.do({ ...call, kind: 'remove' });
    expect([left(disk), left(disk, 'a.part')]).toEqual([new Set([null, 'whole']), new Set([null])]);
  });
});

describe.skipIf(missingStrace() !== null)('a database whose power is cut', () => {
  /** Commit rows one by one, saying each when it is committed. */
  const program = (synchronous: string) => `
    const Database = require(${JSON.stringify(join(import.meta.dirname, '..', '..', 'node_modules', 'better-sqlite3'))});
    const db = new Database(${JSON.stringify(join(folder, 'home', 'db'))});
    db.pragma('journal_mode = wal');
    db.pragma('synchronous = ${synchronous}');
    db.pragma('wal_autocheckpoint = 20');
    db.exec('create table t (id integer primary key, text text)');
    const fs = require('node:fs');
    const said = fs.openSync(${JSON.stringify(join(folder, 'home', 'said'))}, 'a');
    for (let id = 1; id <= 120; id++) {
      db.prepare('insert into t values (?, ?)').run(id, 'x'.repeat(700));
      fs.writeSync(said, String(id) + '\\n');
    }
    process.kill(process.pid, 'SIGKILL');`;

  async function lostOf(synchronous: string): Promise<{ lost: number; broken: number; calls: number }> {
    spawnSync('mkdir', ['-p', join(folder, 'home')]);
    const script = join(folder, 'program.cjs');
    writeFileSync(script, program(synchronous));
    const withoutWaiting = straceArguments.filter((argument) => argument !== '-D');
    spawnSync('strace', [...withoutWaiting, '-o', join(folder, 'log'), process.execPath, script]);
    const calls = await readTrace(join(folder, 'log'), join(folder, 'home'));
    const disk = new Disk(join(folder, 'home'), new Map());
    const random = seededRandom(9);
    const counts = { lost: 0, broken: 0, calls: calls.length };
    let said = 0;
    let isMade = false;
    for (const [at, one] of calls.entries()) {
      disk.do(one);
      if (one.kind === 'write' && one.path.endsWith('said')) said = Number(one.bytes.toString());
      isMade ||= said > 0;
      if (!isMade || at % 3 > 0) continue;
      disk.cut(join(folder, 'cut'), random);
      try {
        const db = new Database(join(folder, 'cut', 'db'));
        if (db.pragma('integrity_check', { simple: true }) !== 'ok') counts.broken++;
        const ids = db.prepare('select count(*) as count, max(id) as most from t').get() as { count: number; most: number };
        if (ids.most < said || ids.count !== ids.most) counts.lost++;
        db.close();
      } catch {
        counts.broken++;
      }
    }
    return counts;
  }

  it('is of one schema or of another after a migration, with every row', async () => {
    const { findings, lost, corrupt, wasOld, wasNewer } = await migrateRun({ seed: 3, n: 56 });
    expect([findings, lost, corrupt, wasOld > 0, wasNewer > 0]).toEqual([[], 0, 0, true, true]);
  }, 120_000);

  it('keeps all that was said to be committed at FULL, and loses some at NORMAL: the rig sees the difference', async () => {
    const full = await lostOf('full');
    rmSync(join(folder, 'home'), { recursive: true });
    const normal = await lostOf('normal');
    expect([full.lost, full.broken, full.calls > 400, normal.lost > 0]).toEqual([0, 0, true, true]);
  }, 120_000);
});
