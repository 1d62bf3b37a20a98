import type { AdministratorLetter } from '../../../../contract/connection.ts';
import { Fault, faults, fillText } from '../../../../contract/faults.ts';
import { type Asker, wayInWords } from '../../clients/oracle/line.ts';
import type { OpenContext, ReportHotel } from '../../connector.ts';
import { readClock } from '../../watermark.ts';
import { differenceWords, neededTables } from './columns.ts';
import { chosenOwner, chosenResort, fingerprint, hasChangeIndex, ownersOf, resortsOf, rightsOf } from './dictionary.ts';
import { clockStatement, type Statement, type Where } from './queries.ts';
import { isOldServer, lineOf } from './session.ts';
import { addressOf, type Settings } from './settings.ts';
import { openBusinessDate } from './tables.ts';

/**
 * What has to be known of a hotel that was never seen before, on one page: counts and codes alone, so that it can leave the hotel. What
 * cannot be asked is said to be unknown and does not hold up the rest.
 * @source "Check on the first site" of what is known of the OPERA V5 schema
 */
export async function siteReport(
  given: Settings,
  context: OpenContext,
  hotel: ReportHotel,
  signal: AbortSignal,
): Promise<AdministratorLetter> {
  const line = lineOf(given, context);
  const { shown, name } = addressOf(given);
  try {
    const way = await line.login(signal);
    const versions = [
      `- Bellhop ${hotel.version}`,
      `- Oracle ${way.serverVersion}`,
      `- by ${wayInWords(way.way)}, node-oracledb ${way.driver}${way.clientVersion === null ? '' : `, client ${way.clientVersion}`}`,
    ];
    const parts = await line.readOnly(signal, async (ask) => {
      const owner = await chosenOwner(ask, given, shown);
      const resort = await chosenResort(ask, owner, given);
      const where = { owner, resort, isOld: isOldServer(way) };
      const place = [
        `- asked for: owner ${owner}, property ${resort}`,
        `- properties of this owner: ${(await resortsOf(ask, owner)).length}`,
      ];
      return [
        part('Versions', versions),
        part('Owner and property', [...(await ownerLines(ask)), ...place]),
        ...(await countParts(ask, where)),
        part('Clock and business date', await said(() => clockLines(ask, where, shown, context.now))),
        part('Rooms in house, to compare with the report of the hotel itself', await said(() => inHouseLines(ask, where, shown))),
        part('Index on changes', await said(() => indexLines(ask, owner))),
        part('Tables and columns that are different', await said(() => columnLines(ask, owner))),
        part('Rights of this user', await said(() => rightLines(ask, owner))),
      ];
    });
    const head = `# Bellhop: first look at OPERA\n\nHotel ${hotel.hotelId}, database ${shown}, ${name}, user ${given.user}. Counts and codes alone; nothing here is of a guest.\n`;
    return { title: `Site report ${shown}, ${name}`, fileName: 'bellhop-site-report.md', text: [head, ...parts].join('\n') };
  } finally {
    await line.close();
  }
}

function part(title: string, lines: readonly string[]): string {
  return `## ${title}\n\n${lines.join('\n')}\n`;
}

/** The lines of a part, or why there are none. */
async function said(lines: () => Promise<string[]>): Promise<string[]> {
  try {
    return await lines();
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'stopped') throw error;
    return [`- unknown: ${fillText(faults[error.code].what, error.detail)}`];
  }
}

async function ownerLines(ask: Asker): Promise<string[]> {
  return (await ownersOf(ask)).map(
    ({ owner, rows }) => `- ${owner}: ${rows ?? 'unknown'} rows in RESERVATION_NAME when they were last counted`,
  );
}

/** Codes and how often each is there. Only a few tables know of a property. */
const counts = [
  { table: 'RESERVATION_NAME', column: 'RESV_STATUS', isOfProperty: true },
  { table: 'RESERVATION_NAME', column: 'NAME_USAGE_TYPE', isOfProperty: true },
  { table: 'NAME', column: 'NAME_TYPE', isOfProperty: false },
  { table: 'NAME_PHONE', column: 'PHONE_ROLE', isOfProperty: false },
  { table: 'ROOM', column: 'ROOM_STATUS', isOfProperty: true },
] as const;

async function countParts(ask: Asker, where: Where): Promise<string[]> {
  const parts: string[] = [];
  for (const { table, column, isOfProperty } of counts) {
    const statement = countByCode(where, table, column, isOfProperty);
    parts.push(part(`${table}.${column}`, await said(async () => codeLines(await cellsOf(ask, statement, table)))));
  }
  const unstamped = unstampedCount(where);
  const lines = said(async () => [
    `- ${(await cellsOf(ask, unstamped, 'RESERVATION_NAME'))[0]?.[0] ?? '0'} rows without UPDATE_DATE: they are found by their key, not by a time`,
  ]);
  return [...parts, part('Reservations without a time of change', await lines)];
}

type Cells = readonly (string | null)[];

async function cellsOf(ask: Asker, { sql, binds }: Statement, table: string): Promise<readonly Cells[]> {
  return (await ask(sql, binds, { doing: 'counting for the site report', place: table })).rows;
}

