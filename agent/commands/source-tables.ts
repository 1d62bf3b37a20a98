import { type CommandLine, table, UsageError, withAgent } from './command.ts';

/** How the tables of a database that is read stand. */
export async function showTables(line: CommandLine, id: string): Promise<number> {
  const tables = await withAgent(line.home, (client) => client.connections.tables({ id }));
  const when = (ms: number | null) => (ms === null ? 'never' : `${new Date(ms).toISOString().slice(0, 19)}Z`);
  const rows = tables.map((one) => [
    one.name,
    one.isPolled ? 'by its stamp' : one.isNightly ? 'whole at night' : 'compared whole',
    one.passAtMs === null ? 'first load under way' : when(one.passAtMs),
    one.isSweeping ? 'under way' : when(one.sweptAtMs),
    `${Math.ceil(one.windowSeconds / 60)} min`,
    `${Math.ceil(one.latenessSeconds / 60)} min`,
    String(one.rowsRead),
    String(one.rowsChanged),
    one.vanished === null ? '' : `${one.vanished} rows are missing`,
  ]);
  const head = ['TABLE', 'READ', 'LAST PASS', 'COMPARED', 'LOOKS BACK', 'LATEST', 'ROWS READ', 'NEW', ''];
  line.print(tables, rows.length === 0 ? 'It is no database, or was never read.' : table([head, ...rows]));
  return tables.some((one) => one.vanished !== null) ? 1 : 0;
}

/** Read a database now and compare everything. */
export async function compare(line: CommandLine, id: string): Promise<number> {
  await withAgent(line.home, (client) => client.connections.compareNow({ id }));
  line.print({ compares: id }, `${id} is read now, and everything of it is compared.`);
  return 0;
}

/** Say that missing rows are really gone. */
export async function callGone(line: CommandLine, rest: readonly string[]): Promise<number> {
  const [id, name, ...more] = rest;
  if (!id || !name || more.length > 0) throw new UsageError('connections gone takes the id of one connection and the name of one table');
  await withAgent(line.home, (client) => client.connections.believeGone({ id, table: name }));
  line.print({ gone: id, table: name }, `The missing rows of ${name} are reported as gone after two more comparisons.`);
  return 0;
}
