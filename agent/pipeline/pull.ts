import { createHash, type Hash, type KeyObject, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { importedByHand } from '../../contract/dead-letter.ts';
import { Fault } from '../../contract/faults.ts';
import { FoundLayout, Mapping } from '../../contract/mapping.ts';
import type { ReadDb } from '../../db/open.ts';
import {
  fileById,
  finishedAt,
  isContentKnown,
  isSighted,
  laterUsedFiles,
  placeOfContent,
  type RegisteredFile,
  type UnfinishedFile,
  unfinishedFiles,
} from '../../db/pipeline/files.ts';
import type { Writer } from '../../db/writer.ts';
import type { Afterwards, FilePlan, FileSession, SourceFile } from './connector.ts';
import { LayoutSampler } from './file-layout.ts';
import { assertMapping } from './normalise/row-mapper.ts';
import type { Normaliser } from './normaliser.ts';
import { tellLateParts } from './parts.ts';
import { putAwayKept } from './put-away.ts';
import { withoutCards, writeRawFile } from './raw-files.ts';
import { isSound } from './sealed-file.ts';

/** What the pull works with. `onProgress` is told of every batch that is kept. */
export type PullTools = {
  readonly home: string;
  readonly key: KeyObject;
  readonly read: ReadDb;
  readonly writer: Writer;
  readonly normaliser: Normaliser;
  readonly now: () => number;
  /** Throws when the disk has no room for more. */
  readonly assertRoom: () => void;
  readonly mapping: (name: string) => Mapping;
  /** The hotel's time zone: its country tells which code page its PCs write. */
  readonly timeZone: () => string | null;
  readonly onProgress: (progress: PullProgress) => void;
  /** Told of every reading of a file, so that what comes of it is found in the log. */
  readonly onReading: (reading: { readonly connectionId: string; readonly correlationId: string; readonly fileId: number }) => void;
  /** The run that what is kept is counted for; null where none is under way. */
  readonly runId: number | null;
  /** Told of a trouble that stands beside the reading, which goes on. */
  readonly onBeside: (connectionId: string, fault: Fault) => void;
};

export type PullProgress = { readonly fileName: string; readonly bytesDone: number; readonly bytesTotal: number; readonly rows: number };

/** How the records of a file are read and whose they are. */
export type FileOrder = {
  readonly connectionId: string;
  readonly hotelId: string;
  readonly plan: FilePlan;
  readonly mapping: Mapping;
  readonly days: { from: string; to: string } | null;
};

/** A file that is in the store. `isFinished`: every row of it was kept by an earlier run already. */
export type StoredFile = Pick<RegisteredFile, 'id' | 'isFinished'>;

/**
 * Read a source once: first go on with what an earlier run left half read, then take every complete file.
 *
 * SOURCE -> raw file -> NORMALISE -> BUFFER. Each file is taken into the raw store before a row of it is read, so from then on
 * nothing depends on the source. One file that cannot be read does not hold up the next; the first fault is thrown at the end.
 */
export async function pullSource(
  tools: PullTools,
  session: FileSession,
  connectionId: string,
  hotelId: string,
  signal: AbortSignal,
): Promise<void> {
  const faults: Fault[] = [];
  const unread: Fault[] = [];
  const failed: string[] = [];
  for (const file of unfinishedFiles(tools.read, connectionId)) {
    await oneByOne(unread, () => normaliseAndStore(tools, connectionId, file, resumed(session.plan), null, signal));
  }
  const order = { connectionId, hotelId, plan: session.plan, mapping: tools.mapping(session.plan.mapping), days: null };
  for (const file of await session.files(signal)) {
    if (signal.aborted) throw new Fault('stopped');
    const before = faults.length;
    await oneByOne(faults, async () => {
      await pullFile(tools, file, order, signal);
      session.taken(file);
    });
    if (faults.length > before) failed.push(file.name);
  }
  await tellLateParts(tools, session, connectionId);
  await putAwayKept(tools, session, connectionId, failed, signal);
  // What was half read and damaged may have been taken anew from the source meanwhile.
  const stillUnread = unfinishedFiles(tools.read, connectionId).length > 0 ? unread : [];
  const [first] = [...faults, ...stillUnread];
  if (first) throw first;
}

/** Do something with one file; a fault of that file alone is noted and does not hold up the next. */
async function oneByOne(faults: Fault[], run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof Fault) || !concernsOneFile(error)) throw error;
    faults.push(error);
  }
}

