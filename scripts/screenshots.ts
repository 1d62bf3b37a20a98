import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright';
import type { Connection } from '../contract/connection.ts';
import { chromiumArgs, chromiumPath } from '../e2e/chromium.ts';
import { type RunningAgent, startAgent } from '../sandbox/agent.ts';
import { createOperaHotel, type OperaHotel, type OracleServer, startOracle } from '../sandbox/oracle/index.ts';
import { storedName, type TableColumn } from '../sandbox/oracle/sql/catalogue.ts';
import { startUpstream, type Upstream } from '../sandbox/upstream/server.ts';
import { certificatePictures } from './screenshots/certificate.ts';

/**
 * Pictures of every screen and state of the console, from the real agent in a real browser, into docs/screenshots.
 * Run with `npm run screenshots`, or with the names of some of its parts behind `--`. The hotel, its guests and its files are invented.
 */

const root = join(import.meta.dirname, '..');
const folder = join(root, 'docs', 'screenshots');
const program = join(root, 'out', 'main', 'cli.js');
const header =
  'Confirmation No,Guest Name,Email,Phone,Room,Room Type,Arrival,Departure,Booked On,Status,Channel,Total,Deposit,Currency,Payment,Requests';
const names = [
  'Ingrid Halvorsen',
  'Mateus Oliveira',
  'Zoë Brouwer',
  'Łukasz Wójcik',
  'Aino Mäkinen',
  'Tomás Ferreira',
  'Greta Sørensen',
  'Yusuf Demir',
];

function row(id: number, status = 'RESERVED'): string {
  const day = String(1 + (id % 24)).padStart(2, '0');
  const until = String(3 + (id % 24)).padStart(2, '0');
  return `${4_471_000 + id},${names[id % names.length]},,,${100 + (id % 380)},Double,2026-12-${day},2026-12-${until},2026-10-01 10:00:00,${status},OTA,${180 + id}.00,,EUR,CC,`;
}

type Hotel = {
  readonly agent: RunningAgent;
  readonly upstream: Upstream;
  readonly drops: string;
  readonly folder: string;
  close(): Promise<void>;
};

