import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import Database from 'better-sqlite3';
import { de } from '../renderer/text/de.ts';
import { bookingRow, bookingsFile, type ConsoleHotel, needsChromium, test } from './console-hotel.ts';

/** The certificate of completeness, as a manager has it made, reads it, prints it and takes it out. */

needsChromium();

async function open(page: Page, hotel: ConsoleHotel): Promise<void> {
  await hotel.setUp();
  await page.goto(hotel.address);
  await expect(page.getByRole('contentinfo')).toContainText(/hotel time|Hotelzeit/);
  await page.evaluate(() => {
    location.hash = '#/certificate';
  });
}
const violations = async (page: Page) =>
  (await new AxeBuilder({ page }).include('main').analyze()).violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
const rows = (page: Page) => page.getByRole('table', { name: 'Certificate of completeness' }).getByRole('row');

for (const colorScheme of ['light', 'dark'] as const) {
  test(`a certificate is asked for by keyboard, shows each hotel date with both checksums, and is taken out as CSV (${colorScheme})`, async ({
    page,
    hotel,
  }) => {
    await page.emulateMedia({ colorScheme });
    await open(page, hotel);
    await expect(page.getByText('No certificate yet')).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await hotel.deliver('a.csv', bookingsFile(bookingRow('B-1'), bookingRow('B-2')));
    await page.getByRole('button', { name: 'Compare now' }).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByText('Nothing is missing: every record')).toBeVisible();
    await expect(rows(page).last()).toContainText(/Group hub.*Complete[0-9a-f]{16}/);
    expect(await violations(page)).toEqual([]);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as CSV' }).click();
    const csv = readFileSync(await (await download).path(), 'utf8');
    expect(csv).toMatch(/"pms","booking","\d{4}-\d\d-\d\d","2","[0-9a-f]{16}","2"/);
    const { entries } = await hotel.client.audit.list({ action: 'certificate-exported' });
    expect(entries.map(({ detail }) => detail.format)).toEqual(['csv']);
  });
}

test('a record that was lost is named with its file, and that it was mended; the list of nights is moved through by keys', async ({
  page,
  hotel,
}) => {
  await open(page, hotel);
  await hotel.deliver('a.csv', bookingsFile(bookingRow('B-1'), bookingRow('B-2')));
  const db = new Database(join(hotel.folder, 'home', 'pipeline.db'), { timeout: 5000 });
  db.exec("delete from records where external_id = 'B-2'");
  db.close();
  await page.getByRole('button', { name: 'Compare now' }).click();
  const differed = page.getByRole('table', { name: 'What differed' });
  await expect(differed).toContainText('B-2');
  await expect(differed).toContainText('a.csv:3');
  await expect(differed).toContainText('mended');
  await expect(page.getByText('1 differed; all were mended')).toBeVisible();
  await page.getByRole('button', { name: 'Compare now' }).click();
  await expect(page.getByText('None differed.')).toBeVisible();
  await page.locator('main').click({ position: { x: 5, y: 5 } });
  await page.keyboard.press('j');
  await expect(differed).toBeVisible();
  expect(await violations(page)).toEqual([]);
  // On paper stands the certificate alone.
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('button', { name: 'Compare now' })).toBeHidden();
  await expect(differed).toBeVisible();
});

test('what waits for a destination that is stopped is never called complete; it reads in German', async ({ page, hotel }) => {
  await page.addInitScript(() => localStorage.clear());
  await open(page, hotel);
  await hotel.client.connections.tripBreaker({ id: 'hub', reason: 'the hub moves' });
  hotel.drop('a.csv', bookingsFile(bookingRow('B-1')));
  await hotel.client.connections.syncNow({ id: 'pms' });
  await expect.poll(async () => (await hotel.client.overview.get({})).records).toBe(1);
  await page.getByRole('button', { name: 'Compare now' }).click();
  await expect(page.getByText('Not everything was compared.')).toBeVisible();
  await expect(rows(page).last()).toContainText('sending is stopped');
  await expect(page.getByRole('region', { name: 'Not compared' })).toContainText('Group hub');
  await expect(page.getByText('Nothing is missing: every record')).toBeHidden();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('Deutsch');
  await page.keyboard.press('Enter');
  await expect(page.getByText(de.certificate.verdicts['not-compared'])).toBeVisible();
  expect(await violations(page)).toEqual([]);
});
