import { parseArgs } from 'node:util';
import { entityNames, entityOf } from '../../contract/record.ts';
import type { OtherSource, SameRecordRule, SameRecords, Withheld, WithheldReason } from '../../contract/same-record.ts';
import { type CommandLine, table, UsageError, whenText, withAgent } from './command.ts';

/** `bellhop same-records`: what is sent where two sources speak of one record; `set` says so for one kind. */
export async function manageSameRecords(line: CommandLine): Promise<number> {
  const [what, ...rest] = line.arguments;
  if (what === 'set') return setRule(line, rest);
  if (what !== undefined && what !== 'list') throw new UsageError(`same-records ${what} is not known: list or set`);
  const all = await withAgent(line.home, (client) => client.sameRecords.list({}));
  line.print(all, rulesText(all.filter(({ sources }) => sources.length > 0)));
  return 0;
}

function rulesText(all: readonly SameRecords[]): string {
  if (all.length === 0) return 'No source has brought a record yet.';
  const rows = all.map(({ entity, rule, sources, shared }) => [
    entityOf(entity).plural,
    ruleText(rule),
    sources.join(', '),
    String(shared),
  ]);
  return table([['KIND', 'RULE', 'SOURCES', 'KNOWN FROM TWO'], ...rows]);
}

const ruleText = (rule: SameRecordRule) => (rule.rule === 'leads' ? `${rule.source} leads` : rule.rule);

async function setRule(line: CommandLine, rest: readonly string[]): Promise<number> {
  const { positionals } = parseArgs({ args: [...rest], allowPositionals: true, options: {} });
  const [kind, name, source, ...more] = positionals;
  const entity = entityNames.find((one) => one === kind);
  if (!entity) throw new UsageError(`same-records set takes a kind: ${entityNames.join(', ')}`);
  const rule = ruleOf(name, source);
  if (!rule || more.length > 0) throw new UsageError('same-records set KIND takes apart, newest, or leads SOURCE');
  await withAgent(line.home, (client) => client.sameRecords.save({ entity, rule }));
  line.print({ entity, rule }, `Where two sources speak of one ${entity}: ${ruleText(rule)}, from the next record that is sent on.`);
  return 0;
}

function ruleOf(name: string | undefined, source: string | undefined): SameRecordRule | null {
  if (name === 'leads') return source === undefined ? null : { rule: 'leads', source };
  return source === undefined && (name === 'apart' || name === 'newest') ? { rule: name } : null;
}

/** Where a record is known from as well, and what holds then; null where it comes from one source alone. */
export function otherSourcesText(others: readonly OtherSource[], rule: SameRecordRule): string | null {
  if (others.length === 0) return null;
  return `Also known from ${others.map((one) => `${one.source} (kept ${whenText(one.keptAtMs)})`).join(', ')}: ${ruleWords(rule)}.`;
}

function ruleWords(rule: SameRecordRule): string {
  if (rule.rule === 'leads') return `${rule.source} leads, what others say of it is kept and not sent`;
  return rule.rule === 'newest' ? 'the newest of what waits is sent' : 'both are kept and sent apart';
}

const withheldWords = {
  'other-source-leads': (source: string) => `${source} leads for this kind of record`,
  'other-source-newer': (source: string) => `${source} has said something newer of it`,
  'not-in-share': () => 'it lies outside of the share that is sent there',
} as const satisfies Record<WithheldReason, (source: string) => string>;

/** Why a version was not sent to a destination. */
export function withheldText({ reason, otherSource }: Withheld): string {
  return withheldWords[reason](otherSource ?? '');
}
