import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import buildRoll from 'pino-roll';
import { fillText } from '../../contract/faults.ts';

/** The only fields that a log line may hold besides level, time and text. Anything else is left out, whatever is handed in. */
const allowedFields = new Set([
  'level',
  'time',
  'pid',
  'msg',
  'correlationId',
  'connectionId',
  'code',
  'detail',
  'actor',
  'call',
  'file',
  'rows',
  'kept',
  'unchanged',
  'deadLetters',
  'bytes',
  'tookMs',
  'waitMs',
  'count',
  'version',
  'port',
  'home',
  'cause',
  'stack',
]);

const scrubbed: readonly (readonly [RegExp, string])[] = [
  [/whsec_[A-Za-z0-9+/=_-]+/g, '[secret]'],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi, '$1 [secret]'],
  [/(token[=.:]\s*)[A-Za-z0-9._~+/=-]+/gi, '$1[secret]'],
  [/\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b/g, '[e-mail]'],
  [/\/\/[^/@\s:]+:[^/@\s]+@/g, '//[secret]@'],
  [/(?<![\w.-])\+?\d(?:[ ()/-]?\d){8,18}(?![\w.-])/g, '[number]'],
];

/** Texts that must never appear, exactly as they are: the secrets of this PC, told to the log as they are opened. */
const known = new Set<string>();

/** Tell the log a secret, so that it is scrubbed wherever it may turn up. */
export function neverLog(secrets: Iterable<string>): void {
  for (const secret of secrets) if (secret.length >= 6) known.add(secret);
}

function scrubText(text: string): string {
  let clean = text;
  for (const secret of known) if (clean.includes(secret)) clean = clean.replaceAll(secret, '[secret]');
  for (const [pattern, by] of scrubbed) clean = clean.replace(pattern, by);
  return clean;
}

/** Clean one log line: allowed fields only, and every text in them scrubbed. Exported for the tests that try to get past it. */
export function cleanLine(line: string): string {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const clean: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(entry)) if (allowedFields.has(name)) clean[name] = scrubValue(value, name);
  return `${JSON.stringify(clean)}\n`;
}

function scrubValue(value: unknown, name: string): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'number') return value;
  if (typeof value !== 'object' || value === null) return value;
  // Only the detail of a fault is an object: flat, and made of texts.
  if (name !== 'detail') return '[left out]';
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, typeof inner === 'string' ? scrubText(inner) : '[left out]']),
  );
}

/** The agent's log: JSON lines, one file a day, kept 90 days (HI-239), cleaned at the last step before the disk. */
export async function openLog(home: string): Promise<{ log: Logger; close: () => void }> {
  const roll = await buildRoll({
    file: join(home, 'logs', 'agent'),
    extension: '.log',
    frequency: 'daily',
    mkdir: true,
    limit: { count: 90, removeOtherLogFiles: true },
  });
  const log = pino({ base: { pid: process.pid } }, { write: (line: string) => void roll.write(cleanLine(line)) });
  return { log, close: () => roll.end() };
}

/** The fields under which an error is logged: its name and words, never what a driver hung on it. */
export function errorFields(error: unknown): { code?: string; detail?: Record<string, string>; cause?: string; stack?: string } {
  if (!(error instanceof Error)) return { cause: typeof error };
  const { code, detail } = error as { code?: unknown; detail?: Record<string, string> };
  const cause = error.cause instanceof Error ? `${error.cause.name}: ${fillText(error.cause.message, {})}` : undefined;
  return {
    ...(typeof code === 'string' ? { code } : {}),
    ...(detail && typeof detail === 'object' ? { detail } : {}),
    ...(cause ? { cause } : {}),
    ...(error.stack ? { stack: error.stack } : {}),
  };
}
