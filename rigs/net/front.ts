import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Certificate } from '../../sandbox/servers/own-process.ts';
import { flipped } from './wire.ts';

/** What goes wrong with one request for records, once, by something that opens the secure line on the way. */
export type Trick =
  | 'lose the answer'
  | 'cut the answer'
  | 'cut a chunked answer'
  | 'trickle the answer'
  | 'send the request twice'
  | 'send an old request again'
  | 'change the request'
  | 'change the answer';

/** The secure end of the line in front of a hub that speaks without TLS: where the hub's certificate is shown, and requests are understood. */
export type Front = {
  readonly port: number;
  /** Do this to the next request for records. @param at which byte of a body is meant, counted around. Resolves when it is done. */
  play(trick: Trick, at: number): Promise<void>;
  /** Show another certificate to every line from now on, and cut those that there are. */
  show(certificate: Certificate): void;
  /** How many bytes were said in the clear on lines on which another certificate than the first was shown. */
  bytesToStranger(): number;
  close(): Promise<void>;
};

type Asked = { readonly method: string; readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: Buffer };
type Answered = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer };
type Playing = { readonly trick: Trick; readonly at: number; readonly done: () => void };

/** So many requests for records are remembered, so that an old one can come again. */
const remembered = 5;
const trickleEveryMs = 1000;

export async function startFront(hubPort: number, certificate: Certificate): Promise<Front> {
  const past: Asked[] = [];
  let playing: Playing | null = null;
  let isStranger = false;
  let bytesToStranger = 0;
  const server = createServer({ key: certificate.key, cert: certificate.certificate }, (incoming, response) => {
    serve(incoming, response).catch(() => incoming.socket.destroy());
  });
  const hub = { tell: (asked: Asked) => askHub(hubPort, asked) };

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    const asked: Asked = { method, path: url, headers, body: await bytesOf(incoming) };
    const isRecords = method === 'POST' && !url.endsWith('/heartbeat');
    const now = isRecords ? playing : null;
    if (now) playing = null;
    const old = past[0];
    if (isRecords) past.push(asked);
    if (past.length > remembered) past.shift();
    try {
      await (now ? playTrick(now, { hub, asked, old, response }) : hub.tell(asked).then((answered) => say(response, answered)));
    } finally {
      now?.done();
    }
  }

  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy());
    if (!isStranger) return;
    socket.on('data', (bytes: Buffer) => {
      bytesToStranger += bytes.length;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    play: (trick, at) =>
      new Promise((done) => {
        playing = { trick, at, done };
      }),
    show: (other) => {
      isStranger = other !== certificate;
      server.setSecureContext({ key: other.key, cert: other.certificate });
      server.closeAllConnections();
    },
    bytesToStranger: () => bytesToStranger,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type Scene = {
  readonly hub: { tell(asked: Asked): Promise<Answered> };
  readonly asked: Asked;
  readonly old: Asked | undefined;
  readonly response: ServerResponse;
};

async function playTrick({ trick, at }: Playing, { hub, asked, old, response }: Scene): Promise<void> {
  switch (trick) {
    case 'lose the answer':
      await hub.tell(asked);
      return void response.destroy();
    case 'cut the answer': {
      const answered = await hub.tell(asked);
      return cutAfter(response, answered, at % answered.body.length, { 'content-length': String(answered.body.length) });
    }
    case 'cut a chunked answer': {
      const answered = await hub.tell(asked);
      return cutAfter(response, answered, at % answered.body.length, { 'transfer-encoding': 'chunked' });
    }
    case 'trickle the answer':
      return trickle(response, await hub.tell(asked));
    case 'send the request twice': {
      const [, second] = await Promise.all([hub.tell(asked), hub.tell(asked)]);
      return say(response, second);
    }
    case 'send an old request again': {
      const answered = await hub.tell(asked);
      if (old) await hub.tell(old);
      return say(response, answered);
    }
    case 'change the request':
      return say(response, await hub.tell({ ...asked, body: flipped(asked.body, at % asked.body.length) }));
    case 'change the answer': {
      const answered = await hub.tell(asked);
      return say(response, { ...answered, body: flipped(answered.body, at % answered.body.length) });
    }
    default: {
      const never: never = trick;
      throw new Error(`no trick ${never}`);
    }
  }
}

function say(response: ServerResponse, { status, headers, body }: Answered): void {
  const { 'transfer-encoding': _, ...kept } = headers;
  response.writeHead(status, { ...kept, 'content-length': String(body.length) }).end(body);
}

async function cutAfter(
  response: ServerResponse,
  { status, body }: Answered,
  bytes: number,
  length: Record<string, string>,
): Promise<void> {
  response.writeHead(status, { 'content-type': 'application/json', ...length });
  await new Promise((resolve) => response.write(body.subarray(0, bytes + 1), resolve));
  response.destroy();
}

/** Say one byte a second, until the other side has had enough. */
async function trickle(response: ServerResponse, { status, body }: Answered): Promise<void> {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': String(body.length) });
  for (let at = 0; at < body.length && !response.destroyed; at++) {
    response.write(body.subarray(at, at + 1));
    await delay(trickleEveryMs);
  }
}

function askHub(port: number, { method, path, headers, body }: Asked): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const { 'transfer-encoding': _, connection: _connection, ...kept } = headers;
    const onward = request({ host: '127.0.0.1', port, method, path, headers: { ...kept, 'content-length': body.length } }, (answer) => {
      bytesOf(answer).then((bytes) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }), reject);
    });
    onward.on('error', reject);
    onward.end(body);
  });
}

async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
