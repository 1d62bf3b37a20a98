import type { z } from 'zod';
import type { AuditDraft } from '../../contract/audit.ts';
import type { AdministratorLetter, Connection, ConnectionDraft } from '../../contract/connection.ts';
import { Fault } from '../../contract/faults.ts';
import { type EntityName, entityNames } from '../../contract/record.ts';
import { connectionById, connections, isIdUsed, property } from '../../db/pipeline/connections.ts';
import { sameRecordRule } from '../../db/pipeline/withheld.ts';
import type { Agent } from '../index.ts';
import type { Check, Connector, OpenContext, SecretField } from '../pipeline/connector.ts';
import { connectors, upstreams, usualSchedule } from '../pipeline/registry.ts';
import type { Upstream } from '../pipeline/upstream.ts';
import { type Caller, connectionDetail, entryOf } from './audit.ts';
import { neverLog } from './log.ts';
import { forgetMade, withMade } from './made-secrets.ts';
import { allMappings, mappingNamed } from './mappings.ts';
import { previewMs } from './schedule.ts';

/** How long a removed connection can be brought back with its secrets. The toast offers it for 10 s; a person may be slow. */
const undoMs = 15 * 60_000;

type System = { readonly direction: 'source'; readonly kind: Connector } | { readonly direction: 'destination'; readonly kind: Upstream };

/** @throws {Fault} `input-wrong` when there is no such kind of system. */
function systemOf(kind: string): System {
  const connector = connectors.get(kind);
  if (connector) return { direction: 'source', kind: connector };
  const upstream = upstreams.get(kind);
  if (upstream) return { direction: 'destination', kind: upstream };
  throw new Fault('input-wrong', { detail: `there is no kind of system called ${kind}` });
}

/** The secrets that a kind of system has. @throws {Fault} `input-wrong` when there is no such kind. */
export function secretFields(kind: string): Readonly<Record<string, SecretField>> {
  return systemOf(kind).kind.secrets;
}

/** @throws {Fault} `connection-not-found` */
export function existing(agent: Agent, id: string): Connection {
  const connection = connectionById(agent.stores.read, id);
  if (!connection) throw new Fault('connection-not-found', { id });
  return connection;
}

/** Check what a person has entered and give the settings as they are stored, defaults filled in. */
function checkedSettings(agent: Agent, draft: ConnectionDraft): { system: System; settings: Record<string, unknown> } {
  const system = systemOf(draft.kind);
  const parsed = system.kind.settings.safeParse(draft.settings);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = String(issue?.path[0] ?? '');
    const title = (system.kind.settings.shape[name] as z.ZodType | undefined)?.meta()?.title ?? name;
    throw new Fault('input-wrong', { detail: `${title}: ${issue?.message ?? ''}` });
  }
  const settings = parsed.data as Record<string, unknown>;
  if (typeof settings.mapping === 'string') {
    const mapping = mappingNamed(agent.stores.read, settings.mapping);
    if (settings.entity !== undefined && settings.entity !== mapping.entity) {
      throw new Fault('input-wrong', { detail: `the mapping ${mapping.title} is for ${mapping.entity} files` });
    }
  }
  const zone = property(agent.stores.read)?.timeZone ?? 'UTC';
  if (draft.schedule) previewMs(draft.schedule, zone, agent.now(), 1);
  return { system, settings };
}

function checkedSecrets(
  fields: Readonly<Record<string, SecretField>>,
  given: Readonly<Record<string, string>>,
  stored: Readonly<Record<string, string>>,
): string[] {
  for (const name of Object.keys(given)) {
    if (!(name in fields)) throw new Fault('input-wrong', { detail: `there is no secret called ${name}` });
  }
  const present = Object.keys(fields).filter((name) => given[name] || stored[name]);
  const missing = Object.entries(fields).find(([name, field]) => field.isRequired && !present.includes(name));
  if (missing) throw new Fault('input-wrong', { detail: `${missing[1].title} is missing` });
  return present;
}

function freeId(agent: Agent, draft: ConnectionDraft): string {
  if (draft.id) {
    if (isIdUsed(agent.stores.read, draft.id)) throw new Fault('connection-name-taken', { id: draft.id });
    return draft.id;
  }
  const plain =
    draft.title
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 30) || draft.kind;
  for (let number = 1; ; number++) {
    const id = number === 1 ? plain : `${plain}-${number}`;
    if (!isIdUsed(agent.stores.read, id)) return id;
  }
}

/**
 * The stored secrets that a draft may use: those of its own connection, as long as they go where they went before. A draft that
 * names another address or proxy has to bring its secrets, so that nobody can have them sent elsewhere.
 */
