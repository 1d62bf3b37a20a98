import { Fault } from '../../contract/faults.ts';
import { heldSending } from '../../db/pipeline/held-sending.ts';
import type { Agent } from '../index.ts';
import { policies } from '../resilience/policies.ts';
import { type Caller, entryOf } from './audit.ts';
import { existing } from './configuration.ts';

type Trip = { readonly id: string; readonly reason: string; readonly until: 'reset' | 'trial' };

/** Stop sending to a destination. The batch that is under way is finished, and what comes in waits here. */
export async function tripBreaker(agent: Agent, { id, reason, until }: Trip, caller: Caller): Promise<void> {
  destinationOf(agent, id);
  const untilMs = until === 'trial' ? agent.now() + policies.breakerHalfOpenMs : null;
  const detail = { reason, until: untilMs === null ? null : new Date(untilMs).toISOString() };
  const entry = entryOf(agent, caller, { action: 'breaker-tripped', kind: 'connection', id, detail });
  await agent.stores.writer.audited([entry], 'holdSending', [{ destinationId: id, reason, untilMs, actorName: caller.actor.name }]);
  agent.destinations.lookAgain(id);
  agent.live.tell('overview');
}

/** Let sending to a destination go on and try at once. */
export async function resetBreaker(agent: Agent, id: string, caller: Caller): Promise<void> {
  destinationOf(agent, id);
  const entry = entryOf(agent, caller, { action: 'breaker-reset', kind: 'connection', id });
  await agent.stores.writer.audited([entry], 'releaseSending', [id]);
  agent.destinations.urge(id);
  agent.live.tell('overview');
}

/** A try at once means nothing where a person has stopped sending. @throws {Fault} `input-wrong` */
export function assertNotHeld(agent: Agent, id: string): void {
  if (heldSending(agent.stores.read)(id, agent.now()))
    throw new Fault('input-wrong', { detail: 'sending to this destination was stopped by a person: let it go on first' });
}

function destinationOf(agent: Agent, id: string): void {
  const { direction, title } = existing(agent, id);
  if (direction !== 'destination') throw new Fault('input-wrong', { detail: `${title} is no destination` });
}
