import { expect } from '@playwright/test';
import { hostKeyOf } from '../agent/pipeline/connectors/sftp-csv/host-key.ts';
import { startSftp } from '../sandbox/sftp/server.ts';
import { bookingRow, bookingsFile, choose, field, needsChromium, test } from './console-hotel.ts';

needsChromium();

test('a key pair is made in the form: its public half is shown and copied, the private one never comes to the page', async ({
  page,
  hotel,
}) => {
  await hotel.setUp();
  const heard: string[] = [];
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => heard.push(payload.toString())));
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(hotel.address);
  await page.getByRole('link', { name: /^Connections/ }).click();
  await page.getByRole('button', { name: /^Add a connection/ }).click();
  await page.getByRole('button', { name: /^Files on an SFTP server/ }).click();
  await page.getByRole('button', { name: 'Make a key pair' }).click();
  const line = (await page.getByText(/^ssh-ed25519 AAAA/).textContent()) ?? '';
  expect(line).toMatch(/^ssh-ed25519 AAAA\S+ bellhop@ALDQ$/);
  await page.getByRole('button', { name: 'Copy' }).click();
  await expect(page.getByText('The line is in the clipboard')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(line);

  const server = await startSftp({ password: 'nobody knows', publicKey: line });
  try {
    server.files.set('/exports/a.csv', { content: Buffer.from(bookingsFile(bookingRow('K-1'))), mtime: 1_772_000_000 });
    await field(page, /^Server/)
      .first()
      .fill('127.0.0.1');
    await field(page, /^User name/).fill('hotel');
    await field(page, /^Folder on the server/).fill('/exports');
    await field(page, /^Host key/).fill(hostKeyOf(server.hostKeyBlob).text);
    await page.getByRole('button', { name: 'More settings' }).click();
    await field(page, /^Port/).fill(String(server.port));
    await choose(page, 'When it is read', 'Only by hand');
    await page.getByRole('button', { name: 'Test the connection' }).click();
    await expect(page.getByText('Everything works.')).toBeVisible();
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText(/is set up$/)).toBeVisible();
    await page.getByRole('button', { name: 'Show the line for the operator' }).click();
    await expect(page.getByText(line)).toBeVisible();
    expect(heard.filter((frame) => /PRIVATE KEY/.test(frame))).toEqual([]);
    expect(server.logins.length).toBeGreaterThan(0);
  } finally {
    await server.close();
  }
});
