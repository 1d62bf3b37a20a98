// @ts-check
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { electronBinary, hasDisplay } from './electron-binary.mjs';
import { openAddress } from './open-address.mjs';

/** `npm start`: the console in Electron where it can run, in the browser everywhere else. */

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cli = join(root, 'out', 'main', 'cli.js');
const { values } = parseArgs({
  options: {
    home: { type: 'string' },
    port: { type: 'string' },
    'no-electron': { type: 'boolean', default: false },
    'no-open': { type: 'boolean', default: false },
  },
});
const home = values.home === undefined ? [] : ['--home', values.home];

if (!existsSync(cli)) {
  process.stderr.write('Bellhop is not built yet. Run: npm run build\n');
  process.exitCode = 1;
} else {
  const electron = values['no-electron'] ? null : electronBinary();
  if (electron !== null && hasDisplay()) startElectron(electron);
  else startInBrowser(whyNoElectron(electron));
}

/** @param {string | null} electron */
function whyNoElectron(electron) {
  if (values['no-electron']) return 'Electron was not asked for';
  return electron === null ? "Electron's binary is not on this machine" : 'this machine has no display';
}

/** @param {string} electron */
function startElectron(electron) {
  // The agent runs in the Node that runs this script, not in Electron's own.
  follow(spawn(electron, [root, ...home], { stdio: 'inherit', env: { BELLHOP_NODE: process.execPath, ...process.env } }));
}

/** @param {string} why */
function startInBrowser(why) {
  const port = values.port === undefined ? [] : ['--port', values.port];
  const agent = spawn(process.execPath, [...agentArguments, cli, 'agent', '--console', '--json', ...home, ...port], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: agentEnvironment(),
  });
  follow(agent);
  createInterface({ input: agent.stdout }).on('line', (line) => {
    /** @type {{ event?: string, console?: string, error?: { what: string, safe: string, next: string } }} */
    const said = JSON.parse(line);
    if (said.error) process.stderr.write(`${said.error.what}\n${said.error.safe}\n${said.error.next}\n`);
    if (said.event !== 'ready' || !said.console) return;
    process.stdout.write(`Bellhop runs; ${why}, so its console opens in the browser:\n\n  ${said.console}\n\nCtrl+C stops it.\n`);
    if (!values['no-open']) openAddress(said.console);
  });
}

/**
 * End with the child, and pass on a wish to stop: the agent finishes its batch first.
 * @param {import('node:child_process').ChildProcess} child
 */
function follow(child) {
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(name, () => child.kill(name));
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code) => {
    process.exitCode = code ?? 0;
  });
}
