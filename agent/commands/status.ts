import { parseArgs } from 'node:util';
import { acknowledged, Fault, sidelines } from '../../contract/faults.ts';
import type { DestinationHealth, Overview, SourceHealth } from '../../contract/health.ts';
import { entityOf } from '../../contract/record.ts';
import { type CommandLine, faultSentences, table, UsageError, whenText, withAgent } from './command.ts';
import { figuresText } from './figures.ts';
import { megabytes, outboxText } from './outbox.ts';

/** `bellhop status`: how every connection stands. Exit code 1 while something is failing. `--seen CODE` ends a warning that waits for it. */
export async function showStatus(line: CommandLine): Promise<number> {
  const { values } = parseArgs({ args: [...line.arguments], options: { seen: { type: 'string' } } });
  const code = acknowledged.find((one) => one === values.seen);
  if (values.seen !== undefined && code === undefined) throw new UsageError(`--seen takes one of: ${acknowledged.join(', ')}`);
  const { overview, isRunning } = await withAgent(line.home, async (client, running) => {
    if (code !== undefined) await client.alerts.acknowledge({ code });
    return { overview: await client.overview.get({}), isRunning: running };
  });
  line.print({ isRunning, ...overview }, statusText(overview, isRunning));
  return overview.systems.some((system) => system.state === 'failing') ? 1 : 0;
}

function statusText(overview: Overview, isRunning: boolean): string {
  const rows = overview.systems.map((system) => (system.direction === 'source' ? sourceRow(system) : destinationRow(system)));
  const head = isRunning ? 'The agent is running.' : 'The agent is not running: nothing is read or sent until it is started.';
  const systems =
    rows.length === 0 ? 'No connection is set up yet.' : table([['SYSTEM', 'STATE', 'LAST', 'NEXT', 'COUNTS', 'BREAKER'], ...rows]);
  const troubles = overview.systems.flatMap((system) => {
    if (!system.fault) return [];
    const { what, safe, next } = faultSentences(new Fault(system.fault.code, system.fault.detail));
    return [`${system.title}: ${what}\n  ${safe}\n  ${next}`];
  });
  const beside = overview.alerts.flatMap(({ connectionId, fault }) => {
    if (!sidelines.includes(fault.code)) return [];
    const { what, safe, next } = faultSentences(new Fault(fault.code, fault.detail));
    const title = overview.systems.find((system) => system.id === connectionId)?.title ?? (connectionId || 'This PC');
    return [`${title}: ${what}\n  ${safe}\n  ${next}`];
  });
  const incomplete = overview.systems.flatMap((system) => {
    if (system.direction !== 'source') return [];
    return system.waitsFor.map(({ name, missing, of }) => `${system.title} waits for part ${missing.join(', ')} of ${of} of ${name}.`);
  });
  const breakers = overview.systems.flatMap((system) => (system.direction === 'destination' ? breakerText(system, overview.nowMs) : []));
  return [
    head,
    systems,
    `${overview.records} records, ${overview.waiting} waiting, ${overview.setAside} set aside`,
    ...breakers,
    ...shadowsText(overview),
    outboxText(overview.outbox),
    ...[figuresText(overview.figures)].filter((words) => words !== null),
    ...incomplete,
    ...troubles,
    ...beside,
  ].join('\n\n');
}

function sourceRow(system: SourceHealth): string[] {
  const counts = system.entities.map((one) => `${one.records} ${entityOf(one.entity).plural}`).join(', ');
  return [system.title, system.state, whenText(system.lastSyncAtMs), whenText(system.nextSyncAtMs), counts || '-', '-'];
}

function destinationRow(system: DestinationHealth): string[] {
  const bytes = system.waitingBytes > 0 ? ` (${megabytes(system.waitingBytes)})` : '';
  const withheld = system.withheld > 0 ? `, ${system.withheld} not sent on purpose` : '';
  const counts = `${system.confirmed} confirmed, ${system.waiting} waiting${bytes}, ${system.refused} refused${withheld}`;
  const title = system.shadow ? `${system.title} (shadow)` : system.title;
  return [title, system.state, whenText(system.lastConfirmedAtMs), whenText(system.nextTryAtMs), counts, system.breaker];
}

/** Why nothing is sent to a destination at this moment, the failures that led to it, and what waits meanwhile. */
function breakerText(
  { title, held, breaker, failures, nextTryAtMs, waiting, oldestWaitingAtMs }: DestinationHealth,
  nowMs: number,
): string[] {
  if (!held && breaker === 'closed') return [];
  const seconds = nextTryAtMs === null ? null : Math.max(0, Math.ceil((nextTryAtMs - nowMs) / 1000));
  const next = breaker === 'half-open' && !held ? 'it is tried now' : seconds === null ? 'until it is reset' : `next try in ${seconds} s`;
  const why = held
    ? `${title}: stopped by ${held.actorName} on ${whenText(held.heldAtMs)} (${held.reason}); ${next}.`
    : `${title}: paused after ${failures.length} failures; ${next}.`;
  const waits = waiting === 0 ? 'Nothing waits.' : `${waiting} waiting, the oldest since ${whenText(oldestWaitingAtMs)}.`;
  return [
    [
      `${why} ${waits}`,
      ...failures.map(({ atMs, fault }) => `  ${whenText(atMs)}  ${faultSentences(new Fault(fault.code, fault.detail)).what}`),
    ].join('\n'),
  ];
}

/** How each shadow differs from the destination that leads. */
function shadowsText({ systems }: Overview): string[] {
  return systems.flatMap((system) => {
    if (system.direction !== 'destination' || !system.shadow) return [];
    const { leadingTitle, onlyShadowRefused, onlyLeadingRefused, behind, missed } = system.shadow;
    if (leadingTitle === null) return [`${system.title} is a shadow, and there is no destination to compare it with.`];
    const found = `refused by it alone ${onlyShadowRefused}, by ${leadingTitle} alone ${onlyLeadingRefused}, still to come ${behind}, old versions missed ${missed}`;
    return [`${system.title} is a shadow of ${leadingTitle}: ${found}.`];
  });
}
