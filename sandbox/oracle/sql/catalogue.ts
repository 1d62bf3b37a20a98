import { parseType } from './parse-literals.ts';
import { TokenCursor } from './token-cursor.ts';
import { tokenize } from './tokens.ts';
import { type Declared, declaredType } from './types.ts';

export type TableColumn = Declared & { readonly name: string; readonly isNullable: boolean };
export type TableIndex = { readonly name: string; readonly columns: readonly string[]; readonly isUnique: boolean };

export type Table = {
  readonly owner: string;
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly primaryKey: TableIndex | null;
  readonly indexes: readonly TableIndex[];
};

/** The name under which a table is kept: one SQLite file holds the schemas of all owners. */
export function storedName({ owner, name }: Pick<Table, 'owner' | 'name'>): string {
  return `"${owner}.${name}"`;
}

/** Read `CREATE TABLE` and `CREATE INDEX` in Oracle's words into the tables of one owner. */
export function readTables(owner: string, ddl: string): Table[] {
  const tables = new Map<string, Table>();
  for (const statement of ddl.split(';')) {
    const tokens = new TokenCursor(tokenize(statement));
    if (tokens.takeWords('CREATE', 'TABLE')) {
      const table = readTable(owner, tokens);
      tables.set(table.name, table);
    } else if (tokens.isWord('CREATE')) addIndex(tokens, tables);
  }
  return [...tables.values()];
}

function readTable(owner: string, tokens: TokenCursor): Table {
  const name = tokens.wantName();
  const columns: TableColumn[] = [];
  let primaryKey: TableIndex | null = null;
  tokens.wantSign('(');
  do {
    if (tokens.takeWords('CONSTRAINT')) primaryKey = readPrimaryKey(tokens);
    else {
      const column = tokens.wantName();
      const declared = declaredType(parseType(tokens));
      columns.push({ ...declared, name: column, isNullable: !tokens.takeWords('NOT', 'NULL') });
    }
  } while (tokens.takeSign(','));
  tokens.wantSign(')');
  return { owner, name, columns, primaryKey, indexes: primaryKey ? [primaryKey] : [] };
}

function readPrimaryKey(tokens: TokenCursor): TableIndex {
  const name = tokens.wantName();
  tokens.wantWord('PRIMARY');
  tokens.wantWord('KEY');
  return { name, columns: readNames(tokens), isUnique: true };
}

function readNames(tokens: TokenCursor): string[] {
  const names: string[] = [];
  tokens.wantSign('(');
  do names.push(tokens.wantName());
  while (tokens.takeSign(','));
  tokens.wantSign(')');
  return names;
}

function addIndex(tokens: TokenCursor, tables: Map<string, Table>): void {
  tokens.wantWord('CREATE');
  const isUnique = tokens.takeWords('UNIQUE');
  tokens.wantWord('INDEX');
  const name = tokens.wantName();
  tokens.wantWord('ON');
  const table = tables.get(tokens.wantName());
  if (!table) throw new RangeError(`the index ${name} is on no table`);
  tables.set(table.name, { ...table, indexes: [...table.indexes, { name, columns: readNames(tokens), isUnique }] });
}

/** Write a table for SQLite. Every row carries the number of the commit that wrote it. */
export function storedTable(table: Table): string[] {
  const columns = table.columns.map(
    ({ name, sqlType, isNullable }) => `"${name}" ${affinities[sqlType] ?? 'TEXT'}${isNullable ? '' : ' NOT NULL'}`,
  );
  return [
    `CREATE TABLE ${storedName(table)} (${[...columns, 'ORA_ROWSCN INTEGER NOT NULL'].join(', ')})`,
    ...table.indexes.map((index) => storedIndex(table, index)),
  ];
}

export function storedIndex(table: Table, { name, columns, isUnique }: TableIndex): string {
  const names = columns.map((one) => `"${one}"`).join(', ');
  return `CREATE ${isUnique ? 'UNIQUE ' : ''}INDEX "${table.owner}.${name}" ON ${storedName(table)} (${names})`;
}

const affinities: Readonly<Partial<Record<Declared['sqlType'], string>>> = { number: 'NUMERIC', raw: 'BLOB', blob: 'BLOB' };
