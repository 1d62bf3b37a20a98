import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import { RequestHeadersPlugin } from '@orpc/server/plugins';
import { RPCHandler } from '@orpc/server/ws';
import Fastify from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { Fault } from '../../contract/faults.ts';
import type { apiRouter } from './api.ts';
import { type CallContext, isSameSecret, localOperator } from './context.ts';
import type { HomeLock } from './home.ts';

/** One frame is never larger: nothing a console asks for comes near it. */
const mostFrameBytes = 4 * 1024 * 1024;
const wirePath = '/wire';

/** Answers the frames of any door with the one router. */
export class Wire {
  readonly #handler: RPCHandler<CallContext>;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: mostFrameBytes, handleProtocols: () => 'bellhop.v1' });

  constructor(router: ReturnType<typeof apiRouter>) {
    this.#handler = new RPCHandler<CallContext>(router as never, { plugins: [new RequestHeadersPlugin()] });
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer, client: CallContext['client']): void {
    this.#sockets.handleUpgrade(request, socket, head, (ws: WebSocket) => {
      ws.on('error', () => ws.terminate());
      void this.#handler.upgrade(ws, { context: { actor: localOperator, client } });
    });
  }

  close(): void {
    for (const ws of this.#sockets.clients) ws.terminate();
    this.#sockets.close();
  }
}

function refuse(socket: Duplex, status: '401 Unauthorized' | '403 Forbidden' | '404 Not Found'): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Give only what a header has when it stands there exactly once: a doubled one is nobody's honest request. */
function onlyHeader(request: IncomingMessage, name: string): string | undefined {
  const values: string[] = [];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    if (request.rawHeaders[at]?.toLowerCase() === name) values.push(request.rawHeaders[at + 1] ?? '');
  }
  return values.length === 1 ? values[0] : undefined;
}

/**
 * Open the pipe: a Unix socket or named pipe of this PC, for the shell and the command line. Whoever connects shows the token of
 * this start, which only the owner of the home can read.
 */
export async function openPipe(lock: HomeLock, wire: Wire): Promise<{ close(): Promise<void> }> {
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (request.url !== wirePath) return refuse(socket, '404 Not Found');
    if (!isSameSecret(onlyHeader(request, 'authorization'), `Bearer ${lock.token}`)) return refuse(socket, '401 Unauthorized');
    wire.accept(request, socket, head, onlyHeader(request, 'x-bellhop-client') === 'cli' ? 'cli' : 'console');
  });
  await listening(server, () => server.listen({ path: lock.pipe, readableAll: false, writableAll: false }));
  if (process.platform !== 'win32') chmodSync(lock.pipe, 0o600);
  return { close: () => closed(server) };
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => resolve());
    listen();
  });
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** What a page from our own door may do: nothing but run our own scripts and talk to our own door. */
export function contentSecurityPolicy(nonce: string, connect: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src ${connect}`,
    "form-action 'none'",
    "base-uri 'none'",
    "frame-src 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types default',
  ].join('; ');
}

/** Find the built console: beside the bundle, or in a checkout whose sources run, where renderer/ itself is not what is shown. */
function consoleFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const path of [join(here, '../../out/renderer'), join(here, '../renderer'), join(here, '../../renderer')]) {
    if (existsSync(join(path, 'index.html'))) return path;
  }
  throw new Fault('input-wrong', { detail: 'the console is not built: run npm run build' });
}

/**
 * Open the browser door: 127.0.0.1 only, and only where a person asked for it.
 *
 * The page is public; everything behind it needs the token, which goes over in the fragment of the opened address (a browser never
 * sends that), is kept in the page's memory, and comes back as the second protocol of the WebSocket. No cookies, no CORS. A request
 * must name exactly this door as its host, and as its origin where it has one, so that no other page and no other name leads here.
 *
 * @param port 0 takes a free one.
 * @returns the address to open.
 */
export async function openBrowserDoor(
  token: string,
  wire: Wire,
  port: number,
): Promise<{ url: string; port: number; close(): Promise<void> }> {
  const folder = consoleFolder();
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  const app = Fastify({ logger: false, bodyLimit: 1024, routerOptions: { maxParamLength: 200 } });
  let host = '';

  app.addHook('onRequest', async (request, reply) => {
    const origin = onlyHeader(request.raw, 'origin');
    const isOurs = onlyHeader(request.raw, 'host') === host && (origin === `http://${host}` || request.headers.origin === undefined);
    if (!isOurs) return reply.code(403).send();
    const nonce = randomBytes(18).toString('base64');
    reply.headers({
      'content-security-policy': contentSecurityPolicy(nonce, `'self' ws://${host}`),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=(), usb=(), serial=()',
    });
    request.nonce = nonce;
  });
  app.decorateRequest('nonce', '');
  for (const path of ['/', '/index.html']) {
    app.get(path, (request, reply) =>
      reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(page.replaceAll('__BELLHOP_NONCE__', request.nonce)),
    );
  }
  await app.register(fastifyStatic, { root: folder, index: false, dotfiles: 'deny', list: false, cacheControl: false });

  app.server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (onlyHeader(request, 'host') !== host || onlyHeader(request, 'origin') !== `http://${host}`) return refuse(socket, '403 Forbidden');
    if (request.url !== wirePath) return refuse(socket, '404 Not Found');
    const given = onlyHeader(request, 'sec-websocket-protocol')
      ?.split(',')
      .map((one) => one.trim())
      .find((one) => one.startsWith('token.'));
    if (!isSameSecret(given, `token.${token}`)) return refuse(socket, '401 Unauthorized');
    wire.accept(request, socket, head, 'console');
  });

  await app.listen({ host: '127.0.0.1', port }).catch((error) => {
    throw new Fault(
      'input-wrong',
      { detail: `port ${port} of this PC cannot be used (${(error as { code?: string }).code})` },
      { cause: error },
    );
  });
  const address = app.server.address();
  const taken = typeof address === 'object' && address ? address.port : port;
  host = `127.0.0.1:${taken}`;
  return {
    url: `http://${host}/#token=${token}`,
    port: taken,
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

declare module 'fastify' {
  interface FastifyRequest {
    nonce: string;
  }
}
