import { oracleAddress } from '../../clients/oracle/address.ts';
import { OracleLine } from '../../clients/oracle/line.ts';
import { waysIn } from '../../clients/oracle/ways.ts';
import type { Logins } from '../../connector.ts';
import type { SourceClock } from '../../watermark.ts';
import type { Column, Engine, Rights } from './engine.ts';
import { isPlain, placeOf, type Settings } from './settings.ts';

const second = "'YYYY-MM-DD HH24:MI:SS'";
const fine = "'YYYY-MM-DD HH24:MI:SS.FF6'";
/** As fine as Oracle counts: a place that is cut would be in front of the row that it stands for. */
const finest = "'YYYY-MM-DD HH24:MI:SS.FF9'";
/** With a zone: told and compared in UTC. Such a column needs an index on SYS_EXTRACT_UTC, as Oracle makes one by itself. */
const hasZone = (type: string) => type.startsWith('TIMESTAMP') && type.includes('ZONE');
const isStampType = (type: string) => type === 'DATE' || type.startsWith('TIMESTAMP');
/** Rights that change nothing. */
const onlyReading = new Set(['CREATE SESSION', 'READ', 'SELECT', 'READ ANY TABLE', 'SELECT ANY TABLE', 'SELECT ANY DICTIONARY']);

/** One line to one Oracle database that only reads: each question in a transaction that is READ ONLY. Oracle 12.1 and newer. */
export class OracleReader implements Engine {
  readonly #line: OracleLine;
  readonly #given: Settings;

  constructor(given: Settings, password: string, logins: Logins | undefined) {
    const { host, database, user, caPem } = given;
    const { port } = placeOf(given);
    const protocol = isPlain(given) ? '' : 'tcps://';
    this.#given = given;
    this.#line = new OracleLine({
      address: oracleAddress(`${protocol}${host.includes(':') ? `[${host}]` : host}:${port}/${database}`),
      user,
      password,
      ways: waysIn(undefined),
      caPem,
      logins,
    });
  }

  name(column: string): string {
    return `"${column.replaceAll('"', '""')}"`;
  }

  stampText(column: Column): string {
    return `TO_CHAR(${this.stampOrder(column)}, ${column.type === 'DATE' ? second : finest})`;
  }

  stampOrder({ name, type }: Column): string {
    const column = `q.${this.name(name)}`;
    return hasZone(type) ? `SYS_EXTRACT_UTC(${column})` : column;
  }

  /** A time is made a text by the database: the driver would make a date of this PC's zone of it. */
  cellText({ name, type }: Column): string {
    const column = `q.${this.name(name)}`;
    if (type === 'DATE') return `TO_CHAR(${column}, ${second})`;
    return type.startsWith('TIMESTAMP') ? `TO_CHAR(${column}, ${fine})` : column;
  }

  isUnstamped({ name }: Column): string {
    return `q.${this.name(name)} IS NULL`;
  }

  stampPlace(at: number, { type }: Column): string {
    return type === 'DATE' ? `TO_DATE(:v${at}, ${second})` : `TO_TIMESTAMP(:v${at}, ${finest})`;
  }

  keyPlace(at: number): string {
    return `:v${at}`;
  }

  limit(rows: number): string {
    return `FETCH FIRST ${rows} ROWS ONLY`;
  }

  async describe(question: string, signal: AbortSignal): Promise<readonly Column[]> {
    const { columns } = await this.#ask(`SELECT * FROM (${question}) q WHERE 1 = 0`, [], signal);
    return columns.map(({ name, type }) => ({ name, type, stampGrain: isStampType(type) ? (type === 'DATE' ? 1 : 0) : null }));
  }

  async rows(text: string, values: readonly string[], signal: AbortSignal): Promise<readonly (readonly (string | null)[])[]> {
    return (await this.#ask(text, values, signal)).rows;
  }

  async clock(stamp: Column | null, signal: AbortSignal): Promise<SourceClock> {
    const { rows } = await this.#ask(
      `SELECT TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), ${second}), TO_CHAR(SYSDATE, ${second}) FROM DUAL`,
      [],
      signal,
    );
    const utc = rows[0]?.[0] ?? '';
    return { utc, local: stamp && hasZone(stamp.type) ? utc : (rows[0]?.[1] ?? '') };
  }

  async rights(signal: AbortSignal): Promise<Rights> {
    const login = await this.#line.login(signal);
    const own = await this.#ask('SELECT PRIVILEGE, OWNER, TABLE_NAME FROM USER_TAB_PRIVS', [], signal);
    const byRole = await this.#ask('SELECT PRIVILEGE, OWNER, TABLE_NAME FROM ROLE_TAB_PRIVS', [], signal);
    const system = await this.#ask('SELECT PRIVILEGE FROM SESSION_PRIVS', [], signal);
    const tooMuch = [
      ...system.rows.flatMap(([right]) => (right && !onlyReading.has(right) ? [right] : [])),
      ...[...own.rows, ...byRole.rows].flatMap(([right, owner, table]) =>
        right && !onlyReading.has(right) ? [`${right} on ${owner}.${table}`] : [],
      ),
    ];
    return { user: this.#given.user, version: `Oracle ${login.serverVersion}`, tooMuch: tooMuch.slice(0, 6) };
  }

  close(): Promise<void> {
    return this.#line.close();
  }

  #ask(sql: string, values: readonly string[], signal: AbortSignal) {
    const binds = Object.fromEntries(values.map((value, at) => [`v${at + 1}`, value]));
    return this.#line.readOnly(signal, (ask) => ask(sql, binds, { doing: 'reading', place: 'the question' }));
  }
}
