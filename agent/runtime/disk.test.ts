import { expect, it } from 'vitest';
import { type DiskSpace, DiskWatch, shares } from './disk.ts';

const gib = 2 ** 30;
const withFree = (percent: number): DiskSpace => ({ freeBytes: percent * gib, totalBytes: 100 * gib });

it('warns below 20 %, stops reading below 5 %, and takes a point more to end either', () => {
  let free = 0;
  const watch = new DiskWatch(() => withFree(free));
  const states = [100, 20, 19.9, 20.5, 20.99, 21, 19.9, 5, 4.99, 5.9, 6, 20.9, 21, 4, 22].map((percent) => {
    free = percent;
    return [percent, watch.look().state];
  });
  expect(states).toEqual([
    [100, 'enough'],
    [20, 'enough'],
    [19.9, 'low'],
    [20.5, 'low'],
    [20.99, 'low'],
    [21, 'enough'],
    [19.9, 'low'],
    [5, 'low'],
    [4.99, 'stop'],
    [5.9, 'stop'],
    [6, 'low'],
    [20.9, 'low'],
    [21, 'enough'],
    [4, 'stop'],
    [22, 'enough'],
  ]);
});

it('lets nothing be read while there is too little room, and says how much there is', () => {
  let free = 4.96;
  const watch = new DiskWatch(() => withFree(free));
  const said = () => {
    try {
      watch.assertRoom();
      return null;
    } catch (error) {
      return (error as { report(): unknown }).report();
    }
  };
  const before = said();
  free = 7;
  expect([before, said(), shares(withFree(19.99))]).toEqual([
    { code: 'disk-nearly-full', detail: { percent: '4.9', free: '5079 MiB' } },
    null,
    { percent: '19.9', free: '20469 MiB' },
  ]);
});
