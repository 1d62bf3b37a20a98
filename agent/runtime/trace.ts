import type { DeliveryOfTrace, Trace, TraceFound, TraceQuery } from '../../contract/trace.ts';
import { connectionById, property } from '../../db/pipeline/connections.ts';
import { heldSending } from '../../db/pipeline/held-sending.ts';
import { findEvent } from '../../db/pipeline/trace-find.ts';
import { type StoredDelivery, type TraceOf, traceWay } from '../../db/pipeline/trace-way.ts';
import type { Agent } from '../index.ts';
import { hotelTime } from './hotel-clock.ts';

const uuidShape = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Find records, and rows that were set aside, by whatever somebody knows of them. */
export async function findTraces({ stores, now }: Agent, query: TraceQuery, signal: AbortSignal): Promise<TraceFound> {
  const dayStartMs = hotelTime(property(stores.read)?.timeZone ?? 'UTC', now()).startOfDay().epochMilliseconds;
  const found = await stores.reads.traceFind(query, dayStartMs);
  if (found.hits.length > 0 || query.text === undefined || !uuidShape.test(query.text)) return found;
  const hit = await findEvent(stores.read, stores.secrets.dataKey, query.text.toLowerCase(), signal);
  return hit ? { ...found, hits: [hit] } : found;
}

/** Give the way of one version of a record. @throws {Fault} `record-not-found` */
export function traceOf(agent: Agent, of: TraceOf): Trace {
  const { stations, deliveries, later, ...known } = traceWay(agent.stores.read, agent.stores.secrets.dataKey, of);
  return {
    ...known,
    stations: [
      ...stations,
      ...deliveries.map((one) => ({ ...one, waiting: one.waiting && waitingOf(agent, one, one.waiting) })),
      ...later.map((letter) => ({ kind: 'set-aside' as const, atMs: letter.setAsideAtMs, letter })),
    ],
  };
}

type Waiting = NonNullable<DeliveryOfTrace['waiting']>;

/** Say why something has not been sent yet: what a person has decided comes before what the line does. */
function waitingOf(agent: Agent, { destinationId }: StoredDelivery, known: NonNullable<StoredDelivery['waiting']>): Waiting {
  const nothing = { ...known, fault: null, reason: null, nextTryAtMs: null };
  if (connectionById(agent.stores.read, destinationId)?.isPaused) return { ...nothing, why: 'paused' };
  const held = heldSending(agent.stores.read)(destinationId, agent.now());
  if (held) return { ...nothing, why: 'held', reason: held.reason, nextTryAtMs: held.untilMs };
  const line = agent.destinations.state(destinationId);
  if (!line) return { ...nothing, why: 'agent-not-running' };
  const { fault, nextTryAtMs, breaker } = line;
  if (!fault) return { ...nothing, why: 'its-turn' };
  return { ...nothing, why: breaker === 'closed' ? 'fault' : 'breaker', fault: fault.report(), nextTryAtMs };
}
