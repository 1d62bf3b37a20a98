import { Fault } from '../../../../contract/faults.ts';
import type { Check } from '../../connector.ts';
import { addressesOf, reach } from '../../secure-line.ts';
import { readClock } from '../../watermark.ts';
import type { Engine } from './engine.ts';
import { lineBroke } from './faults.ts';
import { describe, keyless, questionOf, questionTable, repeatedKey } from './question-table.ts';
import { isPlain, placeOf, type Settings } from './settings.ts';

/** How many rows are read in the test. */
const firstRows = 20;

/** The steps of the test, one line for all of them: an account is not tried more often than it has to be. */
export function checks(given: Settings, open: () => Engine): readonly Check[] {
  let engine: Engine | null = null;
  const line = () => {
    engine ??= open();
    return engine;
  };
  /** Whatever ends the test, the line is closed: by the last step, or by the one that fails. */
  const step = (one: Check, isLast = false): Check => ({
    ...one,
    run: async (signal) => {
      let isDone = false;
      try {
        const found = await one.run(signal);
        isDone = !isLast;
        return found;
      } finally {
        if (!isDone) {
          await engine?.close();
          engine = null;
        }
      }
    },
  });
  const place = placeOf(given);
  return [
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
        return { found: `${clock.local} there, ${Math.round((local - utc) / 60)} min from UTC` };
      },
    }),
    step({
      step: 'columns',
      title: 'Ask for the columns',
      run: async (signal) => {
        const { columns, key, stamp } = await describe(given, line(), signal);
        const names = columns.map(({ name }) => name).join(', ');
        return {
          found: `${columns.length}: ${names}; key ${key.name}, changed ${stamp?.name ?? 'not told: everything is compared every time'}`,
        };
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
        if (without === 0) return { found: 'every row has one of its own' };
        return { found: `${without === 1000 ? 'at least 1000' : without} rows have none and are never read`, isWarning: true };
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
}

async function inWords<T>(given: Settings, running: Promise<T>): Promise<T> {
  try {
    return await running;
  } catch (error) {
    throw lineBroke(error, given);
  }
}
