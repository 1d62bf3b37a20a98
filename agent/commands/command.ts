import { Fault, faults, fillText } from '../../contract/faults.ts';
import { Agent } from '../index.ts';
import { apiRouter } from '../runtime/api.ts';
import { readRunFile } from '../runtime/home.ts';
import { type Client, connectWire, directClient } from '../runtime/wire-client.ts';

/** What a command works with. `print` writes one JSON object in --json mode, else the text. */
export type CommandLine = {
  readonly home: string;
  readonly isJson: boolean;
  readonly arguments: readonly string[];
  print(value: Record<string, unknown> | readonly unknown[], text: string): void;
  /** A line about progress, for people only. */
  tell(text: string): void;
  /** Everything of standard input, without the blanks around it. */
  readAll(): Promise<string>;
};

/** Wrong words on the command line: told with the usage, exit code 2. */
export class UsageError extends Error {}

/**
 * Call the agent of a home: the one that is running, over its pipe; when none is, one that is opened for this command alone.
 * In both cases the same router answers.
 */
export async function withAgent<T>(home: string, use: (client: Client, isRunning: boolean) => Promise<T>): Promise<T> {
  const run = readRunFile(home);
  if (run) {
    const wire = await connectWire(run).catch(() => null);
    if (wire) {
      try {
        return await use(wire.client, true);
      } finally {
        wire.close();
      }
    }
  }
  const agent = await Agent.start(home, { withLoops: false });
  try {
    return await use(directClient(apiRouter(agent)), false);
  } finally {
    await agent.stop();
  }
}

/** Find the fault in whatever a command ended in: thrown here, or answered over the wire. */
export function faultOf(error: unknown): Fault | null {
  if (error instanceof Fault) return error;
  const data = (error as { code?: string; data?: { code?: string; detail?: Record<string, string> } } | null)?.data;
  return data?.code && data.code in faults ? new Fault(data.code as Fault['code'], data.detail ?? {}) : null;
}

/** What happened, what was kept safe, what to do next. */
export function faultSentences(fault: Fault): { what: string; safe: string; next: string } {
  const { what, safe, next } = faults[fault.code];
  return { what: fillText(what, fault.detail), safe: fillText(safe, fault.detail), next: fillText(next, fault.detail) };
}

/** Write columns as aligned text. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A moment in the clock of this PC, or a dash. */
export function whenText(atMs: number | null): string {
  return atMs === null ? '-' : new Date(atMs).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}
