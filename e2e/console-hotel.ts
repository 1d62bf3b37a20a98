import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, type Locator, type Page, test as plain } from '@playwright/test';
import { connectWire, type WireClient } from '../agent/runtime/wire-client.ts';
import { sandboxHotel } from '../sandbox/agent.ts';
import { startUpstream, type Upstream } from '../sandbox/upstream/server.ts';

/** A hotel for the tests of the console: a real agent that serves the page, a drop folder, and a receiver. */

type Ready = { readonly console: string; readonly pipe: string; readonly token: string };
type Running = { readonly child: ChildProcess; readonly ended: Promise<unknown>; readonly ready: Ready; readonly wire: WireClient };

const program = join(dirname(import.meta.dirname), 'out', 'main', 'cli.js');

export class ConsoleHotel {
  readonly folder: string;
  readonly drops: string;
  readonly upstream: Upstream;
  #running: Running;

  private constructor(folder: string, drops: string, upstream: Upstream, running: Running) {
    this.folder = folder;
    this.drops = drops;
    this.upstream = upstream;
    this.#running = running;
  }

  static async open(): Promise<ConsoleHotel> {
    const folder = mkdtempSync(join(tmpdir(), 'bellhop-console-'));
    const drops = join(folder, 'drops');
    mkdirSync(drops);
    const upstream = await startUpstream({ dir: join(folder, 'upstream') });
    return new ConsoleHotel(folder, drops, upstream, await run(join(folder, 'home'), 0));
  }

  get client(): WireClient['client'] {
    return this.#running.wire.client;
  }

  /** The full address that the agent has printed, with the key of this start. */
  get address(): string {
    return this.#running.ready.console;
  }

  get token(): string {
    return this.#running.ready.token;
  }

  /** Write a file as the hotel system does, complete with its done-file. */
  drop(name: string, content: string): void {
    writeFileSync(join(this.drops, name), content);
    writeFileSync(join(this.drops, `${name}.done`), '');
  }

  /** Set the hotel up without clicking: the property, a folder that is read by hand, and the hub. */
  async setUp(): Promise<void> {
    await this.client.property.save({ ...sandboxHotel });
    await this.addSource('pms', 'PMS exports');
    await this.client.connections.add({
      id: 'hub',
      kind: 'https-ingest',
      title: 'Group hub',
      settings: { url: this.upstream.url, allowHttpOnThisPc: true },
      secrets: { signingSecret: this.upstream.secret },
    });
  }

  async addSource(id: string, title: string, folder = this.drops): Promise<void> {
    await this.client.connections.add({
      id,
      kind: 'folder-csv',
      title,
      settings: { folder, completeWhen: 'done-file', source: id },
      schedule: { kind: 'manual' },
      secrets: {},
    });
  }

  /** Drop a file, have it read, and wait until the hub has confirmed all of it. */
  async deliver(name: string, content: string): Promise<void> {
    this.drop(name, content);
    await this.client.connections.syncNow({ id: 'pms' });
    await expect
      .poll(async () => {
        const { recentFiles, waiting } = await this.client.overview.get({});
        const file = recentFiles.find((one) => one.fileName === name);
        return { isRead: file !== undefined && file.finishedAtMs !== null, waiting };
      })
      .toEqual({ isRead: true, waiting: 0 });
  }

  /** Bring a file in as a person does at the command line. */
  async importByHand(name: string, content: string): Promise<void> {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    await this.client.files.import({ path, entity: 'booking', mapping: 'generic-pms-bookings' });
  }

  /** End the agent as a power cut would. */
  async kill(): Promise<void> {
    this.#running.child.kill('SIGKILL');
    await this.#running.ended;
    this.#running.wire.close();
  }

  /** Start another agent on the same home and port. */
  async startAgain(): Promise<void> {
    this.#running = await run(join(this.folder, 'home'), Number(new URL(this.address).port));
  }

  async close(): Promise<void> {
    const { child, ended, wire } = this.#running;
    // Windows knows no gentle signal; there the agent is asked over the wire.
    if (child.exitCode === null && child.signalCode === null) {
      if (process.platform === 'win32') await wire.client.agent.stop({}).catch(() => child.kill());
      else child.kill('SIGTERM');
      await ended;
    }
    wire.close();
    await this.upstream.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function run(home: string, port: number): Promise<Running> {
  const child = spawn(process.execPath, [program, 'agent', '--home', home, '--console', '--port', String(port), '--json'], {
    // Never the keyring of whoever runs the tests.
    env: { ...process.env, BELLHOP_KEYRING: 'file' },
    stdio: ['ignore', 'pipe', 'inherit'],
    windowsHide: true,
  });
  const ended = once(child, 'exit');
  const line = once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text));
  const said = await Promise.race([line, ended.then(([code]) => Promise.reject(new Error(`the agent ended with ${code}`)))]);
  child.stdout.resume();
  const ready = JSON.parse(said) as Ready;
  return { child, ended, ready, wire: await connectWire(ready) };
}

export const test = plain.extend<{ hotel: ConsoleHotel }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what a fixture needs from this pattern.
  hotel: async ({}, use) => {
    const hotel = await ConsoleHotel.open();
    await use(hotel);
    await hotel.close();
  },
});

let isSaid = false;

/** Called at the top of a spec: without a Chromium its tests are skipped, or fail where one is demanded. */
export function needsChromium(): void {
  const isThere = Boolean(process.env.BELLHOP_CHROMIUM);
  if (!isThere && (process.env.BELLHOP_REQUIRE ?? '').split(',').includes('chromium'))
    throw new Error('BELLHOP_REQUIRE demands a Chromium, and there is none: set BELLHOP_CHROMIUM');
  const why = 'there is no Chromium on this machine; BELLHOP_CHROMIUM says where one is';
  // Said once, by the process that counts the tests.
  if (!isThere && !isSaid && process.env.TEST_WORKER_INDEX === undefined) process.stderr.write(`The console is not tested: ${why}\n`);
  isSaid = true;
  test.skip(!isThere, why);
}

/** The field with this label, and not the list that it opens. */
export function field(page: Page, label: string | RegExp): Locator {
  return page.locator('input, textarea').and(page.getByLabel(label));
}

/** Choose a line of a list field. */
export async function choose(page: Page, label: string | RegExp, option: string | RegExp): Promise<void> {
  await field(page, label).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

const columns =
  'Confirmation No,Guest Name,Email,Phone,Room,Room Type,Arrival,Departure,Booked On,Status,Channel,Total,Deposit,Currency,Payment,Requests';

/** One row of the template export; only what matters to a test is given. */
export function bookingRow(id: string, given: Partial<Record<'name' | 'arrival' | 'departure' | 'total' | 'status', string>> = {}): string {
  const { name = 'Ada Almeida', arrival = '2026-03-01', departure = '2026-03-04', total = '100.00', status = 'RESERVED' } = given;
  return `${id},${name},,,101,Double,${arrival},${departure},2026-01-01 10:00:00,${status},DIRECT,${total},,EUR,CC,`;
}

export function bookingsFile(...rows: readonly string[]): string {
  return [columns, ...rows].map((row) => `${row}\r\n`).join('');
}
