import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { ConsoleLine } from './console-line.ts';
import { callingFrame, RecordingChannel } from './electron-double.ts';

const token = 'the word of this start';
let pipe: string;
let http: Server;
let sockets: WebSocketServer;
/** What the agent does with a line; a test sets it. */
let onLine: (socket: WebSocket) => void;

beforeEach(async () => {
  pipe = process.platform === 'win32' ? `\\\\.\\pipe\\bellhop-${randomUUID()}` : join(tmpdir(), `bellhop-${randomUUID()}.sock`);
  onLine = (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  http = createServer();
  sockets = new WebSocketServer({
    server: http,
    path: '/wire',
    verifyClient: ({ req }: { req: IncomingMessage }) => req.headers.authorization === `Bearer ${token}`,
  });
  sockets.on('connection', (socket) => onLine(socket));
  http.listen(pipe);
  await once(http, 'listening');
  RecordingChannel.made = [];
});
afterEach(async () => {
  for (const socket of sockets.clients) socket.terminate();
  for (const { page } of RecordingChannel.made) page.close();
  sockets.close();
  http.close();
  await once(http, 'close');
});

function line(changes: Partial<{ pipe: string; token: string }> = {}) {
  const forgotten: string[] = [];
  const agent = { address: async () => ({ pipe, token, ...changes }), forget: () => void forgotten.push('forgotten') };
  return { line: new ConsoleLine({ agent, MessageChannelMain: RecordingChannel }), forgotten };
}

async function connected() {
  const { line: made } = line();
  const { frame, posted } = callingFrame();
  const fault = await made.connect(frame);
  const page = RecordingChannel.made.at(-1)?.page as MessagePort;
  return { line: made, frame, posted, fault, page };
}

const next = async (page: MessagePort) => (await once(page, 'message'))[0] as unknown;

it('hands the console one end of a line to the agent', async () => {
  const { fault, posted } = await connected();
  expect([fault, posted]).toEqual([null, [{ channel: 'bellhop:port', message: null, ports: [RecordingChannel.made[0]?.port2] }]]);
});

it('passes text as text and bytes as bytes, both ways and unread', async () => {
  const { page } = await connected();
  const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
  const answers: unknown[] = [];
  for (const frame of ['{"no":"JSON', '', '{"名":"ß 🛎"}', bytes, new Uint8Array(0)]) {
    page.postMessage(frame);
    answers.push(await next(page));
  }
  expect(answers).toEqual(['{"no":"JSON', '', '{"名":"ß 🛎"}', bytes, new Uint8Array(0)]);
});

it('keeps the order of a thousand frames of a running agent', async () => {
  onLine = (socket) => {
    for (let n = 0; n < 1000; n += 1) socket.send(n % 2 ? Buffer.from([n % 256]) : String(n), { binary: n % 2 === 1 });
  };
  const { page } = await connected();
  const got: unknown[] = [];
  page.on('message', (frame) => got.push(frame));
  await vi.waitUntil(() => got.length === 1000);
  expect(got).toEqual(Array.from({ length: 1000 }, (_, n) => (n % 2 ? Uint8Array.of(n % 256) : String(n))));
});

it('delivers what the console said before the line was up', async () => {
  const { line: made } = line();
  const opening = made.connect(callingFrame().frame);
  const page = RecordingChannel.made[0]?.page as MessagePort;
  page.postMessage('early');
  const answer = next(page);
  await opening;
  expect(await answer).toBe('early');
});

it('closes the port when the agent goes, and the agent line when the console goes', async () => {
  const first = await connected();
  const portClosed = once(first.page, 'close');
  for (const socket of sockets.clients) socket.terminate();
  await portClosed;
  const second = await connected();
  const [socket] = sockets.clients;
  const socketClosed = once(socket as WebSocket, 'close');
  second.page.close();
  await socketClosed;
});

it('replaces the line of a console that reloads, and leaves none behind', async () => {
  const { line: made, frame, page: old } = await connected();
  const oldClosed = once(old, 'close');
  await made.connect(frame);
  await oldClosed;
  await vi.waitUntil(() => sockets.clients.size === 1);
  const page = RecordingChannel.made[1]?.page as MessagePort;
  page.postMessage('still there');
  expect(await next(page)).toBe('still there');
});

it('keeps only the last of two lines asked for at once', async () => {
  const { line: made } = line();
  const { frame, posted } = callingFrame();
  const faults = await Promise.all([made.connect(frame), made.connect(frame)]);
  await vi.waitUntil(() => sockets.clients.size === 1);
  expect([faults.map((fault) => fault?.code), posted.length]).toEqual([['agent-away', undefined], 1]);
});

it.each([
  ['nobody listens on the pipe', { pipe: join(tmpdir(), 'bellhop-nobody.sock') }],
  ['the token is wrong', { token: 'of yesterday' }],
])('says that the agent is away when %s, and looks for it anew next time', async (_, changes) => {
  const { line: made, forgotten } = line(changes);
  const { frame, posted } = callingFrame();
  expect([await made.connect(frame), forgotten, posted]).toEqual([{ code: 'agent-away', detail: {} }, ['forgotten'], []]);
});

it('cuts a page off that sends what is no frame', async () => {
  const { page } = await connected();
  const closed = once(page, 'close');
  page.postMessage({ not: 'a frame' });
  await closed;
});

it('cuts a page off that floods a pipe which does not move', async () => {
  onLine = (socket) => socket.pause();
  const { page } = await connected();
  const closed = once(page, 'close');
  const megabyte = 'x'.repeat(1024 * 1024);
  for (let sent = 0; sent < 40; sent += 1) page.postMessage(megabyte);
  await closed;
});

it('stops reading from the agent while the window hangs, and goes on without a gap', async () => {
  let agent: WebSocket | undefined;
  onLine = (socket) => {
    agent = socket;
  };
  const { line: made, page } = await connected();
  const got: string[] = [];
  page.on('message', (frame: string) => got.push(frame));
  made.pause();
  const frames = Array.from({ length: 64 }, (_, n) => `${n} ${'x'.repeat(256 * 1024)}`);
  for (const frame of frames) agent?.send(frame);
  // 16 MiB do not fit into the socket's own buffers: what is left over waits with the agent.
  await vi.waitUntil(() => (agent?.bufferedAmount ?? 0) > 0);
  const whileHanging = got.length;
  made.resume();
  await vi.waitUntil(() => got.length === frames.length);
  expect([whileHanging, got]).toEqual([0, frames]);
});
