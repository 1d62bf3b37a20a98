import type { SourceRow } from '../../agent/pipeline/connector.ts';
import type { World } from './world.ts';

/** A way of reading that many programs have. It gives one pass; `hear` is told of every row that it reads. */
export type Strategy = (world: World) => (hear: (row: SourceRow) => void) => Promise<void>;

const pageRows = 200;
const beginning = '1970-01-01 00:00:00';

/** They are here to show that they miss: a rig in which nothing is missed by anybody would prove nothing. */
export const naive: Readonly<Record<string, Strategy>> = {
  /** `stamp > (largest stamp seen)`, as the first draft of the requirements had it. */
  'later than the largest': (world) => {
    const table = world.table();
    let largest = beginning;
    return async (hear) => {
      for (;;) {
        const { rows } = await table.pageByStamp({ stamp: largest, key: '\uffff' }, pageRows, never);
        for (const row of rows) hear(row);
        largest = rows.at(-1)?.stamp ?? largest;
        if (rows.length < pageRows) return;
      }
    };
  },
  /** The same, but the last stamp is read again each time, in the order of stamp and key. */
  'from the largest on': (world) => {
    const table = world.table();
    let largest = beginning;
    return async (hear) => {
      let after: { stamp: string; key: string | null } = { stamp: largest, key: null };
      for (;;) {
        const { rows } = await table.pageByStamp(after, pageRows, never);
        for (const row of rows) hear(row);
        const last = rows.at(-1);
        if (last?.stamp) {
          after = { stamp: last.stamp, key: last.key };
          largest = last.stamp;
        }
        if (rows.length < pageRows) return;
      }
    };
  },
  /** The database's wall clock, a quarter of an hour back, but the largest time ever seen: the hour that comes twice is lost. */
  'by the clock, a quarter back': (world) => {
    const table = world.table();
    let started: string | null = null;
    return async (hear) => {
      const { local } = world.clock();
      const from = started === null ? beginning : shifted(started, -901);
      let after: { stamp: string; key: string | null } = { stamp: from, key: null };
      for (;;) {
        const { rows } = await table.pageByStamp(after, pageRows, never);
        for (const row of rows) hear(row);
        const last = rows.at(-1);
        if (last?.stamp) after = { stamp: last.stamp, key: last.key };
        if (rows.length < pageRows) break;
      }
      started = started !== null && started > local ? started : local;
    };
  },
};

const never = new AbortController().signal;

function shifted(stamp: string, seconds: number): string {
  return new Date(Date.parse(`${stamp.replace(' ', 'T')}Z`) + seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}
