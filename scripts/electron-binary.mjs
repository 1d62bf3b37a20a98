// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const here = createRequire(import.meta.url);

/**
 * Find Electron's binary by looking at files. It is never asked for with `require('electron')`: where the binary is missing,
 * that starts to download it, and waits.
 *
 * @param {NodeJS.ProcessEnv} env ELECTRON_EXEC_PATH names a binary, ELECTRON_OVERRIDE_DIST_PATH the folder of one.
 * @returns {string | null} its path, or null where there is none, or only a half or an old one.
 */
export function electronBinary(env = process.env) {
  if (env.ELECTRON_EXEC_PATH) return existsSync(env.ELECTRON_EXEC_PATH) ? env.ELECTRON_EXEC_PATH : null;
  const folder = packageFolder();
  if (folder === null) return null;
  const dist = env.ELECTRON_OVERRIDE_DIST_PATH || join(folder, 'dist');
  const binary = join(dist, binaryName(folder));
  if (!existsSync(binary)) return null;
  if (!env.ELECTRON_OVERRIDE_DIST_PATH && !isWholeDownload(folder, dist)) return null;
  return binary;
}

/**
 * Say whether a window can be shown at all.
 * @param {NodeJS.ProcessEnv} env
 * @param {NodeJS.Platform} platform
 */
export function hasDisplay(env = process.env, platform = process.platform) {
  return platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

function packageFolder() {
  try {
    return dirname(here.resolve('electron/package.json'));
  } catch {
    return null;
  }
}

/** @param {string} folder */
function binaryName(folder) {
  const written = join(folder, 'path.txt');
  if (existsSync(written)) return readFileSync(written, 'utf8').trim();
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return process.platform === 'win32' ? 'electron.exe' : 'electron';
}

/**
 * @param {string} folder
 * @param {string} dist
 */
function isWholeDownload(folder, dist) {
  const version = join(dist, 'version');
  const wanted = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  return existsSync(version) && readFileSync(version, 'utf8').trim().replace(/^v/, '') === wanted;
}
