/**
 * Whether a text is one question to a database and nothing else: a SELECT, or a WITH that ends in one, that calls only functions known to
 * do nothing but calculate.
 *
 * It reads tokens, not patterns, so that what stands in a string, a name or a comment is seen as that. What is sent is put together from the
 * tokens that were looked at: comments, and with them hints, are left out. The role that may only read is the true guard; this one is the
 * second, and speaks up before anything is sent.
 * @source requirement S18
 */

/** Whose SQL it is: they differ in strings and in names. */
export type Dialect = 'oracle' | 'postgresql' | 'mariadb';

/** The question as it is sent, or why it is none. */
export type OneSelect = { readonly text: string } | { readonly refusal: string };

type Token = { readonly kind: 'word' | 'name' | 'string' | 'number' | 'sign'; readonly text: string };

const mostCharacters = 50_000;

/** Read a text as one question. */
export function oneSelect(given: string, dialect: Dialect): OneSelect {
  if (given.length > mostCharacters) return { refusal: `it is longer than ${mostCharacters} characters` };
  const tokens = tokensOf(given, dialect);
  if (!Array.isArray(tokens)) return tokens;
  // One semicolon at the end is how people write; it is not sent.
  if (tokens.at(-1)?.text === ';') tokens.pop();
  const refusal = refusalOf(tokens, dialect);
  return refusal === null ? { text: together(tokens) } : { refusal };
}

/** No blank before the bracket of a call: to MariaDB `COUNT (` is none. */
function together(tokens: readonly Token[]): string {
  return tokens.map(({ text }, at) => (at === 0 || (text === '(' && tokens[at - 1]?.kind === 'word') ? text : ` ${text}`)).join('');
}

function refusalOf(tokens: readonly Token[], dialect: Dialect): string | null {
  const first = wordOf(tokens[0]);
  if (first !== 'SELECT' && first !== 'WITH') return 'it has to begin with SELECT or WITH';
  let depth = 0;
  let hasSelect = false;
  for (const [at, token] of tokens.entries()) {
    const word = wordOf(token);
    if (token.text === '(') depth++;
    if (token.text === ')') depth--;
    if (depth < 0) return 'a bracket closes that was not opened';
    if (word === 'SELECT' && depth === 0) hasSelect = true;
    const isHead = depth === 1 && !hasSelect;
    const refusal =
      signRefusal(token) ??
      wordRefusal(tokens, at) ??
      callRefusal(tokens, at, isHead) ??
      (dialect === 'oracle' ? partsRefusal(tokens, at) : null);
    if (refusal !== null) return refusal;
  }
  if (depth !== 0) return 'a bracket is not closed';
  return hasSelect ? null : 'it has to end in a SELECT';
}

function signRefusal({ kind, text }: Token): string | null {
  if (kind !== 'sign') return null;
  if (text === ';') return 'it holds more than one statement';
  if (text === '@') return 'it asks another database, or a variable (@)';
  if (text === ':' || text === '?' || text === '$') return `it has a place for a value (${text}): write the value itself`;
  return text === '\\' || text === '{' || text === '}' || text === '#' ? `it holds the sign ${text}` : null;
}

/** Words that change something, lock something, or hand over to a program. They are refused wherever they stand as bare words. */
const forbidden = new Set(
  (
    'INSERT UPDATE DELETE MERGE UPSERT RETURNING SET INTO CREATE ALTER DROP TRUNCATE RENAME GRANT REVOKE COMMIT ROLLBACK SAVEPOINT LOCK UNLOCK ' +
    'CALL EXEC EXECUTE PREPARE DEALLOCATE BEGIN DECLARE DO COPY LISTEN NOTIFY VACUUM ANALYZE REINDEX REFRESH CLUSTER HANDLER LOAD OUTFILE ' +
    'DUMPFILE INFILE PROCEDURE FUNCTION PACKAGE TRIGGER PURGE FLASHBACK AUDIT NOAUDIT SHUTDOWN KILL FLUSH RESET SIGNAL RESIGNAL ' +
    'DBMS_SQL MODEL XMLTABLE JSON_TABLE LATERAL TABLESAMPLE SQL_CALC_FOUND_ROWS HIGH_PRIORITY NEXTVAL CURRVAL ADMINISTER BACKUP'
  ).split(' '),
);

