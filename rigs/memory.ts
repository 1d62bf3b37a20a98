import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { agentArguments, agentEnvironment } from '../scripts/node-runtime.mjs';

/** What importing one large file took. `peakMiB` is the most memory that the process had at any time, as the kernel counts it. */
export type MemoryRun = {
  readonly fileMiB: number;
  readonly rows: number;
  readonly lost: number;
  readonly peakMiB: number;
  readonly limitMiB: number;
};

const mib = 1024 * 1024;
const limitMiB = 256;
const header =
  'Confirmation No,Guest Name,Email,Phone,Room,Room Type,Arrival,Departure,Booked On,Status,Channel,Total,Deposit,Currency,Payment,Requests';

/**
 * Import one file of `fileMiB` by hand and watch the process: its memory must not grow with the file.
 * Only on Linux, which tells the peak of a process; null elsewhere.
 */
export async function memoryRun({ fileMiB, program }: { readonly fileMiB: number; readonly program: string }): Promise<MemoryRun | null> {
  if (process.platform !== 'linux') return null;
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-memory-'));
  try {
    const path = join(folder, 'bookings.csv');
    const rows = await writeFile(path, fileMiB * mib);
    const order = ['--entity', 'booking', '--mapping', 'generic-pms-bookings', '--hotel', 'RIG', '--json'];
    const child = spawn(process.execPath, [...agentArguments, program, 'import', path, '--home', join(folder, 'home'), ...order], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...agentEnvironment(), BELLHOP_KEYRING: 'file' },
    });
    let peakKiB = 0;
    const look = setInterval(() => {
      peakKiB = Math.max(peakKiB, peakOf(child.pid));
    }, 100);
    const said = child.stdout.toArray();
    const [code] = await once(child, 'exit');
    clearInterval(look);
    if (code !== 0) throw new Error(`the import ended with ${code}`);
    const report = JSON.parse(Buffer.concat(await said).toString()) as { file: { kept: number } };
    return {
      fileMiB: Math.round(statSync(path).size / mib),
      rows,
      lost: rows - report.file.kept,
      peakMiB: Math.round(peakKiB / 1024),
      limitMiB,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `VmHWM` of /proc: the kernel keeps the highest value itself, so that nothing between two looks is missed. In KiB. */
function peakOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

async function writeFile(path: string, bytes: number): Promise<number> {
  const file = createWriteStream(path);
  file.write(`${header}\r\n`);
  let written = 0;
  let rows = 0;
  while (written < bytes) {
    let piece = '';
    for (let at = 0; at < 2000; at++) piece += row(++rows);
    written += piece.length;
    if (!file.write(piece)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
  return rows;
}

/** A booking of about 230 bytes; one in three has a quoted name. */
function row(number: number): string {
  const name = number % 3 === 0 ? `"Guest ${number}, Ada"` : `Ada Guest ${number}`;
  const stay = `2026-03-${String(1 + (number % 20)).padStart(2, '0')},2026-04-0${1 + (number % 8)},2026-01-01 10:00:00`;
  const wish = 'A quiet room please, on a high floor, feather free pillow, late arrival';
  return `C${number},${name},g${number}@example.com,+3120${number},${number % 400},Double,${stay},RESERVED,DIRECT,${number % 2000}.50,10.00,EUR,CC,"${wish} ${number}"\r\n`;
}
