#!/usr/bin/env node
// Plain JavaScript that any Node from 20 on can run: it finds Node 24, builds a checkout whose bundles are missing or old, and
// hands the command over.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIfDue } from './build.mjs';
import { agentArguments, agentEnvironment, findNode24 } from './node-runtime.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const node = findNode24();
if (!node) {
  process.stderr.write(
    `Bellhop needs Node 24; the one running is ${process.version}.\nNothing was opened or changed.\nRun npm ci in this folder, or install Node 24.\n`,
  );
  process.exit(78);
}
if (!buildIfDue(node)) process.exit(1);

const args = process.argv.slice(2);
const isDemo = args.find((arg) => !arg.startsWith('-')) === 'demo';
const program = join(root, 'out', 'main', isDemo ? 'sandbox.js' : 'cli.js');
const child = spawn(node, [...agentArguments, program, ...args], { stdio: 'inherit', env: agentEnvironment() });
// A terminal sends Ctrl+C to both of us; the command ends in its own time and we with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
