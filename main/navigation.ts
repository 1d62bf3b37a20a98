import type { App, WebContents } from 'electron';
import { isConsolePage } from './console-address.ts';

/**
 * Keep every page where it is. A link to the outside is handed to `openOutside`, which decides whether a browser may have it;
 * inside the window nothing opens but the console's own page.
 */
export function guardNavigation(app: Pick<App, 'on'>, openOutside: (address: string) => void): void {
  app.on('web-contents-created', (_, contents) => guardContents(contents, openOutside));
}

type Guarded = Pick<WebContents, 'on' | 'setWindowOpenHandler'>;

function guardContents(contents: Guarded, openOutside: (address: string) => void): void {
  contents.setWindowOpenHandler(({ url }) => {
    openOutside(url);
    return { action: 'deny' };
  });
  // Reloading the console is not leaving it.
  contents.on('will-navigate', (event) => {
    if (!isConsolePage(event.url)) event.preventDefault();
  });
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || !isConsolePage(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
}
