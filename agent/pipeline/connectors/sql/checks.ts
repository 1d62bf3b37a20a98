import { Fault } from '../../../../contract/faults.ts';
import type { Check } from '../../connector.ts';
import { addressesOf, reach } from '../../secure-line.ts';
import { readClock, secondsOf } from '../../watermark.ts';
import type { Engine } from './engine.ts';
import { lineBroke } from './faults.ts';
import {
  type Described,
  describe,
  keyless,
  newestStamp,
  paddedKey,
  questionOf,
  questionTable,
  repeatedKey,
  stampClock,
} from './question-table.ts';
import { isPlain, placeOf, type Settings } from './settings.ts';

/** How many rows are read in the test. */
const firstRows = 20;

/** A stamp may be so far ahead of the clock, and so far off UTC. */
const mostAheadSeconds = 10 * 60;
const aboutUtcSeconds = 15 * 60;

/** A step, and what ends the line that it may have left open for those behind it. */
type LineCheck = Check & { readonly close: () => Promise<void> };

/** The steps of the test, one line for all of them: an account is not tried more often than it has to be. */
export function checks(given: Settings, open: () => Engine): readonly LineCheck[] {
  let engine: Engine | null = null;
  const line = () => {
    engine ??= open();
    return engine;
  };
  const close = async () => {
    const open = engine;
    engine = null;
    await open?.close();
  };
  /** The line is closed by the last step, or by the one that fails. Who leaves between two steps closes it by any of them. */
  const step = (one: Check, isLast = false): Check => ({
    ...one,
    run: async (signal) => {
      let isDone = false;
      try {
        const found = await one.run(signal);
        isDone = !isLast;
        return found;
      } finally {
        if (!isDone) await close();
      }
    },
  });
  const place = placeOf(given);
  const steps: readonly Check[] = [
    {
      step: 'question',
      title: 'Look at the question',
      run: async () => ({ found: `one SELECT of ${questionOf(given).length} characters` }),
    },
    { step: 'name', title: 'Find the server', run: async (signal) => ({ found: await inWords(given, addressesOf(place, signal)) }) },
    {
      step: 'port',
      title: 'Reach its port',
      run: async (signal) => {
        (await inWords(given, reach(place, signal))).destroy();
        return { found: place.shown };
      },
    },
    step({
      step: 'login',
      title: 'Log in',
      run: async (signal) => {
        const { user, version } = await line().rights(signal);
        const found = `${user}, ${version}`;
        return isPlain(given)
          ? { found: `${found}, without TLS: what is read can be read along in the network`, isWarning: true }
          : { found: `${found}, on a secure line` };
      },
    }),
    step({
      step: 'rights',
      title: 'May it only read',
      run: async (signal) => {
        const { tooMuch } = await line().rights(signal);
        if (tooMuch.length === 0) return { found: 'it may write nothing' };
        return { found: `it may do more than read: ${tooMuch.join(', ')}`, isWarning: true };
      },
    }),
    step({
      step: 'clock',
      title: 'Read the clock of the database',
      run: async (signal) => {
        const clock = await line().clock(null, signal);
        const { utc, local } = readClock(clock);
        const found = `${clock.local} there, ${Math.round((local - utc) / 60)} min from UTC`;
        return { found: given.stampClock === 'utc' ? `${found}; the changed column is written in UTC` : found };
      },
    }),
    step({
      step: 'columns',
      title: 'Ask for the columns',
      run: async (signal) => {
        const described = await describe(given, line(), signal);
        const { columns, key, stamp } = described;
        const names = columns.map(({ name }) => name).join(', ');
        const found = `${columns.length}: ${names}; key ${key.name}, changed ${stamp?.name ?? 'not told: everything is compared every time'}`;
        const otherClock = await otherClockOf(given, line(), described, signal);
        return otherClock === null ? { found } : { found: `${found}; ${otherClock}`, isWarning: true };
      },
    }),
    step({
      step: 'keys',
      title: 'Is every key there, and once',
      run: async (signal) => {
        const described = await describe(given, line(), signal);
        const twice = await repeatedKey(given, line(), described, signal);
        if (twice)
          throw new Fault('source-columns', { host: place.shown, table: 'the question', detail: `${described.key.name} is not unique` });
        const without = await keyless(given, line(), described, signal);
        const isPadded = await paddedKey(given, line(), described, signal);
        const wrong = [
          ...(without > 0 ? [`${without === 1000 ? 'at least 1000' : without} rows have none and are never read`] : []),
          ...(isPadded ? ['some begin or end with a blank: two that differ in nothing else become one record'] : []),
        ];
        return wrong.length === 0 ? { found: 'every row has one of its own' } : { found: wrong.join('; '), isWarning: true };
      },
    }),
    step(
      {
        step: 'rows',
        title: 'Read the first rows',
        run: async (signal) => {
          const described = await describe(given, line(), signal);
          const { rows } = await questionTable(given, line(), described).pageByKey(null, firstRows, signal);
          return rows.length === 0
            ? { found: 'none yet', isWarning: true }
            : { found: rows.length === firstRows ? `${rows.length} and more` : `${rows.length}` };
        },
      },
      true,
    ),
  ];
  return steps.map((one) => ({ ...one, close }));
}

/** Whether the changed column seems to be written by another clock than the one that it is read by. Null: it does not, as far as one stamp tells. */
async function otherClockOf(given: Settings, engine: Engine, { stamp }: Described, signal: AbortSignal): Promise<string | null> {
  // A day tells nothing of a clock.
  if (stamp === null || stamp.type === 'date') return null;
  const newest = secondsOf((await newestStamp(given, engine, stamp, signal)) ?? '');
  if (newest === null) return null;
  const { utc, local } = readClock(await stampClock(given, engine, stamp, signal));
  if (Math.abs(local - utc) > aboutUtcSeconds && Math.abs(newest - utc) <= aboutUtcSeconds) {
    // East of Greenwich an hour without changes looks the same.
    const unless = local > utc ? 'if a row was changed just now, ' : '';
    return `the changed column seems to be written in UTC; ${unless}set “Clock of the changed column” to UTC`;
  }
  if (newest <= local + mostAheadSeconds) return null;
  const ahead = `the newest time in the changed column lies ${Math.round((newest - local) / 60)} min ahead of the clock of the database`;
  return given.stampClock === 'utc' ? `${ahead}; is it written in UTC?` : ahead;
}

async function inWords<T>(given: Settings, running: Promise<T>): Promise<T> {
  try {
    return await running;
  } catch (error) {
    throw lineBroke(error, given);
  }
}
