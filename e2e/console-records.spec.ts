import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { bookingRow, bookingsFile, type ConsoleHotel, choose, field, needsChromium, test } from './console-hotel.ts';

/** The records in a browser, against a real agent: found, sorted, narrowed, added up, and each with its way. */

needsChromium();

const rows = (page: Page) => page.locator('tbody tr');
const keys = (page: Page) => rows(page).locator('td:nth-child(2)');
const head = (page: Page) => page.locator('.viewhead').first();
const search = (page: Page) => field(page, 'Confirmation number, guest or room');

async function openRecords(page: Page, hotel: ConsoleHotel): Promise<void> {
  await page.goto(hotel.address);
  await page.getByRole('contentinfo').waitFor();
  await page.keyboard.press('3');
  await expect(page.getByRole('heading', { name: 'Records', level: 1 })).toBeVisible();
}

const stays = [
  bookingRow('A-1', { name: 'Zoë Brouwer', arrival: '2026-03-02', total: '1100.10', status: 'CHECKED IN' }),
  bookingRow('A-2', { name: 'Adam Ost', arrival: '2026-03-01', departure: '2026-03-05', total: '-20.05' }),
  bookingRow('A-3', { name: 'Elif Demir', arrival: '2026-02-28', total: '300.00', status: 'CANCELLED' }),
];

test('the newest stand first; a column sorts by a click and by keys, and the amounts are added up to the cent', async ({ page, hotel }) => {
  await hotel.setUp();
  await openRecords(page, hotel);
  await expect(page.getByRole('heading', { name: 'No record is kept yet' })).toBeVisible();
  await hotel.deliver('a.csv', bookingsFile(...stays));
  // An empty list fills by itself.
  await expect(keys(page)).toHaveText(['A-3', 'A-2', 'A-1']);
  await expect(head(page)).toContainText('3 bookings');
  await expect(head(page)).toContainText('1,380.05 EUR in all');
  await expect(rows(page).last()).toHaveText(/^A-1\s*Zoë Brouwer\s*2 Mar 2026\s*4 Mar 2026\s*101\s*Checked in\s*1,100\.10 EUR/);

  await page.getByRole('button', { name: 'Arrival' }).click();
  await expect(keys(page)).toHaveText(['A-3', 'A-2', 'A-1']);
  await expect(page.getByRole('columnheader', { name: 'Arrival' })).toHaveAttribute('aria-sort', 'ascending');
  await page.keyboard.press('r');
  await expect(keys(page)).toHaveText(['A-1', 'A-2', 'A-3']);
  await page.keyboard.press('o');
  await expect(page.getByRole('columnheader', { name: 'Departure' })).toHaveAttribute('aria-sort', 'ascending');
  await page.getByRole('button', { name: 'Total' }).click();
  await expect(keys(page)).toHaveText(['A-1', 'A-3', 'A-2']);
  await expect(page).toHaveURL(/sort=amount/);
});

test('a booking is found by its guest without the accents, and the list narrows by status, days and file', async ({ page, hotel }) => {
  await hotel.setUp();
  await hotel.deliver('a.csv', bookingsFile(...stays));
  await hotel.deliver('b.csv', bookingsFile(bookingRow('B-1', { name: 'Zoe Zonn', arrival: '2026-04-01', departure: '2026-04-02' })));
  await openRecords(page, hotel);
  await expect(rows(page)).toHaveCount(4);
  await page.keyboard.press('/');
  await expect(search(page)).toBeFocused();
  await page.keyboard.type('ZOE');
  await expect(keys(page)).toHaveText(['B-1', 'A-1']);
  await expect(head(page)).toContainText('1,200.10 EUR in all');
  await expect(page).toHaveURL(/q=ZOE/);
  await field(page, 'Day to').fill('2026-03-31');
  await expect(keys(page)).toHaveText(['A-1']);
  await search(page).fill('nobody');
  await expect(page.getByRole('heading', { name: 'No record fits' })).toBeVisible();
  await page.getByRole('link', { name: 'Show all' }).first().click();
  await expect(rows(page)).toHaveCount(4);
  await expect(search(page)).toHaveValue('');
  await choose(page, 'Status', 'Cancelled');
  await expect(keys(page)).toHaveText(['A-3']);

  await page.getByRole('link', { name: /^Monitoring/ }).click();
  await page.getByRole('link', { name: 'b.csv' }).click();
  await expect(keys(page)).toHaveText(['B-1']);
  await expect(page.getByText('Only from b.csv')).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Open Bellhop again from where it was started' })).toBeVisible();
});

