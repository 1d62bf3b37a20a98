import { parseArgs } from 'node:util';
import {
  type CertificateState,
  type CertificateSummary,
  lineState,
  type NotCompared,
  type OpenedCertificate,
} from '../../contract/certificate.ts';
import { Fault, faults, fillText } from '../../contract/faults.ts';
import { type CommandLine, table, UsageError, whenText, withAgent } from './command.ts';

const stateWords: Readonly<Record<CertificateState, string>> = {
  complete: 'complete',
  waiting: 'waiting',
  refused: 'refused by a destination',
  different: 'NOT THE SAME',
  'not-compared': 'not compared',
};
const reasonWords: Readonly<Record<Exclude<NotCompared['reason'], 'fault'>, string>> = {
  paused: 'the connection is paused',
  removed: 'the connection was removed',
  'never-read': 'nothing was ever read from it',
  'first-load': 'its first load is under way',
  'not-asked': 'the source is not asked for it any more',
  'night-audit': 'its night audit runs',
  'being-read': 'files of it are being read',
  damaged: 'copies of its files are damaged',
};

/** `bellhop certificate`: the proof that nothing is missing. Exit code 1 unless it is complete. */
export async function manageCertificates(line: CommandLine): Promise<number> {
  const [what = 'show', ...rest] = line.arguments;
  switch (what) {
    case 'now':
      return make(line, rest);
    case 'show':
      return show(line, rest);
    case 'list':
      return list(line, rest);
    case 'cancel':
      if (rest.length > 0) throw new UsageError('certificate cancel takes nothing');
      await withAgent(line.home, (client) => client.certificates.cancel({}));
      line.print({ isCancelled: true }, 'No comparison is under way any more.');
      return 0;
    case 'schedule':
      return plan(line, rest);
    default:
      throw new UsageError('certificate takes show, list, now, cancel or schedule');
  }
}

/** `bellhop export certificate`: the table as CSV, or with --json the whole of it. */
export async function exportTo(line: CommandLine): Promise<number> {
  const [what, ...rest] = line.arguments;
  if (what !== 'certificate' || rest.length > 1) throw new UsageError('export takes certificate, and which one');
  const id = idOf(rest[0]);
  const { text } = await withAgent(line.home, (client) => client.certificates.export({ ...id, format: line.isJson ? 'json' : 'csv' }));
  if (line.isJson) line.print(JSON.parse(text) as Record<string, unknown>, '');
  else line.print({}, text.trimEnd());
  return 0;
}

function idOf(text: string | undefined): { id?: number } {
  if (text === undefined) return {};
  if (!/^\d+$/.test(text)) throw new UsageError('a certificate is named by its number');
  return { id: Number(text) };
}

async function make(line: CommandLine, rest: readonly string[]): Promise<number> {
  if (rest.length > 0) throw new UsageError('certificate now takes nothing');
  const words: Readonly<Record<string, string>> = {
    files: 'Reading the copies of files anew',
    tables: 'Reading the tables of the sources',
    outbox: 'Opening what was sent',
    comparing: 'Comparing',
    pulling: 'Pulling again what differs',
    confirming: 'Waiting for the destinations',
  };
  return withAgent(line.home, async (client) => {
    let last = '';
    let id: number | null = null;
    for await (const step of await client.certificates.now({})) {
      const word = words[step.stage] ?? '';
      if (word !== last && word !== '') line.tell(word);
      last = word;
      id = step.id;
    }
    const { opened } = await client.certificates.get(id === null ? {} : { id });
    if (!opened) throw new Fault('stopped');
    return told(line, opened);
  });
}

async function show(line: CommandLine, rest: readonly string[]): Promise<number> {
  if (rest.length > 1) throw new UsageError('certificate show takes a number');
  const { opened } = await withAgent(line.home, (client) => client.certificates.get(idOf(rest[0])));
  if (!opened)
    throw new Fault('input-wrong', {
      detail: rest[0] === undefined ? 'no certificate was made yet' : `there is no certificate ${rest[0]}`,
    });
  return told(line, opened);
}

