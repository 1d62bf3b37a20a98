import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

const root = join(import.meta.dirname, '..', '..');

/**
 * Bundle the worker threads once for a run of the tests, into a folder of its own.
 *
 * Left to itself, Node strips the types of each thread's sources with WebAssembly, in every thread anew. V8 keeps the code that leads from
 * WebAssembly to JavaScript for the whole process, and threads that drop it can bring the process down: `ThreadIsolation::
 * UnregisterWasmAllocation`, "Check failed: jit_page.has_value()", seen once in the writing thread under load. The product runs bundles and
 * strips nothing. Of the same kind: https://github.com/nodejs/node/issues/64500
 */
export async function setup(): Promise<() => void> {
  mkdirSync(join(root, 'out'), { recursive: true });
  const folder = mkdtempSync(join(root, 'out', 'test-threads-'));
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: false,
      sourcemap: 'inline',
      rolldownOptions: {
        input: {
          writer: join(root, 'db/writer-thread.ts'),
          reader: join(root, 'db/reader-thread.ts'),
          normaliser: join(root, 'agent/pipeline/normalise-thread.ts'),
        },
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  });
  process.env.BELLHOP_TEST_THREADS = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
