import { once } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Connection } from '../../contract/connection.ts';
import { type EntityName, entityNames } from '../../contract/record.ts';
import { doneOf, type Resend, type ResendRehearsal, type ResendSelection } from '../../contract/resend.ts';
import type { Client } from '../runtime/wire-client.ts';
import { type CommandLine, table, UsageError, whenText, withAgent } from './command.ts';

const text = { type: 'string' } as const;
const options = {
  to: { ...text, multiple: true },
  from: text,
  'to-day': text,
  by: { ...text, default: 'kept' },
  entity: text,
  key: { ...text, multiple: true },
  all: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
} as const;

/** `bellhop resend`: sends records again, by days or by key; `bellhop resend list|pause|resume|cancel` looks after what was ordered. */
export async function resendRecords(line: CommandLine): Promise<number> {
  const [what, id] = line.arguments;
  if (what === 'list') return listOrders(line);
  if (what === 'pause' || what === 'resume' || what === 'cancel') return changeOrder(line, what, id);
  const { values } = parseArgs({ args: [...line.arguments], options });
  // A day after --to is the last day, anything else a destination.
  const isDay = (one: string) => /^\d{4}-\d{2}-\d{2}$/.test(one);
  const to = values['to-day'] ?? values.to?.find(isDay);
  const named = values.to?.filter((one) => !isDay(one)) ?? [];
  const isRange = values.all || values.from !== undefined || to !== undefined;
  if (isRange === (values.key !== undefined)) throw new UsageError('resend takes --from and --to with days, or --key, or --all');
  for (const day of [values.from, to])
    if (day !== undefined && !isDay(day)) throw new UsageError('--from and --to take a day, such as 2026-03-01');
  if (values.by !== 'kept' && values.by !== 'stay') throw new UsageError('--by is kept or stay');
  const entity = entityNames.find((one) => one === values.entity);
  if (values.entity !== undefined && !entity) throw new UsageError(`--entity is one of ${entityNames.join(', ')}`);
  const { by, from } = values;
  return withAgent(line.home, async (client, isRunning) => {
    const selection: ResendSelection =
      values.key === undefined
        ? { kind: 'range', by, ...(entity ? { entity } : {}), ...(from ? { from } : {}), ...(to ? { to } : {}) }
        : { kind: 'records', keys: await keysOf(client, values.key, entity) };
    const destinations = await destinationsOf(client, named);
    // All at once: a destination that is down must not keep the others from getting theirs.
    const ends = destinations.map((destination) =>
      values['dry-run'] ? rehearse(line, client, destination, selection) : send(line, client, { destination, selection, isRunning }),
    );
    return Math.max(...(await Promise.all(ends)));
  });
}

/** The destinations that are named, else all there are. */
async function destinationsOf(client: Client, ids: readonly string[]): Promise<Connection[]> {
  const all = (await client.connections.list({})).filter(({ direction }) => direction === 'destination');
  if (all.length === 0) throw new UsageError('no destination is set up');
  if (ids.length === 0) return all;
  return ids.map((id) => {
    const found = all.find((one) => one.id === id);
    if (!found) throw new UsageError(`--to names a destination: ${all.map((one) => one.id).join(', ')}`);
    return found;
  });
}

/** Find records by their keys, in one kind or in every kind. */
async function keysOf(client: Client, keys: readonly string[], entity: EntityName | undefined) {
  const found = [];
  for (const key of keys) {
    const before = found.length;
    for (const kind of entity ? [entity] : entityNames) {
      const { rows } = await client.records.list({ entity: kind, key, limit: 500 });
      found.push(...rows.map(({ ledgerId, externalId }) => ({ ledgerId, externalId })));
    }
    if (found.length === before) throw new UsageError(`no record is kept under the key ${key}`);
  }
  return found;
}

const toTerminal = (line: CommandLine, words: string) => {
  if (!line.isJson && process.stderr.isTTY) process.stderr.write(`\r${words}  `);
};

async function rehearse(line: CommandLine, client: Client, { id, title }: Connection, selection: ResendSelection): Promise<number> {
  let last: ResendRehearsal | null = null;
  for await (const step of await client.resends.rehearse({ destinationId: id, selection })) {
    last = step;
    toTerminal(line, `${step.scanned} of ${step.toScan}`);
  }
  if (last === null) return 1;
  line.print({ isDryRun: true, destinationId: id, ...last }, rehearsalText(title, last));
  return 0;
}