function wordRefusal(tokens: readonly Token[], at: number): string | null {
  const word = wordOf(tokens[at]);
  if (word === null) return null;
  const isPart = tokens[at - 1]?.text === '.';
  if (forbidden.has(word) && !(isPart && word !== 'NEXTVAL' && word !== 'CURRVAL')) return `it holds the word ${word}`;
  const next = wordOf(tokens[at + 1]);
  if (word === 'FOR' && next !== null && /^(UPDATE|SHARE|NO|KEY|XML|JSON|SYSTEM_TIME)$/.test(next))
    return `it locks what it reads (FOR ${next})`;
  if (word === 'WITH' && next !== null && /^(LOCK|TIES)$/.test(next)) return `it holds WITH ${next}`;
  if (word === 'VALUE' && next === 'FOR') return 'it moves a sequence (VALUE FOR)';
  if (word === 'IN' && next === 'SHARE') return 'it locks what it reads (IN SHARE MODE)';
  return /^(DBMS|UTL|OWA|HTP|HTF|APEX|SYS_HTTP)_/.test(word) ? `it names the package ${word}` : null;
}

/** Functions that only calculate. Anything else may write, wait, or speak to other machines: a function of one's own even in a read-only transaction. */
const harmless = new Set(
  (
    'ABS CEIL CEILING FLOOR ROUND TRUNC MOD POWER SQRT SIGN EXP LN LOG GREATEST LEAST COALESCE NVL NVL2 NULLIF IFNULL IF DECODE ' +
    'LOWER UPPER INITCAP TRIM LTRIM RTRIM LPAD RPAD LEFT RIGHT SUBSTR SUBSTRING CONCAT CONCAT_WS LENGTH CHAR_LENGTH CHARACTER_LENGTH REPLACE ' +
    'REGEXP_REPLACE REGEXP_SUBSTR REGEXP_INSTR REGEXP_LIKE INSTR POSITION STRPOS SPLIT_PART TRANSLATE REVERSE REPEAT ASCII CHR CHAR MD5 ' +
    'TO_CHAR TO_DATE TO_TIMESTAMP TO_NUMBER CAST CONVERT DATE DATE_FORMAT DATE_TRUNC DATE_PART DATE_ADD DATE_SUB DATEDIFF EXTRACT YEAR MONTH ' +
    'DAY HOUR MINUTE SECOND LAST_DAY ADD_MONTHS MONTHS_BETWEEN NEXT_DAY STR_TO_DATE FROM_UNIXTIME UNIX_TIMESTAMP MAKE_DATE MAKE_TIMESTAMP ' +
    'AGE INTERVAL NUMTODSINTERVAL NUMTOYMINTERVAL FORMAT COUNT SUM MIN MAX AVG STDDEV VARIANCE MEDIAN LISTAGG STRING_AGG GROUP_CONCAT ' +
    'ARRAY_AGG ARRAY_TO_STRING ROW_NUMBER RANK DENSE_RANK LAG LEAD FIRST_VALUE LAST_VALUE NTILE OVER PARTITION EXISTS ANY ALL SOME IN NOT AND ' +
    'OR ON AS FROM WHERE BY HAVING SELECT JOIN UNION EXCEPT MINUS INTERSECT VALUES THEN ELSE WHEN CASE BETWEEN LIKE USING FILTER WITHIN ' +
    'VARCHAR VARCHAR2 NVARCHAR2 NUMBER NUMERIC DECIMAL TIMESTAMP TIME UNSIGNED SIGNED BINARY JSON_VALUE JSON_EXTRACT JSON_UNQUOTE ROW DISTINCT ' +
    'SYS_EXTRACT_UTC FROM_TZ ROWNUM GROUP ORDER SETS ROLLUP CUBE LIMIT OFFSET FETCH MATERIALIZED ' +
    'NOW SYSDATE CURDATE CURTIME CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP LOCALTIME LOCALTIMESTAMP SYSTIMESTAMP UTC_DATE UTC_TIME ' +
    'UTC_TIMESTAMP TIMESTAMPDIFF TIMESTAMPADD ADDDATE SUBDATE ADDTIME SUBTIME TIMEDIFF MAKEDATE MAKETIME TIME_FORMAT SEC_TO_TIME TIME_TO_SEC ' +
    'TO_DAYS FROM_DAYS CONVERT_TZ TIMEZONE DAYOFMONTH DAYOFWEEK DAYOFYEAR WEEKDAY WEEK WEEKOFYEAR YEARWEEK QUARTER DAYNAME MONTHNAME ' +
    'NEW_TIME TO_DSINTERVAL TO_YMINTERVAL TO_TIMESTAMP_TZ ISFINITE SUBSTRING_INDEX FIND_IN_SET FIELD ELT LCASE UCASE MID LOCATE SPACE HEX ' +
    'UNHEX TO_HEX RAWTOHEX BTRIM SOUNDEX ISNULL NANVL CBRT DIV XOR REGEXP RLIKE ILIKE PRIOR KEEP PIVOT UNPIVOT WINDOW ANY_VALUE BOOL_AND ' +
    'BOOL_OR NTH_VALUE PERCENT_RANK CUME_DIST PERCENTILE_CONT PERCENTILE_DISC MODE STDDEV_POP STDDEV_SAMP VAR_POP VAR_SAMP ' +
    'JSON_EXTRACT_PATH_TEXT JSONB_EXTRACT_PATH_TEXT CHARACTER VARYING NCHAR NVARCHAR INT INTEGER BIGINT SMALLINT FLOAT DOUBLE PRECISION ' +
    'REAL DEC BIT RAW TIMESTAMPTZ TIMETZ DATETIME'
  ).split(' '),
);

