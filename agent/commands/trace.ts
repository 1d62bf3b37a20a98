import { parseArgs } from 'node:util';
import { type ruleIds, rules } from '../../contract/dead-letter.ts';
import { Fault } from '../../contract/faults.ts';
import { visibleText } from '../../contract/raw-bytes.ts';
import { type EntityName, entityNames } from '../../contract/record.ts';
import {
  type Attempt,
  type DeliveryOfTrace,
  type Station,
  type Trace,
  type TraceFound,
  type TraceLetter,
  type TraceQuery,
  traceQueryOf,
} from '../../contract/trace.ts';
import { type CommandLine, faultSentences, table, UsageError, whenText, withAgent } from './command.ts';
import { otherSourcesText, withheldText } from './same-records.ts';

/** So many ways are printed at once; of more, only the list. */
const mostWays = 3;

/** `bellhop trace KEY`: where a record is, by whatever somebody knows of it. Exit code 1 when nothing is found. */
export async function traceRecords(line: CommandLine): Promise<number> {
  const query = queryOf(line.arguments);
  const { found, traces } = await withAgent(line.home, async (client) => {
    const all = await client.trace.find(query);
    const sure =
      all.hits.length <= mostWays
        ? all.hits
        : all.hits.filter(({ by }) => by === 'key' || by === 'number' || by === 'event').slice(0, mostWays);
    const ways = await Promise.all(
      sure.map(({ row: { ledgerId, externalId }, seq }) => client.trace.get({ ledgerId, externalId, ...(seq === null ? {} : { seq }) })),
    );
    return { found: all, traces: ways };
  });
  const isThere = found.hits.length > 0 || found.letters.length > 0;
  const parts = [
    ...traces.map(wayText),
    ...(traces.length === 0 && found.hits.length > 0 ? [hitsText(found)] : []),
    ...(found.letters.length > 0 ? [lettersText(found.letters)] : []),
    ...(isThere ? [] : [absenceText(found)]),
  ];
  line.print({ ...found, traces }, parts.join('\n\n'));
  return isThere ? 0 : 1;
}

function queryOf(args: readonly string[]): TraceQuery {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { kind: text, room: text, day: text } });
  const { kind, room, day } = values;
  if (kind !== undefined && !(entityNames as readonly string[]).includes(kind))
    throw new UsageError(`--kind is one of ${entityNames.join(', ')}`);
  if ((room === undefined) !== (day === undefined)) throw new UsageError('--room and --day go together');
  if (day !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new UsageError('--day takes a day, such as 2026-03-01');
  const typed = positionals.join(' ');
  const query = room !== undefined && day !== undefined && typed === '' ? { room, day } : room === undefined ? traceQueryOf(typed) : null;
  if (query === null) throw new UsageError('trace takes a key, a name, an event id, or --room R --day D');
  return kind === undefined ? query : { ...query, entity: kind as EntityName };
}

const oneLine = (cell: string) => visibleText(cell).replaceAll(/[\n\t]/g, ' ');

function wayText({ entity, externalId, source, hotelId, isNewest, otherSources, rule, stations }: Trace): string {
  const others = otherSourcesText(otherSources, rule);
  const also = others === null ? '' : `\n${others}`;
  const rows = stations.flatMap((station) => stationRows(station).map(([when, ...cells]) => [when, ...cells.map(oneLine)]));
  return `${entity} ${oneLine(externalId)} of ${source}, ${hotelId}${isNewest ? '' : ' (an older version)'}${also}\n${table(rows)}`;
}

type Row = readonly [when: string, what: string, words: string];

function stationRows(station: Station): Row[] {
  const when = station.atMs === null ? '' : whenText(station.atMs);
  switch (station.kind) {
    case 'file':
      return [[when, 'file', `${station.name} from ${station.connectionTitle ?? 'an import by hand'}, SHA-256 ${station.sha256}`]];
    case 'row':
      return [[when, 'row', `line ${station.line}, ${station.byteLength ?? '?'} bytes from byte ${station.byteOffset ?? '?'} on`]];
    case 'mapping':
      return [[when, 'mapping', `${station.name} version ${station.version}, from ${station.columns.join(', ')}`]];
    case 'masking':
      return [
        [when, 'masking', station.fields.map(({ field, signs }) => `${signs} signs hidden in ${field}`).join(', ') || 'nothing is hidden'],
      ];
    case 'set-aside':
      return [[when, 'set aside', letterText(station.letter)]];
    case 'kept': {
      const changed = station.isFirst
        ? 'the first'
        : station.changed === null
          ? 'changes not known'
          : `changed: ${station.changed.join(', ') || 'nothing'}`;
      const why = station.reason === 'figures' ? ' for the figures of its guest' : '';
      return [
        [when, 'kept', `version ${station.generation}/${station.version}${why}, ${changed}; correlation id ${station.correlationId}`],
      ];
    }
    case 'outbox':
      return [
        [
          when,
          'outbox',
          `row ${station.seq}, event ${station.eventId ?? '?'}, ${station.isWhole ? 'its seal opens' : 'DAMAGED: its seal does not open'}`,
        ],
      ];
    case 'delivery':
      return [...station.attempts.map(attemptRow), deliveryRow(station, when)];
    default: {
      const never: never = station;
      return never;
    }
  }
}

