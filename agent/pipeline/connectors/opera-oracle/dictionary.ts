import { Fault } from '../../../../contract/faults.ts';
import type { Fingerprint } from '../../../../contract/fingerprint.ts';
import type { Asker } from '../../clients/oracle/line.ts';
import {
  type Difference,
  differencesOf,
  differenceWords,
  type Kind,
  type NeededTable,
  neededColumns,
  neededTables,
  tablesOf,
} from './columns.ts';
import type { Settings } from './settings.ts';

/** What the database says of itself and of us. Everything is asked of views that each user may read. */

const doing = 'looking at the dictionary';

/** Who owns tables of reservations that we may see. One live hotel had three, two of them empty or copies. */
export async function ownersOf(ask: Asker): Promise<{ readonly owner: string; readonly rows: string | null }[]> {
  const { rows } = await ask("SELECT OWNER, NUM_ROWS FROM ALL_TABLES WHERE TABLE_NAME = 'RESERVATION_NAME' ORDER BY OWNER", {}, { doing });
  return rows.map(([owner, count]) => ({ owner: owner ?? '', rows: count ?? null }));
}

/** The owner that the settings name, or the only one there is. @throws {Fault} `opera-choose` where a person has to. */
export async function chosenOwner(ask: Asker, { owner, user }: Settings, host: string): Promise<string> {
  const owners = await ownersOf(ask);
  const names = owners.map((one) => one.owner);
  if (owner !== undefined && names.includes(owner)) return owner;
  const [only] = names;
  if (names.length === 0) throw new Fault('source-rights', { host, user, place: 'RESERVATION_NAME of any owner' });
  if (owner === undefined && only !== undefined && names.length === 1) return only;
  throw new Fault('opera-choose', {
    what: 'owner of the tables',
    choices: owners.map((one) => `${one.owner} (${one.rows ?? 'unknown'} rows)`).join(', '),
  });
}

/** The properties that an owner's tables hold. A chain keeps many in one database. */
export async function resortsOf(ask: Asker, owner: string): Promise<string[]> {
  const { rows } = await ask(`SELECT RESORT FROM ${owner}.RESORT ORDER BY RESORT`, {}, { doing, place: 'RESORT' });
  return rows.map(([name]) => name ?? '');
}

/** The property that the settings name, or the only one there is. @throws {Fault} `opera-choose` where a person has to. */
export async function chosenResort(ask: Asker, owner: string, { resort }: Settings): Promise<string> {
  const names = await resortsOf(ask, owner);
  if (resort !== undefined && names.includes(resort)) return resort;
  const [only] = names;
  if (resort === undefined && only !== undefined && names.length === 1) return only;
  throw new Fault('opera-choose', { what: 'property', choices: names.join(', ') || 'none' });
}

/** The fingerprint: what is missing or different in each table. A table without an entry is as it has to be. */
export async function fingerprint(ask: Asker, owner: string): Promise<Map<NeededTable, Difference>> {
  const names = neededTables.map((name) => `'${name}'`).join(', ');
  const { rows } = await ask(
    `SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM ALL_TAB_COLUMNS WHERE OWNER = :owner AND TABLE_NAME IN (${names})`,
    { owner },
    { doing },
  );
  const found = new Map<string, Map<string, string>>();
  for (const [table, column, type] of rows) {
    const columns = found.get(table ?? '') ?? new Map<string, string>();
    columns.set(column ?? '', type ?? '');
    found.set(table ?? '', columns);
  }
  const differences = new Map<NeededTable, Difference>();
  for (const table of neededTables) {
    const columns = found.get(table);
    const wrong = columns ? differencesOf(table, columns) : 'missing';
    if (wrong.length > 0) differences.set(table, wrong);
  }
  return differences;
}

/** What stops one kind of record, in words; null where nothing does. */
export function stopsKind(
  kind: Kind,
  differences: ReadonlyMap<NeededTable, Difference>,
): { readonly table: string; readonly detail: string } | null {
  for (const table of tablesOf[kind]) {
    const wrong = differences.get(table);
    if (wrong) return { table, detail: differenceWords(wrong).slice(0, 5).join('; ') };
  }
  return null;
}

/** The fingerprint as it is shown. @param kinds what is read of this database: only that can be stopped. */
export function shownFingerprint(
  differences: ReadonlyMap<NeededTable, Difference>,
  kinds: readonly Kind[],
  comparedAtMs: number,
): Fingerprint {
  const columns = Object.values(neededColumns).reduce((sum, of) => sum + Object.keys(of).length, 0);
  const stopped = (table: NeededTable) => kinds.filter((kind) => (tablesOf[kind] as readonly NeededTable[]).includes(table));
  return {
    comparedAtMs,
    tables: neededTables.length,
    columns,
    differences: [...differences].map(([table, wrong]) => ({
      table,
      isMissing: wrong === 'missing',
      columns: wrong === 'missing' ? [] : [...wrong],
      stops: stopped(table),
    })),
  };
}

