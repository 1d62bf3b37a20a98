import { execFileSync } from 'node:child_process';
import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../../../contract/faults.ts';
import { policies } from '../../../resilience/policies.ts';
import { DataRefused, type OutgoingBatch, RetryLater, type UpstreamSession } from '../../upstream.ts';
import ingest from './index.ts';

/** A program of the machine, not of a package. */
const command = 'openssl';
const hasOpenssl = (() => {
  try {
    execFileSync(command, ['version']);
    return true;
  } catch {
    return false;
  }
})();

const secret = `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`;
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function listening<S extends Server>(server: S): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    sockets.add(socket.on('close', () => sockets.delete(socket)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A port of this PC on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function opened(settings: object, secrets: Record<string, string> = {}): Promise<UpstreamSession> {
  const session = await ingest.open(ingest.settings.parse(settings), { secrets: { signingSecret: secret, ...secrets }, now: Date.now });
  closers.push(() => session.close());
  return session;
}

/** Ask once for what the hub has, and say what came of it. */
async function ask(settings: object, secrets: Record<string, string> = {}, signal = new AbortController().signal): Promise<unknown> {
  try {
    return await (await opened(settings, secrets)).highWater('ALDQ', signal);
  } catch (error) {
    return error instanceof Fault ? { code: error.code, ...error.detail } : `not named: ${error}`;
  }
}

describe.skipIf(!hasOpenssl)(hasOpenssl ? 'a secure line' : 'a secure line (SKIPPED: there is no openssl command here)', () => {
  let folder: string;
  const pem = (name: string) => readFileSync(join(folder, name), 'utf8');
  const openssl = (...args: string[]) => execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

  function certificate(name: string, authority: string, names: string, from: string, until: string): void {
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    writeFileSync(join(folder, 'index.txt'), '');
    writeFileSync(
      join(folder, 'ca.cnf'),
      `[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=${names}\n`,
    );
    const signed = ['-cert', `${authority}.pem`, '-keyfile', `${authority}.key`, '-startdate', from, '-enddate', until];
    openssl('ca', '-batch', '-config', 'ca.cnf', '-extensions', 'e', '-in', `${name}.csr`, '-out', `${name}.pem`, '-notext', ...signed);
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-tls-'));
    for (const ca of ['ca', 'stranger'])
      openssl('req', '-x509', ...newKey, '-keyout', `${ca}.key`, '-out', `${ca}.pem`, '-days', '3650', '-subj', `/CN=Test ${ca}`);
    const ours = 'DNS:localhost,IP:127.0.0.1';
    const always = ['20200101000000Z', '20490101000000Z'] as const;
    certificate('good', 'ca', ours, ...always);
    certificate('renewed', 'ca', ours, ...always);
    certificate('expired', 'ca', ours, '20200101000000Z', '20200301000000Z');
    certificate('future', 'ca', ours, '20480101000000Z', '20490101000000Z');
    certificate('other', 'ca', 'DNS:other.example', ...always);
    certificate('strange', 'stranger', ours, ...always);
    return () => rmSync(folder, { recursive: true, force: true });
  });

  /** A hub that answers every request with a generation, and counts every byte of a request that reaches it. */
  async function hub(
    name: string,
    options: TlsOptions = {},
  ): Promise<{ url: string; port: number; bytes: () => number; text: () => string }> {
    let text = '';
    const server = createTlsServer({ key: pem(`${name}.key`), cert: pem(`${name}.pem`), ...options }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{"generation":3}');
      });
    });
    server.on('tlsClientError', () => undefined);
    const port = await listening(server);
    return { url: `https://localhost:${port}`, port, bytes: () => text.length, text: () => text };
  }
  const spki = (name: string) =>
    createHash('sha256')
      .update(new X509Certificate(pem(`${name}.pem`)).publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64');

  it("is made with an authority of one's own when its certificate is given", async () => {
    const { url, port, text } = await hub('good');
    const found = [await ask({ url, caPem: pem('ca.pem') }), await ask({ url: `https://127.0.0.1:${port}`, caPem: pem('ca.pem') })];
    expect([found, text()]).toEqual([[3, 3], expect.stringContaining('GET /')]);
  });

  it.each([
    ['signed by an authority that this PC does not know', 'good', undefined, 'tls-untrusted'],
    ['signed by another authority than the one given', 'strange', 'ca', 'tls-untrusted'],
    ['run out', 'expired', 'ca', 'tls-expired'],
    ['not valid yet', 'future', 'ca', 'tls-failed'],
    ['that of another name', 'other', 'ca', 'tls-wrong-host'],
    ['run out and unknown', 'expired', undefined, 'tls-'],
  ])('is not made when the certificate is %s, and not a byte of the request goes out', async (_name, name, ca, code) => {
    const { url, port, bytes } = await hub(name);
    const found = (await ask({ url, ...(ca ? { caPem: pem(`${ca}.pem`) } : {}) }, { token: 'tok-canary' })) as {
      code: string;
      host: string;
    };
    expect([found.code.startsWith(code), found.host, bytes()]).toEqual([true, `localhost:${port}`, 0]);
  });

  it('is made with the pinned key, also behind a renewed certificate of the same key', async () => {
    const { url } = await hub('good');
    // The same key, signed anew.
    openssl(
      'x509',
      '-req',
      '-in',
      'good.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      'again.pem',
      '-days',
      '9',
      '-extfile',
      'ca.cnf',
      '-extensions',
      'e',
    );
    expect(await ask({ url, caPem: pem('ca.pem'), pinnedKey: spki('good') })).toBe(3);
    const again = await hub('good', { cert: pem('good.pem') });
    expect(await ask({ url: again.url, caPem: pem('ca.pem'), pinnedKey: spki('good') })).toBe(3);
  });

  it('is not made with another key than the pinned one: not a byte of the request goes out, however often it is tried', async () => {
    const { url, bytes } = await hub('renewed');
    const session = await opened({ url, caPem: pem('ca.pem'), pinnedKey: spki('good') }, { token: 'tok-canary' });
    const codes = [];
    for (let attempt = 0; attempt < 5; attempt++)
      codes.push(await session.highWater('ALDQ', new AbortController().signal).catch((error) => error.code));
    codes.push(await session.send(batch(3), new AbortController().signal).catch((error) => error.code));
    expect([codes, bytes()]).toEqual([codes.map(() => 'tls-pin'), 0]);
  });

  it('a pin does not stand in for trust', async () => {
    const { url, bytes } = await hub('strange');
    expect([await ask({ url, caPem: pem('ca.pem'), pinnedKey: spki('strange') }), bytes()]).toEqual([
      expect.objectContaining({ code: 'tls-untrusted' }),
      0,
    ]);
  });

  it.each(['', 'no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'with a certificate of nobody, %j, is not made',
    async (caPem) => {
      const { url, bytes } = await hub('good');
      expect([await ask({ url, caPem }), bytes()]).toEqual([{ code: 'tls-untrusted', host: new URL(url).host }, 0]);
    },
  );

  it('is checked just as strictly when somebody has told Node.js not to', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      const strange = await hub('strange');
      const other = await hub('other');
      const renewed = await hub('renewed');
      const found = [
        await ask({ url: strange.url, caPem: pem('ca.pem') }),
        await ask({ url: other.url, caPem: pem('ca.pem') }),
        await ask({ url: renewed.url, caPem: pem('ca.pem'), pinnedKey: spki('good') }),
      ] as { code: string }[];
      expect([found.map(({ code }) => code), strange.bytes() + other.bytes() + renewed.bytes()]).toEqual([
        ['tls-untrusted', 'tls-wrong-host', 'tls-pin'],
        0,
      ]);
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });

  it.each<['TLSv1' | 'TLSv1.1']>([['TLSv1'], ['TLSv1.1']])('is not made with %s', async (version) => {
    const { url, bytes } = await hub('good', { minVersion: 'TLSv1', maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' });
    expect([await ask({ url, caPem: pem('ca.pem') }), bytes()]).toEqual([expect.objectContaining({ code: 'tls-failed' }), 0]);
  });

  it('is made with TLS 1.2 and 1.3', async () => {
    const old = await hub('good', { maxVersion: 'TLSv1.2' });
    const current = await hub('good', { minVersion: 'TLSv1.3' });
    expect([await ask({ url: old.url, caPem: pem('ca.pem') }), await ask({ url: current.url, caPem: pem('ca.pem') })]).toEqual([3, 3]);
  });

  it('is not made to something that speaks no TLS', async () => {
    const port = await listening(createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello')));
    expect(await ask({ url: `https://127.0.0.1:${port}` })).toMatchObject({
      code: expect.stringMatching(/^(tls-failed|upstream-unreachable)$/),
    });
  });

  describe('through a proxy', () => {
    /** A proxy for secure lines that wants this login, or none. */
    async function proxy(login: string | null): Promise<{ url: string; host: string; asked: (string | undefined)[] }> {
      const asked: (string | undefined)[] = [];
      const server = createHttpServer((_request, response) => response.writeHead(400).end());
      server.on('connect', (request: IncomingMessage, socket: Socket) => {
        const given = request.headers['proxy-authorization'];
        asked.push(request.url);
        if (login !== null && given !== `Basic ${Buffer.from(login).toString('base64')}`) {
          return socket.end(
            'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n',
          );
        }
        const [, port] = (request.url ?? '').split(':');
        const onward = connect(Number(port), '127.0.0.1', () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
        onward.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'));
        socket.on('error', () => onward.destroy());
        socket.pipe(onward).pipe(socket);
      });
      const port = await listening(server);
      return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, asked };
    }

    it('with the right login it goes, and the proxy sees the name of the hub and nothing else', async () => {
      const { url, port, text } = await hub('good');
      const via = await proxy('front:d€sk:1');
      const found = await ask(
        { url, caPem: pem('ca.pem'), proxyUrl: via.url, proxyUser: 'front', proxyBypass: '' },
        { proxyPassword: 'd€sk:1' },
      );
      expect([found, via.asked, /proxy-authorization/i.test(text())]).toEqual([3, [`localhost:${port}`], false]);
    });

    it('that wants no login it goes without one', async () => {
      const { url } = await hub('good');
      const via = await proxy(null);
      expect([await ask({ url, caPem: pem('ca.pem'), proxyUrl: via.url, proxyBypass: '' }), via.asked.length]).toEqual([3, 1]);
    });

    it.each<[string, object, Record<string, string>]>([
      ['a wrong password', { proxyUser: 'front' }, { proxyPassword: 'wrong' }],
      ['a missing password', { proxyUser: 'front' }, {}],
      ['no login at all', {}, {}],
    ])('with %s it says whose login is wanted, and the hub hears nothing', async (_name, more, secrets) => {
      const { url, bytes } = await hub('good');
      const via = await proxy('front:desk');
      expect([await ask({ url, caPem: pem('ca.pem'), proxyUrl: via.url, proxyBypass: '', ...more }, secrets), bytes()]).toEqual([
        { code: 'proxy-login', host: via.host },
        0,
      ]);
    });

    it('that is down it says so', async () => {
      const port = await deadPort();
      const { url } = await hub('good');
      expect(await ask({ url, caPem: pem('ca.pem'), proxyUrl: `http://127.0.0.1:${port}`, proxyBypass: '' })).toEqual({
        code: 'proxy-unreachable',
        host: `127.0.0.1:${port}`,
      });
    });

    it('that cannot reach the hub it says what the proxy says', async () => {
      const via = await proxy(null);
      expect(await ask({ url: `https://localhost:${await deadPort()}`, proxyUrl: via.url, proxyBypass: '' })).toMatchObject({
        code: 'upstream-unreachable',
        detail: 'the proxy says 502',
      });
    });

    it('a wrong certificate is refused just so: nobody in between can open the line', async () => {
      const { url, bytes } = await hub('strange');
      const via = await proxy(null);
      const pinned = await hub('renewed');
      expect([
        await ask({ url, caPem: pem('ca.pem'), proxyUrl: via.url, proxyBypass: '' }),
        await ask({ url: pinned.url, caPem: pem('ca.pem'), pinnedKey: spki('good'), proxyUrl: via.url, proxyBypass: '' }),
        bytes() + pinned.bytes(),
      ]).toEqual([expect.objectContaining({ code: 'tls-untrusted' }), expect.objectContaining({ code: 'tls-pin' }), 0]);
    });

    it.each<[string, string, boolean]>([
      ['', 'localhost', false],
      ['127.0.0.1,localhost', 'localhost', true],
      [' LOCALHOST , other', 'localhost', true],
      ['host', 'localhost', false],
      ['.localhost', 'localhost', false],
      ['.0.0.1', '127.0.0.1', true],
      ['127.0.0.1', '127.0.0.1', true],
    ])('the list "%s" reaches %s without it: %s', async (proxyBypass, name, isDirect) => {
      const { port } = await hub('good');
      const via = await proxy(null);
      const found = await ask({ url: `https://${name}:${port}`, caPem: pem('ca.pem'), proxyUrl: via.url, proxyBypass });
      expect([found, via.asked.length]).toEqual([3, isDirect ? 0 : 1]);
    });
  });

  it('carries a request that anybody can verify by the standard, packed on its way to another PC', async () => {
    const seen: { headers: IncomingMessage['headers']; body: Buffer }[] = [];
    const server = createHttpsServer({ key: pem('good.key'), cert: pem('good.pem') }, (request, response) => {
      void answered(request, response, seen);
    });
    const port = await listening(server);
    for (const name of ['localhost', '127.0.0.1']) {
      const session = await opened({ url: `https://${name}:${port}`, caPem: pem('ca.pem') }, { token: 'tok-1' });
      await session.send(batch(40), new AbortController().signal);
    }
    const bodies = seen.map(({ headers, body }) => (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body));
    const verified = seen.map(({ headers }, at) => new Webhook(secret).verify(bodies[at] as Buffer, headers as Record<string, string>));
    expect([
      seen.map(({ headers }) => [headers['content-encoding'], headers.authorization]),
      verified[0],
      bodies[0]?.equals(bodies[1] as Buffer),
    ]).toEqual([
      [
        ['gzip', 'Bearer tok-1'],
        [undefined, 'Bearer tok-1'],
      ],
      expect.objectContaining({ source: 'opera', mode: 'upsert' }),
      true,
    ]);
  });
});

function batch(count: number, from = 0): OutgoingBatch {
  const records = Array.from({ length: count }, (_, at) => {
    const eventId = `00000000-0000-5000-8000-${String(from + at).padStart(12, '0')}`;
    return { eventId, seq: from + at + 1, text: Buffer.from(`{"eventId":"${eventId}","guestName":"Łukasz 😀 ${at}"}`) };
  });
  return { source: 'opera', entity: 'booking', records };
}

async function answered(
  request: IncomingMessage,
  response: ServerResponse,
  seen: { headers: IncomingMessage['headers']; body: Buffer }[],
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  seen.push({ headers: request.headers, body: Buffer.concat(chunks) });
  response.setHeader('content-type', 'application/json').end('{"applied":[],"duplicate":[],"refused":[]}');
}

/** A hub on this PC without TLS, as the sandbox is. */
async function plain(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; allowHttpOnThisPc: true }> {
  const port = await listening(createHttpServer(answer));
  return { url: `http://127.0.0.1:${port}`, allowHttpOnThisPc: true };
}

describe('an address without TLS', () => {
  it.each([
    'http://hub.example.com',
    'http://192.168.1.5:8080',
    'http://localhost:8080',
    'http://127.0.0.1.nip.io',
    'http://127.0.0.2',
    'http://0.0.0.0:8080',
  ])('%s is refused at once, also where http is allowed on this PC', async (url) => {
    expect([await ask({ url, allowHttpOnThisPc: true }), await ask({ url })]).toEqual([
      expect.objectContaining({ code: 'input-wrong' }),
      expect.objectContaining({ code: 'input-wrong' }),
    ]);
  });

  it('of this PC goes only where it is allowed', async () => {
    const given = await plain((_request, response) => response.end('{"generation":3}'));
    expect([await ask(given), await ask({ url: given.url })]).toEqual([3, expect.objectContaining({ code: 'input-wrong' })]);
  });
});

describe('the settings', () => {
  it.each([
    'https://zoe:canary@hub.example.com',
    'https://zoe@hub.example.com/',
    'https://:x@hub.example.com',
    'https://127.0.0.1@evil.example',
  ])('take no login within an address, where everybody could read it: %s', (url) => {
    const parsed = [{ url }, { url: 'https://hub.example.com', proxyUrl: url.replace('https', 'http') }].map((one) =>
      ingest.settings.safeParse(one),
    );
    expect(parsed.map((one) => one.error?.issues[0]?.message)).toEqual([
      expect.stringContaining('login'),
      expect.stringContaining('login'),
    ]);
  });

  it('take an address with an @ behind the name', () => {
    expect(ingest.settings.safeParse({ url: 'https://hub.example.com/@home' }).success).toBe(true);
  });
});

describe('the signature', () => {
  it.each<[string, string]>([
    ['', 'secret-missing'],
    ['whsec_', 'input-wrong'],
    ['whsec_c2hvcnQ=', 'input-wrong'],
    [Buffer.alloc(32).toString('base64'), 'input-wrong'],
    [`whsec_${Buffer.alloc(65).toString('base64')}`, 'input-wrong'],
  ])('is not made with the secret %j', async (signingSecret, code) => {
    const { url } = await plain((_request, response) => response.end());
    expect(await ask({ url, allowHttpOnThisPc: true }, { signingSecret })).toMatchObject({ code });
  });

  it('is over the very bytes, and a request made again has the same id', async () => {
    const seen: { headers: IncomingMessage['headers']; body: Buffer }[] = [];
    const session = await opened(await plain((request, response) => void answered(request, response, seen)));
    const signal = new AbortController().signal;
    await session.send(batch(3), signal);
    await session.send(batch(3), signal);
    await session.send(batch(3, 1), signal);
    const hook = new Webhook(secret);
    const ids = seen.map(({ headers }) => headers['webhook-id']);
    expect([
      seen.map(({ headers, body }) => hook.verify(body, headers as Record<string, string>)).length,
      ids[0] === ids[1],
      ids[0] === ids[2],
    ]).toEqual([3, true, false]);
    const torn = Buffer.from(seen[0]?.body ?? []);
    torn[30] = (torn[30] as number) ^ 1;
    expect(() => hook.verify(torn, seen[0]?.headers as Record<string, string>)).toThrow();
    expect(() =>
      new Webhook(`whsec_${Buffer.alloc(32).toString('base64')}`).verify(seen[0]?.body ?? '', seen[0]?.headers as Record<string, string>),
    ).toThrow();
  });

  it('is on the sign of life too', async () => {
    const seen: { headers: IncomingMessage['headers']; body: Buffer }[] = [];
    const session = await opened(await plain((request, response) => void answered(request, response, seen)));
    const heartbeat = {
      hotelId: 'ALDQ',
      version: '1',
      sentAt: new Date().toISOString(),
      lagSeconds: 0,
      depth: 0,
      deadLetters: 0,
      entities: {},
    };
    await session.heartbeat(heartbeat, new AbortController().signal);
    expect(new Webhook(secret).verify(seen[0]?.body ?? '', seen[0]?.headers as Record<string, string>)).toEqual(heartbeat);
  });
});

describe('a hub that cannot say what it has seen', () => {
  it.each([404, 405, 501])('is taken at its word when it answers %i', async (status) => {
    const given = await plain((_request, response) => response.writeHead(status).end());
    expect(await ask(given)).toBeNull();
  });
});

describe('an answer that is no confirmation', () => {
  const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toUTCString();
  it.each<[string, number, Record<string, string>, string, object]>([
    ['401 from a clock like ours', 401, { date: inMinutes(0) }, '', { code: 'upstream-forbidden', status: '401' }],
    ['401 from a clock ten minutes ahead', 401, { date: inMinutes(10) }, '', { code: 'clock-wrong', offset: '10 min' }],
    ['401 from a clock ten years behind', 401, { date: 'Tue, 01 Mar 2016 00:00:00 GMT' }, '', { code: 'clock-wrong' }],
    ['403 without a clock that can be read', 403, { date: 'yesterday' }, '', { code: 'upstream-forbidden', status: '403' }],
    ['410', 410, {}, '', { code: 'upstream-gone', status: '410' }],
    ['418', 418, {}, '', { code: 'upstream-answer', detail: 'status 418' }],
    ['a way to somewhere else', 302, { location: 'http://127.0.0.1:1/steal' }, '', { code: 'upstream-answer', detail: 'status 302' }],
    [
      'a way to somewhere else for ever',
      308,
      { location: 'http://127.0.0.1:1/steal' },
      '',
      { code: 'upstream-answer', detail: 'status 308' },
    ],
    [
      'a web page',
      200,
      { 'content-type': 'text/html' },
      '<html>Log in to the hotel network</html>',
      { code: 'upstream-answer', detail: 'a web page' },
    ],
    ['nothing', 200, {}, '', { code: 'upstream-answer', detail: 'no JSON' }],
    ['half an answer', 200, {}, '{"generation":', { code: 'upstream-answer', detail: 'no JSON' }],
    ['another answer', 200, {}, '{"ok":true}', { code: 'upstream-answer', detail: 'generation missing' }],
    ['a number that is none', 200, {}, '{"generation":-1}', { code: 'upstream-answer', detail: 'generation missing' }],
    ['a login page of a proxy in between', 407, {}, '', { code: 'proxy-login' }],
    ['204', 204, {}, '', { code: 'upstream-answer' }],
  ])('%s', async (_name, status, headers, body, wanted) => {
    const given = await plain((_request, response) => {
      response.sendDate = false;
      response.writeHead(status, headers).end(body);
    });
    expect(await ask(given)).toMatchObject(wanted);
  });

  it.each<[number, Record<string, string>, string, number | null]>([
    [429, { 'retry-after': '7' }, 'upstream-busy', 7000],
    [429, {}, 'upstream-busy', null],
    [503, { 'retry-after': '999999999' }, 'upstream-busy', 3_600_000],
    [503, { 'retry-after': '-5' }, 'upstream-busy', null],
    [500, { 'retry-after': 'soon' }, 'upstream-error', null],
    [502, {}, 'upstream-error', null],
    [408, {}, 'upstream-error', null],
  ])('%d %j is tried again when it says', async (status, headers, code, afterMs) => {
    const session = await opened(await plain((_request, response) => response.writeHead(status, headers).end()));
    const error = await session.send(batch(1), new AbortController().signal).catch((thrown) => thrown);
    expect([error instanceof RetryLater, error.code, error.afterMs]).toEqual([true, code, afterMs]);
  });

  it.each([400, 409, 413, 415, 422])('%d is what the records are refused with, and its text is not kept', async (status) => {
    const session = await opened(await plain((_request, response) => response.writeHead(status).end('Zoe Canary')));
    const error = await session.send(batch(1), new AbortController().signal).catch((thrown) => thrown);
    expect([
      error instanceof DataRefused,
      error.status,
      JSON.stringify([error.message, error.stack, error.cause]).includes('Canary'),
    ]).toEqual([true, status, false]);
  });

  it('that never ends is not read to its end', async () => {
    const given = await plain((_request, response) => {
      response.writeHead(200);
      const more = () => {
        while (response.write(Buffer.alloc(1024 * 1024, 32)));
        response.once('drain', more);
      };
      more();
    });
    expect(await ask(given)).toMatchObject({ code: 'upstream-unreachable' });
  });

  it.each<[string, string]>([
    ['that is cut off', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"gen'],
    ['that is cut off between two pieces', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"gen\r\n'],
    ['that is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['with headers without end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`],
    ['that is nothing at all', ''],
  ])('%s is a line that broke', async (_name, text) => {
    const port = await listening(createServer((socket) => void socket.once('data', () => socket.end(text))));
    expect(await ask({ url: `http://127.0.0.1:${port}`, allowHttpOnThisPc: true })).toMatchObject({ code: 'upstream-unreachable' });
  });
});

describe('a hub that cannot be reached', () => {
  it('because nobody listens there', async () => {
    expect(await ask({ url: `https://127.0.0.1:${await deadPort()}` })).toMatchObject({
      code: 'upstream-unreachable',
      detail: 'ECONNREFUSED',
    });
  });

  it('because its name is not known', async () => {
    expect(await ask({ url: 'https://hub.invalid' })).toMatchObject({ code: 'upstream-name-unknown', host: 'hub.invalid' });
  });

  it('is let go of at once when the agent stops', async () => {
    const stop = new AbortController();
    const port = await listening(createServer((socket) => void socket.once('data', () => stop.abort())));
    expect(await ask({ url: `http://127.0.0.1:${port}`, allowHttpOnThisPc: true }, {}, stop.signal)).toEqual({ code: 'stopped' });
  });
});

describe('a hub that keeps us waiting', () => {
  const table: Record<string, number> = policies;
  const before = { ...policies };
  afterEach(() => void Object.assign(table, before));
  /** The table's own times are too long for a test: the same clocks run, only shorter. */
  const shorter = (times: Partial<Record<keyof typeof policies, number>>) => void Object.assign(table, times);

  it('is given the times of the table and no longer', () => {
    expect([before.connectTimeoutMs, before.headersTimeoutMs, before.bodyTimeoutMs, before.totalTimeoutMs]).toEqual([
      5000, 15_000, 30_000, 60_000,
    ]);
  });

  it('by saying nothing while the secure line is made', async () => {
    shorter({ connectTimeoutMs: 300 });
    const port = await listening(createServer(() => undefined));
    expect(await ask({ url: `https://127.0.0.1:${port}` })).toMatchObject({ code: 'upstream-timeout', seconds: '0.3' });
  });

  it('by saying nothing at all', async () => {
    shorter({ headersTimeoutMs: 300 });
    const port = await listening(createServer((socket) => void socket.resume()));
    expect(await ask({ url: `http://127.0.0.1:${port}`, allowHttpOnThisPc: true })).toMatchObject({
      code: 'upstream-timeout',
      seconds: '0.3',
    });
  });

  it('by beginning an answer and stopping', async () => {
    shorter({ bodyTimeoutMs: 300 });
    const given = await plain((_request, response) => void response.writeHead(200).write('{"gen'));
    expect(await ask(given)).toMatchObject({ code: 'upstream-timeout', seconds: '0.3' });
  });

  it('by sending one sign after the other, so that no single wait is long', async () => {
    shorter({ totalTimeoutMs: 700 });
    const given = await plain((_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(timer));
    });
    expect(await ask(given)).toMatchObject({ code: 'upstream-timeout', seconds: '0.7' });
  });

  it('as a proxy that takes the line and says nothing', async () => {
    shorter({ headersTimeoutMs: 300 });
    const port = await listening(createServer((socket) => void socket.resume()));
    expect(await ask({ url: 'https://hub.example.com', proxyUrl: `http://127.0.0.1:${port}` })).toMatchObject({ code: 'upstream-timeout' });
  });

  it('as a proxy, is given no more than the whole time of a request', async () => {
    shorter({ totalTimeoutMs: 300 });
    const port = await listening(createServer((socket) => void socket.resume()));
    expect(await ask({ url: 'https://hub.example.com', proxyUrl: `http://127.0.0.1:${port}` })).toMatchObject({
      code: 'upstream-timeout',
      seconds: '0.3',
    });
  });

  it.each<[string, (port: number) => object]>([
    ['while the secure line is made', (port) => ({ url: `https://127.0.0.1:${port}` })],
    ['while the proxy says nothing', (port) => ({ url: 'https://hub.example.com', proxyUrl: `http://127.0.0.1:${port}` })],
    ['while the hub says nothing', (port) => ({ url: `http://127.0.0.1:${port}`, allowHttpOnThisPc: true })],
  ])('holds up no stop: %s', async (_name, settings) => {
    const stop = new AbortController();
    const port = await listening(createServer((socket) => void socket.once('data', () => stop.abort())));
    const session = await opened(settings(port));
    const startedAt = performance.now();
    const code = await session.highWater('ALDQ', stop.signal).catch((error) => error.code);
    await session.close();
    expect([code, performance.now() - startedAt < 2000]).toEqual(['stopped', true]);
  });
});

it('a batch of any names is one JSON that holds them all, whatever signs they have', async () => {
  const seen: { headers: IncomingMessage['headers']; body: Buffer }[] = [];
  const session = await opened(await plain((request, response) => void answered(request, response, seen)));
  const texts = ['', '"', '\\', '\u2028', '𝄞'.repeat(100), '\u0000', 'é'.repeat(1000), '</script>', '\ud800'];
  const records = texts.map((text, at) => ({
    eventId: randomUUID(),
    seq: at + 1,
    text: Buffer.from(JSON.stringify({ externalId: text, guestName: text })),
  }));
  await session.send({ source: 'ö"\\', entity: 'booking', records }, new AbortController().signal);
  expect(JSON.parse(String(seen[0]?.body))).toEqual({
    source: 'ö"\\',
    mode: 'upsert',
    bookings: texts.map((text) => ({ externalId: text, guestName: text })),
  });
});
