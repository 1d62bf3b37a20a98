import { createHash, X509Certificate } from 'node:crypto';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { Agent, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { policies } from '../../../resilience/policies.ts';
import type { Secrets, Settings } from './settings.ts';

export function isBypassed(hostname: string, list: string): boolean {
  return list
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
    .some((name) => hostname === name || (name.startsWith('.') && hostname.endsWith(name)));
}

export function dispatcher(given: Settings, secrets: Secrets, isProxied: boolean): Dispatcher {
  const tls = {
    ...(given.caPem ? { ca: given.caPem } : {}),
    minVersion: 'TLSv1.2' as const,
    // Said here, it holds against NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment, which would pass by the pin as well.
    rejectUnauthorized: true,
    checkServerIdentity: (host: string, cert: PeerCertificate) => checkServerIdentity(host, cert) ?? pinError(cert, given.pinnedKey),
  };
  const limits = {
    headersTimeout: policies.headersTimeoutMs,
    bodyTimeout: policies.bodyTimeoutMs,
    keepAliveTimeout: 10_000,
    connections: 2,
  };
  if (!isProxied || !given.proxyUrl) return new Agent({ ...limits, connect: { ...tls, timeout: policies.connectTimeoutMs } });
  const login = given.proxyUser
    ? `Basic ${Buffer.from(`${given.proxyUser}:${secrets.proxyPassword ?? ''}`).toString('base64')}`
    : undefined;
  return new ProxyAgent({
    ...limits,
    uri: given.proxyUrl,
    proxyTunnel: true,
    ...(login ? { token: login } : {}),
    requestTls: { ...tls, timeout: policies.connectTimeoutMs },
    proxyTls: { timeout: policies.connectTimeoutMs },
    // A proxy that takes the line and says nothing would be waited for five minutes.
    clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout: policies.headersTimeoutMs }),
  });
}

/** The fingerprint that people pin: SHA-256 over the public key, so that a renewed certificate with the same key still fits. */
function pinError(cert: PeerCertificate, pinned: string | undefined): Error | undefined {
  if (pinned === undefined) return undefined;
  const key = new X509Certificate(cert.raw).publicKey.export({ type: 'spki', format: 'der' });
  const found = createHash('sha256').update(key).digest('base64');
  return found === pinned ? undefined : Object.assign(new Error('another key'), { code: 'BELLHOP_PIN' });
}
