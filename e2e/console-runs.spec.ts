import { expect, type Page } from '@playwright/test';
import { createOperaHotel, type OperaHotel, type OracleServer, startOracle } from '../sandbox/oracle/index.ts';
import type { TableColumn } from '../sandbox/oracle/sql/catalogue.ts';
import { bookingRow, bookingsFile, type ConsoleHotel, needsChromium, test } from './console-hotel.ts';
import { examine } from './examine.ts';

needsChromium();

// The examiner puts its own script into the page, which the page's policy would stop.
test.use({ bypassCSP: true });

async function open(page: Page, hotel: ConsoleHotel, id: string): Promise<void> {
  await page.goto(hotel.address);
  await page.getByRole('contentinfo').waitFor();
  await page.evaluate((of) => {
    location.hash = `#/connections/${of}`;
  }, id);
}

/** How many runs of the folder have ended. */
async function ended({ client }: ConsoleHotel): Promise<number> {
  const { runs } = await client.connections.runs({ id: 'pms' });
  return runs.filter(({ outcome }) => outcome !== null).reduce((sum, { count }) => sum + count, 0);
}

test('the page of a source shows its runs as they come, what each has brought, and why one has failed', async ({ page, hotel }) => {
  await hotel.setUp();
  await open(page, hotel, 'pms');
  const part = page.getByRole('region', { name: 'Runs' });
  await expect(part).toContainText('It was not read yet.');
  await examine(page)('runs, none yet');

  hotel.drop('a.csv', bookingsFile(bookingRow('1'), bookingRow('2'), bookingRow('2'), bookingRow('3', { status: 'TENT' })));
  await page.keyboard.press('s');
  const rows = part.locator('tbody tr');
  await expect(rows).toHaveCount(1);
  await expect(rows.first().getByRole('cell')).toHaveText([/s$/, '1', '4', '2', '11 came again', '1', 'Well']);
  await expect(rows.first().getByRole('rowheader')).toContainText('by hand');

  for (let at = 0; at < 3; at++) {
    await hotel.client.connections.syncNow({ id: 'pms' });
    await expect.poll(() => ended(hotel)).toBe(at + 2);
  }
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText(/by hand, 3 times since/);
  await expect(rows.first()).toContainText('nothing new');

  const settings = { folder: `${hotel.drops}/gone`, completeWhen: 'done-file', source: 'pms' };
  await hotel.client.connections.change({ id: 'pms', kind: 'folder-csv', title: 'PMS exports', settings, secrets: {} });
  await page.keyboard.press('s');
  await expect(rows).toHaveCount(3);
  const why = rows.first().getByRole('button', { name: 'Why?' });
  await why.press('Enter');
  await expect(why).toHaveAttribute('aria-expanded', 'true');
  await expect(rows.nth(1)).toContainText('is not there');
  await examine(page)('runs, one failed and opened');
  await why.press('Enter');
  await expect(rows).toHaveCount(3);
});

test('a run that the agent did not see the end of is called that, and older runs are a button away', async ({ page, hotel }) => {
  await hotel.setUp();
  const { client } = hotel;
  for (let at = 0; at < 12; at++) {
    hotel.drop(`${at}.csv`, bookingsFile(bookingRow(String(at))));
    await client.connections.syncNow({ id: 'pms' });
    await expect.poll(() => ended(hotel)).toBe(at + 1);
  }
  hotel.drop('large.csv', bookingsFile(...Array.from({ length: 60_000 }, (_, id) => bookingRow(`L${id}`))));
  await client.connections.syncNow({ id: 'pms' });
  await expect.poll(async () => (await client.connections.runs({ id: 'pms' })).runs[0]?.outcome, { intervals: [10] }).toBeNull();
  await hotel.kill();
  await hotel.startAgain();
  await open(page, hotel, 'pms');
  const part = page.getByRole('region', { name: 'Runs' });
  const rows = part.locator('tbody tr');
  await expect(part).toContainText('The agent ended during it');
  await examine(page)('runs, cut short');
  await expect(rows).toHaveCount(10);
  await part.getByRole('button', { name: 'Older runs' }).press('Enter');
  await expect(rows).toHaveCount(13);
  await expect(part.getByRole('button', { name: 'Older runs' })).toBeHidden();

  // What the killed run had kept is in its own numbers, and what is left in those of the next: together every record, once.
  await hotel.client.connections.syncNow({ id: 'pms' });
  await expect.poll(() => ended(hotel), { timeout: 30_000 }).toBe(14);
  const { runs } = await hotel.client.connections.runs({ id: 'pms' });
  const sum = (of: 'files' | 'rowsRead' | 'kept') => runs.reduce((all, run) => all + (run[of] ?? 0), 0);
  expect([sum('files'), sum('rowsRead'), sum('kept'), (await hotel.client.overview.get({})).records]).toEqual([13, 60_012, 60_012, 60_012]);
});

test.describe('of a database', () => {
  let opera: OperaHotel;
  let server: OracleServer;
  test.beforeEach(async () => {
    opera = createOperaHotel({ seed: 5 });
    opera.fill(300);
    opera.settle();
    server = await startOracle({ hotel: opera });
  });
  test.afterEach(async () => {
    await server.close();
    opera.close();
  });

  test('its page shows the runs and how the columns compared, also what is not read because of a column that is gone', async ({
    page,
    hotel,
  }) => {
    test.slow();
    await hotel.setUp();
    await hotel.client.connections.add({
      id: 'opera',
      kind: 'opera-oracle',
      title: 'OPERA',
      settings: { address: server.url, user: 'HOTEL_READER' },
      schedule: { kind: 'manual' },
      secrets: { databasePassword: 'Lobby-3-kings' },
    });
    await open(page, hotel, 'opera');
    const columns = page.getByRole('region', { name: 'Columns' });
    const runs = page.getByRole('region', { name: 'Runs' });
    await expect(columns).toContainText('They were not compared with these settings yet.');
    await page.keyboard.press('s');
    await expect(columns).toContainText(/All \d+ columns of 10 tables are as they have to be/);
    await expect(runs.locator('tbody tr')).toHaveCount(1);
    await expect(runs.getByRole('columnheader')).toContainText(['Began', 'Took', 'Rows read', 'New', 'Kept', 'Unchanged', 'Set aside']);
    await examine(page)('columns that fit, and a run');

    const room = opera.database.table(opera.owner, 'ROOM')?.columns as TableColumn[];
    room.splice(
      room.findIndex(({ name }) => name === 'HK_STATUS'),
      1,
    );
    await hotel.kill();
    await hotel.startAgain();
    await hotel.client.connections.syncNow({ id: 'opera' });
    await open(page, hotel, 'opera');
    const difference = columns.getByRole('row', { name: /^ROOM/ });
    await expect(difference).toContainText('HK_STATUS is missing');
    await expect(difference).toContainText('Rooms');
    await expect(columns).toContainText('1 of 10 tables not as they have to be');
    await expect(runs.locator('tbody tr').first()).toContainText('Failed');
    await examine(page)('columns that differ');
  });
});
