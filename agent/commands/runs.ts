import { parseArgs } from 'node:util';
import { Fault } from '../../contract/faults.ts';
import type { Run } from '../../contract/run.ts';
import { type CommandLine, faultSentences, table, UsageError, whenText, withAgent } from './command.ts';

const causes: Readonly<Record<Run['cause'], string>> = {
  schedule: 'schedule',
  'catch-up': 'made up for',
  'by-hand': 'by hand',
  comparison: 'comparison',
  certificate: 'for the certificate',
};
const outcomes: Readonly<Record<NonNullable<Run['outcome']>, string>> = {
  well: 'well',
  failed: 'failed',
  stopped: 'stopped',
  'agent-ended': 'the agent ended during it',
};

/** The runs of a source, the newest first: when, why, what they brought, and how they ended. */
export async function showRuns(line: CommandLine, rest: readonly string[]): Promise<number> {
  const options = { limit: { type: 'string', default: '20' } } as const;
  const { values, positionals } = parseArgs({ args: [...rest], allowPositionals: true, options });
  const [id, ...more] = positionals;
  const limit = Number(values.limit);
  if (!id || more.length > 0) throw new UsageError('connections runs takes the id of one connection');
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new UsageError('--limit takes a number from 1 to 200');
  const { runs } = await withAgent(line.home, (client) => client.connections.runs({ id, limit }));
  const head = ['BEGAN', 'TIMES', 'STARTED BY', 'TOOK', 'FILES', 'ROWS READ', 'NEW', 'KEPT', 'UNCHANGED', 'TWICE', 'SET ASIDE', 'ENDED'];
  line.print(runs, runs.length === 0 ? 'It was not read yet.' : table([head, ...runs.map(cells)]));
  return 0;
}

function cells(run: Run): string[] {
  const count = (value: number | null) => (value === null ? '–' : String(value));
  return [
    whenText(run.lastStartedAtMs),
    run.count === 1 ? '1' : `${run.count} since ${whenText(run.startedAtMs)}`,
    causes[run.cause],
    run.tookMs === null ? '–' : `${(run.tookMs / 1000 / run.count).toFixed(1)} s`,
    ...[run.files, run.rowsRead, run.rowsChanged, run.kept, run.unchanged, run.duplicates, run.setAside].map(count),
    `${run.outcome === null ? 'under way' : outcomes[run.outcome]}${run.fault ? `: ${faultSentences(new Fault(run.fault.code, run.fault.detail)).what}` : ''}`,
  ];
}
