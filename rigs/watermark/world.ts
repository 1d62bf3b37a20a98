import type { SourceRow, SourceTable, TablePage } from '../../agent/pipeline/connector.ts';
import type { SourceClock } from '../../agent/pipeline/watermark.ts';
import { seededRandom } from '../../sandbox/hotel/random.ts';

/**
 * A database as the watermark meets it, in simulated time: a change gets its stamp when its statement runs and is seen when it is
 * committed, many rows share one stamp, some stamps lie in the future or are left out, rows vanish, and the wall clock is set back.
 * It is a model, not a database; the same is done with a real PostgreSQL in postgres.ts.
 */
export type Scenario = {
  readonly name: string;
  readonly fallsBack: boolean;
  readonly futureShare: number;
  readonly unstampedShare: number;
  readonly deleteShare: number;
  readonly crashShare: number;
  /** For how long the PC is off once, in seconds. */
  readonly offSeconds: number;
};

const calm = { fallsBack: false, futureShare: 0, unstampedShare: 0, deleteShare: 0, crashShare: 0, offSeconds: 0 };
export const scenarios: readonly Scenario[] = [
  { name: 'ties and late commits', ...calm },
  { name: 'summer time ends', ...calm, fallsBack: true },
  { name: 'stamps in the future', ...calm, futureShare: 0.0005 },
  { name: 'changes without a stamp, deletes', ...calm, unstampedShare: 0.01, deleteShare: 0.004 },
  {
    name: 'everything, and crashes',
    fallsBack: true,
    futureShare: 0.0005,
    unstampedShare: 0.01,
    deleteShare: 0.004,
    crashShare: 0.02,
    offSeconds: 9000,
  },
];

/** How harsh it is. @source the figures of the requirement's own simulation */
const statementsPerSecond = 0.5;
const hours = 6;
const burstShare = 0.02;
const burstMost = 400;
const lateShare = 0.15;
const lateMeanSeconds = 120;
/** Nothing commits later than this after its statement: what the window promises to cover. */
const lateMostSeconds = 890;

type Change = {
  readonly commit: number;
  readonly key: string;
  readonly stamp: number | null;
  readonly value: number;
  readonly isDelete: boolean;
};
type Row = { readonly key: string; readonly stamp: number | null; readonly value: number };

/** 25 October 2026, 22:00 UTC the day before: three hours on, summer time ends in Berlin. */
const begin = Date.UTC(2026, 9, 24, 22) / 1000;

export class World {
  readonly scenario: Scenario;
  readonly rows = new Map<string, Row>();
  readonly #byStamp = new Sorted((one, other) => (one.stamp ?? -1) - (other.stamp ?? -1) || compareKeys(one, other));
  readonly #byKey = new Sorted(compareKeys);
  readonly #changes: Change[];
  readonly #fallsBackAt: number;
  #at = 0;
  now = begin;
  readonly endsAt = begin + hours * 3600;
  readonly offAt: number;

  constructor(seed: number, scenario: Scenario) {
    this.scenario = scenario;
    const next = seededRandom(seed).next;
    this.#fallsBackAt = scenario.fallsBack ? begin + 3 * 3600 : Number.POSITIVE_INFINITY;
    this.offAt = begin + 1.5 * 3600 + next() * 3600;
    this.#changes = this.#write(next);
  }

