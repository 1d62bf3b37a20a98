import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { createRouterClient } from '@orpc/server';
import { WebSocket } from 'ws';
import type { Api } from '../../contract/api.ts';
import { Fault } from '../../contract/faults.ts';
import type { apiRouter } from './api.ts';
import { localOperator } from './context.ts';

export type Client = ContractRouterClient<Api>;
export type WireClient = { readonly client: Client; close(): void };

/**
 * Connect to a running agent over its pipe, as the command line does.
 * @throws {Fault} `agent-away` when nobody answers there.
 */
export async function connectWire(run: { readonly pipe: string; readonly token: string }): Promise<WireClient> {
  const socket = new WebSocket('ws://agent/wire', {
    createConnection: () => connect(run.pipe),
    headers: { authorization: `Bearer ${run.token}`, 'x-bellhop-client': 'cli' },
    perMessageDeflate: false,
    handshakeTimeout: 5000,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) => reject(new Fault('agent-away', {}, { cause: error })));
  });
  socket.on('error', () => socket.terminate());
  const link = new RPCLink({ websocket: socket as never, headers: () => ({ 'x-correlation-id': randomUUID() }) });
  return { client: createORPCClient(link), close: () => socket.close() };
}

/** Call an agent that lives in this very process: the same router, without a wire. */
export function directClient(router: ReturnType<typeof apiRouter>): Client {
  return createRouterClient(router, { context: { actor: localOperator, client: 'cli' as const } }) as unknown as Client;
}
