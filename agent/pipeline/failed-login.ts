import type { Fault } from '../../contract/faults.ts';
import type { Logins } from './connector.ts';
import { type Place, reach } from './secure-line.ts';

/**
 * Write into the book of logins what came of a try that has failed. One that got no answer in time although its port is open may have been
 * judged all the same: behind a slow directory, a wrong password is counted there long before anybody says so.
 */
export async function noteFailedLogin(
  logins: Logins | undefined,
  {
    account,
    password,
    place,
    fault,
  }: { readonly account: string; readonly password: string; readonly place: Place; readonly fault: Fault },
): Promise<void> {
  if (!logins) return;
  if (fault.code === 'source-login') return logins.refused(account, password, fault.detail.detail ?? '');
  if (fault.code === 'source-timeout' && (await isOpen(place))) return logins.unanswered(account, password);
  return logins.ended(account, password);
}

/** Also when whoever wanted to log in has been told to stop: what was sent is sent. */
async function isOpen(place: Place): Promise<boolean> {
  try {
    (await reach(place, new AbortController().signal)).destroy();
    return true;
  } catch {
    return false;
  }
}
