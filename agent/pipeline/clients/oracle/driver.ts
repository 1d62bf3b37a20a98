/** As much of node-oracledb as is used here; the package brings no types of its own. @source node-oracledb documentation, "API" */
export type Driver = {
  readonly versionString: string;
  readonly oracleClientVersionString: string;
  readonly STRING: unknown;
  fetchTypeHandler: ((meta: { readonly dbTypeName: string }) => { readonly type: unknown } | undefined) | undefined;
  initOracleClient(options: { readonly libDir?: string }): void;
  getConnection(settings: Readonly<Record<string, unknown>>): Promise<Connection>;
};

export type Connection = {
  callTimeout: number;
  readonly thin: boolean;
  readonly oracleServerVersionString: string;
  readonly warning?: { readonly errorNum?: number };
  execute(
    sql: string,
    binds: Readonly<Record<string, string | number>>,
    options: Readonly<Record<string, unknown>>,
  ): Promise<{
    readonly rows?: (string | null)[][];
    readonly metaData?: readonly { readonly name: string; readonly dbTypeName: string }[];
  }>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  close(): Promise<void>;
  break(): Promise<void>;
};

/** Which generation of the driver, in which mode. Thick needs an Oracle client on this PC. */
export type Way =
  | { readonly package: 'oracledb'; readonly mode: 'thin' }
  | { readonly package: 'oracledb' | 'oracledb6'; readonly mode: 'thick'; readonly clientFolder: string | null };

/** What the child is asked, and what it answers. A number joins the two. */
export type Ask =
  | {
      readonly kind: 'connect';
      readonly id: number;
      readonly way: Way;
      readonly connectText: string;
      readonly user: string;
      readonly password: string;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: 'execute';
      readonly id: number;
      readonly sql: string;
      readonly binds: Readonly<Record<string, string | number>>;
      readonly rows: number;
      readonly timeoutMs: number;
    }
  | { readonly kind: 'end-transaction'; readonly id: number };

export type Rows = {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly (string | null)[])[];
};

/** What a login has found. `warnsOfExpiry`: the password runs out soon (ORA-28002). */
export type Login = {
  readonly serverVersion: string;
  readonly driver: string;
  readonly isThin: boolean;
  readonly clientVersion: string | null;
  readonly warnsOfExpiry: boolean;
};

export type Answer =
  | { readonly id: number; readonly login: Login }
  | { readonly id: number; readonly rows: Rows }
  | { readonly id: number; readonly done: true }
  | { readonly id: number; readonly error: OracleError };

/** Said once, before any question: the process has started and loaded its driver. */
export type Ready = { readonly isReady: true };

/** An error of the driver or the server: its code, `ORA-00942` or `NJS-518`, and the first line of its words. */
export type OracleError = { readonly code: string; readonly message: string };
