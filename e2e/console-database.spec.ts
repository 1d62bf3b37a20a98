import { existsSync, readFileSync } from 'node:fs';
import { expect } from '@playwright/test';
import { createOperaHotel, type OperaHotel, type OracleServer, startOracle } from '../sandbox/oracle/index.ts';
import { storedName } from '../sandbox/oracle/sql/catalogue.ts';
import { hasPostgres, startPostgres } from '../sandbox/servers/postgres.ts';
import { type ConsoleHotel, choose, field, needsChromium, test } from './console-hotel.ts';
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

  const report = page.getByRole('region', { name: 'Site report' });
  await report.getByRole('button', { name: 'Make the site report' }).press('Enter');
  await expect(report.getByRole('textbox', { name: /^Site report 127/ })).toHaveValue(/- RESERVED: \d+/);
  await examine(page)('site report');

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

/** What stands upstream of a kind of record. */
function arrived(hotel: ConsoleHotel, entity: string): number {
  const lines = existsSync(hotel.upstream.file) ? readFileSync(hotel.upstream.file, 'utf8').split('\n').slice(0, -1) : [];
  return lines.filter((line) => (JSON.parse(line) as { entity: string }).entity === entity).length;
}

test('OPERA is set up step by step, from nothing to the first booking upstream, and nothing is stored before the last step', async ({
  page,
  hotel,
}) => {
  test.slow();
  const neighbour = createOperaHotel({ seed: 6, resort: 'BRGN', neighbourOf: opera });
  await hotel.setUp();
  await page.goto(hotel.address);
  await page.getByRole('contentinfo').waitFor();
  await page.getByRole('link', { name: /^Connections/ }).click();
  await page.getByRole('button', { name: /^Add a connection/ }).press('Enter');
  await page.getByRole('button', { name: /^OPERA V5/ }).press('Enter');

  const next = page.getByRole('button', { name: 'Next', exact: true });
  const stored = async () => (await hotel.client.connections.list({})).map(({ kind }) => kind);
  await expect(page.getByRole('heading', { name: 'How is the database reached?' })).toBeVisible();
  await next.click();
  await expect(page.getByText('This is needed')).toHaveCount(3);
  await examine(page)('wizard, how to connect, with fields missing');
  await field(page, /^Address of the database/).fill('opera-db:1521:OPERA');
  await expect(page.getByText('Server opera-db, port 1521, SID OPERA, without TLS')).toBeVisible();
  await field(page, /^Address of the database/).fill('opera-db');
  await expect(page.getByText(/cannot be read/)).toBeVisible();
  await field(page, /^Address of the database/).fill(`jdbc:oracle:thin:@//${server.url}`);
  await expect(page.getByText(`Server 127.0.0.1, port ${server.port}, service OPERA, without TLS`)).toBeVisible();
  await field(page, /^User name/).fill('HOTEL_READER');
  await page.getByRole('button', { name: 'Text for the administrator' }).click();
  await expect(page.getByRole('textbox', { name: /^Oracle 127/ })).toHaveValue(/GRANT READ ON OPERA\.RESERVATION_NAME TO HOTEL_READER/);
  await field(page, /^Password of the database user/).fill('wrong');
  await field(page, /^Password of the database user/).press('Enter');

  await expect(page.getByRole('alert').getByText(/does not let HOTEL_READER in/)).toBeVisible();
  await page.getByText('Text to send to whoever runs the database').click();
  await expect(page.getByText(/Bellhop at Aldermoor/)).toBeVisible();
  await examine(page)('wizard, a test that failed');
  await page.getByRole('button', { name: 'Back', exact: true }).click();
  await expect(field(page, /^User name/)).toHaveValue('HOTEL_READER');
  await field(page, /^Password of the database user/).fill('Lobby-3-kings');
  await next.click();
  await expect(page.getByText('So far everything works. Choose in the next step, and it goes on.')).toBeVisible();
  await examine(page)('wizard, a test that waits for a choice');
  await next.click();

  await expect(field(page, /^Owner of the tables/)).toHaveValue(/^OPERA/);
  await choose(page, /^Property/, 'ALDQ');
  await expect(page.getByText('Everything works.')).toBeVisible({ timeout: 20_000 });
  await examine(page)('wizard, chosen');
  await next.click();
  await expect(field(page, /^Night audit from/)).toHaveValue('02:00');
  await expect(field(page, /^Compare everything at/)).toHaveValue('04:30');
  await examine(page)('wizard, what and when');
  await next.click();
  const rows = page.getByRole('region', { name: 'First rows: Reservations' });
  await expect(rows.getByRole('row')).not.toHaveCount(1, { timeout: 20_000 });
  const names = [...opera.truth()].map(({ lastName }) => lastName).filter((name) => name.length > 3);
  const shown = await page.locator('#detail').innerText();
  expect(names.filter((name) => shown.includes(name))).toEqual([]);
  await examine(page)('wizard, first rows');
  await next.click();
  await expect(page.getByRole('heading', { name: 'Everything once more' })).toBeVisible();
  await examine(page)('wizard, save');
  expect(await stored()).toEqual(['folder-csv', 'https-ingest']);
  await page.getByRole('button', { name: 'Save and start reading' }).press('Enter');

  await expect(page.getByRole('region', { name: 'How the tables stand' })).toBeVisible();
  await expect.poll(() => arrived(hotel, 'booking'), { timeout: 30_000 }).toBeGreaterThan(100);
  expect(server.stats.rejected).toEqual([]);
  neighbour.close();
});

