import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { writeBookings } from './data.ts';
import type { Measure } from './index.ts';
import { benchSource, startReceiver, withAgent } from './site.ts';

/**
 * Import to delivered against raw parse + raw insert, interleaved: each round runs both, in turn, on the same file.
 *
 * Ours starts when the agent, idle, is told to sync, and ends when the receiver has every record: taking the file, hiding card
 * numbers, raw store, parsing, mapping, validation, hash, encryption, ledger and outbox at FULL, sending and confirmation.
 */
export async function benchImport(options: { readonly rows: number; readonly runs: number }): Promise<Measure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-bench-'));
  const receiver = await startReceiver();
  try {
    const file = join(folder, 'bookings.csv');
    writeBookings(file, options.rows, 7);
    const ours: number[] = [];
    const raw: number[] = [];
    for (let run = 0; run < options.runs; run++) {
      const first = run % 2 === 0 ? 'raw' : 'ours';
      for (const which of first === 'raw' ? (['raw', 'ours'] as const) : (['ours', 'raw'] as const)) {
        if (which === 'raw') raw.push(rawInsert(file, join(folder, `raw-${run}.db`)));
        else ours.push(await withAgent({ file, home: join(folder, `home-${run}`), rows: options.rows, receiver }, importToDelivered));
      }
    }
    const best = { ours: Math.min(...ours), raw: Math.min(...raw) };
    return [
      {
        bench: 'import',
        measure: 'import to delivered vs raw parse + raw insert',
        ratio: Math.round((best.raw / best.ours) * 1000) / 1000,
        gate: 0.5,
        goal: 0.75,
        lowerIsBetter: false,
        boundedBy: 'two cores shared by the normaliser, the writer, the sender and the receiver',
        runs: ours.map((ms, run) => ({ oursMs: Math.round(ms), rawMs: Math.round(raw[run] ?? 0) })),
        rows: options.rows,
      },
    ];
  } finally {
    receiver.process.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function rawInsert(file: string, db: string): number {
  const run = spawnSync(process.execPath, [join(import.meta.dirname, 'raw-insert.ts'), file, db], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  for (const end of ['', '-wal', '-shm']) rmSync(db + end, { force: true });
  return (JSON.parse(run.stdout) as { ms: number }).ms;
}

const importToDelivered: Parameters<typeof withAgent<number>>[1] = async ({ client }, allReceived) => {
  const startedAt = performance.now();
  await client.connections.syncNow({ id: benchSource });
  await allReceived();
  return performance.now() - startedAt;
};
