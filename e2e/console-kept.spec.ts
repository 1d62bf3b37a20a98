import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { de } from '../renderer/text/de.ts';
import { bookingRow, bookingsFile, type ConsoleHotel, field, needsChromium, test } from './console-hotel.ts';

/** The check of what is kept, and backups, as a person at the console has them made and sees them. */

needsChromium();

async function open(page: Page, hotel: ConsoleHotel, hash: string): Promise<void> {
  await hotel.setUp();
  await hotel.deliver('a.csv', bookingsFile(bookingRow('B-1'), bookingRow('B-2')));
  await page.goto(hotel.address);
  await expect(page.getByRole('contentinfo')).toContainText(/hotel time|Hotelzeit/);
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
}
const violations = async (page: Page) =>
  (await new AxeBuilder({ page }).include('main').analyze()).violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);

/** Flip a bit in the sealed copy of the one file. */
function damage(hotel: ConsoleHotel): void {
  const raw = join(hotel.folder, 'home', 'raw');
  const path = join(raw, readdirSync(raw, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.raw')) ?? '');
  const bytes = readFileSync(path);
  bytes[30] = (bytes[30] as number) ^ 1;
  writeFileSync(path, bytes);
}

test('everything is checked by a button: what is damaged and still lies at the source is mended, what does not is named and can be noted', async ({
  page,
  hotel,
}) => {
  await open(page, hotel, '#/monitoring');
  const panel = page.getByRole('region', { name: 'Check of what is kept' });
  await expect(panel).toContainText('Nothing was checked yet.');
  await panel.getByRole('button', { name: 'Check now' }).focus();
  await page.keyboard.press('Enter');
  await expect(panel).toContainText('All of it is whole.');
  damage(hotel);
  await panel.getByRole('button', { name: 'Check now' }).click();
  await expect(panel).toContainText('One part was damaged, and is mended.');
  damage(hotel);
  rmSync(join(hotel.drops, 'a.csv'));
  await panel.getByRole('button', { name: 'Check now' }).click();
  await expect(panel).toContainText('The copy of the file a.csv, 2 rows: not mended');
  await expect(panel).toContainText('It holds the newest word of B-1, B-2.');
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'I have seen this' }).click();
  await expect(page.getByText('could not be mended: a.csv')).toBeHidden();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`backups are set up by keyboard, made, and shown with their drill; a stick that is gone is said (${colorScheme})`, async ({
    page,
    hotel,
  }) => {
    await page.emulateMedia({ colorScheme });
    await open(page, hotel, '#/settings');
    const stick = join(hotel.folder, 'stick');
    const section = page.getByRole('region', { name: 'Backups' });
    await field(page, 'Folder').fill(stick);
    await field(page, 'How many are kept').fill('400');
    await page.keyboard.press('Enter');
    await expect(section).toContainText('A number from 1 to 365');
    await field(page, 'How many are kept').fill('3');
    await page.keyboard.press('Enter');
    await expect(section).toContainText('The backup cannot be written to');
    mkdirSync(stick);
    await section.getByRole('button', { name: 'Make backups from now on' }).click();
    await expect(section).toContainText('Last verified');
    await section.getByRole('button', { name: 'Back up now' }).click();
    await expect(page.getByText('The backup is made and verified')).toBeVisible();
    await expect(section.getByRole('row')).toHaveCount(3);
    await expect(section.getByRole('row').nth(1)).toContainText('verified');
    expect(await violations(page)).toEqual([]);
    renameSync(stick, `${stick}-away`);
    await section.getByRole('button', { name: 'Back up now' }).click();
    await expect(section).toContainText('The backup cannot be written to');
    await section.getByRole('button', { name: 'Make none any more' }).click();
    await expect(page.getByText('No backups are made any more; those that lie there stay')).toBeVisible();
  });
}

test.describe('in German', () => {
  test.use({ locale: 'de-DE' });

  test('the check and the backups speak German', async ({ page, hotel }) => {
    await open(page, hotel, '#/settings');
    await expect(page.getByText(de.kept.backups.intro)).toBeVisible();
    await page.keyboard.press('1');
    await expect(page.getByText(de.kept.check.never)).toBeVisible();
  });
});
