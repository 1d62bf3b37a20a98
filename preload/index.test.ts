import { beforeEach, expect, it, vi } from 'vitest';
import { type Shell, shellChannels } from '../contract/shell.ts';

const electron = vi.hoisted(() => ({
  exposed: new Map<string, unknown>(),
  listeners: new Map<string, (event: { ports: unknown[] }) => void>(),
  invoke: vi.fn(),
}));
// The real package would start to download its binary when it is imported in plain Node.
vi.mock('electron', () => ({
  contextBridge: { exposeInMainWorld: (name: string, api: unknown) => electron.exposed.set(name, api) },
  ipcRenderer: { invoke: electron.invoke, on: (name: string, listener: () => void) => electron.listeners.set(name, listener) },
}));

const posted = vi.fn();
let shell: Shell;

beforeEach(async () => {
  vi.stubGlobal('window', { postMessage: posted, location: { origin: 'app://bellhop' } });
  process.argv.push('--bellhop-version=0.1.0');
  await import('./index.ts');
  shell = electron.exposed.get('bellhopShell') as Shell;
  electron.invoke.mockReset();
});

it('shows the page the few calls of the contract and nothing of Electron', () => {
  expect([[...electron.exposed.keys()], Object.keys(shell).sort(), shell.version, shell.platform]).toEqual([
    ['bellhopShell'],
    ['chooseFolder', 'connect', 'notify', 'openDocs', 'platform', 'version'],
    '0.1.0',
    process.platform,
  ]);
});

it('gives the page the value of an answer, and passes on only what the contract names', async () => {
  electron.invoke.mockResolvedValue({ ok: true, value: '/exports' });
  const chosen = await shell.chooseFolder();
  await shell.notify({ title: 'Everything arrived', body: '', silent: true } as { title: string; body: string });
  expect([chosen, electron.invoke.mock.calls]).toEqual([
    '/exports',
    [[shellChannels.chooseFolder], [shellChannels.notify, { title: 'Everything arrived', body: '' }]],
  ]);
});

it('tells the page that the shell refused', async () => {
  electron.invoke.mockResolvedValue({ ok: false, reason: 'arguments' });
  await expect(shell.openDocs('../x')).rejects.toThrow('refused shell:open-docs: arguments');
});

it('hands the port of the agent to the page, and to no other origin', () => {
  const port = { a: 'port' };
  electron.listeners.get(shellChannels.port)?.({ ports: [port] });
  expect(posted).toHaveBeenCalledWith('bellhop:port', 'app://bellhop', [port]);
});