/** A damaged raw file, or a mapping that no longer works, concerns that file; a damaged database stops the run. */
function concernsOneFile(fault: Fault): boolean {
  if (fault.code === 'database-damaged') return fault.detail.file?.startsWith('raw') ?? false;
  return fault.code === 'input-wrong' || fault.code === 'bytes-unaccounted' || fault.code.startsWith('file-');
}

/** Take one file and keep every row of it. The same content is taken once; again it is only counted as seen before. */
export async function pullFile(tools: PullTools, file: SourceFile, order: FileOrder, signal: AbortSignal): Promise<StoredFile> {
  assertUsable(order.mapping);
  tools.assertRoom();
  const seen = { connectionId: order.connectionId, path: file.path, mark: file.mark, mappingJson: JSON.stringify(order.mapping) };
  const taken = file.isMarkProof ? finishedAt(tools.read, seen) : null;
  if (taken !== null) return { id: taken, isFinished: true };
  const stored = await takeFile(tools, file, order, signal);
  const row = fileById(tools.read, stored.id);
  const { afterwards } = order.plan;
  const then = afterwards && { ...afterwards, isMarkProof: file.isMarkProof };
  if (!stored.isFinished && row) await normaliseAndStore(tools, order.connectionId, row, then, order.days, signal);
  return stored;
}

function assertUsable(mapping: Mapping): void {
  try {
    assertMapping(mapping);
  } catch (error) {
    throw new Fault('input-wrong', { detail: `mapping ${mapping.name}: ${(error as Error).message}` }, { cause: error });
  }
}

async function takeFile(tools: PullTools, file: SourceFile, order: FileOrder, signal: AbortSignal): Promise<StoredFile> {
  const { connectionId, hotelId, plan, mapping } = order;
  const facts = {
    connectionId,
    hotelId,
    source: plan.source,
    entity: mapping.entity,
    name: file.name,
    path: file.path,
    mark: file.mark,
    mappingJson: JSON.stringify(mapping),
  };
  const sampler = new LayoutSampler();
  const layoutJson = () => JSON.stringify(sampler.layout(mapping, tools.timeZone()));
  // What lies there since before the last start need not be written a second time to be recognised.
  const known = await knownContent(tools, file, order, sampler, signal);
  if (known !== null)
    return tools.writer.step('registerFile', [{ ...facts, sha256: known, rawPath: '', bytes: file.bytes, layoutJson: layoutJson() }]);
  const sha256 = createHash('sha256');
  const taken = sampler.keptBytes(checkedChunks(file, sha256, signal), mapping.file.encoding);
  const count = { bytes: 0 };
  const chunks = counted(plan.hidesCardNumbers ? withoutCards(taken) : taken, count);
  const told = () => ({ ...facts, sha256: sha256.copy().digest('hex'), bytes: count.bytes, layoutJson: layoutJson() });
  const about = () => ({ ...told(), afterFileId: placeOfContent(tools.read, told()), afterwards: plan.afterwards });
  const rawPath = await writeRawFile({ home: tools.home, source: plan.source, key: tools.key, chunks, atMs: tools.now(), facts: about });
  const stored = await tools.writer.step('registerFile', [{ ...told(), rawPath }]);
  if (stored.uselessRaw !== '') await rm(join(tools.home, stored.uselessRaw), { force: true });
  return stored;
}

/** Count the bytes that are kept: of UTF-16 it is fewer bytes than came. */
export async function* counted(chunks: AsyncIterable<Uint8Array>, count: { bytes: number }): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    count.bytes += chunk.length;
    yield chunk;
  }
}

/** Read a file that was seen before only to recognise it; null when its content is new after all. */
async function knownContent(
  tools: PullTools,
  file: SourceFile,
  { connectionId, mapping }: FileOrder,
  sampler: LayoutSampler,
  signal: AbortSignal,
): Promise<string | null> {
  if (!isSighted(tools.read, connectionId, file.path, file.mark)) return null;
  const sha256 = createHash('sha256');
  for await (const _ of sampler.keptBytes(hashed(file.read(signal), sha256), mapping.file.encoding));
  const hex = sha256.digest('hex');
  return isContentKnown(tools.read, connectionId, hex) ? hex : null;
}

async function* hashed(chunks: AsyncIterable<Uint8Array>, sha256: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    sha256.update(chunk);
    yield chunk;
  }
}

