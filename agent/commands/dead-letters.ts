import { text as readText } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import {
  type DeadLetter,
  importedByHand,
  type LetterFilter,
  type LetterPage,
  type OpenedLetter,
  type RuleId,
  ruleIds,
  rules,
} from '../../contract/dead-letter.ts';
import { hexDump, visibleText } from '../../contract/raw-bytes.ts';
import type { ReplayProgress } from '../../contract/replay.ts';
import type { Client } from '../runtime/wire-client.ts';
import { type CommandLine, table, UsageError, whenText, withAgent } from './command.ts';
import { mappingFile, mappingNamed } from './mappings.ts';

const mostInPage = 200;

/** `bellhop dead-letters list|show|replay`: the rows that were set aside. */
export async function showDeadLetters(line: CommandLine): Promise<number> {
  const [what, ...rest] = line.arguments;
  switch (what) {
    case 'list':
    case undefined:
      return listLetters(line, rest);
    case 'show':
      return showLetter(line, rest);
    case 'replay':
      return replay(line, rest);
    default:
      throw new UsageError(`dead-letters ${what} is not known: list, show or replay`);
  }
}

async function listLetters(line: CommandLine, rest: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...rest], options: { rule: text, connection: text, limit: { ...text, default: '50' } } });
  const limit = wholeNumber(values.limit, '--limit takes how many rows to show');
  const filter = filterOf(values);
  const page = await withAgent(line.home, (client) => newest(client, filter, limit));
  line.print(page, listText(page));
  return 0;
}

const text = { type: 'string' } as const;

function filterOf({ rule, connection }: { readonly rule?: string | undefined; readonly connection?: string | undefined }): LetterFilter {
  if (rule !== undefined && !(ruleIds as readonly string[]).includes(rule)) throw new UsageError(`--rule is one of ${ruleIds.join(', ')}`);
  return { ...(rule ? { rule: rule as RuleId } : {}), ...(connection ? { connectionId: connection } : {}) };
}

/** Try rows again: those that are named, or all of a rule or a connection. */
async function replay(line: CommandLine, rest: readonly string[]): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const options = { rule: text, connection: text, mapping: text, all: flag, 'row-stdin': flag, 'dry-run': flag };
  const { values, positionals } = parseArgs({ args: [...rest], allowPositionals: true, options });
  const filter = filterOf(values);
  const isNarrowed = values.all || Object.keys(filter).length > 0;
  if (isNarrowed === positionals.length > 0)
    throw new UsageError('dead-letters replay takes the numbers of rows, or --rule, --connection or --all');
  const ids = positionals.map((given) => wholeNumber(given, 'dead-letters replay takes the numbers of rows'));
  if (values['row-stdin'] && ids.length !== 1) throw new UsageError('--row-stdin takes the number of the one row that it corrects');
  const isRehearsal = values['dry-run'];
  // Never as an argument: it is a guest's, and arguments stand in the list of processes.
  const row = values['row-stdin'] ? (await readText(process.stdin)).replace(/\r?\n$/, '') : null;
  return withAgent(line.home, async (client, isRunning) => {
    const upToId = isNarrowed ? ((await client.deadLetters.list({ ...filter, limit: 1 })).letters[0]?.id ?? 1) : 1;
    const mapping = values.mapping === undefined ? null : (mappingFile(values.mapping) ?? (await mappingNamed(client, values.mapping)));
    const order = {
      letters: isNarrowed ? { filter, upToId } : { ids },
      ...(mapping ? { mapping } : {}),
      ...(row === null ? {} : { text: row }),
    };
    let last: ReplayProgress | null = null;
    for await (const step of await client.deadLetters[isRehearsal ? 'rehearse' : 'replay'](order)) {
      last = step;
      if (!line.isJson && process.stderr.isTTY) process.stderr.write(`\r${step.done} of ${step.total}  `);
    }
    if (last === null) return 1;
    line.print({ isDryRun: isRehearsal, ...last }, replayText(last, isRehearsal));
    if (!isRunning && !isRehearsal) line.tell('The agent is not running: what was kept is sent when it is started.');
    return last.stillAside + last.elsewhere + last.later + last.failed > 0 ? 1 : 0;
  });
}

