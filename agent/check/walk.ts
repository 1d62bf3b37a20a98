import type { KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckFinding, CheckProgress } from '../../contract/check.ts';
import { Fault } from '../../contract/faults.ts';
import type { ReadDb } from '../../db/open.ts';
import { newestFileId, type RawFileRow, rawFilesBehind } from '../../db/pipeline/check.ts';
import type { LongReads } from '../../db/reader.ts';
import type { Remote } from '../../db/thread-calls.ts';
import { isSound } from '../pipeline/sealed-file.ts';

export type WalkTools = {
  readonly home: string;
  readonly key: KeyObject;
  readonly read: ReadDb;
  readonly reads: Pick<Remote<LongReads>, 'tablesToCheck' | 'isTableSound' | 'checkBlocks' | 'keysOfFile'>;
};

/** Where a walk goes on: behind so many tables, at a row of the outbox, behind a file. */
export type WalkPlace = { readonly stage: 'tables' | 'blocks' | 'raw-files'; readonly at: number };
export const walkStart: WalkPlace = { stage: 'tables', at: 0 };

/** What a step has looked at. `at` of a finding is the row or the file by which it is mended. */
export type WalkStep = {
  readonly next: WalkPlace | null;
  readonly progress: Pick<CheckProgress, 'stage' | 'done' | 'total'>;
  readonly counts: { readonly blocks: number; readonly rows: number; readonly rawFiles: number; readonly rawBytes: number };
  readonly found: readonly (Omit<CheckFinding, 'isMended'> & { readonly at: number })[];
  /** A file whose copy was looked at and is whole. */
  readonly whole: number | null;
};

const nothing = { blocks: 0, rows: 0, rawFiles: 0, rawBytes: 0 };

/**
 * Walk through everything that is kept, a step at a time: the pages of the database, table by table; each block of the outbox, its seal and
 * its rows; each copy of a file, all its seals. It writes nothing, and can be taken up again at any step.
 * @throws {Fault} `stopped` when the signal fires.
 */
export async function* walk(tools: WalkTools, from: WalkPlace, signal: AbortSignal): AsyncGenerator<WalkStep> {
  for (let place: WalkPlace | null = from; place !== null; ) {
    if (signal.aborted) throw new Fault('stopped');
    const step: WalkStep = await stepAt(tools, place);
    yield step;
    place = step.next;
  }
}

function stepAt(tools: WalkTools, { stage, at }: WalkPlace): Promise<WalkStep> {
  switch (stage) {
    case 'tables':
      return nextTable(tools, at);
    case 'blocks':
      return nextBlocks(tools, at);
    case 'raw-files':
      return nextRawFile(tools, at);
    default: {
      const never: never = stage;
      throw new Error(`no stage ${never}`);
    }
  }
}

async function nextTable({ reads }: WalkTools, at: number): Promise<WalkStep> {
  const tables = await reads.tablesToCheck();
  const table = tables[at];
  const isDamaged = table !== undefined && !(await reads.isTableSound(table));
  return {
    next: at + 1 < tables.length ? { stage: 'tables', at: at + 1 } : { stage: 'blocks', at: 1 },
    progress: { stage: 'tables', done: Math.min(at + 1, tables.length), total: tables.length },
    counts: nothing,
    found: isDamaged ? [{ kind: 'database', name: table, rows: 0, keys: [], connectionId: null, at: 0 }] : [],
    whole: null,
  };
}

async function nextBlocks({ reads, key }: WalkTools, at: number): Promise<WalkStep> {
  const { blocks, rows, found, nextSeq, lastSeq } = await reads.checkBlocks(key, at);
  return {
    next: nextSeq === null ? { stage: 'raw-files', at: 0 } : { stage: 'blocks', at: nextSeq },
    progress: { stage: 'blocks', done: nextSeq === null ? lastSeq : nextSeq - 1, total: lastSeq },
    counts: { ...nothing, blocks, rows },
    found: found.map(({ firstSeq, ...one }) => ({ ...one, keys: [], connectionId: null, at: firstSeq })),
    whole: null,
  };
}

async function nextRawFile(tools: WalkTools, at: number): Promise<WalkStep> {
  const [file] = rawFilesBehind(tools.read, at, 1);
  const total = newestFileId(tools.read);
  if (!file) return { next: null, progress: { stage: 'raw-files', done: total, total }, counts: nothing, found: [], whole: null };
  const isWhole = await isSound(join(tools.home, file.rawPath), tools.key, file.rawPath);
  return {
    next: { stage: 'raw-files', at: file.id },
    progress: { stage: 'raw-files', done: file.id, total },
    counts: { ...nothing, rawFiles: 1, rawBytes: statSync(join(tools.home, file.rawPath), { throwIfNoEntry: false })?.size ?? 0 },
    found: isWhole ? [] : [await rawFinding(tools, file)],
    whole: isWhole ? file.id : null,
  };
}

async function rawFinding({ reads }: WalkTools, { id, name, rows, connectionId, isPage }: RawFileRow): Promise<WalkStep['found'][number]> {
  return { kind: isPage ? 'raw-page' : 'raw-file', name, rows, keys: await reads.keysOfFile(id), connectionId, at: id };
}
