import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import pg from 'pg';
import { type RunningAgent, setUp, startAgent } from '../../sandbox/agent.ts';
import { type Random, seededRandom } from '../../sandbox/hotel/random.ts';
import { type PostgresServer, startPostgres } from '../../sandbox/servers/postgres.ts';
import { untilDelivered } from '../opera.ts';
import { openSite, type Site } from '../site.ts';

/**
 * The same with a real PostgreSQL and the whole product: transactions that stay open for seconds after they have stamped their rows, many
 * rows of one second, changes that leave the stamp out, deletes, an agent that is killed. What the hub ends on is compared with what the
 * database says; two simple ways of reading look at the same database beside it.
 */
export type PostgresRun = {
  readonly rows: number;
  readonly missed: number;
  readonly ghosts: number;
  readonly twice: number;
  readonly kills: number;
  readonly longestSeconds: number;
  readonly delivered: number;
  readonly readsPerSend: number;
  readonly naiveMissed: Readonly<Record<string, number>>;
};

const password = 'a rig has no secrets';
const writers = 4;
const longestSeconds = 6;
const settleWithinMs = 60_000;

const schema = `
CREATE TABLE bookings (no text PRIMARY KEY, guest text, arrival date, departure date, status text, changed_at timestamp(0));
CREATE INDEX ON bookings (changed_at, no);
CREATE ROLE reader LOGIN PASSWORD '${password}'; GRANT SELECT ON bookings TO reader;
ALTER DATABASE hotels SET timezone = 'Europe/Berlin';`;
const question =
  'SELECT no AS "Confirmation No", guest AS "Guest Name", NULL AS "Email", NULL AS "Phone", NULL AS "Room", NULL AS "Room Type", arrival AS "Arrival", ' +
  'departure AS "Departure", NULL AS "Booked On", status AS "Status", NULL AS "Channel", NULL AS "Total", NULL AS "Deposit", NULL AS "Currency", ' +
  'NULL AS "Payment", NULL AS "Requests", changed_at FROM bookings';

export async function postgresRun(wanted: {
  readonly seed: number;
  readonly seconds: number;
  readonly program: string;
}): Promise<PostgresRun> {
  const random = seededRandom(wanted.seed);
  const server = await startPostgres();
  const site = await openSite(wanted.program);
  try {
    await server.ask(schema);
    await setUpAgent(site, server);
    const stop = new AbortController();
    const writing = Array.from({ length: writers }, (_, at) => write(server, seededRandom(wanted.seed * 10 + at), at, stop.signal));
    const reading = naiveReaders(server, stop.signal);
    const kills = await killNowAndThen(site, random, wanted.seconds);
    stop.abort();
    await Promise.all(writing);
    const naive = await reading;
    const readsPerSend = await readToTheEnd(site);
    const truth = new Map((await server.ask('SELECT no, guest FROM bookings')).map((row) => [row.no as string, row.guest as string]));
    const missedBy = (heard: ReadonlyMap<string, string>) => [...truth].filter(([key, guest]) => heard.get(key) !== guest).length;
    return {
      rows: truth.size,
      ...judged(site, truth),
      kills,
      longestSeconds,
      readsPerSend,
      naiveMissed: Object.fromEntries(Object.entries(naive).map(([name, heard]) => [name, missedBy(heard)])),
    };
  } finally {
    await site.upstream.close();
    await server.close();
    rmSync(site.dir, { recursive: true, force: true });
  }
}

async function setUpAgent(site: Site, server: PostgresServer): Promise<void> {
  const agent = await startAgent(site);
  const settings = {
    engine: 'postgresql',
    host: '127.0.0.1',
    port: server.port,
    database: server.database,
    user: 'reader',
    question,
    keyColumn: 'Confirmation No',
    changedColumn: 'changed_at',
    allowPlainOnThisPc: true,
  };
  await setUp(agent.client, {
    drop: site.drop,
    upstream: site.upstream,
    source: { kind: 'sql', title: 'PMS database', settings, secrets: { databasePassword: password } },
  });
  await agent.client.connections.setSchedule({ id: 'pms', schedule: { kind: 'cron', expression: '* * * * * *' } });
  await agent.stop();
}

