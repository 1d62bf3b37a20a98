import { randomUUID } from 'node:crypto';
import type { ConnectionDraft } from '../../contract/connection.ts';
import { Fault } from '../../contract/faults.ts';
import { property } from '../../db/pipeline/connections.ts';
import type { Agent } from '../index.ts';
import type { SecretField } from '../pipeline/connector.ts';
import { neverLog } from './log.ts';

type Fields = Readonly<Record<string, SecretField>>;

/** A key pair that was made and never used is forgotten after this long: an operator may take weeks to enter its public half. */
const unusedMs = 60 * 86_400_000;
/** Bound to the kind and the field it was made for: in another field it could be sent as it is to a server. */
const referenceTo = (kind: string, field: string) => `made:${kind}:${field}:`;

/**
 * Make a secret that never leaves this agent. Whoever asked gets a reference, which stands for it in a draft, and the half that is
 * for the other side.
 * @throws {Fault} `input-wrong` when this field is none that can be made.
 */
export async function makeSecret(
  agent: Agent,
  kind: string,
  field: string,
  fields: Fields,
): Promise<{ reference: string; handOver: string }> {
  const { maker } = fields[field] ?? {};
  if (!maker) throw new Fault('input-wrong', { detail: `there is nothing called ${field} that could be made here` });
  const { secret, handOver } = maker.make(whoseOf(agent));
  neverLog([secret]);
  const reference = `${referenceTo(kind, field)}${randomUUID()}`;
  agent.stores.secrets.put(reference, { [field]: secret });
  await agent.stores.writer.step('planForgetting', [reference, agent.now() + unusedMs]);
  return { reference, handOver };
}

/** The half of a stored secret that is for the other side, or null where none is stored. */
export function handOverOf(agent: Agent, connectionId: string, field: string, fields: Fields): string | null {
  const { maker } = fields[field] ?? {};
  const stored = agent.stores.secrets.of(connectionId);
  return maker && stored[field] ? maker.handOver(stored, whoseOf(agent)) : null;
}

/**
 * Put the secrets that were made in the place of their references.
 * One that was made for something else is no reference here and opens nothing.
 *
 * @throws {Fault} `input-wrong` when one is not kept here any more.
 */
export function withMade<D extends ConnectionDraft>(agent: Agent, draft: D): D {
  const secrets = Object.entries(draft.secrets).map(([field, value]) => {
    if (!value.startsWith(referenceTo(draft.kind, field))) return [field, value];
    const made = agent.stores.secrets.of(value)[field];
    if (made === undefined) throw new Fault('input-wrong', { detail: 'what was made for this is not kept here any more: make it again' });
    return [field, made];
  });
  return { ...draft, secrets: Object.fromEntries(secrets) };
}

/** Forget what a draft has used: it is stored with its connection now. */
export function forgetMade(agent: Agent, draft: ConnectionDraft): void {
  for (const [field, value] of Object.entries(draft.secrets))
    if (value.startsWith(referenceTo(draft.kind, field))) agent.stores.secrets.forget(value);
}

function whoseOf(agent: Agent): string {
  return `bellhop@${property(agent.stores.read)?.hotelId ?? 'hotel'}`;
}
