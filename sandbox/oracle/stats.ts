/** What a server has seen, for tests that must know. */
export type OracleStats = {
  logins: number;
  /** Wrong passwords by the name that was given, known or not. */
  readonly failedLogins: Record<string, number>;
  /** Statements that were run, those that failed too. */
  statements: number;
  /** Rounds that brought more rows of a statement. */
  fetches: number;
  rowsSent: number;
  /** Sessions that are logged on now, and the most that ever were at once. */
  sessions: number;
  maxSessions: number;
  breaks: number;
  /** How many statements have read a table, by `OWNER.TABLE`. */
  readonly readsPerTable: Record<string, number>;
  /** Statements that this server would not translate, and those whose grammar or names are wrong: a product sends none. */
  readonly rejected: { readonly sql: string; readonly error: string }[];
};

export function noStats(): OracleStats {
  return {
    logins: 0,
    failedLogins: {},
    statements: 0,
    fetches: 0,
    rowsSent: 0,
    sessions: 0,
    maxSessions: 0,
    breaks: 0,
    readsPerTable: {},
    rejected: [],
  };
}

export function countOne(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
