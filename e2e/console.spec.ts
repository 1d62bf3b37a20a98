import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { bookingRow, bookingsFile, choose, field, needsChromium, test } from './console-hotel.ts';

/** The console in a browser, against a real agent: what a person at the front desk does with it. */

needsChromium();

test('from the first start to “Everything up to … is confirmed by …”', async ({ page, hotel }) => {
  await page.goto(hotel.address);
  await expect(page.getByRole('heading', { name: 'Welcome to Bellhop' })).toBeVisible();
  await page.getByRole('button', { name: 'Connect your hotel' }).click();

  // What is missing is said at the field, and nothing is saved.
  await page.getByRole('button', { name: 'Next' }).click();
  await expect(field(page, /^Name of the hotel/)).toBeFocused();
  await expect(page.getByText('This is needed').first()).toBeVisible();
  await field(page, /^Name of the hotel/).fill('Aldermoor Quay');
  await field(page, /^Code of the hotel/).fill('ALDQ');
  await page.getByRole('button', { name: 'Next' }).click();

  await page.getByRole('button', { name: 'Show the recovery key' }).click();
  const { recoveryKey } = await hotel.client.agent.recoveryKey({});
  await expect(page.locator('output')).toHaveText(recoveryKey);
  await page.getByRole('button', { name: 'I have kept it' }).click();
  expect((await hotel.client.agent.facts({})).recoveryKeyShown).toBe(true);

  await expect(page.getByRole('heading', { name: 'What is read' })).toBeVisible();
  const missing = join(hotel.folder, 'exports');
  await field(page, /^Folder/).fill(missing);
  await choose(page, 'A file is complete when', 'a second file NAME.done lies beside it');
  await page.getByRole('button', { name: 'Test the connection' }).click();
  await expect(page.getByText('The test stopped at a step. Nothing was changed.')).toBeVisible();
  const steps = page.getByRole('region', { name: 'Test the connection' }).getByRole('listitem');
  await expect(steps).toHaveCount(3);
  await expect(steps.first()).toContainText('failed');
  await expect(steps.first()).toContainText(`The folder ${missing} is not there.`);
  await expect(steps.first()).toContainText('Nothing is lost: files wait where the hotel system writes them.');
  await expect(steps.first()).toContainText('Check the path, or start the share it lies on.');
  await expect(steps.nth(1)).toContainText('not tried');
  await expect(page.getByText('folder-missing')).toBeHidden();
  await steps.first().getByText('Technical text').click();
  await expect(page.getByText('folder-missing')).toBeVisible();

  mkdirSync(missing);
  await field(page, /^Folder/).fill(hotel.drops);
  await page.getByRole('button', { name: 'Test again' }).click();
  await expect(page.getByText('Everything works.')).toBeVisible();
  await expect(steps.first()).toContainText('fine');
  await page.getByRole('button', { name: 'Save' }).click();

  await expect(page.getByRole('heading', { name: 'Where it goes' })).toBeVisible();
  await field(page, /^Address/).fill(hotel.upstream.url);
  await field(page, /^Signing secret/).fill(hotel.upstream.secret);
  await page.getByRole('button', { name: 'Test the connection' }).click();
  await expect(page.getByText('The test stopped at a step. Nothing was changed.')).toBeVisible();
  await page.getByRole('button', { name: 'More settings' }).click();
  await page.getByRole('switch', { name: 'Allow http to this PC' }).click();
  await page.getByRole('button', { name: 'Test again' }).click();
  await expect(page.getByText('Everything works.')).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();

  await expect(page.getByRole('heading', { name: 'Monitoring' })).toBeVisible();
  await expect(page.getByRole('contentinfo')).toContainText('Nothing has come in yet');
  hotel.drop('bookings-1.csv', bookingsFile(bookingRow('A-1001')));
  await page.getByRole('link', { name: /^Connections/ }).click();
  await page.getByRole('button', { name: 'Read now' }).click();
  await expect(page.getByRole('contentinfo')).toContainText(/Everything up to \d\d:\d\d:\d\d is confirmed by Group hub over HTTPS/);
  expect(hotel.upstream.received()).toBeGreaterThan(0);
});
