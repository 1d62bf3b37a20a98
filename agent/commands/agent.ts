import { parseArgs } from 'node:util';
import { noteWhereSuspect } from '../check/suspect.ts';
import { Agent } from '../index.ts';
import { policies } from '../resilience/policies.ts';
import { apiRouter } from '../runtime/api.ts';
import { openBrowserDoor, openPipe, Wire } from '../runtime/doors.ts';
import { errorFields } from '../runtime/log.ts';
import { type CommandLine, UsageError } from './command.ts';

/** `bellhop agent`: run the agent until it is told to stop. */
export async function runAgent(line: CommandLine): Promise<number> {
  const { values } = parseArgs({
    args: [...line.arguments],
    options: {
      console: { type: 'boolean', default: false },
      port: { type: 'string', default: '0' },
      'recovery-key-stdin': { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535) throw new UsageError('--port takes a number from 0 to 65535');
  const recoveryKey = values['recovery-key-stdin'] ? await line.readAll() : undefined;
  const agent = await Agent.start(line.home, { withLoops: true, ...(recoveryKey === undefined ? {} : { recoveryKey }) });
  lastResort(agent);
  const wire = new Wire(apiRouter(agent));
  try {
    const pipe = await openPipe(agent.stores.lock, wire);
    const door = values.console ? await openBrowserDoor(agent.stores.lock.token, wire, port) : null;
    agent.stores.lock.announce(agent.version);
    const ready = {
      event: 'ready',
      pid: process.pid,
      home: line.home,
      pipe: agent.stores.lock.pipe,
      token: agent.stores.lock.token,
      ...(door ? { console: door.url } : {}),
    };
    // The token goes to whoever started us and may read our output; people get the address to open.
    line.print(ready, door ? `Bellhop's agent is running.\nOpen the console at  ${door.url}` : "Bellhop's agent is running.");
    await stopAsked(agent);
    line.tell('Stopping: what is under way is finished and kept.');
    wire.close();
    await Promise.all([pipe.close(), door?.close()]);
  } finally {
    await agent.stop();
  }
  return process.exitCode === 1 ? 1 : 0;
}

/**
 * What nobody has caught is logged. A promise that failed ends nothing: what is kept is kept by transactions. An error that was
 * thrown into nowhere leaves us in a state we do not know, so the agent stops in order and is started anew.
 */
function lastResort(agent: Agent): void {
  process.on('unhandledRejection', (error) => {
    noteWhereSuspect(agent.stores.home, error);
    agent.stores.log.error(errorFields(error), 'a promise failed and nobody was waiting for it');
  });
  process.on('uncaughtException', (error) => {
    noteWhereSuspect(agent.stores.home, error);
    agent.stores.log.fatal(errorFields(error), 'the agent stops because of an error of its own');
    process.exitCode = 1;
    agent.requestStop();
  });
}

function stopAsked(agent: Agent): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      // A driver that hangs must not hold up the shutdown of the PC: what is committed is safe either way.
      setTimeout(() => process.exit(1), policies.stopWithinMs).unref();
      resolve();
    };
    process.once('SIGINT', stop);
    // To a group they come twice, once from whoever started us: the second must not cut the end short.
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
    if (agent.signal.aborted) stop();
    else agent.signal.addEventListener('abort', stop, { once: true });
  });
}
