import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { pipelineMigrations } from '../../db/migrations/index.ts';
import { migrate, openForWriting } from '../../db/open.ts';
import { type Random, seededRandom } from '../../sandbox/hotel/random.ts';
import { Disk } from './disk.ts';
import { type DiskCall, readTrace, straceArguments } from './trace.ts';

const rowsOfTable = 30;
const goldenRatio = 0.618_033_988_749_895;
const latest = pipelineMigrations.length;

export type MigrateRun = {
  readonly n: number;
  readonly lost: number;
  readonly corrupt: number;
  readonly versions: number;
  readonly calls: number;
  /** Cuts after which the schema was the old one, and those after which it was a newer one. */
  readonly wasOld: number;
  readonly wasNewer: number;
  readonly findings: readonly string[];
};

/**
 * A database of every schema that there has been, and an empty folder, are opened by this build, which migrates them, and the power is cut `n` times
 * at calls to the disk all over the way. Afterwards the schema is exactly one of those that there have been, every row is
 * there, and opening it once more ends at the newest. A killed process is the mildest of these cuts: nothing that it asked for is undone.
 */
export async function migrateRun({ seed, n }: { readonly seed: number; readonly n: number }): Promise<MigrateRun> {
  const random = seededRandom(seed);
  const dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bellhop-migrate-'));
  const counts = { lost: 0, corrupt: 0, calls: 0, wasOld: 0, wasNewer: 0 };
  const findings: string[] = [];
  try {
    const schemas = Array.from({ length: latest + 1 }, (_, version) => schemaOf(made(join(dir, `schema-${version}`), version, null)));
    const worlds: World[] = [];
    for (let version = 0; version < latest; version++) worlds.push(await worldOf(join(dir, `from-${version}`), version, random));
    for (const { calls } of worlds) counts.calls += calls.length;
    for (let at = 0; at < n; at++) {
      const world = worlds[at % worlds.length] as World;
      // Few cuts are spread over all calls, many come to each of them.
      const place = 1 + Math.floor(((Math.floor(at / worlds.length) * goldenRatio) % 1) * world.calls.length);
      const found = cutAt(world, place, join(dir, 'cut'), random, schemas);
      counts.lost += found.lost;
      counts.corrupt += found.corrupt;
      if (found.version === world.version) counts.wasOld++;
      else counts.wasNewer++;
      for (const finding of found.findings)
        findings.push(`from ${world.version}, cut at call ${place} of ${world.calls.length}: ${finding}`);
    }
    return { n, ...counts, versions: worlds.length, findings: findings.slice(0, 20) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

type Rows = ReadonlyMap<string, { readonly columns: readonly string[]; readonly rows: string }>;
type World = {
  readonly version: number;
  readonly home: string;
  readonly before: ReadonlyMap<string, Buffer>;
  readonly rows: Rows;
  readonly calls: readonly DiskCall[];
};

/** Make a database of one schema and write down how this build opens it. */
async function worldOf(home: string, version: number, random: Random): Promise<World> {
  const path = made(home, version, random);
  const before = new Map(version === 0 ? [] : [[path, readFileSync(path)]]);
  const rows = version === 0 ? new Map() : rowsOf(path);
  const log = `${home}.log`;
  const waits = straceArguments.filter((argument) => argument !== '-D');
  const run = spawnSync('strace', [...waits, '-o', log, process.execPath, join(import.meta.dirname, 'open-database.ts'), path], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`a database of schema ${version} could not be opened: ${run.stderr}`);
  return { version, home, before, rows, calls: await readTrace(log, home) };
}

/** Make a database of one schema, with rows in every table where there is something to choose them by. Of schema 0 only its folder. */
function made(home: string, version: number, random: Random | null): string {
  mkdirSync(home, { recursive: true });
  const path = join(home, 'pipeline.db');
  if (version === 0) return path;
  const db = new Database(path);
  db.pragma('page_size = 8192');
  db.pragma('journal_mode = wal');
  migrate(db, version);
  if (random) for (const table of tablesOf(db)) fill(db, table, random);
  db.close();
  return path;
}

const tablesOf = (db: Database.Database) =>
  db.prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name").pluck().all() as string[];

type Column = { readonly name: string; readonly type: string };
const columnsOf = (db: Database.Database, table: string) => db.pragma(`table_info("${table}")`) as Column[];

/** Any values that the types allow; what a table does not take is left out. Texts are JSON objects, as those are that a migration would look into. */
function fill(db: Database.Database, table: string, random: Random): void {
  const columns = columnsOf(db, table);
  const insert = db.prepare(`insert or ignore into "${table}" values (${columns.map(() => '?').join(', ')})`);
  for (let row = 1; row <= rowsOfTable; row++) {
    insert.run(
      columns.map(({ type }) => {
        if (type.toLowerCase() === 'integer') return row;
        if (type.toLowerCase() === 'blob') return Buffer.alloc(random.between(1, 3000), row);
        return JSON.stringify({ row, text: 'x'.repeat(random.between(0, 60)) });
      }),
    );
  }
}

function rowsOf(path: string, of?: Rows): Rows {
  const db = new Database(path, { readonly: true });
  try {
    const tables = of ? [...of.keys()] : tablesOf(db);
    return new Map(
      tables.map((table) => {
        const columns = of?.get(table)?.columns ?? columnsOf(db, table).map(({ name }) => name);
        const rows = db
          .prepare(`select ${columns.map((name) => `"${name}"`).join(', ')} from "${table}" order by 1, 2`)
          .raw()
          .all();
        return [table, { columns, rows: JSON.stringify(rows) }];
      }),
    );
  } finally {
    db.close();
  }
}

/** Everything that makes a schema, as text. */
function schemaOf(path: string): string {
  if (!existsSync(path)) return JSON.stringify([0, []]);
  const db = new Database(path, { readonly: true });
  try {
    return JSON.stringify([
      db.pragma('user_version', { simple: true }),
      db.prepare('select type, name, tbl_name, sql from sqlite_master order by type, name').raw().all(),
    ]);
  } finally {
    db.close();
  }
}

type Found = { readonly lost: number; readonly corrupt: number; readonly version: number; readonly findings: string[] };

function cutAt(world: World, place: number, into: string, random: Random, schemas: readonly string[]): Found {
  const disk = new Disk(world.home, world.before);
  for (const call of world.calls.slice(0, place)) disk.do(call);
  disk.cut(into, random);
  const path = join(into, 'pipeline.db');
  const findings: string[] = [];
  try {
    const db = new Database(path);
    const isWhole = db.pragma('integrity_check', { simple: true }) === 'ok';
    const version = db.pragma('user_version', { simple: true }) as number;
    db.close();
    if (!isWhole) findings.push('it is not whole');
    if (version < world.version || schemaOf(path) !== schemas[version])
      findings.push(`its schema is none that there has been (${version})`);
    const corrupt = findings.length;
    let lost = differing(path, world.rows);
    openForWriting(path).close();
    lost += differing(path, world.rows);
    if (lost > 0) findings.push(`${lost} tables have other rows`);
    if (schemaOf(path) !== schemas[latest]) findings.push('opened once more it did not come to the newest schema');
    return { lost, corrupt: corrupt + (schemaOf(path) === schemas[latest] ? 0 : 1), version, findings };
  } catch (error) {
    return { lost: 0, corrupt: 1, version: -1, findings: [(error as Error).message] };
  }
}

const differing = (path: string, before: Rows) =>
  [...rowsOf(path, before)].filter(([table, { rows }]) => before.get(table)?.rows !== rows).length;
