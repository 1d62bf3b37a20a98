import { parseArgs } from 'node:util';
import { type LeavingDestination, type LeavingReport, leavingRules, type PersonalKind } from '../../contract/leaves.ts';
import { entityNames } from '../../contract/record.ts';
import type { Client } from '../runtime/wire-client.ts';
import { type CommandLine, table, UsageError, whenText, withAgent } from './command.ts';

/** `bellhop leaves`: what leaves this hotel; `bellhop leaves set` says how a field leaves. */
export async function manageLeaves(line: CommandLine): Promise<number> {
  return line.arguments[0] === 'set' ? setRule(line, line.arguments.slice(1)) : list(line);
}

const personalWords: Record<PersonalKind, string> = {
  identity: 'names a person',
  writing: 'may hold anything',
  about: 'about a person',
  none: '-',
};

async function list(line: CommandLine): Promise<number> {
  const { values } = parseArgs({ args: [...line.arguments], options: { destination: { type: 'string' } } });
  const report = await withAgent(line.home, (client) => client.leaves.report({}));
  const destinations = values.destination === undefined ? report.destinations : [destinationOf(report, values.destination)];
  line.print({ ...report, destinations }, reportText({ ...report, destinations }));
  return 0;
}

function destinationOf({ destinations }: LeavingReport, id: string): LeavingDestination {
  const found = destinations.find((one) => one.id === id);
  if (!found) throw new UsageError(`this names a destination: ${destinations.map((one) => one.id).join(', ') || 'none is set up'}`);
  return found;
}

function reportText({ always, destinations }: LeavingReport): string {
  if (destinations.length === 0) return 'No destination is set up: nothing leaves this hotel.';
  return [...destinations.map(destinationText), `On every record, and always: ${always.join(', ')}.`].join('\n\n');
}

function destinationText({ id, title, entities, beside }: LeavingDestination): string {
  const rows = entities.flatMap(({ entity, fields }) =>
    fields.map(({ name, personal, sample, rule, sinceMs, actorName }) => [
      entity,
      name,
      personalWords[personal],
      sample ?? '-',
      rule,
      whenText(sinceMs),
      actorName ?? '-',
    ]),
  );
  const said = [
    ...(beside.heartbeat.length > 0 ? [`Heartbeat, once a minute: ${beside.heartbeat.join(', ')}.`] : []),
    ...(beside.question.length > 0 ? [`Question for the newest generation: ${beside.question.join(', ')}.`] : []),
  ];
  return [
    `${title} (${id})`,
    table([['KIND', 'FIELD', 'PERSONAL', 'SAMPLE, MASKED', 'RULE', 'SINCE', 'BY'], ...rows]),
    ...said,
    'Nothing else leaves for it.',
  ].join('\n');
}

async function setRule(line: CommandLine, given: readonly string[]): Promise<number> {
  const [id = '', kind, field = '', word] = given;
  const entity = entityNames.find((one) => one === kind);
  const rule = leavingRules.find((one) => one === word);
  if (given.length !== 4 || !entity || !rule) {
    throw new UsageError(
      `leaves set takes a destination, a kind (${entityNames.join(', ')}), a field and a rule (${leavingRules.join(', ')})`,
    );
  }
  const saved = await withAgent(line.home, async (client: Client) => {
    const { version } = destinationOf(await client.leaves.report({}), id);
    return client.leaves.save({ id, entity, rules: { [field]: rule }, version });
  });
  const now = saved.entities.find((one) => one.entity === entity)?.fields.find(({ name }) => name === field);
  line.print({ ...now }, `${saved.title}: ${entity} ${field} ${rule}, from the next record on. What was sent before stays there as it is.`);
  return 0;
}
