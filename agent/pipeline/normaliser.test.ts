import { Worker } from 'node:worker_threads';
import { expect, it, vi } from 'vitest';
import { sealingKey } from '../../db/seal.ts';
import { Normaliser } from './normaliser.ts';

it('ends by itself when it is closed, also while its thread is still loading', async () => {
  const terminate = vi.spyOn(Worker.prototype, 'terminate');
  const normaliser = new Normaliser('/nowhere', sealingKey(Buffer.alloc(32, 7)));
  await normaliser.close();
  expect(terminate).not.toHaveBeenCalled();
  terminate.mockRestore();
});
