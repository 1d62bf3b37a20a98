import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { startSftp } from '../sandbox/sftp/server.ts';
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
  await expect.poll(async () => (await hotel.client.agent.facts({})).recoveryKeyShown).toBe(true);

  await expect(page.getByRole('heading', { name: 'What is read' })).toBeVisible();
  await page.getByRole('button', { name: /^Files in a folder/ }).click();
  const missing = join(hotel.folder, 'exports');
  await field(page, /^Folder/).fill(missing);
  await choose(page, 'A file is complete when', 'a second file NAME.done lies beside it');
  await page.getByRole('button', { name: 'Test the connection' }).click();
  await expect(page.getByText('The test stopped at a step. Nothing was changed.')).toBeVisible();
  const steps = page.getByRole('region', { name: 'Test the connection' }).getByRole('listitem');
  await expect(steps).toHaveCount(4);
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
  await expect(steps.last()).toContainText(/: list yes, read no file yet, move not asked for/);
  await page.getByRole('button', { name: 'Save' }).click();

  await expect(page.getByRole('heading', { name: 'Where it goes' })).toBeVisible();
  await page.getByRole('button', { name: /^Group hub over HTTPS/ }).click();
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

test('a file server is connected: its host key is compared and entered, then files come in', async ({ page, hotel }) => {
  const server = await startSftp({ password: 'correct horse' });
  try {
    await hotel.setUp();
    const mtime = 1_770_000_000;
    server.files.set('/exports/a.csv', { content: Buffer.from(bookingsFile(bookingRow('S-1'))), mtime });
    server.files.set('/exports/a.csv.done', { content: Buffer.alloc(0), mtime: mtime + 5 });
    await page.goto(hotel.address);
    await page.getByRole('contentinfo').waitFor();
    await page.getByRole('link', { name: /^Connections/ }).click();
    // The key does something once the page is there.
    await page.getByRole('button', { name: /^Add a connection/ }).waitFor();
    await page.keyboard.press('n');
    await page.getByRole('button', { name: /^Files on an SFTP server/ }).click();
    await field(page, /^Server/).fill('127.0.0.1');
    await field(page, /^User name/).fill('hotel');
    await field(page, /^Folder on the server/).fill('/exports');
    await field(page, /^Password/)
      .first()
      .fill('correct horse');
    await page.getByRole('button', { name: 'More settings' }).click();
    await field(page, /^Port/).fill(String(server.port));
    await choose(page, 'A file is complete when', 'a second file NAME.done lies beside it');
    await page.getByRole('button', { name: 'Test the connection' }).click();
    await expect(page.getByText('shows a host key that nobody has confirmed yet')).toBeVisible();
    expect(server.logins).toEqual([]);
    await page.getByRole('button', { name: 'I have compared it: enter this key' }).click();
    await expect(field(page, /^Host key/)).toHaveValue(/^ssh-ed25519 SHA256:/);
    await page.getByRole('button', { name: 'Test again' }).click();
    await expect(page.getByText('Everything works.')).toBeVisible();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Read now' }).click();
    await expect.poll(() => hotel.upstream.received()).toBe(1);
  } finally {
    await server.close();
  }
});

test('when the hub has seen newer states from elsewhere, a person decides here which PC sends', async ({ page, hotel }) => {
  await hotel.setUp();
  hotel.drop('bookings-1.csv', bookingsFile(bookingRow('A-1001')));
  await hotel.client.connections.syncNow({ id: 'pms' });
  await expect.poll(() => hotel.upstream.received()).toBe(1);
  hotel.upstream.faults.highWater = 4_000_000_000;
  await hotel.client.connections.pause({ id: 'hub' });
  await hotel.client.connections.resume({ id: 'hub' });
  hotel.drop('bookings-2.csv', bookingsFile(bookingRow('A-1002')));
  await hotel.client.connections.syncNow({ id: 'pms' });

  await page.goto(`${hotel.address}`);
  await page.getByRole('contentinfo').waitFor();
  await page.keyboard.press('4');
  await expect(page.locator('[aria-current=true]')).toContainText('PMS exports');
  await page.keyboard.press('j');
  await expect(page.locator('#detail')).toContainText('Group hub has seen generation 4000000000 from this hotel');
  await page.getByRole('button', { name: 'Send from this PC' }).click();
  await page.getByRole('button', { name: 'Leave it' }).click();
  expect(hotel.upstream.received()).toBe(1);
  await page.getByRole('button', { name: 'Send from this PC' }).click();
  await expect(page.getByText('This cannot be undone.')).toBeVisible();
  await page.getByRole('button', { name: 'Yes, this PC sends for the hotel' }).click();
  await expect.poll(() => hotel.upstream.received()).toBe(2);
  await expect(page.locator('#detail')).not.toContainText('has seen generation');
});

