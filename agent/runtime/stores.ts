import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { Fault } from '../../contract/faults.ts';
import { openForReading, type ReadDb } from '../../db/open.ts';
import { type LongReads, startReader } from '../../db/reader.ts';
import type { Remote } from '../../db/thread-calls.ts';
import { Writer } from '../../db/writer.ts';
import { isRestoreBegun, openedSound } from '../backup/by-itself.ts';
import { staging } from '../backup/restore.ts';
import { Normaliser } from '../pipeline/normaliser.ts';
import { type HomeLock, lockHome } from './home.ts';
import { neverLog, openLog } from './log.ts';
import { Secrets } from './secrets.ts';

/** Everything of one home that has to be opened before the agent can work, and closed in the other order. */
export type Stores = {
  readonly home: string;
  readonly lock: HomeLock;
  readonly secrets: Secrets;
  readonly log: Logger;
  readonly writer: Writer;
  readonly read: ReadDb;
  readonly reads: Remote<LongReads>;
  readonly normaliser: Normaliser;
  close(): Promise<void>;
};

/**
 * What a backup or a restore has left behind that was killed: copies, which would lie there for ever.
 * @throws {Fault} `restore-unfinished` when the database is not in its place yet: a new one would hide that.
 */
function removeLeftovers(home: string): void {
  const isBegun = isRestoreBegun(home);
  if (!isBegun && existsSync(join(home, staging)) && !existsSync(join(home, 'pipeline.db')))
    throw new Fault('restore-unfinished', { home });
  for (const name of readdirSync(join(home, 'run')))
    if (name.startsWith('snapshot-') || name.startsWith('drill-')) rmSync(join(home, 'run', name), { recursive: true, force: true });
  if (!isBegun) rmSync(join(home, staging), { recursive: true, force: true });
}

/**
 * Open a home for this agent alone.
 * @throws {Fault} what locking, the secrets and the database throw; nothing stays open then.
 */
export async function openStores(home: string, options: { readonly recoveryKey?: string } = {}): Promise<Stores> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const lock = lockHome(home);
    closers.push(() => lock.release());
    removeLeftovers(home);
    const secrets = Secrets.open(home, options);
    neverLog([secrets.recoveryKey(), lock.token]);
    const { log, close: closeLog } = await openLog(home);
    closers.push(closeLog);
    const path = join(home, 'pipeline.db');
    const isNew = !existsSync(path);
    const writer = await openedSound({ home, secrets, log, nowMs: Date.now() }, () => Writer.open(path, secrets.dataKey));
    closers.push(() => writer.close());
    const read = openForReading(path);
    closers.push(() => read.close());
    const reader = await startReader(path);
    closers.push(() => reader.close());
    const normaliser = new Normaliser(home, secrets.dataKey);
    closers.push(() => normaliser.close());
    log.info({ home }, isNew ? 'a new home was made' : 'the home was opened');
    return { home, lock, secrets, log, writer, read, reads: reader.reads, normaliser, close };
  } catch (error) {
    await close();
    throw error;
  }
}
