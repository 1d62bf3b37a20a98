import { parseArgs } from 'node:util';
import { type AuditCheck, type AuditEntry, type AuditFilter, type AuditFlaw, auditActions } from '../../contract/audit.ts';
import { csvRow } from '../../contract/csv.ts';
import type { Client } from '../runtime/wire-client.ts';
import { type CommandLine, table, UsageError, withAgent } from './command.ts';

const mostInPage = 500;
const text = { type: 'string' } as const;
const filterOptions = { action: text, actor: text, target: text, from: text, to: text };

/** `bellhop audit list|verify|export`: who did and saw what. */
export async function showAudit(line: CommandLine): Promise<number> {
  const [what, ...rest] = line.arguments;
  switch (what) {
    case 'list':
    case undefined:
      return listEntries(line, rest);
    case 'verify':
      return verify(line);
    case 'export':
      return exportEntries(line, rest);
    default:
      throw new UsageError(`audit ${what} is not known: list, verify or export`);
  }
}

function filterOf({ action, actor, target, from, to }: Partial<Record<keyof typeof filterOptions, string | undefined>>): AuditFilter {
  const known = auditActions.find((one) => one === action);
  if (action !== undefined && !known) throw new UsageError(`--action is one of ${auditActions.join(', ')}`);
  for (const day of [from, to])
    if (day !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new UsageError('--from and --to take a day, such as 2026-03-01');
  return {
    ...(known ? { action: known } : {}),
    ...(actor ? { actor } : {}),
    ...(target ? { target } : {}),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
  };
}

async function listEntries(line: CommandLine, rest: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...rest], options: { ...filterOptions, limit: { ...text, default: '50' } } });
  if (!/^[1-9]\d{0,6}$/.test(values.limit)) throw new UsageError('--limit takes how many entries to show');
  const filter = filterOf(values);
  const entries = await withAgent(line.home, (client) => newest(client, filter, Number(values.limit)));
  line.print({ entries }, listText(entries));
  return 0;
}

async function newest(client: Client, filter: AuditFilter, limit: number): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for (let belowSeq: number | undefined; ; ) {
    const from = belowSeq === undefined ? {} : { belowSeq };
    const page = await client.audit.list({ ...filter, ...from, limit: Math.min(mostInPage, limit - entries.length) });
    entries.push(...page.entries);
    if (page.nextBelowSeq === null || entries.length >= limit) return entries;
    belowSeq = page.nextBelowSeq;
  }
}

function listText(entries: readonly AuditEntry[]): string {
  if (entries.length === 0) return 'Nothing of this kind is written down.';
  const rows = entries.map((entry) => [
    String(entry.seq),
    entry.at.slice(0, 19).replace('T', ' '),
    `${entry.actorName} (${entry.door})`,
    entry.action,
    `${entry.targetKind} ${oneLine(entry.targetId)}`,
    oneLine(JSON.stringify(entry.detail)),
  ]);
  return table([['NO', 'HOTEL TIME', 'WHO', 'DID', 'WITH', 'DETAIL'], ...rows]);
}

const oneLine = (cell: string) => cell.replace(/\p{Cc}/gu, ' ').slice(0, 120);

/** What a person is told of the first entry that does not fit. */
const flawWords: Record<AuditFlaw['kind'], string> = {
  changed: 'was changed after it was written',
  missing: 'is missing',
  moved: 'stands at another place than it was written',
  unlinked: 'does not follow the entry before it',
  added: 'stands behind the end of the chain: it was not written by Bellhop',
  head: 'is the newest, but what says where the chain ends is gone or is no seal of this agent',
};

async function verify(line: CommandLine): Promise<number> {
  return withAgent(line.home, async (client) => {
    let last: AuditCheck | null = null;
    for await (const step of await client.audit.verify({})) {
      last = step;
      if (!line.isJson && process.stderr.isTTY) process.stderr.write(`\r${step.checked} of ${step.total}  `);
    }
    if (last === null) return 1;
    const { flaw, checked, headSeq, headHash } = last;
    const head = headSeq === 0 ? 'There are no entries yet.' : `Newest entry: no. ${headSeq}, ${headHash}`;
    const found = flaw ? `The chain is broken: entry no. ${flaw.seq} ${flawWords[flaw.kind]}.` : `${checked} entries fit together.`;
    const advice = 'Note the newest entry outside of this PC: only that proves later that the whole chain was not written anew.';
    line.print(last, [found, head, ...(headSeq > 0 ? [advice] : [])].join('\n'));
    return flaw ? 1 : 0;
  });
}

const csvColumns = [
  'seq',
  'at',
  'actorId',
  'actorName',
  'door',
  'action',
  'targetKind',
  'targetId',
  'detail',
  'correlationId',
  'previousHash',
  'hash',
] as const;

/** Write entries as CSV, or one JSON object in a line with --json; newest first. */
async function exportEntries(line: CommandLine, rest: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...rest], options: filterOptions });
  const filter = filterOf(values);
  const write = (rows: readonly string[]) => new Promise<void>((resolve) => process.stdout.write(rows.join(''), () => resolve()));
  return withAgent(line.home, async (client) => {
    if (!line.isJson) await write([`${csvColumns.join(',')}\r\n`]);
    for await (const entries of await client.audit.export(filter))
      await write(entries.map((entry) => (line.isJson ? `${JSON.stringify(entry)}\n` : csvLine(entry))));
    return 0;
  });
}

/** One entry as a line of CSV. */
export function csvLine(entry: AuditEntry): string {
  return csvRow(csvColumns.map((name) => (name === 'detail' ? JSON.stringify(entry.detail) : String(entry[name]))));
}
