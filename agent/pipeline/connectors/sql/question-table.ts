import { Fault } from '../../../../contract/faults.ts';
import type { SourceRow, SourceTable, TablePage } from '../../connector.ts';
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
  const columns = await engine.describe(questionOf(given), signal);
  const { shown: host } = placeOf(given);
  const wrong = (detail: string) => new Fault('source-columns', { host, table: 'the question', detail });
  const named = (name: string) => columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  const twice = columns.find((column, at) => columns.findIndex((other) => other.name.toLowerCase() === column.name.toLowerCase()) !== at);
  if (twice) throw wrong(`two columns have the name ${twice.name}`);
  const key = named(given.keyColumn);
  if (!key) throw wrong(`there is no column ${given.keyColumn}`);
  if (given.changedColumn === undefined) return { columns, key, stamp: null };
  const stamp = named(given.changedColumn);
  if (!stamp) throw wrong(`there is no column ${given.changedColumn}`);
  if (stamp.stampGrain === null) throw wrong(`${stamp.name} holds no time`);
  return { columns, key, stamp };
}

/** The rows of a question, as a table that is read by stamp and key. */
export function questionTable(given: Settings, engine: Engine, { columns, key, stamp }: Described): SourceTable {
  const question = questionOf(given);
  const keyName = `q.${engine.name(key.name)}`;
  const stampName = stamp && `q.${engine.name(stamp.name)}`;
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
      const from = `${hasKey} AND ${engine.isStamped(stamp)} AND ${stampName} >= ${engine.stampPlace(1, stamp)}`;
      const order = `${stampName}, ${keyName}`;
      if (after.key === null) return page(from, order, [after.stamp], limit, signal);
      const behind = `(${stampName} > ${engine.stampPlace(2, stamp)} OR ${keyName} > ${engine.keyPlace(3)})`;
      return page(`${from} AND ${behind}`, order, [after.stamp, after.stamp, after.key], limit, signal);
    },
    pageUnstamped: (afterKey, limit, signal) => {
      const none = stamp ? `${hasKey} AND NOT ${engine.isStamped(stamp)}` : '1 = 0';
      if (afterKey === null) return page(none, keyName, [], limit, signal);
      return page(`${none} AND ${keyName} > ${engine.keyPlace(1)}`, keyName, [afterKey], limit, signal);
    },
    pageByKey: (afterKey, limit, signal) => {
      if (afterKey === null) return page(hasKey, keyName, [], limit, signal);
      return page(`${hasKey} AND ${keyName} > ${engine.keyPlace(1)}`, keyName, [afterKey], limit, signal);
    },
  };
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
