import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { de } from '../renderer/text/de.ts';
import { startUpstream, type Upstream } from '../sandbox/upstream/server.ts';
import { bookingRow, bookingsFile, type ConsoleHotel, choose, needsChromium, test } from './console-hotel.ts';

/** A shadow, a share, and the rule for two sources of one booking, as a person at the console sets and sees them. */

needsChromium();

let beside: Upstream;

/** Two hubs and two sources. */
async function open(page: Page, hotel: ConsoleHotel): Promise<void> {
  await hotel.setUp();
  const channel = join(hotel.folder, 'channel');
  mkdirSync(channel);
  await hotel.addSource('channel', 'Channel manager', channel);
  beside = await startUpstream({ dir: join(hotel.folder, 'beside') });
  await hotel.client.connections.add({
    id: 'new-hub',
    kind: 'https-ingest',
    title: 'New hub',
    settings: { url: beside.url, allowHttpOnThisPc: true },
    secrets: { signingSecret: beside.secret },
  });
  await page.goto(hotel.address);
  await expect(page.getByRole('contentinfo')).toContainText('hotel time');
}

async function readChannel(hotel: ConsoleHotel, ...rows: readonly string[]): Promise<void> {
  writeFileSync(join(hotel.folder, 'channel', 'channel.csv'), bookingsFile(...rows));
  writeFileSync(join(hotel.folder, 'channel', 'channel.csv.done'), '');
  await hotel.client.connections.syncNow({ id: 'channel' });
}

const goTo = (page: Page, hash: string) =>
  page.evaluate((to) => {
    location.hash = to;
  }, hash);
const violations = async (page: Page, part = 'main') =>
  (await new AxeBuilder({ page }).include(part).analyze()).violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);

test.afterEach(() => beside.close());

test('a destination becomes a shadow by a switch: what it refuses alone is counted, and it no longer speaks for the house', async ({
  page,
  hotel,
}) => {
  await open(page, hotel);
  beside.faults.refuseKeys = ['B-1', 'B-2'];
  await goTo(page, '#/connections/new-hub');
  await page.getByRole('switch', { name: 'Shadow: gets everything and decides nothing' }).click();
  await expect(page.getByText('New hub is a shadow now')).toBeVisible();
  await hotel.deliver('a.csv', bookingsFile(bookingRow('B-1'), bookingRow('B-2'), bookingRow('B-3')));
  await expect(page.getByText('Compared with Group hub: 2 refused here alone.')).toBeVisible();
  await expect(page.getByRole('contentinfo')).toContainText('confirmed by Group hub');
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('1');
  await expect(page.getByRole('link', { name: /New hub shadow/ })).toBeVisible();
});

test('a share is chosen from a list, and the records outside of it say why they were not sent', async ({ page, hotel }) => {
  await open(page, hotel);
  await goTo(page, '#/connections/new-hub');
  await choose(page, 'Share of the records that is sent there', '10 %');
  await expect(page.getByText('New hub gets 10 % of the records')).toBeVisible();
  await hotel.deliver('a.csv', bookingsFile(...Array.from({ length: 30 }, (_, at) => bookingRow(`B-${at}`))));
  await expect(page.getByText(/\d+ not sent on purpose/)).toBeVisible();
  await choose(page, 'Share of the records that is sent there', '100 %');
  await expect(page.getByText(/^30 confirmed|30 records/).first()).toBeVisible();
});

test('which source leads is chosen in the settings, and the page of the other record says that it was not sent, and why', async ({
  page,
  hotel,
}) => {
  await open(page, hotel);
  await hotel.deliver('a.csv', bookingsFile(bookingRow('B-1')));
  await readChannel(hotel, bookingRow('B-2'));
  await goTo(page, '#/settings');
  await choose(page, 'Booking', 'pms leads; what others say of it is not sent');
  await expect(page.getByText('The rule holds from the next record on')).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await readChannel(hotel, bookingRow('B-1', { status: 'CANCELLED' }));
  await expect.poll(async () => (await hotel.client.records.list({ entity: 'booking', key: 'B-1' })).total).toBe(2);
  await goTo(page, '#/records?state=cancelled');
  await page.getByRole('link', { name: 'B-1' }).click();
  await expect(page.getByText('Also known from pms.')).toBeVisible();
  await expect(page.getByText('Not sent to Group hub: pms leads for this kind of record').first()).toBeVisible();
  expect(await violations(page, '#detail')).toEqual([]);
  await page.getByRole('link', { name: 'Show what pms says' }).click();
  await expect(page.getByText('Also known from channel.')).toBeVisible();
});

test('for how long old versions stay is chosen in the settings', async ({ page, hotel }) => {
  await open(page, hotel);
  await goTo(page, '#/settings');
  await choose(page, 'Keep older versions for', '2 years');
  await expect.poll(async () => (await hotel.client.overview.get({})).outbox.keepDays).toBe(730);
  await choose(page, 'Keep older versions for', 'ever');
  await expect.poll(async () => (await hotel.client.overview.get({})).outbox.keepDays).toBe(null);
});

test.describe('in German', () => {
  test.use({ locale: 'de-DE' });

  test('rules and shadows speak German', async ({ page, hotel }) => {
    await hotel.setUp();
    beside = await startUpstream({ dir: join(hotel.folder, 'beside') });
    await page.goto(hotel.address);
    await expect(page.getByRole('contentinfo')).toContainText('Hotelzeit');
    await goTo(page, '#/connections/hub');
    await expect(page.getByText(de.same.shadow.what)).toBeVisible();
    await goTo(page, '#/settings');
    await expect(page.getByText(de.same.keep.intro)).toBeVisible();
  });
});
