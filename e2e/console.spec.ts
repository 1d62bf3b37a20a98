import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { bookingRow, bookingsFile, type ConsoleHotel, choose, field, needsChromium, test } from './console-hotel.ts';

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

test('connections answer the keyboard: J and K move, N adds, S reads, P pauses, with the way back', async ({ page, hotel }) => {
  await hotel.setUp();
  await hotel.addSource('spa', 'Spa exports');
  hotel.drop('bookings-2.csv', bookingsFile(bookingRow('A-2001'), bookingRow('A-2002')));
  await page.goto(hotel.address);
  await page.getByRole('contentinfo').waitFor();
  await page.keyboard.press('2');
  const chosen = page.locator('[aria-current=true]');
  await expect(chosen).toContainText('PMS exports');
  await page.keyboard.press('j');
  await expect(chosen).toContainText('Spa exports');
  await page.keyboard.press('j');
  await expect(chosen).toContainText('Group hub');
  await page.keyboard.press('j');
  await expect(chosen).toContainText('Group hub');
  await page.keyboard.press('k');
  await page.keyboard.press('k');
  await expect(chosen).toContainText('PMS exports');

  await page.keyboard.press('s');
  await expect(page.getByText('PMS exports: started')).toBeVisible();
  await expect(page.getByRole('contentinfo')).toContainText(/is confirmed by Group hub/);
  await expect(page.locator('#detail')).toContainText('2 bookings');

  await page.keyboard.press('p');
  await expect(page.getByText('PMS exports is paused; nothing is lost')).toBeVisible();
  await expect(chosen).toContainText('paused');
  await expect.poll(async () => isPaused(hotel, 'pms')).toBe(true);
  await page.keyboard.press('z');
  await expect(chosen).not.toContainText('paused');
  await expect.poll(async () => isPaused(hotel, 'pms')).toBe(false);

  await page.keyboard.press('Enter');
  await expect(page.locator('#detail')).toBeFocused();
  // Keys that follow each other faster than the screen mean what they would mean slowly.
  await page.evaluate(() => {
    for (const key of ['j', 'j', 'p']) document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  });
  await expect(page.getByText('Group hub is paused; nothing is lost')).toBeVisible();
  expect(await isPaused(hotel, 'pms')).toBe(false);
  await page.keyboard.press('n');
  await expect(page.getByRole('heading', { name: 'What do you want to connect?' })).toBeVisible();
  // A field that is being written in keeps its letters.
  await page.getByRole('button', { name: /^Files in a folder/ }).click();
  await field(page, /^Name/).first().fill('');
  await page.keyboard.type('Jpn kiosk 3');
  await expect(field(page, /^Name/).first()).toHaveValue('Jpn kiosk 3');
  await expect(page).toHaveURL(/#\/connections\/new$/);
});

test('a paused or removed connection comes back with Undo, and works', async ({ page, hotel }) => {
  await hotel.setUp();
  await page.goto(hotel.address);
  await page.getByRole('link', { name: /^Connections/ }).click();
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('button', { name: 'Go on' })).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
  expect(await isPaused(hotel, 'pms')).toBe(false);

  await page.getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('PMS exports was removed; what it has brought stays')).toBeVisible();
  await expect(page.getByRole('link', { name: /^PMS exports/ })).toHaveCount(0);
  expect((await hotel.client.connections.list({})).map((one) => one.id)).toEqual(['hub']);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('link', { name: /^PMS exports/ })).toBeVisible();
  await expect(page).toHaveURL(/#\/connections\/pms$/);
  hotel.drop('bookings-3.csv', bookingsFile(bookingRow('A-3001')));
  await page.getByRole('button', { name: 'Read now' }).click();
  await expect(page.getByRole('contentinfo')).toContainText(/is confirmed by Group hub/);
  expect(hotel.upstream.received()).toBeGreaterThan(0);
});

