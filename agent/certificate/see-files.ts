import type { KeyObject } from 'node:crypto';
import { Fault } from '../../contract/faults.ts';
import { FoundLayout, Mapping } from '../../contract/mapping.ts';
import type { ReadDb } from '../../db/open.ts';
import { fileById } from '../../db/pipeline/files.ts';
import type { LongReads } from '../../db/reader.ts';
import type { FileToSee, Seen } from '../../db/seen.ts';
import type { Remote } from '../../db/thread-calls.ts';
import { Normaliser } from '../pipeline/normaliser.ts';
import { daysOf } from '../pipeline/pull.ts';

export type SeeFilesTools = {
  readonly home: string;
  readonly key: KeyObject;
  readonly read: ReadDb;
  readonly reads: Pick<Remote<LongReads>, 'filesToSee'>;
  readonly onFile: (done: number, total: number) => void;
  /** Rest between two batches, as long as the hotel needs the PC. */
  readonly rest: (tookMs: number) => Promise<void>;
  readonly signal: AbortSignal;
};

/**
 * Read the kept copies of files anew, from their first byte, in a thread of its own, and note what they say. What was read for an earlier
 * comparison is not read again: a copy never changes.
 * @returns the files that cannot be read: their copies are damaged or gone.
 */
export async function seeFiles(seen: Seen, tools: SeeFilesTools): Promise<FileToSee[]> {
  const { home, key, reads, onFile, signal } = tools;
  const files = await reads.filesToSee();
  if (files.length === 0) return [];
  const normaliser = new Normaliser(home, key);
  const unreadable: FileToSee[] = [];
  try {
    for (const [at, file] of files.entries()) {
      onFile(at, files.length);
      try {
        await seeFile(seen, normaliser, file, tools);
      } catch (error) {
        if (signal.aborted || !(error instanceof Fault) || (error.code !== 'database-damaged' && error.code !== 'input-wrong')) throw error;
        unreadable.push(file);
      }
    }
  } finally {
    await normaliser.close();
  }
  return unreadable;
}

async function seeFile(seen: Seen, normaliser: Normaliser, file: FileToSee, { read, rest, signal }: SeeFilesTools): Promise<void> {
  const kept = fileById(read, file.id);
  if (!kept) return;
  const partId = seen.part(file);
  seen.beginFile(file.id);
  const job = {
    fileId: file.id,
    hotelId: file.hotelId,
    source: file.source,
    rawPath: kept.rawPath,
    mapping: Mapping.parse(JSON.parse(kept.mappingJson)),
    layout: FoundLayout.parse(JSON.parse(kept.layoutJson)),
    bytes: kept.bytes,
    position: 0,
    days: daysOf(file.connectionId),
  };
  let rows = 0;
  let began = performance.now();
  for await (const batch of normaliser.batches(job, signal)) {
    seen.takeBatch(partId, batch, file.finishedAtMs);
    rows += batch.count + batch.letters.length;
    await rest(performance.now() - began);
    began = performance.now();
  }
  seen.finishFile(partId, file, rows);
}
