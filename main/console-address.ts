/** Where the console lives inside Electron: the only origin that any part of the shell talks to. */
const consoleOrigin = 'app://bellhop';
export const consoleAddress = `${consoleOrigin}/index.html`;

/** Tell whether an address is of the console's own origin. Text that is no address is not. */
export function isConsoleOrigin(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && `${url.protocol}//${url.host}` === consoleOrigin && url.username === '' && url.password === '';
}

/** Tell whether an address is the console's page itself, whatever view its fragment names. */
export function isConsolePage(address: string): boolean {
  return isConsoleOrigin(address) && new URL(address).pathname === '/index.html';
}
