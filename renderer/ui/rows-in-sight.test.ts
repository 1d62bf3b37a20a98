import { expect, it } from 'vitest';
import { rowsInSight, scrollToRow } from './rows-in-sight.ts';

const short = { rows: 1000, rowPx: 28, viewportPx: 560 };
const long = { rows: 2_000_000, rowPx: 36, viewportPx: 720 };
/** The rows that a person sees, of those that are drawn. */
function seen(list: typeof short, scrollPx: number): [number, number] {
  const { first, topPx } = rowsInSight(list, scrollPx);
  const at = (px: number) => first + (px - topPx) / list.rowPx;
  return [Math.round(at(scrollPx) * 100) / 100, Math.round(at(scrollPx + list.viewportPx) * 100) / 100];
}

it('draws the rows in sight and some around them, at their place', () => {
  expect(rowsInSight(short, 0)).toEqual({ first: 0, end: 32, topPx: 0, heightPx: 28_000 });
  expect(rowsInSight(short, 2800)).toEqual({ first: 88, end: 132, topPx: 2464, heightPx: 28_000 });
  expect(rowsInSight(short, 27_440)).toMatchObject({ end: 1000 });
  expect([seen(short, 2800), seen(short, 2814)]).toEqual([
    [100, 120],
    [100.5, 120.5],
  ]);
});

it('reaches the first and the last of two million rows, whatever the tallest page of a browser', () => {
  const { heightPx } = rowsInSight(long, 0);
  expect(heightPx).toBeLessThan(33_554_432);
  expect([seen(long, 0), seen(long, heightPx - long.viewportPx)]).toEqual([
    [0, 20],
    [1_999_980, 2_000_000],
  ]);
});

it('moves no further than needed to show a row whole', () => {
  const shown = (list: typeof short, row: number, from: number) => {
    const [top, bottom] = seen(list, scrollToRow(list, row, from));
    return top <= row && row + 1 <= bottom;
  };
  expect(scrollToRow(short, 105, 2800)).toBe(2800);
  expect([scrollToRow(short, 99, 2800), scrollToRow(short, 120, 2800)]).toEqual([2772, 2828]);
  for (const row of [0, 19, 777_777, 1_999_999]) expect([row, shown(long, row, 15_000_000)]).toEqual([row, true]);
});

it('draws nothing of an empty list', () => {
  expect(rowsInSight({ ...short, rows: 0 }, 0)).toEqual({ first: 0, end: 0, topPx: 0, heightPx: 0 });
});
