import type { Connection } from '../../contract/connection.ts';
import { envelopeFields } from '../../contract/envelope.ts';
import { Fault } from '../../contract/faults.ts';
import { eventFields, Heartbeat } from '../../contract/ingest.ts';
import {
  type Leaving,
  type LeavingDestination,
  type LeavingDraft,
  type LeavingEntity,
  type LeavingPreview,
  type LeavingReport,
  type LeavingRule,
  personalKind,
} from '../../contract/leaves.ts';
import { type EntityName, entityNames, entityOf } from '../../contract/record.ts';
import { connections } from '../../db/pipeline/connections.ts';
import { newestText } from '../../db/pipeline/newest-text.ts';
import { delivery, waitingBehind } from '../../db/pipeline/outbox.ts';
import type { Agent } from '../index.ts';
import { leavingOf, leavingSetting, withRules } from '../pipeline/outbox/leaving.ts';
import { allowedRules, assertLeaving } from '../pipeline/outbox/leaving-rules.ts';
import { sampleOf } from '../pipeline/outbox/masks.ts';
import { leavingKey } from '../pipeline/outbox/tokens.ts';
import { upstreams } from '../pipeline/registry.ts';
import { type Caller, entryOf } from './audit.ts';
import { existing } from './configuration.ts';

/** More rows than any destination is handed at once. */
const mostUnderway = 5000;

type Newest = { readonly keptAtMs: number; readonly record: Readonly<Record<string, unknown>> };

/** Say what leaves this hotel, by destination, kind of record and field. */
export function leavingReport(agent: Agent): LeavingReport {
  const newest = newestRecords(agent);
  const destinations = connections(agent.stores.read).filter(({ direction }) => direction === 'destination');
  return {
    always: [...Object.keys(eventFields), ...envelopeFields],
    destinations: destinations.map((connection) => destinationReport(agent, connection, newest)),
  };
}

/** The newest record of each kind. What cannot be read serves as no example, and is named when it is to be sent. */
function newestRecords({ stores }: Agent): ReadonlyMap<EntityName, Newest> {
  const found = new Map<EntityName, Newest>();
  for (const entity of entityNames) {
    try {
      const newest = newestText(stores.read, stores.secrets.dataKey, entity);
      if (newest) found.set(entity, { keptAtMs: newest.keptAtMs, record: JSON.parse(newest.text.toString('utf8')) });
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'database-damaged') throw error;
    }
  }
  return found;
}

function destinationReport(agent: Agent, { id, title, kind }: Connection, newest: ReadonlyMap<EntityName, Newest>): LeavingDestination {
  const leaving = leavingOf(agent.stores.read, id);
  const says = upstreams.get(kind)?.beside ?? [];
  return {
    id,
    title,
    kind,
    version: leaving?.version ?? 0,
    confirmed: delivery(agent.stores.read, id).confirmed,
    entities: entityNames.map((entity) => entityReport(entity, leaving, newest.get(entity)?.record ?? {})),
    beside: {
      heartbeat: says.includes('heartbeat') ? Object.keys(Heartbeat.shape) : [],
      question: says.includes('question') ? ['hotelId'] : [],
    },
  };
}

function entityReport(entity: EntityName, leaving: Leaving | null, record: Newest['record']): LeavingEntity {
  const set = leaving?.entities[entity]?.fields ?? {};
  const fields = entityOf(entity).fields.map(({ name, kind, isRequired }) => ({
    name,
    kind,
    isRequired,
    personal: personalKind(entity, name),
    sample: record[name] === undefined ? null : sampleOf(name, kind, record[name]),
    rule: set[name]?.rule ?? 'send',
    allowed: allowedRules(entity, name),
    sinceMs: set[name]?.sinceMs ?? null,
    actorId: set[name]?.actorId ?? null,
    actorName: set[name]?.actorName ?? null,
  }));
  return { entity, fields };
}

/** @throws {Fault} `connection-not-found`, or `input-wrong` when it is none that records are sent to. */
function destinationOf(agent: Agent, id: string): Connection {
  const connection = existing(agent, id);
  if (connection.direction !== 'destination') throw new Fault('input-wrong', { detail: `${connection.title} is no destination` });
  return connection;
}

function rulesOf(leaving: Leaving | null, entity: EntityName): Record<string, LeavingRule> {
  const fields = Object.entries(leaving?.entities[entity]?.fields ?? {});
  return Object.fromEntries(fields.map(([name, { rule }]) => [name, rule]));
}

