import type { KeyObject } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { Fault } from '../../contract/faults.ts';
import { DocumentMemory } from './batch-builder.ts';
import { type NormaliseJob, type NormaliserMessage, normaliseFile } from './normalise-file.ts';

/**
 * The thread that turns files into batches. It works ahead of the writer by a few batches (credits) and no further, so that a
 * large file never fills the memory.
 */
if (!parentPort) throw new Error('the normaliser thread is started by agent/pipeline/normaliser.ts');
const port = parentPort;
const { home, key } = workerData as { home: string; key: KeyObject };

let credits = 0;
let isCancelled = false;
let wake: (() => void) | null = null;

const memory = new DocumentMemory();

type Message = { kind: 'job'; job: NormaliseJob } | { kind: 'credit'; documents: Uint8Array } | { kind: 'cancel' } | { kind: 'close' };

port.on('message', (message: Message) => {
  if (message.kind === 'credit') {
    credits++;
    memory.giveBack(message.documents);
  } else if (message.kind === 'cancel') isCancelled = true;
  else if (message.kind === 'close') {
    isCancelled = true;
    port.close();
  } else void work(message.job);
  wake?.();
});

async function credit(): Promise<boolean> {
  while (credits === 0 && !isCancelled) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  credits--;
  return !isCancelled;
}

async function work(job: NormaliseJob): Promise<void> {
  credits = job.credits;
  isCancelled = false;
  const answer = (message: NormaliserMessage) => port.postMessage(message);
  try {
    for await (const batch of normaliseFile({ ...job, home, key }, memory)) {
      if (!(await credit())) break;
      answer({ kind: 'batch', batch });
    }
    answer({ kind: 'end' });
  } catch (error) {
    const fault = error instanceof Fault ? error : new Fault('internal', {}, { cause: error });
    answer({ kind: 'failed', fault: fault.report(), cause: error instanceof Fault ? null : String((error as Error).stack ?? error) });
  }
}
