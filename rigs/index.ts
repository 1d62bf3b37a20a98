import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type KillRun, killRun, p99, runHolds } from './kill.ts';

const root = join(import.meta.dirname, '..');
const usage = `npm run rig -- NAME [--n N] [--seed S]

  kill      SIGKILL at random points of an import of 10,000 bookings: N effective kills (100)
  commit    every rig in the size that runs with each commit

A line of JSON per run and one in the end. A run that failed is replayed with the seed of its line.
`;

/** P1: 99 of 100 starts are ready within this time. */
const mostRestartMs = 3000;
const built = join(root, 'out', 'main', 'cli.js');

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { n: { type: 'string', default: '100' }, seed: { type: 'string' }, agent: { type: 'string', default: built } },
  });
  const [name] = positionals;
  const n = Number(values.n);
  const seed = values.seed === undefined ? randomInt(1_000_000) : Number(values.seed);
  if (!Number.isInteger(n) || n < 1 || !Number.isInteger(seed) || seed < 0) return wrongUsage('--n and --seed take whole numbers');
  if (!existsSync(values.agent)) return wrongUsage(`${values.agent} is not there: run npm run build`);
  if (name === 'kill' || name === 'commit') return kill({ n, seed, program: values.agent });
  return wrongUsage(name === undefined ? 'which rig?' : `there is no rig ${name}`);
}

function wrongUsage(why: string): number {
  process.stderr.write(`${why}\n\n${usage}`);
  return 2;
}

/** P1: kill -9 at random points. Every home has a seed of its own, the first one that of the command line. */
async function kill({ n, seed, program }: { readonly n: number; readonly seed: number; readonly program: string }): Promise<number> {
  const commit = commitNow();
  const runs: KillRun[] = [];
  const killsSoFar = () => runs.reduce((sum, run) => sum + run.effectiveKills, 0);
  const startedAtMs = performance.now();
  while (killsSoFar() < n) {
    const run = await killRun({ seed: seed + runs.length, most: n - killsSoFar(), program });
    runs.push(run);
    print({ ...line([run], { seed: run.seed, commit }), findings: run.verdict.findings, wallMs: run.wallMs });
    // A home that never finishes would never add up to n.
    if (!run.isDelivered) break;
  }
  const total = line(runs, { seed, commit });
  const isHeld = runs.every(runHolds) && killsSoFar() >= n && total.p99RestartMs <= mostRestartMs;
  print({ ...total, homes: runs.length, wallMs: Math.round(performance.now() - startedAtMs), passed: isHeld });
  return isHeld ? 0 : 1;
}

/** One line of figures over some runs; every key is there, also when it is 0. */
function line(runs: readonly KillRun[], { seed, commit }: { readonly seed: number; readonly commit: string }) {
  const sum = (of: (run: KillRun) => number) => runs.reduce((total, run) => total + of(run), 0);
  return {
    promise: 'P1',
    rig: 'kill',
    seed,
    commit,
    n: sum((run) => run.effectiveKills),
    lost: sum((run) => run.verdict.lost),
    twice: sum((run) => run.verdict.twice),
    inverted: sum((run) => run.verdict.inverted),
    corrupt: sum((run) => run.verdict.corrupt),
    missed: sum((run) => run.verdict.missed),
    wronglySetAside: sum((run) => run.verdict.wronglySetAside),
    skipped: sum((run) => run.verdict.skipped),
    undelivered: sum((run) => (run.isDelivered ? 0 : 1)),
    damaged: sum((run) => (run.isIntact ? 0 : 1)),
    kills: sum((run) => run.kills),
    effectiveKills: sum((run) => run.effectiveKills),
    killsWhileReading: sum((run) => run.killsWhileReading),
    delivered: sum((run) => run.verdict.delivered),
    wireDuplicates: sum((run) => run.wireDuplicates),
    p99RestartMs: p99(runs.flatMap((run) => run.restartMs)),
  };
}

function commitNow(): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
  const short = git('rev-parse', '--short', 'HEAD');
  return git('status', '--porcelain') === '' ? short : `${short}+`;
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

process.exitCode = await main();
