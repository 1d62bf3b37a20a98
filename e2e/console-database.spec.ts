import { expect } from '@playwright/test';
import { createOperaHotel, type OperaHotel, type OracleServer, startOracle } from '../sandbox/oracle/index.ts';
import { storedName } from '../sandbox/oracle/sql/catalogue.ts';
import { type ConsoleHotel, needsChromium, test } from './console-hotel.ts';
import { examine } from './examine.ts';

needsChromium();

// The examiner puts its own script into the page, which the page's policy would stop.
test.use({ bypassCSP: true });

let opera: OperaHotel;
let server: OracleServer;
test.beforeEach(async () => {
  opera = createOperaHotel({ seed: 5 });
  opera.fill(900);
  opera.settle();
  server = await startOracle({ hotel: opera });
});
test.afterEach(async () => {
  await server.close();
  opera.close();
});

async function addOpera(hotel: ConsoleHotel): Promise<void> {
  await hotel.setUp();
  await hotel.client.connections.add({
    id: 'opera',
    kind: 'opera-oracle',
    title: 'OPERA',
    settings: { address: server.url, user: 'HOTEL_READER' },
    schedule: { kind: 'manual' },
    secrets: { databasePassword: 'Lobby-3-kings' },
  });
}

/** As somebody does who empties a table by mistake. */
function removeReservations(): void {
  const table = opera.database.table(opera.owner, 'RESERVATION_NAME');
  if (!table) throw new Error('there is no table of reservations');
  opera.database.commit((writer) => writer.prepare(`DELETE FROM ${storedName(table)} WHERE RESV_NAME_ID % 3 = 0`).run());
}

test('the page of a database shows how its tables stand, compares everything, and asks before rows are called gone', async ({
  page,
  hotel,
}) => {
  test.slow();
  await addOpera(hotel);
  await page.goto(hotel.address);
  await page.getByRole('contentinfo').waitFor();
  await page.evaluate(() => {
    location.hash = '#/connections/opera';
  });
  const part = page.getByRole('region', { name: 'How the tables stand' });
  await expect(part).toContainText('Nothing was read yet.');
  await expect(page.getByRole('button', { name: 'Text for the administrator' })).toBeVisible();
  await examine(page)('tables, nothing read yet');

  await page.keyboard.press('s');
  const row = (name: string) => part.getByRole('row', { name: new RegExp(`^${name}`) });
  await expect(row('Reservations')).toContainText('by its stamp');
  await expect(row('Rooms')).toContainText('compared whole each time');
  await expect(row('Guest profiles')).toContainText('compared whole at night');
  await expect(row('Reservations')).toContainText('1 read for each');
  await examine(page)('tables, filled');

  removeReservations();
  await part.getByRole('button', { name: 'Compare everything now' }).press('Enter');
  const missing = part.getByRole('status').filter({ hasText: /Reservations: \d+ rows missing at once, too many to believe\./ });
  await expect(missing).toBeVisible({ timeout: 30_000 });
  await examine(page)('tables, rows missing');
  await missing.getByRole('button', { name: 'They are really gone…' }).press('Enter');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('every destination is told that they are gone');
  await examine(page)('tables, asking whether rows are gone');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await missing.getByRole('button', { name: 'They are really gone…' }).click();
  await dialog.getByRole('button', { name: 'They are really gone' }).click();
  await expect(page.getByText('Reservations: reported as gone after two more comparisons')).toBeVisible();
  await expect(missing).toBeHidden({ timeout: 30_000 });
});
