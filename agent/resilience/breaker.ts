import { CircuitState } from 'cockatiel';
import type { LineFailure } from '../../contract/health.ts';
import { countsAgainstTheLine, destinationBreaker, policies } from './policies.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

const states: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
};

/** The breaker of one destination, with the failures in a row that it has counted: the last of them, oldest first. */
export class LineBreaker {
  readonly #now: () => number;
  #policy = destinationBreaker();
  #failures: LineFailure[] = [];
  #openedAtMs: number | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  get state(): BreakerState {
    return states[this.#policy.state];
  }

  get failures(): readonly LineFailure[] {
    return this.#failures;
  }

  /** When it opened, also while it has tried in vain since; null while it is closed. */
  get openedAtMs(): number | null {
    return this.#openedAtMs;
  }

  /** Do something on the line, unless the breaker is open. @throws {BrokenCircuitError} while it is; whatever `run` throws. */
  async execute<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const policy = this.#policy;
    try {
      const done = await policy.execute(run, signal);
      if (policy === this.#policy) this.#forget();
      return done;
    } catch (error) {
      // What began before a new count is no failure of that count.
      if (policy === this.#policy && countsAgainstTheLine(error)) this.#count({ atMs: this.#now(), fault: error.report() });
      throw error;
    }
  }

  /** Close it and count from nothing: something was delivered, or a person wants a try. */
  reset(): void {
    this.#policy = destinationBreaker();
    this.#forget();
  }

  #count(failure: LineFailure): void {
    this.#failures = [...this.#failures, failure].slice(-policies.breakerFailures);
    if (this.state === 'open') this.#openedAtMs ??= failure.atMs;
  }

  #forget(): void {
    this.#failures = [];
    this.#openedAtMs = null;
  }
}