test('a schedule says when it reads next, and says so when it cannot be read', async ({ page, hotel }) => {
  await hotel.setUp();
  await page.goto(hotel.address);
  await page.getByRole('link', { name: /^Connections/ }).click();
  await page.getByRole('button', { name: 'Change' }).click();
  const next = page.getByText(/^Next: /);
  await expect(next).toHaveCount(0);
  await choose(page, 'When it is read', 'Once a day');
  await expect(next).toHaveText(/^Next: .*02:00(?=.*02:00.*02:00)/);
  await field(page, 'At (hotel time)').fill('04:30');
  await expect(next).toHaveText(/04:30.* · .*04:30/);
  await choose(page, 'When it is read', 'By a cron expression');
  await field(page, 'Cron expression').fill('0 6 * * *');
  await expect(next).toHaveText(/06:00.* · .*06:00/);
  await field(page, 'Cron expression').fill('every now and then');
  await expect(page.getByText('This is no cron expression.')).toBeVisible();
  await expect(next).toHaveCount(0);
  await field(page, 'Cron expression').fill('0 6 * * *');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('PMS exports was changed')).toBeVisible();
  await expect(page.locator('#detail')).toContainText('by 0 6 * * *');
});

test('a mixed file shows what was set aside by reason, and where every byte went', async ({ page, hotel }) => {
  await hotel.setUp();
  const content = bookingsFile(
    bookingRow('A-4001'),
    bookingRow('A-4002', { departure: '2026-02-01' }),
    bookingRow('A-4003', { departure: '2026-02-02' }),
    bookingRow('A-4004', { total: 'a lot' }),
    'just,three,cells',
  );
  await page.goto(hotel.address);
  await expect(page.getByText('No file has come in yet')).toBeVisible();
  await hotel.deliver('mixed.csv', content);
  const row = page.getByRole('row', { name: /mixed\.csv/ });
  await expect(row.getByRole('cell').nth(2)).toHaveText('5');
  await expect(row.getByRole('cell').nth(5)).toHaveText('4');
  const [report] = await hotel.client.files.list({ limit: 1 });
  expect(report && report.bytesNormalised + report.bytesDeadLetters + report.bytesStructural).toBe(Buffer.byteLength(content));
  await expect(row.getByRole('cell').nth(6)).toHaveText(
    `${report?.bytesNormalised} B in records, ${report?.bytesDeadLetters} B set aside, ${report?.bytesStructural} B structure`,
  );
  const reasons = page.getByRole('region', { name: 'Set aside, by reason' }).getByRole('listitem');
  await expect(reasons.filter({ hasText: 'The stay ends before it begins.' })).toContainText(/^2/);
  await expect(reasons.filter({ hasText: 'This is no amount in the format of the mapping.' })).toContainText(/^1/);
  await expect(reasons.filter({ hasText: 'The row has more or fewer cells than the header.' })).toContainText(/^1/);
  await expect(reasons).toHaveCount(3);
  await expect(page.getByRole('contentinfo')).toContainText('4 set aside');
});

test('an agent that is cut off is named and the last data stay; started again, it asks for its new key', async ({ page, hotel }) => {
  await hotel.setUp();
  await hotel.deliver('bookings-5.csv', bookingsFile(bookingRow('A-5001')));
  await page.goto(hotel.address);
  await expect(page.getByRole('row', { name: /bookings-5\.csv/ })).toBeVisible();
  await hotel.kill();
  await expect(page.getByRole('alert')).toContainText(/The agent on this PC has not answered for \d+ s\. What you see may be old\./);
  await expect(page.getByRole('row', { name: /bookings-5\.csv/ })).toBeVisible();
  await page.getByRole('link', { name: /^Connections/ }).click();
  await expect(page.locator('#detail')).toContainText('PMS exports');
  // What cannot be done is said.
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByText('The agent on this PC does not answer.')).toBeVisible();

  await hotel.startAgain();
  await expect(page.getByRole('heading', { name: 'Bellhop was started again' })).toBeVisible();
  await expect(page.getByText('Nothing was lost.')).toBeVisible();
  // The new address in the same tab: only what stands behind its # is new.
  await page.goto(hotel.address);
  await expect(page.getByRole('row', { name: /bookings-5\.csv/ })).toBeVisible();
  expect(page.url()).not.toContain(hotel.token);
});

