import { OracleError } from '../errors.ts';
import type { Select, TableName } from './syntax.ts';
import type { Declared, SqlType } from './types.ts';

/** A piece of SQL for SQLite, and what its value is to Oracle. */
export type Translated = {
  readonly sql: string;
  readonly sqlType: SqlType;
  readonly size?: number;
  readonly precision?: number | null;
  readonly scale?: number | null;
  readonly isNullable?: boolean;
};

export type SourceColumn = Pick<Declared, 'sqlType'> & Partial<Omit<Declared, 'sqlType'>> & { readonly isNullable?: boolean };

/** Something that rows come from: a table, a view of the dictionary, or a query in parentheses. */
export type Source = {
  readonly sql: string;
  readonly columns: ReadonlyMap<string, SourceColumn>;
  /** Tables have ORA_ROWSCN; it is no column, so `*` does not show it. */
  readonly hasRowScn: boolean;
};

export type Subquery = { readonly sql: string; readonly columns: readonly { readonly name: string; readonly value: Translated }[] };

/** What a statement is translated for: whose it is, how that session writes its dates, and what comes with it. */
export type Circumstances = {
  readonly bindTypes: readonly SqlType[];
  readonly dateMask: string;
  readonly timestampMask: string;
  readonly contextOf: (name: string) => string | null;
  /** Translate a query within another: it sees the sources of the blocks around it. */
  readonly subquery: (select: Select, outer: Scope) => Subquery;
  /** @throws {OracleError} ORA-00942 for what the session may not see, ORA-01031 for what it may only look at. */
  readonly find: (table: TableName, purpose: 'read' | 'lock' | 'insert' | 'update' | 'delete') => Source;
};

/** The sources of one query block, and the block around it. */
export class Scope {
  readonly circumstances: Circumstances;
  readonly #outer: Scope | null;
  readonly #sources = new Map<string, Source>();

  constructor(circumstances: Circumstances, outer: Scope | null = null) {
    this.circumstances = circumstances;
    this.#outer = outer;
  }

  add(alias: string, source: Source): void {
    if (this.#sources.has(alias)) throw new OracleError(918);
    this.#sources.set(alias, source);
  }

  get size(): number {
    return this.#sources.size;
  }

  /** The columns that `*` or `alias.*` stands for. */
  allColumns(of: string | null, at: number): { readonly name: string; readonly value: Translated }[] {
    if (of !== null && !this.#sources.has(of)) throw new OracleError(904, `"${of}": invalid identifier`, at);
    return [...this.#sources]
      .filter(([alias]) => of === null || alias === of)
      .flatMap(([alias, { columns }]) => [...columns].map(([name, column]) => ({ name, value: columnOf(alias, name, column) })));
  }

  /** Find a column by `name`, `alias.name` or `owner.table.name`, here or in a block around. */
  column(path: readonly string[], at: number): Translated {
    const found = this.#find(path, at);
    if (found) return found;
    throw new OracleError(904, `${path.map((part) => `"${part}"`).join('.')}: invalid identifier`, at);
  }

  has(path: readonly string[], at: number): boolean {
    return this.#find(path, at) !== null;
  }

  #find(path: readonly string[], at: number): Translated | null {
    const name = path.at(-1) ?? '';
    const alias = path.at(-2);
    const found: Translated[] = [];
    for (const [known, source] of this.#sources) {
      if (alias !== undefined && alias !== known) continue;
      const column = source.columns.get(name);
      if (column) found.push(columnOf(known, name, column));
      else if (name === 'ORA_ROWSCN' && source.hasRowScn) found.push(columnOf(known, name, { sqlType: 'number' }));
    }
    if (found.length > 1) throw new OracleError(918, undefined, at);
    return found[0] ?? (this.#outer ? this.#outer.#find(path, at) : null);
  }
}

function columnOf(alias: string, name: string, column: SourceColumn): Translated {
  return { ...column, sql: `"${alias}"."${name}"` };
}
