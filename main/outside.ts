import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Shell } from 'electron';

/** The sites that the console may send a person to, in their own browser: the manuals behind its hints. */
const outsideHosts: ReadonlySet<string> = new Set(['docs.oracle.com', 'learn.microsoft.com', 'nodejs.org', 'www.standardwebhooks.com']);

/**
 * Tell whether an address may be handed to the system's browser: https, one of our hosts, its usual port, nobody's login in it.
 * Everything else could start a program (`ms-msdt:`, `search-ms:`), open a share or lead somebody astray.
 */
export function isOutsideAddress(address: string): boolean {
  // `https:host` and `https:\\host` are repaired by a URL parser, but perhaps not by what opens it: only the plain form is taken.
  if (!/^https:\/\/[a-z0-9.-]+(?:\/[\x21-\x7e]*)?$/.test(address) || /[\\@]/.test(address)) return false;
  const url = URL.parse(address);
  return url !== null && url.protocol === 'https:' && url.port === '' && outsideHosts.has(url.hostname);
}

/** Open an address in the system's browser, if it is one of ours; otherwise nothing happens. */
export async function openOutside(shell: Pick<Shell, 'openExternal'>, address: string): Promise<void> {
  if (isOutsideAddress(address)) await shell.openExternal(address);
}

/**
 * Open a page of the documentation that came with the product. `page` is looked up among the files that are there, as it is
 * written and without its ending: `operations/tls-pin`. A page that is not there opens nothing.
 */
export async function openDocs(shell: Pick<Shell, 'openPath'>, docs: { readonly folder: string; readonly page: string }): Promise<void> {
  const name = readdirSync(docs.folder, { recursive: true, encoding: 'utf8' }).find(
    (file) => file.replaceAll('\\', '/') === `${docs.page}.md`,
  );
  if (name !== undefined) await shell.openPath(join(docs.folder, name));
}
