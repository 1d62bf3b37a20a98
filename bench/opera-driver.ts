import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import type { Connection, Driver } from '../agent/pipeline/clients/oracle/driver.ts';
import {
  mostInList,
  nightsOf,
  phonesOf,
  profilesOf,
  reservationsByKey,
  type Statement,
} from '../agent/pipeline/connectors/opera-oracle/queries.ts';

/**
 * The limit that the reading of OPERA is compared with: the driver alone, asking the same questions in the same pages, every value as text,
 * and doing nothing with the answers but counting. Prints the milliseconds from the login on, and how many of the rows are bookings.
 */
const [address = '', user = '', password = '', owner = '', resort = ''] = process.argv.slice(2);
const pageRows = 2000;
const states = new Set(['RESERVED', 'CHECKED IN', 'CHECKED OUT', 'CANCELLED', 'NO SHOW']);

const driver = createRequire(import.meta.url)('oracledb') as Driver;
driver.fetchTypeHandler = () => ({ type: driver.STRING });
const startedAt = performance.now();
const connection: Connection = await driver.getConnection({ user, password, connectString: address });
const where = { owner, resort, isOld: false };

async function ask({ sql, binds }: Statement): Promise<(string | null)[][]> {
  return (await connection.execute(sql, binds, { maxRows: 0, fetchArraySize: 2000, prefetchRows: 2001 })).rows ?? [];
}

async function inLists(keys: readonly string[], statement: (keys: readonly string[]) => Statement): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = [];
  for (let from = 0; from < keys.length; from += mostInList) rows.push(...(await ask(statement(keys.slice(from, from + mostInList)))));
  return rows;
}

let after: string | null = null;
let bookings = 0;
for (;;) {
  await connection.execute('SET TRANSACTION READ ONLY', {}, {});
  const heads = await ask(reservationsByKey(where, after, pageRows, false));
  const keys = heads.map((head) => head[2] ?? '');
  const names = [...new Set(heads.flatMap((head) => head[4] ?? []))];
  const masters = new Set(
    (await inLists(keys, (list) => nightsOf(where, list))).flatMap((night) => (night[8]?.startsWith('-') ? [night[0]] : [])),
  );
  await inLists(names, (list) => profilesOf(where, list));
  await inLists(names, (list) => phonesOf(where, list));
  await connection.rollback();
  bookings += heads.filter((head) => states.has(head[5] ?? '') && !masters.has(head[2] ?? null)).length;
  after = keys.at(-1) ?? after;
  if (heads.length < pageRows) break;
}
await connection.close();
process.stdout.write(`${JSON.stringify({ ms: performance.now() - startedAt, bookings })}\n`);
