import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import type { AgentAddress } from './relay.ts';

const RunFile = z.object({ pid: z.int(), pipe: z.string().min(1), token: z.string().min(1) });
const knockTimeoutMs = 2000;

/**
 * Find the agent that already works in a home folder, for instance as a service. It writes `run/agent.json`, readable by its owner.
 * The file may be left from an agent that was killed, and its pid may belong to somebody else by now: only a pipe that
 * answers counts.
 *
 * @returns null when none runs there.
 */
export async function findRunningAgent(home: string): Promise<AgentAddress | null> {
  const text = await readFile(join(home, 'run', 'agent.json'), 'utf8').catch(() => null);
  const run = RunFile.safeParse(text === null ? null : parseOrNull(text));
  return run.success && (await answers(run.data.pipe)) ? { pipe: run.data.pipe, token: run.data.token } : null;
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function answers(pipe: string): Promise<boolean> {
  return new Promise((resolve) => {
    const knock = connect(pipe);
    const end = (isThere: boolean) => {
      knock.destroy();
      resolve(isThere);
    };
    knock.setTimeout(knockTimeoutMs, () => end(false));
    knock.once('connect', () => end(true));
    knock.once('error', () => end(false));
  });
}
