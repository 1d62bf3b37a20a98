import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { consoleScheme, serveConsole } from './app-protocol.ts';

let dir: string;
let serve: (request: Request) => Promise<Response>;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'bellhop-shell-'));
  const folder = join(dir, 'renderer');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(dir, 'secret.html'), 'secret');
  writeFileSync(join(dir, 'secret.js'), 'secret');
  writeFileSync(join(folder, 'index.html'), '<meta nonce="__BELLHOP_NONCE__"><script nonce="__BELLHOP_NONCE__"></script>');
  writeFileSync(join(folder, 'assets', 'index-a1b2.js'), 'start()');
  writeFileSync(join(folder, 'assets', 'notes.txt'), 'not part of a console');
  symlinkSync(join(dir, 'secret.js'), join(folder, 'assets', 'link.js'));
  serve = serveConsole(folder);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

// A Request may not carry every address that a page can write; the handler only reads these two.
const ask = (url: string, method = 'GET') => serve({ url, method } as Request);

it('serves the page with a nonce of its own each time, in the policy and in the page', async () => {
  const [one, other] = [await ask('app://bellhop/index.html'), await ask('app://bellhop/')];
  const policies = [one, other].map((response) => response.headers.get('content-security-policy') ?? '');
  const nonces = policies.map((policy) => /script-src 'self' 'nonce-([^']+)'/.exec(policy)?.[1] ?? 'none');
  const html = await one.text();
  expect([html, nonces[0] === nonces[1], one.headers.get('cache-control')]).toEqual([
    `<meta nonce="${nonces[0]}"><script nonce="${nonces[0]}"></script>`,
    false,
    'no-store',
  ]);
});

it('gives the page no network, no frames, no forms, no eval, and Trusted Types', async () => {
  const policy = ((await ask('app://bellhop/index.html')).headers.get('content-security-policy') ?? '').replace(/nonce-[^']+/g, 'nonce-N');
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    "script-src 'self' 'nonce-N'",
    "style-src 'self' 'nonce-N'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-src 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
    "worker-src 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types default',
  ]);
});

it('serves scripts as scripts', async () => {
  const response = await ask('app://bellhop/assets/index-a1b2.js?v=1#top');
  expect([
    response.status,
    response.headers.get('content-type'),
    response.headers.get('x-content-type-options'),
    await response.text(),
  ]).toEqual([200, 'text/javascript; charset=utf-8', 'nosniff', 'start()']);
});

/** 500 ways to ask for what lies outside, from every kind of step up, separator and encoding. */
function traversals(): string[] {
  const ups = ['..', '%2e%2e', '%2E.', '.%2e', '..%00', '....', '..;', '%252e%252e', '%c0%ae%c0%ae', '．．'];
  const separators = ['/', '%2f', '%2F', '\\', '%5c', '%255c', '//', '/./', '%c0%af', '/%2e/'];
  const targets = ['secret.html', 'secret.js', 'etc/passwd.js', 'C:/Windows/win.js', 'file:///etc/hosts.html'];
  return ups.flatMap((up) =>
    separators.flatMap((separator) => targets.map((target) => `app://bellhop/assets/${up}${separator}${up}${separator}${target}`)),
  );
}

it('answers 404 to 500 addresses that try to leave its folder', async () => {
  const addresses = traversals();
  const answers = await Promise.all(addresses.map(async (url) => ({ url, status: (await ask(url)).status })));
  expect([addresses.length, answers.filter(({ status }) => status !== 404)]).toEqual([500, []]);
});

it.each([
  'app://other/index.html',
  'app://bellhop.example/index.html',
  'app://user:word@bellhop/index.html',
  'file:///index.html',
  'https://bellhop/index.html',
  'app://bellhop/assets',
  'app://bellhop/assets/',
  'app://bellhop/assets/link.js',
  'app://bellhop/assets/notes.txt',
  'app://bellhop/assets/INDEX-A1B2.JS',
  'app://bellhop/__proto__',
  'app://bellhop/constructor',
])('answers 404 to %s', async (url) => {
  expect((await ask(url)).status).toBe(404);
});

it('answers reading only', async () => {
  expect((await ask('app://bellhop/index.html', 'POST')).status).toBe(404);
});

it('is a proper, secure origin that no policy is waived for', () => {
  expect(consoleScheme).toEqual({ scheme: 'app', privileges: { standard: true, secure: true, codeCache: true } });
});
