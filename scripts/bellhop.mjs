#!/usr/bin/env node
// Plain JavaScript that any Node from 20 on can run: it finds Node 24, builds a checkout whose bundles are missing or old, and
// hands the command over.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode24 } from './node-runtime.mjs';

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

function build(node) {
  process.stderr.write('Building Bellhop, once after a change …\n');
  const vite = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
  const done = spawnSync(node, [vite, 'build', '--logLevel', 'error'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (done.status !== 0) {
    process.stderr.write('The build failed, so nothing was started. Run npm ci, then try again.\n');
    process.exit(1);
  }
}

const node = findNode24();
if (!node) {
  process.stderr.write(`Bellhop needs Node 24; the one running is ${process.version}.\nNothing was opened or changed.\nRun npm ci in this folder, or install Node 24.\n`);
  process.exit(78);
}
if (isBuildDue()) build(node);

const args = process.argv.slice(2);
const isDemo = args.find((arg) => !arg.startsWith('-')) === 'demo';
const child = spawn(node, [join(root, 'out', 'main', isDemo ? 'sandbox.js' : 'cli.js'), ...args], { stdio: 'inherit' });
// A terminal sends Ctrl+C to both of us; the command ends in its own time and we with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
