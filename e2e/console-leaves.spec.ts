import { readFileSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { de } from '../renderer/text/de.ts';
import { bookingRow, bookingsFile, type ConsoleHotel, needsChromium, test } from './console-hotel.ts';

/** What leaves this hotel, as a person at the console sees and sets it. */

needsChromium();

const guest = 'Zaphod Canary';
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const rule = (page: Page, words: string) => page.getByRole('table', { name: 'bookings' }).getByRole('combobox', { name: words });
const received = (hotel: ConsoleHotel) => readFileSync(hotel.upstream.file, 'utf8');

async function open(page: Page, hotel: ConsoleHotel): Promise<void> {
  await hotel.setUp();
  await hotel.deliver('a.csv', bookingsFile(bookingRow('B-1', { name: guest })));
  await page.goto(hotel.address);
  await expect(page.getByRole('contentinfo')).toContainText('Group hub');
  await page.keyboard.press('5');
}

test('a rule is chosen with the keyboard, shown on the newest record, saved, kept to, and written down', async ({ page, hotel }) => {
  await open(page, hotel);
  await expect(page.getByRole('row', { name: /^Guest Names or reaches a person Z\. C\. as it is/ })).toBeVisible();
  await expect(page.locator('main')).not.toContainText('Zaphod');
  await rule(page, 'Rule for Guest').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('row', { name: /^Guest Names or reaches a person Z\. C\. tok_[0-9a-f]{32}/ })).toBeVisible();
  await expect(page.getByText('One rule is changed and not saved.')).toBeVisible();
  await button(page, 'Save these rules').click();
  await expect(page.getByText('Guest: Send became Replace by a token')).toBeVisible();
  await hotel.deliver('b.csv', bookingsFile(bookingRow('B-2', { name: guest })));
  const lines = received(hotel).trim().split('\n');
  expect(lines.map((line) => [line.includes(guest), /"guestName":"tok_/.test(line)])).toEqual([
    [true, false],
    [false, true],
  ]);
});

test('a rule that would break a record is refused in words, and nothing is changed', async ({ page, hotel }) => {
  await open(page, hotel);
  await rule(page, 'Rule for Currency').selectOption('drop');
  await expect(page.getByText('The field currency of booking cannot leave by the rule “drop”.')).toBeVisible();
  await expect(button(page, 'Save these rules')).toHaveAttribute('aria-disabled', 'true');
  await button(page, 'Leave them as they were').click();
  await expect(rule(page, 'Rule for Currency')).toHaveValue('send');
  expect((await hotel.client.leaves.report({})).destinations[0]?.version).toBe(0);
});

test('the page is saved as CSV and printed black on white, without what stands round it', async ({ page, hotel }) => {
  await open(page, hotel);
  const download = page.waitForEvent('download');
  await button(page, 'Save as CSV').click();
  const csv = readFileSync(await (await download).path(), 'utf8');
  expect([
    csv.split('\r\n')[0]?.slice(1),
    csv.includes('"Group hub","bookings","Guest","Names or reaches a person","Z. C.","Send","",""'),
  ]).toEqual(['"Destination","Kind of record","Field","Personal data","Example, masked","Rule","Hotel time","Who"', true]);
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeHidden();
  const cell = page.getByRole('rowheader', { name: 'Guest', exact: true });
  const look = await cell.evaluate((one) => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]);
  expect([look, await page.locator('main').evaluate((main) => main.scrollHeight <= main.clientHeight)]).toEqual([
    ['rgb(0, 0, 0)', 'rgb(255, 255, 255)'],
    true,
  ]);
});

test('everybody can use the page', async ({ page, hotel }) => {
  await open(page, hotel);
  await rule(page, 'Rule for Guest').selectOption('mask');
  await expect(button(page, 'Save these rules')).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
});

test.describe('in German', () => {
  test.use({ locale: 'de-DE' });

  test('what leaves speaks German', async ({ page, hotel }) => {
    await open(page, hotel);
    await page.getByRole('combobox', { name: de.leaves.ruleOf('Gast') }).selectOption('mask');
    await button(page, de.leaves.save).click();
    await expect(page.getByText(/^Gast: aus Senden wurde Verdecken$/)).toBeVisible();
    await expect(page.getByText(/Person an diesem PC/).first()).toBeVisible();
    await expect(page.getByRole('heading', { name: de.leaves.title })).toBeVisible();
  });
});
