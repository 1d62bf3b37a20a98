import { expect, it } from 'vitest';
import { areSaidWhole, isDamage } from './faults.ts';

const said = (...lines: string[]) => ['*** in database main ***', ...lines].join('\n');
const judged = (text: string) => {
  try {
    return areSaidWhole(text, 'pipeline.db');
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

it('calls a page that the disk did not give unread, and only what was read and does not fit damaged', () => {
  const unread = 'Tree 2 page 57: unable to get the page. error code=8458';
  const damaged = 'Tree 2 page 122: unable to get the page. error code=11';
  expect([
    judged('ok'),
    judged(said(unread)),
    judged(said(unread, 'Tree 3 page 51: unable to get the page. error code=266')),
    judged(said(unread, damaged)),
    judged(said(unread, 'Tree 3 page 52 cell 1: Rowid 9 out of order')),
    judged('row 3 missing from index i'),
    judged(''),
  ]).toEqual([true, 'database-unreadable', 'database-unreadable', false, false, false, false]);
});

it('takes no error for damage that is numbered, as those of a file server are', () => {
  const numbered = Object.assign(new Error('Permission denied'), { code: 3 });
  expect([isDamage(numbered), isDamage({ code: 'SQLITE_CORRUPT_INDEX' }), isDamage(null)]).toEqual([false, true, false]);
});
