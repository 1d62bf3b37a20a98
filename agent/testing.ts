import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionDraft } from '../contract/connection.ts';
import type { Property } from '../contract/property.ts';
import { startUpstream, type Upstream } from '../sandbox/upstream/server.ts';
import { Agent } from './index.ts';
import { apiRouter } from './runtime/api.ts';
import type { DiskSpace } from './runtime/disk.ts';
import { type Client, directClient } from './runtime/wire-client.ts';

/** What the tests of the agent share: a hotel in a temporary folder, its drop folder, and the receiver. Used by tests alone. */

export const hotel: Property = {
  hotelId: 'ALDQ',
  name: 'Aldermoor Quay',
  timeZone: 'Europe/Amsterdam',
  businessDateRollsAt: '03:00',
  currency: 'EUR',
};

const columns =
  'Confirmation No,Guest Name,Email,Phone,Room,Room Type,Arrival,Departure,Booked On,Status,Channel,Total,Deposit,Currency,Payment,Requests';

/** One row of the template export, with the cells that matter to a test; the rest is plain. */
export function bookingRow(
  id: string,
  given: Partial<Record<'name' | 'email' | 'arrival' | 'departure' | 'status' | 'total' | 'currency', string>> = {},
): string {
  const {
    name = 'Ada Almeida',
    email = '',
    arrival = '2026-03-01',
    departure = '2026-03-04',
    status = 'RESERVED',
    total = '100.00',
    currency = 'EUR',
  } = given;
  return `${id},${name},${email},,101,Double,${arrival},${departure},2026-01-01 10:00:00,${status},DIRECT,${total},,${currency},CC,`;
}

export function bookingsFile(...rows: readonly string[]): string {
  return [columns, ...rows].map((row) => `${row}\r\n`).join('');
}

export type TestHotel = {
  readonly folder: string;
  readonly home: string;
  readonly drops: string;
  readonly upstream: Upstream;
  agent: Agent;
  client: Client;
  /** Write a file as the hotel system does, complete with its done-file. */
  drop(name: string, content: string | Uint8Array): void;
  /** Add the folder source and the hub. */
  connect(source?: Record<string, unknown>, destination?: Record<string, unknown>): Promise<void>;
  /** Stop the agent and start another one on the same home. */
  restart(): Promise<void>;
  sync(): Promise<void>;
  /** Wait until something is so; fails after half a minute with what it was last. */
  until<T>(look: () => T | Promise<T>, isSo: (value: T) => boolean): Promise<T>;
  close(): Promise<void>;
};

/** Start a hotel with an agent that runs its loops, and a receiver. */
export async function testHotel(
  options: { readonly withLoops?: boolean; readonly measureDisk?: () => DiskSpace } = {},
): Promise<TestHotel> {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-test-'));
  const home = join(folder, 'home');
  const drops = mkdtempSync(join(folder, 'drops-'));
  const upstream = await startUpstream({ dir: join(folder, 'upstream') });
  // What the disk of this PC has free is no matter of a test.
  const measureDisk = options.measureDisk ?? (() => ({ freeBytes: 2 ** 39, totalBytes: 2 ** 40 }));
  const start = () => Agent.start(home, { withLoops: options.withLoops ?? true, measureDisk });
  const agent = await start();
  const test: TestHotel = {
    folder,
    home,
    drops,
    upstream,
    agent,
    client: directClient(apiRouter(agent)),
    drop: (name, content) => {
      writeFileSync(join(drops, name), content);
      writeFileSync(join(drops, `${name}.done`), '');
    },
    connect: async (source = {}, destination = {}) => {
      await test.client.property.save(hotel);
      await test.client.connections.add(sourceDraft(drops, source));
      await test.client.connections.add(hubDraft(upstream, destination));
    },
    restart: async () => {
      await test.agent.stop();
      test.agent = await start();
      test.client = directClient(apiRouter(test.agent));
    },
    sync: async () => {
      const [source] = (await test.client.connections.list({})).filter((one) => one.direction === 'source');
      if (source) await test.agent.sources.syncNow(source);
    },
    until: async (look, isSo) => {
      const deadline = Date.now() + 30_000;
      for (;;) {
        const value = await look();
        if (isSo(value)) return value;
        if (Date.now() > deadline) throw new Error(`still not so: ${JSON.stringify(value)}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    close: async () => {
      await test.agent.stop();
      await upstream.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return test;
}

export function sourceDraft(folder: string, settings: Record<string, unknown> = {}): ConnectionDraft {
  return {
    id: 'pms',
    kind: 'folder-csv',
    title: 'PMS exports',
    settings: { folder, completeWhen: 'done-file', ...settings },
    schedule: { kind: 'manual' },
    secrets: {},
  };
}

export function hubDraft(upstream: Pick<Upstream, 'url' | 'secret'>, settings: Record<string, unknown> = {}): ConnectionDraft {
  return {
    id: 'hub',
    kind: 'https-ingest',
    title: 'Group hub',
    settings: { url: upstream.url, allowHttpOnThisPc: true, ...settings },
    secrets: { signingSecret: upstream.secret },
  };
}

/** What a promise gives within some time, or that it was too late. */
export async function inTime<T>(promise: Promise<T>, ms = 5000): Promise<T | 'too late'> {
  const { promise: late, resolve } = Promise.withResolvers<'too late'>();
  const timer = setTimeout(() => resolve('too late'), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
