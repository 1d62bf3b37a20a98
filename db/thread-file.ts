import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const sources = {
  writer: './writer-thread.ts',
  reader: './reader-thread.ts',
  normaliser: '../agent/pipeline/normalise-thread.ts',
} as const;

/** Find the file of a worker thread: beside the bundle as `writer.js`, or its source when the sources themselves run. */
export function threadFile(name: keyof typeof sources): URL {
  // A bundle's shared code lies one folder below its entries.
  for (const bundled of [`./${name}.js`, `../${name}.js`]) {
    const url = new URL(bundled, import.meta.url);
    if (existsSync(fileURLToPath(url))) return url;
  }
  return new URL(sources[name], import.meta.url);
}
