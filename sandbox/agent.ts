import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { connectWire, type WireClient } from '../agent/runtime/wire-client.ts';
import type { ConnectionDraft } from '../contract/connection.ts';
import type { Overview } from '../contract/health.ts';
import runtime from '../resources/agent-runtime.json' with { type: 'json' };
import { Trouble } from './command.ts';
import type { Upstream } from './upstream/server.ts';

type Client = WireClient['client'];

const lookAgainMs = 50;

/** A real agent in a process of its own, with a line to it. */
export type RunningAgent = {
  readonly client: Client;
  /** Make the line to it once more, where the first one broke. */
  connectAgain(): Promise<Client>;
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
 * @throws {Trouble} when it ends before that.
 */
export async function startAgent(wanted: {
  readonly program: string;
  readonly home: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** A command that it is started through. */
  readonly wrap?: readonly string[];
}): Promise<RunningAgent> {
  const { program, home, args = [], env = process.env, wrap = [] } = wanted;
  const own = [process.execPath, ...runtime.arguments, program, 'agent', '--home', home, '--json', ...args];
  const [command = '', ...given] = [...wrap, ...own];
  const child = spawn(command, given, {
    env: { ...runtime.environment, ...env, BELLHOP_SANDBOX: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
    windowsHide: true,
    // In a group of its own: Ctrl+C is for us, the agent must still deliver what is left.
    detached: true,
  });
  const ended = once(child, 'exit').then(([code, signal]) => `the agent ended with ${signal ?? code}`);
  const ready = await Promise.race([readyLine(child), ended.then(fail)]);
  let wire = await connectWire(ready);
  const over = async (end: () => unknown) => {
    if (child.exitCode === null && child.signalCode === null) await Promise.all([ended, end()]);
    wire.close();
  };
  return {
    client: wire.client,
    connectAgain: async () => {
      wire.close();
      wire = await connectWire(ready);
      return wire.client;
    },
    console: ready.console ?? null,
    process: child,
    ended,
    // Windows knows no gentle signal; there the agent is asked over the wire.
    stop: () => over(() => (process.platform === 'win32' ? wire.client.agent.stop({}) : child.kill('SIGTERM'))),
    kill: () => over(() => child.kill('SIGKILL')),
  };
}

function fail(why: string): never {
  throw new Trouble(why);
}

type Ready = { readonly event: string; readonly pipe: string; readonly token: string; readonly console?: string };
type Failed = { readonly error: { readonly what: string; readonly next: string } };

async function readyLine(child: ChildProcess): Promise<Ready> {
  if (!child.stdout) return fail('the agent has no output');
  const lines = createInterface({ input: child.stdout });
  try {
    for await (const line of lines) {
      const said = JSON.parse(line) as Ready | Failed;
      if ('error' in said) return fail(`${said.error.what} ${said.error.next}`);
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
export async function setUp(
  client: Client,
  systems: {
    readonly drop: string;
    readonly upstream: Upstream;
    readonly batchRecords?: number;
    readonly source?: SourceDraft;
    readonly hub?: HubDoor;
  },
): Promise<void> {
  const { url, secret } = systems.upstream;
  const door: HubDoor = systems.hub ?? { url };
  await client.property.save({ ...sandboxHotel });
  await client.connections.add({
    id: 'hub',
    kind: 'https-ingest',
    title: 'Sandbox hub',
    settings: { ...door, allowHttpOnThisPc: true, ...(systems.batchRecords !== undefined && { batchRecords: systems.batchRecords }) },
    secrets: { signingSecret: secret },
  });
  const folder: SourceDraft = {
    kind: 'folder-csv',
    title: 'Sandbox PMS',
    settings: { folder: systems.drop, entity: 'booking', mapping: 'generic-pms-bookings', source: 'pms', completeWhen: 'done-file' },
    secrets: {},
  };
  await client.connections.add({
    ...(systems.source ?? folder),
    id: 'pms',
    schedule: { kind: 'cron', expression: '*/2 * * * * *' },
  });
}

/** Where an agent finds the hub, whose signature makes its certificate good, and which key it has to have. */
export type HubDoor = { readonly url: string; readonly caPem?: string; readonly pinnedKey?: string };

export type SourceDraft = Pick<ConnectionDraft, 'kind' | 'title' | 'settings' | 'secrets'>;

export type Standing = { readonly filesDone: number; readonly captured: number; readonly overview: Overview };

/** Follows how far an agent is. It keeps what it has seen: the agent lists its last files only. */
export class Following {
  readonly #client: Client;
  readonly #keptOfFile = new Map<number, number>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** How many files had been read to their end at the last look. */
  get filesDone(): number {
    return this.#keptOfFile.size;
  }

  async look(): Promise<Standing> {
    // Files first: what is read after this look may only be missing from it, never be called delivered by it.
    const files = await this.#client.files.list({ limit: 500 });
    for (const file of files) if (file.finishedAtMs !== null) this.#keptOfFile.set(file.id, file.kept);
    const overview = await this.#client.overview.get({});
    const captured = [...this.#keptOfFile.values()].reduce((sum, kept) => sum + kept, 0);
    return { filesDone: this.filesDone, captured, overview };
  }

  /** Look until `files` files are read to their end and nothing waits for the hub, or the signal ends. */
  async untilDelivered(files: number, signal: AbortSignal): Promise<Standing & { readonly isDone: boolean }> {
    for (;;) {
      const now = await this.look();
      const isDone = now.filesDone >= files && now.overview.waiting === 0;
      if (isDone || signal.aborted) return { ...now, isDone };
      await delay(lookAgainMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
