import { Fault } from '../../../../contract/faults.ts';
import type { ColumnDifference, Fingerprint } from '../../../../contract/fingerprint.ts';
import type { MappedColumns, SourceRow, SourceTable, TablePage } from '../../connector.ts';
import type { SourceClock } from '../../watermark.ts';
import type { Column, Engine } from './engine.ts';
import { oneSelect } from './one-select.ts';
import { placeOf, type Settings } from './settings.ts';

/** The question as it is sent. @throws {Fault} `source-question` where it is not one SELECT that only reads. */
export function questionOf({ question, engine }: Settings): string {
  const read = oneSelect(question, engine);
  if ('refusal' in read) throw new Fault('source-question', { detail: read.refusal });
  return read.text;
}

/** The columns of a question, and which of them are key and stamp. */
export type Described = { readonly columns: readonly Column[]; readonly key: Column; readonly stamp: Column | null };

/** Ask for the columns of the question. @throws {Fault} `source-columns` where key or stamp is none of them. */
export async function describe(given: Settings, engine: Engine, signal: AbortSignal): Promise<Described> {
  return describedBy(given, await engine.describe(questionOf(given), signal));
}

/** Find key and stamp among the columns of the question. @throws {Fault} `source-columns` where one of them is none. */
export function describedBy(given: Settings, columns: readonly Column[]): Described {
  const { shown: host } = placeOf(given);
  const wrong = (detail: string) => new Fault('source-columns', { host, table: 'the question', detail });
  const named = (name: string) => columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  const twice = columns.find((column, at) => columns.findIndex((other) => other.name.toLowerCase() === column.name.toLowerCase()) !== at);
  if (twice) throw wrong(`two columns have the name ${twice.name}`);
  const key = named(given.keyColumn);
  if (!key) throw wrong(`there is no column ${given.keyColumn}`);
  if (key.type === 'bytes') throw wrong(`${key.name} holds bytes, which are no text: ask for HEX(${key.name}) AS ${key.name}`);
  if (given.changedColumn === undefined) return { columns, key, stamp: null };
  const stamp = named(given.changedColumn);
  if (!stamp) throw wrong(`there is no column ${given.changedColumn}`);
  if (stamp.stampGrain === null) throw wrong(`${stamp.name} holds no time`);
  return { columns, key, stamp };
}

/**
 * The fingerprint of a question: whether it gives every column that its key, its stamp and its mapping need.
 * @param mapped what the mapping needs, where it is known.
 */
export function questionFingerprint(given: Settings, columns: readonly Column[], mapped: MappedColumns, comparedAtMs: number): Fingerprint {
  const named = (name: string) => columns.filter((column) => column.name.toLowerCase() === name.toLowerCase());
  const own = [given.keyColumn, ...(given.changedColumn === undefined ? [] : [given.changedColumn])];
  const others = mapped.needed.filter((column) => !own.some((name) => name.toLowerCase() === column.toLowerCase()));
  const wrong = [
    ...own.flatMap((name) => differenceOf(name, named(name), name === given.keyColumn ? 'text' : 'time')),
    ...others.filter((column) => mapped.missing.includes(column)).map((column) => ({ column, found: null, needs: 'any' as const })),
    ...others.filter((column) => mapped.twice.includes(column)).map((column) => ({ column, found: null, needs: 'once' as const })),
  ];
  const differences = wrong.length === 0 ? [] : [{ table: 'question', isMissing: false, columns: wrong, stops: ['question'] }];
  return { comparedAtMs, tables: 1, columns: own.length + others.length, differences };
}

/** What is wrong with the key or the stamp. */
function differenceOf(column: string, found: readonly Column[], needs: 'text' | 'time'): ColumnDifference[] {
  const [first, second] = found;
  if (!first) return [{ column, found: null, needs: 'any' }];
  if (second) return [{ column, found: null, needs: 'once' }];
  const fits = needs === 'time' ? first.stampGrain !== null : first.type !== 'bytes';
  return fits ? [] : [{ column, found: first.type, needs }];
}

