import { parentPort, workerData } from 'node:worker_threads';
import { sqliteFault } from './faults.ts';
import { openForReading } from './open.ts';
import { longReads } from './reader.ts';
import { answerCalls } from './thread-calls.ts';

/** The thread for reads that may take longer than the agent's main thread can spare. */
if (!parentPort) throw new Error('the reader thread is started by db/reader.ts');
const { path } = workerData as { path: string };
const db = openForReading(path);
const forRecords = openForReading(path);
answerCalls(
  parentPort as never,
  {
    ...longReads(path, db, forRecords),
    open: () => undefined,
    close: () => {
      forRecords.close();
      db.close();
    },
  },
  sqliteFault,
);
