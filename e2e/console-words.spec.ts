import { expect, type Page } from '@playwright/test';
import { de } from '../renderer/text/de.ts';
import { en } from '../renderer/text/en.ts';
import { createOperaHotel, startOracle } from '../sandbox/oracle/index.ts';
import { bookingRow, bookingsFile, type ConsoleHotel, field, needsChromium, test } from './console-hotel.ts';

/** A person who reads German finds no English sentence, wherever they are. */

needsChromium();
test.use({ locale: 'de-DE' });

const shortest = 12;

type Sentence = (...given: string[]) => unknown;
const gap = '\u0000';

/** Every sentence of a table by its place in it, `monitoring.files` and the like; what is filled in leaves a gap. */
function sentences(table: unknown, path = ''): [path: string, words: string][] {
  if (typeof table === 'string') return [[path, table.replace(/\{\w+\}/g, gap)]];
  if (typeof table === 'function') return [[path, filled(table as Sentence)]];
  if (typeof table !== 'object' || table === null) return [];
  return Object.entries(table).flatMap(([name, inner]) => sentences(inner, `${path}.${name}`));
}

/** What a function of the table says about anything; the few that ask for a known thing are left out. */
function filled(sentence: Sentence): string {
  try {
    return String(sentence(gap, gap, gap));
  } catch {
    return '';
  }
}

const german = new Map(sentences(de));
/** A sentence with gaps is looked for by its longest part between them. */
const partsOf = (all: readonly string[]) =>
  all
    .map(
      (words) =>
        words
          .split(gap)
          .sort((a, b) => b.length - a.length)[0]
          ?.trim() ?? '',
    )
    .filter((words) => words.length >= shortest);
const english = partsOf(
  sentences(en)
    .filter(([path, words]) => german.get(path) !== words)
    .map(([, words]) => words),
);

/** What the agent itself says in English of its kinds of systems, their settings and the steps of their tests. */
async function wordsOfAgent(hotel: ConsoleHotel): Promise<string[]> {
  const kinds = await hotel.client.systems.kinds({});
  const of = (value: unknown): string[] => {
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, inner]) =>
      typeof inner === 'string' && ['title', 'summary', 'description'].includes(name) ? [inner] : of(inner),
    );
  };
  const steps: string[] = [];
  for (const { id } of await hotel.client.connections.list({}))
    for await (const { title, found } of await hotel.client.connections.test({ id })) {
      steps.push(title);
      // A path, an address or a number is no sentence.
      if (found && !/[\d/\\]/.test(found)) steps.push(found);
    }
  const own = new Set(sentences(de).map(([, words]) => words));
  return partsOf([...of(kinds), ...steps].filter((words) => !own.has(words)));
}

/** What a person sees or hears: text on the screen, names for a screen reader, what an empty field says. */
async function wordsOf(page: Page): Promise<string> {
  return page.evaluate(() => {
    const spoken = [...document.querySelectorAll('[aria-label], [title], [placeholder], [alt]')].flatMap((element) =>
      ['aria-label', 'title', 'placeholder', 'alt'].map((name) => element.getAttribute(name) ?? ''),
    );
    return [document.body.innerText, ...spoken].join('\n');
  });
}

async function expectGerman(page: Page, where: string, more: readonly string[] = []): Promise<void> {
  const words = await wordsOf(page);
  // innerText tells what CSS makes of the letters.
  const seen = words.toLowerCase();
  expect
    .soft(
      [...english, ...more].filter((sentence) => seen.includes(sentence.toLowerCase())),
      where,
    )
    .toEqual([]);
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
}

test('the search for English finds it on an English page', async ({ page, hotel }) => {
  await page.addInitScript(() => localStorage.setItem('bellhop-preferences', JSON.stringify({ state: { language: 'en' }, version: 0 })));
  await hotel.setUp();
  await page.goto(hotel.address);
  await expect(page.getByRole('heading', { name: 'Files that came in' })).toBeVisible();
  const seen = (await wordsOf(page)).toLowerCase();
  expect(english.length).toBeGreaterThan(200);
  expect(english.filter((sentence) => seen.includes(sentence.toLowerCase())).length).toBeGreaterThan(8);
});

