import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, type Page } from '@playwright/test';
import { needsChromium, test } from './console-hotel.ts';
import { walkConsole, walkFirstRun, walkGone } from './console-walk.ts';

/** The page holds its own policy on every screen, and the policy holds whoever gets a word into the page. */

needsChromium();

declare global {
  function sawViolation(what: string): void;
}

/** What the page's policy has stopped, and what the browser has complained of. */
async function watch(page: Page): Promise<{ readonly violations: string[]; readonly errors: string[] }> {
  const violations: string[] = [];
  const errors: string[] = [];
  await page.exposeFunction('sawViolation', (what: string) => void violations.push(what));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => sawViolation(`${event.effectiveDirective} ${event.blockedURI}`));
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return { violations, errors };
}

test('the first start never touches the page’s policy', async ({ page, hotel }) => {
  const seen = await watch(page);
  await walkFirstRun(page, hotel, async () => undefined);
  expect(seen).toEqual({ violations: [], errors: [] });
});

test('no screen, form or dialog touches the page’s policy', async ({ page, hotel }) => {
  const seen = await watch(page);
  await walkConsole(page, hotel, async () => undefined);
  expect(seen).toEqual({ violations: [], errors: [] });
});

test('a lost agent and a new key touch the page’s policy no more', async ({ page, hotel }) => {
  const { violations, errors } = await watch(page);
  await walkGone(page, hotel, async () => undefined);
  expect(violations).toEqual([]);
  // The browser itself notes each attempt that found nobody there.
  expect(errors.filter((text) => !/WebSocket connection to .* failed|ERR_CONNECTION_REFUSED/.test(text))).toEqual([]);
});

test('what is put into the page stays without effect: scripts, eval, markup, pictures, the network', async ({ page, hotel }) => {
  let asked = 0;
  const outside = createServer((_, response) => {
    asked++;
    response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'image/svg+xml' });
    response.end('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>');
  }).listen(0, '127.0.0.1');
  await once(outside, 'listening');
  const url = `http://127.0.0.1:${(outside.address() as AddressInfo).port}/`;
  try {
    await hotel.setUp();
    const { violations } = await watch(page);
    await page.goto(hotel.address);
    await expect(page.getByRole('heading', { name: 'Monitoring' })).toBeVisible();
    expect(violations).toEqual([]);
    const gotIn = await page.evaluate(async (remote) => {
      // Out of the test's own call, which the policy does not bind.
      await new Promise((resolve) => setTimeout(resolve));
      const works = async (run: () => unknown) => {
        try {
          await run();
          return true;
        } catch {
          return false;
        }
      };
      const ran = (name: string) => name in globalThis;
      const inline = () => {
        const script = document.createElement('script');
        script.append('globalThis.byInline = true');
        document.body.append(script);
      };
      const handler = () => {
        const button = document.createElement('button');
        button.setAttribute('onclick', 'globalThis.byHandler = true');
        button.click();
      };
      return {
        inline: (await works(inline)) && ran('byInline'),
        handler: (await works(handler)) && ran('byHandler'),
        // biome-ignore lint/security/noGlobalEval: that it does not work is what is tested.
        eval: await works(() => globalThis.eval('1')),
        newFunction: await works(() => new Function('return 1')()),
        markup: await works(() => {
          document.createElement('div').innerHTML = '<b>bold</b>';
        }),
        network: await works(() => fetch(remote)),
        socket: await new Promise<boolean>((resolve) => {
          const socket = new WebSocket(remote.replace('http', 'ws'));
          socket.onopen = () => resolve(true);
          socket.onerror = () => resolve(false);
        }),
        picture: await new Promise<boolean>((resolve) => {
          const picture = new Image();
          picture.onload = () => resolve(true);
          picture.onerror = () => resolve(false);
          picture.src = remote;
        }),
        frame: await new Promise<boolean>((resolve) => {
          const frame = document.createElement('iframe');
          addEventListener('securitypolicyviolation', (event) => event.effectiveDirective === 'frame-src' && resolve(false));
          frame.onload = () => resolve(true);
          frame.src = remote;
          document.body.append(frame);
        }),
      };
    }, url);
    expect(gotIn).toEqual({
      inline: false,
      handler: false,
      eval: false,
      newFunction: false,
      markup: false,
      network: false,
      socket: false,
      picture: false,
      frame: false,
    });
    expect(asked).toBe(0);
    await expect
      .poll(() => violations.map((what) => what.split(' ')[0]))
      .toEqual(expect.arrayContaining(['connect-src', 'img-src', 'require-trusted-types-for']));
  } finally {
    outside.close();
  }
});
