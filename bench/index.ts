import { parseArgs } from 'node:util';
import { benchImport } from './import.ts';

/**
 * One measure of a bench. `ratio` compares with a peer in the same interleaved run, best against best; `gate` is met or the bench
 * fails, `goal` is worked for. Milliseconds in `runs` only give the scale of this machine.
 */
export type Measure = {
  readonly bench: string;
  readonly measure: string;
  readonly ratio: number;
  readonly gate: number;
  readonly goal: number;
  readonly lowerIsBetter: boolean;
  readonly boundedBy: string;
  readonly runs: readonly Record<string, number>[];
  readonly rows: number;
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rows: { type: 'string', default: '120000' },
    runs: { type: 'string', default: '5' },
  },
});
if (positionals[0] !== 'import') {
  process.stderr.write('usage: npm run bench -- import [--rows N] [--runs N] [--json]\n');
  process.exit(2);
}
const measures = await benchImport({ rows: Number(values.rows), runs: Number(values.runs) });
for (const measure of measures) {
  const isMet = measure.lowerIsBetter ? measure.ratio <= measure.gate : measure.ratio >= measure.gate;
  if (!isMet) process.exitCode = 1;
  const text = `${measure.measure}: ${measure.ratio} (gate ${measure.gate}, goal ${measure.goal}) ${isMet ? 'met' : 'NOT MET'}\n  ${JSON.stringify(measure.runs)}`;
  process.stdout.write(`${values.json ? JSON.stringify(measure) : text}\n`);
}
