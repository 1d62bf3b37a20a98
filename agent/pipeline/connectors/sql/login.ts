import { Fault } from '../../../../contract/faults.ts';
import type { Logins } from '../../connector.ts';
import { noteFailedLogin } from '../../failed-login.ts';
import { placeOf, type Settings } from './settings.ts';

type LoggingIn = {
  readonly given: Settings;
  readonly password: string;
  readonly logins: Logins | undefined;
  readonly signal: AbortSignal;
  /** What has been thrown, by its name. */
  readonly faultOf: (error: unknown) => Fault;
};

/** Log in by the book of logins: whoever tries, an account is not locked by us. */
export async function loggedIn<T>({ given, password, logins, signal, faultOf }: LoggingIn, connect: () => Promise<T>): Promise<T> {
  const { shown: host } = placeOf(given);
  const { user } = given;
  // A user is one of the server, whichever of its databases is read: what is refused for one counts for all.
  const account = `${host} ${user}`.toLowerCase();
  const rests = await logins?.begin(account, password, signal);
  if (rests) throw new Fault('source-login', { host, user, detail: rests.detail });
  try {
    if (signal.aborted) throw new Fault('stopped');
    const line = await connect();
    await logins?.succeeded(account, password);
    return line;
  } catch (error) {
    const fault = faultOf(error);
    await noteFailedLogin(logins, { account, password, place: placeOf(given), fault });
    throw fault;
  }
}
