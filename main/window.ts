import type { BrowserWindow, BrowserWindowConstructorOptions, Rectangle } from 'electron';
import { consoleAddress } from './console-address.ts';

/** The parts of a window that the shell uses. */
export type ConsoleWindow = Pick<BrowserWindow, 'loadURL' | 'once' | 'show' | 'maximize'>;
type WindowMaker<W extends ConsoleWindow> = new (options: BrowserWindowConstructorOptions) => W;

/** Where a window stands; x and y are absent when it has never been moved. */
export type WindowPlace = Partial<Pick<Rectangle, 'x' | 'y'>> & Pick<Rectangle, 'width' | 'height'> & { readonly isMaximized: boolean };

/**
 * Make the console's window. Every window of the product is made here, so that none can be made with weaker walls.
 */
export function openWindow<W extends ConsoleWindow>(wanted: {
  readonly BrowserWindow: WindowMaker<W>;
  readonly preload: string;
  readonly version: string;
  readonly place: WindowPlace;
}): W {
  const { isMaximized, ...bounds } = wanted.place;
  const window = new wanted.BrowserWindow({
    ...bounds,
    minWidth: 960,
    minHeight: 640,
    title: 'Bellhop',
    show: false,
    autoHideMenuBar: true,
    webPreferences: {
      preload: wanted.preload,
      additionalArguments: [`--bellhop-version=${wanted.version}`],
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
      // Chromium would fetch dictionaries from a server of Google's: nothing leaves the hotel that was not agreed.
      spellcheck: false,
    },
  });
  if (isMaximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  void window.loadURL(consoleAddress);
  return window;
}
