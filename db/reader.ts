import { Worker } from 'node:worker_threads';
import type { ReadDb } from './open.ts';
import { fileLettersByRule, setAsideByRule } from './pipeline/counts.ts';
import { type Remote, ThreadCaller } from './thread-calls.ts';
import { threadFile } from './thread-file.ts';

/** The reads that grow with the table. They run in the reader thread, never in the agent's own. */
export function longReads(db: ReadDb) {
  return {
    setAsideByRule: () => setAsideByRule(db),
    fileLettersByRule: (fileId: number) => fileLettersByRule(db, fileId),
  };
}

export type LongReads = ReturnType<typeof longReads>;

/** Start the reader thread on a database that the writing thread has opened. */
export function startReader(path: string): { reads: Remote<LongReads>; close: () => Promise<unknown> } {
  const worker = new Worker(threadFile('reader'), { workerData: { path }, name: 'reader' });
  const caller = new ThreadCaller<LongReads>(worker);
  return {
    reads: {
      setAsideByRule: () => caller.call('setAsideByRule', []),
      fileLettersByRule: (fileId) => caller.call('fileLettersByRule', [fileId]),
    },
    close: () => worker.terminate(),
  };
}
