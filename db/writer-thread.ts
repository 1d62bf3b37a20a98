import type { KeyObject } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { Fault } from '../contract/faults.ts';
import { sqliteFault } from './faults.ts';
import { openForWriting } from './open.ts';
import { pipelineSteps } from './steps.ts';
import { answerCalls, type CallTable } from './thread-calls.ts';

/** The one thread that writes pipeline.db. It starts by opening and migrating, and answers `opened` before any other step. */
if (!parentPort) throw new Error('the writing thread is started by db/writer.ts');
const port = parentPort;
const { path, key } = workerData as { path: string; key: KeyObject };

let table: CallTable | null = null;
let close = (): void => undefined;
let discard = (): void => undefined;
let isToOpenAnew = false;
let broken: Fault | null = null;

function open(): number {
  const db = openForWriting(path);
  const steps = pipelineSteps(db, key);
  table = steps;
  discard = () => db.close();
  close = () => {
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
  };
  return steps.generation();
}

answerCalls(
  port as never,
  {
    open,
    step: (name: string, ...args: unknown[]) => {
      if (broken) throw broken;
      if (isToOpenAnew) {
        discard();
        discard = () => undefined;
        open();
        isToOpenAnew = false;
      }
      const step = table?.[name];
      if (!step) throw new Error(`no step ${name}`);
      return step(...args);
    },
    close: () => close(),
  },
  (error) => {
    const fault = sqliteFault(error);
    if (!(fault instanceof Fault)) return fault;
    // After an I/O fault the page cache may hold what the disk does not: nothing more is written until the file is opened anew and looked at.
    if (fault.code === 'database-unreadable') isToOpenAnew = true;
    if (fault.code === 'database-damaged') broken = fault;
    return fault;
  },
);
