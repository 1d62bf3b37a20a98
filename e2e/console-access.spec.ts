import { AxeBuilder } from '@axe-core/playwright';
import { expect } from '@playwright/test';
import { bookingRow, bookingsFile, needsChromium, test } from './console-hotel.ts';
import { walkConsole, walkFirstRun, walkGone } from './console-walk.ts';
import { examine, rules } from './examine.ts';

/** Every screen and state can be read and worked by everyone, in light and in dark: no violation of WCAG 2.2 A and AA. */

needsChromium();

// The examiner puts its own script into the page, which the page's policy would stop.
test.use({ bypassCSP: true });

test('the examiner finds what is wrong', async ({ page, hotel }) => {
  await page.goto(hotel.address);
  await expect(page.getByRole('heading', { name: 'Welcome to Bellhop' })).toBeVisible();
  await page.evaluate(() => {
    const input = document.createElement('input');
    const faint = document.createElement('p');
    faint.append('hardly to be read');
    faint.style.color = '#ddd';
    faint.style.background = '#fff';
    document.querySelector('main')?.append(input, faint);
  });
  const { violations } = await new AxeBuilder({ page }).withTags(rules).analyze();
  expect(violations.map(({ id }) => id).sort()).toEqual(['color-contrast', 'label']);
});

// Each look of the examiner goes through the whole page: on a slow PC a walk takes minutes, and how long says nothing of the console.
const walkMs = 360_000;

test('the first start, step by step', async ({ page, hotel }) => {
  test.setTimeout(walkMs);
  await walkFirstRun(page, hotel, examine(page));
});

test('monitoring, set aside, connections, settings, palette and shortcuts, in good days and bad', async ({ page, hotel }) => {
  test.setTimeout(walkMs);
  await walkConsole(page, hotel, examine(page));
});

test('an agent that is away, another key, no key', async ({ page, hotel }) => {
  test.setTimeout(walkMs);
  await walkGone(page, hotel, examine(page));
});

test('the narrowest window, and a browser zoomed to 200 %', async ({ page, hotel }) => {
  test.setTimeout(walkMs);
  await hotel.setUp();
  await hotel.deliver('mixed.csv', bookingsFile(bookingRow('A-1'), bookingRow('A-2', { total: 'a lot' })));
  await page.goto(hotel.address);
  for (const [width, height] of [
    [960, 640],
    [640, 480],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.keyboard.press('1');
    await expect(page.getByRole('row', { name: /mixed\.csv/ })).toBeVisible();
    await examine(page)(`monitoring, ${width} wide`);
    await page.keyboard.press('2');
    await expect(page.getByRole('region', { name: 'The row as it came' })).toContainText('A-2,Ada Almeida');
    await examine(page)(`set aside, ${width} wide`);
    await page.keyboard.press('h');
    await expect(page.getByRole('region', { name: 'The row as it came' })).toContainText('41 2d 32 2c');
    await examine(page)(`set aside in hexadecimal, ${width} wide`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.keyboard.press('h');
    await page.keyboard.press('3');
    await expect(page.getByRole('cell', { name: 'A-1', exact: true })).toBeVisible();
    await examine(page)(`records, ${width} wide`);
    await page.keyboard.press('j');
    await expect(page.getByRole('region', { name: 'The row as it came' })).toContainText('A-1,Ada Almeida');
    await examine(page)(`an opened record, ${width} wide`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.keyboard.press('4');
    await expect(page.getByRole('heading', { name: 'PMS exports' })).toBeInViewport({ ratio: 1 });
    await expect(page.getByRole('button', { name: 'Remove' })).toBeInViewport({ ratio: 1 });
    await examine(page)(`connections, ${width} wide`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  }
});
