import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OracleServer, startOracle } from './index.ts';
import { codeOf, type DriverConnection, drivers } from './testing.ts';

const ddl = 'CREATE TABLE STAYS (ID NUMBER NOT NULL, GUEST VARCHAR2(80) NOT NULL, CHANGED DATE, CONSTRAINT STAYS_PK PRIMARY KEY (ID))';
const rights = { STAYS: 'OPERA.STAYS' };

describe.each(drivers)('transactions, with the driver $versionString', (driver) => {
  let server: OracleServer;
  let nowMs = Date.parse('2026-03-01T10:00:00Z');
  let writer: DriverConnection;
  let reader: DriverConnection;
  beforeEach(async () => {
    nowMs = Date.parse('2026-03-01T10:00:00Z');
    server = await startOracle({
      now: () => nowMs,
      zone: 'UTC',
      users: {
        WRITER: { password: 'w', grants: { [rights.STAYS]: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'], 'SYS.V_$TRANSACTION': ['READ'] } },
        READER: { password: 'r', grants: { [rights.STAYS]: ['READ'] } },
      },
    });
    server.database.create('OPERA', ddl);
    [writer, reader] = (await Promise.all(
      ['writer', 'reader'].map((user) => driver.getConnection({ user, password: user.slice(0, 1), connectString: server.url })),
    )) as [DriverConnection, DriverConnection];
  });
  afterEach(async () => {
    await Promise.all([writer.close(), reader.close()]);
    await server.close();
  });
  const insert = (id: number, guest = 'Gäst') =>
    writer.execute('INSERT INTO opera.stays (id, guest, changed) VALUES (:1, :2, SYSDATE)', [id, guest]);
  const seenBy = async (connection: DriverConnection) =>
    (await connection.execute("SELECT id, TO_CHAR(changed,'HH24:MI:SS') FROM opera.stays ORDER BY id")).rows;

  it('shows nothing of a change to others until it is committed, and then with the stamp of its statement', async () => {
    await insert(1);
    nowMs += 120_000;
    const before = [await seenBy(writer), await seenBy(reader)];
    await writer.commit();
    expect([before, await seenBy(reader)]).toEqual([[[[1, '10:00:00']], []], [[1, '10:00:00']]]);
  });

  it('numbers commits, not statements: what was written first can have the higher ORA_ROWSCN', async () => {
    await insert(1);
    server.database.commit((sqlite, scn) =>
      sqlite.prepare('INSERT INTO "OPERA.STAYS" VALUES (2, ?, ?, ?)').run('other', '2026-03-01 10:00:30', scn),
    );
    await writer.commit();
    const { rows = [] } = await reader.execute('SELECT id, ORA_ROWSCN FROM opera.stays ORDER BY ORA_ROWSCN');
    const [first, second] = rows as [number, number][];
    const max = await reader.execute('SELECT MAX(ORA_ROWSCN) FROM opera.stays WHERE ORA_ROWSCN > :1', [first?.[1]]);
    expect([first?.[0], second?.[0], max.rows]).toEqual([2, 1, [[second?.[1]]]]);
  });

  it('forgets a change that is rolled back, or whose session ends without a commit', async () => {
    await insert(1);
    await writer.rollback();
    await insert(2);
    await writer.close();
    const own = await seenBy(reader);
    writer = await driver.getConnection({ user: 'writer', password: 'w', connectString: server.url });
    expect(own).toEqual([]);
  });

  it('shows one moment through a READ ONLY transaction, and refuses to write in it', async () => {
    await insert(1);
    await writer.commit();
    await writer.execute('SET TRANSACTION READ ONLY');
    const [before, refused] = [await seenBy(writer), await codeOf(insert(2))];
    await reader.execute('SET TRANSACTION READ ONLY');
    const first = await seenBy(reader);
    await writer.rollback();
    await insert(3);
    await writer.commit();
    const second = await seenBy(reader);
    await reader.rollback();
    const third = await seenBy(reader);
    expect([before?.length, refused, first?.length, second?.length, third?.length]).toEqual([1, 'ORA-01456', 1, 1, 2]);
  });

  it('refuses a commit that somebody else was quicker with', async () => {
    await insert(1);
    server.database.commit((sqlite, scn) => sqlite.prepare('INSERT INTO "OPERA.STAYS" VALUES (1, ?, ?, ?)').run('other', null, scn));
    expect([await codeOf(writer.commit()), (await seenBy(reader))?.length]).toEqual(['ORA-00001', 1]);
  });

  it('commits with the statement where the driver asks for it, also when the statement runs again', async () => {
    const sql = 'INSERT INTO opera.stays (id, guest) VALUES (:1, :2)';
    for (const id of [1, 2, 3]) await writer.execute(sql, [id, 'Gäst'], { autoCommit: id < 3 });
    const seen = (await seenBy(reader))?.map(([id]) => id);
    await writer.rollback();
    expect([seen, (await seenBy(writer))?.length]).toEqual([[1, 2], 2]);
  });

  it('writes many rows at once and refuses a second row with the same key', async () => {
    const many = Array.from({ length: 1000 }, (_, at) => [at, `Gäst ${at}`]);
    const { rowsAffected } = await writer.executeMany('INSERT INTO opera.stays (id, guest) VALUES (:1, :2)', many);
    const twice = await codeOf(insert(5));
    const empty = await codeOf(insert(5000, ''));
    const updated = await writer.execute("UPDATE opera.stays s SET s.guest = 'moved' WHERE s.id < :1", [10]);
    const deleted = await writer.execute('DELETE FROM opera.stays WHERE guest = :1', ['moved']);
    await writer.commit();
    const left = await seenBy(reader);
    expect([rowsAffected, twice, empty, updated.rowsAffected, deleted.rowsAffected, left?.length]).toEqual([
      1000,
      'ORA-00001',
      'ORA-01400',
      10,
      10,
      990,
    ]);
  });

  it('lets whoever may only READ neither lock nor write, and shows running transactions to whom it is granted', async () => {
    const asked = [
      'SELECT id FROM opera.stays FOR UPDATE',
      'LOCK TABLE opera.stays IN SHARE MODE',
      'INSERT INTO opera.stays (id, guest) VALUES (1, :g)'.replace(':g', "'x'"),
      "UPDATE opera.stays SET guest = 'x'",
      'DELETE FROM opera.stays',
      'SELECT START_DATE FROM V$TRANSACTION',
    ];
    const codes: string[] = [];
    for (const sql of asked) codes.push(await codeOf(reader.execute(sql)));
    await insert(1);
    nowMs += 60_000;
    const running = await writer.execute("SELECT TO_CHAR(MIN(start_date),'HH24:MI:SS') FROM v$transaction");
    expect([codes, running.rows]).toEqual([['ORA-01031', 'ORA-01031', 'ORA-01031', 'ORA-01031', 'ORA-01031', 'ORA-00942'], [['10:00:00']]]);
  });
});
