import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { placeWindow, rememberPlace } from './window-place.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bellhop-place-'));
  file = join(dir, 'shell', 'window.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const screens = [{ workArea: { x: 0, y: 0, width: 1920, height: 1040 } }];
const first = { width: 1440, height: 900, isMaximized: false };
const remember = (bounds: { x: number; y: number }, isMaximized = false) =>
  rememberPlace(file, { getNormalBounds: () => ({ ...bounds, width: 1200, height: 800 }), isMaximized: () => isMaximized });

it('opens where it was closed, maximised if it was', () => {
  remember({ x: 100, y: 50 }, true);
  expect(placeWindow(file, screens)).toEqual({ x: 100, y: 50, width: 1200, height: 800, isMaximized: true });
});

it.each([
  { x: 1900, y: 50 },
  { x: -1150, y: 50 },
  { x: 100, y: 1030 },
  { x: 100, y: -30 },
])('does not open at %j, where nobody could take hold of it', (bounds) => {
  remember(bounds);
  expect(placeWindow(file, screens)).toEqual(first);
});

it.each(['', '{', '{"x":1}', '{"x":0,"y":0,"width":-5,"height":1e9,"isMaximized":false}'])(
  'opens as new when what was kept is "%s"',
  (text) => {
    remember({ x: 1, y: 1 });
    writeFileSync(file, text);
    expect(placeWindow(file, screens)).toEqual(first);
  },
);

it('opens as new the first time', () => {
  expect(placeWindow(file, screens)).toEqual(first);
});
