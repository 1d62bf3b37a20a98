/** A browser draws nothing taller: Chromium ends at 33,554,432 px. A longer list is moved through faster than the finger moves. */
const tallestPx = 30_000_000;
/** So many rows above and below those in sight are drawn too, so that a quick wheel meets rows. */
const rowsAround = 12;

type List = { readonly rows: number; readonly rowPx: number; readonly viewportPx: number };

function heights({ rows, rowPx, viewportPx }: List): { natural: number; drawn: number; ratio: number } {
  const natural = rows * rowPx;
  const drawn = Math.min(natural, tallestPx);
  return { natural, drawn, ratio: natural > drawn ? (natural - viewportPx) / (drawn - viewportPx) : 1 };
}

/**
 * Work out which rows of a long list are drawn, and where.
 * @returns the first row and the one behind the last; how far below the top of the list the first one lies; how tall the list is.
 */
export function rowsInSight(list: List, scrollPx: number): { first: number; end: number; topPx: number; heightPx: number } {
  const { rows, rowPx, viewportPx } = list;
  const { drawn, ratio } = heights(list);
  const hiddenPx = scrollPx * ratio;
  const first = Math.max(0, Math.min(rows, Math.floor(hiddenPx / rowPx)) - rowsAround);
  const end = Math.min(rows, Math.ceil((hiddenPx + viewportPx) / rowPx) + rowsAround);
  return { first, end, topPx: first * rowPx - (hiddenPx - scrollPx), heightPx: drawn };
}

/** Say where to scroll to so that a row is whole in sight: where it is already, if it is. */
export function scrollToRow(list: List, row: number, scrollPx: number): number {
  const { rowPx, viewportPx } = list;
  const { ratio } = heights(list);
  const hiddenPx = scrollPx * ratio;
  const top = row * rowPx;
  if (top < hiddenPx) return top / ratio;
  return top + rowPx > hiddenPx + viewportPx ? (top + rowPx - viewportPx) / ratio : scrollPx;
}
