import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const command = fileURLToPath(new URL('./command.ts', import.meta.url));
/** Says when it is ready, and what it has come to: the end in order takes a while. */
const program = `
  import { ended, untilStopped } from ${JSON.stringify(command)};
  setInterval(() => undefined, 1000);
  const stop = untilStopped();
  process.stdout.write('ready ');
  await ended(stop);
  await new Promise((resolve) => setTimeout(resolve, 500));
  process.stdout.write('ended in order');
  process.exit(0);`;

it.skipIf(process.platform === 'win32').each(['SIGTERM', 'SIGHUP'] as const)(
  'ends in order when %s comes twice, as it does when a terminal is closed',
  async (signal) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    await once(child.stdout, 'data');
    const gone = once(child, 'exit');
    child.kill(signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill(signal);
    expect([await gone, said]).toEqual([[0, null], 'ready ended in order']);
  },
);
