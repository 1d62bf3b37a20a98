import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isOutsideAddress, openDocs, openOutside } from './outside.ts';

it.each(['https://docs.oracle.com/en/database/', 'https://www.standardwebhooks.com', 'https://nodejs.org/api/fs.html#fsstatpath'])(
  'opens %s in the browser',
  async (address) => {
    const opened: string[] = [];
    await openOutside({ openExternal: async (url) => void opened.push(url) }, address);
    expect(opened).toEqual([address]);
  },
);

/** Ways in which an address can be something else than it looks like. */
function disguises(): string[] {
  const schemes = [
    'javascript:',
    'file:',
    'ms-msdt:',
    'search-ms:',
    'ms-officecmd:',
    'vbscript:',
    'data:text/html,',
    'http:',
    'ftp:',
    'app:',
  ];
  const bodies = [
    '//docs.oracle.com/',
    '//nodejs.org/x',
    'alert(1)',
    '/etc/passwd',
    '\\\\server\\share\\x.exe',
    '?query=x&crumb=location:\\\\server',
  ];
  const hosts = [
    'docs.oracle.com@evil.example', 'evil.example', 'docs.oracle.com.evil.example', 'docs.oracle.com:8443', 'docs.oracle.com:443@evil.example',
    'xdocs.oracle.com', 'oracle.com', 'docs.oracle.com.', 'DOCS.ORACLE.COM', 'docs。oracle。com', 'docs.oracle.com%2eevil.example', 'docs.oracle.com\\@evil.example',
    'user@docs.oracle.com', 'user:word@docs.oracle.com', '127.0.0.1', '[::1]', 'localhost', '0x7f000001', 'docs.oracle.com%00.evil.example', 'dоcs.oracle.com',
  ]; // biome-ignore format: a table
  const forms = ['https://%', 'https:%', 'https:/%', 'https:\\\\%', ' https://%', 'https://%\n', 'HTTPS://%'];
  return [
    ...schemes.flatMap((scheme) => bodies.map((body) => scheme + body)),
    ...hosts.flatMap((host) => forms.map((form) => form.replace('%', host))),
    ...forms.slice(1).map((form) => form.replace('%', 'docs.oracle.com/')),
    '\\\\server\\share',
    '//docs.oracle.com/',
    'docs.oracle.com',
    '',
    'https://',
    'https://docs.oracle.com/\u202egnp.exe',
    'https://docs.oracle.com/a\tb',
    'https://nodejs.org/\\..',
  ];
}

it('keeps 200 addresses in that are no plain https address of a site we know', () => {
  const addresses = disguises();
  expect([addresses.length >= 200, addresses.filter(isOutsideAddress)]).toEqual([true, []]);
});

let docs: string;
beforeAll(() => {
  docs = mkdtempSync(join(tmpdir(), 'bellhop-docs-'));
  mkdirSync(join(docs, 'operations'));
  writeFileSync(join(docs, 'operations', 'tls-pin.md'), '');
  writeFileSync(join(docs, 'run.bat'), '');
});
afterAll(() => rmSync(docs, { recursive: true, force: true }));

it('opens a page of the documentation that is there, and nothing that is not', async () => {
  const opened: string[] = [];
  const shell = {
    openPath: async (path: string) => {
      opened.push(path);
      return '';
    },
  };
  for (const page of ['operations/tls-pin', 'operations/none', '../outside', 'run.bat', 'run', '', 'operations'])
    await openDocs(shell, { folder: docs, page });
  expect(opened).toEqual([join(docs, 'operations', 'tls-pin.md')]);
});
