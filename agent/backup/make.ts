import { createHash, type KeyObject, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupFacts, BackupProgress } from '../../contract/backup.ts';
import { Fault } from '../../contract/faults.ts';
import { startReader } from '../../db/reader.ts';
import { isSound, readSealedFile, writeSealedFile } from '../pipeline/sealed-file.ts';
import { version } from '../version.ts';
import { assertRoomFor, contents, drill } from './drill.ts';
import { begunName, dataFolderId } from './owner.ts';
import {
  assertOutside,
  bytesOf,
  copyFile,
  factsName,
  isThere,
  onlyThose,
  placeJson,
  placeOf,
  rawListName,
  secretsNames,
  stampOf,
} from './place.ts';

export type BackupTools = { readonly home: string; readonly key: KeyObject; readonly now: () => number };

/**
 * Make a backup while the agent works: one consistent state of the database, sealed; the secrets, as they are sealed already; and every
 * raw file that is not there yet. What was written is read back and compared before the backup counts as whole, and a restore drill shows
 * that it can be restored.
 *
 * @throws {Fault} `backup-folder-unusable`, `backup-no-room`, `backup-drill-failed`; nothing half made is left behind, and earlier backups stay as they are.
 */
export async function* makeBackup(tools: BackupTools, folder: string, signal: AbortSignal): AsyncGenerator<BackupProgress> {
  assertOutside(tools.home, folder);
  if (making.has(tools.home)) throw new Fault('input-wrong', { detail: 'a backup is being made already' });
  making.add(tools.home);
  try {
    yield* make(tools, folder, signal);
  } finally {
    making.delete(tools.home);
  }
}

/** The homes of which a backup is being made: two at once would write the same files. */
const making = new Set<string>();

async function* make(tools: BackupTools, folder: string, signal: AbortSignal): AsyncGenerator<BackupProgress> {
  const madeAtMs = tools.now();
  const snapshot = join(tools.home, 'run', `snapshot-${randomBytes(6).toString('hex')}.db`);
  let made: string | null = null;
  try {
    const databaseBytes = statSync(join(tools.home, 'pipeline.db')).size;
    assertRoomFor(databaseBytes, tools.home);
    yield progress('snapshot', 0, databaseBytes);
    await takeSnapshot(tools.home, snapshot);
    const { rawPaths, records, hotelId } = contents(snapshot);
    const place = placeOf(folder, hotelId);
    made = join(place, stampOf(madeAtMs));
    await mkdir(made, { recursive: true });
    const dataFolder = dataFolderId(tools.key);
    await placeJson(join(made, begunName), { dataFolder });
    const raw = yield* copyRawFiles(tools, rawPaths, place, signal);
    const database = yield* sealDatabase(tools.key, snapshot, made, signal);
    const secrets = secretsNames.filter((name) => existsSync(join(tools.home, name)));
    for (const name of secrets) await copyFile(join(tools.home, name), join(made, name));
    const facts: BackupFacts = {
      format: 1,
      dataFolder,
      madeAtMs,
      bellhopVersion: version,
      hotelId,
      records,
      rawFiles: rawPaths.length,
      database,
    };
    await placeJson(join(made, rawListName), rawPaths);
    await placeJson(join(made, factsName), facts);
    await rm(join(made, begunName), { force: true });
    const whole = made;
    made = null;
    // Its room is needed for the copy of the drill.
    await rm(snapshot, { force: true });
    yield progress('drill', 0, database.bytes);
    const drilled = await drill(tools, whole, raw.lost, signal);
    if (!drilled.isWell) throw new Fault('backup-drill-failed', { folder: whole, detail: drilled.flaw ?? '' });
    const result = {
      folder: whole,
      records,
      rawFiles: rawPaths.length - raw.lost,
      newRawFiles: raw.copied,
      bytes: database.bytes + raw.bytes,
      lostRawFiles: raw.lost,
      drill: drilled,
    };
    yield { phase: 'done', doneBytes: database.bytes, totalBytes: database.bytes, result };
  } catch (error) {
    throw named(error, folder);
  } finally {
    // Where not even this can be done there is nothing of it.
    if (made) await rm(made, { recursive: true, force: true }).catch(() => undefined);
    await rm(snapshot, { force: true });
  }
}

