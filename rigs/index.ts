import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { answersRun } from './answers.ts';
import { bitrotRun, kindCounts } from './bitrot.ts';
import { type BrokerRun, brokerRun } from './broker.ts';
import { diskfullRun, missingSmallDisk } from './diskfull.ts';
import { killRun } from './kill.ts';
import { netRun } from './net/index.ts';
import { onceRigs } from './once.ts';
import { missingServers, Receivers } from './receivers.ts';
import { recordsFile } from './reliability.ts';
import { type Run, reportLine, runsHold } from './report.ts';
import { responseLostRun } from './response-lost.ts';
import { restoreRun } from './restore.ts';
import { sftpRun } from './sftp.ts';

const root = join(import.meta.dirname, '..');
const built = join(root, 'out', 'main', 'cli.js');
const usage = `npm run rig -- NAME [--n N] [--seed S] [--record]

  kill           SIGKILL at random points while 10,000 bookings go from three sources to three destinations; N effective kills
  sftp           the same from an SFTP server that cuts the line or stops answering; N effective kills
  answers        the hub misbehaves or is ended during such an import; N troubles
  net            a secure line to the hub that is slow, cut, silent or false during such an import; N troubles
  outage         the hub is away while as many bookings come as in N hours at 10,000 a day, one hour in ten seconds, and comes back
  diskfull       the disk of the home is filled to its last byte during such an import; N fillings (Linux, root)
  bitrot         files at rest are damaged: bits, pages, ends, heads; N times
  broker         a PostgreSQL and a RabbitMQ are killed, cut and blocked during such an import; N troubles
  response-lost  hub, database and broker apply, and their answer is lost; N answers
  restore        the PC is destroyed and a backup, or nothing, comes onto a new one; N times
  memory         one file of N MiB is imported; the memory it takes stays below 256 MiB (Linux)
  malformed      N files that are broken in many ways: every byte accounted for, nothing crashes
  inject         a call to the disk or the line fails, or the agent is killed in it; N points of all kinds, 0: each of them (Linux, strace)
  powercut       everything an agent asks of its disk is written down, and the power cut at N of those calls (Linux, strace)
  migrate        the same while a database of every schema there has been is migrated (Linux, strace)
  watermark      a table that changes is read in N simulated worlds, and in a real PostgreSQL with long transactions: nothing missed
  opera          an OPERA hotel with 10,000 bookings a day lives N hours in scaled time, with faults and kills: nothing missed
  first-load     N reservations of OPERA are read for the first time, and the agent is killed three times on the way
  commit         all of them in the size that runs with each commit

A line of JSON per home and one in the end. A home that failed is replayed with the seed of its line. With --record the last line is noted for
RELIABILITY.md (npm run reliability).
`;

/** So many homes in a row that finished before they could be disturbed. */
const mostMisses = 5;

type Wanted = { readonly seed: number; readonly most: number; readonly program: string };
type Rig = {
  readonly promise: string;
  readonly commitN: number;
  readonly run: (wanted: Wanted) => Promise<Run>;
  /** Why it cannot run on this machine, if it cannot. */
  readonly isMissing?: () => string | null;
};

