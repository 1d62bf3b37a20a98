import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { type Connection, ConnectionDraft } from '../../contract/connection.ts';
import { Fault } from '../../contract/faults.ts';
import type { Client } from '../runtime/wire-client.ts';
import { type CommandLine, faultSentences, table, UsageError, withAgent } from './command.ts';
import { showRuns } from './runs.ts';
import { callGone, compare, showTables } from './source-tables.ts';

/** `bellhop connections add|list|test|key|letter|take-over|trip|reset|shadow|share|runs|tables|compare|gone|remove`. */
export async function manageConnections(line: CommandLine): Promise<number> {
  const [what, ...rest] = line.arguments;
  switch (what) {
    case 'list':
    case undefined:
      return listConnections(line);
    case 'add':
      return addConnection(line, rest);
    case 'test':
      return testConnection(line, rest);
    case 'remove':
      return removeConnection(line, one(rest, 'remove'));
    case 'key':
      return showKey(line, rest);
    case 'letter':
      return showLetter(line, one(rest, 'letter'));
    case 'take-over':
      return takeOver(line, one(rest, 'take-over'));
    case 'runs':
      return showRuns(line, rest);
    case 'tables':
      return showTables(line, one(rest, 'tables'));
    case 'compare':
      return compare(line, one(rest, 'compare'));
    case 'gone':
      return callGone(line, rest);
    case 'shadow':
      return setShadow(line, rest);
    case 'share':
      return setShare(line, rest);
    case 'trip':
      return trip(line, rest);
    case 'reset':
      return reset(line, one(rest, 'reset'));
    default:
      throw new UsageError(
        `connections ${what} is not known: add, list, test, key, letter, take-over, trip, reset, shadow, share, runs, tables, compare, gone or remove`,
      );
  }
}

function one(rest: readonly string[], command: string): string {
  const [id] = rest;
  if (!id || rest.length > 1) throw new UsageError(`connections ${command} takes the id of one connection`);
  return id;
}

async function listConnections(line: CommandLine): Promise<number> {
  const list = await withAgent(line.home, (client) => client.connections.list({}));
  const rows = list.map((connection) => [connection.id, connection.title, connection.direction, connection.kind, stateText(connection)]);
  line.print(list, rows.length === 0 ? 'No connection is set up yet.' : table([['ID', 'TITLE', 'DIRECTION', 'KIND', 'STATE'], ...rows]));
  return 0;
}

function stateText({ isPaused, isShadow = false, sharePercent = 100 }: Connection): string {
  const more = [...(isShadow ? ['shadow'] : []), ...(sharePercent < 100 ? [`${sharePercent} % of the records`] : [])];
  return [isPaused ? 'paused' : 'on', ...more].join(', ');
}

/** The file holds everything but secrets; those come from standard input as one JSON object, or are asked for. */
async function addConnection(line: CommandLine, rest: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...rest],
    allowPositionals: true,
    options: { 'secrets-stdin': { type: 'boolean', default: false } },
  });
  const [file] = positionals;
  if (!file || positionals.length > 1) throw new UsageError('connections add takes one JSON file, or - for standard input');
  const given = readJson(file);
  if (given !== null && typeof given === 'object' && 'secrets' in given) {
    throw new UsageError('a configuration file holds no secrets: leave "secrets" out, and enter them when asked or with --secrets-stdin');
  }
  const draft = ConnectionDraft.safeParse(given);
  if (!draft.success) throw new Fault('input-wrong', { detail: draft.error.issues[0]?.message ?? 'the file is no connection' });
  const connection = await withAgent(line.home, async (client) => {
    const secrets = values['secrets-stdin'] ? secretsOf(readJson('-')) : await askSecrets(client, draft.data.kind);
    return client.connections.add({ ...draft.data, secrets });
  });
  line.print(connection, `Added ${connection.title} as ${connection.id}.`);
  return 0;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    throw new Fault('input-wrong', { detail: `${file === '-' ? 'standard input' : file} is no JSON` }, { cause: error });
  }
}

function secretsOf(given: unknown): Record<string, string> {
  if (typeof given !== 'object' || given === null || Object.values(given).some((value) => typeof value !== 'string')) {
    throw new Fault('input-wrong', { detail: 'secrets are one JSON object of texts' });
  }
  return given as Record<string, string>;
}

/** Ask for each secret of the kind without showing what is typed. Without a terminal nothing can be asked. */
async function askSecrets(client: Client, kind: string): Promise<Record<string, string>> {
  const found = (await client.systems.kinds({})).find((system) => system.kind === kind);
  const properties = (found?.settingsSchema.properties ?? {}) as Record<string, { title?: string; 'x-secret'?: boolean }>;
  const fields = Object.entries(properties).filter(([, field]) => field['x-secret']);
  if (fields.length === 0 || !process.stdin.isTTY) return {};
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  const secrets: Record<string, string> = {};
  try {
    for (const [name, field] of fields) {
      process.stderr.write(`${field.title ?? name}: `);
      secrets[name] = (await terminal.question('')).trim();
      process.stderr.write('\n');
    }
  } finally {
    terminal.close();
  }
  return secrets;
}