/** The rows of a question, as a table that is read by stamp and key. */
export function questionTable(given: Settings, engine: Engine, { columns, key, stamp }: Described): SourceTable {
  const question = questionOf(given);
  const keyName = `q.${engine.name(key.name)}`;
  const stampName = stamp && orderOf(engine, stamp);
  const list = columns.map((column) => engine.cellText?.(column) ?? `q.${engine.name(column.name)}`).join(', ');
  const keyAt = columns.indexOf(key);
  const select = `SELECT ${stamp ? engine.stampText(stamp) : 'NULL'}, ${list} FROM (${question}) q WHERE`;
  const page = async (where: string, order: string, values: readonly string[], limit: number, signal: AbortSignal): Promise<TablePage> => {
    const rows = await engine.rows(`${select} ${where} ORDER BY ${order} ${engine.limit(limit)}`, values, signal);
    return { rows: rows.map((cells) => rowOf(cells, keyAt)) };
  };
  const hasKey = `${keyName} IS NOT NULL`;
  return {
    name: 'question',
    mapping: given.mapping,
    columns: columns.map(({ name }) => name),
    stamp: stamp && { column: stamp.name, grainSeconds: stamp.stampGrain ?? 1 },
    pageByStamp: (after, limit, signal) => {
      if (!stamp) throw new Error('a question without a stamp is read by its keys');
      const values: string[] = [];
      const next = () => values.push(after.stamp);
      const from = [hasKey, `${stampName} >= ${engine.stampPlace(next(), stamp)}`];
      const about = engine.isAbout?.(values.length + 1, stamp) ?? null;
      if (about !== null) {
        next();
        from.push(about);
      }
      if (engine.isBeforeAllTimes) from.push(engine.isBeforeAllTimes(stamp));
      if (after.key !== null) {
        const later = `${stampName} > ${engine.stampPlace(next(), stamp)}`;
        from.push(`(${later} OR ${keyName} > ${engine.keyPlace(values.push(after.key), key)})`);
      }
      return page(from.join(' AND '), `${stampName}, ${keyName}`, values, limit, signal);
    },
    pageUnstamped: (afterKey, limit, signal) => {
      const none = stamp ? `${hasKey} AND ${engine.isUnstamped(stamp)}` : '1 = 0';
      if (afterKey === null) return page(none, keyName, [], limit, signal);
      return page(`${none} AND ${keyName} > ${engine.keyPlace(1, key)}`, keyName, [afterKey], limit, signal);
    },
    pageByKey: (afterKey, limit, signal) => {
      if (afterKey === null) return page(hasKey, keyName, [], limit, signal);
      return page(`${hasKey} AND ${keyName} > ${engine.keyPlace(1, key)}`, keyName, [afterKey], limit, signal);
    },
  };
}

function orderOf(engine: Engine, stamp: Column): string {
  return engine.stampOrder?.(stamp) ?? `q.${engine.name(stamp.name)}`;
}

/** The clock by which the changed column is written. */
export async function stampClock(given: Settings, engine: Engine, stamp: Column | null, signal: AbortSignal): Promise<SourceClock> {
  const clock = await engine.clock(stamp, signal);
  return given.stampClock === 'utc' ? { utc: clock.utc, local: clock.utc } : clock;
}

/** The newest stamp. Null: there is none. */
export async function newestStamp(given: Settings, engine: Engine, stamp: Column, signal: AbortSignal): Promise<string | null> {
  const column = `q.${engine.name(stamp.name)}`;
  const where = [`${column} IS NOT NULL`, ...(engine.isBeforeAllTimes ? [engine.isBeforeAllTimes(stamp)] : [])].join(' AND ');
  const text = `SELECT ${engine.stampText(stamp)} FROM (${questionOf(given)}) q WHERE ${where} ORDER BY ${column} DESC ${engine.limit(1)}`;
  return (await engine.rows(text, [], signal))[0]?.[0] ?? null;
}

function rowOf([stamp = null, ...cells]: readonly (string | null)[], keyAt: number): SourceRow {
  return { key: cells[keyAt] ?? '', stamp, cells };
}

/** How many rows have no key: they are never read. */
export async function keyless(given: Settings, engine: Engine, { key }: Described, signal: AbortSignal): Promise<number> {
  const text = `SELECT COUNT(*) FROM (SELECT 1 FROM (${questionOf(given)}) q WHERE q.${engine.name(key.name)} IS NULL ${engine.limit(1000)}) n`;
  return Number((await engine.rows(text, [], signal))[0]?.[0] ?? 0);
}

/** Whether a key stands on more than one row. It looks at all rows: only a test asks. */
export async function repeatedKey(given: Settings, engine: Engine, { key }: Described, signal: AbortSignal): Promise<boolean> {
  const name = `q.${engine.name(key.name)}`;
  const text = `SELECT 1 FROM (${questionOf(given)}) q WHERE ${name} IS NOT NULL GROUP BY ${name} HAVING COUNT(*) > 1 ${engine.limit(1)}`;
  return (await engine.rows(text, [], signal)).length > 0;
}

/** Whether a key begins or ends with a blank: to a record it is the same as one without. It looks at all rows: only a test asks. */
export async function paddedKey(given: Settings, engine: Engine, { key }: Described, signal: AbortSignal): Promise<boolean> {
  const column = `q.${engine.name(key.name)}`;
  const name = engine.keyText?.(column) ?? column;
  const isPadded = `LENGTH(${name}) > COALESCE(LENGTH(TRIM(${name})), 0)`;
  const text = `SELECT 1 FROM (${questionOf(given)}) q WHERE ${isPadded} ${engine.limit(1)}`;
  return (await engine.rows(text, [], signal)).length > 0;
}
