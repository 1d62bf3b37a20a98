import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promises } from './promises.ts';

/** The last line of a recorded run, with the day on which it was made and what was typed. */
export type Recorded = Readonly<Record<string, unknown>> & {
  readonly rig: string;
  readonly recordedOn: string;
  readonly command: string;
  readonly commit: string;
  readonly n: number;
  readonly passed: boolean;
};

export const recordsFile = join(import.meta.dirname, 'recorded.ndjson');
export const reliabilityFile = join(import.meta.dirname, '..', 'RELIABILITY.md');

export function recordedRuns(): Recorded[] {
  const lines = readFileSync(recordsFile, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Recorded);
}

const counted = ['lost', 'twice', 'inverted', 'corrupt', 'missed', 'crashed', 'unaccountedBytes'] as const;

/** Write the page of what is proved: of each rig its largest recorded run, a failed one where there was one since. */
export function reliabilityPage(runs: readonly Recorded[]): string {
  const rows = promises.flatMap(({ id, says, rigs }) =>
    rigs.length === 0
      ? [[id, says, '–', '–', '–', '–', '**unproven**: no rig yet']]
      : rigs.map((rig, at) => rowOf(at === 0 ? { id, says } : null, rig, runs)),
  );
  const table = [['', 'What is promised', 'Command', 'On', 'Commit', 'Found', 'State'], rows[0]?.map(() => '---') ?? [], ...rows];
  return `${heading}\n${table.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n${below}`;
}

function rowOf(
  promised: { id: string; says: string } | null,
  { rig, full }: { readonly rig: string; readonly full: number },
  runs: readonly Recorded[],
): string[] {
  const own = runs.filter((run) => run.rig === rig);
  const largest = own.filter(({ passed }) => passed).toSorted((one, other) => other.n - one.n)[0];
  const newest = own.at(-1);
  const run = newest && !newest.passed ? newest : largest;
  const first = [promised?.id ?? '', promised?.says ?? ''];
  if (!run) return [...first, `\`npm run rig -- ${rig} --n ${full}\``, '–', '–', '–', '**unproven**: not run in full'];
  const found = counted.filter((name) => typeof run[name] === 'number').map((name) => `${name} ${run[name]}`);
  const state = run.passed ? (run.n >= full ? 'proved' : `a sign: ${amount(run.n)} of ${amount(full)}`) : '**failed**';
  return [...first, `\`${run.command}\``, run.recordedOn, run.commit, found.join(', '), state];
}

const amount = (value: number) => value.toLocaleString('en');

const heading = `# What is proved

Each line is a command that anybody can run again, with what it found when it was last run in the largest size. The judge compares what the
sandbox's hotel wrote down with what arrived, and shares no code with the agent. A run that failed stays here until it is mended.

This page is made from \`rigs/recorded.ndjson\` by \`npm run reliability\`; \`npm run rig -- NAME --n N --record\` adds a run to it.
`;

const below = `
**What the words mean.** *lost*: the last state of a record did not arrive. *twice*: one event was applied more than once. *inverted*: an older
state came after a newer one. *corrupt*: something arrived that the hotel never wrote, or what is kept is damaged. *missed*: a bad row that was
not set aside, or a change that was never seen. *unproven*: no run in full is recorded. All of it ran on Linux; Windows was not tried.
`;