test('a page that is loaded again asks to be opened again, and the key is nowhere to be found', async ({ page, context, hotel }) => {
  await hotel.setUp();
  const asked: string[] = [];
  await page.goto(hotel.address);
  page.on('request', (request) => asked.push(request.url()));
  await expect(page.getByRole('heading', { name: 'Monitoring' })).toBeVisible();
  for (const place of [/^Connections/, 'Settings', 'Monitoring']) await page.getByRole('link', { name: place }).click();
  const kept = await page.evaluate(async () => ({
    address: location.href,
    local: JSON.stringify({ ...localStorage }),
    session: JSON.stringify({ ...sessionStorage }),
    cookie: document.cookie,
    databases: await indexedDB.databases(),
    state: JSON.stringify(history.state),
    page: document.documentElement.outerHTML,
  }));
  const { entries } = await (await context.newCDPSession(page)).send('Page.getNavigationHistory');
  const everything = JSON.stringify([kept, asked, await context.cookies(), entries.map((entry) => entry.url)]);
  expect(hotel.token.length).toBeGreaterThan(20);
  expect(everything).not.toContain(hotel.token);
  expect(kept.databases).toEqual([]);

  await page.reload();
  await expect(page.getByRole('heading', { name: 'Open Bellhop again from where it was started' })).toBeVisible();
  await expect(page.getByText('PMS exports')).toHaveCount(0);
});

test('Ctrl+K, a few letters and Enter go anywhere and do anything', async ({ page, hotel }) => {
  await hotel.setUp();
  await page.goto(hotel.address);
  await expect(page.getByRole('heading', { name: 'Monitoring' })).toBeVisible();
  const palette = page.getByRole('dialog', { name: 'Search and commands' });
  const run = async (words: string) => {
    await page.keyboard.press('Control+k');
    await expect(palette.getByRole('combobox')).toBeFocused();
    await page.keyboard.type(words);
    await expect(palette.getByRole('option').first()).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Enter');
    await expect(palette).toBeHidden();
  };
  await run('open hub');
  await expect(page).toHaveURL(/#\/connections\/hub$/);
  hotel.drop('bookings-6.csv', bookingsFile(bookingRow('A-6001')));
  await run('read pms');
  await expect(page.getByRole('contentinfo')).toContainText(/is confirmed by Group hub/);
  await run('go to set');
  await expect(page.getByRole('heading', { name: 'Language and look' })).toBeVisible();
  await run('deutsch');
  await expect(page.getByRole('heading', { name: 'Sprache und Aussehen' })).toBeVisible();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('zzz');
  await expect(page.getByText('Nichts passt. Versuchen Sie ein anderes Wort.')).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
});

test('the focus stays in a dialog and goes back to where it was after Esc', async ({ page, hotel }) => {
  await hotel.setUp();
  await page.goto(hotel.address);
  const opener = page.getByRole('link', { name: /^Connections/ });
  const dialog = page.getByRole('dialog');
  for (const key of ['?', 'Control+k']) {
    await opener.focus();
    await page.keyboard.press(key);
    await expect(dialog).toBeVisible();
    await expect(dialog.locator(':focus')).toHaveCount(1);
    for (const tab of ['Tab', 'Tab', 'Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab']) {
      await page.keyboard.press(tab);
      await expect(dialog.locator(':focus')).toHaveCount(1);
    }
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(opener).toBeFocused();
  }
  await page.keyboard.press('?');
  await expect(page.getByRole('heading', { name: 'Everywhere' })).toBeVisible();
  // The keys of the screen below are asleep.
  await page.keyboard.press('3');
  await expect(page).toHaveURL(/#\/$/);
});

test('a long list is worked with the keys, and the line that is meant is always in sight', async ({ page, hotel }) => {
  await hotel.setUp();
  await page.goto(hotel.address);
  await page.getByRole('link', { name: 'Settings' }).click();
  await field(page, 'Time zone').fill('Europe/');
  await expect(page.getByRole('option').first()).toHaveText('Europe/Amsterdam');
  for (let line = 0; line < 20; line++) await page.keyboard.press('ArrowDown');
  const meant = page.locator('[role=option][data-combobox-selected]');
  await expect(meant).toBeInViewport({ ratio: 0.9 });
  await expect(page.getByRole('option', { name: 'Europe/Amsterdam' })).not.toBeInViewport();
  const zone = await meant.innerText();
  await page.keyboard.press('Enter');
  await expect(field(page, 'Time zone')).toHaveValue(zone);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The hotel was saved')).toBeVisible();
  expect((await hotel.client.agent.facts({})).property?.timeZone).toBe(zone);
});

async function isPaused(hotel: ConsoleHotel, id: string): Promise<boolean | undefined> {
  return (await hotel.client.connections.list({})).find((one) => one.id === id)?.isPaused;
}
