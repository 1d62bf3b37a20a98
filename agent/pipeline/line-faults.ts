import { Fault } from '../../contract/faults.ts';
import { policies } from '../resilience/policies.ts';

const untrusted = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
]);
const timeouts = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
  'ABORT_ERR',
  'TimeoutError',
]);

type NetworkError = {
  readonly code?: string;
  readonly name?: string;
  readonly message?: string;
  readonly cause?: unknown;
  readonly statusCode?: number;
};

/** Give a failure of the network, of TLS or of a proxy its name. The driver's own error stays as the cause. */
export function lineFault(error: unknown, line: { readonly host: string; readonly proxy: string | null }): Fault {
  const chain = causes(error);
  const { host } = line;
  const because = { cause: error };
  const codes = new Set(chain.flatMap((one) => [one.code, one.name]));
  const has = (code: string) => codes.has(code);
  if (error instanceof Fault) return error;
  if (has('BELLHOP_PIN')) return new Fault('tls-pin', { host }, because);
  if (has('CERT_NOT_YET_VALID'))
    return new Fault('tls-failed', { host, reason: 'its certificate is not valid yet; is the clock of this PC right?' }, because);
  if (has('CERT_HAS_EXPIRED')) return new Fault('tls-expired', { host, date: expiry(chain) }, because);
  if (has('ERR_TLS_CERT_ALTNAME_INVALID')) return new Fault('tls-wrong-host', { host }, because);
  if ([...codes].some((code) => untrusted.has(code ?? ''))) return new Fault('tls-untrusted', { host }, because);
  const proxy = line.proxy;
  if (proxy !== null) {
    const status = chain.map((one) => /Proxy response \((\d{3})\)/.exec(one.message ?? '')?.[1]).find((found) => found !== undefined);
    if (status === '407') return new Fault('proxy-login', { host: proxy }, because);
    if (status !== undefined) return new Fault('upstream-unreachable', { host, detail: `the proxy says ${status}` }, because);
    if (has('ECONNREFUSED') || has('ENOTFOUND') || has('EAI_AGAIN')) return new Fault('proxy-unreachable', { host: proxy }, because);
  }
  if (has('ENOTFOUND') || has('EAI_AGAIN')) return new Fault('upstream-name-unknown', { host }, because);
  if ([...codes].some((code) => timeouts.has(code ?? '')))
    return new Fault('upstream-timeout', { host, seconds: String(waitedMs(codes) / 1000) }, because);
  const tls = [...codes].find((code) => code?.startsWith('ERR_SSL') || code === 'EPROTO');
  if (tls) return new Fault('tls-failed', { host, reason: tls }, because);
  const code = chain.map((one) => one.code).find((found) => found !== undefined);
  return new Fault('upstream-unreachable', { host, detail: code ?? 'the line broke' }, because);
}

function waitedMs(codes: ReadonlySet<string | undefined>): number {
  if (codes.has('UND_ERR_CONNECT_TIMEOUT') || codes.has('ETIMEDOUT')) return policies.connectTimeoutMs;
  if (codes.has('UND_ERR_HEADERS_TIMEOUT')) return policies.headersTimeoutMs;
  return codes.has('UND_ERR_BODY_TIMEOUT') ? policies.bodyTimeoutMs : policies.totalTimeoutMs;
}

function causes(error: unknown): NetworkError[] {
  const chain: NetworkError[] = [];
  for (let at = error as NetworkError | undefined; at && chain.length < 6; at = at.cause as NetworkError | undefined) {
    chain.push(at);
    const inner = (at as { errors?: NetworkError[] }).errors;
    if (inner) chain.push(...inner);
  }
  return chain;
}

function expiry(chain: readonly NetworkError[]): string {
  const found = chain.map((one) => (one as { cert?: { valid_to?: string } }).cert?.valid_to).find((date) => date !== undefined);
  return found ? new Date(found).toISOString().slice(0, 10) : 'an earlier day';
}
