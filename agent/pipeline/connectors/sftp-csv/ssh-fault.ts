import { Fault } from '../../../../contract/faults.ts';
import type { HostKey } from './host-key.ts';
import type { SshHost } from './ssh-line.ts';

/** SFTP status codes. @source draft-ietf-secsh-filexfer-02 §7 */
export const endOfFile = 1;
export const noSuchFile = 2;
export const permissionDenied = 3;

/** The status that a server has answered with; null for what is not its answer. */
export function statusOf(error: unknown): number | null {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'number' ? code : null;
}

/** Say that the key of a server is not the one that a person has confirmed. */
export function wrongHostKey({ host, hostKey, pinnedIn }: Pick<SshHost, 'host' | 'hostKey' | 'pinnedIn'>, found: HostKey): Fault {
  if (hostKey === undefined) return new Fault('host-key-unknown', { host, key: found.text, words: found.words, setting: pinnedIn });
  return new Fault('host-key-changed', { host, pinned: hostKey, key: found.text });
}

/** Give a failure of the line its name. The driver's error stays as the cause. */
export function sshFault(error: unknown, spec: Pick<SshHost, 'host' | 'hostKey' | 'user'>): Fault {
  if (error instanceof Fault) return error;
  const { host, hostKey, user } = spec;
  const { message = '', level = '', code } = error as { message?: string; level?: string; code?: unknown };
  const because = { cause: error };
  if (level === 'client-authentication') return new Fault('login-refused', { host, user }, because);
  if (/no matching host key format/.test(message) && hostKey !== undefined)
    return new Fault('host-key-changed', { host, pinned: hostKey, key: 'none of that kind' }, because);
  const weak = /no matching (.+)$/.exec(message)?.[1];
  if (weak !== undefined) return new Fault('ssh-weak', { host, detail: weak }, because);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new Fault('source-unreachable', { host, detail: 'there is no server of that name' }, because);
  if (level === 'client-timeout') return new Fault('source-unreachable', { host, detail: 'it does not answer in time' }, because);
  return new Fault('source-unreachable', { host, detail: typeof code === 'string' ? code : 'the line broke' }, because);
}