function attemptRow({ outcome, code, records, startedAtMs, endedAtMs, tookMs, count, resendId, correlationId }: Attempt): Row {
  const how = records === 0 ? 'the line failed' : `${outcome}, with ${records} records`;
  const often = count === 1 ? '' : `, ${count} times until ${whenText(endedAtMs)}`;
  const again = resendId === null ? '' : `, sent again by order ${resendId}${correlationId === null ? '' : ` (${correlationId})`}`;
  return [whenText(startedAtMs), 'attempt', `${how}${code === null ? '' : ` (${code})`}, ${tookMs} ms${often}${again}`];
}

function deliveryRow({ title: name, isShadow, state, code, waiting, withheld }: DeliveryOfTrace, when: string): Row {
  const title = isShadow ? `${name}, a shadow` : name;
  if (withheld) return [when, 'withheld', `from ${title}: ${withheldText(withheld)}`];
  if (state === 'confirmed') return [when, 'arrived', `confirmed by ${title}`];
  if (state === 'refused') return [when, 'refused', `by ${title}${code === null ? '' : ` (${code})`}`];
  if (!waiting) return [when, 'waiting', `for ${title}`];
  const next = waiting.nextTryAtMs === null ? '' : `; next try ${whenText(waiting.nextTryAtMs)}`;
  return [when, 'waiting', `for ${title} since ${whenText(waiting.sinceMs)}, ${waiting.before} before it; ${whyText(waiting)}${next}`];
}

function whyText({ why, fault, reason }: NonNullable<DeliveryOfTrace['waiting']>): string {
  switch (why) {
    case 'its-turn':
      return 'it is sent when it is its turn';
    case 'paused':
      return 'the connection is paused';
    case 'held':
      return `sending was stopped: ${reason ?? ''}`;
    case 'agent-not-running':
      return 'the agent is not running';
    case 'breaker':
    case 'fault':
      return `${why === 'breaker' ? 'paused after failures: ' : ''}${fault ? faultSentences(new Fault(fault.code, fault.detail)).what : ''}`;
    default: {
      const never: never = why;
      return never;
    }
  }
}

function hitsText({ hits, isMore }: TraceFound): string {
  const rows = hits.map(({ entity, row }) => [
    entity,
    row.externalId,
    row.title ?? '-',
    row.place ?? '-',
    row.day ?? '-',
    row.until ?? '-',
  ]);
  const head = ['KIND', 'KEY', 'NAME', 'PLACE', 'DAY', 'UNTIL'];
  const more = isMore ? 'There are more.' : '';
  return `${table([head, ...rows.map((row) => row.map(oneLine))])}\n\nName one of them by its key. ${more}`.trimEnd();
}

function lettersText(letters: readonly TraceLetter[]): string {
  const rows = letters.map((letter) => [whenText(letter.setAsideAtMs), `#${letter.id}`, letter.externalId ?? '-', letterText(letter)]);
  return `Set aside:\n${table(rows.map((row) => row.map(oneLine)))}`;
}

function letterText({ id, rule, fileName, line, destinationTitle, settledAs, settledAtMs, replays }: TraceLetter): string {
  const from = destinationTitle === null ? `${fileName ?? 'a file'}:${line ?? '?'}` : `by ${destinationTitle}`;
  const then = settledAs === null ? 'still set aside' : `settled as ${settledAs} on ${whenText(settledAtMs)}`;
  return `row ${id}, ${from}: ${ruleTitle(rule)}; ${then}${replays > 0 ? `, tried again ${replays} times` : ''}`;
}

const ruleTitle = (rule: (typeof ruleIds)[number]) => rules[rule].title.replace(/\.$/, '');

function absenceText({ absence: { filesToday, newestFile, setAside, setAsideWithoutKey } }: TraceFound): string {
  const newest =
    newestFile === null
      ? 'No file has come in yet'
      : `The newest file is ${oneLine(newestFile.name)}, taken ${whenText(newestFile.takenAtMs)}`;
  return [
    'No record and no row that was set aside fits.',
    `${filesToday === 1 ? '1 file of today was' : `${filesToday} files of today were`} read. ${newest}.`,
    `${setAside === 1 ? '1 row is' : `${setAside} rows are`} set aside; the key of ${setAsideWithoutKey} could not be read.`,
  ].join('\n');
}