test('a database that is saved as a draft is paused, what was entered is kept on the way back, and a question chooses its columns', async ({
  page,
  hotel,
}) => {
  await hotel.setUp();
  await page.goto(`${hotel.address}`);
  await page.getByRole('contentinfo').waitFor();
  await page.getByRole('link', { name: /^Connections/ }).click();
  await page.getByRole('button', { name: /^Add a connection/ }).press('Enter');
  await page.getByRole('button', { name: /^OPERA V5/ }).click();
  await field(page, /^Name/).fill('OPERA of the annex');
  await page.getByRole('button', { name: 'Back', exact: true }).click();
  await page.getByRole('button', { name: /^Database with a question/ }).click();
  const steps = page.getByRole('list', { name: 'Step 1 of 6' }).getByRole('listitem');
  await expect(steps).toHaveText(['How to connect', 'What to choose', 'Test', 'What and when', 'First rows', 'Save']);
  await page.getByRole('button', { name: 'Back', exact: true }).click();
  await page.getByRole('button', { name: /^OPERA V5/ }).click();
  await expect(field(page, /^Name/)).toHaveValue('OPERA of the annex');
  await field(page, /^Address of the database/).fill(server.url);
  await field(page, /^User name/).fill('HOTEL_READER');
  await field(page, /^Password of the database user/).fill('Lobby-3-kings');
  const next = page.getByRole('button', { name: 'Next', exact: true });
  await next.click();
  await expect(page.getByText('Everything works.')).toBeVisible({ timeout: 20_000 });
  for (let step = 0; step < 3; step++) await next.click();
  await expect(page.getByRole('region', { name: 'First rows: Rooms' })).toBeVisible({ timeout: 20_000 });
  await next.click();
  await page.getByRole('button', { name: 'Save as a draft' }).click();
  await expect(page.getByRole('heading', { name: 'OPERA of the annex' })).toBeVisible();
  const [opened] = (await hotel.client.connections.list({})).filter(({ kind }) => kind === 'opera-oracle');
  expect([opened?.isPaused, opened?.settings.address]).toEqual([true, server.url]);
});

test('a database with a question is set up with the key and the changed column chosen from its columns', async ({ page, hotel }) => {
  test.skip(!hasPostgres, 'PostgreSQL is not installed');
  const database = await startPostgres();
  try {
    await database.ask(`CREATE TABLE bookings (no text PRIMARY KEY, guest text, arrival date, departure date, status text, changed_at timestamp);
      CREATE INDEX ON bookings (changed_at, no); INSERT INTO bookings VALUES ('A-1', 'Ada Almeida', '2026-03-01', '2026-03-04', 'RESERVED', now());
      CREATE ROLE reader LOGIN PASSWORD 'Lobby-3-kings'; GRANT SELECT ON bookings TO reader;`);
    await hotel.setUp();
    await page.goto(`${hotel.address}`);
    await page.getByRole('contentinfo').waitFor();
    await page.getByRole('link', { name: /^Connections/ }).click();
    await page.getByRole('button', { name: /^Add a connection/ }).press('Enter');
    await page.getByRole('button', { name: /^Database with a question/ }).click();
    await choose(page, /^Database/, 'PostgreSQL');
    await field(page, /^Server/).fill('127.0.0.1');
    await field(page, /^Name of the database/).fill(database.database);
    await field(page, /^User name/).fill('reader');
    const columns =
      'no AS "Confirmation No", guest AS "Guest Name", NULL AS "Email", NULL AS "Phone", NULL AS "Room", NULL AS "Room Type", arrival AS "Arrival", ' +
      'departure AS "Departure", NULL AS "Booked On", status AS "Status", NULL AS "Channel", NULL AS "Total", NULL AS "Deposit", \'EUR\' AS "Currency", ' +
      'NULL AS "Payment", NULL AS "Requests", changed_at';
    await field(page, /^Question/).fill(`SELECT ${columns} FROM bookings`);
    await field(page, /^Password of the database user/).fill('Lobby-3-kings');
    await page.getByRole('button', { name: 'More settings' }).click();
    await field(page, /^Port/).fill(String(database.port));
    await page.getByRole('switch', { name: 'Allow a line without TLS to this PC' }).click({ force: true });
    const next = page.getByRole('button', { name: 'Next', exact: true });
    await next.click();
    await page.getByRole('button', { name: 'Ask the database' }).click();
    await expect(field(page, /^Key column/)).toBeVisible();
    await next.click();
    await expect(page.getByText('This is needed')).toHaveCount(1);
    await choose(page, /^Key column/, /^Confirmation No/);
    await choose(page, /^Changed column/, /^changed_at/);
    await examine(page)('wizard, columns of a question');
    await next.click();
    await expect(page.getByText('Everything works.')).toBeVisible();
    await next.click();
    await next.click();
    await expect(page.getByRole('region', { name: 'First rows: The question' })).toContainText('A. A.');
    await next.click();
    await page.getByRole('button', { name: 'Save and start reading' }).click();
    await expect.poll(() => arrived(hotel, 'booking'), { timeout: 30_000 }).toBe(1);
  } finally {
    await database.close();
  }
});
