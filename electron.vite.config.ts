import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';

const root = import.meta.dirname;
/** What stays a package at run time: it carries native code, or looks for some. Everything else is bundled. */
const external = ['electron', 'better-sqlite3', '@napi-rs/keyring', 'ssh2', 'oracledb', 'oracledb6', 'pg-native'];

/**
 * One bundle a process: the shell and the agent with its worker threads (out/main), the preload, the console, and the sandbox,
 * which is a program of its own beside the product.
 */
export default defineConfig({
  main: {
    build: {
      externalizeDeps: false,
      outDir: resolve(root, 'out/main'),
      sourcemap: true,
      rolldownOptions: {
        external,
        input: {
          index: resolve(root, 'main/index.ts'),
          cli: resolve(root, 'agent/cli.ts'),
          writer: resolve(root, 'db/writer-thread.ts'),
          reader: resolve(root, 'db/reader-thread.ts'),
          normaliser: resolve(root, 'agent/pipeline/normalise-thread.ts'),
          'oracle-child': resolve(root, 'agent/pipeline/clients/oracle/child.ts'),
          sandbox: resolve(root, 'sandbox/index.ts'),
        },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      externalizeDeps: false,
      outDir: resolve(root, 'out/preload'),
      rolldownOptions: {
        external,
        input: { index: resolve(root, 'preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: resolve(root, 'renderer'),
    base: './',
    html: { cspNonce: '__BELLHOP_NONCE__' },
    plugins: [react()],
    build: {
      outDir: resolve(root, 'out/renderer'),
      emptyOutDir: true,
      minify: true,
      assetsInlineLimit: 0,
      rolldownOptions: { input: { index: resolve(root, 'renderer/index.html') } },
    },
  },
});
