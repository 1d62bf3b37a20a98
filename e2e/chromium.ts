import { existsSync } from 'node:fs';
import { join } from 'node:path';

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

/** The browser for the console's tests and pictures, or undefined where the machine has none. */
export const chromiumPath = candidates.find((path) => path && existsSync(path));

/** Started without anything that calls home or needs a screen. */
export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
