import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { bookingRow, bookingsFile, type ConsoleHotel, field } from './console-hotel.ts';

/** Called at every state of the walk, once it stands. */
export type Look = (state: string) => Promise<void>;

/** From the first page of a new home through every step of the set-up to the empty monitoring. */
export async function walkFirstRun(page: Page, hotel: ConsoleHotel, look: Look): Promise<void> {
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  await page.goto(hotel.address);
  await expect(page.getByRole('heading', { name: 'Welcome to Bellhop' })).toBeVisible();
  await look('first run, start');
  await button('Connect your hotel').click();
  await expect(field(page, /^Name of the hotel/)).toBeVisible();
  await look('first run, hotel');
  await button('Next').click();
  await expect(page.getByText('This is needed').first()).toBeVisible();
  await look('first run, hotel with fields missing');
  await field(page, /^Name of the hotel/).fill('Aldermoor Quay');
  await field(page, /^Code of the hotel/).fill('ALDQ');
  await field(page, 'Time zone').fill('Europe');
  await expect(page.getByRole('option').first()).toBeVisible();
  await look('first run, list of time zones');
  await page.keyboard.press('Escape');
  await button('Next').click();
  await expect(button('Show the recovery key')).toBeVisible();
  await look('first run, recovery key');
  await button('Show the recovery key').click();
  await expect(page.locator('output')).toBeVisible();
  await look('first run, recovery key shown');
  await button('I have kept it').click();
  await expect(page.getByRole('button', { name: /^Files on an SFTP server/ })).toBeVisible();
  await look('first run, kind of source');
  await page.getByRole('button', { name: /^Files in a folder/ }).click();
  await expect(field(page, /^Folder/)).toBeVisible();
  await look('first run, source');
  await field(page, /^Folder/).fill(join(hotel.folder, 'missing'));
  await button('Test the connection').click();
  await expect(page.getByText('The test stopped at a step. Nothing was changed.')).toBeVisible();
  await look('first run, source with a failed test');
  await button('Do this later').click();
  await expect(page.getByRole('button', { name: /^RabbitMQ broker/ })).toBeVisible();
  await look('first run, kind of destination');
  await page.getByRole('button', { name: /^Group hub over HTTPS/ }).click();
  await expect(field(page, /^Address/)).toBeVisible();
  await look('first run, destination');
  await button('More settings').click();
  await expect(page.getByRole('switch', { name: 'Allow http to this PC' })).toBeVisible();
  await look('first run, destination with more settings');
  await button('Do this later').click();
  await expect(page.getByRole('heading', { name: 'No connection is set up yet' })).toBeVisible();
  await look('monitoring with nothing set up');
  await page.keyboard.press('4');
  await expect(page.getByRole('heading', { name: 'Connections' })).toBeVisible();
  await look('connections with nothing set up');
  await page.keyboard.press('2');
  await expect(page.getByRole('heading', { name: 'Nothing is set aside' })).toBeVisible();
  await look('set aside, empty');
  await page.keyboard.press('3');
  await expect(page.getByRole('heading', { name: 'No record is kept yet' })).toBeVisible();
  await look('records, empty');
}

