import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { CustomScheme } from 'electron';
import { isConsoleOrigin } from './console-address.ts';
import { contentSecurityPolicy } from './content-security-policy.ts';

/** `app://` is a place of its own with a proper origin; a page from `file://` could read the whole disk. */
export const consoleScheme: CustomScheme = { scheme: 'app', privileges: { standard: true, secure: true, codeCache: true } };

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

/**
 * Serve the built console from its folder.
 *
 * The folder is listed once and an address is looked up in that list, as it is written. An address is never turned into a path,
 * so there is nothing to traverse: what is not in the list is not there.
 */
export function serveConsole(folder: string): (request: Request) => Promise<Response> {
  let listed: ReadonlyMap<string, string> | undefined;
  return async (request) => {
    listed ??= listFiles(folder);
    const file = request.method === 'GET' && isConsoleOrigin(request.url) ? listed.get(pathOf(request.url)) : undefined;
    const type = file === undefined ? undefined : types[extname(file)];
    if (file === undefined || type === undefined)
      return new Response('not found', { status: 404, headers: { 'content-type': 'text/plain' } });
    const bytes = await readFile(file);
    return extname(file) === '.html'
      ? page(bytes.toString('utf8'))
      : new Response(bytes, { headers: { ...everyAnswer, 'content-type': type } });
  };
}

const everyAnswer = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

function page(html: string): Response {
  const nonce = randomBytes(16).toString('base64');
  return new Response(html.replaceAll('__BELLHOP_NONCE__', nonce), {
    headers: {
      ...everyAnswer,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy(nonce),
      'cross-origin-opener-policy': 'same-origin',
      // A cached page would carry yesterday's nonce.
      'cache-control': 'no-store',
    },
  });
}

function pathOf(address: string): string {
  const { pathname } = new URL(address);
  return pathname === '/' ? '/index.html' : pathname;
}

function listFiles(folder: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    // A link is no file of ours, wherever it points.
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length).split(sep).join('/'), path);
  }
  return files;
}