/** Whether an index leads with the property and the time of the last change, so that asking for changes does not go through the whole table. */
export async function hasChangeIndex(ask: Asker, owner: string): Promise<boolean> {
  const { rows } = await ask(
    "SELECT INDEX_NAME, COLUMN_NAME, COLUMN_POSITION FROM ALL_IND_COLUMNS WHERE TABLE_OWNER = :owner AND TABLE_NAME = 'RESERVATION_NAME' ORDER BY INDEX_NAME, COLUMN_POSITION",
    { owner },
    { doing },
  );
  const first = new Map<string, string[]>();
  for (const [index, column] of rows) first.set(index ?? '', [...(first.get(index ?? '') ?? []), column ?? '']);
  return [...first.values()].some(([one, two]) => one === 'UPDATE_DATE' || (one === 'RESORT' && two === 'UPDATE_DATE'));
}

/** What the login may do. `writes` may change something; `beyond` goes beyond what is needed without changing anything. */
export type Rights = { readonly readable: readonly string[]; readonly writes: readonly string[]; readonly beyond: readonly string[] };

const reading = new Set(['READ', 'SELECT']);
const harmlessSystem = new Set([
  'CREATE SESSION',
  'READ ANY TABLE',
  'SELECT ANY TABLE',
  'SELECT ANY DICTIONARY',
  'SELECT_CATALOG_ROLE',
  'READ ANY TABLE',
]);

/** Ask for every right of the session, those of its roles included. */
export async function rightsOf(ask: Asker, owner: string): Promise<Rights> {
  const own = await ask('SELECT OWNER, TABLE_NAME, PRIVILEGE FROM USER_TAB_PRIVS', {}, { doing });
  const byRole = await ask('SELECT OWNER, TABLE_NAME, PRIVILEGE FROM ROLE_TAB_PRIVS', {}, { doing });
  const system = (await ask('SELECT PRIVILEGE FROM SESSION_PRIVS', {}, { doing })).rows.map(([name]) => name ?? '');
  // What everybody may do there, so may we.
  const ofPublic = await ask(
    "SELECT TABLE_SCHEMA, TABLE_NAME, PRIVILEGE FROM ALL_TAB_PRIVS WHERE GRANTEE = 'PUBLIC' AND TABLE_SCHEMA = :owner",
    { owner },
    { doing },
  );
  const [who] = (await ask("SELECT SYS_CONTEXT('USERENV', 'SESSION_USER') FROM DUAL", {}, { doing })).rows;
  const visible = await ask('SELECT TABLE_NAME FROM ALL_TABLES WHERE OWNER = :owner', { owner }, { doing });
  const onTables = [...own.rows, ...byRole.rows, ...ofPublic.rows].map(([of, table, right]) => ({
    of: of ?? '',
    table: table ?? '',
    right: right ?? '',
  }));
  const writes = new Set<string>();
  const beyond = new Set<string>();
  for (const { of, table, right } of onTables) {
    const name = `${right} ON ${of}.${table}`;
    const isNeeded = of === owner && (neededTables as string[]).includes(table);
    if (!reading.has(right)) writes.add(name);
    else if (!isNeeded && of !== 'SYS' && of !== 'PUBLIC') beyond.add(name);
    // With SELECT rows can be held (FOR UPDATE); READ cannot.
    else if (right === 'SELECT' && isNeeded) beyond.add(`${name} (READ would do)`);
  }
  // Whoever owns the tables may do everything with them.
  if (who?.[0] === owner) writes.add(`OWNER OF ${owner}`);
  for (const name of system) {
    if (!harmlessSystem.has(name)) writes.add(name);
    else if (name !== 'CREATE SESSION') beyond.add(name);
  }
  const seen = visible.rows.map(([table]) => table ?? '');
  return { readable: neededTables.filter((table) => seen.includes(table)), writes: [...writes].sort(), beyond: [...beyond].sort() };
}

/** The rights to write that nobody has accepted by name. */
export function unaccepted({ writes }: Rights, { acknowledgedRights = [] }: Settings): string[] {
  const accepted = new Set(acknowledgedRights.map((name) => name.trim().toUpperCase()));
  return writes.filter((name) => !accepted.has(name.toUpperCase()));
}