test('the first start speaks German at every step', async ({ page, hotel }) => {
  await page.goto(hotel.address);
  await expect(page.getByRole('heading', { name: de.firstRun.title })).toBeVisible();
  await expectGerman(page, 'start');
  await page.getByRole('button', { name: de.firstRun.connect.button }).click();
  await page.getByRole('button', { name: de.states.next }).click();
  await expect(page.getByText(de.connections.required).first()).toBeVisible();
  await expectGerman(page, 'the hotel');
  await field(page, new RegExp(`^${de.hotel.name}`)).fill('Kaihotel Aldermoor');
  await field(page, new RegExp(`^${de.hotel.code}`)).fill('ALDQ');
  await page.getByRole('button', { name: de.states.next }).click();

  await page.getByRole('button', { name: de.recovery.show }).click();
  await expect(page.getByText(de.recovery.warning)).toBeVisible();
  await expectGerman(page, 'recovery key');
  await page.getByRole('button', { name: de.recovery.kept }).click();

  await expect(page.getByRole('heading', { name: de.firstRun.steps.source })).toBeVisible();
  await expectGerman(page, 'kind of source');
  await page.getByRole('button', { name: de.kinds['sftp-csv']?.title ?? '' }).click();
  await page.getByRole('button', { name: de.connections.moreSettings }).click();
  await expectGerman(page, 'a file server');
  await page.getByRole('button', { name: de.states.cancel }).click();
  await page.getByRole('button', { name: de.kinds['folder-csv']?.title ?? '' }).click();
  await expect(field(page, new RegExp(`^${de.fields.folder?.title}`))).toBeVisible();
  await expectGerman(page, 'what is read');
  await page.getByRole('button', { name: de.firstRun.skip }).click();
  await expect(page.getByRole('heading', { name: de.firstRun.steps.destination })).toBeVisible();
  await expectGerman(page, 'kind of destination');
  await page.getByRole('button', { name: de.kinds['https-ingest']?.title ?? '' }).click();
  await page.getByRole('button', { name: de.connections.moreSettings }).click();
  await expectGerman(page, 'where it goes');
  await page.getByRole('button', { name: de.firstRun.skip }).click();
  await expect(page.getByRole('heading', { name: de.connections.empty.title })).toBeVisible();
  await expectGerman(page, 'monitoring with nothing set up');
});

test('monitoring speaks German: empty, filled, failing, and with the agent gone', async ({ page, hotel }) => {
  await hotel.setUp();
  await page.goto(hotel.address);
  await expect(page.getByText(de.monitoring.filesEmpty.title)).toBeVisible();
  await expectGerman(page, 'monitoring, empty');
  await hotel.deliver(
    'gemischt.csv',
    bookingsFile(bookingRow('A-1'), bookingRow('A-2', { departure: '2026-02-01' }), bookingRow('A-3', { total: 'viel' })),
  );
  await expect(page.getByText(de.rules['stay-backwards'].title)).toBeVisible();
  await expectGerman(page, 'monitoring, filled');

  await hotel.addSource('spa', 'Spa', `${hotel.folder}/nicht-da`);
  await hotel.client.connections.syncNow({ id: 'spa' }).catch(() => undefined);
  hotel.upstream.faults.status = { code: 503, requests: 1000 };
  hotel.drop('neu.csv', bookingsFile(bookingRow('A-4')));
  await hotel.client.connections.syncNow({ id: 'pms' });
  await expect(page.getByRole('alert').first()).toBeVisible();
  await expect(page.getByText(de.monitoring.states.destination.failing).first()).toBeVisible();
  await expectGerman(page, 'monitoring, failing');
  await page.getByText(de.states.details).first().click();
  await expectGerman(page, 'monitoring, technical text');

  await hotel.kill();
  await expect(page.getByText('Was Sie sehen, kann alt sein.')).toBeVisible();
  await expectGerman(page, 'the agent is gone');
  await hotel.startAgain();
  await expect(page.getByRole('heading', { name: de.states.keyRefused.title })).toBeVisible();
  await expectGerman(page, 'a new key');
  await page.reload();
  await expect(page.getByRole('heading', { name: de.states.noKey.title })).toBeVisible();
  await expectGerman(page, 'no key');
});

test('what is set aside speaks German: empty, every reason, a refused record, a row that there is not', async ({ page, hotel }) => {
  await hotel.setUp();
  await page.goto(hotel.address);
  await page.getByRole('contentinfo').waitFor();
  await page.keyboard.press('2');
  await expect(page.getByRole('heading', { name: de.setAside.empty.title })).toBeVisible();
  await expectGerman(page, 'nothing is set aside');
  hotel.upstream.faults.refuseKeys = ['A-1'];
  await hotel.deliver('gemischt.csv', bookingsFile(bookingRow('A-1'), bookingRow('A-2', { departure: '2026-02-01' }), 'drei,Zellen,hier'));
  await hotel.importByHand('von-hand.csv', bookingsFile(bookingRow('A-3', { total: 'viel' })));
  await page.keyboard.press('1');
  await expect(page.getByRole('heading', { name: de.frame.places.monitoring })).toBeVisible();
  await page.keyboard.press('2');
  for (const rule of ['amount-unreadable', 'refused-by-destination', 'row-ragged', 'stay-backwards'] as const) {
    await expect(page.locator('#detail')).toContainText(de.rules[rule].means);
    await expect(page.getByText(de.setAside.private)).toBeVisible();
    await expectGerman(page, rule);
    await page.keyboard.press('j');
  }
  await page.keyboard.press('h');
  await expectGerman(page, 'in hexadecimal');
  await page.goto(`${new URL(page.url()).origin}/#/set-aside/4711?rule=row-nul`);
  await expect(page.getByRole('heading', { name: de.setAside.emptyHere.title })).toBeVisible();
  await expect(page.getByRole('alert')).toBeVisible();
  await expectGerman(page, 'a row that there is not');
});

