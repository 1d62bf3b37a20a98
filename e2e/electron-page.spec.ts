import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { serveConsole } from '../main/app-protocol.ts';
import { ConsoleLine } from '../main/console-line.ts';
import { callingFrame, RecordingChannel } from '../main/electron-double.ts';
import { findRunningAgent } from '../main/running-agent.ts';
import { type RunningAgent, startAgent } from '../sandbox/agent.ts';

/**
 * The console as it runs in Electron, where there is no Electron: the shell's own answers (page, policy, nonce) and the shell's own
 * line to a real agent, in the Chromium of this machine. Only the hop of a port between two processes is played.
 */

const root = dirname(import.meta.dirname);
let home: string;
let agent: RunningAgent;
let server: Server;
let address: string;

test.beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'bellhop-page-'));
  agent = await startAgent({ program: join(root, 'out', 'main', 'cli.js'), home });
  const serve = serveConsole(join(root, 'out', 'renderer'));
  server = createServer(async (request, response) => {
    const answer = await serve({ url: `app://bellhop${request.url}`, method: request.method } as Request);
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`;
});

test.afterAll(async () => {
  server?.close();
  await agent?.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

/** Give a page what the preload would, and join its port to the agent as main does. */
async function openConsole(page: Page): Promise<string[]> {
  const violations: string[] = [];
  const found = await findRunningAgent(home);
  if (!found) throw new Error('the agent is not there');
  const line = new ConsoleLine({ agent: { address: async () => found, forget: () => undefined }, MessageChannelMain: RecordingChannel });
  page.on('close', () => line.close());

  await page.exposeFunction('shellConnect', async () => {
    const fault = await line.connect(callingFrame().frame);
    RecordingChannel.made.at(-1)?.page.on('message', (frame: string | Uint8Array) => {
      const isText = typeof frame === 'string';
      const sent = isText ? frame : Buffer.from(frame).toString('base64');
      page.evaluate(([text, kind]) => globalThis.shellFrame(text, kind), [sent, isText ? 'text' : 'bytes'] as const).catch(() => undefined);
    });
    return fault;
  });
  await page.exposeFunction('shellSend', (text: string, kind: 'text' | 'bytes') => {
    RecordingChannel.made.at(-1)?.page.postMessage(kind === 'text' ? text : new Uint8Array(Buffer.from(text, 'base64')));
  });
  await page.exposeFunction('shellViolation', (what: string) => void violations.push(what));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) =>
      shellViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`),
    );
    const bytes = (text: string) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    const base64 = (data: ArrayBuffer | Uint8Array) => btoa(String.fromCharCode(...new Uint8Array(data as ArrayBuffer)));
    Object.assign(globalThis, {
      bellhopShell: {
        platform: 'linux',
        version: '0.1.0',
        async connect() {
          const { port1, port2 } = new MessageChannel();
          globalThis.shellFrame = (text, kind) => port1.postMessage(kind === 'text' ? text : bytes(text));
          port1.onmessage = ({ data }) => (typeof data === 'string' ? shellSend(data, 'text') : shellSend(base64(data), 'bytes'));
          const fault = await shellConnect();
          if (fault === null) postMessage('bellhop:port', location.origin, [port2]);
          return fault;
        },
        chooseFolder: async () => null,
        openDocs: async () => undefined,
        notify: async () => undefined,
      },
    });
  });
  await page.goto(address);
  return violations;
}

test('shows the console over the shell’s line, without one violation of the shell’s policy', async ({ page }) => {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const violations = await openConsole(page);
  await expect(page.locator('#root main').first()).toBeVisible();
  // The first start of a new home asks for the hotel: that question comes from the agent.
  await expect(page.getByText(/sandbox/i).first()).toBeVisible();
  expect([violations, errors]).toEqual([[], []]);
});

test('blocks what a page could be talked into: inline script, eval, markup, network, remote pictures', async ({ page }) => {
  const violations = await openConsole(page);
  await expect(page.locator('#root main').first()).toBeVisible();
  const blocked = await page.evaluate(async () => {
    const fails = async (run: () => unknown) => {
      try {
        await run();
        return false;
      } catch {
        return true;
      }
    };
    const script = document.createElement('script');
    script.append('globalThis.gotIn = true');
    return {
      inline: await fails(() => document.body.append(script)).then(() => !('gotIn' in globalThis)),
      markup: await fails(() => {
        document.createElement('div').innerHTML = '<img src=x onerror="globalThis.gotIn = true">';
      }),
      network: await fails(() => fetch('/assets/')),
      picture: await new Promise<boolean>((resolve) => {
        const picture = new Image();
        picture.onload = () => resolve(false);
        picture.onerror = () => resolve(true);
        picture.src = 'https://example.com/picture.png';
      }),
    };
  });
  expect(blocked).toEqual({ inline: true, markup: true, network: true, picture: true });
  await expect.poll(() => violations.map((what) => what.split(' ')[0]).sort()).toEqual(expect.arrayContaining(['connect-src', 'img-src']));
});

declare global {
  function shellFrame(text: string, kind: 'text' | 'bytes'): void;
  function shellSend(text: string, kind: 'text' | 'bytes'): void;
  function shellConnect(): Promise<unknown>;
  function shellViolation(what: string): void;
}