function usableSecrets(agent: Agent, draft: ConnectionDraft, settings: Readonly<Record<string, unknown>>): Record<string, string> {
  const before = draft.id ? connectionById(agent.stores.read, draft.id) : undefined;
  if (!before || before.kind !== draft.kind) return {};
  const goesElsewhere = [
    'url',
    'proxyUrl',
    'engine',
    'address',
    'tnsFolder',
    'clientFolder',
    'host',
    'port',
    'database',
    'user',
    'address',
    'tnsFolder',
    'jumpHost',
    'jumpPort',
    'jumpUser',
    'folder',
    'shareUser',
  ].some((name) => (settings[name] ?? '') !== (before.settings[name] ?? ''));
  return goesElsewhere ? {} : agent.stores.secrets.of(before.id);
}

/** A secret left empty in a form keeps the one that is stored. */
function filled(secrets: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== ''));
}

export async function addConnection(agent: Agent, given: ConnectionDraft, caller: Caller): Promise<Connection> {
  const draft = withMade(agent, given);
  const { system, settings } = checkedSettings(agent, draft);
  const secrets = checkedSecrets(system.kind.secrets, draft.secrets, {});
  const connection: Connection = {
    id: freeId(agent, draft),
    kind: draft.kind,
    direction: system.direction,
    title: draft.title,
    settings,
    secrets,
    schedule: draft.schedule ?? (system.direction === 'source' ? system.kind.schedule : undefined) ?? usualSchedule,
    isPaused: draft.isPaused ?? false,
    createdAtMs: agent.now(),
  };
  // The secret first: a connection never stands there without what it logs in with.
  agent.stores.secrets.put(connection.id, filled(draft.secrets));
  neverLog(Object.values(draft.secrets));
  await agent.addConnection(connection, changeEntries(agent, caller, { before: null, after: connection, draft }));
  forgetMade(agent, given);
  return connection;
}

type Change = { readonly before: Connection | null; readonly after: Connection; readonly draft: ConnectionDraft };

/** What is written down of a connection that is added or changed; what became less safe than usual has an entry of its own. */
function changeEntries(agent: Agent, caller: Caller, { before, after, draft }: Change): AuditDraft[] {
  const secrets = Object.keys(filled(draft.secrets));
  const had = before ? exceptionsOf(before) : [];
  const allowed = exceptionsOf(after).filter((exception) => !had.includes(exception));
  const of = { kind: 'connection', id: after.id } as const;
  return [
    entryOf(agent, caller, {
      ...of,
      action: before ? 'connection-changed' : 'connection-added',
      detail: connectionDetail(before, after, secrets),
    }),
    ...allowed.map((exception) => entryOf(agent, caller, { ...of, action: 'exception-allowed', detail: { exception } })),
  ];
}

export async function changeConnection(
  agent: Agent,
  entered: ConnectionDraft & { readonly id: string },
  caller: Caller,
): Promise<Connection> {
  const draft = withMade(agent, entered);
  const before = existing(agent, draft.id);
  if (before.kind !== draft.kind) throw new Fault('input-wrong', { detail: 'a connection keeps its kind' });
  const { system, settings } = checkedSettings(agent, draft);
  const kept = usableSecrets(agent, draft, settings);
  const secrets = checkedSecrets(system.kind.secrets, draft.secrets, kept);
  const given = filled(draft.secrets);
  const goesElsewhere = Object.keys(kept).length === 0;
  const fields = { title: draft.title, settings, secrets, schedule: draft.schedule ?? before.schedule };
  const connection: Connection = { ...before, ...fields };
  assertStillLed(agent, before, connection);
  const put = () => {
    agent.stores.secrets.put(draft.id, given);
    neverLog(Object.values(given));
  };
  if (before.direction === 'source') await agent.sources.stopOne(draft.id);
  // The old address never meets the new secrets, nor the new one the old: a run that starts in between has none.
  if (goesElsewhere) {
    agent.stores.secrets.forget(draft.id);
    // A file of the same name and size on another server is not the one that was taken.
    await agent.stores.writer.step('withdrawIntents', ['put-away-file', draft.id]);
  } else if (Object.keys(given).length > 0) put();
  await agent.changeConnection(draft.id, fields, changeEntries(agent, caller, { before, after: connection, draft }));
  if (goesElsewhere && Object.keys(given).length > 0) put();
  // A login that was refused rests until somebody has changed something: this was it.
  await agent.logins.forgive(Object.values(given));
  await agent.stores.writer.step('clearAlert', [draft.id, 'source-login']);
  forgetMade(agent, entered);
  if (before.direction === 'source') await agent.sources.stopOne(draft.id);
  else await agent.destinations.renew(draft.id);
  return existing(agent, draft.id);
}

/** The kind of record that a connection brings; null where it may bring several, or its mapping is no more. */
function entityBy(agent: Agent, { settings }: Connection): EntityName | null {
  return allMappings(agent.stores.read).find(({ name }) => name === settings.mapping)?.entity ?? null;
}

/**
 * A source that leads by a rule for two sources keeps a connection: without one nothing would come in the place of what is withheld for it.
 * @throws {Fault} `input-wrong`
 */
