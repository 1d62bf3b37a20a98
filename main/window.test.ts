import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { RecordingWindow } from './electron-double.ts';
import { openWindow } from './window.ts';

beforeEach(() => {
  RecordingWindow.made = [];
});

const open = (isMaximized = false) =>
  openWindow({
    BrowserWindow: RecordingWindow,
    preload: '/app/out/preload/index.cjs',
    version: '0.1.0',
    place: { x: 10, y: 20, width: 1200, height: 800, isMaximized },
  });

it('makes a window that keeps the page away from Node, other sites and itself', () => {
  expect(open().options.webPreferences).toEqual({
    preload: '/app/out/preload/index.cjs',
    additionalArguments: ['--bellhop-version=0.1.0'],
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    spellcheck: false,
  });
});

it('shows the console when it is ready, where it stood before', () => {
  const window = open(true);
  const before = [...window.calls];
  window.events.emit('ready-to-show');
  expect([window.options.x, window.options.width, before, window.calls.at(-1)]).toEqual([
    10,
    1200,
    ['maximize', 'loadURL app://bellhop/index.html'],
    'show',
  ]);
});

const sources = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'electron-double.ts')
  .map((name) => ({ name, text: readFileSync(join(import.meta.dirname, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '') }));
const holding = (what: RegExp) => sources.flatMap(({ name, text }) => Array.from(text.matchAll(what), () => name));

it('has one place that makes windows, one that listens to pages, one that opens things outside', () => {
  expect({
    windows: holding(/new [\w.]*BrowserWindow\b/g),
    views: holding(/\b(?:WebContentsView|BrowserView|<webview)\b/g),
    listeners: holding(/\bipcMain\s*\.\s*(?:handle|on|once|handleOnce)\b/g),
    outside: holding(/\.(?:openExternal|openPath)\(/g),
  }).toEqual({ windows: ['window.ts'], views: [], listeners: ['ipc.ts'], outside: ['outside.ts', 'outside.ts'] });
});

it('imports Electron at run time in its first file only, so that everything else is tested without it', () => {
  expect(holding(/^import (?!type )[^;]*from 'electron'/gm)).toEqual(['index.ts']);
});
