import { randomUUID, timingSafeEqual } from 'node:crypto';

/** Who makes a call. For now always the person at this PC. */
export type Actor = { readonly id: string; readonly name: string };

/** What every call carries: who, through which door, and the id under which all of it can be found in the log. */
export type CallContext = { readonly actor: Actor; readonly client: 'console' | 'cli'; readonly reqHeaders?: Headers };

export const localOperator: Actor = { id: 'local-operator', name: 'Local operator' };

const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The caller's correlation id, or a new one where it gives none that can be used. */
export function correlationIdOf(context: CallContext): string {
  const given = context.reqHeaders?.get('x-correlation-id') ?? '';
  return uuidShape.test(given) ? given.toLowerCase() : randomUUID();
}

/** Compare a secret without telling by the time taken how much of it fits. */
export function isSameSecret(given: string | undefined, wanted: string): boolean {
  const a = Buffer.from(given ?? '', 'utf8');
  const b = Buffer.from(wanted, 'utf8');
  return a.length === b.length && timingSafeEqual(a, b);
}
