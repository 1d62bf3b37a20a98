import { basename } from 'node:path';
import type { BackupPlan, BackupProgress } from '../../contract/backup.ts';
import { Fault } from '../../contract/faults.ts';
import type { Agent } from '../index.ts';
import { type Caller, writeDown } from './audit.ts';

/**
 * Make a backup and write down that everything of this hotel was taken, and to where.
 * @throws {Fault} `input-wrong` for whoever is not at the command line, before the first step.
 */
export function backUp(agent: Agent, folder: string, caller: Caller, signal: AbortSignal): AsyncGenerator<BackupProgress> {
  if (caller.client !== 'cli')
    throw new Fault('input-wrong', { detail: 'a backup into another folder than that of the plan is made at the command line of this PC' });
  return backUpTo(agent, folder, caller, signal);
}

/**
 * Make a backup in the folder that is set. It goes on when the caller goes.
 * @throws {Fault} `input-wrong` where none is set, before the first step.
 */
export function backUpNow(agent: Agent, caller: Caller, signal: AbortSignal): AsyncGenerator<BackupProgress> {
  return agent.backups.goingOn(backUpTo(agent, agent.backups.folder(), caller, agent.signal), signal);
}

export async function* backUpTo(agent: Agent, folder: string, caller: Caller, signal: AbortSignal): AsyncGenerator<BackupProgress> {
  // Before the first byte leaves: a backup that is cut short may have been copied as well.
  await writeDown(agent, caller, { action: 'backup-begun', kind: 'backup', id: folder });
  for await (const step of agent.backups.make(folder, signal)) {
    if (step.result) {
      const { drill, ...counts } = step.result;
      const detail = { ...counts, drilledBlocks: drill.blocks, drilledRawFiles: drill.rawFiles };
      await writeDown(agent, caller, { action: 'backup-made', kind: 'backup', id: basename(step.result.folder), detail });
    }
    yield step;
  }
}

/** Have backups made by themselves, or none. */
export async function planBackups(agent: Agent, plan: BackupPlan | null, caller: Caller): Promise<void> {
  await agent.backups.setPlan(plan);
  const detail = plan ? { at: plan.at, keep: plan.keep } : {};
  await writeDown(agent, caller, { action: 'backup-plan-set', kind: 'backup', id: plan?.folder ?? 'off', detail });
}
