import { rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { importedByHand } from '../../contract/dead-letter.ts';
import { Fault } from '../../contract/faults.ts';
import type { FileReport } from '../../contract/health.ts';
import type { Mapping } from '../../contract/mapping.ts';
import { fileReport } from '../../db/pipeline/counts.ts';
import { unfinishedFiles, unfinishedOrphans } from '../../db/pipeline/files.ts';
import type { SourceFile } from './connector.ts';
import { LayoutSampler } from './file-layout.ts';
import { localSourceFile, lookAtFile } from './local-file.ts';
import { counted, daysOf, normaliseAndStore, type PullTools, pullFile } from './pull.ts';
import { withoutCards, writeRawFile } from './raw-files.ts';

export type ImportOrder = {
  readonly path: string;
  readonly mapping: Mapping;
  readonly source: string;
  readonly hotelId: string;
  readonly days: { readonly from: string; readonly to: string } | null;
};

export type ImportReport = {
  readonly file: Omit<FileReport, 'id' | 'connectionId'>;
  readonly duplicates: number;
  readonly deadLettersByRule: Record<string, number>;
  readonly skippedOutsideDays: number;
  readonly wasSeenBefore: boolean;
};

/** The same file for other days is another import: what was left out the first time is taken then. */
function connectionIdOf({ days }: ImportOrder): string {
  return days === null ? importedByHand : `${importedByHand} ${days.from} ${days.to}`;
}

/** Import one file of this PC: through the same steps as a file that a source has dropped. */
export async function importFile(
  tools: PullTools & { lettersByRule: (fileId: number) => Promise<Record<string, number>> },
  order: ImportOrder,
  signal: AbortSignal,
): Promise<ImportReport> {
  const plan = {
    entity: order.mapping.entity,
    mapping: order.mapping.name,
    source: order.source,
    hidesCardNumbers: true,
    afterwards: null,
  };
  const file = await localFile(order.path);
  const stored = await pullFile(
    tools,
    file,
    { connectionId: connectionIdOf(order), hotelId: order.hotelId, plan, mapping: order.mapping, days: order.days },
    signal,
  );
  const { report, duplicates } = fileReport(tools.read, stored.id);
  const { id, connectionId, ...rest } = report;
  return {
    file: rest,
    duplicates,
    deadLettersByRule: await tools.lettersByRule(id),
    skippedOutsideDays: outsideDays(rest),
    wasSeenBefore: stored.isFinished,
  };
}

/** Rows that were read and neither kept, nor unchanged, nor set aside lie outside the days that were asked for. */
function outsideDays(report: Pick<FileReport, 'rows' | 'kept' | 'unchanged' | 'deadLetters'>): number {
  return Math.max(0, report.rows - report.kept - report.unchanged - report.deadLetters);
}

/** Read and normalise a file without keeping anything: what an import would find. */
export async function rehearseImport(tools: PullTools, order: ImportOrder, signal: AbortSignal): Promise<ImportReport> {
  const file = await localFile(order.path);
  const takenAtMs = tools.now();
  const sampler = new LayoutSampler();
  const count = { bytes: 0 };
  const chunks = counted(withoutCards(sampler.keptBytes(file.read(signal), order.mapping.file.encoding)), count);
  const rawPath = await writeRawFile({ home: tools.home, source: order.source, key: tools.key, chunks, atMs: takenAtMs, facts: null });
  const layout = sampler.layout(order.mapping, tools.timeZone());
  const totals = { rows: 0, kept: 0, bytesNormalised: 0, bytesDeadLetters: 0, bytesStructural: 0, deadLetters: 0 };
  const deadLettersByRule: Record<string, number> = {};
  try {
    const job = {
      fileId: 0,
      hotelId: order.hotelId,
      source: order.source,
      rawPath,
      mapping: order.mapping,
      layout,
      bytes: count.bytes,
      position: 0,
      days: order.days,
    };
    for await (const batch of tools.normaliser.batches(job, signal)) {
      totals.rows += batch.rows;
      totals.kept += batch.count;
      totals.bytesNormalised += batch.bytesNormalised;
      totals.bytesDeadLetters += batch.bytesDeadLetters;
      totals.bytesStructural += batch.bytesStructural;
      totals.deadLetters += batch.letters.length;
      for (const letter of batch.letters) deadLettersByRule[letter.rule] = (deadLettersByRule[letter.rule] ?? 0) + 1;
    }
  } finally {
    await rm(join(tools.home, rawPath), { force: true });
  }
  const report = {
    entity: order.mapping.entity,
    fileName: file.name,
    takenAtMs,
    finishedAtMs: null,
    bytes: count.bytes,
    layout,
    unchanged: 0,
    seenBefore: 0,
    ...totals,
  };
  return { file: report, duplicates: 0, deadLettersByRule, skippedOutsideDays: outsideDays(report), wasSeenBefore: false };
}

async function localFile(given: string): Promise<SourceFile> {
  const path = resolve(given);
  const found = await lookAtFile(path);
  if (!found) throw new Fault('input-wrong', { detail: `there is no file ${basename(path)} to import` });
  return localSourceFile(found);
}

/** Go on with imports that a stop or a kill has cut short, and with files of connections removed since, in the order in which they came. */
export async function resumeImports(tools: PullTools, signal: AbortSignal): Promise<void> {
  for (const { connectionId } of unfinishedOrphans(tools.read)) {
    const days = daysOf(connectionId);
    for (const file of unfinishedFiles(tools.read, connectionId)) await normaliseAndStore(tools, connectionId, file, null, days, signal);
  }
}
