import { performance } from 'node:perf_hooks';
import { Queue, Worker } from 'bullmq';

/**
 * The other queue of the outbox bench: `node bullmq.mjs PORT JOBS BATCH PAYLOAD_BYTES`. Jobs are added in batches, then all are drained
 * by a worker that does nothing with them. Prints the milliseconds of both as JSON.
 */
const [port = 0, jobs = 0, batch = 1, payloadBytes = 0] = process.argv.slice(2).map(Number);
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
const payload = 'x'.repeat(payloadBytes);
const queue = new Queue('outbox', { connection, defaultJobOptions: { removeOnComplete: true, attempts: 3 } });
await queue.waitUntilReady();

const addedFrom = performance.now();
for (let first = 0; first < jobs; first += batch) {
  const some = Array.from({ length: Math.min(batch, jobs - first) }, (_, at) => ({ name: 'record', data: { id: first + at, payload } }));
  await queue.addBulk(some);
}
const enqueueMs = performance.now() - addedFrom;

// One at a time takes twice as long; between 50 and 500 nothing is gained.
const worker = new Worker('outbox', async () => undefined, { connection, concurrency: 100, autorun: false });
await worker.waitUntilReady();
const drainedFrom = performance.now();
const drained = new Promise((resolve) => {
  let done = 0;
  worker.on('completed', () => {
    if (++done === jobs) resolve();
  });
});
void worker.run();
await drained;
const drainMs = performance.now() - drainedFrom;
await worker.close();
await queue.close();
process.stdout.write(`${JSON.stringify({ enqueueMs, drainMs })}\n`);
