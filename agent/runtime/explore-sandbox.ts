import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../contract/faults.ts';
import type { Agent } from '../index.ts';

/** Start the sandbox hotel as a program of its own, far from this home, and give the address of its console. */
export async function exploreSandbox(agent: Agent): Promise<{ url: string }> {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'sandbox.js');
  const bundled = [script, join(dirname(script), '..', 'sandbox.js')].find((path) => existsSync(path));
  if (!bundled) throw new Fault('sandbox-failed');
  const child = spawn(process.execPath, [bundled, 'demo', '--no-open', '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
  });
  agent.signal.addEventListener('abort', () => child.kill(), { once: true });
  try {
    for await (const line of createInterface({ input: child.stdout, signal: AbortSignal.timeout(30_000) })) {
      const said = JSON.parse(line) as { console?: string };
      if (said.console) {
        child.stdout.resume();
        return { url: said.console };
      }
    }
  } catch (error) {
    child.kill();
    throw new Fault('sandbox-failed', {}, { cause: error });
  }
  throw new Fault('sandbox-failed');
}
