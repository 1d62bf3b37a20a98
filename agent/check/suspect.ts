import { rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Fault } from '../../contract/faults.ts';
import { isDamage } from '../../db/faults.ts';

/** Where a start is told that the pages of the database do not fit together, so that it looks at all of them however many they are. */
export const suspectFile = (home: string) => join(home, 'run', 'database-suspect');

/**
 * Whether a failure says that the database itself is damaged; then the next start looks at all of it.
 * @returns whether it does.
 */
export function noteWhereSuspect(home: string, error: unknown): boolean {
  if (!speaksOfDamage(error)) return false;
  try {
    writeFileSync(suspectFile(home), 'met while it was used');
  } catch {
    // On a disk that takes nothing, what is told of it elsewhere has to do.
  }
  return true;
}

function speaksOfDamage(error: unknown): boolean {
  if (error instanceof Fault && error.code === 'database-damaged' && basename(error.detail.file ?? '') === 'pipeline.db') return true;
  if (isDamage(error)) return true;
  return error instanceof Error && error.cause !== undefined && speaksOfDamage(error.cause);
}

/** A check has found the pages whole: what was suspected before it began is no more. What was met since may lie where it had been already. */
export function forgetSuspicion(home: string, checkStartedAtMs: number): void {
  const noted = statSync(suspectFile(home), { throwIfNoEntry: false });
  if (noted && noted.mtimeMs < checkStartedAtMs) rmSync(suspectFile(home), { force: true });
}
