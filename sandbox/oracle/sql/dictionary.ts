import type { Accounts } from '../accounts.ts';
import { wallDate } from '../clock.ts';
import type { OracleDatabase } from '../database.ts';
import type { Table, TableIndex } from './catalogue.ts';
import type { Source, SourceColumn } from './scope.ts';
import type { SqlType } from './types.ts';

/** Who looks into the dictionary, and what there is to see. */
export type Looking = {
  readonly user: string;
  readonly accounts: Accounts;
  readonly database: OracleDatabase;
  readonly parameters: Readonly<Record<string, string>>;
  readonly version: string;
};

type Cell = string | number | null;
type View = {
  /** Names of columns; ` #` behind one says number, ` @` date. */
  readonly columns: string;
  readonly rows: (looking: Looking) => readonly (readonly Cell[])[];
  /** Everybody sees the others; this one needs a privilege on an object of SYS. */
  readonly needs?: string;
};

function visibleTables({ user, accounts, database }: Looking): Table[] {
  return database.tables.filter((table) => accounts.judge(user, table, 'read') !== 'invisible');
}

function visibleIndexes(looking: Looking): { readonly table: Table; readonly index: TableIndex }[] {
  return visibleTables(looking).flatMap((table) => table.indexes.map((index) => ({ table, index })));
}

/** Grants on tables to one holder: the user or a role. */
function grantsOf(
  grants: Readonly<Record<string, readonly string[]>> | undefined,
): { readonly owner: string; readonly table: string; readonly privilege: string }[] {
  return Object.entries(grants ?? {}).flatMap(([thing, privileges]) => {
    const dot = thing.indexOf('.');
    return privileges.map((privilege) => ({ owner: thing.slice(0, dot), table: thing.slice(dot + 1), privilege }));
  });
}

function ownGrants({ user, accounts }: Looking) {
  return grantsOf(accounts.get(user)?.grants);
}

function roleEntries({ user, accounts }: Looking) {
  return Object.entries(accounts.get(user)?.roles ?? {});
}

/** What everybody may do: a real database has thousands of these, and an audit of rights must not take them for the reader's own. */
const publicGrants = [
  { owner: 'SYS', table: 'DUAL', privilege: 'SELECT' },
  { owner: 'SYS', table: 'ALL_TABLES', privilege: 'READ' },
  { owner: 'SYS', table: 'UTL_HTTP', privilege: 'EXECUTE' },
];

function kindOf(privilege: string): string {
  return privilege === 'EXECUTE' ? 'PACKAGE' : 'TABLE';
}

