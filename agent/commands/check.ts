import { join } from 'node:path';
import type { CheckFinding, CheckReport } from '../../contract/check.ts';
import { Fault } from '../../contract/faults.ts';
import { openForReading } from '../../db/open.ts';
import { startReader } from '../../db/reader.ts';
import { type WalkStep, walk, walkStart } from '../check/walk.ts';
import { lockHome, readRunFile } from '../runtime/home.ts';
import { Secrets } from '../runtime/secrets.ts';
import { type Client, connectWire } from '../runtime/wire-client.ts';
import { type CommandLine, UsageError } from './command.ts';
import { megabytes } from './outbox.ts';

/**
 * `bellhop check`: everything that is kept, by the agent where one runs, which also mends; else by this command, which only reads.
 * Exit code 1 when something is damaged and not mended.
 */
export async function check(line: CommandLine): Promise<number> {
  if (line.arguments.length > 0) throw new UsageError('check takes nothing');
  const run = readRunFile(line.home);
  const wire = run && (await connectWire(run).catch(() => null));
  if (!wire) return told(line, await lookThrough(line), 'An agent mends what can be mended: start it, and check again.');
  try {
    return told(line, await checkedByAgent(line, wire.client), 'Export those records once more; the source may also name them again.');
  } finally {
    wire.close();
  }
}

async function checkedByAgent(line: CommandLine, client: Client): Promise<CheckReport> {
  let report: CheckReport | null = null;
  const say = stages(line);
  for await (const progress of await client.checks.run({})) {
    say(progress.stage);
    ({ report } = progress);
  }
  if (!report) throw new Fault('stopped');
  return report;
}

/** Look through a home that no agent has open, and change nothing in it. */
async function lookThrough(line: CommandLine): Promise<CheckReport> {
  const { home } = line;
  const startedAtMs = Date.now();
  const total = { blocks: 0, rows: 0, rawFiles: 0, rawBytes: 0 };
  const found: WalkStep['found'][number][] = [];
  const say = stages(line);
  const lock = lockHome(home);
  try {
    const key = Secrets.keyOf(home, { home });
    const path = join(home, 'pipeline.db');
    const read = openForReading(path);
    try {
      const reader = await startReader(path);
      try {
        for await (const step of walk({ home, key, read, reads: reader.reads }, walkStart, new AbortController().signal)) {
          say(step.progress.stage);
          for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += step.counts[name];
          found.push(...step.found);
        }
      } finally {
        await reader.close();
      }
    } finally {
      read.close();
    }
  } finally {
    lock.release();
  }
  const findings = found.map(({ at: _, ...one }): CheckFinding => ({ ...one, isMended: false }));
  return { startedAtMs, endedAtMs: Date.now(), ...total, damaged: findings.length, mended: 0, findings };
}

function stages(line: CommandLine): (stage: string) => void {
  const words: Readonly<Record<string, string>> = {
    tables: 'Checking the pages of the database',
    blocks: 'Opening the outbox',
    'raw-files': 'Opening the copies of files',
    mending: 'Mending',
  };
  let last = '';
  return (stage) => {
    if (stage !== last && words[stage]) line.tell(words[stage]);
    last = stage;
  };
}

function told(line: CommandLine, report: CheckReport, advice: string): number {
  const { blocks, rows, rawFiles, rawBytes, damaged, mended, findings } = report;
  const looked = `Looked at the database, ${many(rows, 'row', 'rows')} of the outbox in ${many(blocks, 'block', 'blocks')}, and ${many(rawFiles, 'copy of a file', 'copies of files')} (${megabytes(rawBytes)}).`;
  const result = damaged === 0 ? 'All of it is whole.' : `${damaged} damaged, ${mended} of them mended.`;
  const isBad = damaged > mended;
  line.print({ ...report }, [looked, result, ...findings.map(findingText), ...(isBad ? [advice] : [])].join('\n'));
  return isBad ? 1 : 0;
}

const many = (count: number, one: string, more: string) => `${count} ${count === 1 ? one : more}`;

const kindWords: Record<CheckFinding['kind'], string> = {
  database: 'pages of the table',
  block: 'block',
  'block-gone': 'a block is gone:',
  'raw-file': 'copy of the file',
  'raw-page': 'copy of rows of the table',
};

function findingText({ kind, name, rows, keys, isMended }: CheckFinding): string {
  const held = rows > 0 ? `, ${many(rows, 'row', 'rows')}` : '';
  const records = keys.length > 0 ? `; newest word of ${keys.join(', ')}` : '';
  return `  ${isMended ? 'mended' : 'DAMAGED'}: ${kindWords[kind]} ${name}${held}${records}`;
}
