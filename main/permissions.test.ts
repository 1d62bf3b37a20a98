import type { Session, WebContents } from 'electron';
import { expect, it } from 'vitest';
import { preventable, recordingSession } from './electron-double.ts';
import { guardPermissions } from './permissions.ts';

type Permission = Parameters<Exclude<Parameters<Session['setPermissionCheckHandler']>[0], null>>[1];

/** Every permission that this Electron knows. `satisfies` makes a missing or a made-up name a compile error. */
// biome-ignore format: a table
const permissions = Object.keys({
  ar: 1, 'automatic-fullscreen': 1, 'background-fetch': 1, 'background-sync': 1, 'captured-surface-control': 1, 'clipboard-read': 1,
  'clipboard-sanitized-write': 1, 'deprecated-sync-clipboard-read': 1, 'display-capture': 1, fileSystem: 1, fullscreen: 1, geolocation: 1,
  'geolocation-approximate': 1, 'hand-tracking': 1, hid: 1, 'idle-detection': 1, keyboardLock: 1, 'local-fonts': 1, 'local-network': 1,
  'local-network-access': 1, 'loopback-network': 1, media: 1, mediaKeySystem: 1, midi: 1, midiSysex: 1, nfc: 1, notifications: 1,
  openExternal: 1, 'payment-handler': 1, 'periodic-background-sync': 1, 'persistent-storage': 1, pointerLock: 1, 'screen-wake-lock': 1,
  sensors: 1, serial: 1, 'smart-card': 1, 'speaker-selection': 1, 'storage-access': 1, 'system-wake-lock': 1, 'top-level-storage-access': 1,
  usb: 1, vr: 1, 'web-app-installation': 1, 'web-printing': 1, 'window-management': 1, unknown: 1,
} satisfies Record<Permission, 1>) as Permission[];

function guarded() {
  const recorded = recordingSession();
  guardPermissions(recorded.session);
  const { kept } = recorded;
  const request = (permission: Permission, requestingUrl: string) => {
    let granted: boolean | undefined;
    const details = { requestingUrl, isMainFrame: true };
    kept.setPermissionRequestHandler?.({} as WebContents, permission, (answer) => (granted = answer), details);
    return granted;
  };
  const check = (permission: Permission, origin: string) =>
    kept.setPermissionCheckHandler?.(null, permission, origin, { isMainFrame: true, requestingUrl: origin });
  return { ...recorded, request, check };
}

it('allows the console notifications and text for the clipboard, and nothing else, when asked and when looked up', () => {
  const { request, check } = guarded();
  const page = 'app://bellhop/index.html';
  expect([
    permissions.length,
    permissions.filter((permission) => request(permission, page) !== false),
    permissions.filter((permission) => check(permission, 'app://bellhop/') !== false),
  ]).toEqual([46, ['clipboard-sanitized-write', 'notifications'], ['clipboard-sanitized-write', 'notifications']]);
});

it.each(['https://example.com/', 'app://other/', 'file:///', 'null', ''])('allows nothing to %s', (origin) => {
  const { request, check } = guarded();
  expect(permissions.filter((permission) => request(permission, origin) || check(permission, origin))).toEqual([]);
});

it('hands out no device, no screen and no pairing', () => {
  const { kept, events } = guarded();
  const given: unknown[] = [];
  const record = (answer?: unknown) => given.push(answer);
  type Details = Parameters<Exclude<Parameters<Session['setDevicePermissionHandler']>[0], null>>[0];
  given.push(kept.setDevicePermissionHandler?.({ deviceType: 'usb', origin: 'app://bellhop', device: {} } as Details));
  kept.setDisplayMediaRequestHandler?.({} as never, record);
  kept.setBluetoothPairingHandler?.({} as never, record);
  const choices = [preventable({}), preventable({}), preventable({})];
  events.emit('select-hid-device', choices[0], {}, record);
  events.emit('select-serial-port', choices[1], [], {}, record);
  events.emit('select-usb-device', choices[2], {}, record);
  expect([given, choices.map((event) => event.defaultPrevented)]).toEqual([
    [false, null, { confirmed: false }, undefined, '', undefined],
    [true, true, true],
  ]);
});
