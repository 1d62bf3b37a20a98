import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { Fault } from '../contract/faults.ts';
import type { AgentAddress } from './relay.ts';
import { findRunningAgent } from './running-agent.ts';

/** The agent may restart this often in this time; then something is broken that another start does not mend. */
const mostExits = 5;
const exitsWithinMs = 10 * 60_000;
const readyTimeoutMs = 30_000;
const stopTimeoutMs = 10_000;

const ReadyLine = z.object({ event: z.literal('ready'), pipe: z.string().min(1), token: z.string().min(1) });

export type AgentCommand = {
  readonly node: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
};

/**
 * The agent of this PC, as the shell sees it: one that already runs is used and left alone; otherwise one is started as a child,
 * in its own Node, started again when it falls, and stopped when the shell ends.
 */
export class AgentProcess {
  readonly #home: string;
  readonly #command: () => AgentCommand;
  readonly #nowMs: () => number;
  #child: ChildProcess | null = null;
  #starting: Promise<AgentAddress> | null = null;
  #exitsAtMs: number[] = [];
  #isStopping = false;

  /** `command` is asked at every start: what is missing now may have been repaired by the next. */
  constructor(agent: { readonly home: string; readonly command: () => AgentCommand; readonly nowMs?: () => number }) {
    this.#home = agent.home;
    this.#command = agent.command;
    this.#nowMs = agent.nowMs ?? Date.now;
  }

  /**
   * Give the address of a running agent, starting one if there is none. Asking again is cheap; a console does so every 3 s.
   *
   * @throws {Fault} `agent-away` when it does not come up, or has fallen 5 times in 10 minutes; what `command` throws.
   */
  address(): Promise<AgentAddress> {
    if (this.#starting) return this.#starting;
    const starting = this.#find();
    this.#starting = starting;
    starting.catch(() => {
      // A start that failed is forgotten, unless the next one is already on its way.
      if (this.#starting === starting) this.#starting = null;
    });
    return starting;
  }

  /** Forget an address on which nobody answered, so that the next question looks again. A child of ours is not forgotten: it says itself when it goes. */
  forget(): void {
    if (!this.#child) this.#starting = null;
  }

  async #find(): Promise<AgentAddress> {
    return (await findRunningAgent(this.#home)) ?? this.#start();
  }

  async #start(): Promise<AgentAddress> {
    this.#exitsAtMs = this.#exitsAtMs.filter((atMs) => this.#nowMs() - atMs < exitsWithinMs);
    if (this.#isStopping || this.#exitsAtMs.length >= mostExits) throw new Fault('agent-away');
    const { node, args, env } = this.#command();
    const child = spawn(node, args, { env, stdio: ['ignore', 'pipe', 'ignore'], windowsHide: true });
    this.#child = child;
    const fallen = new Promise<void>((resolve) => {
      for (const end of ['error', 'exit'] as const) {
        child.once(end, () => {
          this.#fell(child);
          resolve();
        });
      }
    });
    try {
      return await readyAddress(child);
    } catch (error) {
      // Its output ends before it does: asked again in between, a second one would be started beside it.
      child.kill('SIGKILL');
      await fallen;
      throw error;
    }
  }

  #fell(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#starting = null;
    this.#exitsAtMs.push(this.#nowMs());
    // It works whether anybody looks or not, so it comes back at once; the count above ends a loop of falls.
    if (!this.#isStopping) void this.address().catch(() => undefined);
  }

  /**
   * Stop the agent that was started here; one that was found is left to whoever started it.
   * On Windows there is no gentle signal: the agent is built to be ended at any moment without losing anything.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const tooLong = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await exited;
    clearTimeout(tooLong);
  }
}

/** Wait for the line in which the agent says where it listens. */
async function readyAddress(child: ChildProcess): Promise<AgentAddress> {
  const away = (cause?: unknown) => new Fault('agent-away', {}, { cause });
  if (!child.stdout) throw away();
  const lines = createInterface({ input: child.stdout });
  const tooLong = setTimeout(() => child.kill('SIGKILL'), readyTimeoutMs);
  try {
    for await (const line of lines) {
      const ready = ReadyLine.safeParse(parseOrNull(line));
      if (!ready.success) continue;
      return { pipe: ready.data.pipe, token: ready.data.token };
    }
    throw away();
  } finally {
    clearTimeout(tooLong);
    // What it says later is for its own log; unread, it would fill the pipe and stop the agent.
    child.stdout.resume();
  }
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