test('a record shows its fields in words, its versions with what changed, what the hub said, and the row it came from', async ({
  page,
  hotel,
}) => {
  await hotel.setUp();
  await hotel.deliver('a.csv', bookingsFile(...stays));
  await hotel.deliver(
    'b.csv',
    bookingsFile(bookingRow('A-2', { name: 'Adam Ost', arrival: '2026-03-01', total: '75.5', status: 'CHECKED IN' })),
  );
  await openRecords(page, hotel);
  await expect(rows(page)).toHaveCount(3);
  await page.keyboard.press('j');
  const detail = page.locator('#detail');
  await expect(detail.getByRole('heading', { name: 'Adam Ost' })).toBeVisible();
  await expect(page.locator('tr[aria-current=true]')).toContainText('A-2');
  await expect(detail.getByRole('region', { name: 'The record' })).toContainText(/Status\s*Checked in/);
  await expect(detail.getByRole('region', { name: 'The record' })).toContainText(/Total\s*75\.50 EUR/);
  await expect(detail.getByRole('region', { name: 'Where it was sent' })).toContainText(/Confirmed by Group hub, \d\d:\d\d:\d\d/);

  const versions = detail
    .getByRole('region', { name: 'Versions' })
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading') });
  await expect(versions).toHaveCount(2);
  await expect(versions.first()).toContainText(/Version 2.*b\.csv, line 2/);
  await expect(versions.first()).toContainText(/Departure\s*5 Mar 2026 became 4 Mar 2026/);
  await expect(versions.first()).toContainText(/Total\s*-20\.05 EUR became 75\.50 EUR/);
  await expect(versions.first()).toContainText(/Status\s*Confirmed became Checked in/);
  await expect(versions.last()).toContainText(/Version 1.*a\.csv, line 3/);
  await expect(versions.last()).toContainText('This is how it came in first.');

  const row = detail.getByRole('region', { name: 'The row as it came' });
  await expect(row).toContainText('A-2,Adam Ost,,,101,Double,2026-03-01,2026-03-04,2026-01-01 10:00:00,CHECKED IN,DIRECT,75.5,,EUR,CC,');
  await page.keyboard.press('h');
  await expect(row).toContainText('41 2d 32 2c');
  await page.keyboard.press('h');
  await detail.getByRole('button', { name: 'Show the row of version 1' }).click();
  await expect(row).toContainText('RESERVED,DIRECT,-20.05');
  await expect(detail.getByRole('region', { name: 'How it was read' })).toContainText(/Arrival\s*Arrival\s*YYYY-MM-DD/);

  await page.keyboard.press('j');
  await expect(detail.getByRole('heading', { name: 'Elif Demir' })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(detail).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(detail).toHaveCount(0);
  await page.goto(`${new URL(page.url()).origin}/#/records/1:A-9`);
  await expect(page.getByText('No record is kept here under A-9.')).toBeVisible();
});

test('a list stands still while records come in, and shows them when it is asked to', async ({ page, hotel }) => {
  await hotel.setUp();
  await hotel.deliver('a.csv', bookingsFile(...stays));
  await openRecords(page, hotel);
  await expect(keys(page)).toHaveText(['A-3', 'A-2', 'A-1']);
  await hotel.deliver('b.csv', bookingsFile(bookingRow('B-1'), bookingRow('B-2')));
  await expect(page.getByText('2 changes have come in since.')).toBeVisible();
  await expect(keys(page)).toHaveText(['A-3', 'A-2', 'A-1']);
  await page.getByRole('button', { name: 'Show the list as it is now' }).click();
  await expect(keys(page)).toHaveText(['B-2', 'B-1', 'A-3', 'A-2', 'A-1']);
  await expect(page.getByText('2 changes have come in since.')).toHaveCount(0);
});

test('when the agent is away the list stays, and what cannot be asked for says so', async ({ page, hotel }) => {
  await hotel.setUp();
  await hotel.deliver('a.csv', bookingsFile(...stays));
  await openRecords(page, hotel);
  await expect(rows(page)).toHaveCount(3);
  await hotel.kill();
  await expect(page.getByText('What you see may be old.')).toBeVisible();
  await expect(keys(page)).toHaveText(['A-3', 'A-2', 'A-1']);
  await page.getByRole('button', { name: 'Arrival' }).click();
  await expect(page.getByText('The agent on this PC does not answer').first()).toBeVisible();
});

// Mario Antonio, Almeida and Nunes, "Hotel booking demand datasets", CC BY 4.0: bookings of two real hotels without names.
const realFile = join(import.meta.dirname, '..', '..', 'shared', 'data', 'hotel_bookings_dev_1000.csv');
const isThere = existsSync(realFile);
if (!isThere && process.env.TEST_WORKER_INDEX === undefined)
  process.stderr.write('The real bookings are not tested: ../shared/data/hotel_bookings_dev_1000.csv is not there\n');

const months = 'January February March April May June July August September October November December'.split(' ');
const statuses: Record<string, string> = { Canceled: 'CANCELLED', 'Check-Out': 'CHECKED OUT', 'No-Show': 'NO SHOW' };

type Real = { readonly id: string; readonly cents: number; readonly arrival: string; readonly status: string; readonly row: string };

/** The real bookings as a PMS would export them. The data has no confirmation numbers, names or totals: the total is the rate times the nights. */
function realBookings(): Real[] {
  const [header = '', ...lines] = readFileSync(realFile, 'utf8').trim().split(/\r?\n/);
  const names = header.split(',');
  return lines.map((line, at) => {
    const cells = line.split(',');
    const of = (name: string) => cells[names.indexOf(name)] ?? '';
    const two = (value: number) => String(value).padStart(2, '0');
    const arrival = `${of('arrival_date_year')}-${two(months.indexOf(of('arrival_date_month')) + 1)}-${two(Number(of('arrival_date_day_of_month')))}`;
    const nights = Number(of('stays_in_weekend_nights')) + Number(of('stays_in_week_nights'));
    const departure = new Date(Date.parse(`${arrival}T00:00:00Z`) + nights * 86_400_000).toISOString().slice(0, 10);
    const cents = Math.round(Number(of('adr')) * 100) * nights;
    const id = `R-${10_000 + at}`;
    const status = statuses[of('reservation_status')] ?? '';
    const total = `${Math.trunc(cents / 100)}.${two(Math.abs(cents % 100))}`;
    const row = `${id},Guest ${at},,,${of('assigned_room_type')},${of('reserved_room_type')},${arrival},${departure},,${status},${of('distribution_channel') === 'Direct' ? 'DIRECT' : 'OTA'},${total},,EUR,,`;
    return { id, cents, arrival, status, row };
  });
}

const euros = (bookings: readonly Real[]) => {
  const cents = bookings.reduce((sum, one) => sum + one.cents, 0);
  return `${Math.floor(cents / 100).toLocaleString('en-GB')}.${String(cents % 100).padStart(2, '0')} EUR in all`;
};

test('a thousand real bookings go through a folder and stand on the screen, their totals right to the cent', async ({ page, hotel }) => {
  test.skip(!isThere, '../shared/data is not there');
  const bookings = realBookings();
  expect(bookings.length).toBe(1000);
  await hotel.setUp();
  await hotel.deliver('real.csv', bookingsFile(...bookings.map(({ row }) => row)));
  await openRecords(page, hotel);
  await expect(head(page)).toContainText('1,000 bookings');
  await expect(head(page)).toContainText(euros(bookings));

  // All of them, one by one, as the list says they are, from the first to the last.
  await page.getByRole('button', { name: 'Number', exact: true }).click();
  await expect(rows(page).first()).toContainText('R-10000');
  const table = page.getByRole('table', { name: 'bookings' });
  await expect(table).toHaveAttribute('aria-rowcount', '1001');
  const seen = new Map<string, string>();
  const box = table.locator('..');
  for (let at = 0; at < 1000; at += 10) {
    await box.evaluate((element, to) => element.scrollTo(0, to), at * 28);
    const last = table.locator(`tr[aria-rowindex="${at + 11}"]`);
    await expect(last).toContainText('R-');
    const read = await table
      .locator('tbody tr')
      .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? '')));
    for (const [, key = '', , , , , , amount = ''] of read) if (key !== '') seen.set(key, amount);
  }
  const cents = (amount: string) => Math.round(Number(amount.replace(/,| EUR/g, '')) * 100);
  expect([...seen].map(([id, amount]) => [id, cents(amount)]).sort()).toEqual(bookings.map(({ id, cents: own }) => [id, own]).sort());

  const cancelled = bookings.filter(({ status }) => status === 'CANCELLED');
  await choose(page, 'Status', 'Cancelled');
  await expect(head(page)).toContainText(`${cancelled.length} bookings`);
  await expect(head(page)).toContainText(euros(cancelled));
  const inMarch = cancelled.filter(({ arrival }) => arrival >= '2017-03-01' && arrival <= '2017-03-31');
  expect(inMarch.length).toBeGreaterThan(1);
  await field(page, 'Day from').fill('2017-03-01');
  await field(page, 'Day to').fill('2017-03-31');
  await expect(head(page)).toContainText(`${inMarch.length} bookings`);
  await expect(head(page)).toContainText(euros(inMarch));
});