/**
 * Show how the newest record of a kind would leave. A value that would leave as it is is shown masked: this page is no way to read records.
 * @throws {Fault} `leaving-rule-refused`
 */
export function leavingPreview(agent: Agent, { id, entity, rules: wanted }: LeavingDraft): LeavingPreview {
  destinationOf(agent, id);
  const rules = { ...rulesOf(leavingOf(agent.stores.read, id), entity), ...wanted };
  assertLeaving(entity, rules);
  const newest = newestRecords(agent).get(entity);
  const record = newest?.record ?? {};
  const left = withRules(record, entity, rules, leavingKey(agent.stores.secrets.dataKey));
  const fields = entityOf(entity).fields.map(({ name, kind }) => {
    const rule = rules[name] ?? 'send';
    const value = left[name];
    const shown = value === undefined ? null : rule === 'send' ? sampleOf(name, kind, value) : String(value);
    return { name, rule, shown };
  });
  return { keptAtMs: newest?.keptAtMs ?? null, fields };
}

/**
 * Set rules. They hold for whatever is sent from now on; nothing is sent again by it. The line of the destination stands still meanwhile, so
 * that it is certain what it may have been handed by the rules before.
 *
 * @throws {Fault} `leaving-rule-refused`; `input-wrong` when somebody else has changed the rules since they were looked at.
 */
export async function saveLeaving(
  agent: Agent,
  draft: LeavingDraft & { readonly version: number },
  caller: Caller,
): Promise<LeavingDestination> {
  const { id, entity } = draft;
  const connection = destinationOf(agent, id);
  await agent.destinations.whileHeld(id, async (sentSeq) => {
    const before = leavingOf(agent.stores.read, id);
    if ((before?.version ?? 0) !== draft.version) {
      throw new Fault('input-wrong', { detail: 'these rules were changed by somebody else meanwhile; look at them again' });
    }
    const rules = rulesOf(before, entity);
    assertLeaving(entity, { ...rules, ...draft.rules });
    const changed = Object.entries(draft.rules).filter(([field, rule]) => rule !== (rules[field] ?? 'send'));
    if (changed.length === 0) return;
    const after = changedLeaving(before, {
      entity,
      changed,
      atMs: agent.now(),
      caller,
      isKnownTo: () => mayBeKnownUpTo(agent, id, sentSeq),
    });
    const detail = {
      entity,
      version: after.version,
      changes: changed.map(([field, rule]) => `${field} ${rules[field] ?? 'send'} ${rule}`),
      rules: Object.entries(rulesOf(after, entity)).map(([field, rule]) => `${field} ${rule}`),
    };
    const entry = entryOf(agent, caller, { action: 'leaves-changed', kind: 'connection', id, detail });
    await agent.stores.writer.audited([entry], 'saveSetting', [leavingSetting(id), after]);
  });
  agent.live.tell('connections');
  return destinationReport(agent, connection, newestRecords(agent));
}

type Changed = {
  readonly entity: EntityName;
  readonly changed: readonly (readonly [string, LeavingRule])[];
  readonly atMs: number;
  readonly caller: Caller;
  readonly isKnownTo: () => number;
};

function changedLeaving(before: Leaving | null, { entity, changed, atMs, caller, isKnownTo }: Changed): Leaving {
  const of = before?.entities[entity];
  const set = { sinceMs: atMs, actorId: caller.actor.id, actorName: caller.actor.name };
  const fields = { ...of?.fields, ...Object.fromEntries(changed.map(([field, rule]) => [field, { rule, ...set }])) };
  return {
    version: (before?.version ?? 0) + 1,
    entities: { ...before?.entities, [entity]: { keptBackAfterSeq: of?.keptBackAfterSeq ?? isKnownTo(), fields } },
  };
}

/**
 * The newest row that a destination may have whole. Up to it versions keep the ids under which they have left: under others they would be
 * refused as another content of the same version. What this agent has not sent itself may have been under way when an earlier one ended.
 */
function mayBeKnownUpTo({ stores }: Agent, destinationId: string, sentSeq: number): number {
  const { confirmedSeq } = delivery(stores.read, destinationId);
  const { lastSeq } = waitingBehind(stores.read, 0);
  const underway = sentSeq === 0 && confirmedSeq > 0 ? confirmedSeq + mostUnderway : confirmedSeq;
  return Math.min(lastSeq, Math.max(sentSeq, underway));
}
