import { createORPCClient, isDefinedError } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import type { Api } from '../contract/api.ts';
import { FaultReport } from '../contract/faults.ts';
import { type Shell, shellChannels } from '../contract/shell.ts';

export type Client = ContractRouterClient<Api>;
export type Connected = { readonly client: Client; readonly closed: Promise<void>; close(): void };

/** Why there is no line. `no-key` and `key-refused` end when a full address is opened in this tab. */
export type NoLine = 'no-key' | 'key-refused' | 'away';

declare global {
  interface Window {
    readonly bellhopShell?: Shell;
  }
}

/** The key of this start, from the fragment of the opened address. It lives in this variable alone: no storage, no cookie. */
let key = '';

/** Take the key out of the address bar, so that it stays out of history and screenshots. */
export function takeKey(): void {
  const found = /^#token=([\w-]+)/.exec(location.hash);
  if (!found) return;
  key = found[1] ?? '';
  history.replaceState(null, '', `${location.pathname}#/`);
}

const headers = () => ({ 'x-correlation-id': crypto.randomUUID() });

/** Open the line to the agent: through the shell where there is one, else over this page's own door. */
export function connect(): Promise<Connected | NoLine> {
  return window.bellhopShell ? connectShell(window.bellhopShell) : connectDoor();
}

async function connectDoor(): Promise<Connected | NoLine> {
  if (key === '') return 'no-key';
  const socket = new WebSocket(`ws://${location.host}/wire`, ['bellhop.v1', `token.${key}`]);
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.addEventListener('open', () => resolve(true), { once: true });
    socket.addEventListener('close', () => resolve(false), { once: true });
  });
  // A door that answers but does not let us in belongs to a later start of the agent, with another key.
  if (!isOpen) return (await isDoorThere()) ? 'key-refused' : 'away';
  const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve(), { once: true }));
  return { client: createORPCClient(new SocketLink({ websocket: socket, headers })), closed, close: () => socket.close() };
}

async function isDoorThere(): Promise<boolean> {
  return fetch('/', { method: 'HEAD', cache: 'no-store' }).then(
    (answer) => answer.ok,
    () => false,
  );
}

async function connectShell(shell: Shell): Promise<Connected | NoLine> {
  const over = new AbortController();
  const arrived = new Promise<MessagePort>((resolve) => {
    const listen = (event: MessageEvent) => {
      const [port] = event.ports;
      if (event.source === window && event.data === shellChannels.port && port) resolve(port);
    };
    window.addEventListener('message', listen, { signal: over.signal });
  });
  try {
    if ((await shell.connect()) !== null) return 'away';
    return speakingOver(await arrived);
  } finally {
    over.abort();
  }
}

function speakingOver(port: MessagePort): Connected {
  const closed = new Promise<void>((resolve) => port.addEventListener('close', () => resolve(), { once: true }));
  const link = new PortLink({ port, headers });
  // A port holds its messages back until somebody says that he listens.
  port.start();
  return { client: createORPCClient(link), closed, close: () => port.close() };
}

/** Find the named fault in whatever a call ended in; what has no name is the agent being away. */
export function faultOf(error: unknown): FaultReport {
  if (isDefinedError(error as Error)) {
    const parsed = FaultReport.safeParse((error as { data?: unknown }).data);
    if (parsed.success) return parsed.data;
  }
  const data = FaultReport.safeParse((error as { data?: unknown } | null)?.data);
  return data.success ? data.data : { code: 'agent-away', detail: {} };
}
