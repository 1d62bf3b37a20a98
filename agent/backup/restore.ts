import { type KeyObject, randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { BackupFacts } from '../../contract/backup.ts';
import { Fault, type FaultReport } from '../../contract/faults.ts';
import { openForWriting, type WriteDb } from '../../db/open.ts';
import { auditStatements } from '../../db/pipeline/audit.ts';
import { newestFileId } from '../../db/pipeline/check.ts';
import { connectionStatements, connections, setting } from '../../db/pipeline/connections.ts';
import { type UnnamedSince, unnamedSince } from '../../db/pipeline/files.ts';
import { generations } from '../../db/pipeline/generation.ts';
import { heldSending, holdStatements } from '../../db/pipeline/held-sending.ts';
import { agentItself, standingStatements } from '../../db/pipeline/standing.ts';
import { rawFilesThere, readRawFacts } from '../pipeline/raw-files.ts';
import { isSound } from '../pipeline/sealed-file.ts';
import { type Caller, entryOf } from '../runtime/audit.ts';
import { localOperator } from '../runtime/context.ts';
import { lockHome } from '../runtime/home.ts';
import { Secrets } from '../runtime/secrets.ts';
import { unsealDatabase } from './drill.ts';
import { copyFile, findBackup, placeJson, readFacts, secretsNames, stampOf } from './place.ts';
import { planName } from './plan.ts';

export type RestoreOrder = {
  readonly from: string;
  readonly home: string;
  /** Needed on a PC or in an account other than the one that made the backup. */
  readonly recoveryKey?: string;
  /** Move what is in the data folder aside; without it a folder with data is refused. */
  readonly replaces: boolean;
  readonly nowMs: number;
};

export type Restored = {
  readonly backup: string;
  readonly madeAtMs: number;
  readonly hotelId: string | null;
  readonly records: number;
  readonly rawFiles: number;
  /** Raw files that are missing in the backup or damaged there: what they hold can no longer be read again. */
  readonly lostRawFiles: number;
  /** Files that were taken since the backup and lie in the data folder that was there before: the next start reads them again. */
  readonly readAgain: number;
  /** Copies there that do not open by the key of the backup, none of which does: they are of another hotel or PC. */
  readonly unopened: number;
  /** Where the data that was there before lies now. */
  readonly movedTo: string | null;
};

/** Everything is prepared here first, inside the data folder, so that putting it in its place is only renaming. */
export const staging = 'restoring';

/**
 * Restore a backup into a data folder. Until all of it is there and opens, nothing that was there before is touched; the database gets
 * its place last, so that an agent never meets half of it. A restore that was cut short is done again.
 *
 * The next start takes a generation above all before it and asks each destination what it has seen; no content counts as known, so that
 * every record is sent again when its source next names it.
 *
 * @throws {Fault} `home-not-empty`, `backup-not-found`, `backup-damaged`, `secrets-locked`, `home-in-use`, `disk-full`,
 *   `restore-blocked`
 */
export async function restoreBackup(order: RestoreOrder): Promise<Restored> {
  const { home, recoveryKey, nowMs } = order;
  const backup = await findBackup(order.from);
  const facts = await readFacts(backup);
  const lock = lockHome(home);
  const stage = join(home, staging);
  const asideBefore = foldersAside(home);
  try {
    const isOccupied = existsSync(join(home, 'pipeline.db')) || (hasSecrets(home) && !existsSync(stage));
    if (isOccupied && !order.replaces) throw new Fault('home-not-empty', { home });
    rmSync(stage, { recursive: true, force: true });
    mkdirSync(stage, { mode: 0o700 });
    // A restore that was cut short has moved things aside already: its successor looks for copies there as well.
    const asideName = `replaced-${stampOf(nowMs)}`;
    await placeJson(join(stage, asideList), [...asideBefore, asideName]);
    const key = Secrets.keyOf(backup, { home, recoveryKey });
    const database = join(stage, 'pipeline.db');
    await unsealDatabase(backup, facts, key, database);
    const caller: Caller = { actor: localOperator, client: 'cli', correlationId: randomUUID() };
    const rawPaths = prepareDatabase(database, key, facts, { nowMs, caller, said: null });
    const beside = [home, ...asideBefore.map((name) => join(home, name))];
    const lostRawFiles = await copyBack(stage, [join(backup, '..'), ...beside], rawPaths, key);
    const { movedTo, undo } = moveAside(home, asideName);
    let brought = { readAgain: 0, unopened: 0 };
    try {
      if (existsSync(join(stage, 'raw'))) renameSync(join(stage, 'raw'), join(home, 'raw'));
      const aside = [...asideBefore, asideName].map((name) => join(home, name));
      brought = await bringUnnamed(aside, { home, named: new Set(rawPaths), key });
      await placeSecrets(order, backup);
      renameSync(database, join(home, 'pipeline.db'));
    } catch (error) {
      undo();
      throw error;
    }
    const { madeAtMs, hotelId, records } = facts;
    return { backup, madeAtMs, hotelId, records, rawFiles: rawPaths.length - lostRawFiles, lostRawFiles, ...brought, movedTo };
  } finally {
    rmSync(stage, { recursive: true, force: true });
    lock.release();
  }
}

const hasSecrets = (home: string) => secretsNames.some((name) => existsSync(join(home, name)));

type Mark = { readonly nowMs: number; readonly caller: Caller; readonly said: FaultReport | null };

/**
 * Bring the database to the schema of this version and mark it as restored, and by whom. `said` is what stands there from then on where no
 * person has asked for it, until one has seen it. Then sending is stopped as well: the backup does not know what was paused, removed or
 * kept back since, so nothing leaves before a person has looked.
 * @returns the raw files that it names.
 */
export function prepareDatabase(path: string, key: KeyObject, { madeAtMs }: BackupFacts, { nowMs, caller, said }: Mark): string[] {
  const db = openForWriting(path);
  try {
    const id = stampOf(madeAtMs);
    const acts = { stores: { read: db }, now: () => nowMs };
    const entry = entryOf(acts, caller, { action: 'backup-restored', kind: 'backup', id });
    const { restored } = generations(db, key);
    const { append } = auditStatements(db, key);
    const { raiseAlert } = standingStatements(db);
    const { saveSetting } = connectionStatements(db);
    db.transaction(() => {
      restored(madeAtMs, nowMs);
      append([entry]);
      // Where an earlier restore is not read to its end, what was taken since that one is still owed.
      if (!setting(db, unnamedSince)) saveSetting(unnamedSince, { madeAtMs, newestFileId: newestFileId(db) } satisfies UnnamedSince);
      // What was under way was of the other database.
      db.exec("delete from settings where key in ('check/under-way', 'certificate/under-way')");
      if (!said) return;
      raiseAlert(agentItself, said, 'warning', nowMs);
      for (const { destinationId, reason } of holdAll(db, { madeAtMs, nowMs, actorName: caller.actor.name })) {
        const detail = { reason, until: null };
        append([entryOf(acts, caller, { action: 'breaker-tripped', kind: 'connection', id: destinationId, detail })]);
      }
    })();
    return db.prepare<[], string>("select distinct raw_path from files where raw_path <> '' order by raw_path").pluck().all();
  } finally {
    db.close();
  }
}

type Hold = { readonly madeAtMs: number; readonly nowMs: number; readonly actorName: string };

/** Stop sending to every destination until a person lets it go on. A reason for which one had been stopped already stays beside ours. */
function holdAll(db: WriteDb, { madeAtMs, nowMs, actorName }: Hold): { destinationId: string; reason: string }[] {
  const held = heldSending(db);
  const { holdSending } = holdStatements(db);
  const made = new Date(madeAtMs).toISOString().slice(0, 16).replace('T', ' ');
  const restored = `The database was restored from a backup of ${made} UTC: look at what was paused, removed or kept back since, then let it go on`;
  return connections(db)
    .filter(({ direction }) => direction === 'destination')
    .map(({ id: destinationId }) => {
      const before = held(destinationId, nowMs);
      const reason = before ? `${restored}. Stopped before by ${before.actorName}: ${before.reason}` : restored;
      holdSending({ destinationId, reason, actorName, untilMs: null }, nowMs);
      return { destinationId, reason };
    });
}

/** Copy the raw files from the first place where all seals of them open. @returns how many of them are missing or damaged in all. */
async function copyBack(stage: string, places: readonly string[], paths: readonly string[], key: KeyObject): Promise<number> {
  let lost = 0;
  for (const path of paths) {
    let from: string | null = null;
    for (const place of places) if (from === null && (await isSound(join(place, path), key, path))) from = join(place, path);
    if (from !== null) await copyFile(from, join(stage, path));
    else lost++;
  }
  return lost;
}

/** In the staging folder: what this restore and those before it that were cut short move aside. */
const asideList = 'aside.json';

function foldersAside(home: string): string[] {
  try {
    return z.array(z.string().regex(/^replaced-[0-9A-Z-]+$/)).parse(JSON.parse(readFileSync(join(home, staging, asideList), 'utf8')));
  } catch {
    return [];
  }
}

/**
 * Put those raw files of the data folder that was there before where the next start looks for them, which the backup does not name: what
 * was taken since. Where any copy there opens by the key of the backup they are all of this hotel: then the next start names those that do not.
 */
async function bringUnnamed(
  folders: readonly string[],
  { home, named, key }: { readonly home: string; readonly named: ReadonlySet<string>; readonly key: KeyObject },
): Promise<{ readAgain: number; unopened: number }> {
  const found = new Map<string, string>();
  let isOurs = false;
  for (const before of folders) {
    for (const { path } of rawFilesThere(before)) {
      // Of those that the backup knows one that opens is enough.
      if (found.has(path) || (isOurs && named.has(path))) continue;
      const opens = await readRawFacts({ home: before, path, key }).then(
        (facts) => (facts ? 'file' : 'page'),
        () => 'not',
      );
      if (opens !== 'not') isOurs = true;
      if (opens !== 'page' && !named.has(path)) found.set(path, before);
    }
  }
  if (!isOurs) return { readAgain: 0, unopened: found.size };
  for (const [path, before] of found) {
    mkdirSync(dirname(join(home, path)), { recursive: true, mode: 0o700 });
    await placeLink(join(before, path), join(home, path));
  }
  return { readAgain: found.size, unopened: 0 };
}

/** The same file in two places: nothing is written, and what was moved aside stays whole. Not every disk can do that. */
async function placeLink(from: string, to: string): Promise<void> {
  try {
    linkSync(from, to);
  } catch {
    await copyFile(from, to);
  }
}

/**
 * Move what lies in the data folder into a folder of its own inside it; the key of this account stays where it is, and is copied.
 * @returns that folder, null when there is nothing, and how to put all of it back.
 * @throws {Fault} `restore-blocked` when another program holds a file; then everything is where it was.
 */
function moveAside(home: string, name: string): { movedTo: string | null; undo: () => void } {
  const aside = join(home, name);
  const stays = ['run', staging, 'quarantine', accountKey, planName];
  const there = readdirSync(home).filter((name) => !stays.includes(name) && !name.startsWith('replaced-'));
  const placed = () => {
    for (const name of ['raw', 'pipeline.db', ...secretsNames]) rmSync(join(home, name), { recursive: true, force: true });
  };
  if (there.length === 0) return { movedTo: null, undo: placed };
  mkdirSync(aside, { mode: 0o700 });
  if (existsSync(join(home, accountKey))) copyFileSync(join(home, accountKey), join(aside, accountKey));
  const moved: string[] = [];
  const undo = () => {
    for (const name of moved) {
      rmSync(join(home, name), { recursive: true, force: true });
      renameSync(join(aside, name), join(home, name));
    }
    rmSync(aside, { recursive: true, force: true });
  };
  for (const one of there) {
    try {
      renameSync(join(home, one), join(aside, one));
      moved.push(one);
    } catch (error) {
      undo();
      throw new Fault('restore-blocked', { file: one }, { cause: error });
    }
  }
  return { movedTo: aside, undo };
}

/** The key of the account, where no keyring keeps it. */
const accountKey = 'secrets.key';

/** The secrets of the backup, opened from now on by the key of this account: the one it has, or one that the recovery key lets us make. */
async function placeSecrets({ home, recoveryKey }: RestoreOrder, backup: string): Promise<void> {
  for (const name of secretsNames) if (existsSync(join(backup, name))) await copyFile(join(backup, name), join(home, name));
  if (recoveryKey !== undefined) Secrets.open(home, { recoveryKey });
}