  #write(next: () => number): Change[] {
    const { futureShare, unstampedShare, deleteShare } = this.scenario;
    const changes: Change[] = [];
    const keys: string[] = [];
    for (let at = begin; at < this.endsAt; at += -Math.log(1 - next()) / statementsPerSecond) {
      const count = next() < burstShare ? 20 + Math.floor(next() * burstMost) : 1;
      const late = next() < lateShare ? Math.min(lateMostSeconds, -Math.log(1 - next()) * lateMeanSeconds) : next() * 0.8;
      for (let one = 0; one < count; one++) {
        const isOld = keys.length > 0 && next() < 0.6;
        const key = isOld ? (keys[Math.floor(next() * keys.length)] as string) : String(keys.length).padStart(7, '0');
        if (!isOld) keys.push(key);
        const isDelete = isOld && next() < deleteShare;
        const isUnstamped = next() < unstampedShare;
        const stamp = next() < futureShare ? this.local(at) + 365 * 86_400 : isUnstamped ? null : this.local(at);
        changes.push({ commit: at + late, key, stamp, value: changes.length + 1, isDelete });
      }
    }
    return changes.sort((one, other) => one.commit - other.commit);
  }

  /** The wall clock, in whole seconds. */
  local(at: number): number {
    return Math.floor(at) + (at < this.#fallsBackAt ? 7200 : 3600);
  }

  /** Let time go by, with what is committed in it. */
  pass(seconds: number): void {
    this.now += seconds;
    for (let change = this.#changes[this.#at]; change && change.commit <= this.now; change = this.#changes[++this.#at]) {
      const { key, stamp, value, isDelete } = change;
      const before = this.rows.get(key);
      if (before) this.#forget(before);
      // A change that leaves the stamp out keeps the one of the row.
      if (!isDelete) this.#take({ key, stamp: stamp ?? before?.stamp ?? null, value });
    }
  }

  #forget(row: Row): void {
    this.rows.delete(row.key);
    this.#byStamp.remove(row);
    this.#byKey.remove(row);
  }

  #take(row: Row): void {
    this.rows.set(row.key, row);
    this.#byStamp.add(row);
    this.#byKey.add(row);
  }

  clock(): SourceClock {
    return { utc: text(Math.floor(this.now)), local: text(this.local(this.now)) };
  }

  /** The table as a connector gives it. Every look takes about a second, in which others commit. */
  table(): SourceTable {
    const give = (rows: readonly Row[]): TablePage => {
      const page = { rows: rows.map(sourceRow) };
      this.pass(1);
      return page;
    };
    return {
      name: 'rows',
      mapping: '',
      columns: ['key', 'value'],
      stamp: { column: 'stamp', grainSeconds: 1 },
      pageByStamp: async ({ stamp, key }, limit) => {
        const from = Date.parse(`${stamp.replace(' ', 'T')}Z`) / 1000;
        return give(this.#byStamp.behind({ key: key ?? '', stamp: from, value: 0 }, limit));
      },
      // Rows without a stamp stand before all others.
      pageUnstamped: async (afterKey, limit) =>
        give(this.#byStamp.behind({ key: afterKey ?? '', stamp: null, value: 0 }, limit).filter((row) => row.stamp === null)),
      pageByKey: async (afterKey, limit) => give(this.#byKey.behind({ key: afterKey ?? '', stamp: null, value: 0 }, limit)),
    };
  }
}

function compareKeys(one: Row, other: Row): number {
  return one.key < other.key ? -1 : one.key > other.key ? 1 : 0;
}

/** Rows that stay sorted: a look takes a page, not all of them. */
class Sorted {
  readonly #compare: (one: Row, other: Row) => number;
  readonly #rows: Row[] = [];

  constructor(compare: (one: Row, other: Row) => number) {
    this.#compare = compare;
  }

  add(row: Row): void {
    this.#rows.splice(this.#after(row), 0, row);
  }

  remove(row: Row): void {
    this.#rows.splice(this.#after(row) - 1, 1);
  }

  /** The rows behind a place. */
  behind(place: Row, limit: number): readonly Row[] {
    const from = this.#after(place);
    return this.#rows.slice(from, from + limit);
  }

  /** How many rows do not stand behind a place. */
  #after(place: Row): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(this.#rows[middle] as Row, place) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function sourceRow({ key, stamp, value }: Row): SourceRow {
  return { key, stamp: stamp === null ? null : text(stamp), cells: [key, String(value)] };
}

function text(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}
