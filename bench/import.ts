import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { connectWire, type WireClient } from '../agent/runtime/wire-client.ts';
import { agentArguments, agentEnvironment } from '../scripts/node-runtime.mjs';
import { writeBookings } from './data.ts';
import type { Measure } from './index.ts';

const root = join(import.meta.dirname, '..');
const secret = `whsec_${Buffer.from('a bench has no secrets, 24 B').toString('base64')}`;

/**
 * Import to delivered against raw parse + raw insert, interleaved: each round runs both, in turn, on the same file.
 *
 * Ours starts when the agent, idle, is told to sync, and ends when the receiver has every record: taking the file, hiding card
 * numbers, raw store, parsing, mapping, validation, hash, encryption, ledger and outbox at FULL, sending and confirmation.
 */
export async function benchImport(options: { readonly rows: number; readonly runs: number }): Promise<Measure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-bench-'));
  const receiver = fork(join(import.meta.dirname, 'receiver.ts'));
  try {
    const [{ port }] = (await once(receiver, 'message')) as [{ port: number }];
    const file = join(folder, 'bookings.csv');
    writeBookings(file, options.rows, 7);
    const ours: number[] = [];
    const raw: number[] = [];
    for (let run = 0; run < options.runs; run++) {
      const first = run % 2 === 0 ? 'raw' : 'ours';
      for (const which of first === 'raw' ? (['raw', 'ours'] as const) : (['ours', 'raw'] as const)) {
        if (which === 'raw') raw.push(rawInsert(file, join(folder, `raw-${run}.db`)));
        else ours.push(await importToDelivered({ file, home: join(folder, `home-${run}`), rows: options.rows, port, receiver }));
      }
    }
    const best = { ours: Math.min(...ours), raw: Math.min(...raw) };
    return [
      {
        bench: 'import',
        measure: 'import to delivered vs raw parse + raw insert',
        ratio: round(best.raw / best.ours),
        gate: 0.5,
        goal: 0.75,
        lowerIsBetter: false,
        boundedBy: 'two cores shared by the normaliser, the writer, the sender and the receiver',
        runs: ours.map((ms, run) => ({ oursMs: Math.round(ms), rawMs: Math.round(raw[run] ?? 0) })),
        rows: options.rows,
      },
    ];
  } finally {
    receiver.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const round = (value: number) => Math.round(value * 1000) / 1000;

function rawInsert(file: string, db: string): number {
  const run = spawnSync(process.execPath, [join(import.meta.dirname, 'raw-insert.ts'), file, db], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  for (const end of ['', '-wal', '-shm']) rmSync(db + end, { force: true });
  return (JSON.parse(run.stdout) as { ms: number }).ms;
}

async function importToDelivered(run: { file: string; home: string; rows: number; port: number; receiver: ChildProcess }): Promise<number> {
  run.receiver.send({ count: run.rows });
  await once(run.receiver, 'message');
  const agent = spawn(process.execPath, [...agentArguments, join(root, 'out/main/cli.js'), 'agent', '--home', run.home, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...agentEnvironment(), BELLHOP_KEYRING: 'file' },
  });
  try {
    const [line] = (await once(createInterface({ input: agent.stdout }), 'line')) as [string];
    const wire = await connectWire(JSON.parse(line) as { pipe: string; token: string });
    await setUp(wire, run.file, run.port);
    const done = once(run.receiver, 'message');
    const startedAt = performance.now();
    await wire.client.connections.syncNow({ id: 'bench-files' });
    await done;
    const ms = performance.now() - startedAt;
    wire.close();
    return ms;
  } finally {
    agent.kill('SIGTERM');
    await once(agent, 'exit');
    rmSync(run.home, { recursive: true, force: true });
  }
}

async function setUp({ client }: WireClient, file: string, port: number): Promise<void> {
  await client.property.save({ hotelId: 'BENCH', name: 'Bench', timeZone: 'Europe/Lisbon', currency: 'EUR' });
  const folder = join(file, '..');
  writeFileSync(`${file}.done`, '');
  await client.connections.add({
    kind: 'folder-csv',
    title: 'Bench files',
    settings: { folder, pattern: 'bookings.csv', completeWhen: 'done-file' },
    schedule: { kind: 'manual' },
    secrets: {},
  });
  await client.connections.add({
    kind: 'https-ingest',
    title: 'Bench hub',
    settings: { url: `http://127.0.0.1:${port}`, allowHttpOnThisPc: true },
    secrets: { signingSecret: secret },
  });
}
