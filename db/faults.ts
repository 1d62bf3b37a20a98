import { Fault } from '../contract/faults.ts';

/** Whether SQLite says that what it has read is damaged. What it could not read, or was not let to, is not. */
export function isDamage(error: unknown): boolean {
  // Others number their errors.
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

const damagedCode = 11;

/**
 * Whether a check of pages says that they fit together. It tells of a page that the disk did not give as it tells of a damaged one: only the
 * number behind it, an error code of SQLite, tells them apart.
 *
 * @param said the first row of `quick_check` or `integrity_check`.
 * @throws {Fault} `database-unreadable` when all it has to say is that pages could not be read: that is no damage.
 */
export function areSaidWhole(said: unknown, file: string): boolean {
  if (said === 'ok') return true;
  const lines = String(said)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('***'));
  const codes = lines.map((line) => /unable to get the page\. error code=(\d+)$/.exec(line)?.[1]);
  const isUnread = (code: string | undefined) => code !== undefined && Number(code) % 256 !== damagedCode;
  if (lines.length === 0 || !codes.every(isUnread)) return false;
  throw new Fault('database-unreadable', { file, detail: `SQLite error ${codes[0]}` });
}

/**
 * Give a SQLite error its name. What cannot be named is handed on as it is.
 *
 * `SQLITE_IOERR` says that the disk did not answer, not that anything is damaged. After it the page cache may hold what the disk does not:
 * the database has to be opened anew, never gone on with.
 */
export function sqliteFault(error: unknown): unknown {
  const code = (error as { code?: string } | null)?.code ?? '';
  if (code === 'SQLITE_FULL') return new Fault('disk-full', {}, { cause: error });
  if (code.startsWith('SQLITE_IOERR')) return new Fault('database-unreadable', { file: 'pipeline.db', detail: code }, { cause: error });
  if (isDamage(error)) return new Fault('database-damaged', { file: 'pipeline.db' }, { cause: error });
  if (code.startsWith('SQLITE_READONLY')) return new Fault('database-unsafe', { setting: 'writing' }, { cause: error });
  return error;
}
