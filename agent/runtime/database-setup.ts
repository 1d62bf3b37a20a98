import type { z } from 'zod';
import type { AdministratorLetter, ConnectionDraft } from '../../contract/connection.ts';
import type { SettingChoices, SourcePreview, UnderstoodAddress } from '../../contract/database-setup.ts';
import { Fault } from '../../contract/faults.ts';
import { property } from '../../db/pipeline/connections.ts';
import type { Agent } from '../index.ts';
import { type Connector, readsTables } from '../pipeline/connector.ts';
import { previewTables } from '../pipeline/preview-tables.ts';
import { connectors } from '../pipeline/registry.ts';
import { type Caller, writeDown } from './audit.ts';
import { existing, openableSource } from './configuration.ts';
import { mappingNamed } from './mappings.ts';

/** What a person is told while a database is being set up, before anything of it is stored. */

/** Say what the address of a database was read as. @throws {Fault} `input-wrong`, or what the address has against it. */
export function understoodAddress({ kind, settings }: Pick<ConnectionDraft, 'kind' | 'settings'>): UnderstoodAddress {
  const connector = connectors.get(kind);
  if (!connector?.understand) throw new Fault('input-wrong', { detail: `${kind} has no address of a database` });
  const parsed = connector.settings.partial().safeParse(settings);
  if (!parsed.success) throw new Fault('input-wrong', { detail: parsed.error.issues[0]?.message ?? '' });
  return connector.understand(parsed.data);
}

/** The settings of a kind that are chosen from what the system has. */
function chosenSettings({ settings }: Connector): string[] {
  return Object.keys(settings.shape).filter((name) => (settings.shape[name] as z.ZodType | undefined)?.meta()?.['x-step'] === 'choose');
}

/** Ask a system what some settings can be. */
export async function choicesOf(agent: Agent, draft: ConnectionDraft, caller: Caller, signal: AbortSignal): Promise<SettingChoices[]> {
  const connector = connectors.get(draft.kind);
  if (!connector?.choices) throw new Fault('input-wrong', { detail: `there is nothing to choose for ${draft.title}` });
  const { settings, context } = openableSource(agent, draft, chosenSettings(connector));
  await writeDown(agent, caller, { action: 'connection-tested', kind: 'draft', id: draft.id ?? draft.kind });
  return [...(await connector.choices(settings, context, signal))];
}

/** Read the first rows by a draft. They are shown masked; that they were is written down. */
export async function previewOf(agent: Agent, draft: ConnectionDraft, caller: Caller, signal: AbortSignal): Promise<SourcePreview> {
  const { connector, settings, context } = openableSource(agent, draft);
  const session = await connector.open(settings, context);
  try {
    if (!readsTables(session)) throw new Fault('input-wrong', { detail: `${draft.title} is no database` });
    const preview = await previewTables(session, { mapping: (name) => mappingNamed(agent.stores.read, name), signal });
    await writeDown(agent, caller, { action: 'rows-previewed', kind: 'draft', id: draft.id ?? draft.kind });
    return preview;
  } finally {
    await session.close();
  }
}

/** Make the report on a system that was never seen before. */
export async function siteReportOf(agent: Agent, id: string, caller: Caller, signal: AbortSignal): Promise<AdministratorLetter> {
  const connection = existing(agent, id);
  const connector = connectors.get(connection.kind);
  if (!connector?.siteReport) throw new Fault('input-wrong', { detail: `there is no site report for ${connection.title}` });
  const { kind, title } = connection;
  const { settings, context } = openableSource(agent, { id, kind, title, settings: connection.settings, secrets: {} });
  await writeDown(agent, caller, { action: 'site-reported', kind: 'connection', id });
  const hotelId = property(agent.stores.read)?.hotelId ?? 'unknown';
  return connector.siteReport(settings, context, { hotelId, version: agent.version }, signal);
}
