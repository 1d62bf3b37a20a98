import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { hash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { openForReading } from '../db/open.ts';
import { pendingRows } from '../db/pipeline/blocks.ts';
import { eventIdOf } from '../db/pipeline/event-text.ts';
import type { Batch } from '../db/pipeline/records.ts';
import { sealingKey } from '../db/seal.ts';
import { Writer } from '../db/writer.ts';
import type { Measure } from './index.ts';

const peers = join(import.meta.dirname, 'peers');
const batchRows = 1000;
const payloadBytes = 360;

/**
 * Enqueue and acknowledge against BullMQ on Redis with an append-only file that is flushed every second, interleaved: each round runs
 * both, in turn.
 *
 * Ours starts with batches as the normaliser hands them over, and keeps them as the product does: ledger, record, outbox row and sealed
 * text in one transaction at FULL. Then every row is read back, its seal opened, and acknowledged in batches. BullMQ adds jobs of the same
 * size in the same batches and drains them with a worker that does nothing.
 */
export async function benchOutbox(options: { readonly rows: number; readonly runs: number }): Promise<Measure[]> {
  preparePeers();
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-bench-'));
  try {
    const rounds: { ours: Split; bullmq: Split }[] = [];
    for (let run = 0; run < options.runs; run++) {
      const ours = () => oursRun(join(folder, `${run}.db`), options.rows);
      const peer = () => bullmqRun(join(folder, `redis-${run}`), options.rows);
      if (run % 2 === 0) rounds.push({ ours: await ours(), bullmq: await peer() });
      else rounds.push({ bullmq: await peer(), ours: await ours() });
    }
    const best = (which: 'ours' | 'bullmq') => Math.min(...rounds.map((round) => round[which].enqueueMs + round[which].drainMs));
    return [
      {
        bench: 'outbox',
        measure: `enqueue + acknowledge in batches of ${batchRows} at FULL vs BullMQ with everysec AOF`,
        ratio: Math.round((best('bullmq') / best('ours')) * 1000) / 1000,
        gate: 6,
        goal: 12,
        lowerIsBetter: false,
        boundedBy: 'one writing thread: SQLite, compression and sealing of the texts',
        runs: rounds.map(({ ours, bullmq }) => ({
          oursEnqueueMs: Math.round(ours.enqueueMs),
          oursAcknowledgeMs: Math.round(ours.drainMs),
          bullmqEnqueueMs: Math.round(bullmq.enqueueMs),
          bullmqDrainMs: Math.round(bullmq.drainMs),
        })),
        rows: options.rows,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Split = { readonly enqueueMs: number; readonly drainMs: number };

/** The peers stand in a package of their own, which is installed when they are first needed. */
function preparePeers(): void {
  if (spawnSync('redis-server', ['--version']).status !== 0)
    throw new Error('this bench needs redis-server (apt-get install redis-server)');
  if (existsSync(join(peers, 'node_modules', 'bullmq'))) return;
  const run = spawnSync('npm', ['ci', '--prefix', peers], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`the peers could not be installed: ${run.stderr}`);
}

async function oursRun(path: string, rows: number): Promise<Split> {
  const key = sealingKey(Buffer.alloc(32, 7));
  const writer = await Writer.open(path, key);
  const read = openForReading(path);
  try {
    const bytes = rows * payloadBytes;
    const { id } = await writer.step('registerFile', [bookingsFile(bytes)]);
    const batches = Array.from({ length: Math.ceil(rows / batchRows) }, (_, at) =>
      batchOf(id, at * batchRows, Math.min(batchRows, rows - at * batchRows)),
    );
    const enqueuedFrom = performance.now();
    let position = 0;
    for (const batch of batches) {
      await writer.step('storeBatch', [batch, position, randomUUID()]);
      position = batch.position;
    }
    const drainedFrom = performance.now();
    const pending = pendingRows(read, key);
    const ids = new Set<string>();
    for (let after = 0; after < rows; after += batchRows) {
      for (const row of pending(after, batchRows)) ids.add(eventIdOf(row.text));
      await writer.step('confirm', ['bench', Math.min(after + batchRows, rows), []]);
    }
    const endedAt = performance.now();
    if (ids.size !== rows) throw new Error(`${ids.size} of ${rows} rows came out of the outbox`);
    return { enqueueMs: drainedFrom - enqueuedFrom, drainMs: endedAt - drainedFrom };
  } finally {
    read.close();
    await writer.close();
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  }
}

const bookingsFile = (bytes: number) => ({
  connectionId: 'bench',
  hotelId: 'BENCH',
  source: 'bench',
  entity: 'booking',
  name: 'bookings.csv',
  path: '/bookings.csv',
  mark: 'bench',
  sha256: hash('sha256', String(bytes)),
  rawPath: 'raw/bench',
  mappingJson: '{}',
  layoutJson: '{"encoding":"utf-8","otherEncodings":[],"delimiter":",","isFound":false}',
  bytes,
});

function batchOf(fileId: number, first: number, count: number): Batch {
  const ids = Array.from({ length: count }, (_, at) => String(first + at));
  // Text that hardly packs, as long as the data of the peer's job; the ledger adds its own to it.
  const documents = ids.map((id) => {
    const opening = `{"externalId":"${id}","specialRequests":"`;
    const text = ['a', 'b', 'c'].map((part) => hash('sha512', part + id, 'base64')).join('');
    return Buffer.from(`${opening}${text.slice(0, payloadBytes - opening.length - 2)}"}`);
  });
  let end = 0;
  return {
    fileId,
    count,
    texts: ids.map((id) => `${id}\0${['2026-03-01', '2026-03-04', 'confirmed', 'Brandt', '204', '37350', 'EUR'].join('\0')}`).join('\0'),
    places: Float64Array.from(ids.flatMap((_, at) => [first + at + 2, (first + at) * payloadBytes, payloadBytes])),
    hashes: Buffer.concat(documents.map((document) => hash('sha256', document, 'buffer'))),
    documents: Buffer.concat(documents),
    ends: Uint32Array.from(documents, (document) => {
      end += document.length;
      return end;
    }),
    letters: [],
    position: (first + count) * payloadBytes,
    rows: count,
    bytesNormalised: count * payloadBytes,
    bytesDeadLetters: 0,
    bytesStructural: 0,
  };
}

async function bullmqRun(folder: string, rows: number): Promise<Split> {
  const port = await freePort();
  const redis = await startRedis(folder, port);
  try {
    const run = spawn(process.execPath, [join(peers, 'bullmq.mjs'), String(port), String(rows), String(batchRows), String(payloadBytes)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: run.stdout }), 'line')) as [string];
    await once(run, 'exit');
    return JSON.parse(line) as Split;
  } finally {
    redis.kill('SIGTERM');
    await once(redis, 'exit');
  }
}

async function startRedis(folder: string, port: number): Promise<ChildProcess> {
  mkdirSync(folder, { recursive: true });
  const settings = { bind: '127.0.0.1', port, dir: folder, appendonly: 'yes', appendfsync: 'everysec', save: '' };
  const redis = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  for await (const line of createInterface({ input: redis.stdout })) if (line.includes('Ready to accept connections')) break;
  redis.stdout.resume();
  return redis;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
