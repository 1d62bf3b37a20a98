import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connectWire, type WireClient } from '../agent/runtime/wire-client.ts';
import type { ConnectionDraft } from '../contract/connection.ts';
import { agentArguments, agentEnvironment } from '../scripts/node-runtime.mjs';

const root = join(import.meta.dirname, '..');
const secret = `whsec_${Buffer.from('a bench has no secrets, 24 B').toString('base64')}`;

/** The receiver of a bench, in a process of its own. */
export type Receiver = { readonly process: ChildProcess; readonly port: number };

export async function startReceiver(): Promise<Receiver> {
  const receiver = fork(join(import.meta.dirname, 'receiver.ts'));
  const [{ port }] = (await once(receiver, 'message')) as [{ port: number }];
  return { process: receiver, port };
}

/** What a bench runs an agent on. `wrap` is a command that it is started through; `source` is read in the place of the file. */
type BenchSite = {
  readonly file: string;
  readonly home: string;
  readonly rows: number;
  readonly receiver: Receiver;
  readonly wrap?: readonly string[];
  readonly source?: Pick<ConnectionDraft, 'kind' | 'title' | 'settings' | 'secrets'>;
};

/**
 * Run an agent on a new home that is set up to read `file` and to send to the receiver, which has been told how many records to wait for.
 */
export async function withAgent<T>(
  site: BenchSite,
  run: (wire: WireClient, allReceived: () => Promise<unknown>) => Promise<T>,
): Promise<T> {
  site.receiver.process.send({ count: site.rows });
  await once(site.receiver.process, 'message');
  const program = [process.execPath, ...agentArguments, join(root, 'out/main/cli.js'), 'agent', '--home', site.home, '--json'];
  const [command = '', ...args] = [...(site.wrap ?? []), ...program];
  const agent = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...agentEnvironment(), BELLHOP_KEYRING: 'file' } });
  try {
    const [line] = (await once(createInterface({ input: agent.stdout }), 'line')) as [string];
    const wire = await connectWire(JSON.parse(line) as { pipe: string; token: string });
    await setUp(wire, site, site.receiver.port);
    const done = once(site.receiver.process, 'message');
    const result = await run(wire, () => done);
    wire.close();
    return result;
  } finally {
    agent.kill('SIGTERM');
    await once(agent, 'exit');
    rmSync(site.home, { recursive: true, force: true });
  }
}

/** The source that a bench tells to sync. */
export const benchSource = 'bench-files';

async function setUp({ client }: WireClient, { file, source }: Pick<BenchSite, 'file' | 'source'>, port: number): Promise<void> {
  await client.property.save({ hotelId: 'BENCH', name: 'Bench', timeZone: 'Europe/Lisbon', currency: 'EUR' });
  if (source) await client.connections.add({ ...source, id: 'bench-source', schedule: { kind: 'manual' } });
  else await readFiles(client, file);
  await client.connections.add({
    kind: 'https-ingest',
    title: 'Bench hub',
    settings: { url: `http://127.0.0.1:${port}`, allowHttpOnThisPc: true },
    secrets: { signingSecret: secret },
  });
}

async function readFiles(client: WireClient['client'], file: string): Promise<void> {
  writeFileSync(`${file}.done`, '');
  await client.connections.add({
    kind: 'folder-csv',
    title: 'Bench files',
    settings: { folder: join(file, '..'), pattern: 'bookings.csv', completeWhen: 'done-file' },
    schedule: { kind: 'manual' },
    secrets: {},
  });
}
