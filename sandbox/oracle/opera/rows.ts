import type { Database, Statement } from 'better-sqlite3';

export type Cell = string | number | null;
export type Cells = Readonly<Record<string, Cell>>;

/** One change of one table. Columns that are not named are null in a new row and stay in an old one. */
export type RowChange =
  | { readonly kind: 'insert'; readonly table: string; readonly values: Cells }
  | { readonly kind: 'update'; readonly table: string; readonly set: Cells; readonly where: Cells }
  | { readonly kind: 'delete'; readonly table: string; readonly where: Cells };

/** Writes changes into the tables of one owner; the same kind of change is prepared once. */
export class RowWriter {
  readonly #owner: string;
  readonly #statements = new Map<string, Statement>();

  constructor(owner: string) {
    this.#owner = owner;
  }

  write(database: Database, change: RowChange, scn: number): void {
    const set = change.kind === 'insert' ? change.values : change.kind === 'update' ? change.set : {};
    const where = change.kind === 'insert' ? {} : change.where;
    const key = `${change.kind} ${change.table} ${Object.keys(set).join()} ${Object.keys(where).join()}`;
    const statement = this.#statements.get(key) ?? database.prepare(this.#sql(change, Object.keys(set), Object.keys(where)));
    this.#statements.set(key, statement);
    const stamp = change.kind === 'delete' ? [] : [scn];
    statement.run(...Object.values(set), ...stamp, ...Object.values(where));
  }

  #sql({ kind, table }: RowChange, set: readonly string[], where: readonly string[]): string {
    const stored = `"${this.#owner}.${table}"`;
    const condition = where.map((name) => `"${name}" = ?`).join(' AND ');
    switch (kind) {
      case 'insert': {
        const names = [...set.map((name) => `"${name}"`), 'ORA_ROWSCN'];
        return `INSERT INTO ${stored} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
      }
      case 'update':
        return `UPDATE ${stored} SET ${set.map((name) => `"${name}" = ?, `).join('')}ORA_ROWSCN = ? WHERE ${condition}`;
      case 'delete':
        return `DELETE FROM ${stored} WHERE ${condition}`;
      default:
        return kind satisfies never;
    }
  }
}

const dayMs = 86_400_000;

/** A day of the hotel's calendar as a number: days since 1970. */
export type Day = number;

export function dayText(day: Day): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

/** A day as Oracle keeps it: a DATE at midnight. */
export function dateOf(day: Day): string {
  return `${dayText(day)} 00:00:00`;
}

export function dayOf(text: string): Day {
  return Math.round(Date.parse(text.slice(0, 10)) / dayMs);
}
