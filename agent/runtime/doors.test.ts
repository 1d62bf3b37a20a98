import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Agent } from '../index.ts';
import { apiRouter } from './api.ts';
import { openBrowserDoor, openPipe, Wire } from './doors.ts';
import { type Client, connectWire } from './wire-client.ts';

const page = join(dirname(fileURLToPath(import.meta.url)), '../../out/renderer/index.html');
let madePage = false;
let home: string;
let agent: Agent;
let wire: Wire;
let pipe: Awaited<ReturnType<typeof openPipe>>;
let door: Awaited<ReturnType<typeof openBrowserDoor>>;
let token: string;
let listenersBefore: string[];

beforeAll(async () => {
  if (!existsSync(page)) {
    mkdirSync(dirname(page), { recursive: true });
    writeFileSync(page, '<!doctype html><meta property="csp-nonce" nonce="__BELLHOP_NONCE__">');
    madePage = true;
  }
  home = mkdtempSync(join(tmpdir(), 'bellhop-doors-'));
  agent = await Agent.start(home, { withLoops: false });
  token = agent.stores.lock.token;
  wire = new Wire(apiRouter(agent));
  pipe = await openPipe(agent.stores.lock, wire);
  listenersBefore = listeners();
  door = await openBrowserDoor(token, wire, 0);
});
afterAll(async () => {
  wire.close();
  await Promise.all([pipe.close(), door.close()]);
  await agent.stop();
  rmSync(home, { recursive: true, force: true });
  if (madePage) rmSync(page);
});

/** The TCP sockets on which this very process listens. */
function listeners(): string[] {
  if (process.platform !== 'linux') return [];
  const inodes = new Set(
    readdirSync('/proc/self/fd').map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).replace(/^socket:\[(\d+)\]$/, '$1');
      } catch {
        // Closed while we looked.
        return '';
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${process.pid}/net/${table}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode ?? ''))
      .map(([, local]) => `${table} ${local}`),
  );
}

type Raw = { readonly status: number; readonly head: string; readonly body: string };

/** Say exactly these bytes to the door and take the whole answer; of an upgrade only its head. */
function say(lines: readonly string[], to: { port?: number; path?: string } = { port: door.port }): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const socket = to.path === undefined ? connect(to.port ?? 0, '127.0.0.1') : connect(to.path);
    let text = '';
    const done = () => {
      socket.destroy();
      const [head = '', ...rest] = text.split('\r\n\r\n');
      resolve({ status: Number(head.split(' ')[1] ?? 0), head, body: rest.join('\r\n\r\n') });
    };
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.startsWith('HTTP/1.1 101') && text.includes('\r\n\r\n')) done();
    });
    socket.on('end', done);
    socket.on('error', reject);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}

const host = () => `127.0.0.1:${door.port}`;
const get = (path: string, ...headers: string[]) => say([`GET ${path} HTTP/1.1`, ...headers, 'Connection: close']);
const upgradeHeaders = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const upgrade = (path: string, ...headers: string[]) => say([`GET ${path} HTTP/1.1`, ...headers, ...upgradeHeaders]);
const protocols = (given = token) => `Sec-WebSocket-Protocol: bellhop.v1, token.${given}`;

/** Names under which another page, or a name server that changes its mind, could lead here. */
const foreignHosts: readonly [string, (port: number) => string][] = [
  ['localhost', (port) => `localhost:${port}`],
  ['localhost in capitals', (port) => `LOCALHOST:${port}`],
  ['localhost with a dot', (port) => `localhost.:${port}`],
  ['the address without its port', () => '127.0.0.1'],
  ['the address with an empty port', () => '127.0.0.1:'],
  ['another port', (port) => `127.0.0.1:${port + 1}`],
  ['the port with a zero before it', (port) => `127.0.0.1:0${port}`],
  ['the address of IPv6', (port) => `[::1]:${port}`],
  ['the address within IPv6', (port) => `[::ffff:127.0.0.1]:${port}`],
  ['the address in hexadecimal', (port) => `0x7f.1:${port}`],
  ['the address as one number', (port) => `2130706433:${port}`],
  ['the address in octal', (port) => `0177.0.0.1:${port}`],
  ['the short address', (port) => `127.1:${port}`],
  ['a trailing dot', (port) => `127.0.0.1.:${port}`],
  ['every address', (port) => `0.0.0.0:${port}`],
  ['another of this PC', (port) => `127.0.0.2:${port}`],
  ['a name that leads here', (port) => `127.0.0.1.nip.io:${port}`],
  ['a name that begins like us', (port) => `127.0.0.1:${port}.evil.example`],
  ['a user before the address', (port) => `evil@127.0.0.1:${port}`],
  ['a foreign name', () => 'evil.example'],
  ['nothing', () => ''],
  ['two at once', (port) => `127.0.0.1:${port}, evil.example`],
];