function replayText(progress: ReplayProgress, isRehearsal: boolean): string {
  if (progress.total === 0) return 'None of these rows is set aside.';
  const lines: [number, string][] = [
    [progress.kept - progress.unchanged, isRehearsal ? 'would be kept and sent' : 'kept'],
    [progress.unchanged, 'say nothing new'],
    [progress.newer, 'overtaken: a later row of the same record has come since'],
    [progress.structure, 'hold no record, such as totals'],
    [progress.stillAside, 'cannot be read yet'],
    [progress.elsewhere, 'refused by a destination: bellhop resend sends them again'],
    [progress.later, 'whole files behind which later ones were read: export them again'],
    [progress.failed, 'could not be tried: another kind of record, or the copy of their file is damaged'],
  ];
  const byRule = Object.entries(progress.byRule).map(([rule, count]) => `  ${count} × ${titleOf(rule)}`);
  return [
    isRehearsal ? 'A rehearsal: nothing was kept.' : 'Tried again.',
    ...lines.filter(([count]) => count > 0).map(([count, words]) => `  ${count} ${words}`),
    ...byRule,
  ].join('\n');
}

const titleOf = (rule: string) => rules[rule as RuleId].title;

function wholeNumber(given: string, otherwise: string): number {
  if (!/^[1-9]\d{0,14}$/.test(given)) throw new UsageError(otherwise);
  return Number(given);
}

/** As many as are asked for, newest first, page by page. */
async function newest(client: Client, filter: LetterFilter, limit: number): Promise<LetterPage> {
  const letters: DeadLetter[] = [];
  for (let belowId: number | undefined; ; ) {
    const page = await client.deadLetters.list({
      ...filter,
      ...(belowId === undefined ? {} : { belowId }),
      limit: Math.min(mostInPage, limit - letters.length),
    });
    letters.push(...page.letters);
    if (page.nextBelowId === null || letters.length >= limit) return { ...page, letters };
    belowId = page.nextBelowId;
  }
}

function listText({ letters, total }: LetterPage): string {
  if (letters.length === 0) return 'Nothing is set aside.';
  const rows = letters.map((letter) => [
    String(letter.id),
    whenText(letter.setAsideAtMs),
    letter.rule,
    letter.field ?? '-',
    letter.detail ?? '-',
    placeText(letter),
    letter.connectionId,
  ]);
  const shown = letters.length < total ? `\n\n${letters.length} of ${total} rows; --limit N shows more.` : '';
  const head = ['ID', 'SET ASIDE', 'REASON', 'FIELD', 'NOTE', 'FILE AND LINE', 'CONNECTION'];
  return table([head, ...rows.map((row) => row.map(oneLine))]) + shown;
}

const oneLine = (cell: string) => visibleText(cell).replaceAll(/[\n\t]/g, ' ');
const placeText = ({ fileName, line }: DeadLetter) => (fileName === null ? '-' : `${fileName}${line === null ? '' : `:${line}`}`);

async function showLetter(line: CommandLine, rest: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...rest],
    allowPositionals: true,
    options: { hex: { type: 'boolean', default: false } },
  });
  const [given = '', ...more] = positionals;
  if (more.length > 0) throw new UsageError('dead-letters show takes the number of one row');
  const id = wholeNumber(given, 'dead-letters show takes the number of one row');
  const letter = await withAgent(line.home, (client) => client.deadLetters.get({ id }));
  line.print(letter, `${factsText(letter)}\n\n${contentText(letter, values.hex)}`);
  return 0;
}

function factsText(letter: OpenedLetter): string {
  const { title, means, hint } = rules[letter.rule];
  const from = letter.connectionId === importedByHand ? 'imported by hand' : (letter.connectionTitle ?? letter.connectionId);
  const place = letter.byteOffset === null ? '-' : `byte ${letter.byteOffset}, ${letter.byteLength} bytes long`;
  const facts = [
    ['number', String(letter.id)],
    ['rule', letter.rule],
    ['kind', letter.entity],
    ['field', letter.field ?? '-'],
    ['column', letter.column ?? '-'],
    letter.destinationId === null ? ['note', letter.detail ?? '-'] : ['answer', letter.detail ?? '-'],
    ...(letter.destinationId === null ? [] : [['refused by', letter.destinationTitle ?? letter.destinationId]]),
    ['from', from],
    ['file', placeText(letter)],
    ['place', place],
    ['set aside', whenText(letter.setAsideAtMs)],
  ];
  return `${title} ${means}\n${hint}\n\n${table(facts.map(([name = '', value = '']) => [`  ${name}`, oneLine(value)]))}`;
}

function contentText({ content, byteOffset }: OpenedLetter, isHex: boolean): string {
  if (content.kind === 'record') {
    const text = JSON.stringify(JSON.parse(content.json), null, 2);
    return isHex ? hexDump(Buffer.from(content.json), 0) : visibleText(text);
  }
  const bytes = Buffer.from(content.base64, 'base64');
  const text = isHex ? hexDump(bytes, byteOffset ?? 0) : visibleText(new TextDecoder(content.encoding, { ignoreBOM: true }).decode(bytes));
  return content.isCut ? `${text}\n\nCut after ${bytes.length} bytes; the rest is in the raw file, at the same place.` : text;
}