async function list(line: CommandLine, rest: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...rest], options: { limit: { type: 'string' } } });
  const limit = Number(values.limit ?? 60);
  if (!Number.isInteger(limit) || limit < 1 || limit > 400) throw new UsageError('--limit takes a number up to 400');
  const standing = await withAgent(line.home, (client) => client.certificates.standing({ limit }));
  const rows = standing.certificates.map(
    ({ id, businessDate, startedAtMs, state, records, found, mended, waiting }: CertificateSummary) => [
      String(id),
      businessDate ?? '-',
      whenText(startedAtMs),
      stateWords[state],
      String(records),
      String(found),
      String(mended),
      String(waiting),
    ],
  );
  const head = ['no', 'business date', 'begun', 'state', 'records', 'differed', 'mended', 'waiting'];
  line.print(
    { ...standing },
    rows.length === 0
      ? `No certificate was made yet. ${nextText(standing.nextAtMs)}`
      : `${table([head, ...rows])}\n${nextText(standing.nextAtMs)}`,
  );
  return 0;
}

const nextText = (nextAtMs: number | null) => (nextAtMs === null ? 'None is made by itself.' : `The next is made ${whenText(nextAtMs)}.`);

async function plan(line: CommandLine, rest: readonly string[]): Promise<number> {
  const [at] = rest;
  if (rest.length !== 1 || at === undefined || !(at === 'off' || /^([01]\d|2[0-3]):[0-5]\d$/.test(at)))
    throw new UsageError('certificate schedule takes HH:MM or off');
  const standing = await withAgent(line.home, (client) => client.certificates.setPlan({ at: at === 'off' ? null : at }));
  line.print({ ...standing }, nextText(standing.nextAtMs));
  return 0;
}

function told(line: CommandLine, opened: OpenedCertificate): number {
  const { certificate, id, digest, isUnchanged } = opened;
  const { state, records, waiting, found, mended, parts, sources, destinations, differences, businessDate } = certificate;
  const open = [...sources, ...parts.map((part) => ({ title: `${part.source} ${part.entity}`, notCompared: part.notCompared }))];
  const rows = parts.flatMap(({ source, entity, lines, notCompared }) =>
    lines.flatMap((one) => {
      const first = [source, entity, one.day ?? '-', notCompared ? '-' : String(one.source), String(one.kept)];
      if (destinations.length === 0) return [[...first, '-', '-', '-', '-', stateWords[lineState(one, notCompared)]]];
      return one.deliveries.map(({ confirmed, withheld, refused, waiting: waits, state: here }, at) => [
        ...first,
        destinations[at]?.id ?? '',
        String(confirmed),
        String(withheld + refused),
        String(waits),
        stateWords[here],
      ]);
    }),
  );
  const head = ['source', 'kind', 'hotel date', 'at source', 'kept', 'destination', 'confirmed', 'apart', 'waiting', 'state'];
  const words = [
    `Certificate ${id}, business date ${businessDate ?? '-'}, made ${whenText(certificate.endedAtMs)}: ${stateWords[state]}.`,
    `${records} records of the sources compared; ${found} differed, ${mended} of them mended by pulling them again; ${waiting} wait for a destination.`,
    ...parts.flatMap(({ source, entity, setAside }) =>
      setAside.length === 0
        ? []
        : [`Set aside of ${source} ${entity}: ${setAside.map(({ rule, count }) => `${rule} ${count}`).join(', ')}.`],
    ),
    ...open.flatMap(({ title, notCompared }) => (notCompared ? [`Not compared: ${title}, ${reasonOf(notCompared)}`] : [])),
    ...destinations.flatMap(({ title, isStopped, state: to }) =>
      isStopped && to === 'not-compared' ? [`Not compared: ${title}, sending to it is stopped, and records wait for it.`] : [],
    ),
    ...(sources.length === 0 ? ['Not compared: no source is set up.'] : []),
    ...(destinations.some(({ isShadow }) => !isShadow) ? [] : ['Not compared: no destination is set up that gets everything.']),
    ...differences.map(
      ({ source, entity, kind, key, where, isMended }) =>
        `  ${isMended ? 'mended' : 'DIFFERS'}: ${source} ${entity} ${key}, ${kind}, said by ${where}`,
    ),
    ...(rows.length > 0 ? [table([head, ...rows])] : []),
    `Digest ${digest}${isUnchanged ? '' : ' DOES NOT FIT: what is kept of this certificate was changed'}`,
  ];
  line.print({ ...opened }, words.join('\n'));
  return state === 'complete' && isUnchanged ? 0 : 1;
}

function reasonOf({ reason, fault }: NotCompared): string {
  if (reason !== 'fault') return `${reasonWords[reason]}.`;
  return fault ? fillText(faults[fault.code].what, fault.detail) : '';
}
