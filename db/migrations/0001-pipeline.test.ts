import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate, openForWriting } from '../open.ts';
import { pipelineMigrations } from './index.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-0001-'));
  path = join(folder, 'pipeline.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tables = [
  'alerts',
  'attempts',
  'audit',
  'audit_head',
  'blocks',
  'confirmations',
  'connections',
  'dead_letters',
  'deliveries',
  'entity_counts',
  'files',
  'generations',
  'held_sending',
  'intents',
  'kept_hours',
  'ledger_sums',
  'ledgers',
  'outbox',
  'records',
  'resends',
  'settings',
  'settled_letters',
  'sightings',
  'syncs',
];
const indexes = [
  'attempts_by_place',
  'attempts_by_resend',
  'attempts_of_the_line',
  'dead_letters_by_connection',
  'dead_letters_by_connection_and_rule',
  'dead_letters_by_file',
  'dead_letters_by_key',
  'dead_letters_by_rule',
  'dead_letters_refused_once',
  'files_seen_again',
  'files_unfinished',
  'intents_open',
  'resends_open',
  'settled_letters_by_key',
  'settled_letters_by_row',
  'sightings_by_file',
];

function named(db: Database.Database, type: 'table' | 'index'): unknown[] {
  return db.prepare("select name from sqlite_master where type = ? and name not like 'sqlite_%' order by name").pluck().all(type);
}
const version = (db: Database.Database) => db.pragma('user_version', { simple: true });

/** What a database holds after so many schema steps. */
function stateAt(steps: number): string {
  const db = new Database(':memory:');
  migrate(db, steps);
  const state = JSON.stringify([version(db), named(db, 'table').length, named(db, 'index').length]);
  db.close();
  return state;
}

it('makes every table of an empty database, and says that it is at schema 1', () => {
  const db = new Database(path);
  const before = [version(db), named(db, 'table')];
  migrate(db, 1);
  expect([before, version(db), named(db, 'table'), named(db, 'index')]).toEqual([[0, []], 1, tables, indexes]);
  db.close();
});

it('takes only what fits the column, in every table', () => {
  const db = new Database(path);
  migrate(db);
  const loose = db.prepare("select name from pragma_table_list where schema = 'main' and strict = 0 and name not like 'sqlite_%'");
  expect(loose.pluck().all()).toEqual([]);
  db.close();
});

it('changes nothing when it is run again', () => {
  const db = new Database(path);
  migrate(db);
  db.exec("insert into settings (key, json) values ('property', '{}')");
  const whole = () => [db.serialize().toString('base64'), db.prepare('select total_changes()').pluck().get()];
  const before = whole();
  migrate(db);
  migrate(db);
  expect(whole()).toEqual(before);
  db.close();
});

it('leaves the old schema when it fails in the middle', () => {
  const db = new Database(path);
  // A table of the second half is there already, so the step stops after it has made the first ones.
  db.exec('create table alerts (x)');
  expect(() => migrate(db)).toThrow(/alerts already exists/);
  expect([version(db), named(db, 'table')]).toEqual([0, ['alerts']]);
  db.close();
});

it('leaves the old schema or the new when the process is killed in its middle, twenty times', async () => {
  const open = fileURLToPath(new URL('../open.ts', import.meta.url));
  // The child makes one database after the other, so that a kill meets one of them at work.
  const script = `
    import { openForWriting } from ${JSON.stringify(open)};
    process.stdout.write('go');
    for (let at = 0; ; at++) openForWriting(process.argv[1] + '/' + at + '.db').close();`;
  let seed = 4711;
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const states: unknown[] = [];
  let torn = 0;
  for (let round = 0; round < 20; round++) {
    const homes = mkdtempSync(join(folder, 'kill-'));
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, homes], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await after(next(40));
    child.kill('SIGKILL');
    await ended;
    const databases = readdirSync(homes).filter((name) => name.endsWith('.db'));
    torn += readdirSync(homes).filter((name) => name.endsWith('-wal')).length;
    for (const name of databases) {
      const found = new Database(join(homes, name));
      states.push(JSON.stringify([version(found), named(found, 'table').length, named(found, 'index').length]));
      found.close();
      // Whatever it left, the next start works with it.
      const again = openForWriting(join(homes, name));
      states.push(JSON.stringify([version(again), named(again, 'table').length, named(again, 'index').length]));
      again.close();
    }
  }
  const allowed = new Set(pipelineMigrations.map((_, at) => stateAt(at)).concat(stateAt(pipelineMigrations.length)));
  expect(states.filter((state) => !allowed.has(state as string))).toEqual([]);
  // Kills that met nothing would prove nothing.
  expect(torn).toBeGreaterThan(0);
}, 60_000);
