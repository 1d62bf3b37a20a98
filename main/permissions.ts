import type { Session } from 'electron';
import { isConsoleOrigin } from './console-address.ts';

const allowed = new Set(['notifications', 'clipboard-sanitized-write']);

/** The parts of a session that ask what a page may do. */
export type AskingSession = Pick<
  Session,
  | 'setPermissionRequestHandler'
  | 'setPermissionCheckHandler'
  | 'setDevicePermissionHandler'
  | 'setDisplayMediaRequestHandler'
  | 'setBluetoothPairingHandler'
  | 'on'
>;

/**
 * Deny a page everything but notifications and putting text into the clipboard (the Copy buttons), and those to the console only.
 * Nobody is asked: there is nothing else to allow.
 */
export function guardPermissions(session: AskingSession): void {
  const isAllowed = (permission: string, origin: string) => allowed.has(permission) && isConsoleOrigin(origin);
  session.setPermissionRequestHandler((_, permission, decide, details) => decide(isAllowed(permission, details.requestingUrl)));
  session.setPermissionCheckHandler((_, permission, requestingOrigin) => isAllowed(permission, requestingOrigin));
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_, decide) => decide(null));
  session.setBluetoothPairingHandler((_, decide) => decide({ confirmed: false }));
  session.on('select-hid-device', (event, _, choose) => {
    event.preventDefault();
    choose();
  });
  session.on('select-serial-port', (event, _ports, _contents, choose) => {
    event.preventDefault();
    choose('');
  });
  session.on('select-usb-device', (event, _, choose) => {
    event.preventDefault();
    choose();
  });
}