const progress = (phase: BackupProgress['phase'], doneBytes: number, totalBytes: number): BackupProgress => ({
  phase,
  doneBytes,
  totalBytes,
  result: null,
});

/** In a thread of its own: it takes seconds, and the lists of the console must not wait for it. */
async function takeSnapshot(home: string, target: string): Promise<void> {
  const reader = await startReader(join(home, 'pipeline.db'));
  try {
    await reader.reads.snapshotInto(target);
  } catch (error) {
    throw error instanceof Fault && error.code === 'disk-full' ? new Fault('backup-no-room', { folder: home }, { cause: error }) : error;
  } finally {
    await reader.close();
  }
}

type CopiedRaw = { readonly copied: number; readonly bytes: number; readonly lost: number };

/** Copy what is not there yet, and open each seal of the copy. A raw file that is damaged here already is counted, not copied. */
async function* copyRawFiles(
  { home, key }: BackupTools,
  paths: readonly string[],
  place: string,
  signal: AbortSignal,
): AsyncGenerator<BackupProgress, CopiedRaw> {
  const missing = await onlyThose(paths, async (path) => {
    const there = await bytesOf(join(place, path));
    return there === null || there !== (await bytesOf(join(home, path)));
  });
  let totalBytes = 0;
  for (const path of missing) totalBytes += (await bytesOf(join(home, path))) ?? 0;
  let bytes = 0;
  let lost = 0;
  let copied = 0;
  for (const path of missing) {
    if (signal.aborted) throw new Fault('stopped');
    // A copy that is there without its original is what is left of it.
    if (!(await isThere(join(home, path)))) lost += (await isThere(join(place, path))) ? 0 : 1;
    else if (await isSound(join(home, path), key, path)) {
      await copyFile(join(home, path), join(place, path));
      if (!(await isSound(join(place, path), key, path)))
        throw new Fault('backup-folder-unusable', { folder: place, detail: 'what was written reads differently' });
      bytes += (await bytesOf(join(place, path))) ?? 0;
      copied++;
    } else lost++;
    yield progress('raw-files', bytes, totalBytes);
  }
  return { copied, bytes, lost };
}

async function* sealDatabase(
  key: KeyObject,
  snapshot: string,
  made: string,
  signal: AbortSignal,
): AsyncGenerator<BackupProgress, BackupFacts['database']> {
  const bytes = statSync(snapshot).size;
  const name = `pipeline-${randomBytes(9).toString('base64url')}.sealed`;
  const written = createHash('sha256');
  yield progress('database', 0, bytes);
  await writeSealedFile(
    join(made, name),
    key,
    (async function* () {
      for await (const chunk of createReadStream(snapshot, { highWaterMark: 1024 * 1024, signal })) {
        written.update(chunk as Buffer);
        yield chunk as Buffer;
      }
    })(),
  );
  yield progress('check', 0, bytes);
  const read = createHash('sha256');
  for await (const chunk of readSealedFile(join(made, name), key, name)) read.update(chunk);
  const sha256 = written.digest('hex');
  if (read.digest('hex') !== sha256)
    throw new Fault('backup-folder-unusable', { folder: made, detail: 'what was written reads differently' });
  return { name, bytes, sha256 };
}

/** What a person is told when the backup could not be written. */
function named(error: unknown, folder: string): unknown {
  const code = (error as { code?: string }).code ?? '';
  if (code === 'ABORT_ERR') return new Fault('stopped', {}, { cause: error });
  if (error instanceof Fault && code.startsWith('backup-')) return error;
  if (code === 'ENOSPC' || code === 'disk-full') return new Fault('backup-no-room', { folder }, { cause: error });
  if (error instanceof Fault) return error;
  if (/^E[A-Z]+$/.test(code)) return new Fault('backup-folder-unusable', { folder, detail: code }, { cause: error });
  return error;
}
