import { Temporal } from 'temporal-polyfill';
import type { AuditAction, AuditDetail, AuditDraft } from '../../contract/audit.ts';
import { Fault } from '../../contract/faults.ts';
import type { Resend, ResendOrder, ResendRehearsal, ResendSelection } from '../../contract/resend.ts';
import { property } from '../../db/pipeline/connections.ts';
import { waitingBehind } from '../../db/pipeline/outbox.ts';
import type { ResendChoice } from '../../db/pipeline/resend-walk.ts';
import { type NewResend, resendById } from '../../db/pipeline/resends.ts';
import type { Agent } from '../index.ts';
import { countMeant, type RehearsalTools, rehearseResend } from '../pipeline/rehearse-resend.ts';
import { type Caller, entryOf } from './audit.ts';
import { existing } from './configuration.ts';

/** @throws {Fault} `connection-not-found`, or `input-wrong` when it is none that records are sent to. */
function destinationOf(agent: Agent, id: string): void {
  const { direction, title } = existing(agent, id);
  if (direction !== 'destination') throw new Fault('input-wrong', { detail: `${title} is no destination` });
}

/** The first and the last millisecond of days of the hotel. */
function keptBetween(zone: string, from: string | undefined, to: string | undefined) {
  const start = (day: string, plus: number) =>
    Temporal.PlainDate.from(day).add({ days: plus }).toZonedDateTime({ timeZone: zone }).epochMilliseconds;
  return {
    ...(from === undefined ? {} : { keptFromMs: start(from, 0) }),
    ...(to === undefined ? {} : { keptToMs: start(to, 1) - 1 }),
  };
}

/** Put what a person has chosen into the words of the store. @throws {Fault} `input-wrong` for days that there are not. */
function choiceOf(agent: Agent, selection: ResendSelection): ResendChoice {
  switch (selection.kind) {
    case 'records':
      return { kind: 'keys', keys: selection.keys };
    case 'list':
      return { kind: 'filter', filter: selection.query };
    case 'letters': {
      const { letters } = selection;
      if ('ids' in letters) return { kind: 'letters', ids: letters.ids, connectionId: null, upToId: null };
      return { kind: 'letters', ids: null, connectionId: letters.connectionId ?? null, upToId: letters.upToId };
    }
    case 'range': {
      const { entity, by, from, to } = selection;
      if (from !== undefined && to !== undefined && from > to)
        throw new Fault('input-wrong', { detail: 'the first day lies behind the last one' });
      if (by === 'stay') return { kind: 'filter', filter: { entity, dayFrom: from, dayTo: to } };
      try {
        return { kind: 'filter', filter: { entity, ...keptBetween(property(agent.stores.read)?.timeZone ?? 'UTC', from, to) } };
      } catch (error) {
        throw new Fault('input-wrong', { detail: 'there is no such day' }, { cause: error });
      }
    }
    default:
      throw new Error(`a selection of another kind: ${JSON.stringify(selection satisfies never)}`);
  }
}

function meantBy(agent: Agent, { destinationId, selection }: ResendOrder) {
  destinationOf(agent, destinationId);
  return { choice: choiceOf(agent, selection), destinationId, upTo: waitingBehind(agent.stores.read, 0).lastSeq };
}

function toolsOf({ stores, now }: Agent): RehearsalTools {
  return { key: stores.secrets.dataKey, read: stores.read, reads: stores.reads, now };
}

/** What is written down of a choice: its kind, days and counts; no key, and no words that were searched for. */
export function selectionDetail(selection: ResendSelection): AuditDetail {
  switch (selection.kind) {
    case 'records':
      return { kind: 'records', records: selection.keys.length };
    case 'list':
      return { kind: 'list', entity: selection.query.entity, by: Object.keys(selection.query).sort() };
    case 'letters':
      return {
        kind: 'letters',
        letters: 'ids' in selection.letters ? selection.letters.ids.length : `up to no. ${selection.letters.upToId}`,
      };
    case 'range': {
      const { entity = null, by, from = null, to = null } = selection;
      return { kind: 'range', entity, by, from, to };
    }
    default:
      throw new Error(`a selection of another kind: ${JSON.stringify(selection satisfies never)}`);
  }
}

