import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Stands in for db/thread-file.ts in tests: the bundles that thread-bundles.ts has made for this run. */
export function threadFile(name: string): URL {
  const folder = process.env.BELLHOP_TEST_THREADS;
  if (!folder) throw new Error('the threads were not bundled: see scripts/testing/thread-bundles.ts');
  return pathToFileURL(join(folder, `${name}.js`));
}