function assertStillLed(agent: Agent, before: Connection, after: Connection | null): void {
  const { read } = agent.stores;
  const { source } = before.settings;
  if (before.direction !== 'source' || after?.settings.source === source) return;
  const others = connections(read).filter((one) => one.direction === 'source' && one.id !== before.id && one.settings.source === source);
  const brings = (one: Connection, entity: EntityName) => [entity, null].includes(entityBy(agent, one));
  for (const entity of entityNames) {
    const rule = sameRecordRule(read, entity);
    if (rule.rule !== 'leads' || rule.source !== source || !brings(before, entity) || others.some((one) => brings(one, entity))) continue;
    throw new Fault('input-wrong', {
      detail: `by the rule for ${entity} the source ${source} leads, and no other connection brings it; change the rule first`,
    });
  }
}

/** @throws {Fault} `connection-not-found`; `input-wrong` where it is the last one of a source that leads by a rule. */
export async function removeConnection(agent: Agent, id: string, caller: Caller): Promise<void> {
  const before = existing(agent, id);
  const { title } = before;
  assertStillLed(agent, before, null);
  await agent.sources.stopOne(id);
  const entry = entryOf(agent, caller, { action: 'connection-removed', kind: 'connection', id, detail: { title } });
  await agent.stores.writer.audited([entry], 'removeConnection', [id, agent.now() + undoMs]);
  await agent.configurationChanged();
}

export async function restoreConnection(agent: Agent, id: string, caller: Caller): Promise<Connection> {
  const entry = entryOf(agent, caller, { action: 'connection-restored', kind: 'connection', id });
  await agent.stores.writer.audited([entry], 'restoreConnection', [id]);
  const connection = existing(agent, id);
  await agent.configurationChanged();
  return connection;
}

/** A draft of a source, as its connector opens it. */
export type OpenableSource = { readonly connector: Connector; readonly settings: Record<string, unknown>; readonly context: OpenContext };

/**
 * Make a draft of a source ready to be opened before it is stored.
 * @param sampled settings that may be missing yet: in their place stand those of the connector's sample.
 * @throws {Fault} `input-wrong` where the draft is none of a source, or not whole.
 */
export function openableSource(agent: Agent, given: ConnectionDraft, sampled: readonly string[] = []): OpenableSource {
  const made = withMade(agent, given);
  const { kind } = systemOf(made.kind);
  const samples = Object.entries(kind.sample as Record<string, unknown>).filter(([name]) => sampled.includes(name));
  const draft = { ...made, settings: { ...Object.fromEntries(samples), ...made.settings } };
  const { system, settings } = checkedSettings(agent, draft);
  if (system.direction !== 'source') throw new Fault('input-wrong', { detail: `${draft.title} is no source` });
  const secrets = { ...usableSecrets(agent, draft, settings), ...filled(draft.secrets) };
  return { connector: system.kind, settings, context: { secrets, now: agent.now, logins: agent.logins.for(true) } };
}

/** Build the steps of a test, of a stored connection or of what stands in a form. */
export function checksOf(agent: Agent, what: { readonly id: string } | { readonly draft: ConnectionDraft }): readonly Check[] {
  const draft: ConnectionDraft = 'draft' in what ? withMade(agent, what.draft) : { ...existing(agent, what.id), secrets: {} };
  // A secret that is missing is a step of the test that fails, with its own words.
  const { system, settings } = checkedSettings(agent, draft);
  const stored = usableSecrets(agent, draft, settings);
  const secrets = { ...stored, ...filled(draft.secrets) };
  if (system.direction === 'source') return system.kind.checks(settings, { secrets, now: agent.now, logins: agent.logins.for(true) });
  return system.kind.checks(settings, {
    secrets,
    now: agent.now,
    hotelId: property(agent.stores.read)?.hotelId ?? 'unknown',
    heartbeat: agent.heartbeat(draft.id ?? ''),
  });
}

/** The text for the administrator of the other side. @throws {Fault} `input-wrong` where a kind has none. */
export function letterOf(agent: Agent, what: { readonly id: string } | { readonly draft: ConnectionDraft }): AdministratorLetter {
  const draft: ConnectionDraft = 'draft' in what ? what.draft : { ...existing(agent, what.id), secrets: {} };
  const { system, settings } = checkedSettings(agent, draft);
  if (!system.kind.letter) {
    throw new Fault('input-wrong', { detail: `${draft.title} needs no text for the administrator` });
  }
  return system.kind.letter(settings, { hotelId: property(agent.stores.read)?.hotelId ?? 'unknown' });
}

/** The settings of a connection that make it less safe than usual, each with its value. */
export function exceptionsOf({ kind, settings }: Pick<Connection, 'kind' | 'settings'>): string[] {
  const { shape } = systemOf(kind).kind.settings;
  const isException = (name: string) => (shape[name] as z.ZodType | undefined)?.meta()?.['x-exception'] === true;
  return Object.entries(settings).flatMap(([name, value]) => (value !== undefined && isException(name) ? [`${name} ${value}`] : []));
}
