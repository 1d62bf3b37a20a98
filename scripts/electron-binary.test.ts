import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { electronBinary, hasDisplay } from './electron-binary.mjs';
import { openAddress } from './open-address.mjs';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bellhop-electron-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('finds a binary that is named, and does not believe in one that is not there', () => {
  const exe = join(dir, 'electron');
  const missing = electronBinary({ ELECTRON_EXEC_PATH: exe });
  writeFileSync(exe, '');
  expect([
    missing,
    electronBinary({ ELECTRON_EXEC_PATH: exe }),
    electronBinary({ ELECTRON_OVERRIDE_DIST_PATH: join(dir, 'none') }),
  ]).toEqual([null, exe, null]);
});

it('knows that Linux without a display shows no window', () => {
  expect([
    hasDisplay({}, 'linux'),
    hasDisplay({ DISPLAY: ':0' }, 'linux'),
    hasDisplay({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux'),
    hasDisplay({}, 'win32'),
  ]).toEqual([false, true, true, true]);
});

it.each(['https://example.com/', 'http://127.0.0.1.example.com:1/', 'file:///etc/passwd', 'http://localhost:80/', '--help'])(
  'never opens %s by itself',
  (address) => {
    expect(() => openAddress(address)).toThrow('only addresses of this PC');
  },
);
