import { expect, it } from 'vitest';
import { Fault } from '../../contract/faults.ts';
import { MemoryBook } from '../../rigs/watermark/memory-book.ts';
import { simulatedRun } from '../../rigs/watermark/simulated.ts';
import type { SourceRow, SourceTable } from './connector.ts';
import { pollTable, rowHash, sweepTable, type TableReading } from './read-table.ts';
import { noWatermark } from './watermark.ts';

const clock = { utc: '2026-03-10 10:00:00', local: '2026-03-10 11:00:00' };
const row = (key: string, value = '1', stamp: string | null = '2026-03-10 10:59:00'): SourceRow => ({ key, stamp, cells: [key, value] });

/** A table in memory; `now` may change while it is read. */
function tableOf(rows: () => readonly SourceRow[], more: Partial<SourceTable> = {}): SourceTable {
  const byKey = () => rows().toSorted((one, other) => (one.key < other.key ? -1 : 1));
  return {
    name: 'rows',
    mapping: '',
    columns: ['key', 'value'],
    stamp: { column: 'stamp', grainSeconds: 1 },
    pageByStamp: async ({ stamp, key }, limit) => ({
      rows: byKey()
        .filter((one) => one.stamp !== null && (one.stamp > stamp || (one.stamp === stamp && (key === null || one.key > key))))
        .slice(0, limit),
    }),
    pageUnstamped: async (after, limit) => ({
      rows: byKey()
        .filter((one) => one.stamp === null && one.key > (after ?? ''))
        .slice(0, limit),
    }),
    pageByKey: async (after, limit) => ({
      rows: byKey()
        .filter((one) => one.key > (after ?? ''))
        .slice(0, limit),
    }),
    ...more,
  };
}

function readingOf(table: SourceTable, faults: Fault[] = []): TableReading & { readonly book: MemoryBook } {
  return {
    table,
    book: new MemoryBook(() => false),
    beside: new Map(),
    pageRows: 100,
    clock: async () => clock,
    onBeside: (fault) => faults.push(fault),
    signal: new AbortController().signal,
  };
}

it('misses nothing, keeps no ghost and says nothing twice in a world with everything and crashes', async () => {
  const { missed, ghosts, twice, crashes, naiveMissed } = await simulatedRun(4);
  expect([missed, ghosts, twice, crashes > 0, Object.values(naiveMissed).every((count) => count > 0)]).toEqual([0, 0, 0, true, true]);
}, 60_000);

it('ends with a fault instead of reading for ever when a source gives the same place again', async () => {
  const hundred = Array.from({ length: 100 }, (_, at) => row(String(at).padStart(3, '0')));
  const reading = readingOf(tableOf(() => hundred, { pageByKey: async () => ({ rows: hundred }) }));
  await expect(sweepTable(reading)).rejects.toMatchObject({ code: 'source-turns', detail: { table: 'rows' } });
});

it('asks for a page in halves where the database no longer has the state it began with, and still reads all', async () => {
  const many = Array.from({ length: 250 }, (_, at) => row(String(at).padStart(4, '0')));
  const plain = tableOf(() => many);
  const limits: number[] = [];
  const tooLong = new Fault('source-error', { host: 'h', code: 'ORA-01555', doing: 'reading' });
  const table = tableOf(() => many, {
    pageByKey: async (after, limit, signal) => {
      limits.push(limit);
      if (limit > 60) throw tooLong;
      return plain.pageByKey(after, limit, signal);
    },
  });
  const reading = readingOf(table);
  await sweepTable(reading);
  expect([reading.book.heard.size, Math.max(...limits), Math.min(...limits)]).toEqual([250, 100, 50]);
});

it('reports a row as gone after two walks, not after one, and takes it as new when it comes back', async () => {
  let rows = [row('a'), row('b')];
  const reading = readingOf(tableOf(() => rows));
  await sweepTable(reading);
  rows = [row('a')];
  await sweepTable(reading);
  const afterOne = reading.book.heard.has('b');
  await sweepTable(reading);
  const afterTwo = reading.book.heard.has('b');
  rows = [row('a'), row('b')];
  await sweepTable(reading);
  expect([afterOne, afterTwo, reading.book.heard.has('b'), reading.book.told]).toEqual([true, false, true, 3]);
});

