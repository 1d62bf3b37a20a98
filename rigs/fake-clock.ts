import { existsSync, writeFileSync } from 'node:fs';

const libraries = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`);

/** Why no program can be told another time here; null when it can. */
export function missingFaketime(): string | null {
  if (process.platform !== 'linux') return 'only Linux lets a library stand before the clock';
  return libraryHere() === undefined ? 'libfaketime is not installed' : null;
}

const libraryHere = () => libraries.find((path) => existsSync(path));

/** A program looks at the file of its clock so often. */
export const clockReadEveryMs = 1000;

/**
 * The clock of a program that is started with {@link environment}: it may run faster than ours, and be set.
 *
 * @units `aheadMs` how far it is ahead of ours now; `speed` how many of its seconds go by in one of ours.
 */
export class FakeClock {
  readonly #file: string;
  readonly #startedAtMs = Date.now();
  #aheadAtStartMs: number;
  #speed: number;

  /** @param file where it is told; a file of its own for each program, because a speed counts from the start of the program. */
  constructor(file: string, { aheadMs = 0, speed = 1 }: { readonly aheadMs?: number; readonly speed?: number } = {}) {
    this.#file = file;
    this.#aheadAtStartMs = aheadMs;
    this.#speed = speed;
    this.#tell();
  }

  now(): number {
    const goneMs = Date.now() - this.#startedAtMs;
    return this.#startedAtMs + goneMs * this.#speed + this.#aheadAtStartMs;
  }

  get aheadMs(): number {
    return this.now() - Date.now();
  }

  /** Let it run at another speed from now on. It goes on from where it is, and never back. */
  run(speed: number): void {
    const goneMs = Date.now() - this.#startedAtMs;
    this.#aheadAtStartMs += goneMs * (this.#speed - speed);
    this.#speed = speed;
    this.#tell();
  }

  /** Set it, as a person does, or a PC that has slept. */
  set(aheadMs: number): void {
    this.#aheadAtStartMs = aheadMs;
    this.#tell();
  }

  /** @param steady whether the clock that only measures how long things take stays ours: it does where a clock is set, not where time flies. */
  environment(steady: 'measures as we do' | 'measures faster as well'): NodeJS.ProcessEnv {
    return {
      ...process.env,
      LD_PRELOAD: libraryHere(),
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_CACHE_DURATION: String(clockReadEveryMs / 1000),
      ...(steady === 'measures as we do' && { FAKETIME_DONT_FAKE_MONOTONIC: '1' }),
    };
  }

  #tell(): void {
    const seconds = this.#aheadAtStartMs / 1000;
    // The library keeps the speed it had where none is told.
    writeFileSync(this.#file, `${seconds < 0 ? '' : '+'}${seconds.toFixed(3)} x${this.#speed}\n`);
  }
}
