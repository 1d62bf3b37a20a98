import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Way } from './driver.ts';

/** The library that makes a folder an Oracle client. */
const library = process.platform === 'win32' ? 'oci.dll' : process.platform === 'darwin' ? 'libclntsh.dylib' : 'libclntsh.so';

/**
 * The ways into a database, the first that works: the driver alone speaks with Oracle 12.1 and newer; with an Oracle client on this PC it
 * speaks with older ones too, and its generation before with clients that are older still.
 * @param clientFolder the client that the settings name; otherwise one is looked for.
 */
export function waysIn(clientFolder: string | undefined): readonly Way[] {
  const folder = clientFolder ?? foundClient();
  if (folder === null) return [{ package: 'oracledb', mode: 'thin' }];
  return [
    { package: 'oracledb', mode: 'thin' },
    { package: 'oracledb', mode: 'thick', clientFolder: folder },
    { package: 'oracledb6', mode: 'thick', clientFolder: folder },
  ];
}

/** Look for an Oracle client where installers put it. */
export function foundClient(env: NodeJS.ProcessEnv = process.env): string | null {
  const homes = env.ORACLE_HOME ? [env.ORACLE_HOME, join(env.ORACLE_HOME, 'lib'), join(env.ORACLE_HOME, 'bin')] : [];
  const paths = (env.PATH ?? env.Path ?? '').split(process.platform === 'win32' ? ';' : ':');
  const roots = process.platform === 'win32' ? ['C:\\oracle', 'C:\\instantclient'] : ['/opt/oracle', '/usr/lib/oracle'];
  const below = roots.flatMap((root) => [root, ...childrenOf(root)]);
  return [...homes, ...below, ...(process.platform === 'win32' ? paths : [])].find((folder) => folder !== '' && isClient(folder)) ?? null;
}

/** Whether a folder holds the library of an Oracle client. */
export function isClient(folder: string): boolean {
  return childrenOf(folder, true).some((name) => name.toLowerCase().startsWith(library.toLowerCase()));
}

function childrenOf(folder: string, plain = false): string[] {
  if (!existsSync(folder)) return [];
  try {
    return readdirSync(folder).map((name) => (plain ? name : join(folder, name)));
  } catch {
    return [];
  }
}
