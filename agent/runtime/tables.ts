import { Fault } from '../../contract/faults.ts';
import type { TableStanding } from '../../contract/source-table.ts';
import type { ReadDb } from '../../db/open.ts';
import { tableMarks } from '../../db/pipeline/source-tables.ts';
import type { Agent } from '../index.ts';
import { noWatermark, type Watermark, windowSeconds } from '../pipeline/watermark.ts';
import { type Caller, entryOf, writeDown } from './audit.ts';
import { existing } from './configuration.ts';

/** How the tables of a connection stand; none for a source that is no database, or that was never read. */
export function tableStandings(read: ReadDb, connectionId: string): TableStanding[] {
  return tableMarks(read, connectionId).map(({ name, watermark }) => {
    const mark: Watermark = { ...noWatermark, ...JSON.parse(watermark) };
    return {
      name,
      isPolled: mark.isPolled,
      isNightly: mark.isNightly,
      passAtMs: ms(mark.passUtc),
      sweptAtMs: ms(mark.sweptUtc),
      isSweeping: mark.sweep !== null,
      windowSeconds: windowSeconds(mark),
      latenessSeconds: Math.max(0, ...mark.lateness.map((one) => one.seconds)),
      rowsRead: mark.rowsRead,
      rowsChanged: mark.rowsChanged,
      vanished: mark.vanished,
    };
  });
}

function ms(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}

/** Read a source now and compare everything, whatever the hour. */
export async function compareNow(agent: Agent, id: string, caller: Caller): Promise<void> {
  const { connection } = ofTables(agent, id);
  await writeDown(agent, caller, { action: 'source-compared', kind: 'connection', id });
  void agent.sources.compareNow(connection);
}

/** Say that the rows which are missing from a table are really gone. They are reported so after two more comparisons. */
export async function believeGone(
  agent: Agent,
  { id, table }: { readonly id: string; readonly table: string },
  caller: Caller,
): Promise<void> {
  const { connection } = ofTables(agent, id);
  // The run under way holds the mark in its own hands: it is ended first.
  await agent.sources.stopOne(id);
  const found = ofTables(agent, id).marks.find(({ name }) => name === table);
  const mark: Watermark | null = found ? { ...noWatermark, ...JSON.parse(found.watermark) } : null;
  if (!mark || mark.vanished === null) throw new Fault('input-wrong', { detail: `no rows of ${table} are missing` });
  // Two walks have to miss them; the first may be under way.
  const believed = { ...mark, believed: mark.vanished, believedUntilSweep: mark.sweepNumber + 3 };
  const entry = entryOf(agent, caller, { action: 'rows-called-gone', kind: 'connection', id, detail: { table, rows: mark.vanished } });
  await agent.stores.writer.audited([entry], 'setWatermark', [id, table, JSON.stringify(believed)]);
  void agent.sources.compareNow(connection);
}

function ofTables(agent: Agent, id: string) {
  const connection = existing(agent, id);
  const marks = tableMarks(agent.stores.read, id);
  if (marks.length === 0) throw new Fault('input-wrong', { detail: `${connection.title} is no database, or was never read` });
  return { connection, marks };
}