/** Oracle calls a function without brackets too. In two parts that looks like a column, in three it is taken for one that is called. */
function partsRefusal(tokens: readonly Token[], at: number): string | null {
  const [first, dot, second, dotToo, third] = tokens.slice(at, at + 5);
  const isName = (token: Token | undefined) => token?.kind === 'word' || token?.kind === 'name';
  if (dot?.text !== '.' || dotToo?.text !== '.' || !isName(first) || !isName(second) || !isName(third)) return null;
  return `it names ${first?.text}.${second?.text}.${third?.text}, which may be a function: give the table a short name, and write that before the column`;
}

/** @param isHead whether the bracket stands before the SELECT and inside no other. */
function callRefusal(tokens: readonly Token[], at: number, isHead: boolean): string | null {
  if (tokens[at]?.text !== '(' || at === 0) return null;
  const before = tokens[at - 1] as Token;
  if (before.kind === 'sign' || before.kind === 'number') return null;
  if (tokens[at - 2]?.text === '.') return `it calls ${tokens[at - 3]?.text ?? ''}.${before.text}: only functions of the database itself`;
  // The name and the columns of a part that WITH introduces look like a call.
  if (isHead && isPartOfWith(tokens, at)) return null;
  if (before.kind !== 'word') return `it calls ${before.text}, which may do more than calculate`;
  return harmless.has(wordOf(before) ?? '') ? null : `it calls ${before.text}, which may do more than calculate`;
}

/** `WITH name (a, b) AS (`, or `, name (a, b) AS (`. */
function isPartOfWith(tokens: readonly Token[], at: number): boolean {
  const introducer = tokens[at - 2];
  if (wordOf(introducer) !== 'WITH' && wordOf(introducer) !== 'RECURSIVE' && introducer?.text !== ',') return false;
  if (wordOf(tokens[0]) !== 'WITH') return false;
  let end = at + 1;
  while (end < tokens.length && tokens[end]?.text !== ')') {
    const { kind, text } = tokens[end] as Token;
    if (kind !== 'word' && kind !== 'name' && text !== ',') return false;
    end++;
  }
  return wordOf(tokens[end + 1]) === 'AS' && tokens[end + 2]?.text === '(';
}

function wordOf(token: Token | undefined): string | null {
  return token?.kind === 'word' ? token.text.toUpperCase() : null;
}

const wordShape = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
/** In the names of Oracle alone; in MariaDB the sign begins a comment. */
const oracleWordShape = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$#\u0080-\uffff]*/y;
const numberShape = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const spaceShape = /\s+/y;
/** Signs that belong together, the longest first. Any other run of signs is cut into these: nobody's own operator goes through whole. */
const signShape = /!~~\*|!~\*|~~\*|!~~|->>|<=>|::|!~|~\*|~~|->|<=|>=|<>|!=|\^=|\|\||&&|<<|>>/y;
/** Oracle's mark of an outer join. */
const outerShape = /\(\s*\+\s*\)/y;
const closing: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}', '<': '>' };

