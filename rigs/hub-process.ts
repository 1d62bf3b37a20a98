import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Site } from './site.ts';

/** The sandbox's hub in a process of its own, so that it can have a clock of its own. */
export type HubProcess = { received(): Promise<number>; close(): Promise<void> };

/** Start a hub at the address and with the files of a site's own, which has to be closed. */
export async function startHubProcess({ program, dir, upstream: { url, secret } }: Site, env: NodeJS.ProcessEnv): Promise<HubProcess> {
  const { port } = new URL(url);
  const sandbox = join(dirname(program), 'sandbox.js');
  const args = ['upstream', '--file', join(dir, 'upstream'), '--port', port, '--secret', secret, '--json'];
  const child = spawn(process.execPath, [sandbox, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('ready')) break;
  child.stdout.resume();
  return {
    received: async () => ((await (await fetch(`${url}/sandbox/counts`)).json()) as { received: number }).received,
    close: async () => {
      child.kill('SIGTERM');
      await Promise.race([ended, delay(5000)]);
      child.kill('SIGKILL');
    },
  };
}
