import { type RefObject, useLayoutEffect, useRef, useState } from 'react';
import { rowsInSight, scrollToRow } from './rows-in-sight.ts';

/**
 * The part of a long list that is drawn, followed as it is scrolled. Rows are all of the same height; a head of `headPx` stays on top
 * of the box that scrolls.
 */
export function useRows({ rows, rowPx, headPx }: { readonly rows: number; readonly rowPx: number; readonly headPx: number }) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ scrollPx: 0, viewportPx: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => setPlace({ scrollPx: element.scrollTop, viewportPx: Math.max(0, element.clientHeight - headPx) });
    look();
    const resized = new ResizeObserver(look);
    resized.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      resized.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [headPx]);
  const show = (row: number) => {
    const element = box.current;
    if (element) element.scrollTop = scrollToRow({ rows, rowPx, viewportPx: element.clientHeight - headPx }, row, element.scrollTop);
  };
  return { box: box as RefObject<HTMLDivElement>, show, ...rowsInSight({ rows, rowPx, viewportPx: place.viewportPx }, place.scrollPx) };
}
