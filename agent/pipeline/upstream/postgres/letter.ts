import type { AdministratorLetter } from '../../../../contract/connection.ts';
import type { Settings } from './settings.ts';
import { keyColumns, type Table, tables } from './tables.ts';

/** The script that makes the schema, the tables and the user with exactly the rights that sending needs. */
export function letter(given: Settings, { hotelId }: { readonly hotelId: string }): AdministratorLetter {
  const { host, port, database, schema, user } = given;
  const names = tables.map((table) => `${schema}.${table.name}`).join(', ');
  const text = `-- Bellhop at the hotel ${hotelId} sends its records to ${database} on ${host}:${port}.
-- Run this as an administrator of that database:  psql -d ${database} -f bellhop.sql
-- Where ${user} is new it asks for a password at its end. Hand that password to the hotel; it stands in no file.
-- It can be run again: what is there stays, the password too.
-- Hotels that share these tables see and can replace each other's rows. Where they must not, give each a schema and a user of its own.

\\set ON_ERROR_STOP on
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${user}') AS is_new \\gset
BEGIN;

CREATE SCHEMA IF NOT EXISTS ${schema};

${tables.map((table) => createTable(schema, table)).join('\n\n')}

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${user}') THEN
    CREATE ROLE ${user} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
  END IF;
END
$$;

-- Only this: log in, see what stands there, add, and replace an older state. Nothing can be deleted, emptied or altered, and no table be made that stays.
-- PostgreSQL lets everybody make temporary tables; to close that:  REVOKE TEMPORARY ON DATABASE "${database}" FROM PUBLIC;
REVOKE ALL ON SCHEMA ${schema} FROM ${user};
REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM ${user};
GRANT CONNECT ON DATABASE "${database}" TO ${user};
GRANT USAGE ON SCHEMA ${schema} TO ${user};
GRANT SELECT, INSERT, UPDATE ON ${names} TO ${user};

COMMIT;

-- Before PostgreSQL 15 everybody may create tables in the schema "public". To close that:
-- REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- In pg_hba.conf, let ${user} in over TLS alone:
-- hostssl  "${database}"  ${user}  ADDRESS-OF-THE-HOTEL  scram-sha-256

\\if :is_new
\\password ${user}
\\endif
`;
  return { title: `PostgreSQL ${host}, ${database}`, fileName: 'bellhop.sql', text };
}

function createTable(schema: string, { name, columns }: Table): string {
  const lines = columns.map((column) => {
    const extra = column.name === 'event_id' ? ' UNIQUE' : column.name === 'applied_at' ? ' DEFAULT now()' : '';
    return `  ${column.name} ${column.type}${column.isNeeded ? ' NOT NULL' : ''}${extra},`;
  });
  return `CREATE TABLE IF NOT EXISTS ${schema}.${name} (\n${lines.join('\n')}\n  PRIMARY KEY (${keyColumns.join(', ')})\n);`;
}