/** An agent of its own with an empty home, and a hub. */
async function hotel(): Promise<Hotel> {
  const place = mkdtempSync(join(tmpdir(), 'bellhop-pictures-'));
  const drops = join(place, 'exports');
  mkdirSync(drops);
  const upstream = await startUpstream({ dir: join(place, 'hub') });
  const agent = await startAgent({ program, home: join(place, 'home'), args: ['--console'] });
  return {
    agent,
    upstream,
    drops,
    folder: place,
    close: async () => {
      await agent.stop();
      await upstream.close();
      rmSync(place, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function drop(drops: string, name: string, rows: readonly string[]): void {
  writeFileSync(join(drops, name), [header, ...rows].map((line) => `${line}\r\n`).join(''));
  writeFileSync(join(drops, `${name}.done`), '');
}

async function connect({ agent: { client }, drops, upstream }: Hotel): Promise<void> {
  await client.property.save({
    hotelId: 'ALDQ',
    name: 'Aldermoor Quay',
    timeZone: 'Europe/Amsterdam',
    businessDateRollsAt: '03:00',
    currency: 'EUR',
  });
  await client.agent.confirmRecoveryKey({});
  await client.connections.add({
    id: 'pms',
    kind: 'folder-csv',
    title: 'Front office PMS',
    settings: { folder: drops, completeWhen: 'done-file' },
    schedule: { kind: 'every', interval: '15m' },
    secrets: {},
  });
  await client.connections.add({
    id: 'hub',
    kind: 'https-ingest',
    title: 'Group hub',
    settings: { url: upstream.url, allowHttpOnThisPc: true },
    secrets: { signingSecret: upstream.secret },
  });
}

async function until<T>(look: () => Promise<T>, isSo: (value: T) => boolean): Promise<void> {
  // A login may have to wait a minute for its turn.
  for (let tries = 0; tries < 1800; tries++) {
    if (isSo(await look())) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('what the picture should show did not come');
}

type Look = { readonly suffix: string; readonly scheme: 'light' | 'dark'; readonly locale?: string; readonly width?: number };
const bothThemes: readonly Look[] = [
  { suffix: 'light', scheme: 'light' },
  { suffix: 'dark', scheme: 'dark' },
];

class Camera {
  readonly #browser: Browser;

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Open the console in both themes, let something end under it, and take what it then shows. */
  async takeOfEnd(
    name: string,
    address: string,
    before: (page: Page) => Promise<void>,
    end: () => Promise<void>,
    after: (page: Page) => Promise<void>,
  ): Promise<void> {
    const pages: { readonly page: Page; readonly suffix: string }[] = [];
    for (const { suffix, scheme } of bothThemes) {
      const page = await this.#browser.newPage({
        viewport: { width: 1440, height: 900 },
        colorScheme: scheme,
        locale: 'en-GB',
        reducedMotion: 'reduce',
      });
      await page.goto(address);
      await before(page);
      pages.push({ page, suffix });
    }
    await end();
    for (const { page, suffix } of pages) {
      await after(page);
      await page.screenshot({ path: join(folder, `${name}-${suffix}.png`) });
      await page.close();
      process.stdout.write(`${name}-${suffix}.png\n`);
    }
  }

  /** Open the console once and take what it shows on the way, in English in both themes, in another language in one. */
  async walk(
    address: string,
    locale: 'en-GB' | 'de-DE',
    go: (page: Page, take: (name: string) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const context = await this.#browser.newContext({ viewport: { width: 1440, height: 900 }, locale, reducedMotion: 'reduce' });
    const page = await context.newPage();
    // A login may have to wait for its turn.
    page.setDefaultTimeout(90_000);
    await page.goto(address);
    const looks: readonly Look[] = locale === 'en-GB' ? bothThemes : [{ suffix: 'german', scheme: 'light' }];
    await go(page, async (name) => {
      for (const { suffix, scheme } of looks) {
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
        await page.screenshot({ path: join(folder, `${name}-${suffix}.png`) });
        process.stdout.write(`${name}-${suffix}.png\n`);
      }
    });
    await context.close();
  }

  /** Open the console once for each look, bring it where the picture is to be taken, take it. */
  async take(name: string, address: string, go: (page: Page) => Promise<void>, looks: readonly Look[] = bothThemes): Promise<void> {
    for (const look of looks) {
      const context = await this.#browser.newContext({
        viewport: { width: look.width ?? 1440, height: 900 },
        colorScheme: look.scheme,
        locale: look.locale ?? 'en-GB',
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      await page.goto(address);
      await go(page);
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({ path: join(folder, `${name}-${look.suffix}.png`) });
      await context.close();
      process.stdout.write(`${name}-${look.suffix}.png\n`);
    }
  }
}

const place = (hash: string) => (page: Page) =>
  page.evaluate((to) => {
    location.hash = to;
  }, hash);

async function firstRun(camera: Camera): Promise<void> {
  const empty = await hotel();
  const address = empty.agent.console ?? '';
  const begin = async (page: Page) => {
    await page.getByRole('button', { name: 'Connect your hotel' }).click();
    await page.getByLabel('Name of the hotel').fill('Aldermoor Quay');
    await page.getByLabel('Code of the hotel').fill('ALDQ');
  };
  await camera.take('first-run', address, (page) => page.getByRole('heading', { name: 'Welcome to Bellhop' }).waitFor());
  await camera.take('first-run-hotel', address, begin);
  await empty.agent.client.property.save({
    hotelId: 'ALDQ',
    name: 'Aldermoor Quay',
    timeZone: 'Europe/Amsterdam',
    businessDateRollsAt: '03:00',
    currency: 'EUR',
  });
  await camera.take('monitoring-empty', address, (page) => page.getByRole('button', { name: 'Add a connection' }).waitFor());
  await camera.take('connections-empty', address, async (page) => {
    await page.getByRole('link', { name: /Connections/ }).click();
    await page.getByText('No connection is set up yet').waitFor();
  });
  await camera.take('set-aside-empty', address, async (page) => {
    await place('#/set-aside')(page);
    await page.getByText('Nothing is set aside').waitFor();
  });
  await camera.take('records-empty', address, async (page) => {
    await place('#/records')(page);
    await page.getByText('No record is kept yet').waitFor();
  });
  await camera.take('recovery-key', address, async (page) => {
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Show the recovery key' }).click();
    // A key in a picture would be a key in a repository.
    await page.locator('output.key').evaluate((output) => {
      output.textContent = 'BH-0000-1111-2222-3333-4444-5555-6666-7777';
      output.scrollIntoView({ block: 'center' });
    });
  });
  await empty.close();
}

async function daily(camera: Camera): Promise<void> {
  const busy = await hotel();
  const { client } = busy.agent;
  const address = busy.agent.console ?? '';
  await connect(busy);
  drop(
    busy.drops,
    'bookings-20261121-0200.csv',
    Array.from({ length: 420 }, (_, id) => row(id)),
  );
  drop(busy.drops, 'bookings-20261121-0800.csv', [
    ...Array.from({ length: 60 }, (_, id) => row(id + 400, 'CHECKED IN')),
    row(900, 'TENT'),
    row(901, 'TENT'),
    row(902).replace('2026-12-', '31/12/'),
  ]);
  await client.connections.syncNow({ id: 'pms' });
  await until(
    () => client.overview.get({}),
    (overview) => overview.waiting === 0 && overview.recentFiles.filter((file) => file.finishedAtMs !== null).length === 2,
  );
  const filled = (page: Page) => page.getByText('bookings-20261121-0800.csv').waitFor();
  await camera.take('monitoring', address, filled, [
    ...bothThemes,
    { suffix: 'german', scheme: 'light', locale: 'de-DE' },
    { suffix: '1024', scheme: 'light', width: 1024 },
    { suffix: '2560', scheme: 'light', width: 2560 },
  ]);
  await camera.take('connection', address, async (page) => {
    await place('#/connections/pms')(page);
    await page.getByRole('button', { name: 'Test the connection' }).click();
    await page.getByText('Everything works.').waitFor();
  });
  await camera.take('connection-change', address, async (page) => {
    await place('#/connections/hub')(page);
    await page.getByRole('button', { name: 'Change' }).click();
    await page.getByRole('button', { name: 'More settings' }).click();
  });
  await camera.take('connection-new', address, async (page) => {
    await place('#/connections/new')(page);
    await page.getByText('What do you want to connect?').waitFor();
  });
  await camera.take('connection-test-failed', address, async (page) => {
    await place('#/connections/new')(page);
    await page.getByRole('button', { name: /Files in a folder/ }).click();
    await page.getByRole('textbox', { name: 'Folder' }).fill('D:\\Exports\\Bookings');
    await page.getByRole('button', { name: 'Test the connection' }).click();
    await page.getByText('is not there.').scrollIntoViewIfNeeded();
    await page.getByRole('button', { name: 'Save' }).scrollIntoViewIfNeeded();
  });
  await camera.take('undo', address, async (page) => {
    await place('#/connections/pms')(page);
    await page.getByRole('button', { name: /^(Pause|Go on)/ }).click();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
  });
  await client.connections.resume({ id: 'pms' });
  await camera.take('settings', address, async (page) => {
    await place('#/settings')(page);
    await page.getByText('Data folder').waitFor();
    await page.locator('dd.mono').evaluate((home) => {
      home.textContent = 'C:\\Users\\frontoffice\\AppData\\Local\\Bellhop';
    });
  });
  await camera.take('palette', address, async (page) => {
    await filled(page);
    await page.keyboard.press('Control+k');
    await page.getByRole('option').first().waitFor();
  });
  await camera.take('shortcuts', address, async (page) => {
    await filled(page);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
  });
  await setAside(camera, busy, address);
  await records(camera, busy, address);
  await trouble(camera, busy, address);
  await busy.close();
}

/** A second source that speaks of the same bookings, a new hub beside the old one, and a guest who has stayed before. */
async function besides(camera: Camera): Promise<void> {
  const busy = await hotel();
  const { client } = busy.agent;
  const address = busy.agent.console ?? '';
  await connect(busy);
  const second = join(busy.folder, 'channel');
  mkdirSync(second);
  await client.connections.add({
    id: 'channel',
    kind: 'folder-csv',
    title: 'Channel manager',
    settings: { folder: second, completeWhen: 'done-file', source: 'channel' },
    schedule: { kind: 'manual' },
    secrets: {},
  });
  const beside = await startUpstream({ dir: join(busy.folder, 'new-hub') });
  beside.faults.refuseKeys = ['4471003', '4471004'];
  await client.connections.add({
    id: 'new-hub',
    kind: 'https-ingest',
    title: 'New hub',
    settings: { url: beside.url, allowHttpOnThisPc: true },
    secrets: { signingSecret: beside.secret },
  });
  await client.connections.setShadow({ id: 'new-hub', isShadow: true });
  const again = (id: number, year: string, status: string) =>
    row(id, status).replace(',,,', ',a.guest@example.com,,').replaceAll('2026-12-', `${year}-11-`);
  drop(busy.drops, 'bookings.csv', [
    ...Array.from({ length: 12 }, (_, id) => row(id)),
    again(900, '2024', 'CHECKED OUT'),
    again(901, '2027', 'RESERVED'),
  ]);
  await client.connections.syncNow({ id: 'pms' });
  await until(
    () => client.overview.get({}),
    ({ records, waiting }) => records === 14 && waiting === 0,
  );
  await client.sameRecords.save({ entity: 'booking', rule: { rule: 'leads', source: 'pms' } });
  drop(second, 'channel.csv', [row(2, 'CANCELLED'), row(40)]);
  await client.connections.syncNow({ id: 'channel' });
  await until(
    () => client.overview.get({}),
    ({ records, waiting, figures }) => records === 16 && waiting === 0 && figures.unread + figures.due === 0,
  );
  await camera.take('shadow', address, async (page) => {
    await place('#/connections/new-hub')(page);
    await page.getByText('refused here alone').waitFor();
  });
  await camera.take(
    'settings-rules',
    address,
    async (page) => {
      await place('#/settings')(page);
      await page.getByRole('heading', { name: /^(Old versions|Alte Fassungen)$/ }).scrollIntoViewIfNeeded();
    },
    [...bothThemes, { suffix: 'german', scheme: 'light', locale: 'de-DE' }],
  );
  const ledgers = (await client.records.list({ entity: 'booking', key: '4471002' })).rows;
  const withheld = ledgers.find(({ source }) => source === 'channel');
  await camera.take('record-withheld', address, async (page) => {
    await place(`#/records/${withheld?.ledgerId}:4471002`)(page);
    await page.getByText('Also known from pms.').waitFor();
  });
  await camera.take('record-figures', address, async (page) => {
    await place('#/records?q=4471901')(page);
    await page.getByRole('link', { name: '4471901' }).click();
    await page.getByText('Kept anew because figures').first().scrollIntoViewIfNeeded();
  });
  await camera.take('monitoring-shadow', address, (page) => page.getByText('New hub').waitFor());
  await beside.close();
  await busy.close();
}

async function setAside(camera: Camera, busy: Hotel, address: string): Promise<void> {
  const { client } = busy.agent;
  busy.upstream.faults.refuseKeys = [String(4_471_000 + 1500)];
  drop(busy.drops, 'bookings-20261121-1000.csv', [row(1500), row(1501), `${4_471_000 + 1502},"Zoë Brouwer, late arrival`]);
  await client.connections.syncNow({ id: 'pms' });
  await until(
    () => client.overview.get({}),
    (overview) => overview.waiting === 0 && overview.setAside === 5,
  );
  busy.upstream.faults.refuseKeys = [];
  const opened = (page: Page, words: string) => page.locator('#detail').getByText(words).first().waitFor();
  await camera.take(
    'set-aside',
    address,
    async (page) => {
      await place('#/set-aside/1')(page);
      await opened(page, 'TENT');
    },
    [...bothThemes, { suffix: 'german', scheme: 'light', locale: 'de-DE' }, { suffix: '1024', scheme: 'light', width: 1024 }],
  );
  await camera.take('set-aside-hex', address, async (page) => {
    await place('#/set-aside?rule=row-unclosed-quote')(page);
    await opened(page, 'Zoë Brouwer');
    await page.keyboard.press('h');
    await opened(page, '5a 6f c3 ab');
  });
  await camera.take('set-aside-refused', address, async (page) => {
    await place('#/set-aside?rule=refused-by-destination')(page);
    await opened(page, '"externalId"');
  });
}

async function records(camera: Camera, busy: Hotel, address: string): Promise<void> {
  drop(busy.drops, 'bookings-20261121-1200.csv', [row(7, 'CHECKED OUT'), row(11, 'CHECKED IN')]);
  await busy.agent.client.connections.syncNow({ id: 'pms' });
  await until(
    () => busy.agent.client.overview.get({}),
    (overview) =>
      overview.waiting === 0 &&
      overview.recentFiles.some(({ fileName, finishedAtMs }) => fileName.includes('-1200') && finishedAtMs !== null),
  );
  const listed = (page: Page) => page.locator('tbody a').first().waitFor();
  await camera.take(
    'records',
    address,
    async (page) => {
      await place('#/records?sort=day&way=up')(page);
      await listed(page);
    },
    [...bothThemes, { suffix: 'german', scheme: 'light', locale: 'de-DE' }, { suffix: '1024', scheme: 'light', width: 1024 }],
  );
  await camera.take('record', address, async (page) => {
    await place('#/records/1:4471011')(page);
    await listed(page);
    await page.locator('#detail table').waitFor();
  });
  await camera.take('record-send-again', address, async (page) => {
    await place('#/records/1:4471011')(page);
    await page.locator('#detail table').waitFor();
    await page.locator('#detail').getByRole('button', { name: 'Send again' }).click();
    await page.getByRole('dialog').getByRole('button', { name: /^Send/ }).waitFor();
  });
  await camera.take('leaves', address, async (page) => {
    await place('#/leaves')(page);
    await page.getByRole('row', { name: /Guest/ }).first().waitFor();
  });
  await camera.take('history', address, async (page) => {
    await place('#/settings/history')(page);
    await page.locator('summary').first().waitFor();
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByText(/fit together/).waitFor();
  });
  await camera.take('connection-letter', address, async (page) => {
    await place('#/connections/new')(page);
    await page.getByRole('button', { name: /^PostgreSQL database/ }).click();
    await page.getByRole('textbox', { name: /^Server/ }).fill('db.example.com');
    await page.getByRole('textbox', { name: /^Database/ }).fill('hotels');
    await page.getByRole('button', { name: 'Text for the administrator' }).click();
    await page.getByRole('textbox', { name: /PostgreSQL db/ }).waitFor();
  });
  await camera.take('records-search', address, async (page) => {
    await place('#/records?q=nobody')(page);
    await page.getByText('No record fits').waitFor();
  });
}

async function trouble(camera: Camera, busy: Hotel, address: string): Promise<void> {
  const { client } = busy.agent;
  busy.upstream.faults.status = { code: 503, requests: 100_000 };
  drop(
    busy.drops,
    'bookings-20261121-1400.csv',
    Array.from({ length: 37 }, (_, id) => row(id + 2000)),
  );
  await client.connections.syncNow({ id: 'pms' });
  await until(
    () => client.overview.get({}),
    (overview) => overview.systems.some((system) => system.direction === 'destination' && system.breaker === 'open'),
  );
  await camera.take('monitoring-failing', address, (page) => page.getByText('One thing needs a look.').waitFor());
  await camera.take('no-key', address.replace(/#.*$/, ''), (page) => page.getByRole('heading').waitFor());
  await camera.takeOfEnd(
    'offline',
    address,
    (page) => page.getByText('bookings-20261121-0800.csv').waitFor(),
    async () => busy.agent.kill(),
    (page) => page.getByText(/has not answered/).waitFor(),
  );
}

/** A hotel whose OPERA database is read: how its tables stand, and rows that are missing from them. */
async function opera(camera: Camera): Promise<void> {
  const busy = await hotel();
  const { client } = busy.agent;
  const address = busy.agent.console ?? '';
  await connect(busy);
  const property = createOperaHotel({ seed: 5, rooms: 120 });
  property.fill(2400);
  property.settle();
  const database = await startOracle({ hotel: property });
  await client.connections.add({
    id: 'opera',
    kind: 'opera-oracle',
    title: 'OPERA',
    settings: { address: database.url, user: 'HOTEL_READER' },
    schedule: { kind: 'manual' },
    secrets: { databasePassword: 'Lobby-3-kings' },
  });
  const tables = async (page: Page) => {
    await place('#/connections/opera')(page);
    await page.locator('#detail table').first().scrollIntoViewIfNeeded();
  };
  await camera.take('tables-empty', address, async (page) => {
    await place('#/connections/opera')(page);
    await page.getByText('Nothing was read yet.').waitFor();
  });
  await client.connections.syncNow({ id: 'opera' });
  const standing = () => client.connections.tables({ id: 'opera' });
  await until(standing, (found) => found.length === 4 && found.every(({ passAtMs }) => passAtMs !== null));
  await camera.take('tables', address, tables, [
    ...bothThemes,
    { suffix: 'german', scheme: 'light', locale: 'de-DE' },
    { suffix: '1024', scheme: 'light', width: 1024 },
  ]);
  await runsOf(camera, busy, property);
  await camera.take('site-report', address, async (page) => {
    await place('#/connections/opera')(page);
    await page.getByRole('button', { name: 'Make the site report' }).click();
    await page.getByRole('textbox', { name: /^Site report/ }).scrollIntoViewIfNeeded();
  });
  const reservations = property.database.table(property.owner, 'RESERVATION_NAME');
  if (!reservations) throw new Error('the hotel has no reservations');
  property.database.commit((writer) => writer.prepare(`DELETE FROM ${storedName(reservations)} WHERE RESV_NAME_ID % 3 = 0`).run());
  await client.connections.compareNow({ id: 'opera' });
  await until(standing, (found) => found.some(({ vanished }) => vanished !== null));
  await camera.take('tables-missing', address, tables);
  await camera.take('tables-gone', address, async (page) => {
    await tables(page);
    await page.getByRole('button', { name: 'They are really gone…' }).first().click();
    await page.getByRole('dialog').waitFor();
  });
  await setUpOpera(camera, address, database);
  await database.close();
  property.close();
  await busy.close();
}

/** The runs of a database and its columns: as they have to be, and with one that is gone for a while. */
async function runsOf(camera: Camera, busy: Hotel, property: OperaHotel): Promise<void> {
  const { client } = busy.agent;
  const address = busy.agent.console ?? '';
  const counted = async () => {
    const { runs } = await client.connections.runs({ id: 'opera' });
    return runs.filter(({ outcome }) => outcome !== null).reduce((sum, run) => sum + run.count, 0);
  };
  const sync = async () => {
    const before = await counted();
    await client.connections.syncNow({ id: 'opera' });
    await until(counted, (count) => count > before);
  };
  const change = async (sweepAt: string) => {
    const { kind, title, settings } = (await client.connections.list({})).find(({ id }) => id === 'opera') as Connection;
    await client.connections.change({ id: 'opera', kind, title, settings: { ...settings, sweepAt }, secrets: {} });
  };
  const scrolled = async (page: Page) => {
    await place('#/connections/opera')(page);
    const columns = page.getByRole('region', { name: /^(Columns|Spalten)$/ });
    await page
      .getByRole('region', { name: /^(Runs|Läufe)$/ })
      .locator('tbody')
      .waitFor();
    await columns.evaluate((part) => {
      part.scrollIntoView({ block: 'start' });
      part.closest('.scroll')?.scrollBy(0, -12);
    });
  };
  for (let at = 0; at < 3; at++) await sync();
  property.advance(3_600_000);
  property.settle();
  await sync();
  const columns = property.database.table(property.owner, 'ROOM')?.columns as TableColumn[];
  const at = columns.findIndex(({ name }) => name === 'HK_STATUS');
  const taken = columns.splice(at, 1);
  await change('04:00');
  for (let times = 0; times < 2; times++) await sync();
  await camera.take('columns-missing', address, async (page) => {
    await scrolled(page);
    await page.getByRole('button', { name: 'Why?' }).first().click();
  });
  columns.splice(at, 0, ...taken);
  await change('04:30');
  for (let times = 0; times < 4; times++) await sync();
  await camera.take('runs', address, scrolled, [
    ...bothThemes,
    { suffix: 'german', scheme: 'light', locale: 'de-DE' },
    { suffix: '1024', scheme: 'light', width: 1024 },
  ]);
}

/** Every step in which an OPERA database is set up, also one that fails. One walk for all looks: an account is not logged in to more often. */
async function setUpOpera(camera: Camera, address: string, database: OracleServer): Promise<void> {
  const neighbour = createOperaHotel({ seed: 6, resort: 'BRGN', neighbourOf: database.hotel });
  for (const locale of ['en-GB', 'de-DE'] as const) {
    await camera.walk(address, locale, async (page, take) => {
      const next = () => page.getByRole('button', { name: /^(Next|Weiter)$/ }).click();
      await place('#/connections/new')(page);
      await page.getByRole('button', { name: /^OPERA V5/ }).click();
      await page.locator('#field-address').fill(`jdbc:oracle:thin:@//${database.url}`);
      await page.locator('#field-user').fill('HOTEL_LOCKED');
      await page.locator('#field-databasePassword').fill('Lobby-3-kings');
      await page.getByText(/(service|Dienst) OPERA/).waitFor();
      await take('wizard-connect');
      await next();
      await page.locator('summary').last().click();
      await take('wizard-test-failed');
      await page.getByRole('button', { name: /^(Back|Zurück)$/ }).click();
      await page.locator('#field-user').fill('HOTEL_READER');
      await next();
      await page.getByText(/^(So far everything works|Bis hierher geht alles)/).waitFor();
      await take('wizard-test');
      await next();
      await page.locator('#field-resort').click();
      await page.getByRole('option', { name: 'ALDQ' }).click();
      await page.getByText(/^(Everything works|Alles geht)/).waitFor();
      await take('wizard-choose');
      await next();
      await page.locator('#field-auditFrom').waitFor();
      await take('wizard-reading');
      await next();
      await page.locator('#detail table').last().waitFor();
      await take('wizard-rows');
      await page.locator('#detail table').last().scrollIntoViewIfNeeded();
      await take('wizard-rows-below');
      await next();
      await page.locator('#detail dl').waitFor();
      await take('wizard-save');
    });
  }
  neighbour.close();
}

/** What is kept: backups with their drills, a check that finds a copy damaged, and what is named because of it. */
async function kept(camera: Camera): Promise<void> {
  const busy = await hotel();
  const { client } = busy.agent;
  const address = busy.agent.console ?? '';
  const german: Look = { suffix: 'german', scheme: 'light', locale: 'de-DE' };
  await connect(busy);
  drop(busy.drops, 'bookings-20261121-0600.csv', [row(1), row(2), row(3)]);
  await client.connections.syncNow({ id: 'pms' });
  await until(
    () => client.overview.get({}),
    ({ waiting, recentFiles }) => waiting === 0 && recentFiles[0]?.finishedAtMs != null,
  );
  const settings = async (page: Page) => {
    await place('#/settings')(page);
    await page.getByRole('heading', { name: /^(Backups|Sicherungen)/ }).evaluate((heading) => heading.scrollIntoView());
    // The folder of a hotel, not that of the machine that takes the pictures.
    await page.getByLabel(/^(Folder|Ordner)/).evaluate((input) => {
      if (input instanceof HTMLInputElement && input.value !== '') input.value = 'E:\\Backups';
    });
  };
  await camera.take('backups-none', address, settings, [...bothThemes, german]);
  const stick = join(busy.folder, 'backups');
  mkdirSync(stick);
  await client.backups.setPlan({ plan: { folder: stick, at: '02:30', keep: 14 } });
  await until(
    () => client.backups.get({}),
    ({ lastVerifiedAtMs, underWay }) => lastVerifiedAtMs !== null && underWay === null,
  );
  await camera.take('backups', address, settings, [...bothThemes, german]);
  const raw = join(busy.folder, 'home', 'raw');
  const copy = join(raw, readdirSync(raw, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.raw')) ?? '');
  const bytes = readFileSync(copy);
  bytes.writeUInt8(bytes.readUInt8(30) ^ 1, 30);
  writeFileSync(copy, bytes);
  rmSync(busy.drops, { recursive: true });
  for await (const _ of await client.checks.run({}));
  const monitoring = async (page: Page) => {
    await place('#/monitoring')(page);
    await page.getByRole('region', { name: /^(Check of what is kept|Prüfung)/ }).scrollIntoViewIfNeeded();
  };
  await camera.take('check-found-damage', address, monitoring, [...bothThemes, german]);
  await busy.close();
}

async function certificate(camera: Camera): Promise<void> {
  const busy = await hotel();
  await connect(busy);
  await certificatePictures({ busy, take: (...args) => camera.take(...args), place, drop, row, until });
  await busy.close();
}

mkdirSync(folder, { recursive: true });
if (!chromiumPath) throw new Error('there is no Chromium: set BELLHOP_CHROMIUM');
const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs });
try {
  const camera = new Camera(browser);
  const parts = { firstRun, daily, besides, opera, kept, certificate };
  const wanted = process.argv.slice(2);
  for (const [name, take] of Object.entries(parts)) if (wanted.length === 0 || wanted.includes(name)) await take(camera);
} finally {
  await browser.close();
}