const foreignOrigins: readonly [string, (port: number) => string][] = [
  ['null', () => 'null'],
  ['empty', () => ''],
  ['another site', () => 'https://evil.example'],
  ['https for http', (port) => `https://127.0.0.1:${port}`],
  ['localhost', (port) => `http://localhost:${port}`],
  ['another port', (port) => `http://127.0.0.1:${port + 1}`],
  ['no port', () => 'http://127.0.0.1'],
  ['a slash behind', (port) => `http://127.0.0.1:${port}/`],
  ['capitals', (port) => `HTTP://127.0.0.1:${port}`],
  ['a name that begins like us', (port) => `http://127.0.0.1:${port}.evil.example`],
  ['a file', () => 'file://'],
  ['an extension', () => 'chrome-extension://abcdefghijklmnop'],
  ['two in one', (port) => `http://127.0.0.1:${port} https://evil.example`],
];

describe('the browser door shows its page', () => {
  it('to a request that names it exactly, with or without its own origin', async () => {
    const answers = [
      await get('/', `Host: ${host()}`),
      await get('/index.html', `Host: ${host()}`),
      await get('/', `Host: ${host()}`, `Origin: http://${host()}`),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
  });

  it.each(foreignHosts)('to nobody who calls it by another name: %s', async (_name, name) => {
    expect(await get('/', `Host: ${name(door.port)}`)).toMatchObject({ status: 403, body: '' });
  });

  it('to nobody who calls it by no name, or by two', async () => {
    const answers = [
      await get('/'),
      await say(['GET / HTTP/1.0']),
      await get('/', `Host: ${host()}`, `Host: ${host()}`),
      await get('/', `Host: ${host()}`, 'Host: evil.example'),
      await get('/', 'Host: evil.example', `host: ${host()}`),
      await get(`http://${host()}/`, 'Host: evil.example'),
      await get('/', 'Host: evil.example', `X-Forwarded-Host: ${host()}`),
    ];
    // Without a host the HTTP parser of Node answers by itself, before us.
    expect(answers.map((answer) => answer.status)).toEqual([400, 403, 403, 403, 403, 403, 403]);
  });

  it.each(foreignOrigins)('to no other page: origin %s', async (_name, origin) => {
    expect(await get('/', `Host: ${host()}`, `Origin: ${origin(door.port)}`)).toMatchObject({ status: 403, body: '' });
  });

  it('to nobody who names two origins, though one is right', async () => {
    const right = `Origin: http://${host()}`;
    const answers = [
      await get('/', `Host: ${host()}`, right, 'Origin: https://evil.example'),
      await get('/', `Host: ${host()}`, 'Origin: https://evil.example', right),
      await get('/', `Host: ${host()}`, right, right),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([403, 403, 403]);
  });

  it('with rules that let it do nothing but its own work, and a new nonce each time', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => get('/', `Host: ${host()}`)));
    const policies = answers.map((answer) => /content-security-policy: (.*)/i.exec(answer.head)?.[1] ?? '');
    const nonces = policies.map((policy) => /'nonce-([^']+)'/.exec(policy)?.[1] ?? '');
    expect(new Set(nonces).size).toBe(20);
    expect(nonces.every((nonce) => Buffer.from(nonce, 'base64').length >= 16)).toBe(true);
    for (const [index, answer] of answers.entries()) {
      expect(answer.body).not.toContain('__BELLHOP_NONCE__');
      expect(answer.body).toContain(nonces[index]);
      expect(policies[index]).toContain("default-src 'none'");
      expect(policies[index]).toContain("require-trusted-types-for 'script'");
      expect(policies[index]).toContain(`connect-src 'self' ws://${host()}`);
      expect(policies[index]).toContain("frame-ancestors 'none'");
      expect(policies[index]).not.toMatch(/unsafe|\*|https?:|script-src[^;]*data:/);
    }
  });

  it('without a cookie, without a word to other origins, and without letting it be kept', async () => {
    const answers = [
      await get('/', `Host: ${host()}`, `Origin: http://${host()}`),
      await get('/not-there', `Host: ${host()}`),
      await get('/', 'Host: evil.example'),
      await say([
        'OPTIONS / HTTP/1.1',
        `Host: ${host()}`,
        'Origin: https://evil.example',
        'Access-Control-Request-Method: GET',
        'Connection: close',
      ]),
      await say(['OPTIONS / HTTP/1.1', `Host: ${host()}`, `Origin: http://${host()}`, 'Connection: close']),
    ];
    expect(answers.filter((answer) => /set-cookie|access-control|x-powered-by|^server:/im.test(answer.head))).toEqual([]);
    expect(answers[0]?.head).toMatch(/cache-control: no-store/i);
    expect(answers[0]?.head).toMatch(/x-content-type-options: nosniff/i);
    expect(answers[0]?.head).toMatch(/referrer-policy: no-referrer/i);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])('to be read only: %s is refused', async (method) => {
    const answer = await say([`${method} / HTTP/1.1`, `Host: ${host()}`, 'Content-Length: 0', 'Connection: close']);
    expect([404, 405, 400]).toContain(answer.status);
  });
});

