import { policies } from '../resilience/policies.ts';

/** Knows whether something is coming in: what can wait gives way to imports. */
export class Quiet {
  readonly #now: () => number;
  #lastKeptAtMs = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Something has come in. */
  disturb(): void {
    this.#lastKeptAtMs = this.#now();
  }

  /** How long to wait until it counts as quiet; 0 when it is. */
  inMs(): number {
    const quietMs = this.#now() - this.#lastKeptAtMs;
    // A clock that was set back must not hold anything up for long.
    return quietMs >= 0 && quietMs < policies.quietAfterMs ? policies.quietAfterMs - quietMs : 0;
  }
}
