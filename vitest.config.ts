import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const results = process.env.BELLHOP_RESULTS;

const testing = join(import.meta.dirname, 'scripts', 'testing');

export default defineConfig({
  resolve: { alias: [{ find: /^.*\/db\/thread-file\.ts$|^\.\/thread-file\.ts$/, replacement: join(testing, 'thread-file.ts') }] },
  test: {
    globalSetup: [join(testing, 'thread-bundles.ts')],
    include: ['{contract,db,agent,main,preload,renderer,sandbox,rigs,bench,scripts,docs}/**/*.test.ts'],
    // Real threads, real sockets and real files take their time on two busy cores.
    // Left to itself it takes one of two cores; most of the tests wait for something.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    env: { BELLHOP_KEYRING: 'file' },
    ...(results ? { reporters: ['default', 'json'], outputFile: { json: `${results}/vitest.json` } } : {}),
  },
});