test('connections answer the keyboard: J and K move, N adds, S reads, P pauses, with the way back', async ({ page, hotel }) => {
  await hotel.setUp();
  await hotel.addSource('spa', 'Spa exports');
  hotel.drop('bookings-2.csv', bookingsFile(bookingRow('A-2001'), bookingRow('A-2002')));
  await page.goto(hotel.address);
  await page.getByRole('contentinfo').waitFor();
  await page.keyboard.press('4');
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
  // The key does something once the page is there.
  await page.getByRole('button', { name: /^Add a connection/ }).waitFor();
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

test('a file whose content came before is shown with the day and the name under which it was first seen', async ({ page, hotel }) => {
  await hotel.setUp();
  const content = bookingsFile(bookingRow('A-4101'));
  await hotel.deliver('first.csv', content);
  hotel.drop('again.csv', content);
  await page.goto(hotel.address);
  await hotel.client.connections.syncNow({ id: 'pms' });
  const row = page.getByRole('row', { name: /^again\.csv/ });
  await expect(row).toContainText(/seen before on \w+ \d+ \w+ \d{4}, \d\d:\d\d as first\.csv/);
  await expect(page.getByRole('row', { name: /^first\.csv/ })).toContainText('came once more, not read again');
});

test('what was set aside is reached by the keyboard, with its reason, its place and its bytes as text and in hexadecimal', async ({
  page,
  hotel,
}) => {
  await hotel.setUp();
  hotel.upstream.faults.refuseKeys = ['A-4105'];
  const ragged = 'Zoë <b>Brouwer</b>\u001b[31m,three,cells';
  const content = bookingsFile(
    bookingRow('A-4101'),
    bookingRow('A-4102', { departure: '2026-02-01' }),
    ragged,
    bookingRow('A-4104', { departure: '2026-02-02' }),
    bookingRow('A-4105'),
  );
  await page.goto(hotel.address);
  await page.getByRole('contentinfo').waitFor();
  await page.keyboard.press('2');
  await expect(page.getByRole('heading', { name: 'Nothing is set aside' })).toBeVisible();
  await hotel.deliver('mixed.csv', content);

  // An empty list fills by itself; the newest, which the hub has refused, is shown.
  const detail = page.locator('#detail');
  const chosen = page.locator('li[id^=letter-] [aria-current=true]');
  await expect(page.getByRole('link', { name: /^2 The stay ends before it begins\.$/ })).toBeVisible();
  const changed = page.getByRole('button', { name: 'Show it as it is now' });
  await expect(async () => {
    if (await changed.isVisible()) await changed.click();
    await expect(detail.getByRole('heading', { name: 'The destination refused this record.' })).toBeVisible({ timeout: 1000 });
  }).toPass();
  await expect(detail).toContainText('Group hub');
  const record = detail.getByRole('region', { name: 'The record as it is kept here' });
  await expect(record).toContainText(/\n {2}"externalId": "A-4105",\n/);

  await page.keyboard.press('j');
  await expect(chosen).toContainText('mixed.csv:5');
  await page.keyboard.press('j');
  await expect(chosen).toContainText('The row has more or fewer cells than the header.');
  await expect(detail).toContainText('Its cells cannot be told apart any more');
  await expect(detail).toContainText('Look for a delimiter inside a text, or a line that is a total.');
  await expect(detail.getByText('row-ragged')).toBeVisible();
  await expect(detail.getByText('3/16')).toBeVisible();
  const from = Buffer.byteLength(content.slice(0, content.indexOf(ragged)));
  const length = Buffer.byteLength(ragged);
  await expect(detail).toContainText(`from byte ${from} on, ${length + 2} bytes long`);
  const row = detail.getByRole('region', { name: 'The row as it came' });
  // Markup is text, and what would act on a screen is shown as its picture.
  await expect(row.getByRole('region')).toHaveText('Zoë <b>Brouwer</b>␛[31m,three,cells');
  await page.keyboard.press('h');
  const hex = row.getByRole('region');
  await expect(hex).toContainText(
    `${from.toString(16).padStart(8, '0')}  5a 6f c3 ab 20 3c 62 3e  42 72 6f 75 77 65 72 3c  Zo.. <b>Brouwer<`,
  );
  await expect(hex).toContainText(`${(from + 16).toString(16).padStart(8, '0')}  2f 62 3e 1b 5b`);
  await expect(row.getByRole('button', { name: 'Hexadecimal' })).toHaveAttribute('aria-pressed', 'true');

  // The way of looking stays while one moves, and the last row ends the list.
  for (let step = 0; step < 4; step++) await page.keyboard.press('j');
  await expect(chosen).toContainText('mixed.csv:3');
  await expect(hex).toContainText('A-4102');
  await page.keyboard.press('Enter');
  await expect(detail).toBeFocused();
  const address = page.url();
  await page.keyboard.press('1');
  await expect(page.getByRole('heading', { name: 'Monitoring' })).toBeVisible();
  await page.getByRole('link', { name: 'The row has more or fewer cells than the header.' }).click();
  await expect(page).toHaveURL(/#\/set-aside\?rule=row-ragged$/);
  await expect(page.locator('li[id^=letter-]')).toHaveCount(1);
  await expect(detail).toContainText('row-ragged');
  await page.goto(address);
  await expect(chosen).toContainText('mixed.csv:3');
  await expect(detail).toContainText('stay-backwards');
});

test('rows set aside are tried again: rehearsed, corrected by hand, and all at once by a word the mapping learns', async ({
  page,
  hotel,
}) => {
  await hotel.setUp();
  const waiting = (id: string) => bookingRow(id).replace(',RESERVED,', ',WAITLIST,');
  const ragged = `${bookingRow('A-9001')},one,too,many`;
  await hotel.deliver('a.csv', bookingsFile(bookingRow('A-1'), waiting('A-2'), waiting('A-3'), waiting('A-4'), ragged));
  await expect.poll(() => hotel.upstream.received()).toBe(1);
  await page.goto(hotel.address);
  await page.getByRole('contentinfo').waitFor();
  await page.keyboard.press('2');
  const detail = page.locator('#detail');
  const again = detail.getByRole('region', { name: 'Try again' });
  await expect(detail).toContainText('row-ragged');

  await again.getByRole('button', { name: 'Corrected by hand' }).click();
  await again.getByLabel('The row', { exact: true }).fill(bookingRow('A-9001'));
  await again.getByRole('button', { name: 'See what would come of it' }).click();
  await expect(again).toContainText('1 would be kept and sent');
  await expect(again.getByRole('row', { name: 'externalId A-9001' })).toBeVisible();
  expect(hotel.upstream.received()).toBe(1);
  await again.getByRole('button', { name: 'Do it' }).click();
  await expect(again).toContainText('1 are kept and on their way');
  await expect.poll(() => hotel.upstream.received()).toBe(2);

  await page.getByRole('button', { name: 'Show it as it is now' }).click();
  await page.locator('li[id^=letter-] a').first().click();
  await expect(detail).toContainText('value-unknown');
  await page.keyboard.press('t');
  await again.getByRole('button', { name: 'With a changed mapping' }).click();
  const words = again.getByLabel('What the words of the source mean');
  await words.fill(`${await words.inputValue()}\nWAITLIST = somewhere`);
  await expect(again).toContainText('This is not clear: WAITLIST = somewhere');
  await words.fill((await words.inputValue()).replace('somewhere', 'confirmed'));
  await again.getByRole('switch', { name: /^Keep the mapping/ }).click();
  await again.getByRole('button', { name: 'All 3 of this list' }).click();
  await again.getByRole('button', { name: 'See what would come of it' }).click();
  await expect(again).toContainText('3 would be kept and sent');
  await again.getByRole('button', { name: 'Do it' }).click();
  await expect(again).toContainText('Done.');
  await expect.poll(() => hotel.upstream.received()).toBe(5);
  await page.getByRole('button', { name: 'Show it as it is now' }).click();
  await expect(page.getByRole('heading', { name: 'Nothing is set aside' })).toBeVisible();
  // The word is known from now on.
  await hotel.deliver('b.csv', bookingsFile(waiting('A-5')));
  await expect.poll(() => hotel.upstream.received()).toBe(6);
});

test('a list of hundreds that were set aside loads as one moves down, and stays where one is', async ({ page, hotel }) => {
  await hotel.setUp();
  const rows = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => bookingRow(`B-${from + at}`, { departure: '2026-02-01' }));
  await hotel.deliver('many.csv', bookingsFile(...rows(0, 450)));
  await page.goto(hotel.address);
  await page.getByRole('contentinfo').waitFor();
  await page.keyboard.press('2');
  const listed = page.locator('li[id^=letter-]');
  const chosen = page.locator('li[id^=letter-] [aria-current=true]');
  await expect(chosen).toContainText('many.csv:451');
  await expect.poll(() => listed.count()).toBeLessThan(450);
  for (let step = 1; step <= 170; step++) {
    await page.keyboard.press('j');
    if (step % 34 === 0) await expect(chosen).toContainText(`many.csv:${451 - step}`);
  }
  await expect(chosen).toBeInViewport({ ratio: 0.9 });
  await expect(page.locator('#detail')).toContainText('B-279,');
  // What comes in meanwhile moves nothing until it is asked for.
  await hotel.deliver('more.csv', bookingsFile(...rows(450, 3)));
  await expect(page.getByText('The list has changed meanwhile.')).toBeAttached();
  await expect(chosen).toContainText('many.csv:281');
  await page.getByRole('button', { name: 'Show it as it is now' }).click();
  await expect(listed.first()).toContainText('more.csv:4');
  const scroller = page.locator('.scroll').first();
  await expect(async () => {
    await scroller.evaluate((list) => {
      list.scrollTop = list.scrollHeight;
    });
    await expect(listed).toHaveCount(453, { timeout: 100 });
  }).toPass();
  const ids = await listed.evaluateAll((items) => items.map((item) => Number(item.id.replace('letter-', ''))));
  expect(ids).toEqual(Array.from({ length: 453 }, (_, at) => 453 - at));
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
  await run('go to set aside');
  await expect(page.getByRole('heading', { name: 'Nothing is set aside' })).toBeVisible();
  await run('go to setti');
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
  await page.keyboard.press('4');
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
