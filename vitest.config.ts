import { defineConfig } from 'vitest/config';

const results = process.env.BELLHOP_RESULTS;

export default defineConfig({
  test: {
    include: ['{contract,db,agent,main,preload,renderer,sandbox,rigs,bench,scripts,docs}/**/*.test.ts'],
    // Real threads, real sockets and real files take their time on two busy cores.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    env: { BELLHOP_KEYRING: 'file' },
    ...(results ? { reporters: ['default', 'json'], outputFile: { json: `${results}/vitest.json` } } : {}),
  },
});
