import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sourceFolders = ['contract', 'db', 'agent', 'main', 'preload', 'renderer', 'sandbox', 'resources/mappings'];

function newest(path) {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0);
}

/** A build is due where there are sources and the bundle is missing or older than any of them. */
function isBuildDue() {
  if (process.env.BELLHOP_NO_BUILD === '1') return false;
  const sources = sourceFolders.map((name) => join(root, name)).filter((path) => existsSync(path));
  if (!existsSync(join(root, 'electron.vite.config.ts'))) return false;
  const bundles = ['out/main/cli.js', 'out/main/sandbox.js', 'out/renderer/index.html'].map((name) => join(root, name));
  if (bundles.some((path) => !existsSync(path))) return true;
  const built = Math.min(...bundles.map((path) => statSync(path).mtimeMs));
  return [...sources, join(root, 'electron.vite.config.ts')].some((path) => newest(path) > built);
}

/**
 * Build the checkout when its bundles are missing or old.
 * @param {string} node the Node 24 to build with
 * @returns {boolean} whether there is something to start
 */
export function buildIfDue(node) {
  if (!isBuildDue()) return true;
  process.stderr.write('Building Bellhop, once after a change …\n');
  const vite = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
  const done = spawnSync(node, [vite, 'build', '--logLevel', 'error'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (done.status === 0) return true;
  process.stderr.write('The build failed, so nothing was started. Run npm ci, then try again.\n');
  return false;
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !buildIfDue(process.execPath)) process.exitCode = 1;
