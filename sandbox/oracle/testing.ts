import { createRequire } from 'node:module';

/** As much of the driver as the tests of the sandbox use; it has no types of its own. */
export type DriverResult = {
  readonly rows?: unknown[][];
  readonly metaData?: readonly { readonly name: string; readonly dbTypeName: string; readonly [more: string]: unknown }[];
  readonly rowsAffected?: number;
  readonly resultSet?: { getRows(count: number): Promise<unknown[][]>; close(): Promise<void> };
};

export type DriverConnection = {
  callTimeout: number;
  module: string;
  action: string;
  readonly warning?: Error & { readonly errorNum?: number };
  readonly oracleServerVersionString: string;
  readonly serviceName: string;
  execute(sql: string, binds?: unknown, options?: object): Promise<DriverResult>;
  executeMany(sql: string, binds: unknown[][]): Promise<DriverResult>;
  queryStream(sql: string, binds?: unknown, options?: object): AsyncIterable<unknown[]>;
  getStatementInfo(sql: string): Promise<{ readonly bindNames: readonly string[]; readonly metaData?: DriverResult['metaData'] }>;
  createLob(type: unknown): Promise<NodeJS.WritableStream & { close(): Promise<void> }>;
  break(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  ping(): Promise<void>;
  isHealthy(): boolean;
  close(): Promise<void>;
};

export type Driver = {
  readonly versionString: string;
  readonly thin: boolean;
  readonly OUT_FORMAT_OBJECT: number;
  readonly STRING: unknown;
  readonly BUFFER: unknown;
  readonly CLOB: unknown;
  readonly DB_TYPE_DATE: unknown;
  readonly DB_TYPE_TIMESTAMP: unknown;
  readonly DB_TYPE_TIMESTAMP_LTZ: unknown;
  readonly DB_TYPE_TIMESTAMP_TZ: unknown;
  getConnection(settings: object): Promise<DriverConnection>;
  createPool(settings: object): Promise<{ getConnection(): Promise<DriverConnection>; close(drainSeconds: number): Promise<void> }>;
};

const load = createRequire(import.meta.url);

/** Both generations of the driver that are installed, in thin mode, as anybody has them from npm. */
export const drivers: readonly Driver[] = [load('oracledb') as Driver, load('oracledb6') as Driver];

/** Say what a call of the driver came to: its rows, or the code of its error with the first line of the message. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'no error';
  } catch (error) {
    return String((error as { readonly code?: string }).code ?? error);
  }
}