const views: Readonly<Record<string, View>> = {
  ALL_TABLES: {
    columns: 'OWNER, TABLE_NAME, TABLESPACE_NAME, STATUS, NUM_ROWS #, LAST_ANALYZED @, TEMPORARY',
    rows: (looking) =>
      visibleTables(looking).map((table) => [
        table.owner,
        table.name,
        'USERS',
        'VALID',
        looking.database.countRows(table),
        wallDate(looking.database.zone, looking.database.now()),
        'N',
      ]),
  },
  ALL_TAB_COLUMNS: {
    columns:
      'OWNER, TABLE_NAME, COLUMN_NAME, DATA_TYPE, DATA_LENGTH #, DATA_PRECISION #, DATA_SCALE #, NULLABLE, COLUMN_ID #, CHAR_LENGTH #, CHAR_USED',
    rows: (looking) =>
      visibleTables(looking).flatMap((table) =>
        table.columns.map(({ name, typeName, sqlType, size, precision, scale, isNullable }, at) => {
          const isText = sqlType === 'text' || sqlType === 'char';
          const length = isText ? [size, 'B'] : [0, null];
          return [table.owner, table.name, name, typeName, size, precision, scale, isNullable ? 'Y' : 'N', at + 1, ...length];
        }),
      ),
  },
  ALL_INDEXES: {
    columns: 'OWNER, INDEX_NAME, INDEX_TYPE, TABLE_OWNER, TABLE_NAME, UNIQUENESS, STATUS, VISIBILITY',
    rows: (looking) =>
      visibleIndexes(looking).map(({ table, index }) => {
        return [table.owner, index.name, 'NORMAL', table.owner, table.name, index.isUnique ? 'UNIQUE' : 'NONUNIQUE', 'VALID', 'VISIBLE'];
      }),
  },
  ALL_IND_COLUMNS: {
    columns: 'INDEX_OWNER, INDEX_NAME, TABLE_OWNER, TABLE_NAME, COLUMN_NAME, COLUMN_POSITION #, DESCEND',
    rows: (looking) =>
      visibleIndexes(looking).flatMap(({ table, index }) =>
        index.columns.map((column, at) => [table.owner, index.name, table.owner, table.name, column, at + 1, 'ASC']),
      ),
  },
  ALL_CONSTRAINTS: {
    columns: 'OWNER, CONSTRAINT_NAME, CONSTRAINT_TYPE, TABLE_NAME, STATUS, INDEX_NAME',
    rows: (looking) =>
      visibleTables(looking).flatMap(({ owner, name, primaryKey }) =>
        primaryKey ? [[owner, primaryKey.name, 'P', name, 'ENABLED', primaryKey.name]] : [],
      ),
  },
  ALL_CONS_COLUMNS: {
    columns: 'OWNER, CONSTRAINT_NAME, TABLE_NAME, COLUMN_NAME, POSITION #',
    rows: (looking) =>
      visibleTables(looking).flatMap(({ owner, name, primaryKey }) =>
        (primaryKey?.columns ?? []).map((column, at) => [owner, primaryKey?.name ?? null, name, column, at + 1]),
      ),
  },
  ALL_OBJECTS: {
    columns: 'OWNER, OBJECT_NAME, OBJECT_TYPE, STATUS',
    rows: (looking) => [
      ...visibleTables(looking).map(({ owner, name }) => [owner, name, 'TABLE', 'VALID']),
      ...visibleIndexes(looking).map(({ table, index }) => [table.owner, index.name, 'INDEX', 'VALID']),
    ],
  },
  // What a person would look for and a property like this does not have.
  ALL_VIEWS: { columns: 'OWNER, VIEW_NAME, TEXT_LENGTH #', rows: () => [] },
  ALL_SYNONYMS: { columns: 'OWNER, SYNONYM_NAME, TABLE_OWNER, TABLE_NAME, DB_LINK', rows: () => [] },
  USER_COL_PRIVS: { columns: 'GRANTEE, OWNER, TABLE_NAME, COLUMN_NAME, GRANTOR, PRIVILEGE, GRANTABLE', rows: () => [] },
  ALL_TAB_PRIVS: {
    columns: 'GRANTOR, GRANTEE, TABLE_SCHEMA, TABLE_NAME, PRIVILEGE, GRANTABLE, HIERARCHY, COMMON, TYPE, INHERITED',
    rows: (looking) => {
      const row = (grantee: string) => (grant: ReturnType<typeof grantsOf>[number]) =>
        [grant.owner, grantee, grant.owner, grant.table, grant.privilege, 'NO', 'NO', 'NO', kindOf(grant.privilege), 'NO'] as const;
      return [
        ...ownGrants(looking).map(row(looking.user)),
        ...roleEntries(looking).flatMap(([role, rights]) => grantsOf(rights.grants).map(row(role))),
        ...publicGrants.map(row('PUBLIC')),
      ];
    },
  },
  USER_TAB_PRIVS: {
    columns: 'GRANTEE, OWNER, TABLE_NAME, GRANTOR, PRIVILEGE, GRANTABLE, HIERARCHY, COMMON, TYPE, INHERITED',
    rows: (looking) =>
      ownGrants(looking).map(({ owner, table, privilege }) => [
        looking.user,
        owner,
        table,
        owner,
        privilege,
        'NO',
        'NO',
        'NO',
        kindOf(privilege),
      ]),
  },
  ROLE_TAB_PRIVS: {
    columns: 'ROLE, OWNER, TABLE_NAME, COLUMN_NAME, PRIVILEGE, GRANTABLE',
    rows: (looking) =>
      roleEntries(looking).flatMap(([role, rights]) =>
        grantsOf(rights.grants).map(({ owner, table, privilege }) => [role, owner, table, null, privilege, 'NO']),
      ),
  },
  ROLE_SYS_PRIVS: {
    columns: 'ROLE, PRIVILEGE, ADMIN_OPTION',
    rows: (looking) => roleEntries(looking).flatMap(([role, rights]) => (rights.systemPrivileges ?? []).map((one) => [role, one, 'NO'])),
  },
  SESSION_PRIVS: { columns: 'PRIVILEGE', rows: ({ user, accounts }) => accounts.systemPrivilegesOf(user).map((one) => [one]) },
  SESSION_ROLES: { columns: 'ROLE', rows: (looking) => roleEntries(looking).map(([role]) => [role]) },
  USER_SYS_PRIVS: {
    columns: 'USERNAME, PRIVILEGE, ADMIN_OPTION',
    rows: ({ user, accounts }) => (accounts.get(user)?.systemPrivileges ?? ['CREATE SESSION']).map((one) => [user, one, 'NO']),
  },
  USER_ROLE_PRIVS: {
    columns: 'USERNAME, GRANTED_ROLE, ADMIN_OPTION, DEFAULT_ROLE',
    rows: (looking) => roleEntries(looking).map(([role]) => [looking.user, role, 'NO', 'YES']),
  },
  ALL_USERS: { columns: 'USERNAME, USER_ID #', rows: ({ accounts }) => accounts.names.map((name, at) => [name, at + 100]) },
  USER_USERS: {
    columns: 'USERNAME, ACCOUNT_STATUS, EXPIRY_DATE @',
    rows: ({ user, accounts, database }) => {
      const isExpiring = accounts.get(user)?.status === 'expiring';
      const days = isExpiring ? 7 : 180;
      return [[user, isExpiring ? 'EXPIRED(GRACE)' : 'OPEN', wallDate(database.zone, database.now() + days * 86_400_000)]];
    },
  },
  NLS_DATABASE_PARAMETERS: {
    columns: 'PARAMETER, VALUE',
    rows: () => [
      ['NLS_CHARACTERSET', 'AL32UTF8'],
      ['NLS_NCHAR_CHARACTERSET', 'AL16UTF16'],
      ['NLS_LANGUAGE', 'AMERICAN'],
      ['NLS_TERRITORY', 'AMERICA'],
    ],
  },
  NLS_SESSION_PARAMETERS: { columns: 'PARAMETER, VALUE', rows: ({ parameters }) => Object.entries(parameters) },
  V$VERSION: {
    columns: 'BANNER, BANNER_FULL, CON_ID #',
    rows: ({ version }) => {
      const banner = `Oracle Database ${version.split('.')[0]}c Enterprise Edition Release ${version.split('.')[0]}.0.0.0.0 - Production`;
      return [[banner, `${banner}\nVersion ${version}`, 0]];
    },
  },
  PRODUCT_COMPONENT_VERSION: {
    columns: 'PRODUCT, VERSION, VERSION_FULL, STATUS',
    rows: ({ version }) => [['Oracle Database 19c Enterprise Edition', `${version.split('.')[0]}.0.0.0.0`, version, 'Production']],
  },
  V$TRANSACTION: {
    needs: 'SYS.V_$TRANSACTION',
    columns: 'XIDUSN #, STATUS, START_TIME, START_DATE @',
    rows: ({ database }) =>
      [...database.transactions].map(({ startedAtMs }, at) => {
        const start = wallDate(database.zone, startedAtMs);
        return [at + 1, 'ACTIVE', `${start.slice(5, 7)}/${start.slice(8, 10)}/${start.slice(2, 4)} ${start.slice(11)}`, start];
      }),
  },
};