function tokensOf(text: string, dialect: Dialect): Token[] | { refusal: string } {
  const tokens: Token[] = [];
  const taken = (shape: RegExp, at: number): string | null => {
    shape.lastIndex = at;
    return shape.exec(text)?.[0] ?? null;
  };
  for (let at = 0; at < text.length; ) {
    const space = taken(spaceShape, at);
    if (space !== null) {
      at += space.length;
      continue;
    }
    if (text.charCodeAt(at) < 32) return { refusal: 'it holds a control character' };
    // MariaDB wants a blank behind it; without one it takes away what is negative.
    if (text.startsWith('--', at) && !(dialect === 'mariadb' && text.charCodeAt(at + 2) > 32)) {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end + 1;
      continue;
    }
    if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2);
      if (end < 0) return { refusal: 'a comment does not end' };
      const comment = text.slice(at + 2, end);
      if (/^[!M]/.test(comment) || comment.includes('/*')) return { refusal: 'a comment in it may be read as SQL' };
      at = end + 2;
      continue;
    }
    const quoted = quotedAt(text, at, dialect);
    if (quoted !== null) {
      if ('refusal' in quoted) return quoted;
      tokens.push(quoted);
      at += quoted.text.length;
      continue;
    }
    const word = taken(dialect === 'oracle' ? oracleWordShape : wordShape, at);
    if (word !== null) {
      // A letter before a string changes how it is read: E'…', U&'…', N'…', B'…', X'…', _utf8'…'.
      const next = text[at + word.length];
      if (next === "'" && word.toUpperCase() !== 'DATE' && word.toUpperCase() !== 'TIMESTAMP' && word.toUpperCase() !== 'INTERVAL')
        return { refusal: `a string is written with ${word} before it` };
      if (/^U$/i.test(word) && next === '&') return { refusal: 'a string or a name is written with U& before it' };
      tokens.push({ kind: 'word', text: word });
      at += word.length;
      continue;
    }
    const number = taken(numberShape, at);
    if (number !== null) {
      tokens.push({ kind: 'number', text: number });
      at += number.length;
      continue;
    }
    const sign = (dialect === 'oracle' ? taken(outerShape, at) : null) ?? taken(signShape, at) ?? (text[at] as string);
    tokens.push({ kind: 'sign', text: sign });
    at += sign.length;
  }
  return tokens;
}

const backslash = 'a string in it holds a backslash, which could hide where the string ends: write CHR(92), in MariaDB CHAR(92)';

function quotedAt(text: string, at: number, dialect: Dialect): Token | { refusal: string } | null {
  if (dialect === 'oracle' && /^n?q'/i.test(text.slice(at, at + 3)) && !/[A-Za-z0-9_$#]/.test(text[at - 1] ?? ' '))
    return oracleQuote(text, at);
  const mark = text[at] as string;
  if (mark === '`' && dialect !== 'mariadb') return { refusal: 'it holds the sign `' };
  if (mark !== "'" && mark !== '"' && mark !== '`') return null;
  for (let end = at + 1; end < text.length; end++) {
    // In MariaDB, and in PostgreSQL by a setting, it takes away the meaning of the mark behind it.
    if (text[end] === '\\') return { refusal: backslash };
    if (text[end] === '\0') return { refusal: 'it holds a control character' };
    if (text[end] !== mark) continue;
    if (text[end + 1] === mark) end++;
    else {
      const isString = mark === "'" || (mark === '"' && dialect === 'mariadb');
      return { kind: isString ? 'string' : 'name', text: text.slice(at, end + 1) };
    }
  }
  return { refusal: 'a quotation mark is not closed' };
}

/** `q'[it's]'`, with any sign for the bracket. */
function oracleQuote(text: string, at: number): Token | { refusal: string } {
  const open = text.indexOf("'", at) + 1;
  const bracket = text[open] ?? '';
  const end = text.indexOf(`${closing[bracket] ?? bracket}'`, open + 1);
  if (bracket === '' || /\s/.test(bracket) || end < 0) return { refusal: 'a quotation mark is not closed' };
  const quoted = text.slice(at, end + 2);
  return quoted.includes('\\') ? { refusal: backslash } : { kind: 'string', text: quoted };
}
