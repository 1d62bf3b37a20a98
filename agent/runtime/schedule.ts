import { Cron } from 'croner';
import { Fault } from '../../contract/faults.ts';
import type { Schedule } from '../../contract/schedule.ts';
import { nextDailyMs } from './hotel-clock.ts';

const minuteMs = 60_000;
export const intervalMs = {
  '1m': minuteMs,
  '5m': 5 * minuteMs,
  '15m': 15 * minuteMs,
  '1h': 60 * minuteMs,
  '6h': 360 * minuteMs,
  '12h': 720 * minuteMs,
  '24h': 1440 * minuteMs,
  '7d': 10_080 * minuteMs,
} as const;

/**
 * Say when a schedule runs next, counted from its last start; for a connection that has never run, from when it was set up.
 *
 * A time that has passed while the PC slept or was off gives that time: it is due now, once, however many were missed.
 * A clock that was set back never makes a connection wait for the old future.
 *
 * @returns UTC milliseconds, or null for a schedule that never runs by itself.
 * @throws {Fault} `input-wrong` for a cron expression that cannot be read.
 */
export function nextRunMs(
  schedule: Schedule,
  zone: string,
  last: { readonly startedAtMs: number | null; readonly setUpAtMs: number },
  nowMs: number,
): number | null {
  const from = last.startedAtMs === null || last.startedAtMs > nowMs ? null : last.startedAtMs;
  const since = from ?? Math.min(last.setUpAtMs, nowMs);
  switch (schedule.kind) {
    case 'manual':
      return null;
    case 'every':
      return from === null ? nowMs : from + intervalMs[schedule.interval];
    case 'daily':
      return nextDailyMs(schedule.at, zone, since);
    case 'cron':
      return nextCronMs(schedule.expression, zone, since);
    default: {
      const never: never = schedule;
      throw new Error(`no schedule ${JSON.stringify(never)}`);
    }
  }
}

function nextCronMs(expression: string, zone: string, afterMs: number): number | null {
  try {
    const cron = new Cron(expression, { timezone: zone, paused: true });
    return cron.nextRun(new Date(afterMs))?.getTime() ?? null;
  } catch (error) {
    throw new Fault('input-wrong', { detail: `"${expression}" is no cron expression` }, { cause: error });
  }
}

/** The next few times a schedule runs from now on. */
export function previewMs(schedule: Schedule, zone: string, nowMs: number, count: number): number[] {
  const times: number[] = [];
  let from = nowMs;
  while (times.length < count) {
    const next = nextRunMs(schedule, zone, { startedAtMs: from, setUpAtMs: from }, from);
    if (next === null || next <= from) break;
    times.push(next);
    from = next;
  }
  return times;
}
