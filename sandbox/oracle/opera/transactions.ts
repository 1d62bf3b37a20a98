import type { Random } from '../../hotel/random.ts';
import { wallDate } from '../clock.ts';
import type { OracleDatabase } from '../database.ts';
import type { Change } from './changes.ts';
import type { Party, Stamp } from './party.ts';
import type { HotelCounts, Quirks } from './quirks.ts';
import { RowWriter } from './rows.ts';
import type { Timeline } from './timeline.ts';

export type Begun = {
  /** Nobody else changes these before the commit. */
  readonly parties: readonly Party[];
  readonly make: (stamp: Stamp) => Change;
  readonly onCommit?: () => void;
  readonly onRollback?: () => void;
  /** Draw the lateness from here instead: a night audit takes its time. */
  readonly commitsAfterMs?: number;
};

type TransactionsOptions = {
  readonly database: OracleDatabase;
  readonly owner: string;
  readonly resort: string;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly quirks: Quirks;
  readonly counts: HotelCounts;
};

const lateMs = 60_000;

/**
 * The changes that have begun: each is decided and stamped when its statement runs, and written when it commits.
 *
 * So a row can appear long after the time that stands in it, and behind rows that were stamped later: what a reader of UPDATE_DATE has
 * to live with.
 */
export class Transactions {
  readonly #options: TransactionsOptions;
  readonly #writer: RowWriter;
  readonly #open = new Set<{ readonly endsAtMs: number; readonly end: () => void }>();

  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.#writer = new RowWriter(options.owner);
  }

  begin(atMs: number, { parties, make, onCommit, onRollback, commitsAfterMs }: Begun): void {
    const { database, timeline, random, quirks, counts } = this.#options;
    const change = make(this.stamp(atMs));
    const waitMs = commitsAfterMs ?? this.#lateness();
    const isRolledBack = commitsAfterMs === undefined && random.chance(quirks.rollbacks);
    const transaction = { startedAtMs: atMs };
    for (const party of parties) party.isLocked = true;
    database.transactions.add(transaction);
    const open = {
      endsAtMs: atMs + waitMs,
      end: () => {
        if (!this.#open.delete(open)) return;
        database.transactions.delete(transaction);
        for (const party of parties) party.isLocked = false;
        if (isRolledBack) {
          counts.rollbacks += 1;
          onRollback?.();
          return;
        }
        this.write(change);
        counts.lateCommits += waitMs >= lateMs ? 1 : 0;
        counts.latestMs = Math.max(counts.latestMs, waitMs);
        onCommit?.();
      },
    };
    this.#open.add(open);
    timeline.plan(open.endsAtMs, open.end);
  }

  /** End everything that is open, in the order in which it would have ended. */
  endAll(): void {
    const open = [...this.#open].sort((one, other) => one.endsAtMs - other.endsAtMs);
    for (const { end } of open) end();
  }

  /** Write a change in one commit. */
  write({ rows, apply }: Change): void {
    this.#options.database.commit((sqlite, scn) => {
      for (const row of rows) this.#writer.write(sqlite, row, scn);
    });
    this.#options.counts.commits += 1;
    apply();
  }

  stamp(atMs: number): Stamp {
    const { database, resort } = this.#options;
    return { resort, currency: 'EUR', at: wallDate(database.zone, atMs), user: 1 };
  }

  /** Most transactions end at once, some when the telephone call ends, a few when somebody comes back from lunch. */
  #lateness(): number {
    const { random, quirks } = this.#options;
    if (!random.chance(quirks.lateCommits)) return random.between(0, 1500);
    const longMs = random.chance(0.2) ? quirks.latestCommitMs : Math.min(quirks.latestCommitMs, 2 * lateMs);
    return random.between(Math.min(2000, longMs), longMs);
  }
}
