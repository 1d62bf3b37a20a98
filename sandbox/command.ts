/** The command line was written wrongly; the message says how. */
export class WrongUsage extends Error {}

/** Something a person can mend; the message says what. */
export class Trouble extends Error {}

/**
 * Read a whole number of the command line.
 * @throws {WrongUsage} when it is none, or below `least`.
 */
export function wholeNumber(text: string, { name, least = 0 }: { readonly name: string; readonly least?: number }): number {
  if (!/^\d{1,15}$/.test(text) || Number(text) < least)
    throw new WrongUsage(`${name} wants a whole number from ${least} up, not "${text}"`);
  return Number(text);
}

/**
 * Read an option that must be there.
 * @throws {WrongUsage} when it is missing.
 */
export function required(text: string | undefined, name: string): string {
  if (text === undefined || text === '') throw new WrongUsage(`${name} is missing`);
  return text;
}

/** Give a signal that ends with Ctrl+C, when whoever started us stops or goes away, or after `afterMs` where that is given. */
export function untilStopped(afterMs?: number): AbortSignal {
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once('SIGINT', end);
  // To a group they come twice, once from whoever started us: the second must not cut the end short and leave an agent behind.
  for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, end);
  // Nobody listens any more: finish properly, or the processes started from here would be left behind.
  process.stdout.on('error', end);
  if (afterMs !== undefined) {
    const timer = setTimeout(end, afterMs);
    stop.signal.addEventListener('abort', () => clearTimeout(timer));
  }
  return stop.signal;
}

/** Wait for the end of a signal. A bare listener would not keep the process alive; a server or a loop beside it does. */
export async function ended(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Write what happened: one JSON object a line for programs, a sentence for people. */
export function tell({
  json,
  event,
  text,
}: {
  readonly json: boolean;
  readonly event: Record<string, unknown>;
  readonly text: string;
}): void {
  process.stdout.write(json ? `${JSON.stringify(event)}\n` : `${text}\n`);
}
