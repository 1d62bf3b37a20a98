import { basename } from 'node:path';
import { Fault } from '../../contract/faults.ts';
import type { Mapping } from '../../contract/mapping.ts';
import { type EntityName, entityOf } from '../../contract/record.ts';
import { property } from '../../db/pipeline/connections.ts';
import type { Agent } from '../index.ts';
import { importFile, rehearseImport } from '../pipeline/import-file.ts';
import { type Caller, writeDown } from './audit.ts';
import { mappingNamed } from './mappings.ts';

type ImportOrder = {
  readonly path: string;
  readonly entity: EntityName;
  readonly mapping: string | Mapping;
  readonly source: string;
  readonly hotelId?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly isDryRun: boolean;
};

/** Import one file of this PC, or say what would come of it. @throws {Fault} `input-wrong`, `mapping-not-found`, and what reading throws. */
export async function importByHand(agent: Agent, input: ImportOrder, caller: Caller, signal: AbortSignal) {
  const { stores } = agent;
  // A path of this PC comes from the person at its command line, never from a page.
  if (caller.client !== 'cli') throw new Fault('input-wrong', { detail: 'files are imported at the command line of this PC' });
  const mapping = typeof input.mapping === 'string' ? mappingNamed(stores.read, input.mapping) : input.mapping;
  if (mapping.entity !== input.entity)
    throw new Fault('input-wrong', { detail: `the mapping ${mapping.name} is for ${entityOf(mapping.entity).plural}` });
  const hotelId = input.hotelId ?? property(stores.read)?.hotelId;
  if (!hotelId) throw new Fault('input-wrong', { detail: 'name the hotel with --hotel' });
  const days = input.from || input.to ? { from: input.from ?? '0000-01-01', to: input.to ?? '9999-12-31' } : null;
  const order = { path: input.path, mapping, source: input.source, hotelId, days };
  const tools = { ...agent.pullTools(), lettersByRule: stores.reads.fileLettersByRule };
  const of = { kind: 'file', id: basename(order.path) } as const;
  const asked = { mapping: mapping.name, from: input.from ?? null, to: input.to ?? null, isDryRun: input.isDryRun };
  await writeDown(agent, caller, { ...of, action: 'file-import-begun', detail: asked });
  if (input.isDryRun) return rehearseImport(tools, order, signal);
  await agent.unnamed.done();
  const report = await importFile(tools, order, signal);
  const { rows, kept, unchanged, deadLetters } = report.file;
  await writeDown(agent, caller, { ...of, action: 'file-imported', detail: { rows, kept, unchanged, deadLetters } });
  return report;
}
