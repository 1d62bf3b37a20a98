import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { csvText, dropExport } from './export-file.ts';
import { exportHeader, openHotel } from './hotel.ts';
import { dropOnce, runHotel } from './living-hotel.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bellhop-hotel-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const today = '2026-03-01';
const place = () => ({ drop: join(dir, 'drop'), truth: join(dir, 'truth.ndjson') });
const truthLines = () =>
  readFileSync(place().truth, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

it('invents the same hotel again from the same seed, and another from another', () => {
  const order = { rows: 300, changes: 0.3, bad: 2 };
  const [one, again, other] = [7, 7, 8].map((seed) => openHotel({ seed, today }).nextExport(order));
  expect([again, JSON.stringify(other) === JSON.stringify(one)]).toEqual([one, false]);
});

it('writes a file that any CSV reader takes apart into the same cells', () => {
  const rows = openHotel({ seed: 3, today }).nextExport({ rows: 2000, changes: 0.3, bad: 5 });
  const text = csvText(rows);
  const [header, ...cells] = parse(text, { record_delimiter: '\r\n' }) as string[][];
  expect([header, cells]).toEqual([[...exportHeader], rows.map((row) => [...row.cells])]);
});

it('has names and wishes with commas, quotes, umlauts and line breaks, and keys with leading zeros', () => {
  const text = csvText(openHotel({ seed: 3, today }).nextExport({ rows: 2000, changes: 0.3, bad: 0 }));
  const traps = [/"Müller, /, /""Teddy""/, /Reykjavík/, /06:45\nflight/, /^0000001,/m, /王/].filter((trap) => !trap.test(text));
  expect(traps).toEqual([]);
});

it('tells the truth of a row in the words of the unified record', () => {
  const [row] = openHotel({ seed: 1, today }).nextExport({ rows: 1, changes: 0, bad: 0 });
  const cells = Object.fromEntries(exportHeader.map((name, index) => [name, row?.cells[index] ?? '']));
  expect(row?.truth).toEqual({
    key: cells['Confirmation No'],
    expected: {
      guestName: cells['Guest Name'],
      ...(cells.Email && { guestEmail: cells.Email }),
      ...(cells.Phone && { guestPhone: cells.Phone }),
      roomType: cells['Room Type'],
      checkInDate: cells.Arrival,
      checkOutDate: cells.Departure,
      bookedAt: cells['Booked On']?.replace(' ', 'T'),
      totalAmountMinor: Number(cells.Total?.replace('.', '')),
      currency: 'EUR',
      ...(cells.Deposit && { depositPaidMinor: Number(cells.Deposit.replace('.', '')) }),
      status: 'confirmed',
      channel: { DIRECT: 'direct', OTA: 'ota', AGENT: 'agent', 'WALK IN': 'walk_in' }[cells.Channel ?? ''],
      paymentMethod: { CC: 'credit_card', CASH: 'cash', INVOICE: 'invoice', POINTS: 'points' }[cells.Payment ?? ''],
      ...(cells.Requests && { specialRequests: cells.Requests }),
    },
  });
});

it('lives through every status, spoils exactly the rows it says, and repeats some unchanged', () => {
  const hotel = openHotel({ seed: 5, today });
  const rows = Array.from({ length: 30 }, () => hotel.nextExport({ rows: 80, changes: 0.5, bad: 1 })).flat();
  const statuses = new Set(rows.map(({ truth }) => ('expected' in truth ? truth.expected.status : truth.bad)));
  const texts = rows.map((row) => JSON.stringify(row.cells));
  expect([[...statuses].sort(), rows.filter(({ truth }) => 'bad' in truth).length, new Set(texts).size < texts.length]).toEqual([
    ['cancelled', 'checked_in', 'checked_out', 'confirmed', 'day-unreadable', 'key-missing', 'no_show', 'value-unknown'],
    30,
    true,
  ]);
});

it('leaves a file and its done-file, nothing half-written, and a line of truth for every row', () => {
  const rows = openHotel({ seed: 1, today }).nextExport({ rows: 25, changes: 0, bad: 1 });
  const name = dropExport(place(), { rows, number: 4, at: new Date('2026-03-01T10:20:30Z') });
  const truths = truthLines();
  expect([name, readdirSync(place().drop).sort(), truths.length, truths[24].row]).toEqual([
    'bookings-20260301-102030-004.csv',
    ['bookings-20260301-102030-004.csv', 'bookings-20260301-102030-004.csv.done'],
    25,
    25,
  ]);
});

it('drops one first export of any size, with a few rows spoilt', () => {
  const totals = dropOnce(place(), { seed: 2, rows: 1000 });
  expect([totals.rows, totals.badRows, truthLines().filter((truth) => 'bad' in truth).length]).toEqual([1000, 10, 10]);
});

it('goes on until it is stopped and then knows how much it wrote', async () => {
  const stop = new AbortController();
  const totals = await runHotel({
    ...place(),
    seed: 9,
    everyMs: 1,
    signal: stop.signal,
    onExport: ({ name }) => name.endsWith('-003.csv') && stop.abort(),
  });
  const files = readdirSync(place().drop).filter((name) => name.endsWith('.csv'));
  const truths = truthLines();
  expect([totals.files, files.length, totals.rows, totals.badRows]).toEqual([
    3,
    3,
    truths.length,
    truths.filter((truth) => 'bad' in truth).length,
  ]);
});
