import { injectHolds, injectRun } from './inject/index.ts';
import { malformedRun } from './malformed.ts';
import { memoryRun } from './memory.ts';
import { firstLoadHolds, firstLoadRun, operaHolds, operaRun } from './opera.ts';
import { outageHolds, outageRun } from './outage.ts';
import { missingStrace, powercutRun } from './powercut/index.ts';
import { migrateRun } from './powercut/migrate.ts';
import { watermarkRuns } from './watermark/index.ts';

type Asked = { readonly n: number; readonly seed: number; readonly program: string; readonly ran: 'alone' | 'beside others' };

/** A rig that runs once: it says by itself what it has found, and whether that holds. Null where this machine cannot run it. */
type OnceRig = {
  readonly promise: string;
  readonly commitN: number;
  run(asked: Asked, tell: (line: object) => void): Promise<(Readonly<Record<string, unknown>> & { readonly passed: boolean }) | null>;
};

/** Run a rig, unless something that it needs is missing: then say so. */
async function unlessMissing<T>(rig: string, missing: string | null, run: () => Promise<T>): Promise<T | null> {
  if (missing === null) return run();
  process.stderr.write(`${rig}: ${missing}; not run\n`);
  return null;
}

/** How long a real database is written to while it is read. */
const watermarkSeconds = 25;

export const onceRigs: Readonly<Record<string, OnceRig>> = {
  malformed: {
    promise: 'B01-B05',
    commitN: 2000,
    run: async ({ n, seed }) => {
      const { files: _files, ...run } = await malformedRun({ seed, files: n });
      return { ...run, passed: run.crashed === 0 && run.unaccountedBytes === 0 && run.findings.length === 0 };
    },
  },
  memory: {
    promise: 'B05',
    commitN: 256,
    run: async ({ n, program }) => {
      const run = await memoryRun({ fileMiB: n, program });
      if (run !== null) return { ...run, passed: run.lost === 0 && run.peakMiB < run.limitMiB };
      process.stderr.write('memory: only Linux tells the peak of a process; not run\n');
      return null;
    },
  },
  powercut: {
    promise: 'P2',
    commitN: 200,
    run: (asked) =>
      unlessMissing('powercut', missingStrace(), async () => {
        const run = await powercutRun(asked);
        const { lost, twice, inverted, corrupt, missed, findings } = run;
        return { ...run, passed: lost + twice + inverted + corrupt + missed === 0 && findings.length === 0 };
      }),
  },
  migrate: {
    promise: 'P11',
    commitN: 280,
    run: (asked) =>
      unlessMissing('migrate', missingStrace(), async () => {
        const run = await migrateRun(asked);
        return { ...run, passed: run.lost + run.corrupt === 0 && run.findings.length === 0 };
      }),
  },
  inject: {
    promise: 'P5,F02,F11,F12',
    commitN: 10,
    run: (asked, tell) =>
      unlessMissing('inject', missingStrace(), async () => {
        const run = await injectRun(asked, tell);
        return { ...run, passed: injectHolds(run) && run.n > 0 };
      }),
  },
  outage: {
    promise: 'P6',
    commitN: 4,
    run: async ({ n, ran, ...asked }) => {
      const { verdict, isDelivered, isIntact, ...run } = await outageRun({ ...asked, hours: n });
      const passed = outageHolds({ verdict, isDelivered, isIntact, ...run }, ran);
      return { ...run, ...verdict, undelivered: isDelivered ? 0 : 1, damaged: isIntact ? 0 : 1, passed };
    },
  },
  watermark: {
    promise: 'P4',
    commitN: 5,
    run: async (asked, tell) => {
      const { figures, passed } = await watermarkRuns({ ...asked, seconds: watermarkSeconds }, tell);
      return { ...figures, passed };
    },
  },
  opera: {
    promise: 'P4',
    commitN: 12,
    run: async ({ n, ...asked }) => {
      const run = await operaRun({ ...asked, hours: n });
      return { ...run, passed: operaHolds(run) };
    },
  },
  'first-load': {
    promise: 'P1',
    commitN: 12_000,
    run: async ({ n, ...asked }) => {
      const run = await firstLoadRun({ ...asked, rows: n });
      return { ...run, passed: firstLoadHolds(run) };
    },
  },
};
