import type { Look, TableBook, Unmet } from '../../agent/pipeline/read-table.ts';
import { noWatermark, type Watermark } from '../../agent/pipeline/watermark.ts';

/** What a crash at a commit looks like to whoever asked for it. */
export class Crash extends Error {}

type Known = {
  readonly hash: Uint8Array;
  readonly stamp: string | null;
  sweep: number;
  missed: number | null;
  readonly cells: readonly (string | null)[];
};

/**
 * The book of a table in memory, as the agent's keeps it in its database: all of a look or nothing. It counts as a receiver would: what it
 * has last heard of each row, and what it was told twice.
 */
export class MemoryBook implements TableBook {
  mark: Watermark = noWatermark;
  readonly salt = '';
  readonly #rows = new Map<string, Known>();
  readonly heard = new Map<string, string>();
  readonly #crashes: () => boolean;
  told = 0;
  twice = 0;

  constructor(crashes: () => boolean) {
    this.#crashes = crashes;
  }

  known(key: string): Known | undefined {
    return this.#rows.get(key);
  }

  async keep(look: Look): Promise<void> {
    if (this.#crashes()) throw new Crash();
    const sweep = look.mark.sweepNumber;
    for (const { row, hash } of look.changed) {
      this.#rows.set(row.key, { hash, stamp: row.stamp, sweep, missed: null, cells: row.cells });
      this.#tell(row.key, row.cells[1] ?? '');
    }
    for (const { key, stamp } of look.seen) {
      const row = this.#rows.get(key);
      if (row) this.#rows.set(key, { ...row, stamp, sweep, missed: null });
    }
    for (const key of look.missed) {
      const row = this.#rows.get(key);
      if (row && row.sweep < sweep) row.missed = sweep;
    }
    for (const { key } of look.gone) {
      this.#rows.delete(key);
      this.heard.delete(key);
    }
    this.mark = JSON.parse(JSON.stringify(look.mark));
  }

  #tell(key: string, value: string): void {
    this.told++;
    if (this.heard.get(key) === value) this.twice++;
    this.heard.set(key, value);
  }

  async unmet(sweep: number, limit: number): Promise<{ rows: Unmet[]; count: number; known: number }> {
    const all = [...this.#rows].filter(([, row]) => row.sweep < sweep);
    const rows = all.slice(0, limit).map(([key, row]) => ({
      key,
      missed: row.missed,
      last: async () => ({ key, stamp: row.stamp, cells: row.cells }),
    }));
    return { rows, count: all.length, known: this.#rows.size };
  }
}