/** One session of the hotel's own programs. */
async function write(server: PostgresServer, random: Random, writer: number, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({ host: '127.0.0.1', port: server.port, user: 'admin', database: server.database });
  // When the run fails the server goes first.
  client.on('error', () => undefined);
  await client.connect();
  const keys: string[] = [];
  for (let turn = 0; !signal.aborted; turn++) {
    await client.query('BEGIN');
    const rows = random.chance(0.05) ? random.between(50, 400) : random.between(1, 3);
    for (let row = 0; row < rows; row++) {
      // Each session has rows of its own: two that wait for each other would be another trial.
      const key = keys.length > 0 && random.chance(0.6) ? random.pick(keys) : `${writer}-${keys.push(`${writer}-${keys.length}`) - 1}`;
      const guest = `Guest ${turn} ${row}`;
      if (random.chance(0.02)) await client.query('DELETE FROM bookings WHERE no = $1', [key]);
      else if (random.chance(0.03)) await client.query('UPDATE bookings SET guest = $2 WHERE no = $1', [key, guest]);
      else
        await client.query(
          `INSERT INTO bookings VALUES ($1, $2, '2026-03-01', '2026-03-04', 'RESERVED', clock_timestamp())
           ON CONFLICT (no) DO UPDATE SET guest = excluded.guest, changed_at = excluded.changed_at`,
          [key, guest],
        );
    }
    // The stamps stand; the world sees them when this is over.
    await after(random.chance(0.3) ? random.between(500, longestSeconds * 1000) : random.between(0, 60));
    await client.query('COMMIT');
    await after(random.between(0, 80));
  }
  await client.end();
}

async function killNowAndThen(site: Site, random: Random, seconds: number): Promise<number> {
  const endsAtMs = Date.now() + seconds * 1000;
  let agent: RunningAgent | null = null;
  let kills = 0;
  while (Date.now() < endsAtMs) {
    agent = await startAgent(site);
    await after(Math.min(random.between(2000, 9000), Math.max(0, endsAtMs - Date.now())));
    await agent.kill();
    kills++;
  }
  return kills;
}

/** Read what was written last, and compare everything until what is gone is known to be. */
async function readToTheEnd(site: Site): Promise<number> {
  const agent = await startAgent(site);
  const deadline = Date.now() + settleWithinMs;
  for (let walk = 0; walk < 3; walk++) {
    const swept = async () => (await agent.client.connections.tables({ id: 'pms' }))[0]?.sweptAtMs ?? 0;
    const before = await swept();
    await agent.client.connections.compareNow({ id: 'pms' });
    while ((await swept()) <= before && Date.now() < deadline) await after(50);
    // The clock of a database counts whole seconds here.
    await after(1100);
  }
  await untilDelivered(agent, deadline);
  const [table] = await agent.client.connections.tables({ id: 'pms' });
  await agent.stop();
  return Math.round(((table?.rowsRead ?? 0) / Math.max(1, table?.rowsChanged ?? 0)) * 10) / 10;
}

/** What the hub ended on, against what the database says. It knows the fields by their names alone. */
function judged(site: Site, truth: ReadonlyMap<string, string>): { missed: number; ghosts: number; twice: number; delivered: number } {
  const lines = readFileSync(site.upstream.file, 'utf8').split('\n').slice(0, -1);
  const newest = new Map<string, { readonly guest: string; readonly isGone: boolean }>();
  const ids = new Set<string>();
  let twice = 0;
  for (const line of lines) {
    const { record } = JSON.parse(line) as { record: { eventId: string; externalId: string; guestName: string; goneAt?: string } };
    const state = { guest: record.guestName, isGone: record.goneAt !== undefined };
    const before = newest.get(record.externalId);
    if (ids.has(record.eventId) || (before?.guest === state.guest && before.isGone === state.isGone)) twice++;
    ids.add(record.eventId);
    newest.set(record.externalId, state);
  }
  const missed = [...truth].filter(([key, guest]) => newest.get(key)?.guest !== guest || newest.get(key)?.isGone).length;
  const ghosts = [...newest].filter(([key, { isGone }]) => !isGone && !truth.has(key)).length;
  return { missed, ghosts, twice, delivered: lines.length };
}

/** Two ways of reading that look good enough, once a second. Gives what each has heard of every row. */
async function naiveReaders(server: PostgresServer, signal: AbortSignal): Promise<Record<string, Map<string, string>>> {
  const client = new pg.Client({ host: '127.0.0.1', port: server.port, user: 'admin', database: server.database });
  // When the run fails the server goes first.
  client.on('error', () => undefined);
  await client.connect();
  const heard = { 'later than the largest': new Map<string, string>(), 'from the largest on': new Map<string, string>() };
  const largest = { 'later than the largest': '1970-01-01', 'from the largest on': '1970-01-01' };
  const read = async (name: keyof typeof heard, sign: '>' | '>=') => {
    const { rows } = await client.query<{ no: string; guest: string; at: string }>(
      `SELECT no, guest, changed_at::text AS at FROM bookings WHERE changed_at ${sign} $1 ORDER BY changed_at, no`,
      [largest[name]],
    );
    for (const row of rows) heard[name].set(row.no, row.guest);
    largest[name] = rows.at(-1)?.at ?? largest[name];
  };
  for (let last = false; ; ) {
    await read('later than the largest', '>');
    await read('from the largest on', '>=');
    if (last) break;
    last = signal.aborted;
    await after(last ? longestSeconds * 1000 : 1000);
  }
  await client.end();
  return heard;
}