function rehearsalText(title: string, found: ResendRehearsal): string {
  const { bytes, ms } = found.estimate;
  const lines: [number, string][] = [
    [found.insert, 'it has never confirmed'],
    [found.update, 'it has confirmed in an older state'],
    [found.skip, 'it has confirmed as they are: it keeps what it has'],
    [found.onItsWay, 'on the way for the first time, not sent twice'],
    [found.withheld, 'kept back by a rule or a share, not sent'],
  ];
  const changes = found.samples.flatMap(({ externalId, changes: each }) =>
    each.map(({ field, before, after: then }) => `  ${externalId} ${field}: ${before ?? '-'} -> ${then ?? '-'}`),
  );
  const size = bytes === null ? 'unknown' : `about ${bytes} bytes`;
  const time = ms === null ? 'how long it takes is not known yet' : `about ${Math.ceil(ms / 1000)} s at the rate measured`;
  return [
    `A rehearsal: nothing was sent. Of ${found.total} records, by what ${title} has confirmed:`,
    ...lines.filter(([count]) => count > 0).map(([count, words]) => `  ${count} ${words}`),
    ...(found.refused > 0 ? [`  ${found.refused} of them it has refused before`] : []),
    `To send: ${found.total - found.onItsWay - found.withheld} records, ${size}; ${time}.`,
    ...changes,
  ].join('\n');
}

type Sending = { readonly destination: Connection; readonly selection: ResendSelection; readonly isRunning: boolean };

async function send(line: CommandLine, client: Client, { destination, selection, isRunning }: Sending): Promise<number> {
  const order = await client.resends.order({ destinationId: destination.id, selection });
  if (!isRunning || destination.isPaused) {
    line.print(order, `Order no. ${order.id}: ${order.total} records.`);
    line.tell(
      isRunning
        ? `${destination.title} is paused: what was ordered is sent when it goes on.`
        : 'The agent is not running: what was ordered is sent when it is started.',
    );
    return 0;
  }
  const ended = await followed(line, client, order, destination.title);
  line.print(ended, orderText(ended));
  return ended.state === 'done' && ended.refused + ended.damaged === 0 ? 0 : 1;
}

/** Follow an order to its end. Ctrl+C cancels it; a second one leaves it to the agent. */
async function followed(line: CommandLine, client: Client, order: Resend, title: string): Promise<Resend> {
  const interrupted = new AbortController();
  const onInterrupt = () => interrupted.abort();
  process.once('SIGINT', onInterrupt);
  line.tell(`Order no. ${order.id}: ${order.total} records go to ${title} again. Ctrl+C cancels it; what was sent stands.`);
  try {
    for (let now = order; ; ) {
      if (now.state === 'done' || now.state === 'cancelled') return now;
      toTerminal(line, `${doneOf(now)} of ${now.total}`);
      if (interrupted.signal.aborted) now = await client.resends.cancel({ id: order.id });
      else {
        await Promise.race([after(250), once(interrupted.signal, 'abort')]);
        now = (await client.resends.list({ limit: 200 })).find(({ id }) => id === order.id) ?? now;
      }
    }
  } finally {
    process.removeListener('SIGINT', onInterrupt);
  }
}

function orderText(order: Resend): string {
  const lines: [number, string][] = [
    [order.confirmed, 'confirmed'],
    [order.refused, 'refused: they are set aside'],
    [order.newer, 'have changed since and went out by themselves'],
    [order.onItsWay, 'were on their way already'],
    [order.withheld, 'were kept back by a rule or a share'],
    [order.damaged, 'could not be read: their place in the database is damaged'],
  ];
  return [
    `Order no. ${order.id} ${order.state === 'done' ? 'is done' : `is ${order.state}`}: ${doneOf(order)} of ${order.total} records.`,
    ...lines.filter(([count]) => count > 0).map(([count, words]) => `  ${count} ${words}`),
  ].join('\n');
}

async function listOrders(line: CommandLine): Promise<number> {
  const orders = await withAgent(line.home, (client) => client.resends.list({ limit: 200 }));
  const rows = orders.map((one) => [
    String(one.id),
    whenText(one.orderedAtMs),
    one.destinationId,
    one.selection.kind,
    one.state,
    `${doneOf(one)} of ${one.total}`,
    String(one.refused),
  ]);
  const head = ['NO', 'ORDERED', 'TO', 'WHAT', 'STATE', 'DONE', 'REFUSED'];
  line.print(orders, rows.length === 0 ? 'Nothing was ordered to be sent again.' : table([head, ...rows]));
  return 0;
}

async function changeOrder(line: CommandLine, how: 'pause' | 'resume' | 'cancel', given: string | undefined): Promise<number> {
  if (!/^[1-9]\d{0,14}$/.test(given ?? '')) throw new UsageError(`resend ${how} takes the number of an order`);
  const order = await withAgent(line.home, (client) => client.resends[how]({ id: Number(given) }));
  line.print(order, orderText(order));
  return 0;
}
