import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  writeFileSync(suspectFile(home), 'met while it was used');
  return true;
}

function speaksOfDamage(error: unknown): boolean {
  if (error instanceof Fault && error.code === 'database-damaged') return error.detail.file === 'pipeline.db';
  if (isDamage(error)) return true;
  return error instanceof Error && error.cause !== undefined && speaksOfDamage(error.cause);
}
