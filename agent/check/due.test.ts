import { expect, it } from 'vitest';
import { isCheckDue } from './due.ts';

const at = (time: string) => Date.parse(`2026-07-${time}:00+02:00`);
const isDue = (since: string, now: string) => isCheckDue({ sinceMs: at(since), nowMs: at(now), zone: 'Europe/Amsterdam' });

it('everything is checked once a night, in hotel time; where the PC is off by night, every other day', () => {
  expect([
    isDue('10T02:00', '10T04:59'),
    isDue('10T02:00', '11T00:59'),
    isDue('10T02:00', '11T01:00'),
    isDue('10T09:00', '11T05:00'),
    isDue('10T09:00', '12T09:01'),
    isDue('11T09:00', '10T09:00'),
  ]).toEqual([false, false, true, false, true, true]);
});
