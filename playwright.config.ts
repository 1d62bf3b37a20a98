import { join } from 'node:path';
import { defineConfig } from '@playwright/test';
import { chromiumArgs, chromiumPath } from './e2e/chromium.ts';

// The tests ask for it by this name and skip, or fail, where it is missing.
if (chromiumPath) process.env.BELLHOP_CHROMIUM = chromiumPath;

const results = process.env.BELLHOP_RESULTS;

export default defineConfig({
  testDir: 'e2e',
  // Every test has an agent, a home and a receiver of its own.
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: results ? [['list'], ['json', { outputFile: join(results, 'playwright.json') }]] : 'list',
  use: {
    launchOptions: {
      ...(chromiumPath ? { executablePath: chromiumPath } : {}),
      args: chromiumArgs,
    },
  },
});