function countByCode({ owner, resort }: Where, table: string, column: string, isOfProperty: boolean): Statement {
  const only = isOfProperty ? ' WHERE t.RESORT = :resort' : '';
  return {
    sql: `SELECT t.${column}, COUNT(*) FROM ${owner}.${table} t${only} GROUP BY t.${column} ORDER BY t.${column}`,
    binds: isOfProperty ? { resort } : {},
  };
}

function unstampedCount({ owner, resort }: Where): Statement {
  return {
    sql: `SELECT COUNT(*) FROM ${owner}.RESERVATION_NAME rn WHERE rn.RESORT = :resort AND rn.UPDATE_DATE IS NULL`,
    binds: { resort },
  };
}

/** A code is short, in capitals, and holds no number that could be one of a person. */
const harmless = /^(?!.*\d{4})[A-Z0-9][A-Z0-9 _$/.-]{0,19}$/;

/** Whatever does not look like a code may be something that somebody has typed, so only its count is said. */
export function codeLines(rows: readonly Cells[]): string[] {
  let others = 0;
  const lines: string[] = [];
  for (const [code = null, count] of rows) {
    if (code === null) lines.push(`- (empty): ${count}`);
    else if (harmless.test(code)) lines.push(`- ${code}: ${count}`);
    else others += Number(count ?? 0);
  }
  if (others > 0) lines.push(`- other values, which are not shown because they do not look like codes: ${others}`);
  return lines.length > 0 ? lines : ['- none'];
}

async function clockLines(ask: Asker, where: Where, host: string, now: () => number): Promise<string[]> {
  const doing = 'asking for the time';
  const [zone] = (await ask('SELECT DBTIMEZONE FROM DUAL', {}, { doing })).rows;
  const [row] = (await ask(clockStatement, {}, { doing })).rows;
  const { utc, local } = readClock({ utc: row?.[0] ?? '', local: row?.[1] ?? '' });
  return [
    `- DBTIMEZONE ${zone?.[0] ?? 'unknown'}`,
    `- SYSDATE ${row?.[1]}, which is ${Math.round((local - utc) / 60)} min from UTC`,
    `- its clock differs from that of the PC that asked by ${Math.round(Math.abs(utc - now() / 1000))} s`,
    `- business date ${await openBusinessDate(ask, where, host)}`,
  ];
}

/** Rooms, not guests: sharers point at the same element, and the day of departure is no night. Posting masters are no rooms. */
async function inHouseLines(ask: Asker, where: Where, host: string): Promise<string[]> {
  const today = await openBusinessDate(ask, where, host);
  const { owner, resort } = where;
  const { rows } = await ask(
    `SELECT COUNT(DISTINCT dn.RESV_DAILY_EL_SEQ) FROM ${owner}.RESERVATION_NAME rn ` +
      `JOIN ${owner}.RESERVATION_DAILY_ELEMENT_NAME dn ON dn.RESORT = rn.RESORT AND dn.RESV_NAME_ID = rn.RESV_NAME_ID ` +
      `JOIN ${owner}.RESERVATION_DAILY_ELEMENTS de ON de.RESORT = dn.RESORT AND de.RESERVATION_DATE = dn.RESERVATION_DATE AND de.RESV_DAILY_EL_SEQ = dn.RESV_DAILY_EL_SEQ ` +
      `WHERE rn.RESORT = :resort AND rn.NAME_USAGE_TYPE = 'DG' AND rn.RESV_STATUS = 'CHECKED IN' AND dn.RESERVATION_DATE = TO_DATE(:today, 'YYYY-MM-DD') ` +
      "AND (dn.RESERVATION_DATE < rn.TRUNC_END_DATE OR rn.TRUNC_BEGIN_DATE = rn.TRUNC_END_DATE) AND de.ROOM_CATEGORY NOT LIKE '-%'",
    { resort, today },
    { doing: 'counting rooms in house', place: 'RESERVATION_DAILY_ELEMENTS' },
  );
  return [`- ${rows[0]?.[0] ?? '0'} rooms on the business date ${today}`];
}

async function indexLines(ask: Asker, owner: string): Promise<string[]> {
  const isThere = await hasChangeIndex(ask, owner);
  return [
    isThere
      ? '- an index of RESERVATION_NAME leads with RESORT, UPDATE_DATE: changes are asked for by it'
      : '- no index of RESERVATION_NAME leads with RESORT, UPDATE_DATE: reservations are compared at night only',
  ];
}

async function columnLines(ask: Asker, owner: string): Promise<string[]> {
  const lines = [...(await fingerprint(ask, owner))].map(([table, what]) => `- ${table}: ${differenceWords(what).join('; ')}`);
  return lines.length > 0 ? lines : [`- none: all ${neededTables.length} tables are as they have to be`];
}

async function rightLines(ask: Asker, owner: string): Promise<string[]> {
  const { readable, writes, beyond } = await rightsOf(ask, owner);
  const list = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '));
  return [
    `- may read ${readable.length} of the ${neededTables.length} tables that are needed; missing: ${list(neededTables.filter((table) => !readable.includes(table)))}`,
    `- rights to write: ${list(writes)}`,
    `- other rights that are not needed: ${list(beyond)}`,
  ];
}
