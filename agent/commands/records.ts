import { parseArgs } from 'node:util';
import { Fault } from '../../contract/faults.ts';
import { decimalText } from '../../contract/money.ts';
import { visibleText } from '../../contract/raw-bytes.ts';
import { type EntityName, entityNames, entityOf } from '../../contract/record.ts';
import { differences, ownFields } from '../../contract/record-difference.ts';
import {
  type OpenedRecord,
  type RecordPage,
  type RecordQuery,
  type RecordSort,
  type RecordVersion,
  recordSorts,
} from '../../contract/record-view.ts';
import type { Client } from '../runtime/wire-client.ts';
import { type CommandLine, table, UsageError, whenText, withAgent } from './command.ts';
import { otherSourcesText, withheldText } from './same-records.ts';

const mostInPage = 500;
const text = { type: 'string' } as const;

/** `bellhop records list|show`: what is kept, and where one record stands. */
export async function showRecords(line: CommandLine): Promise<number> {
  const [what, ...rest] = line.arguments;
  switch (what) {
    case 'list':
    case undefined:
      return listRecords(line, rest);
    case 'show':
      return showRecord(line, rest);
    default:
      throw new UsageError(`records ${what} is not known: list or show`);
  }
}

const isOneOf = <T extends string>(all: readonly T[], given: string): given is T => (all as readonly string[]).includes(given);

async function listRecords(line: CommandLine, rest: readonly string[]): Promise<number> {
  const options = {
    kind: { ...text, default: 'booking' },
    search: text,
    status: text,
    from: text,
    to: text,
    sort: { ...text, default: 'kept' },
  };
  const { values } = parseArgs({
    args: [...rest],
    options: { ...options, up: { type: 'boolean', default: false }, limit: { ...text, default: '50' } },
  });
  if (!isOneOf(entityNames, values.kind)) throw new UsageError(`--kind is one of ${entityNames.join(', ')}`);
  if (!isOneOf<RecordSort>(recordSorts, values.sort)) throw new UsageError(`--sort is one of ${recordSorts.join(', ')}`);
  if (!/^[1-9]\d{0,6}$/.test(values.limit)) throw new UsageError('--limit takes how many records to show');
  for (const day of [values.from, values.to])
    if (day !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new UsageError('--from and --to take a day, such as 2026-03-01');
  const query: RecordQuery = {
    entity: values.kind,
    search: values.search,
    state: values.status,
    dayFrom: values.from,
    dayTo: values.to,
    sort: values.sort,
    direction: values.up ? 'up' : 'down',
  };
  const page = await withAgent(line.home, (client) => first(client, query, Number(values.limit)));
  line.print(page, listText(page, values.kind));
  return 0;
}

/** As many as are asked for, page by page of the same list. */
async function first(client: Client, query: RecordQuery, limit: number): Promise<RecordPage> {
  const page = await client.records.list({ ...query, limit: Math.min(limit, mostInPage) });
  const rows = [...page.rows];
  while (rows.length < Math.min(limit, page.total)) {
    const next = await client.records.list({
      ...query,
      view: page.view,
      offset: rows.length,
      limit: Math.min(limit - rows.length, mostInPage),
    });
    if (next.rows.length === 0) break;
    rows.push(...next.rows);
  }
  return { ...page, rows };
}

const oneLine = (cell: string) => visibleText(cell).replaceAll(/[\n\t]/g, ' ');

function listText({ rows, total, sums }: RecordPage, kind: EntityName): string {
  if (total === 0) return `No ${entityOf(kind).name} is kept that fits.`;
  const head = ['KEY', 'NAME', 'DAY', 'UNTIL', 'STATUS', 'PLACE', 'AMOUNT', 'KEPT'];
  const cells = rows.map((row) => [
    row.externalId,
    row.title ?? '-',
    row.day ?? '-',
    row.until ?? '-',
    row.state ?? '-',
    row.place ?? '-',
    row.amountMinor === null || row.currency === null ? '-' : `${decimalText(row.amountMinor, row.currency)} ${row.currency}`,
    whenText(row.keptAtMs),
  ]);
  const inAll = sums.map(({ sumMinor, currency }) => `${decimalText(BigInt(sumMinor), currency)} ${currency}`);
  const shown = rows.length < total ? `${rows.length} of ${total} shown; --limit N shows more.` : `${total} in all.`;
  return `${table([head, ...cells.map((row) => row.map(oneLine))])}\n\n${[shown, ...inAll].join(' ')}`;
}

async function showRecord(line: CommandLine, rest: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...rest],
    allowPositionals: true,
    options: { kind: { ...text, default: 'booking' } },
  });
  const [key = '', ...more] = positionals;
  if (key === '' || more.length > 0) throw new UsageError('records show takes the key of one record, such as a confirmation number');
  const { kind } = values;
  if (!isOneOf(entityNames, kind)) throw new UsageError(`--kind is one of ${entityNames.join(', ')}`);
  const records = await withAgent(line.home, async (client) => {
    const { rows } = await client.records.list({ entity: kind, key });
    if (rows.length === 0) throw new Fault('record-not-found', { key });
    return Promise.all(rows.map(({ ledgerId, externalId }) => client.records.get({ ledgerId, externalId })));
  });
  line.print(records, records.map(recordText).join('\n\n'));
  return 0;
}

const valueText = (value: unknown) => (value === undefined ? '-' : oneLine(typeof value === 'string' ? value : JSON.stringify(value)));

function recordText({ entity, source, hotelId, otherSources, rule, versions, total, areOlderPruned }: OpenedRecord): string {
  const fields = ownFields(versions[0]?.record ?? {}).map(([field, value]) => [`  ${field}`, valueText(value)]);
  const history = versions.map((version, at) => versionText(version, versions[at + 1] ?? null, total - at));
  const others = otherSourcesText(otherSources, rule);
  const more = [
    ...(versions.length < total ? ['Older versions are kept and not shown.'] : []),
    ...(areOlderPruned ? ['Older versions were removed when they had been kept for long enough.'] : []),
  ];
  return [`${entity} of ${source}, ${hotelId}`, ...(others === null ? [] : [others]), `${table(fields)}\n`, ...history, ...more].join('\n');
}

const sideOf = { confirmed: 'by', refused: 'by', waiting: 'for', withheld: 'from' } as const;

function versionText(version: RecordVersion, before: RecordVersion | null, number: number): string {
  const said = version.deliveries.map(
    ({ title, isShadow, state, atMs, withheld }) =>
      `  ${state} ${sideOf[state]} ${title}${isShadow ? ', a shadow' : ''}${atMs === null ? '' : `, ${whenText(atMs)}`}${withheld ? `: ${withheldText(withheld)}` : ''}`,
  );
  const changes = before ? differences(before.record, version.record) : [];
  const changed = changes.map((one) => `  ${one.field}: ${valueText(one.before)} -> ${valueText(one.after)}`);
  const from = version.fileName === null ? '' : `, ${oneLine(version.fileName)}:${version.line}`;
  return [
    `Version ${number} (${version.generation}/${version.version}), kept ${whenText(version.keptAtMs)}${from}${version.reason === 'figures' ? ', for the figures of its guest' : ''}`,
    ...changed,
    ...said,
  ].join('\n');
}
