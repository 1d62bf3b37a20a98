import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OracleServer, startOracle } from './index.ts';
import { neededTables, operaUsers } from './opera/users.ts';
import { codeOf, type DriverConnection, drivers } from './testing.ts';

let server: OracleServer;
beforeAll(async () => {
  server = await startOracle();
});
afterAll(() => server.close());

describe.each(drivers)('the dictionary, with the driver $versionString', (driver) => {
  const open: DriverConnection[] = [];
  afterAll(() => Promise.all(open.map((connection) => connection.close())));
  const as = async (user: string): Promise<DriverConnection> => {
    const { password } = operaUsers('OPERA')[user.toUpperCase()] ?? {};
    const connection = await driver.getConnection({ user, password, connectString: server.url });
    open.push(connection);
    return connection;
  };
  const column = async (connection: DriverConnection, sql: string, binds: unknown = []) =>
    ((await connection.execute(sql, binds)).rows ?? []).map(([first]) => first);

  it('shows the tables that are granted and no others', async () => {
    const reader = await as('hotel_reader');
    const tables = await column(reader, "SELECT table_name FROM all_tables WHERE owner = 'OPERA'");
    const owners = await column(reader, "SELECT owner FROM all_tables WHERE table_name = 'RESERVATION_NAME'");
    const notes = await codeOf(reader.execute('SELECT 1 FROM opera.name$notes'));
    expect([tables.sort(), owners, notes]).toEqual([[...neededTables].sort(), ['OPERA'], 'ORA-00942']);
  });

  it('tells columns with their types, and the index that a watermark needs', async () => {
    const reader = await as('hotel_reader');
    const columns = await reader.execute(
      `SELECT column_name, data_type, data_length, data_precision, data_scale, nullable FROM all_tab_columns
        WHERE owner = :o AND table_name = :t AND column_name IN ('RESORT', 'RESV_NAME_ID', 'UPDATE_DATE', 'CONFIRMATION_NO') ORDER BY column_id`,
      ['OPERA', 'RESERVATION_NAME'],
    );
    const index = await column(
      reader,
      `SELECT c.column_name FROM all_indexes i JOIN all_ind_columns c ON c.index_owner = i.owner AND c.index_name = i.index_name
        WHERE i.table_owner = 'OPERA' AND i.index_name = 'RESV_NAME_UPD_DATE_IND' ORDER BY c.column_position`,
    );
    expect([columns.rows, index]).toEqual([
      [
        ['RESORT', 'VARCHAR2', 20, null, null, 'N'],
        ['RESV_NAME_ID', 'NUMBER', 22, null, null, 'N'],
        ['UPDATE_DATE', 'DATE', 7, null, null, 'Y'],
        ['CONFIRMATION_NO', 'VARCHAR2', 50, null, null, 'Y'],
      ],
      ['RESORT', 'UPDATE_DATE'],
    ]);
  });

  it('tells a reader and a writer apart by what they are granted, directly and through roles', async () => {
    const rights = async (user: string) => {
      const connection = await as(user);
      return [
        await column(connection, "SELECT DISTINCT privilege FROM user_tab_privs WHERE owner = 'OPERA' ORDER BY 1"),
        await column(connection, 'SELECT privilege FROM session_privs ORDER BY 1'),
        await column(connection, 'SELECT role FROM session_roles'),
        await column(connection, "SELECT table_name || ' ' || privilege FROM role_tab_privs ORDER BY 1"),
        await column(connection, 'SELECT privilege FROM user_sys_privs ORDER BY 1'),
        await column(connection, "SELECT COUNT(*) FROM all_tab_privs WHERE grantee <> 'PUBLIC'"),
      ];
    };
    expect([await rights('hotel_reader'), await rights('hotel_writer')]).toEqual([
      [['READ'], ['CREATE SESSION'], [], [], ['CREATE SESSION'], [neededTables.length]],
      [
        ['DELETE', 'INSERT', 'SELECT', 'UPDATE'],
        ['CREATE SESSION', 'CREATE TABLE', 'SELECT ANY TABLE'],
        ['PMS_SUPPORT'],
        ['NAME$NOTES SELECT', 'NAME$NOTES UPDATE'],
        ['CREATE SESSION', 'CREATE TABLE'],
        [neededTables.length + 5],
      ],
    ]);
  });

  it('shows a grant that is made while somebody is logged on, and not one that is taken away', async () => {
    server.accounts.set('LATE', { password: 'x' });
    const connection = await driver.getConnection({ user: 'late', password: 'x', connectString: server.url });
    const sql = 'SELECT COUNT(*) FROM opera.room';
    const before = await codeOf(connection.execute(sql));
    server.accounts.set('LATE', { password: 'x', grants: { 'OPERA.ROOM': ['SELECT'] } });
    const granted = await codeOf(connection.execute(sql));
    server.accounts.set('LATE', { password: 'x' });
    const revoked = await codeOf(connection.execute(sql));
    await connection.close();
    expect([before, granted, revoked]).toEqual(['ORA-00942', 'no error', 'ORA-00942']);
  });

  it('says which version and which session it is', async () => {
    const reader = await as('hotel_reader');
    const context = `SELECT SYS_CONTEXT('USERENV','SESSION_USER'), SYS_CONTEXT('USERENV','DB_NAME'), SYS_CONTEXT('USERENV','SERVICE_NAME'), USER FROM DUAL`;
    expect([
      await column(reader, 'SELECT banner FROM v$version'),
      await column(reader, 'SELECT version_full FROM product_component_version'),
      (await reader.execute(context)).rows,
      await column(reader, "SELECT value FROM nls_database_parameters WHERE parameter = 'NLS_CHARACTERSET'"),
    ]).toEqual([
      ['Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - Production'],
      ['19.21.0.0.0'],
      [['HOTEL_READER', 'SANDBOX', 'OPERA', 'HOTEL_READER']],
      ['AL32UTF8'],
    ]);
  });
});
