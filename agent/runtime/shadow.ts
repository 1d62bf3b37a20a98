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
  const connection: Connection = { ...destinationOf(agent, id), isShadow };
  const entry = entryOf(agent, caller, { action: 'shadow-set', kind: 'connection', id, detail: { isShadow } });
  await agent.saveConnection(connection, [entry]);
  return connection;
}

/**
 * Send so many of a hundred records to a destination from now on. Where it is more than before, what it has not got yet is ordered to be sent
 * again: what it has is passed over by it as known.
 */
export async function setShare(
  agent: Agent,
  { id, percent }: { readonly id: string; readonly percent: number },
  caller: Caller,
  signal: AbortSignal,
): Promise<Connection> {
  const before = destinationOf(agent, id);
  const connection: Connection = { ...before, sharePercent: percent };
  const was = before.sharePercent ?? 100;
  const entry = entryOf(agent, caller, { action: 'share-set', kind: 'connection', id, detail: { before: was, after: percent } });
  const isMissing = percent > was && delivery(agent.stores.read, id).withheld > 0;
  const selection = { kind: 'range', by: 'kept' } as const;
  const again = isMissing ? await newResend(agent, { destinationId: id, selection }, caller, signal) : null;
  // In one transaction: a larger share without the order would leave records out for good.
  await agent.stores.writer.audited([entry, ...(again ? [again.entry] : [])], 'setShare', [connection, again?.resend ?? null]);
  await agent.configurationChanged();
  agent.live.tell('resends');
  return connection;
}