const rigs: Readonly<Record<string, Rig>> = {
  kill: {
    promise: 'P1',
    commitN: 100,
    run: async (wanted) => {
      const { restartMs, effectiveKills, ...run } = await killRun({ ...wanted, receivers: await sharedReceivers() });
      return {
        ...run,
        n: effectiveKills,
        restartMs,
        figures: { kills: run.kills, effectiveKills, killsWhileReading: run.killsWhileReading },
      };
    },
  },
  sftp: {
    promise: 'F40',
    commitN: 20,
    run: async (wanted) => {
      const { restartMs, effectiveKills, ...run } = await sftpRun(wanted);
      return {
        ...run,
        n: effectiveKills,
        restartMs,
        figures: { kills: run.kills, effectiveKills, killsWhileReading: run.killsWhileReading, cuts: run.cuts },
      };
    },
  },
  answers: {
    promise: 'F22-F26',
    commitN: 100,
    run: async (wanted) => {
      const run = await answersRun(wanted);
      return { ...run, n: run.troubles, restartMs: [], figures: { troubles: run.troubles, restarts: run.restarts } };
    },
  },
  net: {
    promise: 'F26-F30,F32,F34',
    commitN: 20,
    run: async (wanted) => {
      const { troubles, byTrouble, stuck, unnamed, bytesToStranger, ...run } = await netRun(wanted);
      return { ...run, n: troubles, restartMs: [], figures: { troubles, stuck, unnamed, bytesToStranger, ...byTrouble } };
    },
  },
  diskfull: {
    promise: 'P12',
    commitN: 6,
    isMissing: missingSmallDisk,
    run: async (wanted) => {
      const { fillings, said, ...run } = await diskfullRun(wanted);
      return { ...run, n: fillings, restartMs: [], figures: { fillings, said } };
    },
  },
  bitrot: {
    promise: 'F17,F18',
    commitN: 3,
    run: async (wanted) => {
      const { kind, places, ...run } = await bitrotRun(wanted);
      // A start that puts a backup in the place of a database takes the time that this takes.
      return { ...run, n: 1, restartMs: [], figures: { places, ...kindCounts(kind) } };
    },
  },
  restore: {
    promise: 'restore',
    commitN: 3,
    run: async (wanted) => {
      const { way, ...run } = await restoreRun(wanted);
      return { ...run, n: 1, figures: { 'files-stay': 0, 'files-put-away': 0, 'no-backup': 0, [way]: 1 } };
    },
  },
  broker: {
    promise: 'F35,F37',
    commitN: 8,
    isMissing: missingServers,
    run: async (wanted) => {
      const run: BrokerRun = await brokerRun(wanted);
      const { troubles, crashes, claimedTooEarly } = run;
      return { ...run, n: troubles, restartMs: [], figures: { troubles, crashes, claimedTooEarly } };
    },
  },
  'response-lost': {
    promise: 'F26,F37',
    commitN: 30,
    isMissing: missingServers,
    run: async (wanted) => {
      const { lostAnswers, byDestination, ...run } = await responseLostRun(wanted);
      return { ...run, n: lostAnswers, restartMs: [], figures: byDestination };
    },
  },
};

let receivers: Receivers | null = null;
const ownFolder = mkdtempSync(join(tmpdir(), 'bellhop-rigs-'));

/** Database and broker for all homes of a rig: starting them takes longer than a home. Null, and a word, where they are not installed. */
async function sharedReceivers(): Promise<Receivers | null> {
  const missing = missingServers();
  if (missing !== null) process.stderr.write(`kill: ${missing}; everything goes to the hub alone\n`);
  else receivers ??= await Receivers.start(ownFolder);
  return receivers;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      n: { type: 'string' },
      seed: { type: 'string' },
      agent: { type: 'string', default: built },
      record: { type: 'boolean', default: false },
      beside: { type: 'boolean', default: false },
    },
  });
  const [name = ''] = positionals;
  const n = values.n === undefined ? undefined : Number(values.n);
  const seed = values.seed === undefined ? randomInt(1_000_000) : Number(values.seed);
  const least = name === 'inject' ? 0 : 1;
  if (!Number.isInteger(n ?? 1) || (n ?? 1) < least || !Number.isInteger(seed) || seed < 0)
    return wrongUsage('--n and --seed take whole numbers');
  if (!existsSync(values.agent)) return wrongUsage(`${values.agent} is not there: run npm run build`);
  if (!['commit', ...Object.keys(onceRigs), ...Object.keys(rigs)].includes(name))
    return wrongUsage(name === '' ? 'which rig?' : `there is no rig ${name}`);
  const wanted = { n, seed, program: values.agent };
  isRecording = values.record;
  isBeside = values.beside;
  isCommit = name === 'commit';
  if (name !== 'commit') return (await runNamed(name, wanted)) ? 0 : 1;
  // The other one is waited for also when one of these comes to an unexpected end: nothing goes on alone.
  const beside = runBeside(longest, wanted);
  const names = [...Object.keys(onceRigs), ...Object.keys(rigs).filter((each) => each !== longest)];
  let isWell = true;
  try {
    for (const each of names) if (!(await runNamed(each, wanted))) isWell = false;
  } finally {
    if (!(await beside)) isWell = false;
  }
  // How long a start takes is judged alone.
  if (!(await runNamed(longest, { ...wanted, n: aloneN }))) isWell = false;
  return isWell ? 0 : 1;
}

type Asked = { readonly n: number | undefined; readonly seed: number; readonly program: string };

