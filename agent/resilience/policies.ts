import { type CircuitBreakerPolicy, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { Fault } from '../../contract/faults.ts';

/**
 * Every waiting time and limit of the lines that leave this PC, in one table, by kind of line. Times are milliseconds.
 * Each number names its source: a row of the requirements, or the fault of the matrix it answers. The rows for lines that do not exist yet
 * stand in docs/resilience.md.
 */
export const policies = {
  // Every line: to a destination, to a file server, to a share.
  /** F27: a black hole gives no error at all, so only our own clock ends a wait. */
  connectTimeoutMs: 5_000,
  headersTimeoutMs: 15_000,
  bodyTimeoutMs: 30_000,
  totalTimeoutMs: 60_000,
  /** A goodbye is a courtesy: one that does not listen is not waited for longer. */
  closeWithinMs: 1_000,

  // Lines to destinations.
  /** FR-2.5 exponential; F22 full jitter. */
  retryFirstMs: 500,
  retryMostMs: 60_000,
  /** What only a person can mend is still looked at now and then: somebody may have mended it elsewhere. */
  retryPersonMs: 5 * 60_000,
  /** F23: an absurd Retry-After is not obeyed beyond an hour. */
  retryAfterMostMs: 3_600_000,
  /** TT-099, F22: five failures in a row open the breaker, one trial after 60 s. */
  breakerFailures: 5,
  breakerHalfOpenMs: 60_000,
  /** The destination hears from a living agent this often. */
  heartbeatEveryMs: 60_000,
  /** When nothing waits; new rows end this rest at once. */
  idleMs: 30_000,
  /** F37: one statement at a database. The server ends it itself, so that nothing stays locked behind a line that is gone. */
  statementTimeoutMs: 30_000,

  // This PC.
  /** HI-285: below this share of the disk free, a warning. X-43: below this one nothing more is read. Each ends a point higher. */
  diskWarnBelowShare: 0.2,
  diskWarnEndsShare: 0.21,
  diskStopBelowShare: 0.05,
  diskStopEndsShare: 0.06,
  diskLookEveryMs: 30_000,
  /** A file or database step that takes longer than this is a fault of the machine. */
  stopWithinMs: 10_000,
  /** A process of a driver, on a PC that is busy: its start is no part of a login's time. */
  processStartsWithinMs: 60_000,
  /** Figures of guests and pruning wait until nothing has come in for so long: an import goes first. */
  quietAfterMs: 500,
  pruneOutboxEveryMs: 86_400_000,
  /** Whether everything is to be checked is asked so often; after each step a check that nobody has asked for rests so many times as long. */
  checkLookEveryMs: 600_000,
  checkRestsTimes: 4,
  /** Whether a certificate is due is asked so often; one that has failed is tried again after an hour. At its end destinations have so long to confirm. */
  certificateLookEveryMs: 60_000,
  certificateAgainAfterMs: 3_600_000,
  certificateConfirmWithinMs: 60_000,
  /** Whether a backup is due is asked so often; one that has failed is tried again after an hour. */
  backupLookEveryMs: 60_000,
  backupAgainAfterMs: 3_600_000,
  /** What was tried is kept for 90 days; looking for what is older costs a moment. */
  pruneAttemptsEveryMs: 3_600_000,
} as const;

/**
 * Say how long to wait before try number `attempt` (0 is the first repeat): a random time up to a bound that doubles.
 * @source AWS "Exponential backoff and jitter", full jitter.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const bound = Math.min(policies.retryMostMs, policies.retryFirstMs * 2 ** Math.min(attempt, 20));
  return Math.round(random() * bound);
}

/** What is wrong with our own database, whoever is at the other end of the line. */
const ofThisPc = new Set<string>(['database-damaged', 'database-unreadable']);

/** Whether an error is a failure of the line, rather than refused data, damage on this PC or our own stopping. */
export function countsAgainstTheLine(error: unknown): error is Fault {
  return error instanceof Fault && error.code !== 'stopped' && !ofThisPc.has(error.code);
}

/** The breaker of one destination: it counts failures of the line, not refused data and not our own stopping. */
export function destinationBreaker(): CircuitBreakerPolicy {
  return circuitBreaker(handleWhen(countsAgainstTheLine), {
    halfOpenAfter: policies.breakerHalfOpenMs,
    breaker: new ConsecutiveBreaker(policies.breakerFailures),
  });
}

/**
 * Read a Retry-After header: seconds or a date, never more than an hour, never less than nothing.
 * @returns milliseconds, or null when it says nothing usable.
 * @source RFC 9110 §10.2.3
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, policies.retryAfterMostMs) : null;
}

/** Wait, or end at once when the signal fires. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
