import { expect, it } from 'vitest';
import type { ReadDb } from '../open.ts';
import { isDatabaseSound, isTableSound } from './check.ts';

/** A database of which each look ends with this error of SQLite. */
function failing(code: string): ReadDb {
  const pragma = () => {
    throw Object.assign(new Error(code), { code });
  };
  return { pragma } as unknown as ReadDb;
}

it('only what SQLite has read and found damaged is damage; what it could not read is a fault of its own', () => {
  const outcome = (look: () => boolean) => {
    try {
      return look();
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  const codes = ['SQLITE_CORRUPT', 'SQLITE_CORRUPT_INDEX', 'SQLITE_NOTADB', 'SQLITE_IOERR_READ', 'SQLITE_BUSY', 'SQLITE_NOMEM'];
  const found = codes.map((code) => [outcome(() => isDatabaseSound(failing(code))), outcome(() => isTableSound(failing(code), 'files'))]);
  expect(found).toEqual([[false, false], [false, false], [false, false], ...codes.slice(3).map((code) => [code, code])]);
});
