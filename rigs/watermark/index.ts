import { hasPostgres } from '../../sandbox/servers/postgres.ts';
import { postgresRun } from './postgres.ts';
import { simulatedRun } from './simulated.ts';
import { scenarios } from './world.ts';

/** A line of the rig `watermark`: one world, or one run on a real database. */
type Line = {
  readonly source: 'simulated' | 'postgresql';
  readonly seed: number;
  readonly missed: number;
  readonly ghosts: number;
  readonly twice: number;
  readonly naiveMissed: Readonly<Record<string, number>>;
};

/**
 * Read `n` simulated worlds, and a real PostgreSQL where there is one. It holds when nothing is missed, nothing that is gone still stands
 * and nothing is told twice, while the simple ways of reading miss something in the same worlds.
 */
export async function watermarkRuns(
  wanted: { readonly n: number; readonly seed: number; readonly seconds: number; readonly program: string },
  tell: (line: Line) => void,
): Promise<{ readonly figures: Record<string, number>; readonly passed: boolean }> {
  const lines: Line[] = [];
  const take = (line: Line) => {
    lines.push(line);
    tell(line);
  };
  for (let at = 0; at < wanted.n; at++) {
    const seed = wanted.seed + at;
    take({ source: 'simulated', seed, ...(await simulatedRun(seed)) });
  }
  if (hasPostgres) take({ source: 'postgresql', seed: wanted.seed, ...(await postgresRun(wanted)) });
  else process.stderr.write('watermark: PostgreSQL is not installed; simulated worlds alone\n');
  const sum = (of: (line: Line) => number) => lines.reduce((total, line) => total + of(line), 0);
  const figures = { missed: sum((line) => line.missed), ghosts: sum((line) => line.ghosts), twice: sum((line) => line.twice) };
  // A world that nobody can miss anything in proves nothing.
  const isHarsh = lines.every((line) => Math.max(...Object.values(line.naiveMissed)) > 0);
  const isWhole = wanted.n < scenarios.length || new Set(lines.map((line) => line.seed % scenarios.length)).size === scenarios.length;
  return { figures, passed: figures.missed + figures.ghosts + figures.twice === 0 && isHarsh && isWhole };
}