test('the records speak German: empty, a list, an opened one, a changed list, none that fits, one that there is not', async ({
  page,
  hotel,
}) => {
  await hotel.setUp();
  await page.goto(hotel.address);
  await page.getByRole('contentinfo').waitFor();
  await page.keyboard.press('3');
  await expect(page.getByRole('heading', { name: de.records.empty.title })).toBeVisible();
  await expectGerman(page, 'no record');
  await hotel.deliver('eins.csv', bookingsFile(bookingRow('A-1'), bookingRow('A-2', { total: '1234.50' })));
  await hotel.importByHand('von-hand.csv', bookingsFile(bookingRow('A-3')));
  await expect(page.getByText('1.234,50 EUR').first()).toBeVisible();
  await expectGerman(page, 'a list');
  hotel.upstream.faults.refuseKeys = ['A-2'];
  await hotel.deliver('zwei.csv', bookingsFile(bookingRow('A-2', { status: 'CHECKED IN' })));
  await expect(page.getByRole('button', { name: de.records.showNow })).toBeVisible();
  await expectGerman(page, 'a changed list');
  await page.goto(`${new URL(page.url()).origin}/#/records/1:A-2?sort=key`);
  await expect(page.getByRole('heading', { name: de.records.mapping })).toBeVisible();
  await expect(page.getByRole('region', { name: de.records.theRecord })).toContainText(de.records.choices.checked_in ?? '');
  await expectGerman(page, 'an opened record');
  await page.goto(`${new URL(page.url()).origin}/#/records/1:A-4711?q=niemand`);
  await expect(page.getByRole('heading', { name: de.records.emptyHere.title })).toBeVisible();
  await expect(page.getByRole('alert')).toBeVisible();
  await expectGerman(page, 'none that fits, one that there is not');
});

test('connections speak German: list, detail, adding, both forms, a failed test, Undo', async ({ page, hotel }) => {
  await hotel.setUp();
  const ofAgent = await wordsOfAgent(hotel);
  expect(ofAgent.length).toBeGreaterThan(20);
  const expectGermanHere = (where: string) => expectGerman(page, where, ofAgent);
  await page.goto(hotel.address);
  await page.getByRole('link', { name: new RegExp(`^${de.frame.places.connections}`) }).click();
  await expect(page.getByRole('heading', { name: 'PMS exports' })).toBeVisible();
  await expectGermanHere('a source');
  await page.getByRole('button', { name: de.connections.test }).click();
  await expect(page.getByText(de.connections.testPassed)).toBeVisible();
  await expectGermanHere('a test that found no file yet');
  await page.getByRole('link', { name: /^Group hub/ }).click();
  await expect(page.getByRole('heading', { name: 'Group hub' })).toBeVisible();
  await expectGermanHere('a destination');
  await page.getByRole('button', { name: de.connections.test }).click();
  await expect(page.getByText(de.connections.testPassed)).toBeVisible();
  await expectGermanHere('a test that passed');
  await page.getByRole('button', { name: de.connections.change }).click();
  await page.getByRole('button', { name: de.connections.moreSettings }).click();
  await expectGermanHere('changing a destination');

  await page.getByRole('button', { name: de.connections.add }).click();
  await expect(page.getByRole('heading', { name: de.connections.chooseKind })).toBeVisible();
  await expectGermanHere('what to add');
  await page.getByRole('button', { name: new RegExp(`^${de.kinds['folder-csv']?.title}`) }).click();
  await page.getByRole('button', { name: de.connections.moreSettings }).click();
  await page.getByRole('button', { name: de.connections.test }).click();
  await expect(page.getByText(de.connections.required).first()).toBeVisible();
  await field(page, new RegExp(`^${de.fields.folder?.title}`)).fill(`${hotel.folder}/nicht-da`);
  await page.getByRole('button', { name: de.connections.test }).click();
  await expect(page.getByText(de.connections.testFailed)).toBeVisible();
  await expectGermanHere('a new source with a failed test');
  for (const [kind, words] of Object.entries(de.schedule.kinds)) {
    await field(page, de.connections.schedule).click();
    await page.getByRole('option', { name: words, exact: true }).click();
    if (kind === 'cron') await field(page, de.schedule.cron).fill('ab und zu');
    await expectGermanHere(`schedule ${kind}`);
  }
  for (const title of [de.fields.entity?.title, de.fields.completeWhen?.title, de.fields.archive?.title]) {
    await field(page, title ?? '').click();
    await expect(page.getByRole('option').first()).toBeVisible();
    await expectGermanHere(`choices of ${title}`);
    await page.keyboard.press('Escape');
  }
  for (const [kind, fields] of [
    ['postgres', { host: '127.0.0.1', database: 'hotels' }],
    ['rabbitmq', { host: '127.0.0.1' }],
  ] as const) {
    await page.getByRole('link', { name: /^PMS exports/ }).click();
    await page.getByRole('button', { name: de.connections.add }).click();
    await page.getByRole('button', { name: new RegExp(`^${de.kinds[kind]?.title}`) }).click();
    await page.getByRole('button', { name: de.connections.moreSettings }).click();
    for (const [name, value] of Object.entries(fields)) await field(page, new RegExp(`^${de.fields[name]?.title}`)).fill(value);
    await page.getByRole('button', { name: de.connections.letter.title }).click();
    await expect(page.getByText(/^Geben Sie dies als Datei/)).toBeVisible();
    await expectGermanHere(`a new ${kind}`);
  }
  await page.getByRole('link', { name: /^PMS exports/ }).click();
  await page.getByRole('button', { name: de.connections.pause }).click();
  await expect(page.getByRole('button', { name: de.states.undo })).toBeVisible();
  await expectGermanHere('a paused connection');
  await page.getByRole('button', { name: de.connections.remove }).click();
  await expect(page.getByText(de.connections.removed('PMS exports'))).toBeVisible();
  await expectGermanHere('a removed connection');
});

