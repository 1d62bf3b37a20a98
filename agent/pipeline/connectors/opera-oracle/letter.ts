import type { AdministratorLetter } from '../../../../contract/connection.ts';
import { neededTables } from './columns.ts';
import { addressOf, type Settings } from './settings.ts';

/** The script that makes a user who can read exactly the tables that are needed, and nothing else. */
export function letter(given: Settings, { hotelId }: { readonly hotelId: string }): AdministratorLetter {
  const { shown, name } = addressOf(given);
  const owner = given.owner ?? 'OPERA';
  const user = given.user.toUpperCase();
  const quoted = /^[A-Z][A-Z0-9_$#]*$/.test(user) ? user : `"${given.user}"`;
  const grants = (right: string) => neededTables.map((table) => `GRANT ${right} ON ${owner}.${table} TO ${quoted};`).join('\n');
  const text = `-- Bellhop at the hotel ${hotelId} reads reservations, guests and rooms of OPERA from ${shown}, ${name}. It changes nothing.
-- Run this as a database administrator, in SQL*Plus or SQLcl. Choose a password, hand it to the hotel; it stands in no file.
-- At most two sessions of this user are open at a time. It asks once a minute, and every quarter of an hour during the night audit.

ACCEPT bellhop_password CHAR PROMPT 'A password for ${quoted}: ' HIDE

CREATE USER ${quoted} IDENTIFIED BY "&&bellhop_password";
GRANT CREATE SESSION TO ${quoted};

-- Oracle 12.1.0.2 and newer: READ. Unlike SELECT it cannot hold rows (FOR UPDATE) and cannot lock a table.
${grants('READ')}

-- Only where READ is not known (ORA-00990), for each table in its place:
-- ${grants('SELECT').replaceAll('\n', '\n-- ')}

-- No other right is needed. Bellhop lists every other one, and does not read while one of them could write.
-- To let nothing hang behind a line that is gone:
-- CREATE PROFILE bellhop_reader LIMIT SESSIONS_PER_USER 3 IDLE_TIME 30 CONNECT_TIME UNLIMITED;
-- ALTER USER ${quoted} PROFILE bellhop_reader;
`;
  return { title: `Oracle ${shown}, ${name}`, fileName: 'bellhop-oracle.sql', text };
}
