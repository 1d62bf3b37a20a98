import { describe, expect, it } from 'vitest';
import type { Asker } from '../../clients/oracle/line.ts';
import { neededTables } from './columns.ts';
import { rightsOf, unaccepted } from './dictionary.ts';
import { settings } from './settings.ts';

type Held = {
  readonly own?: readonly string[];
  readonly byRole?: readonly string[];
  readonly system?: readonly string[];
  readonly ofPublic?: readonly string[];
  readonly user?: string;
};

/** A dictionary that says what a session may do. `RIGHT ON OWNER.TABLE` for rights on tables. */
function dictionary({ own = [], byRole = [], system = ['CREATE SESSION'], ofPublic = [], user = 'READER' }: Held): Asker {
  const rows = (rights: readonly string[]) =>
    rights.map((right) => {
      const [, privilege = '', owner = '', table = ''] = /^(.+) ON ([^.]+)\.(.+)$/.exec(right) ?? [];
      return [owner, table, privilege];
    });
  return async (sql) => {
    if (sql.includes('ALL_TAB_PRIVS')) return { columns: [], rows: rows(ofPublic) };
    if (sql.includes('SESSION_USER')) return { columns: [], rows: [[user]] };
    if (sql.includes('USER_TAB_PRIVS')) return { columns: [], rows: rows(own) };
    if (sql.includes('ROLE_TAB_PRIVS')) return { columns: [], rows: rows(byRole) };
    if (sql.includes('SESSION_PRIVS')) return { columns: [], rows: system.map((name) => [name]) };
    return { columns: [], rows: neededTables.map((name) => [name]) };
  };
}
const reads = neededTables.map((table) => `READ ON OPERA.${table}`);
const given = (acknowledgedRights?: string[]) =>
  settings.parse({ address: 'db:1521/OPERA', user: 'R', ...(acknowledgedRights && { acknowledgedRights }) });

const tableRights = [
  'INSERT',
  'UPDATE',
  'DELETE',
  'ALTER',
  'INDEX',
  'REFERENCES',
  'EXECUTE',
  'DEBUG',
  'FLASHBACK',
  'ON COMMIT REFRESH',
  'QUERY REWRITE',
];
const systemRights = [
  'CREATE TABLE',
  'CREATE ANY TABLE',
  'ALTER ANY TABLE',
  'DROP ANY TABLE',
  'INSERT ANY TABLE',
  'UPDATE ANY TABLE',
  'DELETE ANY TABLE',
  'LOCK ANY TABLE',
  'EXECUTE ANY PROCEDURE',
  'CREATE PROCEDURE',
  'ALTER SYSTEM',
  'ALTER USER',
  'GRANT ANY PRIVILEGE',
  'GRANT ANY ROLE',
  'UNLIMITED TABLESPACE',
  'CREATE JOB',
  'SYSDBA',
  'BECOME USER',
];
const sets: readonly (readonly [name: string, held: Held, writes: readonly string[]])[] = [
  ['what the letter grants', { own: reads }, []],
  ['SELECT instead of READ', { own: neededTables.map((table) => `SELECT ON OPERA.${table}`) }, []],
  ['reading by a role', { byRole: reads }, []],
  ['reading of everything', { own: reads, system: ['CREATE SESSION', 'SELECT ANY TABLE'] }, []],
  ['reading of another table', { own: [...reads, 'READ ON OPERA.NAME$NOTES'] }, []],
  ['reading of another owner', { own: [...reads, 'SELECT ON HR.PEOPLE'] }, []],
  ...tableRights.map(
    (right) =>
      [
        `${right} on a needed table`,
        { own: [...reads, `${right} ON OPERA.RESERVATION_NAME`] },
        [`${right} ON OPERA.RESERVATION_NAME`],
      ] as const,
  ),
  ...tableRights
    .slice(0, 4)
    .map((right) => [`${right} by a role`, { own: reads, byRole: [`${right} ON OPERA.NAME`] }, [`${right} ON OPERA.NAME`]] as const),
  ...systemRights.map((right) => [`the privilege ${right}`, { own: reads, system: ['CREATE SESSION', right] }, [right]] as const),
  [
    'two of them',
    { own: [...reads, 'DELETE ON OPERA.ROOM'], system: ['CREATE SESSION', 'CREATE TABLE'] },
    ['CREATE TABLE', 'DELETE ON OPERA.ROOM'],
  ],
];

describe('what a login may do', () => {
  it(`is looked at in ${sets.length} sets of rights`, () => expect(sets.length).toBeGreaterThanOrEqual(40));

  it.each(sets)('finds in %s exactly the rights that could change something', async (_name, held, writes) => {
    const rights = await rightsOf(dictionary(held), 'OPERA');
    expect([rights.writes, unaccepted(rights, given()), unaccepted(rights, given([...writes])), rights.readable.length]).toEqual([
      writes,
      writes,
      [],
      neededTables.length,
    ]);
  });

  it('takes nothing as accepted but what was named', async () => {
    const rights = await rightsOf(dictionary({ own: ['UPDATE ON OPERA.ROOM', 'DELETE ON OPERA.ROOM'] }), 'OPERA');
    expect(unaccepted(rights, given(['update on opera.room', 'ALL']))).toEqual(['DELETE ON OPERA.ROOM']);
  });
});