/** Run one rig. @returns whether it held; a rig for which something is not installed says so and holds. */
async function runNamed(name: string, { n, seed, program }: Asked): Promise<boolean> {
  const rig = rigs[name];
  if (!rig) return runOnce(name, { n, seed, program });
  const missing = rig.isMissing?.() ?? null;
  if (missing === null) return runRig(name, rig, { n: n ?? rig.commitN, seed, program });
  process.stderr.write(`${name}: ${missing}; not run\n`);
  return true;
}

/** It takes as long as all others, and half of that is waiting. */
const longest = 'kill';
/** So much of it runs once more by itself. */
const aloneN = 12;

/** Run a rig in a process of its own, beside the others. Its lines come between theirs. */
async function runBeside(name: string, { seed, program, n }: Asked): Promise<boolean> {
  const args = [
    import.meta.filename,
    name,
    '--beside',
    '--seed',
    String(seed),
    '--agent',
    program,
    ...(n === undefined ? [] : ['--n', String(n)]),
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = await once(child, 'exit');
  return code === 0;
}

function wrongUsage(why: string): number {
  process.stderr.write(`${why}\n\n${usage}`);
  return 2;
}

/** Run a rig that says by itself what it has found. */
async function runOnce(name: string, { n, seed, program }: Asked): Promise<boolean> {
  const rig = onceRigs[name];
  if (!rig) return false;
  const startedAtMs = performance.now();
  const named = { promise: rig.promise, rig: name, commit: commitNow(), seed, n: n ?? rig.commitN };
  const run = await rig.run({ n: named.n, seed, program, ran: isBeside || isCommit ? 'beside others' : 'alone' }, (line) =>
    print({ ...named, ...line }),
  );
  if (run === null) return true;
  const { passed, ...figures } = run;
  conclude({ ...named, ...figures, wallMs: Math.round(performance.now() - startedAtMs), passed }, named.n);
  return passed;
}

/** Open one home after the other until there were `n`. Every home has a seed of its own, the first one that of the command line. */
async function runRig(
  name: string,
  rig: Rig,
  { n, seed, program }: { readonly n: number; readonly seed: number; readonly program: string },
) {
  const named = { promise: rig.promise, rig: name, commit: commitNow() };
  const runs: Run[] = [];
  const startedAtMs = performance.now();
  for (let reached = 0; reached < n; ) {
    const beganAtMs = performance.now();
    const run = await rig.run({ seed: seed + runs.length, most: n - reached, program });
    print({
      ...named,
      ...reportLine([run], seed + runs.length),
      findings: run.verdict.findings,
      wallMs: Math.round(performance.now() - beganAtMs),
    });
    runs.push(run);
    reached += run.n;
    // A rig whose homes do not finish, or that hits nothing again and again, would never add up to n.
    if (!run.isDelivered || (runs.length >= mostMisses && runs.slice(-mostMisses).every((each) => each.n === 0))) break;
  }
  const passed = runsHold(runs, n, isBeside ? 'beside others' : 'alone');
  const wallMs = Math.round(performance.now() - startedAtMs);
  conclude({ ...named, ...reportLine(runs, seed), homes: runs.length, wallMs, passed });
  return passed;
}

function commitNow(): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
  const short = git('rev-parse', '--short', 'HEAD');
  // What is noted of runs changes nothing that the next one runs on.
  return git('status', '--porcelain', '--', '.', ':!rigs/recorded.ndjson', ':!RELIABILITY.md') === '' ? short : `${short}+`;
}

let isRecording = false;
let isBeside = false;
/** With each commit the longest rig runs beside all others. */
let isCommit = false;

/** Say what a rig has found in all and, where it was asked for, note it for RELIABILITY.md. @param asked the size that was typed. */
function conclude(
  line: Readonly<Record<string, unknown>> & { readonly rig: string; readonly n: number; readonly seed: number },
  asked = line.n,
): void {
  print(line);
  if (!isRecording) return;
  const { findings: _findings, ...figures } = line as typeof line & { findings?: unknown };
  const command = `npm run rig -- ${line.rig} --n ${asked} --seed ${line.seed}`;
  appendFileSync(recordsFile, `${JSON.stringify({ recordedOn: new Date().toISOString().slice(0, 10), command, ...figures })}\n`);
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

try {
  process.exitCode = await main();
} finally {
  await (receivers as Receivers | null)?.close();
  rmSync(ownFolder, { recursive: true, force: true });
}
