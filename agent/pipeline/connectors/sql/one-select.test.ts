import { describe, expect, it } from 'vitest';
import { type Dialect, oneSelect } from './one-select.ts';

const dialects: readonly Dialect[] = ['oracle', 'postgresql', 'mariadb'];
const isGood = (text: string, dialect: Dialect) => 'text' in oneSelect(text, dialect);

/** What must never go out, as a statement of its own or hidden in a question. */
const deeds = [
  'DELETE FROM bookings',
  "INSERT INTO bookings VALUES (1, 'x')",
  "UPDATE bookings SET guest = 'x'",
  'MERGE INTO b USING c ON (b.id = c.id) WHEN MATCHED THEN UPDATE SET x = 1',
  'DROP TABLE bookings',
  'TRUNCATE TABLE bookings',
  'ALTER TABLE bookings ADD x int',
  'CREATE TABLE t (x int)',
  'GRANT ALL ON bookings TO public',
  'REVOKE SELECT ON bookings FROM reader',
  'LOCK TABLE bookings IN EXCLUSIVE MODE',
  'CALL do_it()',
  "EXECUTE IMMEDIATE 'x'",
  'BEGIN do_it; END',
  'DECLARE x int',
  "COPY bookings TO '/tmp/x'",
  'COMMIT',
  'ROLLBACK',
  'SET ROLE admin',
  'VACUUM bookings',
  'HANDLER bookings OPEN',
  "LOAD DATA INFILE 'x' INTO TABLE t",
  'KILL 17',
];
/** Ways in which a deed is put beside or into a question. */
const hidden: readonly ((deed: string) => string)[] = [
  (deed) => deed,
  (deed) => `SELECT 1 FROM t; ${deed}`,
  (deed) => `SELECT 1 FROM t;${deed};`,
  (deed) => `  ${deed.toLowerCase()}  `,
  (deed) => `/* a question */ ${deed}`,
  (deed) => `-- a question\n${deed}`,
  (deed) => `SELECT 1 /* ; */ ; ${deed}`,
  (deed) => `SELECT ';' FROM t; ${deed}`,
  (deed) => `SELECT '''' FROM t; ${deed} --'`,
  (deed) => `WITH x AS (${deed} RETURNING *) SELECT * FROM x`,
  (deed) => `SELECT * FROM (${deed} RETURNING *) AS x`,
  (deed) => `SELECT 1 FROM t WHERE 1 = 1 UNION ALL ${deed}`,
  (deed) => `SELECT 1 FROM t\n;\n${deed}`,
  (deed) => `WITH FUNCTION f RETURN int IS BEGIN ${deed}; RETURN 1; END; SELECT f() FROM dual`,
  (deed) => `EXPLAIN ANALYZE ${deed}`,
];
/** What needs no deed to do harm. */
const harmful = [
  'SELECT * FROM t FOR UPDATE',
  'SELECT * FROM t FOR SHARE',
  'SELECT * FROM t for /* x */ update NOWAIT',
  'SELECT * FROM t FOR NO KEY UPDATE',
  'SELECT * FROM t LOCK IN SHARE MODE',
  'SELECT * INTO copy FROM t',
  "SELECT * FROM t INTO OUTFILE '/tmp/x'",
  "SELECT x INTO DUMPFILE '/tmp/x' FROM t",
  'SELECT * FROM t@other',
  'SELECT @x := 1',
  'SELECT @@version',
  'SELECT pg_sleep(100)',
  'SELECT sleep(100)',
  'SELECT benchmark(1000000, md5(1))',
  'SELECT pg_terminate_backend(1)',
  "SELECT pg_read_file('/etc/passwd')",
  "SELECT load_file('/etc/passwd')",
  "SELECT lo_import('/etc/passwd')",
  "SELECT dblink('x', 'y')",
  "SELECT set_config('x', 'y', false)",
  "SELECT nextval('s')",
  'SELECT s.nextval FROM dual',
  'SELECT S.NEXTVAL FROM dual',
  "SELECT UTL_HTTP.REQUEST('http://x') FROM dual",
  "SELECT utl_http . request('http://x') FROM dual",
  'SELECT DBMS_LOCK.SLEEP(9) FROM dual',
  "SELECT sys.dbms_xmlquery.newcontext('x') FROM dual",
  "SELECT UTL_INADDR.GET_HOST_ADDRESS('x') FROM dual",
  'SELECT "SYS"."DBMS_LOCK"."SLEEP"(9) FROM dual',
  'SELECT my_function(1) FROM t',
  'SELECT "my_function"(1) FROM t',
  'SELECT schema.my_function(1) FROM t',
  'SELECT my_function (1) FROM t',
  'SELECT my_function/**/(1) FROM t',
  "SELECT * FROM xmltable('x')",
  'SELECT * FROM TABLE(my_function(1))',
  "SELECT HTTPURITYPE('http://x').getclob() FROM dual",
  'SELECT get_lock(1, 1)',
  'SELECT pg_advisory_lock(1)',
  'SELECT * FROM t WHERE id = :id',
  'SELECT * FROM t WHERE id = ?',
  'SELECT * FROM t WHERE id = $1',
  'SELECT $$x$$; DELETE FROM t',
  "SELECT E'\\'; DELETE FROM t; --' FROM t",
  "SELECT U&'\\0027' FROM t",
  'SELECT U&"x" FROM t',
  "SELECT x'00' FROM t",
  "SELECT _utf8'x' FROM t",
  'SELECT 1 /*! ; DELETE FROM t */',
  'SELECT 1 /*M! ; DELETE FROM t */',
  'SELECT 1 /* /* */ ; DELETE FROM t */',
  'SELECT 1 /* not ended',
  "SELECT 'not ended",
  'SELECT "not ended',
  'SELECT (1',
  'SELECT 1)',
  'SELECT 1; SELECT 2',
  'TABLE t',
  'VALUES (1)',
  'SHOW TABLES',
  'EXPLAIN SELECT 1',
  'WITH x AS (SELECT 1)',
  '',
  ' ',
  ';',
  '-- nothing',
  'SELECT\u00001',
  `SELECT ${'1 + '.repeat(20_000)}1`,
  // Where a backslash hides the mark behind it, all of this is sent as statements.
  "SELECT '\\', ') q; COMMIT; BEGIN READ WRITE; DELETE FROM bookings; --' AS no",
  // What stands behind FROM looks like the head of a part that WITH introduces.
  "WITH q AS (SELECT 'c' AS c, 's' AS s) SELECT * FROM q, dblink(c, s) AS (x text)",
  "WITH q AS (SELECT 'c' AS c) SELECT * FROM q, evil() AS (x text)",
  'WITH q AS (SELECT * FROM t, dblink(c, s) AS (x text)) SELECT * FROM q',
  'WITH q AS (SELECT 1) SELECT 1 FROM q UNION SELECT x FROM q, evil(c) AS (x text)',
  'SELECT a @> b FROM t',
  'SELECT a OPERATOR(evil.+) b FROM t',
  'SELECT "a\\" FROM t',
];
/** What only one kind of SQL understands. */
const harmfulIn: readonly (readonly [Dialect, string])[] = [
  // In MariaDB the sign # begins a comment, also within a word, so that the string behind it is none.
  ['mariadb', "SELECT a# , '\n FROM t WHERE GET_LOCK(1,9)) q -- ' FROM t"],
  ['mariadb', 'SELECT a#b FROM t'],
  ['mariadb', 'SELECT NEXT VALUE FOR s AS id FROM t'],
  ['oracle', 'SELECT opera.pms_p.do_it AS x FROM dual'],
  ['oracle', 'SELECT opera . "PMS_P" /* x */ . do_it AS x FROM dual'],
  ['oracle', 'SELECT a.b.c.d FROM dual'],
  ['oracle', "SELECT q'[a\\]' FROM dual"],
  ['oracle', 'SELECT do_it(+1) FROM dual'],
  ['mariadb', 'SELECT a--b; DELETE FROM t'],
  ['mariadb', 'SELECT a --b FROM t; DELETE FROM t'],
];
/** What only one kind of SQL understands, and only reads. */
const wholesIn: readonly (readonly [Dialect, string])[] = [
  ['oracle', 'SELECT a.id FROM a, b WHERE a.id = b.id(+) AND a.x = b.x ( + )'],
  ['oracle', 'SELECT MAX(x) KEEP (DENSE_RANK FIRST ORDER BY d) AS x FROM b'],
  ['oracle', 'SELECT b.id FROM opera.bookings b WHERE b.changed >= CURRENT_DATE - 30 AND b.x ^= 1'],
  ['oracle', 'SELECT b.* FROM opera.bookings b'],
  ['mariadb', 'SELECT id FROM b WHERE arrival >= CURDATE() - INTERVAL 30 DAY AND a <=> c'],
  ['mariadb', "SELECT TIMESTAMPDIFF(DAY, a, b) AS n, SUBSTRING_INDEX(c, ',', 1) AS s FROM b"],
  ['mariadb', 'SELECT total--discount AS rest FROM b'],
  ['postgresql', "SELECT id FROM b WHERE arrival >= NOW() AND name ~* 'x' AND name !~ 'y' AND name !~~* 'z'"],
  ['postgresql', 'SELECT x::character varying(20) AS x, CURRENT_TIMESTAMP(0) AS t, x::timestamptz(3) AS u FROM b'],
  ['postgresql', "SELECT data->>'a' AS a FROM b WHERE x=-1"],
];