/** Every screen, form and dialog of a hotel that is set up, in good days and bad. */
export async function walkConsole(page: Page, hotel: ConsoleHotel, look: Look): Promise<void> {
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  await hotel.setUp();
  await page.goto(hotel.address);
  await expect(page.getByText('No file has come in yet')).toBeVisible();
  await look('monitoring, empty');
  await hotel.deliver(
    'mixed.csv',
    bookingsFile(bookingRow('A-1'), bookingRow('A-2', { departure: '2026-02-01' }), bookingRow('A-3', { total: 'a lot' })),
  );
  await expect(page.getByText('The stay ends before it begins.')).toBeVisible();
  await expect(page.getByRole('contentinfo')).toContainText('is confirmed by Group hub');
  await look('monitoring, filled');

  await page.keyboard.press('2');
  const bytes = page.getByRole('region', { name: 'The row as it came' });
  await expect(bytes).toContainText('A-3,Ada Almeida');
  await look('set aside, a row as text');
  await page.keyboard.press('h');
  await expect(bytes).toContainText('41 2d 33 2c');
  await look('set aside, a row in hexadecimal');
  await page.getByRole('link', { name: '1 The stay ends before it begins.', exact: true }).click();
  await expect(bytes).toContainText('41 2d 32 2c');
  await look('set aside, one reason');
  hotel.upstream.faults.refuseKeys = ['A-9'];
  await hotel.deliver('refused.csv', bookingsFile(bookingRow('A-9')));
  await hotel.importByHand('by-hand.csv', bookingsFile(bookingRow('A-10', { total: 'a lot' })));
  await page.getByRole('link', { name: /All reasons$/ }).click();
  await expect(page.getByRole('combobox', { name: 'Brought in by' })).toBeVisible();
  await expect(page.getByRole('link', { name: /^3 The destination refused this record/ })).toBeVisible();
  await page.keyboard.press('j');
  await expect(page.getByRole('region', { name: 'The record as it is kept here' })).toContainText('"guestName": "Ada Almeida"');
  await look('set aside, a refused record');
  await page.goto(`${new URL(page.url()).origin}/#/set-aside/4711`);
  await expect(page.getByText('No row is set aside under the number 4711.')).toBeVisible();
  await look('set aside, a row that there is not');
  await page.goto(`${new URL(page.url()).origin}/#/set-aside?rule=row-nul`);
  await expect(page.getByRole('heading', { name: 'Nothing of this kind is set aside' })).toBeVisible();
  await look('set aside, nothing of a reason');

  await page.keyboard.press('3');
  await expect(page.getByRole('cell', { name: 'A-9', exact: true })).toBeVisible();
  await look('records, a list');
  await page.keyboard.press('o');
  await expect(page.getByRole('columnheader', { name: 'Number' })).toHaveAttribute('aria-sort', 'ascending');
  await hotel.deliver('again.csv', bookingsFile(bookingRow('A-1', { name: 'Zoë Brouwer', total: '250.00' })));
  await expect(page.getByText('One change has come in since.')).toBeVisible();
  await look('records, changed since');
  await button('Show the list as it is now').click();
  await expect(page.getByRole('cell', { name: 'Zoë Brouwer' })).toBeVisible();
  await page.keyboard.press('j');
  await expect(page.getByText('Ada Almeida became Zoë Brouwer')).toBeAttached();
  await expect(page.getByRole('region', { name: 'How it was read' })).toBeVisible();
  await look('records, an opened one');
  await button('Send again…').click();
  await expect(page.getByText('Send 1 booking again to Group hub? It keeps what it has.')).toBeVisible();
  await look('records, sending one again');
  await button('Send again').click();
  await expect(page.getByRole('dialog').getByText('1 record to Group hub: done')).toBeVisible();
  await look('records, one was sent again');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await page.goto(`${new URL(page.url()).origin}/#/records/1:A-9`);
  await expect(page.getByText(/^Refused by Group hub/).first()).toBeVisible();
  await look('records, one that was refused');
  await page.goto(`${new URL(page.url()).origin}/#/records/1:A-4711`);
  await expect(page.getByText('No record is kept here under A-4711.')).toBeVisible();
  await look('records, one that there is not');
  await page.goto(`${new URL(page.url()).origin}/#/records?q=nobody`);
  await expect(page.getByRole('heading', { name: 'No record fits' })).toBeVisible();
  await look('records, none that fits');

  await page.keyboard.press('4');
  await expect(page.getByRole('heading', { name: 'PMS exports' })).toBeVisible();
  await look('connections, a source');
  await page.keyboard.press('j');
  await expect(page.getByRole('heading', { name: 'Group hub' })).toBeVisible();
  await button('Test the connection').click();
  await expect(page.getByText('Everything works.')).toBeVisible();
  await look('connections, a destination with a test that passed');
  await button('Send again…').click();
  await expect(page.getByText('Without days all records are meant.')).toBeVisible();
  await button('See what would come of it').click();
  await expect(page.getByText(/^By what Group hub has confirmed/)).toBeVisible();
  await look('connections, a range to send again');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await button('Change').click();
  await button('More settings').click();
  await expect(field(page, 'Pinned key')).toBeVisible();
  await look('connections, changing a destination with more settings');

  await page.goto(`${new URL(page.url()).origin}/#/connections/new`);
  await expect(page.getByRole('heading', { name: 'What do you want to connect?' })).toBeVisible();
  await look('connections, what to add');
  await page.getByRole('button', { name: /^Files in a folder/ }).click();
  await button('Test the connection').click();
  await expect(page.getByText('This is needed').first()).toBeVisible();
  await look('connections, form with a field missing');
  await field(page, /^Folder/).fill(join(hotel.folder, 'missing'));
  await button('More settings').click();
  await button('Test the connection').click();
  await expect(page.getByText('The test stopped at a step. Nothing was changed.')).toBeVisible();
  await page.getByText('Technical text').click();
  await expect(page.getByText('folder-missing')).toBeVisible();
  await look('connections, form with a failed test and more settings');
  for (const kind of ['Once a day', 'By a cron expression', 'Only by hand']) {
    await field(page, 'When it is read').click();
    await page.getByRole('option', { name: kind, exact: true }).click();
    if (kind !== 'Only by hand') await expect(page.getByText(/^Next: /)).toBeVisible();
    await look(`schedule, ${kind}`);
  }

  await page.getByRole('link', { name: /^PMS exports/ }).click();
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible();
  await look('connections, paused with Undo');
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();

  await page.keyboard.press('5');
  await page.getByRole('combobox', { name: 'Rule for Telephone' }).first().selectOption('mask');
  await button('Save these rules').first().click();
  await expect(page.getByText('Telephone: Send became Mask')).toBeVisible();
  await look('what leaves');

  await page.keyboard.press('6');
  await button('Show the recovery key').click();
  await expect(page.locator('output')).toBeVisible();
  await look('settings, recovery key shown');
  await field(page, 'Language').click();
  await expect(page.getByRole('option', { name: 'Deutsch' })).toBeVisible();
  await look('settings, a list open');
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'About' }).click();
  await button('Show the history').click();
  await expect(page.locator('summary').getByText('Opened a record').first()).toBeVisible();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page.getByText('To be found in the log under').first()).toBeVisible();
  await button('Check the chain').click();
  await expect(page.getByText(/entries fit together/)).toBeVisible();
  await look('history');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: 'About' })).toBeVisible();

  await page.keyboard.press('Control+k');
  await expect(page.getByRole('option').first()).toBeVisible();
  await look('palette');
  await page.keyboard.type('zzz');
  await expect(page.getByText('Nothing fits. Try another word.')).toBeVisible();
  await look('palette that finds nothing');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await button('Shortcuts').click();
  await expect(page.getByRole('heading', { name: 'Everywhere' })).toBeVisible();
  await look('shortcuts');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();

  await hotel.addSource('spa', 'Spa exports', join(hotel.folder, 'missing'));
  await hotel.client.connections.syncNow({ id: 'spa' }).catch(() => undefined);
  hotel.upstream.faults.status = { code: 503, requests: 1000 };
  hotel.drop('next.csv', bookingsFile(bookingRow('A-4')));
  await hotel.client.connections.syncNow({ id: 'pms' });
  await page.keyboard.press('1');
  await expect(page.getByText('does not confirm').first()).toBeVisible();
  await expect(page.getByRole('alert').first()).toBeVisible();
  await look('monitoring, failing');
  await page.getByRole('link', { name: /^Spa exports/ }).click();
  await expect(page.getByRole('heading', { name: 'Spa exports' })).toBeVisible();
  await look('connections, a failing source');
  await button('Remove').click();
  await expect(page.getByText('Spa exports was removed; what it has brought stays')).toBeVisible();
  await look('connections, removed with Undo');
}

/** With the agent gone, back with another key, and the page loaded without one. */
export async function walkGone(page: Page, hotel: ConsoleHotel, look: Look): Promise<void> {
  await hotel.setUp();
  await page.goto(hotel.address);
  await expect(page.getByRole('heading', { name: 'Monitoring' })).toBeVisible();
  await hotel.kill();
  await expect(page.getByText('What you see may be old.')).toBeVisible();
  await look('offline');
  await hotel.startAgain();
  await expect(page.getByRole('heading', { name: 'Bellhop was started again' })).toBeVisible();
  await look('another key');
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Open Bellhop again from where it was started' })).toBeVisible();
  await look('no key');
}