/** The view that a name means, or null; `SYS.V_$TRANSACTION` is `V$TRANSACTION` by its own name. */
export function dictionaryView(owner: string | null, name: string): string | null {
  if (owner !== null && owner !== 'SYS') return null;
  const known = name.replace(/^V_\$/, 'V$');
  return Object.hasOwn(views, known) ? known : null;
}

export function maySee(view: string, { user, accounts }: Pick<Looking, 'user' | 'accounts'>): boolean {
  const { needs } = views[view] ?? {};
  return (
    needs === undefined ||
    accounts.privilegesOn(user, needs).size > 0 ||
    accounts.systemPrivilegesOf(user).includes('SELECT ANY DICTIONARY')
  );
}

const kinds: Readonly<Record<string, SqlType>> = { '#': 'number', '@': 'date' };

/** A view as something to select from. Its rows come in as JSON when the statement runs. */
export function dictionarySource(view: string): Source {
  const columns = (views[view]?.columns ?? '').split(', ').map((column): [string, SourceColumn] => {
    const [name = '', kind = ''] = column.split(' ');
    return [name, { sqlType: kinds[kind] ?? 'text', size: 128 }];
  });
  const picked = columns.map(([name], at) => `value ->> ${at} AS "${name}"`).join(', ');
  return { sql: `(SELECT ${picked} FROM json_each(@view_${view.replaceAll('$', '')}))`, columns: new Map(columns), hasRowScn: false };
}

export function dictionaryRows(view: string, looking: Looking): { readonly name: string; readonly json: string } {
  return { name: `view_${view.replaceAll('$', '')}`, json: JSON.stringify(views[view]?.rows(looking) ?? []) };
}