test('settings, palette and shortcuts speak German', async ({ page, hotel }) => {
  await hotel.setUp();
  await page.goto(hotel.address);
  await page.getByRole('link', { name: de.frame.places.settings }).click();
  await page.getByRole('button', { name: de.recovery.show }).click();
  await expect(page.getByText(de.recovery.warning)).toBeVisible();
  await expectGerman(page, 'settings');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('option').first()).toBeVisible();
  await expectGerman(page, 'palette');
  await page.keyboard.type('zzz');
  await expect(page.getByText(de.palette.none)).toBeVisible();
  await expectGerman(page, 'palette that finds nothing');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await page.getByRole('button', { name: de.frame.shortcuts, exact: true }).click();
  await expect(page.getByRole('heading', { name: de.shortcuts.everywhere })).toBeVisible();
  await expectGerman(page, 'shortcuts');
});

test('a database is set up in German at every step, and its page is German', async ({ page, hotel }) => {
  test.slow();
  const database = await startOracle();
  database.hotel.fill(200);
  const neighbour = createOperaHotel({ seed: 6, resort: 'BRGN', neighbourOf: database.hotel });
  const { wizard, tables, report } = de.database;
  const next = page.getByRole('button', { name: de.states.next, exact: true });
  try {
    await hotel.setUp();
    const agent = await wordsOfAgent(hotel);
    await page.goto(hotel.address);
    await page.getByRole('contentinfo').waitFor();
    await page.evaluate(() => {
      location.hash = '#/connections/new';
    });
    await page.getByRole('button', { name: de.kinds['opera-oracle']?.title ?? '' }).click();
    await page.getByRole('button', { name: de.connections.moreSettings }).click();
    await expectGerman(page, 'how to connect', agent);
    await page.locator('#field-address').fill(database.url);
    await page.locator('#field-user').fill('HOTEL_READER');
    await page.locator('#field-databasePassword').fill('Lobby-3-kings');
    await next.click();
    await expect(page.getByText(wizard.choiceNeeded)).toBeVisible();
    await expectGerman(page, 'test', agent);
    await next.click();
    await page.locator('#field-resort').click();
    await page.getByRole('option', { name: 'ALDQ' }).click();
    await expect(page.getByText(de.connections.testPassed)).toBeVisible({ timeout: 20_000 });
    await expectGerman(page, 'choose', agent);
    await next.click();
    await page.getByRole('button', { name: de.connections.moreSettings }).click();
    await expectGerman(page, 'what and when', agent);
    await next.click();
    await expect(page.getByRole('region', { name: wizard.rowsOf(tables.names.reservations ?? '') })).toBeVisible({ timeout: 20_000 });
    await expectGerman(page, 'first rows', agent);
    await next.click();
    await expectGerman(page, 'save', agent);
    await page.getByRole('button', { name: wizard.goLive }).click();
    await expect(page.getByRole('region', { name: tables.title }).getByRole('row')).toHaveCount(5, { timeout: 20_000 });
    await expect(page.getByRole('button', { name: report.make })).toBeVisible();
    await expectGerman(page, 'its page', agent);
  } finally {
    neighbour.close();
    await database.close();
  }
});
