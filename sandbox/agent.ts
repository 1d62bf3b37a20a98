import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { connectWire, type WireClient } from '../agent/runtime/wire-client.ts';
import type { Overview } from '../contract/health.ts';
import type { Upstream } from './upstream/server.ts';

type Client = WireClient['client'];

/** A real agent in a process of its own, with a line to it. */
export type RunningAgent = {
  readonly client: Client;
  /** Where its console is, when it was asked to serve one. */
  readonly console: string | null;
  readonly process: ChildProcess;
  /** Resolves with a sentence about its end, also when it was killed. */
  readonly ended: Promise<string>;
  /** Ask it to finish and wait until it has. */
  stop(): Promise<void>;
  /** End it as a power cut would, and wait until it is gone. */
  kill(): Promise<void>;
};

/** Find the agent's program: beside a bundle of ours, or in the last build when our sources run. */
export function agentProgram(program: string): string {
  return program.endsWith('.ts') ? join(dirname(program), '..', 'out', 'main', 'cli.js') : join(dirname(program), 'cli.js');
}

/**
 * Start an agent in a home and wait until it says where it listens.
 * @throws {Error} when it ends before that.
 */
export async function startAgent(wanted: {
  readonly program: string;
  readonly home: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}): Promise<RunningAgent> {
  const { program, home, args = [], env = process.env } = wanted;
  const child = spawn(process.execPath, [program, 'agent', '--home', home, '--json', ...args], {
    env: { ...env, BELLHOP_SANDBOX: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
    windowsHide: true,
    // In a group of its own: Ctrl+C is for us, the agent must still deliver what is left.
    detached: true,
  });
  const ended = once(child, 'exit').then(([code, signal]) => `the agent ended with ${signal ?? code}`);
  const ready = await Promise.race([readyLine(child), ended.then(fail)]);
  const wire = await connectWire(ready);
  const over = async (end: () => unknown) => {
    if (child.exitCode === null && child.signalCode === null) await Promise.all([ended, end()]);
    wire.close();
  };
  return {
    client: wire.client,
    console: ready.console ?? null,
    process: child,
    ended,
    // Windows knows no gentle signal; there the agent is asked over the wire.
    stop: () => over(() => (process.platform === 'win32' ? wire.client.agent.stop({}) : child.kill('SIGTERM'))),
    kill: () => over(() => child.kill('SIGKILL')),
  };
}

function fail(why: string): never {
  throw new Error(why);
}

type Ready = { readonly event: string; readonly pipe: string; readonly token: string; readonly console?: string };

async function readyLine(child: ChildProcess): Promise<Ready> {
  if (!child.stdout) return fail('the agent has no output');
  const lines = createInterface({ input: child.stdout });
  try {
    for await (const line of lines) {
      const said = JSON.parse(line) as Ready;
      if (said.event === 'ready') return said;
    }
  } finally {
    // Unread output would fill the pipe and stop the agent.
    child.stdout.resume();
  }
  return fail('the agent ended before it was ready');
}

export const sandboxHotel = {
  hotelId: 'ALDQ',
  name: 'Aldermoor Quay',
  timeZone: 'Europe/Amsterdam',
  businessDateRollsAt: '03:00',
  currency: 'EUR',
} as const;

/** Set an agent up for the sandbox hotel as a person would: the property, the folder its PMS writes to, the hub it sends to. */
export async function setUp(client: Client, systems: { readonly drop: string; readonly upstream: Upstream }): Promise<void> {
  await client.property.save({ ...sandboxHotel });
  await client.connections.add({
    id: 'hub',
    kind: 'https-ingest',
    title: 'Sandbox hub',
    settings: { url: systems.upstream.url, allowHttpOnThisPc: true },
    secrets: { signingSecret: systems.upstream.secret },
  });
  await client.connections.add({
    id: 'pms',
    kind: 'folder-csv',
    title: 'Sandbox PMS',
    settings: { folder: systems.drop, entity: 'booking', mapping: 'generic-pms-bookings', source: 'pms', completeWhen: 'done-file' },
    schedule: { kind: 'cron', expression: '*/2 * * * * *' },
  });
}

export type Standing = { readonly isDone: boolean; readonly filesDone: number; readonly captured: number; readonly overview: Overview };

/** Look how far the agent is with `files` exported files: all of them read to their end, and nothing waiting for the hub. */
export async function standing(client: Client, files: number): Promise<Standing> {
  const taken = await client.files.list({ limit: 500 });
  const overview = await client.overview.get({});
  const filesDone = taken.filter((file) => file.finishedAtMs !== null).length;
  const captured = taken.reduce((sum, file) => sum + file.kept, 0);
  return { isDone: filesDone >= files && overview.waiting === 0, filesDone, captured, overview };
}

/** Wait until everything of `files` files has arrived, or the signal ends. */
export async function everythingDelivered(
  client: Client,
  { files, signal }: { readonly files: number; readonly signal: AbortSignal },
): Promise<Standing> {
  let now = await standing(client, files);
  while (!now.isDone && !signal.aborted) {
    await delay(100);
    now = await standing(client, files);
  }
  return now;
}
