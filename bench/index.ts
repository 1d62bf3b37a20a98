import { parseArgs } from 'node:util';
import { benchConsole } from './console.ts';
import { benchImport } from './import.ts';
import { benchOpera } from './opera.ts';
import { benchOutbox } from './outbox.ts';

/**
 * One measure of a bench: a comparison with a peer in the same interleaved run, best against best, whose `gate` is met or the bench
 * fails and whose `goal` is worked for; or a time of this machine against a limit, best of the runs. Other milliseconds only give the scale.
 */
export type Measure = {
  readonly bench: string;
  readonly measure: string;
  readonly runs: readonly Record<string, number>[];
  readonly rows: number;
} & (
  | { readonly ratio: number; readonly gate: number; readonly goal: number; readonly lowerIsBetter: boolean; readonly boundedBy: string }
  | { readonly ms: number; readonly limitMs: number }
);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rows: { type: 'string' },
    runs: { type: 'string', default: '5' },
  },
});
const benches = {
  import: { run: benchImport, rows: 120_000 },
  outbox: { run: benchOutbox, rows: 20_000 },
  console: { run: benchConsole, rows: 120_000 },
  opera: { run: benchOpera, rows: 20_000 },
} as const;
const [name = ''] = positionals;
if (!(name in benches)) {
  process.stderr.write('usage: npm run bench -- import|outbox|console|opera [--rows N] [--runs N] [--json]\n');
  process.exit(2);
}
const bench = benches[name as keyof typeof benches];
const measures = await bench.run({ rows: Number(values.rows ?? bench.rows), runs: Number(values.runs) });
for (const measure of measures) {
  if (!isMet(measure)) process.exitCode = 1;
  const figure =
    'ratio' in measure ? `${measure.ratio} (gate ${measure.gate}, goal ${measure.goal})` : `${measure.ms} ms (limit ${measure.limitMs})`;
  const text = `${measure.measure}: ${figure} ${isMet(measure) ? 'met' : 'NOT MET'}\n  ${JSON.stringify(measure.runs)}`;
  process.stdout.write(`${values.json ? JSON.stringify(measure) : text}\n`);
}

function isMet(measure: Measure): boolean {
  if ('limitMs' in measure) return measure.ms <= measure.limitMs;
  return measure.lowerIsBetter ? measure.ratio <= measure.gate : measure.ratio >= measure.gate;
}
