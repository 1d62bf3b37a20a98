import { parseArgs } from 'node:util';
import { benchImport } from './import.ts';
import { benchOutbox } from './outbox.ts';

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
    rows: { type: 'string' },
    runs: { type: 'string', default: '5' },
  },
});
const benches = { import: { run: benchImport, rows: 120_000 }, outbox: { run: benchOutbox, rows: 20_000 } } as const;
const [name = ''] = positionals;
if (!(name in benches)) {
  process.stderr.write('usage: npm run bench -- import|outbox [--rows N] [--runs N] [--json]\n');
  process.exit(2);
}
const bench = benches[name as keyof typeof benches];
const measures = await bench.run({ rows: Number(values.rows ?? bench.rows), runs: Number(values.runs) });
for (const measure of measures) {
  const isMet = measure.lowerIsBetter ? measure.ratio <= measure.gate : measure.ratio >= measure.gate;
  if (!isMet) process.exitCode = 1;
  const text = `${measure.measure}: ${measure.ratio} (gate ${measure.gate}, goal ${measure.goal}) ${isMet ? 'met' : 'NOT MET'}\n  ${JSON.stringify(measure.runs)}`;
  process.stdout.write(`${values.json ? JSON.stringify(measure) : text}\n`);
}