it('does not believe that most rows are gone before a person does', async () => {
  let rows = Array.from({ length: 40 }, (_, at) => row(String(at).padStart(2, '0')));
  const faults: Fault[] = [];
  const reading = readingOf(
    tableOf(() => rows),
    faults,
  );
  await sweepTable(reading);
  rows = rows.slice(0, 10);
  for (let walk = 0; walk < 3; walk++) await sweepTable(reading);
  const believedNothing = reading.book.heard.size;
  reading.book.mark = { ...reading.book.mark, believed: 30, believedUntilSweep: reading.book.mark.sweepNumber + 3 };
  for (let walk = 0; walk < 2; walk++) await sweepTable(reading);
  expect([
    believedNothing,
    faults.map(({ code, detail }) => [code, detail.count])[0],
    reading.book.heard.size,
    reading.book.mark.vanished,
  ]).toEqual([40, ['source-rows-vanished', '30'], 10, null]);
});

it('keeps the rows that come along before the page that brought them', async () => {
  const order: string[] = [];
  const beside = new MemoryBook(() => false);
  const guests = new Map([['guests', [row('g1', 'Ada', null)]]]);
  const table = tableOf(() => [row('a')], { pageByKey: async () => ({ rows: [row('a')], beside: guests }) });
  const reading = { ...readingOf(table), beside: new Map([['guests', beside]]) };
  const own = reading.book.keep.bind(reading.book);
  reading.book.keep = async (look) => {
    if (look.changed.length > 0) order.push(`page after ${beside.told} guests`);
    await own(look);
  };
  await sweepTable(reading);
  expect([order, beside.heard.get('g1'), beside.mark]).toEqual([
    ['page after 1 guests'],
    'Ada',
    { ...noWatermark, rowsRead: 1, rowsChanged: 1 },
  ]);
});

it('says nothing again of a row whose stamp alone has moved', async () => {
  let rows = [row('a')];
  const reading = readingOf(tableOf(() => rows));
  await sweepTable(reading);
  rows = [row('a', '1', '2026-03-10 10:59:58')];
  await pollTable(reading);
  expect([reading.book.told, reading.book.known('a')?.stamp, rowHash(rows[0] as SourceRow, '').length]).toEqual([
    1,
    '2026-03-10 10:59:58',
    16,
  ]);
});

it('believes what a person has said for two walks and no longer, and only of so many rows', async () => {
  let rows = Array.from({ length: 40 }, (_, at) => row(String(at).padStart(2, '0')));
  const faults: Fault[] = [];
  const reading = readingOf(
    tableOf(() => rows),
    faults,
  );
  await sweepTable(reading);
  reading.book.mark = { ...reading.book.mark, believed: 30, believedUntilSweep: reading.book.mark.sweepNumber + 3 };
  for (let walk = 0; walk < 3; walk++) await sweepTable(reading);
  rows = rows.slice(0, 10);
  for (let walk = 0; walk < 3; walk++) await sweepTable(reading);
  expect([reading.book.heard.size, reading.book.mark.vanished, faults.length]).toEqual([40, 30, 3]);
});

it('takes the same cells as news under other columns', () => {
  expect(rowHash(row('a'), 'guest, wish').equals(rowHash(row('a'), 'wish, guest'))).toBe(false);
});

it('makes a page smaller where its rows are large, so that none fills the memory', async () => {
  const large = 'x'.repeat(100_000);
  const many = Array.from({ length: 300 }, (_, at) => row(String(at).padStart(4, '0'), `${large}${at}`));
  const plain = tableOf(() => many);
  const limits: number[] = [];
  const table = tableOf(() => many, {
    pageByKey: async (after, limit, signal) => {
      limits.push(limit);
      return plain.pageByKey(after, limit, signal);
    },
  });
  const reading = { ...readingOf(table), pageRows: 2000 };
  await sweepTable(reading);
  expect([reading.book.heard.size, limits[0], Math.max(...limits.slice(1))]).toEqual([300, 200, 41]);
});
