import { Agent, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { policies } from '../../../resilience/policies.ts';
import { tlsOptions } from '../../secure-line.ts';
import type { Secrets, Settings } from './settings.ts';

export function isBypassed(hostname: string, list: string): boolean {
  return list
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
    .some((name) => hostname === name || (name.startsWith('.') && hostname.endsWith(name)));
}

export function dispatcher(given: Settings, secrets: Secrets, isProxied: boolean): Dispatcher {
  const tls = tlsOptions(given);
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
