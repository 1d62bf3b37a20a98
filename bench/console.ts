import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Client } from '../agent/runtime/wire-client.ts';
import { writeBookings } from './data.ts';
import type { Measure } from './index.ts';
import { benchSource, startReceiver, withAgent } from './site.ts';

/** What a person's screens ask for while files come in: each by itself, as a click does. */
const questions: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  overview: (client) => client.overview.get({}),
  connections: (client) => client.connections.list({}),
  files: (client) => client.files.list({ limit: 50 }),
  setAside: (client) => client.deadLetters.list({ limit: 100 }),
  recordCounts: (client) => client.records.counts({}),
  oneRecord: (client) => client.records.list({ entity: 'booking', key: '17', offset: 0, limit: 100 }),
  recordList: (client) => client.records.list({ entity: 'booking', offset: 0, limit: 100 }),
};

/** Every flush of a file takes so much longer, as on the disk of an old back-office PC. */
// strace -D: what is told to end is the agent, not its tracer.
const slowDiskMs = 15;

/**
 * How long the console waits for an answer while a whole file is imported and sent: on this disk, and with every flush delayed.
 * The longest of all answers of the best run counts against the limit.
 */
export async function benchConsole(options: { readonly rows: number; readonly runs: number }): Promise<Measure[]> {
  if (spawnSync('strace', ['--version']).status !== 0) throw new Error('this bench needs strace, for Linux (apt-get install strace)');
  const slow = ['strace', '-D', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e', 'trace=fsync,fdatasync'];
  const wrap = [...slow, '-e', `inject=fsync,fdatasync:delay_exit=${slowDiskMs * 1000}`];
  return [
    await answers('answers of the console during an import', options, []),
    await answers(`the same with every flush ${slowDiskMs} ms longer`, options, wrap),
  ];
}

async function answers(
  measure: string,
  options: { readonly rows: number; readonly runs: number },
  wrap: readonly string[],
): Promise<Measure> {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-bench-'));
  const receiver = await startReceiver();
  try {
    const file = join(folder, 'bookings.csv');
    writeBookings(file, options.rows, 7);
    const runs: Record<string, number>[] = [];
    for (let run = 0; run < options.runs; run++) {
      const site = { file, home: join(folder, `home-${run}`), rows: options.rows, receiver, wrap };
      runs.push(await withAgent(site, ({ client }, allReceived) => askDuring(client, allReceived)));
    }
    const longestMs = Math.min(...runs.map((one) => one.longestMs ?? Number.POSITIVE_INFINITY));
    return { bench: 'console', measure, ms: longestMs, limitMs: 100, runs, rows: options.rows };
  } finally {
    receiver.process.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function askDuring(client: Client, allReceived: () => Promise<unknown>): Promise<Record<string, number>> {
  // The first answer of each compiles its statements: a console that is open has had it.
  for (const ask of Object.values(questions)) await ask(client);
  const startedAt = performance.now();
  await client.connections.syncNow({ id: benchSource });
  let isOver = false;
  const over = allReceived().then(() => {
    isOver = true;
  });
  const took: number[] = [];
  const longest: Record<string, number> = {};
  while (!isOver) {
    for (const [name, ask] of Object.entries(questions)) {
      const askedAt = performance.now();
      await ask(client);
      const ms = performance.now() - askedAt;
      took.push(ms);
      longest[name] = Math.max(longest[name] ?? 0, Math.round(ms));
    }
  }
  await over;
  took.sort((a, b) => a - b);
  const at = (share: number) => Math.round((took[Math.floor((took.length - 1) * share)] ?? 0) * 10) / 10;
  return {
    importMs: Math.round(performance.now() - startedAt),
    answers: took.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    longestMs: at(1),
    ...longest,
  };
}
