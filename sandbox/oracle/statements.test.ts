import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OracleServer, startOracle } from './index.ts';
import { codeOf, type DriverConnection, drivers } from './testing.ts';

let server: OracleServer;
beforeAll(async () => {
  server = await startOracle({ zone: 'Europe/Berlin', now: () => Date.parse('2026-03-29T12:00:00.123Z') });
  server.database.create(
    'OPERA',
    `CREATE TABLE STAYS (ID NUMBER NOT NULL, RESORT VARCHAR2(20) NOT NULL, GUEST VARCHAR2(80), CODE CHAR(5), ARRIVAL DATE NOT NULL,
       CHANGED TIMESTAMP(6), RATE NUMBER(12,2), MARK RAW(16), NOTE CLOB, PHOTO BLOB, CONSTRAINT STAYS_PK PRIMARY KEY (RESORT, ID));
     CREATE TABLE NIGHTS (ID NUMBER NOT NULL, STAY_ID NUMBER NOT NULL, NIGHT DATE, AMOUNT NUMBER, CONSTRAINT NIGHTS_PK PRIMARY KEY (ID))`,
  );
  server.database.commit((writer, scn) => {
    const stay = writer.prepare('INSERT INTO "OPERA.STAYS" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    const night = writer.prepare('INSERT INTO "OPERA.NIGHTS" VALUES (?, ?, ?, ?, ?)');
    for (let id = 1; id <= 1200; id += 1) {
      const arrival = `2026-0${1 + (id % 9)}-15 00:00:00`;
      const note = id % 400 === 0 ? 'note ä '.repeat(id) : null;
      const photo = id === 400 ? Buffer.alloc(70_000, 1) : null;
      stay.run(
        id,
        id % 3 === 0 ? 'MUC' : 'BER',
        `Gäst ${id}`,
        'C',
        arrival,
        `2026-01-01 10:00:00.${id % 9}`,
        id * 1.25,
        Buffer.from([id & 255, 1]),
        note,
        photo,
        scn,
      );
      if (id <= 10) for (let at = 0; at < id % 4; at += 1) night.run(id * 10 + at, id, arrival, 100.1, scn);
    }
  });
});
afterAll(() => server.close());

describe.each(drivers)('statements of the driver $versionString', (driver) => {
  let connection: DriverConnection;
  beforeAll(async () => {
    connection = await driver.getConnection({ user: 'opera', password: 'opera-owner', connectString: server.url });
  });
  afterAll(() => connection.close());
  const rows = async (sql: string, binds: unknown = []) => (await connection.execute(sql, binds)).rows;

  it('tells the clock of its server, in UTC and on the wall, with summer time', async () => {
    const sql = `SELECT TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP),'YYYY-MM-DD HH24:MI:SS.FF6'), TO_CHAR(SYSDATE,'YYYY-MM-DD HH24:MI:SS'), DBTIMEZONE FROM DUAL`;
    expect(await rows(sql)).toEqual([['2026-03-29 12:00:00.123000', '2026-03-29 14:00:00', '+00:00']]);
  });

  it('describes columns as they are declared, and computed ones by what they are', async () => {
    const result = await connection.execute(
      `SELECT s.*, TO_CHAR(s.arrival,'YYYY-MM-DD') day, COUNT(*) OVER (PARTITION BY s.resort) n, s.guest || '!' FROM stays s WHERE ROWNUM <= 1`,
    );
    const { metaData = [] } = result;
    expect(
      metaData.map(({ name, dbTypeName, byteSize, precision, scale, nullable }) =>
        [name, dbTypeName, byteSize, precision, scale, nullable].join(' '),
      ),
    ).toEqual([
      'ID NUMBER  0 -127 false',
      'RESORT VARCHAR2 20   false',
      'GUEST VARCHAR2 80   true',
      'CODE CHAR 5   true',
      'ARRIVAL DATE    false',
      'CHANGED TIMESTAMP  6  true',
      'RATE NUMBER  12 2 true',
      'MARK RAW 16   true',
      'NOTE CLOB    true',
      'PHOTO BLOB    true',
      'DAY VARCHAR2 10   true',
      'N NUMBER  0 -127 true',
      "S.GUEST||'!' VARCHAR2 81   true",
    ]);
  });

  it('pages by keyset, by OFFSET, by ROWNUM and by number of row, and all give the same', async () => {
    const page = `SELECT id FROM stays WHERE resort = :r AND id > :k ORDER BY id FETCH FIRST :n ROWS ONLY`;
    const byRownum = `SELECT * FROM (SELECT id FROM stays WHERE resort = :r AND id > :k ORDER BY id) WHERE ROWNUM <= :n`;
    const byOffset = `SELECT id FROM stays WHERE resort = :r ORDER BY id OFFSET :o ROWS FETCH NEXT :n ROWS ONLY`;
    const byNumber = `SELECT id FROM (SELECT q.*, ROWNUM rn FROM (SELECT id FROM stays WHERE resort = :r ORDER BY id) q WHERE ROWNUM <= :top) WHERE rn > :o`;
    const numbered = `SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY resort ORDER BY id) rn FROM stays WHERE resort = :r) WHERE rn > :o AND rn <= :top ORDER BY id`;
    const pages = [
      await rows(page, { r: 'BER', k: 4, n: 3 }),
      await rows(byRownum, { r: 'BER', k: 4, n: 3 }),
      await rows(byOffset, { r: 'BER', o: 3, n: 3 }),
      await rows(byNumber, { r: 'BER', top: 6, o: 3 }),
      await rows(numbered, { r: 'BER', top: 6, o: 3 }),
    ];
    expect(pages).toEqual(Array.from({ length: 5 }, () => [[5], [7], [8]]));
  });

  it('reads the keyset of a watermark with texts that it binds as dates', async () => {
    const sql = `SELECT id, TO_CHAR(changed,'YYYY-MM-DD HH24:MI:SS.FF3') FROM stays
      WHERE changed >= TO_TIMESTAMP(:p,'YYYY-MM-DD HH24:MI:SS.FF6') AND (changed > TO_TIMESTAMP(:p,'YYYY-MM-DD HH24:MI:SS.FF6') OR id > :k)
      ORDER BY changed, id FETCH FIRST 2 ROWS ONLY`;
    const p = '2026-01-01 10:00:00.700000';
    expect(await rows(sql, [p, p, 1195])).toEqual([
      [8, '2026-01-01 10:00:00.800'],
      [17, '2026-01-01 10:00:00.800'],
    ]);
  });

  it('joins, groups and looks into subqueries', async () => {
    const sql = `SELECT s.id, COUNT(n.id), SUM(n.amount), MAX(TO_CHAR(n.night,'DD.MM.YY')) FROM opera.stays s
      LEFT JOIN opera.nights n ON n.stay_id = s.id WHERE s.id <= 4 GROUP BY s.id HAVING COUNT(*) > 0 ORDER BY 1 DESC`;
    const where = `SELECT id FROM stays s WHERE (resort, id) IN ((:a, :b), ('MUC', 6), ('BER', 6))
      AND EXISTS (SELECT 1 FROM nights n WHERE n.stay_id = s.id) AND id IN (SELECT stay_id FROM nights) ORDER BY id`;
    expect([await rows(sql), await rows(where, ['MUC', 3])]).toEqual([
      [
        [4, 0, null, null],
        [3, 3, 300.3, '15.04.26'],
        [2, 2, 200.2, '15.03.26'],
        [1, 1, 100.1, '15.02.26'],
      ],
      [[3], [6]],
    ]);
  });

  it('computes as Oracle does where SQLite would not', async () => {
    const sql = `SELECT NVL(NULL, 'x'), 'a' || NULL || 'b', NVL('', 'empty'), DECODE(NULL, NULL, 'same', 'other'), 1 / 2, TO_CHAR(0.5), UPPER('gäst'),
      SUBSTR('booking', -4, 3), SUBSTR('booking', 0, 2), TO_CHAR(1234.5,'FM9,999,990.00'), TRUNC(SYSDATE) - TO_DATE('2026-03-01','YYYY-MM-DD'),
      TO_CHAR(ADD_MONTHS(DATE '2026-01-31', 1),'DD-MON-YYYY'), CASE WHEN 'B' LIKE 'b%' THEN 'like' ELSE 'unlike' END, LENGTH('')  FROM DUAL`;
    expect(await rows(sql)).toEqual([
      ['x', 'ab', 'empty', 'same', 0.5, '.5', 'GÄST', 'kin', 'bo', '1,234.50', 28, '28-FEB-2026', 'unlike', null],
    ]);
    const nulls = `SELECT v FROM (SELECT NULLIF(id, 2) v FROM stays WHERE id <= 3) ORDER BY v`;
    expect(await rows(nulls)).toEqual([[1], [3], [null]]);
    expect(await rows(`SELECT COUNT(*) FROM stays WHERE ROWNUM <= 5`)).toEqual([[5]]);
  });

  it('fetches in pages, stops half way, and runs a statement again with other values and types', async () => {
    const sql = 'SELECT id, guest FROM stays WHERE id > :k ORDER BY id';
    const { resultSet } = await connection.execute(sql, [0], { resultSet: true, fetchArraySize: 100, prefetchRows: 50 });
    const sizes: number[] = [];
    for (let page = await resultSet!.getRows(500); page.length > 0; page = await resultSet!.getRows(500)) sizes.push(page.length);
    await resultSet!.close();
    const half = await connection.execute(sql, [0], { resultSet: true });
    await half.resultSet!.getRows(1);
    await half.resultSet!.close();
    let streamed = 0;
    for await (const _row of connection.queryStream(sql, ['1000'])) streamed += 1;
    expect([sizes, streamed, await rows(sql, [1199])]).toEqual([[500, 500, 200], 200, [[1200, 'Gäst 1200']]]);
  });

  it('carries every kind of value there and back', async () => {
    const at = new Date(2026, 2, 1, 13, 14, 15, 678);
    const values = [
      'ä',
      '€'.repeat(200),
      'x'.repeat(30_000),
      '🏨',
      "O'Neil",
      0,
      -1,
      1e-7,
      1e20,
      -123456789.123,
      9007199254740991,
      Buffer.from([0, 255]),
    ];
    const read = await rows(`SELECT ${values.map((_, index) => `:${index + 1}`).join(', ')} FROM DUAL`, values);
    const times = await rows('SELECT :1, :2 FROM DUAL', [
      { val: at, type: driver.DB_TYPE_TIMESTAMP },
      { val: at, type: driver.DB_TYPE_TIMESTAMP_LTZ },
    ]);
    expect([read, times]).toEqual([[values], [[at, at]]]);
  });

  it('sends long values whole, as a stream, and takes them as binds', async () => {
    const sql = 'SELECT id, note, photo FROM stays WHERE id IN (400, 401) ORDER BY id';
    const info = { NOTE: { type: driver.STRING }, PHOTO: { type: driver.BUFFER } };
    const whole = (await connection.execute(sql, [], { fetchInfo: info })).rows ?? [];
    const streamed = ((await rows('SELECT id, note FROM stays WHERE id = 400')) ?? [])[0]?.[1] as { getData(): Promise<string> };
    const lob = await connection.createLob(driver.CLOB);
    await new Promise<void>((resolve, reject) => lob.on('finish', resolve).on('error', reject).end('made here'));
    const bound = await rows('SELECT LENGTH(:1) FROM DUAL', [lob]);
    await lob.close();
    expect([whole[0]?.[1], Buffer.from(whole[0]?.[2] as Buffer).length, whole[1]?.slice(1), await streamed.getData(), bound]).toEqual([
      'note ä '.repeat(400),
      70_000,
      [null, null],
      'note ä '.repeat(400),
      [[9]],
    ]);
  });

  it('describes a statement without running it', async () => {
    const { bindNames, metaData } = await connection.getStatementInfo('SELECT guest, rate FROM stays WHERE id = :id');
    expect([bindNames, metaData?.map(({ name }) => name)]).toEqual([['ID'], ['GUEST', 'RATE']]);
  });

  it('says what is wrong with a statement as Oracle does, and where', async () => {
    const long = Array.from({ length: 1001 }, (_, at) => at).join(',');
    const wrong: readonly (readonly [sql: string, code: string])[] = [
      ['SELECT * FROM nowhere', 'ORA-00942'],
      ['SELECT guest, bogus FROM stays', 'ORA-00904'],
      ['SELECT id FROM stays s JOIN nights n ON n.stay_id = s.id', 'ORA-00918'],
      ['SELECT guest, COUNT(*) FROM stays', 'ORA-00937'],
      ['SELECT guest, COUNT(*) FROM stays GROUP BY resort', 'ORA-00979'],
      ['SELECT FROM stays', 'ORA-00936'],
      ['SELECT 1', 'ORA-00923'],
      ['SELECT 1 FROM dual rubbish here', 'ORA-00933'],
      ['SELECT 1 FROM dual UNION SELECT 2 FROM dual', 'ORA-00933'],
      ['BEGIN NULL; END;', 'ORA-00933'],
      [`SELECT id FROM stays WHERE id IN (${long})`, 'ORA-01795'],
      ["SELECT id FROM stays WHERE id = 'x'", 'ORA-01722'],
      ["SELECT TO_DATE('2026-13-01','YYYY-MM-DD') FROM dual", 'ORA-01843'],
      ["SELECT TO_DATE('2026-02-30','YYYY-MM-DD') FROM dual", 'ORA-01839'],
      ["SELECT id FROM stays WHERE arrival > '2026-01-01'", 'ORA-01861'],
      ["SELECT 'open FROM dual", 'ORA-01756'],
      ['SELECT SOUNDEX(guest) FROM stays', 'ORA-00904'],
    ];
    server.stats.rejected.length = 0;
    const codes: string[] = [];
    for (const [sql] of wrong) codes.push(await codeOf(connection.execute(sql)));
    const offset = await connection.execute('SELECT guest, bogus FROM stays').catch((error: { readonly offset: number }) => error.offset);
    expect([codes, offset, server.stats.rejected.some(({ sql }) => sql.includes('UNION'))]).toEqual([
      wrong.map(([, code]) => code),
      14,
      true,
    ]);
  });

  it('reads a date written in the mask of the session', async () => {
    await connection.execute("ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD' TIME_ZONE = '+00:00'");
    const sql = "SELECT COUNT(*), TO_CHAR(MAX(arrival)), SESSIONTIMEZONE FROM stays WHERE arrival > '2026-08-01'";
    expect(await rows(sql)).toEqual([[266, '2026-09-15', '+00:00']]);
  });
});
