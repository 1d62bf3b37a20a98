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
  'exception',
  'mapping',
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
  'versions',
  'port',
  'home',
  'cause',
  'stack',
]);

type Scrub = readonly [pattern: RegExp, by: string | ((found: string) => string)];

/** What looks like a secret or like a guest, in this order: the address of a login holds something like an e-mail. */
const scrubbed: readonly Scrub[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[secret]'],
  // A parser repeats the text that it could not read.
  [/(?:\.\.\.)?"[\s\S]{0,120}?"(?:\.\.\.)? is not valid JSON/g, '[text] is not valid JSON'],
  [/whsec_[A-Za-z0-9+/=_%-]+/g, '[secret]'],
  [/\b((?:proxy-)?authorization|(?:set-)?cookie)(["']?\s*[:=])[^\n]+/gi, '$1$2 [secret]'],
  [/\b(Bearer|Basic|Digest)\s+[A-Za-z0-9._~+/=-]+/gi, '$1 [secret]'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[secret]'],
  [/((?:token|password|passwd|passwort|pwd|secret|api[-_]?key)["']?\s*[=:.]\s*["']?)[^\s"'&,;})\]]+/gi, '$1[secret]'],
  [/\/\/[^/@\s:]{0,200}:\S{0,500}@/g, '//[secret]@'],
  [/\/\/[^/@\s]{1,500}@/g, '//[secret]@'],
  [/(?<![\p{L}\p{N}._%+'-])[\p{L}\p{N}._%+'-]+(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu, '[e-mail]'],
  [/(?<![\w-]|\w\.)\+?\(?\d(?:[ ()/.\u00a0-]{0,3}\d){8,18}(?!\w|[.-]\w)/g, (found) => (address.test(found) ? found : '[number]')],
];

/** An address of the network says where something is, not who somebody is. */
const address = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Texts that must never appear, exactly as they are: the secrets of this PC, told to the log as they are opened. */
let known: readonly string[] = [];

/** Tell the log a secret, so that it is scrubbed wherever it may turn up, also written as part of an address. */
export function neverLog(secrets: Iterable<string>): void {
  const all = new Set(known);
  for (const secret of secrets) if (secret.length >= 6) all.add(secret).add(encodeURIComponent(secret));
  // The longest first: one that holds another is not left with its end in the open.
  known = [...all].sort((a, b) => b.length - a.length);
}

function scrubText(text: string): string {
  let clean = text;
  for (const secret of known) if (clean.includes(secret)) clean = clean.replaceAll(secret, '[secret]');
  for (const [pattern, by] of scrubbed) clean = typeof by === 'string' ? clean.replace(pattern, by) : clean.replace(pattern, by);
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
    Object.entries(value).map(([key, inner]) => [scrubText(key), typeof inner === 'string' ? scrubText(inner) : '[left out]']),
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
  // A disk that is full or gone must never end the agent because of its log: lines are lost then, records are not.
  roll.on('error', () => undefined);
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
