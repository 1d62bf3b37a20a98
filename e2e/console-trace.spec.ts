import { expect, type Page } from '@playwright/test';
import { de } from '../renderer/text/de.ts';
import { bookingRow, bookingsFile, type ConsoleHotel, needsChromium, test } from './console-hotel.ts';

/** Where is booking 12345, and a line that rests: as a person at the console sees and steers them. */

needsChromium();

async function openConsole(page: Page, hotel: ConsoleHotel): Promise<void> {
  await page.goto(hotel.address);
  await expect(page.getByRole('contentinfo')).toBeVisible();
}

async function ask(page: Page, typed: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
  await page.keyboard.type(typed);
}

/** Go back to the first screen. While the palette is closing, it still takes the keys. */
async function leave(page: Page): Promise<void> {
  await expect(page.getByRole('dialog')).toBeHidden();
  await page.keyboard.press('1');
  await expect(page.getByRole('heading', { name: 'Monitoring', level: 1 })).toBeVisible();
}

const way = (page: Page) => page.locator('#detail').getByRole('region', { name: 'Its way' });

test('a booking is found by its number, its guest, or its room and day, and its way is a line in time: all by keyboard', async ({
  page,
  hotel,
}) => {
  await hotel.setUp();
  await hotel.deliver('a.csv', bookingsFile(bookingRow('HX-12345', { name: 'Zoë Brouwer' }), bookingRow('HX-777', { total: 'a lot' })));
  await hotel.deliver('b.csv', bookingsFile(bookingRow('HX-12345', { name: 'Zoë Brouwer', status: 'CHECKED IN' })));
  await openConsole(page, hotel);
  for (const typed of ['HX-12345', 'brouwer', '101 2026-03-02', 'Zimmer 101 am 2.3.2026']) {
    await ask(page, typed);
    await expect(page.getByRole('option', { name: /Booking HX-12345 · Zoë Brouwer · 101/ })).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Enter');
    await expect(way(page)).toBeVisible();
    await leave(page);
  }
  await ask(page, 'HX-12345');
  await expect(page.getByRole('option', { name: /HX-12345/ })).toBeVisible();
  await page.keyboard.press('Enter');
  const stations = way(page).getByRole('listitem');
  await expect(stations).toHaveText([
    /^File taken b\.csv from PMS exports .*\d\d:\d\d:\d\d$/,
    /^Row line 2, /,
    /^Mapping “.*”, version 1, from \d+ columns/,
    /^Masking No asterisks in place of a card number\.$/,
    /^Kept as \d+\/2 changed: Status/,
    /^Ready to be sent row 2 Its seal opens and its content fits its number\./,
    /^Attempt Group hub confirmed 1 record .*(ms|s)/,
    /^Arrived Confirmed by Group hub\s*\d\d:\d\d:\d\d$/,
  ]);
  await page.locator('#detail').getByRole('button', { name: 'Show the row of version 1' }).click();
  await expect(stations.first()).toContainText('a.csv');
  await expect(way(page)).toContainText('An older version is shown.');

  await ask(page, 'HX-777');
  await expect(page.getByRole('option', { name: /Set aside: HX-777, line 3/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/set-aside\/\d+/);
  await ask(page, 'HX-404');
  await expect(page.getByText('No record of that is kept, and no row of it is set aside.')).toBeVisible();
  await expect(page.getByText('2 files of today were read; the newest is b.csv.')).toBeVisible();
});

test('the event of an older version opens that version', async ({ page, hotel }) => {
  await hotel.setUp();
  await hotel.deliver('a.csv', bookingsFile(bookingRow('HX-1')));
  const [row] = (await hotel.client.records.list({ entity: 'booking', key: 'HX-1' })).rows;
  const { versions } = await hotel.client.records.get({ ledgerId: row?.ledgerId ?? 0, externalId: 'HX-1' });
  await hotel.deliver('b.csv', bookingsFile(bookingRow('HX-1', { status: 'CHECKED IN' })));
  await openConsole(page, hotel);
  await ask(page, versions[0]?.eventId ?? '');
  await expect(page.getByRole('option', { name: /Booking HX-1/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByText('An older version is shown. The newest may stand elsewhere.')).toBeVisible();
  await expect(way(page).getByRole('listitem').first()).toContainText('a.csv');
});

test('a hub that is down shows its five failures, the seconds to the next try and what waits; a person has it tried at once', async ({
  page,
  hotel,
}) => {
  await hotel.setUp();
  hotel.upstream.faults.status = { code: 500, requests: 100_000 };
  await openConsole(page, hotel);
  hotel.drop('a.csv', bookingsFile(bookingRow('A-1'), bookingRow('A-2')));
  await hotel.client.connections.syncNow({ id: 'pms' });
  const panel = page.getByRole('region', { name: 'Sending to Group hub' });
  await expect(panel).toContainText(/Paused after 5 failures; next try in (\d+ s|1 min)/, { timeout: 30_000 });
  await expect(panel.getByRole('list').getByRole('listitem')).toHaveCount(5);
  await expect(panel).toContainText(/2 records wait here meanwhile, the oldest for .*Nothing is lost\./);
  const seconds = async () => Number(/next try in (\d+) s/.exec((await panel.textContent()) ?? '')?.[1] ?? 60);
  const before = await seconds();
  await expect.poll(seconds).toBeLessThan(before);
  await ask(page, 'A-2');
  await expect(page.getByRole('option', { name: /Booking A-2/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(way(page).getByRole('listitem').last()).toContainText(/Waits For Group hub; 1 record goes first.*Paused after failures/);
  await leave(page);
  hotel.upstream.faults.status = null;
  await panel.getByRole('button', { name: 'Try now' }).click();
  await expect(panel).toBeHidden();
  await expect(page.getByText('Everything that came in is confirmed.')).toBeVisible();
});

test('sending is stopped with a reason and goes on, in German too', async ({ page, hotel }) => {
  await page.addInitScript(() => localStorage.setItem('bellhop-preferences', JSON.stringify({ state: { language: 'de' }, version: 0 })));
  await hotel.setUp();
  await hotel.deliver('a.csv', bookingsFile(bookingRow('A-1')));
  await openConsole(page, hotel);
  await page
    .getByRole('main')
    .getByRole('link', { name: /Group hub/ })
    .click();
  await page.getByRole('button', { name: de.sending.stop }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(de.sending.reason).fill('Der Hub zieht um');
  await page.keyboard.press('Enter');
  const panel = page.getByRole('region', { name: de.sending.title('Group hub') });
  await expect(panel).toContainText('Gestoppt von der Person an diesem PC');
  await expect(panel).toContainText('Grund: Der Hub zieht um');
  await expect(panel).toContainText(de.sending.heldForGood);
  hotel.drop('b.csv', bookingsFile(bookingRow('B-1')));
  await hotel.client.connections.syncNow({ id: 'pms' });
  await expect(panel).toContainText(/1 Datensatz wartet so lange hier/);
  expect(hotel.upstream.received()).toBe(1);
  await panel.getByRole('button', { name: de.sending.goOn }).click();
  await expect(panel).toBeHidden();
  await expect.poll(() => hotel.upstream.received()).toBe(2);
});
