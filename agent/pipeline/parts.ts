import { Fault } from '../../contract/faults.ts';
import type { PartSet } from '../../contract/health.ts';
import type { Writer } from '../../db/writer.ts';
import type { FileSession } from './connector.ts';

/** A set that is not whole after this long is a warning: an export writes its parts one after the other. */
const lateMs = 3_600_000;

type Part = { readonly set: string; readonly number: number; readonly of: number };

/**
 * Tell which part of which export a file is, by its name; null when it is none.
 * @shape `bookings_1of3.csv`, `bookings-1_of_3.csv` and `bookings.part1of3.csv` are part 1 of 3 of `bookings.csv`.
 */
export function partOf(name: string): Part | null {
  const found = /^(.*?)(?:^|[._ -]*part|[._ -]+)[._ -]?(\d{1,3})[._ -]?of[._ -]?(\d{1,3})(?!\d)(.*)$/i.exec(name);
  if (!found) return null;
  const [, before = '', number, of, behind = ''] = found;
  const part = { set: before + behind, number: Number(number), of: Number(of) };
  return part.number >= 1 && part.number <= part.of ? part : null;
}

const keyOf = ({ set, of }: Pick<Part, 'set' | 'of'>) => `${of} ${set.toLowerCase()}`;

type Named = { readonly name: string };

/** Holds the parts of an export back until all of them are there, and knows since when it waits for the rest. */
export class Parts {
  readonly #now: () => number;
  readonly #since = new Map<string, number>();
  #waiting: readonly PartSet[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The sets that wait, as of the last look. */
  get waiting(): readonly PartSet[] {
    return this.#waiting;
  }

  /**
   * Take out of the complete files those whose set is not whole.
   * @param isTaken tells of the other files that lie there whether they were taken before: they count as there, and nobody waits for them.
   */
  whole<F extends Named>(complete: readonly F[], others: readonly Named[], isTaken: (file: Named) => boolean): F[] {
    const sets = new Map<string, { readonly part: Part; readonly there: Set<number>; isWanted: boolean }>();
    const count = (file: Named, isReady: boolean, isWanted: boolean) => {
      const part = partOf(file.name);
      if (!part) return;
      const set = sets.get(keyOf(part)) ?? { part, there: new Set<number>(), isWanted: false };
      if (isReady) set.there.add(part.number);
      set.isWanted ||= isWanted;
      sets.set(keyOf(part), set);
    };
    for (const file of complete) count(file, true, true);
    const names = new Set(complete.map((file) => file.name));
    for (const file of others) {
      if (names.has(file.name)) continue;
      const wasTaken = isTaken(file);
      count(file, wasTaken, !wasTaken);
    }
    const open = [...sets].filter(([, { part, there, isWanted }]) => isWanted && there.size < part.of);
    for (const key of this.#since.keys()) if (!open.some(([each]) => each === key)) this.#since.delete(key);
    this.#waiting = open.map(([key, { part, there }]) => {
      const sinceMs = this.#since.get(key) ?? this.#now();
      this.#since.set(key, sinceMs);
      return { name: part.set, of: part.of, missing: numbersTo(part.of).filter((number) => !there.has(number)), sinceMs };
    });
    const held = new Set(open.map(([key]) => key));
    return complete.filter((file) => {
      const part = partOf(file.name);
      return part === null || !held.has(keyOf(part));
    });
  }

  /**
   * Tell whether a file belongs to a set that was not taken whole. It has to stay: a part that is read another time must find the others
   * still there, or nobody could tell that the set is whole.
   * @param failed the names of files that could not be taken in this run.
   */
  isHeld(name: string, failed: readonly string[]): boolean {
    const part = partOf(name);
    if (part === null) return false;
    const notWhole = [
      ...this.#waiting.map((set) => keyOf({ set: set.name, of: set.of })),
      ...failed.flatMap((each) => partOf(each) ?? []).map(keyOf),
    ];
    return notWhole.includes(keyOf(part));
  }
}

const numbersTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);

export type PartsTools = {
  readonly writer: Writer;
  readonly now: () => number;
  readonly onBeside: (connectionId: string, fault: Fault) => void;
};

/** Warn of a set whose missing part has not come for long; the warning ends when nothing waits for long any more. */
export async function tellLateParts(tools: PartsTools, session: FileSession, connectionId: string): Promise<void> {
  const late = session.waitsFor?.().find((set) => tools.now() - set.sinceMs >= lateMs);
  if (!late) await tools.writer.step('clearAlert', [connectionId, 'parts-missing']);
  else tools.onBeside(connectionId, new Fault('parts-missing', { name: late.name, missing: late.missing.join(', '), of: String(late.of) }));
}
