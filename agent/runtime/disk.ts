import { statfsSync } from 'node:fs';
import { Fault } from '../../contract/faults.ts';
import type { DiskState } from '../../contract/health.ts';
import { policies } from '../resilience/policies.ts';

export type DiskSpace = { readonly freeBytes: number; readonly totalBytes: number };

/** Ask the file system how much room the account that runs the agent still has. */
export function diskSpace(home: string): DiskSpace {
  const disk = statfsSync(home);
  return { freeBytes: disk.bavail * disk.bsize, totalBytes: disk.blocks * disk.bsize };
}

/**
 * Watches the disk of a home. Below 20 % free it warns; below 5 % nothing more is read from any source, so that what was read
 * can still be delivered and noted. Nothing is ever dropped.
 *
 * A limit that was crossed counts as crossed until there is a little more room again, so that it does not flicker.
 */
export class DiskWatch {
  readonly #measure: () => DiskSpace;
  #state: DiskState = 'enough';

  constructor(measure: () => DiskSpace) {
    this.#measure = measure;
  }

  /** Measure anew. */
  look(): DiskSpace & { readonly state: DiskState } {
    const space = this.#measure();
    const share = space.totalBytes > 0 ? space.freeBytes / space.totalBytes : 1;
    const warnBelow = this.#state === 'enough' ? policies.diskWarnBelowShare : policies.diskWarnEndsShare;
    const stopBelow = this.#state === 'stop' ? policies.diskStopEndsShare : policies.diskStopBelowShare;
    this.#state = share < stopBelow ? 'stop' : share < warnBelow ? 'low' : 'enough';
    return { ...space, state: this.#state };
  }

  /**
   * Call before anything is read from a source.
   * @throws {Fault} `disk-nearly-full` when there is too little room for it.
   */
  assertRoom(): void {
    const { state, ...space } = this.look();
    if (state === 'stop') throw new Fault('disk-nearly-full', shares(space));
  }
}

/** What a person is told of a disk. */
export function shares({ freeBytes, totalBytes }: DiskSpace): { percent: string; free: string } {
  const percent = totalBytes > 0 ? Math.floor((freeBytes / totalBytes) * 1000) / 10 : 0;
  return { percent: String(percent), free: `${Math.floor(freeBytes / 2 ** 20)} MiB` };
}
