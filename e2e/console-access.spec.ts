import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { bookingRow, bookingsFile, needsChromium, test } from './console-hotel.ts';
import { type Look, walkConsole, walkFirstRun, walkGone } from './console-walk.ts';

/** Every screen and state can be read and worked by everyone, in light and in dark: no violation of WCAG 2.2 A and AA. */

needsChromium();

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const schemes = ['light', 'dark'] as const;

// The examiner puts its own script into the page, which the page's policy would stop.
test.use({ bypassCSP: true });

/** Examine a state in both schemes, once nothing moves any more. */
function examine(page: Page): Look {
  return async (state) => {
    for (const colorScheme of schemes) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme);
      await page.evaluate(async () => {
        const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY);
        await Promise.allSettled(ending.map((one) => one.finished));
      });
      const { violations } = await new AxeBuilder({ page }).withTags(rules).analyze();
      const found = violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}\n${failureSummary}`),
      );
      expect.soft(found, `${state}, ${colorScheme}`).toEqual([]);
    }
  };
}

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

test('the first start, step by step', async ({ page, hotel }) => {
  await walkFirstRun(page, hotel, examine(page));
});

test('monitoring, set aside, connections, settings, palette and shortcuts, in good days and bad', async ({ page, hotel }) => {
  test.slow();
  await walkConsole(page, hotel, examine(page));
});

test('an agent that is away, another key, no key', async ({ page, hotel }) => {
  await walkGone(page, hotel, examine(page));
});

test('the narrowest window, and a browser zoomed to 200 %', async ({ page, hotel }) => {
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