const up = ['..', '%2e%2e', '..%2f', '%2e%2e%2f', '..%5c', '..\\', '%252e%252e', '....//', '..;', '.%2e', '%c0%ae%c0%ae', '%u002e%u002e'];
const targets = ['main/cli.js', '../package.json', '../../etc/passwd', 'etc/passwd', 'secrets.json'];

describe('the browser door gives nothing but the console', () => {
  const paths = [
    ...up.flatMap((one) => targets.map((target) => `/${one}/${target}`)),
    ...[
      '//etc/passwd',
      '///etc/passwd',
      '/.git/config',
      '/.env',
      '/%00',
      '/index.html%00.js',
      '/C:/Windows/win.ini',
      '/C:%5cWindows%5cwin.ini',
    ],
    ...[
      '/\\\\server\\share',
      '/assets/../../main/cli.js',
      '/assets/%2e%2e/%2e%2e/main/cli.js',
      '/assets/',
      '/assets',
      '/wire',
      '/wire/',
      '/api',
    ],
    ...['/file:///etc/passwd', '/index.html/', '/index.html/..', '/INDEX.HTML', `/?token=${'x'.repeat(10)}/../../x`.slice(2), '/__proto__'],
  ];

  it(`whatever path is tried, ${paths.length} of them`, async () => {
    expect(paths.length).toBeGreaterThanOrEqual(50);
    const answers = await Promise.all(paths.map(async (path) => ({ path, answer: await get(path, `Host: ${host()}`) })));
    // A path that is not even one is refused before it is looked up.
    const given = answers.filter(({ answer }) => ![404, 400, 403].includes(answer.status) || /root:|"name"|\[core\]/.test(answer.body));
    expect(given.map(({ path, answer }) => `${answer.status} ${path}`)).toEqual([]);
  });
});

