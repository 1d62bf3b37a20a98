import { OracleError } from '../errors.ts';

/** What SQLite says, in the words of Oracle. What it could not do at all is a statement that this server does not know. */
export function oracleErrorOf(error: unknown): OracleError {
  if (error instanceof OracleError) return error;
  const said = error instanceof Error ? error.message : String(error);
  const [, unique] = /^UNIQUE constraint failed: (\S+?)\.[A-Z0-9_$]+(?:,|$)/.exec(said) ?? [];
  if (unique !== undefined) return new OracleError(1, `unique constraint (${unique}_PK) violated`);
  const [, required] = /^NOT NULL constraint failed: (\S+)/.exec(said) ?? [];
  if (required !== undefined) {
    return new OracleError(
      1400,
      `cannot insert NULL into (${required
        .split('.')
        .map((part) => `"${part}"`)
        .join('.')})`,
    );
  }
  return new OracleError(933, `SQL command not properly ended (the sandbox: ${said})`);
}
