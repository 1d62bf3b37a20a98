import { basename } from 'node:path';
import type { BackupProgress } from '../../contract/backup.ts';
import { Fault } from '../../contract/faults.ts';
import { makeBackup } from '../backup/make.ts';
import type { Agent } from '../index.ts';
import { type Caller, writeDown } from './audit.ts';

/**
 * Make a backup and write down that everything of this hotel was taken, and to where.
 * @throws {Fault} `input-wrong` for whoever is not at the command line, before the first step.
 */
export function backUp(agent: Agent, folder: string, caller: Caller, signal: AbortSignal): AsyncGenerator<BackupProgress> {
  if (caller.client !== 'cli') throw new Fault('input-wrong', { detail: 'a backup is made at the command line of this PC' });
  return steps(agent, folder, caller, signal);
}

async function* steps(agent: Agent, folder: string, caller: Caller, signal: AbortSignal): AsyncGenerator<BackupProgress> {
  const { stores, now } = agent;
  // Before the first byte leaves: a backup that is cut short may have been copied as well.
  await writeDown(agent, caller, { action: 'backup-begun', kind: 'backup', id: folder });
  for await (const step of makeBackup({ home: stores.home, key: stores.secrets.dataKey, now }, folder, signal)) {
    if (step.result)
      await writeDown(agent, caller, { action: 'backup-made', kind: 'backup', id: basename(step.result.folder), detail: step.result });
    yield step;
  }
}
