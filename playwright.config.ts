import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from '@playwright/test';

const programs = process.env.PROGRAMFILES ?? 'C:\\Program Files';
const programs86 = process.env['PROGRAMFILES(X86)'] ?? 'C:\\Program Files (x86)';

/** Where a Chromium of the machine may be. None is downloaded. */
const candidates = [
  process.env.BELLHOP_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  join(programs, 'Google', 'Chrome', 'Application', 'chrome.exe'),
  join(programs86, 'Microsoft', 'Edge', 'Application', 'msedge.exe'),
];
const found = candidates.find((path) => path && existsSync(path));
// The tests ask for it by this name and skip, or fail, where it is missing.
if (found) process.env.BELLHOP_CHROMIUM = found;

const results = process.env.BELLHOP_RESULTS;

export default defineConfig({
  testDir: 'e2e',
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: results ? [['list'], ['json', { outputFile: join(results, 'playwright.json') }]] : 'list',
  use: {
    launchOptions: {
      ...(found ? { executablePath: found } : {}),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
