import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { _electron, type ElectronApplication, expect, type Page, test } from '@playwright/test';
import { electronBinary, hasDisplay } from '../scripts/electron-binary.mjs';

const root = dirname(import.meta.dirname);
const binary = electronBinary();
const canRun = binary !== null && hasDisplay();

test.skip(!canRun, "Electron's binary is not on this machine: the shell was tested with a recording double only");
if (!canRun) {
  process.stderr.write(
    binary === null
      ? "\nElectron's binary is not on this machine: the shell was tested with a recording double only.\n\n"
      : '\nThis machine has no display: the shell was tested with a recording double only.\n\n',
  );
}

let home: string;
let shell: ElectronApplication;
let page: Page;
const violations: string[] = [];

test.beforeAll(async () => {
  if (!canRun) return;
  home = mkdtempSync(join(tmpdir(), 'bellhop-electron-'));
  shell = await _electron.launch({
    executablePath: binary,
    args: [root, `--home=${home}`],
    env: { ...process.env, BELLHOP_NODE: process.execPath } as Record<string, string>,
  });
  page = await shell.firstWindow();
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) violations.push(message.text());
  });
});

test.afterAll(async () => {
  await shell?.close();
  if (home) rmSync(home, { recursive: true, force: true });
});

test('opens the console from app:// with its agent behind it', async () => {
  expect(page.url()).toMatch(/^app:\/\/bellhop\/index\.html/);
  await expect(page.locator('#root main').first()).toBeVisible();
  const facts = await page.evaluate(() => ({
    shell: Object.keys((window as unknown as { bellhopShell: object }).bellhopShell).sort(),
    hasNode: 'process' in window || 'require' in window,
  }));
  expect(facts).toEqual({ shell: ['chooseFolder', 'connect', 'notify', 'openDocs', 'platform', 'version'], hasNode: false });
});

test('hands over a port on which the agent answers, and opens no TCP port for it', async () => {
  const isPort = await page.evaluate(
    () =>
      new Promise<boolean>((resolve) => {
        window.addEventListener('message', (event) => {
          if (event.data === 'bellhop:port') resolve(event.ports.length === 1);
        });
        void (window as unknown as { bellhopShell: { connect(): Promise<unknown> } }).bellhopShell.connect();
      }),
  );
  expect(isPort).toBe(true);
});

test('has walls: no network, no inline script, no eval, no other page, no second window', async () => {
  const tried = await page.evaluate(async () => {
    const fails = async (run: () => unknown) => {
      try {
        await run();
        return false;
      } catch {
        return true;
      }
    };
    return {
      network: await fails(() => fetch('https://example.com')),
      file: await fails(() => fetch('file:///etc/passwd')),
      evaluated: await fails(() => new Function('return 1')()),
      window: window.open('https://example.com') === null,
    };
  });
  await page.evaluate(() => {
    window.location.href = 'https://example.com/';
  });
  expect([tried, shell.windows().length]).toEqual([{ network: true, file: true, evaluated: true, window: true }, 1]);
  await expect(page).toHaveURL(/^app:\/\/bellhop\/index\.html/);
});

test('uses the console without one violation of its policy', () => {
  expect(violations).toEqual([]);
});