const wholes = [
  'SELECT * FROM bookings',
  'select id, guest from bookings',
  'SELECT b.id, b."Guest Name" FROM bookings b',
  "SELECT b.id FROM hotel.bookings AS b WHERE b.status IN ('A', 'B')",
  'SELECT b.id, g.name FROM bookings b JOIN guests g ON g.id = b.guest_id LEFT JOIN rooms r ON (r.id = b.room_id)',
  'WITH nights AS (SELECT booking_id, SUM(rate) AS total FROM nights GROUP BY booking_id) SELECT b.id, n.total FROM bookings b JOIN nights n ON n.booking_id = b.id',
  'WITH a (x, y) AS (SELECT 1, 2 FROM dual), b (z) AS (SELECT x FROM a) SELECT * FROM b',
  "SELECT id FROM bookings WHERE arrival >= DATE '2026-01-01'",
  'SELECT id, CASE WHEN total > 0 THEN total ELSE 0 END AS total FROM bookings',
  'SELECT id FROM a UNION ALL SELECT id FROM b',
  'SELECT id, ROW_NUMBER() OVER (PARTITION BY guest ORDER BY arrival) AS n FROM bookings',
  'SELECT id FROM bookings WHERE EXISTS (SELECT 1 FROM guests WHERE guests.id = bookings.guest_id)',
  "SELECT id, 'delete; update' AS note FROM bookings",
  "SELECT id, 'it''s' AS note FROM bookings",
  'SELECT id -- the key\nFROM bookings',
  'SELECT id /* the key; */ FROM bookings',
  'SELECT id FROM bookings;',
  'SELECT b.package, b.load FROM bookings b',
  'SELECT id, total * 100 AS cents, -1 AS minus, 1.5e3 AS large FROM bookings',
  "SELECT id FROM bookings WHERE guest LIKE '%a%' AND NOT (status = 'X' OR total <> 0 OR total != 1)",
  "SELECT first || ' ' || last AS name FROM guests",
  'SELECT MAX(changed_at) AS at, COUNT(*) AS n, COUNT(DISTINCT guest) AS g FROM bookings GROUP BY hotel HAVING COUNT(*) > 1',
  'SELECT straße, größe FROM bücher',
  'SELECT id FROM bookings ORDER BY id OFFSET 0 ROWS FETCH FIRST 10 ROWS ONLY',
];
const functions =
  'ABS(x) ROUND(x,2) TRUNC(x) COALESCE(x,y) NULLIF(x,y) LOWER(x) UPPER(x) TRIM(x) LPAD(x,5,0) SUBSTR(x,1,2) SUBSTRING(x,1,2) CONCAT(x,y) LENGTH(x) REPLACE(x,y,z) TO_CHAR(x) CAST(x\u0020AS\u0020int) EXTRACT(YEAR\u0020FROM\u0020x) SUM(x) MIN(x) MAX(x) AVG(x) GREATEST(x,y) LEAST(x,y) NVL(x,y) DECODE(x,1,2)'.split(
    / (?=[A-Z0-9_]+\()/,
  );
const places: readonly ((call: string) => string)[] = [
  (call) => `SELECT id, ${call} AS v FROM t`,
  (call) => `SELECT id FROM t WHERE ${call} > 0`,
  (call) => `SELECT id FROM t ORDER BY ${call.toLowerCase()}`,
  (call) => `SELECT q.id FROM (SELECT id, ${call} AS v FROM t) q`,
];

describe('a question', () => {
  it('of a thousand that do or hide something else is refused, in every kind of SQL', () => {
    const attacks = [...deeds.flatMap((deed) => hidden.map((hide) => hide(deed))), ...harmful];
    const all = [...dialects.flatMap((dialect) => attacks.map((text) => [dialect, text] as const)), ...harmfulIn];
    const through = all.filter(([dialect, text]) => isGood(text, dialect));
    expect([through, attacks.length * dialects.length >= 1000]).toEqual([[], true]);
  });

  it('of three hundred that only read is taken', () => {
    const good = [...wholes, ...functions.flatMap((call) => places.map((place) => place(call)))];
    const refused = [...dialects.flatMap((dialect) => good.map((text) => [dialect, text] as const)), ...wholesIn]
      .map(([dialect, text]) => [dialect, text, oneSelect(text, dialect)] as const)
      .filter(([, , read]) => 'refusal' in read);
    expect([refused, good.length * dialects.length >= 300]).toEqual([[], true]);
  });

  it('says in words why it is refused', () => {
    expect(
      ['DELETE FROM t', 'SELECT 1; SELECT 2', 'SELECT f(1)', 'SELECT * FROM t FOR UPDATE', "SELECT 'x", 'SELECT * FROM t@x'].map((text) =>
        oneSelect(text, 'postgresql'),
      ),
    ).toEqual([
      { refusal: 'it has to begin with SELECT or WITH' },
      { refusal: 'it holds more than one statement' },
      { refusal: 'it calls f, which may do more than calculate' },
      { refusal: 'it locks what it reads (FOR UPDATE)' },
      { refusal: 'a quotation mark is not closed' },
      { refusal: 'it asks another database, or a variable (@)' },
    ]);
  });

  it('is sent without its comments and its last semicolon, and with every text as it was', () => {
    expect([
      oneSelect("SELECT /*+ PARALLEL(64) */ 'a -- b', q FROM t -- end\n;", 'postgresql'),
      oneSelect("SELECT q'[it's]', nq'!x;y!' FROM dual", 'oracle'),
      oneSelect('SELECT `a b` FROM t', 'mariadb'),
    ]).toEqual([
      { text: "SELECT 'a -- b' , q FROM t" },
      { text: "SELECT q'[it's]' , nq'!x;y!' FROM dual" },
      { text: 'SELECT `a b` FROM t' },
    ]);
  });

  it('keeps signs together that belong together, and apart what would be a comment to the server', () => {
    expect([
      oneSelect("SELECT COUNT (*) FROM b WHERE n ~* 'x' AND x=-1", 'postgresql'),
      oneSelect('SELECT a--b, CAST (a AS CHAR (3)) FROM t -- end', 'mariadb'),
      oneSelect('SELECT a FROM t, u WHERE t.a = u.a ( + )', 'oracle'),
    ]).toEqual([
      { text: "SELECT COUNT( * ) FROM b WHERE n ~* 'x' AND x = - 1" },
      { text: 'SELECT a - - b , CAST( a AS CHAR( 3 ) ) FROM t' },
      { text: 'SELECT a FROM t , u WHERE t . a = u . a ( + )' },
    ]);
  });

  it('with a backslash in a text is refused in every kind of SQL, and says how else to write it', () => {
    expect(dialects.map((dialect) => oneSelect("SELECT 'C:\\temp' AS p FROM t", dialect))).toEqual(
      dialects.map(() => ({ refusal: expect.stringContaining('CHR(92)') })),
    );
  });
});
