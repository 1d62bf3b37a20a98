import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import type { Measure } from './index.ts';
import { startReceiver, withAgent } from './site.ts';

type Oracle = {
  readonly process: ChildProcess;
  readonly address: string;
  readonly user: string;
  readonly password: string;
  readonly owner: string;
  readonly resort: string;
};

/**
 * The first reading of an OPERA property, from the login to the last booking confirmed by the hub, against the driver alone that asks the
 * same questions of the same server. Both are interleaved; the server is the sandbox's, so the ratio is what counts.
 */
export async function benchOpera(options: { readonly rows: number; readonly runs: number }): Promise<Measure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-bench-'));
  const receiver = await startReceiver();
  const oracle = await startOracle(options.rows);
  try {
    const ours: number[] = [];
    const alone: number[] = [];
    for (let run = 0; run < options.runs; run++) {
      // It counts what has to arrive, so it goes first in the first round.
      const before = driverAlone(oracle);
      if (run % 2 === 0) alone.push(before.ms);
      const draft = {
        kind: 'opera-oracle',
        title: 'OPERA',
        settings: {
          address: oracle.address,
          user: oracle.user,
          readsGuests: false,
          readsRooms: false,
          auditFrom: '00:00',
          auditUntil: '00:00',
        },
        secrets: { databasePassword: oracle.password },
      };
      const site = { file: join(folder, 'none.csv'), home: join(folder, `home-${run}`), rows: before.bookings, receiver, source: draft };
      ours.push(
        await withAgent(site, async ({ client }, allReceived) => {
          const startedAt = performance.now();
          await client.connections.syncNow({ id: 'bench-source' });
          await allReceived();
          return performance.now() - startedAt;
        }),
      );
      if (run % 2 === 1) alone.push(driverAlone(oracle).ms);
    }
    const best = { ours: Math.min(...ours), alone: Math.min(...alone) };
    return [
      {
        bench: 'opera',
        measure: 'first reading of OPERA to delivered vs the driver alone',
        ratio: Math.round((best.alone / best.ours) * 1000) / 1000,
        gate: 0.4,
        goal: 0.6,
        lowerIsBetter: false,
        boundedBy: 'the sandbox server, which both wait for, and two cores shared by it, the driver, the agent and the receiver',
        runs: ours.map((ms, run) => ({ oursMs: Math.round(ms), driverMs: Math.round(alone[run] ?? 0) })),
        rows: options.rows,
      },
    ];
  } finally {
    receiver.process.kill();
    oracle.process.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startOracle(reservations: number): Promise<Oracle> {
  const program = join(import.meta.dirname, '..', 'out', 'main', 'sandbox.js');
  const args = ['oracle', '--port', '0', '--reservations', String(reservations), '--bookings', '60', '--json'];
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { ...(JSON.parse(line) as Omit<Oracle, 'process'>), process: child };
}

function driverAlone({ address, user, password, owner, resort }: Oracle): { ms: number; bookings: number } {
  const run = spawnSync(process.execPath, [join(import.meta.dirname, 'opera-driver.ts'), address, user, password, owner, resort], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout) as { ms: number; bookings: number };
}
