import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { de } from '../renderer/text/de.ts';
import { startUpstream, type Upstream } from '../sandbox/upstream/server.ts';
import { bookingRow, bookingsFile, type ConsoleHotel, choose, needsChromium, test } from './console-hotel.ts';

/** Sending again and the history, as a person at the console sees them. */

needsChromium();

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const rows = (count: number) => Array.from({ length: count }, (_, at) => bookingRow(`B-${at}`));

/** The console answers keys once it stands. */
async function openConsole(page: Page, hotel: ConsoleHotel): Promise<void> {
  await page.goto(hotel.address);
  await expect(page.getByRole('contentinfo')).toBeVisible();
}

/** The hub at another address, without anything of what it had. */
async function emptyHub(hotel: ConsoleHotel, batchRecords = 500): Promise<Upstream> {
  const empty = await startUpstream({ dir: join(hotel.folder, 'empty'), secret: hotel.upstream.secret });
  await hotel.client.connections.change({
    id: 'hub',
    kind: 'https-ingest',
    title: 'Group hub',
    settings: { url: empty.url, allowHttpOnThisPc: true, batchRecords },
    secrets: { signingSecret: empty.secret },
  });
  return empty;
}

test('picked records are sent again to a hub that has lost them, by keyboard', async ({ page, hotel }) => {
  await hotel.setUp();
  await hotel.deliver('a.csv', bookingsFile(...rows(5)));
  const empty = await emptyHub(hotel);
  try {
    await openConsole(page, hotel);
    await page.keyboard.press('3');
    await expect(page.getByRole('cell', { name: 'B-4', exact: true })).toBeVisible();
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await expect(page.getByRole('checkbox', { checked: true })).toHaveCount(2);
    await page.keyboard.press('s');
    await expect(page.getByText('Send 2 bookings again to Group hub? It keeps what it has.')).toBeVisible();
    await expect(page.getByText('2 it has confirmed just so: nothing changes there')).toBeVisible();
    await button(page, 'Send again').click();
    await expect(page.getByRole('dialog').getByText('2 records to Group hub: done')).toBeVisible();
    expect(empty.received()).toBe(2);
  } finally {
    await empty.close();
  }
});

test('what a list shows is sent again, and what a hub has refused, from where it is set aside', async ({ page, hotel }) => {
  await hotel.setUp();
  hotel.upstream.faults.refuseKeys = ['B-1', 'B-2'];
  await hotel.deliver('a.csv', bookingsFile(...rows(4)));
  hotel.upstream.faults.refuseKeys = ['B-2'];
  await openConsole(page, hotel);
  await page.keyboard.press('3');
  await button(page, /^Send these again/).click();
  await expect(page.getByText('2 it has never confirmed')).toBeVisible();
  await expect(page.getByText('2 of them it has refused before')).toBeVisible();
  await button(page, 'Send again').click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('4 records to Group hub: done')).toBeVisible();
  await expect(dialog.getByText('3 confirmed')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await page.keyboard.press('2');
  await expect(page.getByText('tried again once in vain')).toBeVisible();
  hotel.upstream.faults.refuseKeys = [];
  await page.getByRole('link', { name: /tried again once in vain/ }).click();
  await button(page, 'This record').click();
  await button(page, 'Send again').click();
  await expect(dialog.getByText('1 record to Group hub: done')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect.poll(async () => (await hotel.client.overview.get({})).setAside).toBe(0);
});

test('a range of days is sent again from the destination, seen in Monitoring, paused, and cancelled', async ({ page, hotel }) => {
  await hotel.setUp();
  await hotel.deliver('a.csv', bookingsFile(...rows(200)));
  const empty = await emptyHub(hotel, 5);
  empty.faults.latencyMs = 150;
  try {
    await openConsole(page, hotel);
    await page.keyboard.press('4');
    await page.getByRole('link', { name: /^Group hub/ }).click();
    await button(page, 'Send again…').click();
    await button(page, 'See what would come of it').click();
    await expect(page.getByText('Send 200 records again to Group hub? It keeps what it has.')).toBeVisible();
    await button(page, 'Send again').click();
    await expect(page.getByRole('dialog').getByText('200 records to Group hub: on its way')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
    await page.keyboard.press('1');
    const orders = page.getByRole('region', { name: 'Sent again' });
    await expect(orders.getByRole('progressbar', { name: 'How far it is' })).toBeVisible();
    await orders.getByRole('button', { name: 'Pause' }).click();
    await expect(orders.getByText('200 records to Group hub: paused')).toBeVisible();
    await orders.getByRole('button', { name: 'Go on' }).click();
    await expect(orders.getByText('200 records to Group hub: on its way')).toBeVisible();
    await orders.getByRole('button', { name: 'Cancel it' }).click();
    await expect(page.getByText('Cancelled. What was sent stands.')).toBeVisible();
    await expect(orders).toBeHidden();
    const [order] = await hotel.client.resends.list({});
    expect([order?.state, (order?.confirmed ?? 200) < 200]).toEqual(['cancelled', true]);
  } finally {
    await empty.close();
  }
});

test('the history says who did what, is narrowed, and its chain is checked', async ({ page, hotel }) => {
  await hotel.setUp();
  await hotel.deliver('a.csv', bookingsFile(...rows(2)));
  await openConsole(page, hotel);
  await page.keyboard.press('3');
  await page.getByRole('link', { name: 'B-1' }).click();
  await expect(page.getByRole('region', { name: 'The record', exact: true })).toBeVisible();
  await page.keyboard.press('6');
  await button(page, 'Show the history').click();
  await expect(page.locator('summary').getByText('Opened a record')).toBeVisible();
  // Nothing here was done by the agent itself.
  await choose(page, 'Who', 'Bellhop');
  await expect(page.getByRole('heading', { name: 'Nothing fits' })).toBeVisible();
  await choose(page, 'Who', 'Person at this PC');
  await expect(page.locator('summary').getByText('Opened a record')).toBeVisible();
  await page.getByRole('textbox', { name: 'Key, number or name' }).fill('B-1');
  await expect(page.locator('summary').getByText('Added a connection').first()).toBeHidden();
  await page.locator('summary').getByText('Opened a record').click();
  await expect(page.getByText('ledgerId: 1')).toBeVisible();
  await page.getByRole('textbox', { name: 'Key, number or name' }).fill('nobody');
  await expect(page.getByRole('heading', { name: 'Nothing fits' })).toBeVisible();
  await button(page, 'Check the chain').click();
  await expect(page.getByText(/^All \d+ entries fit together\.$/)).toBeVisible();
});

test.describe('in German', () => {
  test.use({ locale: 'de-DE' });

  test('sending again and the history speak German', async ({ page, hotel }) => {
    await hotel.setUp();
    await hotel.deliver('a.csv', bookingsFile(...rows(2)));
    await openConsole(page, hotel);
    await page.keyboard.press('3');
    await button(page, /^Diese noch einmal senden/).click();
    await expect(page.getByText('2 Buchungen noch einmal an Group hub senden? Was dort ist, bleibt.')).toBeVisible();
    await button(page, de.resend.send).click();
    await expect(page.getByText('2 Datensätze an Group hub: fertig')).toBeVisible();
    await page.keyboard.press('Escape');
    await page.keyboard.press('6');
    await button(page, de.history.show).click();
    await expect(page.locator('summary').getByText(de.history.actions['resend-ordered'])).toBeVisible();
    await expect(page.getByText(/Person an diesem PC/).first()).toBeVisible();
  });
});
