import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

/** Tell whether this very process can run the product. */
export function isFit() {
  return Number(process.versions.node.split('.')[0]) >= 24 && Number(process.versions.napi) >= 10;
}

/**
 * Find a Node 24: the one of `BELLHOP_NODE`, the shipped one, the development dependency of a checkout, or this process's own.
 * Null when there is none.
 */
export function findNode24() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const candidates = [process.env.BELLHOP_NODE, join(root, 'resources', 'node', name)];
  try {
    const platform = process.platform === 'win32' ? 'win' : process.platform;
    candidates.push(join(dirname(require.resolve(`node-${platform}-${process.arch}/package.json`)), 'bin', name));
  } catch {
    // Not installed for this platform: then the developer's own Node has to do.
  }
  return candidates.find((path) => path && existsSync(path)) ?? (isFit() ? process.execPath : null);
}
