import { createHash, X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { checkServerIdentity, type PeerCertificate, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { z } from 'zod';
import { Fault } from '../../contract/faults.ts';
import { policies } from '../resilience/policies.ts';
import { lineFault } from './line-faults.ts';

/** What every destination asks of the one at the other end of a secure line, in the words of its form. */
export const trustSettings = {
  caPem: z.string().max(100_000).optional().meta({
    title: 'Certificate of your own authority',
    description: 'PEM text. Needed only if the other end, or a proxy that opens secure lines, uses one.',
    'x-widget': 'textarea',
    'x-advanced': true,
  }),
  pinnedKey: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/)
    .optional()
    .meta({
      title: 'Pinned key',
      description: 'SHA-256 of the public key of the other end, in base64. Any other key is refused.',
      'x-advanced': true,
    }),
} as const;

export const allowPlainOnThisPc = z.boolean().default(false).meta({
  title: 'Allow a line without TLS to this PC',
  description: 'Only for a server on 127.0.0.1.',
  'x-advanced': true,
});

export type Trust = { readonly caPem?: string | undefined; readonly pinnedKey?: string | undefined };

/** How TLS is spoken with a destination, whatever is spoken inside of it. */
export function tlsOptions({ caPem, pinnedKey }: Trust) {
  return {
    ...(caPem ? { ca: caPem } : {}),
    minVersion: 'TLSv1.2' as const,
    // Said here, it holds against NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment, which would pass by the pin as well.
    rejectUnauthorized: true,
    checkServerIdentity: (host: string, cert: PeerCertificate) => checkServerIdentity(host, cert) ?? pinError(cert, pinnedKey),
  };
}

/** The fingerprint that people pin: SHA-256 over the public key, so that a renewed certificate with the same key still fits. */
function pinError(cert: PeerCertificate, pinned: string | undefined): Error | undefined {
  if (pinned === undefined) return undefined;
  const key = new X509Certificate(cert.raw).publicKey.export({ type: 'spki', format: 'der' });
  const found = createHash('sha256').update(key).digest('base64');
  return found === pinned ? undefined : Object.assign(new Error('another key'), { code: 'BELLHOP_PIN' });
}

/** Whether a line may go without TLS. @throws {Fault} when that is asked for a server that is not this very PC. */
export function isPlainLine({ host, allowPlainOnThisPc: isAllowed }: { readonly host: string; readonly allowPlainOnThisPc: boolean }) {
  if (!isAllowed) return false;
  if (host === '127.0.0.1' || host === '::1') return true;
  throw new Fault('input-wrong', { detail: 'a line without TLS is allowed only to 127.0.0.1' });
}

/** Where a server is. `shown` is how people read it. */
export type Place = { readonly host: string; readonly port: number; readonly shown: string };

/** The name that a server is asked for, so that it can show the right certificate. An address is none (RFC 6066 §3). */
export function serverName(host: string): { servername?: string } {
  return isIP(host) ? {} : { servername: host };
}

/** Find the addresses of a name. */
export async function addressesOf({ host, shown }: Place, signal: AbortSignal): Promise<string> {
  const found = await bounded(lookup(host, { all: true }), { shown, signal, ms: policies.connectTimeoutMs }).catch((error: unknown) => {
    throw lineFault(error, { host: shown, proxy: null });
  });
  return found.map(({ address }) => address).join(', ');
}

/** Make a TCP line. The caller ends it. */
export async function reach({ host, port, shown }: Place, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port });
  return opened(socket, 'connect', shown, signal);
}

/** Lay TLS over a line. The caller ends it. */
export async function secured(socket: Socket, { host, shown }: Place, trust: Trust, signal: AbortSignal): Promise<TLSSocket> {
  return opened(tlsConnect({ socket, host, ...serverName(host), ...tlsOptions(trust) }), 'secureConnect', shown, signal);
}

async function opened<S extends Socket>(socket: S, event: 'connect' | 'secureConnect', shown: string, signal: AbortSignal): Promise<S> {
  const { promise, resolve, reject } = Promise.withResolvers<S>();
  socket.once(event, () => resolve(socket));
  socket.on('error', reject);
  socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  try {
    return await bounded(promise, { shown, signal, ms: policies.connectTimeoutMs });
  } catch (error) {
    socket.destroy();
    throw lineFault(error, { host: shown, proxy: null });
  }
}

/**
 * Wait for something of a line, but no longer than the signal and the clock allow.
 * @throws {Fault} `stopped` or `upstream-timeout` when they end the wait.
 */
export async function bounded<T>(
  running: Promise<T>,
  { shown, signal, ms }: { readonly shown: string; readonly signal: AbortSignal; readonly ms: number },
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () => reject(new Fault('upstream-timeout', { host: shown, seconds: String(ms / 1000) }));
  const stopped = () => reject(new Fault('stopped'));
  const timer = setTimeout(late, ms);
  signal.addEventListener('abort', stopped, { once: true });
  if (signal.aborted) stopped();
  // The one that comes too late is nobody's any more.
  running.catch(() => undefined);
  try {
    return await Promise.race([running, promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stopped);
  }
}
