/**
 * Write the policy of one response.
 *
 * Nothing is allowed but what the console is made of. `connect-src 'none'`: inside Electron the page has no network at all, it
 * speaks through its port. Styles that the UI kit makes at run time carry the nonce; scripts go through Trusted Types, where only
 * the policy `default` (renderer) may exist, which refuses any text with markup.
 */
export function contentSecurityPolicy(nonce: string): string {
  return [
    `default-src 'none'`,
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src 'self' data:`,
    `font-src 'self'`,
    `connect-src 'none'`,
    `form-action 'none'`,
    `base-uri 'none'`,
    `frame-src 'none'`,
    `frame-ancestors 'none'`,
    `object-src 'none'`,
    `worker-src 'none'`,
    `require-trusted-types-for 'script'`,
    'trusted-types default',
  ].join('; ');
}