/** @throws {Fault} `connection-not-found`, `input-wrong`; `stopped` when the signal fires. */
export function rehearsal(agent: Agent, order: ResendOrder, signal: AbortSignal): AsyncGenerator<ResendRehearsal> {
  // Not a generator itself: what is wrong with the order is thrown while the call can still be answered with it.
  return rehearseResend(toolsOf(agent), meantBy(agent, order), signal);
}

/** Write down whose fields a rehearsal shows, before it shows them. */
export async function* samplesNoted(agent: Agent, steps: AsyncIterable<ResendRehearsal>, caller: Caller) {
  const noted = new Set<string>();
  for await (const step of steps) {
    for (const { ledgerId, externalId, changes } of step.samples) {
      const key = `${ledgerId} ${externalId}`;
      if (changes.length > 0 && !noted.has(key))
        await agent.views.note(agent, caller, { action: 'record-opened', kind: 'record', id: externalId, detail: { ledgerId } });
      noted.add(key);
    }
    yield step;
  }
}

/** Make an order out of what a person wants, with what is written down of it. */
export async function newResend(
  agent: Agent,
  order: ResendOrder,
  caller: Caller,
  signal: AbortSignal,
): Promise<{ resend: NewResend; entry: AuditDraft }> {
  const meant = meantBy(agent, order);
  const total = await countMeant(toolsOf(agent), meant, signal);
  const { actor, correlationId } = caller;
  const detail = { ...selectionDetail(order.selection), total };
  const entry = entryOf(agent, caller, { action: 'resend-ordered', kind: 'connection', id: order.destinationId, detail });
  const by = { actorId: actor.id, actorName: actor.name, correlationId };
  return { resend: { ...order, choice: meant.choice, upToSeq: meant.upTo, total, ...by }, entry };
}

/** Take an order down. It is carried out by the push of its destination, also after a restart. */
export async function orderResend(agent: Agent, order: ResendOrder, caller: Caller, signal: AbortSignal): Promise<Resend> {
  const { resend, entry } = await newResend(agent, order, caller, signal);
  const id = await agent.stores.writer.audited([entry], 'orderResend', [resend]);
  agent.destinations.wake();
  agent.live.tell('resends');
  return found(agent, id);
}

/** @throws {Fault} `input-wrong` */
function found(agent: Agent, id: number): Resend {
  const resend = resendById(agent.stores.read, id);
  if (!resend) throw new Fault('input-wrong', { detail: `there is no order to send again with the number ${id}` });
  return resend;
}

const changes = {
  pause: { from: ['running'], to: 'paused', action: 'resend-paused' },
  resume: { from: ['paused'], to: 'running', action: 'resend-resumed' },
  cancel: { from: ['running', 'paused'], to: 'cancelled', action: 'resend-cancelled' },
} as const satisfies Record<string, { from: readonly Resend['state'][]; to: Resend['state']; action: AuditAction }>;

/** Pause an order, let it go on, or end it: after the request that is under way, whose records were sent. Doing it twice changes nothing. */
export async function changeResend(agent: Agent, id: number, how: keyof typeof changes, caller: Caller): Promise<Resend> {
  const { destinationId, state } = found(agent, id);
  const { from, to, action } = changes[how];
  const entry = entryOf(agent, caller, { action, kind: 'connection', id: destinationId, detail: { resend: id } });
  const isChanged = await agent.stores.writer.audited([entry], 'changeResend', [id, from, to]);
  if (!isChanged && state !== to && found(agent, id).state !== to) throw new Fault('input-wrong', { detail: 'this order is over already' });
  agent.destinations.wake();
  agent.live.tell('resends');
  return found(agent, id);
}