/**
 * The bytes of a file as they come, counted and hashed. Ends with a fault when the file has changed meanwhile, so that half a
 * file is never kept.
 */
async function* checkedChunks(file: SourceFile, sha256: Hash, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of hashed(file.read(signal), sha256)) {
    bytes += chunk.length;
    yield chunk;
  }
  if (bytes !== file.bytes || !(await file.isUnchanged(signal))) throw new Fault('file-changed', { file: file.name });
}

/** The days that an import by hand was for; its connection names them. Null: all. */
export function daysOf(connectionId: string): FileOrder['days'] {
  const [prefix, from, to] = connectionId.split(' ');
  return prefix === importedByHand && from && to ? { from, to } : null;
}

/**
 * Read a taken file from where it stands to its end, keep every row, and close its account. Where later files of its connection were used
 * already, because this one could not be read in its turn, they are read once more behind it: the last word stays the last.
 */
export async function normaliseAndStore(
  tools: PullTools,
  connectionId: string,
  file: UnfinishedFile,
  then: Then | null,
  days: FileOrder['days'],
  signal: AbortSignal,
): Promise<void> {
  const job = {
    fileId: file.id,
    hotelId: file.hotelId,
    source: file.source,
    rawPath: file.rawPath,
    ...asItIsRead(file),
    bytes: file.bytes,
    position: file.position,
    days,
  };
  const correlationId = randomUUID();
  tools.onReading({ connectionId, correlationId, fileId: file.id });
  const later = await reopenLater(tools, file);
  let position = file.position;
  let rows = 0;
  for await (const batch of tools.normaliser.batches(job, signal)) {
    // A file that does not fit goes on from here when there is room.
    tools.assertRoom();
    await tools.writer.step('storeBatch', [batch, position, correlationId, tools.runId]);
    position = batch.position;
    rows += batch.rows;
    tools.onProgress({ fileName: file.name, bytesDone: position, bytesTotal: file.bytes, rows });
  }
  await tools.writer.step('finishFile', [file.id, then && intentFor(connectionId, file, then), tools.runId]);
  for (const { id } of later) {
    const again = fileById(tools.read, id);
    if (again) await normaliseAndStore(tools, again.connectionId, again, null, daysOf(again.connectionId), signal);
  }
}

/**
 * Have the files read once more that came behind one that is read late. Before a row of it is kept: a kill in between leaves them to be read.
 * @throws {Fault} `database-damaged` where its copy cannot be read: then nothing of theirs is touched, this time and every other.
 */
async function reopenLater(
  { home, key, read, writer }: PullTools,
  { id, rawPath, position, bytes }: UnfinishedFile,
): Promise<UnfinishedFile[]> {
  const later = position < bytes ? laterUsedFiles(read, id) : [];
  if (later.length > 0 && !(await isSound(join(home, rawPath), key, rawPath))) throw new Fault('database-damaged', { file: rawPath });
  for (const one of later) await writer.step('reopenFile', [one.id, one.mappingJson, one.layoutJson]);
  return later;
}

/** By which mapping and layout a file is read. @throws {Fault} `input-wrong` where what stands there is none. */
function asItIsRead({ id, mappingJson, layoutJson }: UnfinishedFile): { mapping: Mapping; layout: FoundLayout } {
  try {
    return { mapping: Mapping.parse(JSON.parse(mappingJson)), layout: FoundLayout.parse(JSON.parse(layoutJson)) };
  } catch (error) {
    throw new Fault('input-wrong', { detail: `the mapping by which file ${id} was taken` }, { cause: error });
  }
}

/** What is to happen to a file when it is kept. Without proof in its mark its content has to tell that it is still the same. */
export type Then = Afterwards & { readonly isMarkProof: boolean };

/** A file that an earlier start has taken: what it could tell by the mark is not known any more. */
export function resumed({ afterwards }: Pick<FilePlan, 'afterwards'>): Then | null {
  return afterwards && { ...afterwards, isMarkProof: false };
}

function intentFor(connectionId: string, { id: fileId, path, mark, sha256 }: UnfinishedFile, then: Then) {
  if (path === null || mark === null) return null;
  const file = { connectionId, fileId, path, mark };
  if (then.kind === 'archive-file') return { ...file, kind: then.kind, to: then.to };
  return { ...file, kind: then.kind, isMarkProof: then.isMarkProof, sha256 };
}
