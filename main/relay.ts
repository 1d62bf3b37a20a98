import { connect } from 'node:net';
import type { MessagePortMain } from 'electron';
import { type RawData, WebSocket } from 'ws';
import { Fault } from '../contract/faults.ts';

/** Where a running agent listens, and the word it wants to hear first. */
export type AgentAddress = { readonly pipe: string; readonly token: string };
export type RelayPort = Pick<MessagePortMain, 'on' | 'postMessage' | 'start' | 'close'>;

/**
 * A line between one console and the agent. `pause` stops reading from the agent while the page does not answer: a message port
 * has no brake of its own, and what nobody takes would pile up in this process. The agent feels it through its socket.
 */
export type Relay = { close(): void; pause(): void; resume(): void };

/** A frame larger than this is no call of the console's. */
const maxFrameBytes = 64 * 1024 * 1024;
/** What may wait for a pipe that does not move. A console asks in kilobytes: more than this is a page out of control. */
const maxWaitingBytes = 16 * 1024 * 1024;
const handshakeTimeoutMs = 5000;

/**
 * Join a console's port to the agent's pipe. Frames pass byte for byte and unread: text as text, binary as bytes.
 * When either end goes, the other is closed.
 *
 * @throws {Fault} `agent-away` when nobody answers on the pipe or the token is refused.
 */
export async function relay({ pipe, token }: AgentAddress, port: RelayPort): Promise<Relay> {
  const socket = new WebSocket('ws://agent/wire', {
    createConnection: () => connect(pipe),
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    handshakeTimeout: handshakeTimeoutMs,
  });
  // Before the line is open: a frame that comes together with the answer to the handshake must not fall between.
  socket.on('message', (data, isBinary) => port.postMessage(isBinary ? bytesOf(data) : String(data)));
  await opened(socket);
  const close = () => {
    socket.terminate();
    port.close();
  };
  socket.on('close', close);
  socket.on('error', close);
  port.on('message', ({ data }) => {
    if (!isFrame(data) || socket.bufferedAmount > maxWaitingBytes) return close();
    socket.send(data);
  });
  port.on('close', close);
  // Only now: what the console has said so far waits in the port, in order.
  port.start();
  return { close, pause: () => socket.pause(), resume: () => socket.resume() };
}

async function opened(socket: WebSocket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => {
      socket.removeAllListeners('error');
      resolve();
    });
    // Stays until the line is open: closing a socket that is still dialling reports once more.
    socket.on('error', (cause) => reject(new Fault('agent-away', {}, { cause })));
  });
}

function isFrame(data: unknown): data is string | ArrayBuffer | Uint8Array {
  return typeof data === 'string' || data instanceof ArrayBuffer || data instanceof Uint8Array;
}

/** Copy to a buffer of its own: cloning a small Buffer would carry the whole pool it lies in across to the page. */
function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return new Uint8Array(Buffer.concat(data));
  return new Uint8Array(data);
}
