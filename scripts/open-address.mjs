// @ts-check
import { spawn } from 'node:child_process';

/** How each platform opens an address in the person's own browser; the address is an argument, never part of a command text. */
const openers = /** @type {Record<string, readonly [string, ...string[]]>} */ ({
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
  darwin: ['open'],
  linux: ['xdg-open'],
});

/**
 * Open an address of this PC in the browser. Where that is not possible nothing happens: the address has been printed.
 *
 * @param {string} address an http address of 127.0.0.1; anything else is refused.
 * @param {NodeJS.Platform} platform
 */
export function openAddress(address, platform = process.platform) {
  if (!/^http:\/\/127\.0\.0\.1:\d+\//.test(address)) throw new Error('only addresses of this PC are opened');
  const [command, ...args] = openers[platform] ?? openers.linux;
  const browser = spawn(command, [...args, address], { stdio: 'ignore', detached: true });
  browser.on('error', () => {});
  browser.unref();
}
