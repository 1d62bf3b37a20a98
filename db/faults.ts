import { Fault } from '../contract/faults.ts';

/** Whether SQLite says that what it has read is damaged. What it could not read, or was not let to, is not. */
export function isDamage(error: unknown): boolean {
  const code = (error as { code?: string } | null)?.code ?? '';
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

/**
 * Give a SQLite error its name. What cannot be named is handed on as it is.
 *
 * After `SQLITE_IOERR` the page cache may hold what the disk does not: the agent must stop and open anew, never go on.
 */
export function sqliteFault(error: unknown): unknown {
  const code = (error as { code?: string } | null)?.code ?? '';
  if (code === 'SQLITE_FULL') return new Fault('disk-full', {}, { cause: error });
  if (code.startsWith('SQLITE_IOERR')) return new Fault('database-damaged', { file: 'pipeline.db' }, { cause: error });
  if (isDamage(error)) return new Fault('database-damaged', { file: 'pipeline.db' }, { cause: error });
  if (code.startsWith('SQLITE_READONLY')) return new Fault('database-unsafe', { setting: 'writing' }, { cause: error });
  return error;
}
