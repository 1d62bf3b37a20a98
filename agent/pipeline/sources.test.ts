import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Sources } from './sources.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Sources over a database that does not answer the first times it is asked. */
function overDeafDatabase(times: number) {
  let left = times;
  const unlooked: string[] = [];
  const read = {
    prepare: () => {
      left -= 1;
      if (left >= 0) throw new Error('disk I/O error');
      const nothing = { all: () => [], get: () => undefined, pluck: () => nothing };
      return nothing;
    },
  };
  const sources = new Sources({ read, onUnlooked: (error: Error) => unlooked.push(error.message) } as never);
  return { sources, unlooked };
}

it('looks again when a look at what is due has failed, however often that is now and then', () => {
  const { sources, unlooked } = overDeafDatabase(4);
  sources.start();
  vi.advanceTimersByTime(10_000);
  expect(unlooked).toEqual(['disk I/O error', 'disk I/O error', 'disk I/O error', 'disk I/O error']);
});

it('does not go on for ever over a database that cannot be read: the agent is to start anew and look at it', () => {
  const { sources, unlooked } = overDeafDatabase(5);
  sources.start();
  expect(() => vi.advanceTimersByTime(10_000)).toThrow('disk I/O error');
  expect(unlooked.length).toBe(4);
});
