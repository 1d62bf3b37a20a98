import { expect } from '@playwright/test';
import { field, needsChromium, test } from './console-hotel.ts';

needsChromium();

test('the text for the administrator can be had before there is a password, and again in the connection', async ({ page, hotel }) => {
  await hotel.setUp();
  await hotel.client.connections.add({
    id: 'broker',
    kind: 'rabbitmq',
    title: 'Group broker',
    settings: { host: '127.0.0.1', port: 1 },
    secrets: { brokerPassword: 'canary-password' },
  });
  await page.goto(hotel.address);
  await page.getByRole('contentinfo').waitFor();
  await page.getByRole('link', { name: /^Connections/ }).click();
  // The key does something once the page is there.
  await page.getByRole('button', { name: /^Add a connection/ }).waitFor();
  await page.keyboard.press('n');
  await page.getByRole('button', { name: /^PostgreSQL database/ }).click();
  await field(page, /^Server/).fill('db.example.com');
  await field(page, /^Database/).fill('hotels');
  await page.getByRole('button', { name: 'Text for the administrator' }).click();
  const script = page.getByRole('textbox', { name: 'PostgreSQL db.example.com, hotels' });
  await expect(script).toHaveValue(/GRANT SELECT, INSERT, UPDATE ON production\.bookings/);

  await page.getByRole('link', { name: /^Connections/ }).click();
  await page.getByText('Group broker').first().click();
  await page.getByRole('button', { name: 'Text for the administrator' }).click();
  const broker = page.getByRole('textbox', { name: /RabbitMQ 127\.0\.0\.1/ });
  await expect(broker).toHaveValue(/rabbitmqctl set_permissions -p 'bellhop' 'bellhop' '\^\$' '\^bellhop\\\.records\$' '\^\$'/);
  expect(await broker.inputValue()).not.toContain('canary-password');
});
