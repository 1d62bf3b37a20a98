import type { Connection } from '../../contract/connection.ts';
import { Fault } from '../../contract/faults.ts';
import { delivery } from '../../db/pipeline/outbox.ts';
import type { Agent } from '../index.ts';
import { type Caller, entryOf } from './audit.ts';
import { existing } from './configuration.ts';
import { newResend } from './resends.ts';

/** @throws {Fault} `connection-not-found`, or `input-wrong` when it is none that records are sent to. */
function destinationOf(agent: Agent, id: string): Connection {
  const connection = existing(agent, id);
  if (connection.direction !== 'destination') throw new Fault('input-wrong', { detail: `${connection.title} is no destination` });
  return connection;
}

/** Make a destination a shadow, or one like the others again: then it holds back what is pruned from where it stands. */
export async function setShadow(
  agent: Agent,
  { id, isShadow }: { readonly id: string; readonly isShadow: boolean },
  caller: Caller,
): Promise<Connection> {
  destinationOf(agent, id);
  const entry = entryOf(agent, caller, { action: 'shadow-set', kind: 'connection', id, detail: { isShadow } });
  // Only this is changed: somebody else may have paused or removed it since it was read.
  if (!(await agent.stores.writer.audited([entry], 'setShadow', [id, isShadow]))) throw new Fault('connection-not-found', { id });
  await agent.configurationChanged();
  return existing(agent, id);
}

/**
 * Send so many of a hundred records to a destination from now on. Where it is more than before, what it has not got yet is ordered to be sent
 * again: what it has is passed over by it as known. The line of the destination stands still while the share changes, so that nothing is
 * withheld by the share before behind the end of that order.
 *
 * @throws {Fault} `input-wrong` when somebody else has changed the share meanwhile.
 */
export async function setShare(
  agent: Agent,
  { id, percent }: { readonly id: string; readonly percent: number },
  caller: Caller,
  signal: AbortSignal,
): Promise<Connection> {
  const shareOf = () => destinationOf(agent, id).sharePercent ?? 100;
  const was = shareOf();
  const selection = { kind: 'range', by: 'kept' } as const;
  // Counted before the line stands still: on a large ledger it takes seconds. How far the order goes is set with the share.
  const again = percent > was ? await newResend(agent, { destinationId: id, selection }, caller, signal) : null;
  await agent.destinations.whileHeld(id, async () => {
    if (shareOf() !== was) throw new Fault('input-wrong', { detail: 'the share was changed by somebody else meanwhile; look at it again' });
    const entry = entryOf(agent, caller, { action: 'share-set', kind: 'connection', id, detail: { before: was, after: percent } });
    // The line stands still, so what is withheld from it is all that will have been by this share.
    const missing = delivery(agent.stores.read, id).withheld > 0 ? again : null;
    // In one transaction: a larger share without the order would leave records out for good.
    const step = [id, percent, missing?.resend ?? null] as const;
    const isSet = await agent.stores.writer.audited([entry, ...(missing ? [missing.entry] : [])], 'setShare', [...step]);
    if (!isSet) throw new Fault('connection-not-found', { id });
  });
  await agent.configurationChanged();
  agent.live.tell('resends');
  return existing(agent, id);
}
