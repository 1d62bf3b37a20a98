import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BrowserWindow, Display, Rectangle } from 'electron';
import { z } from 'zod';
import type { WindowPlace } from './window.ts';

const SavedPlace = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().min(400).max(20_000),
  height: z.int().min(300).max(20_000),
  isMaximized: z.boolean(),
});

const firstPlace: WindowPlace = { width: 1440, height: 900, isMaximized: false };

/**
 * Say where the window goes: where it was, if enough of it can be seen there; a screen may have been unplugged since.
 */
export function placeWindow(file: string, displays: readonly Pick<Display, 'workArea'>[]): WindowPlace {
  const saved = readPlace(file);
  return saved && displays.some(({ workArea }) => isReachable(saved, workArea)) ? saved : firstPlace;
}

function readPlace(file: string) {
  try {
    return SavedPlace.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Missing on the first start, or damaged: where a window stood is not worth a question.
    return null;
  }
}

/** A title bar that shows 100 points can be grabbed. */
function isReachable(window: Rectangle, area: Rectangle): boolean {
  const seen = Math.min(window.x + window.width, area.x + area.width) - Math.max(window.x, area.x);
  return seen >= 100 && window.y >= area.y && window.y <= area.y + area.height - 40;
}

/** Remember where the window stands, also how large it was before it was maximised. */
export function rememberPlace(file: string, window: Pick<BrowserWindow, 'getNormalBounds' | 'isMaximized'>): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify({ ...window.getNormalBounds(), isMaximized: window.isMaximized() }));
  renameSync(`${file}.new`, file);
}