describe('the wire behind the browser door', () => {
  it('opens for its own page with the token of this start, and answers', async () => {
    const socket = new WebSocket(`ws://${host()}/wire`, ['bellhop.v1', `token.${token}`], { origin: `http://${host()}` });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const client: Client = createORPCClient(new RPCLink({ websocket: socket as never }));
    const facts = await client.agent.facts({});
    expect([socket.protocol, facts.home, facts.actor.id]).toEqual(['bellhop.v1', home, 'local-operator']);
    socket.close();
  });

  it('never says the token back', async () => {
    const answer = await upgrade('/wire', `Host: ${host()}`, `Origin: http://${host()}`, protocols());
    expect([answer.status, answer.head.includes(token)]).toEqual([101, false]);
  });

  it.each(foreignHosts)('stays shut for another name: %s', async (_name, name) => {
    expect((await upgrade('/wire', `Host: ${name(door.port)}`, `Origin: http://${host()}`, protocols())).status).toBe(403);
  });

  it.each(foreignOrigins)('stays shut for another page, though it has the token: origin %s', async (_name, origin) => {
    expect((await upgrade('/wire', `Host: ${host()}`, `Origin: ${origin(door.port)}`, protocols())).status).toBe(403);
  });

  it('stays shut without an origin, with two, and with two hosts', async () => {
    const right = [`Host: ${host()}`, `Origin: http://${host()}`, protocols()] as const;
    const answers = [
      await upgrade('/wire', right[0], right[2]),
      await upgrade('/wire', ...right, 'Origin: https://evil.example'),
      await upgrade('/wire', ...right, right[1]),
      await upgrade('/wire', ...right, right[0]),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([403, 403, 403, 403]);
  });

  it.each<[string, () => string[], number]>([
    ['none', () => [], 401],
    ['only the name of the protocol', () => ['Sec-WebSocket-Protocol: bellhop.v1'], 401],
    ['an empty one', () => [protocols('')], 401],
    ['another one', () => [protocols('A'.repeat(43))], 401],
    ['one sign less', () => [protocols(token.slice(0, -1))], 401],
    ['one sign more', () => [protocols(`${token}A`)], 401],
    ['in capitals', () => [protocols(token.toUpperCase())], 401],
    ['in a header of its own', () => [`Authorization: Bearer ${token}`], 401],
    ['in a cookie', () => [`Cookie: token=${token}`], 401],
    ['twice', () => [protocols(), protocols()], 401],
    ['behind a wrong one', () => [`Sec-WebSocket-Protocol: token.wrong, token.${token}`], 401],
  ])('stays shut for a token that is %s', async (_name, headers, status) => {
    const answer = await upgrade('/wire', `Host: ${host()}`, `Origin: http://${host()}`, ...headers());
    expect([answer.status, answer.head.includes(token)]).toEqual([status, false]);
  });

  it.each(['/wire?token=TOKEN', '/wire/TOKEN', '/?token=TOKEN', '/', '/WIRE', '//wire', '/wire/', '/wire/../wire', '/socket.io/'])(
    'is at no other place: %s',
    async (path) => {
      expect((await upgrade(path.replace('TOKEN', token), `Host: ${host()}`, `Origin: http://${host()}`, protocols())).status).toBe(404);
    },
  );

  it('stays shut for the token of another start', async () => {
    const otherHome = mkdtempSync(join(tmpdir(), 'bellhop-doors-other-'));
    const other = await Agent.start(otherHome, { withLoops: false });
    const otherToken = other.stores.lock.token;
    await other.stop();
    const again = await Agent.start(otherHome, { withLoops: false });
    const newToken = again.stores.lock.token;
    await again.stop();
    rmSync(otherHome, { recursive: true, force: true });
    const answers = [
      await upgrade('/wire', `Host: ${host()}`, `Origin: http://${host()}`, protocols(otherToken)),
      await upgrade('/wire', `Host: ${host()}`, `Origin: http://${host()}`, protocols(newToken)),
    ];
    expect([answers.map((answer) => answer.status), new Set([token, otherToken, newToken]).size]).toEqual([[401, 401], 3]);
  });

  it('lets go of a client that sends a frame larger than anything a console asks for', async () => {
    const socket = new WebSocket(`ws://${host()}/wire`, ['bellhop.v1', `token.${token}`], { origin: `http://${host()}` });
    await new Promise((resolve) => socket.once('open', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.send(Buffer.alloc(5 * 1024 * 1024));
    await closed;
    expect((await get('/', `Host: ${host()}`)).status).toBe(200);
  });

  it('outlives what is no call at all', async () => {
    const told = vi.spyOn(console, 'error').mockReturnValue();
    const socket = new WebSocket(`ws://${host()}/wire`, ['bellhop.v1', `token.${token}`], { origin: `http://${host()}` });
    await new Promise((resolve) => socket.once('open', resolve));
    socket.on('error', () => undefined);
    for (const junk of ['', 'null', '{', '[]', '{"i":1}', '{"i":"1","p":{"u":"/no/such/call"}}', '\u0000', '{"__proto__":{"x":1}}'])
      socket.send(junk);
    socket.send(Buffer.alloc(1000, 0xff));
    const client: Client = createORPCClient(new RPCLink({ websocket: socket as never }));
    const facts = await client.agent.facts({}).catch(() => null);
    socket.terminate();
    const wireClient = await connectWire(agent.stores.lock);
    expect([facts === null || facts.home === home, (await wireClient.client.agent.facts({})).home]).toEqual([true, home]);
    wireClient.close();
    told.mockRestore();
  });
});

describe.runIf(process.platform === 'linux')('on this PC there is', () => {
  it('no listener at all without the browser door, and with it one that only this PC can reach', () => {
    const port = door.port.toString(16).toUpperCase().padStart(4, '0');
    expect([listenersBefore, listeners().filter((one) => !listenersBefore.includes(one))]).toEqual([[], [`tcp 0100007F:${port}`]]);
  });

  it('nobody who answers at another address of this PC', async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter((one) => !one.internal && one.family === 'IPv4');
    const outcomes = await Promise.all(
      others.map(
        (one) =>
          new Promise((resolve) => {
            const socket = connect(door.port, one.address);
            socket.once('connect', () => resolve('connected'));
            socket.once('error', () => resolve('refused'));
          }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'connected')).toEqual([]);
  });
});

describe('the pipe', () => {
  const through = (path: string, ...headers: string[]) =>
    say([`GET ${path} HTTP/1.1`, 'Host: agent', ...headers, ...upgradeHeaders], { path: agent.stores.lock.pipe });

  it('answers a call with the right token', async () => {
    const { client, close } = await connectWire(agent.stores.lock);
    expect(await client.agent.facts({})).toMatchObject({ home, version: agent.version, property: null });
    close();
  });

  it('refuses every other token, and every other place', async () => {
    const right = `Authorization: Bearer ${token}`;
    const answers = [
      await through('/wire'),
      await through('/wire', 'Authorization: Bearer wrong'),
      await through('/wire', 'Authorization: Bearer '),
      await through('/wire', `Authorization: ${token}`),
      await through('/wire', `Authorization: bearer ${token}`),
      await through('/wire', right, right),
      await through('/wire', protocols()),
      await through(`/wire?token=${token}`),
      await through('/', right),
      await through('/wire', right),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([401, 401, 401, 401, 401, 401, 401, 404, 404, 101]);
  });

  it('gives no page', async () => {
    const answer = await say(['GET / HTTP/1.1', 'Host: agent', 'Connection: close'], { path: agent.stores.lock.pipe });
    expect([answer.status, answer.body]).toEqual([404, expect.not.stringContaining('html')]);
  });

  it.runIf(process.platform !== 'win32')('is open to its owner alone, and so is the folder it lies in', () => {
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect([mode(agent.stores.lock.pipe), mode(join(home, 'run'))]).toEqual(['600', '700']);
  });

  it('is told of as away when nobody is there', async () => {
    await expect(connectWire({ pipe: join(home, 'run', 'no.sock'), token })).rejects.toMatchObject({ code: 'agent-away' });
    await expect(connectWire({ pipe: agent.stores.lock.pipe, token: 'wrong' })).rejects.toMatchObject({ code: 'agent-away' });
  });
});