async function testConnection(line: CommandLine, rest: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...rest],
    allowPositionals: true,
    options: { 'site-report': { type: 'boolean', default: false } },
  });
  const [first, file, ...more] = positionals;
  if (values['site-report'] && first && more.length === 0) return writeSiteReport(line, first, file);
  const id = one(positionals, 'test');
  return withAgent(line.home, async (client) => {
    let hasFailed = false;
    for await (const step of await client.connections.test({ id })) {
      if (step.state === 'running') continue;
      hasFailed ||= step.state === 'failed';
      const took = step.tookMs === null ? '' : `  ${step.tookMs} ms`;
      const fault = step.fault ? faultSentences(new Fault(step.fault.code, step.fault.detail)) : null;
      line.print(
        step,
        `${step.state.padEnd(8)} ${step.title}${took}${step.found ? `: ${step.found}` : ''}${fault ? `\n  ${fault.what}\n  ${fault.next}` : ''}`,
      );
    }
    return hasFailed ? 1 : 0;
  });
}

/** Write the report on a system that was never seen before: into a file, or as it is. */
async function writeSiteReport(line: CommandLine, id: string, file: string | undefined): Promise<number> {
  const report = await withAgent(line.home, (client) => client.connections.siteReport({ id }));
  if (file === undefined) line.print(report, report.text.trimEnd());
  else {
    writeFileSync(file, report.text);
    line.print({ ...report, file }, `Written to ${file}. It holds counts and codes alone, nothing of a guest.`);
  }
  return 0;
}

/** Show the half of a key that is for the other side; with --new make one. The private half is never shown. */
async function showKey(line: CommandLine, rest: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...rest],
    allowPositionals: true,
    options: { new: { type: 'boolean', default: false } },
  });
  const id = one(positionals, 'key');
  return withAgent(line.home, async (client) => {
    const connection = (await client.connections.list({})).find((each) => each.id === id);
    if (!connection) throw new Fault('connection-not-found', { id });
    const [field] = await madeHere(client, connection.kind);
    if (!field) throw new Fault('input-wrong', { detail: `${connection.title} has no key that could be made here` });
    if (values.new) {
      const { reference } = await client.connections.makeSecret({ kind: connection.kind, field });
      const { kind, title, settings, schedule } = connection;
      await client.connections.change({ id, kind, title, settings, schedule, secrets: { [field]: reference } });
    }
    const { handOver } = await client.connections.handOver({ id, field });
    if (handOver === null) throw new Fault('input-wrong', { detail: `${connection.title} has no key yet: make one with --new` });
    line.print({ id, handOver }, handOver);
    return 0;
  });
}

/** The secrets of a kind that the agent can make by itself. */
async function madeHere(client: Client, kind: string): Promise<string[]> {
  const found = (await client.systems.kinds({})).find((system) => system.kind === kind);
  const properties = (found?.settingsSchema.properties ?? {}) as Record<string, { 'x-made-here'?: boolean }>;
  return Object.keys(properties).filter((name) => properties[name]?.['x-made-here']);
}

/** Print the script for the administrator of the other side, and nothing else: it can be written into a file as it comes. */
async function showLetter(line: CommandLine, id: string): Promise<number> {
  const letter = await withAgent(line.home, (client) => client.connections.letter({ id }));
  line.print(letter, letter.text.trimEnd());
  return 0;
}

async function takeOver(line: CommandLine, id: string): Promise<number> {
  await withAgent(line.home, (client) => client.connections.takeOver({ id }));
  line.print(
    { takenOver: id },
    `This PC sends for the hotel now. What waits for ${id} follows, and every record is sent again when it is next read.`,
  );
  return 0;
}

async function trip(line: CommandLine, rest: readonly string[]): Promise<number> {
  const options = { reason: { type: 'string' }, 'until-trial': { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ args: [...rest], allowPositionals: true, options });
  const id = one(positionals, 'trip');
  const { reason, 'until-trial': isTrial } = values;
  if (!reason) throw new UsageError('connections trip takes --reason TEXT: it is shown and written down');
  await withAgent(line.home, (client) => client.connections.tripBreaker({ id, reason, until: isTrial ? 'trial' : 'reset' }));
  const goesOn = isTrial ? 'It is tried again in a minute.' : `It goes on with: bellhop connections reset ${id}`;
  line.print({ tripped: id }, `Nothing more is sent to ${id}. What comes in waits here. ${goesOn}`);
  return 0;
}

async function setShadow(line: CommandLine, rest: readonly string[]): Promise<number> {
  const [id, to, ...more] = rest;
  if (!id || (to !== 'on' && to !== 'off') || more.length > 0)
    throw new UsageError('connections shadow takes the id of a destination, and on or off');
  await withAgent(line.home, (client) => client.connections.setShadow({ id, isShadow: to === 'on' }));
  const now = to === 'on' ? 'gets everything and decides nothing; it holds nobody back' : 'counts like the other destinations';
  line.print({ id, isShadow: to === 'on' }, `${id} ${now}.`);
  return 0;
}

async function setShare(line: CommandLine, rest: readonly string[]): Promise<number> {
  const [id, to, ...more] = rest;
  const percent = Number(to);
  if (!id || !Number.isInteger(percent) || percent < 1 || percent > 100 || more.length > 0)
    throw new UsageError('connections share takes the id of a destination, and how many of a hundred records it gets');
  await withAgent(line.home, (client) => client.connections.setShare({ id, percent }));
  line.print({ id, percent }, `${id} gets ${percent} of a hundred records, always the same ones.`);
  return 0;
}

async function reset(line: CommandLine, id: string): Promise<number> {
  await withAgent(line.home, (client) => client.connections.resetBreaker({ id }));
  line.print({ reset: id }, `Sending to ${id} goes on.`);
  return 0;
}

async function removeConnection(line: CommandLine, id: string): Promise<number> {
  await withAgent(line.home, (client) => client.connections.remove({ id }));
  line.print({ removed: id }, `Removed ${id}. What it has brought stays.`);
  return 0;
}
