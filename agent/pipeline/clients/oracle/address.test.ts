import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Fault } from '../../../../contract/faults.ts';
import { oracleAddress } from './address.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-tns-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (text: string, tns?: string) => {
  const { host, port, isEncrypted, kind, name } = oracleAddress(text, tns);
  return [host, port, isEncrypted ? 'tcps' : 'tcp', kind, name];
};

it.each([
  ['opera-db:1521/OPERA', ['opera-db', 1521, 'tcp', 'service', 'OPERA']],
  ['opera-db/OPERA', ['opera-db', 1521, 'tcp', 'service', 'OPERA']],
  ['10.0.0.20:1522:OPR1', ['10.0.0.20', 1522, 'tcp', 'sid', 'OPR1']],
  ['//opera-db:1521/opera.hotel.local', ['opera-db', 1521, 'tcp', 'service', 'opera.hotel.local']],
  ['tcps://opera-db/OPERA', ['opera-db', 2484, 'tcps', 'service', 'OPERA']],
  ['tcps://opera-db:1599/OPERA:dedicated', ['opera-db', 1599, 'tcps', 'service', 'OPERA']],
  ['[fe80::1]:1521/OPERA', ['fe80::1', 1521, 'tcp', 'service', 'OPERA']],
  ['jdbc:oracle:thin:@//opera-db:1521/OPERA', ['opera-db', 1521, 'tcp', 'service', 'OPERA']],
  ['jdbc:oracle:thin:@opera-db:1521:OPR1', ['opera-db', 1521, 'tcp', 'sid', 'OPR1']],
  ['  opera-db:1521/OPERA  ', ['opera-db', 1521, 'tcp', 'service', 'OPERA']],
  [
    '(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=opera-db)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=OPERA)))',
    ['opera-db', 1521, 'tcp', 'service', 'OPERA'],
  ],
  [
    'jdbc:oracle:thin:@(description = (address = (protocol = tcps)(host = opera-db)(port = 2484)) (connect_data = (sid = OPR1)))',
    ['opera-db', 2484, 'tcps', 'sid', 'OPR1'],
  ],
])('reads %s', (text, wanted) => {
  expect(read(text)).toEqual(wanted);
});

it('finds an alias in tnsnames.ora, whatever its letters, beside comments and other aliases', () => {
  writeFileSync(
    join(folder, 'tnsnames.ora'),
    `# made by hand
OTHER = (DESCRIPTION = (ADDRESS = (PROTOCOL = TCP)(HOST = elsewhere)(PORT = 1521)) (CONNECT_DATA = (SID = X)))
# OPERA = (DESCRIPTION = (ADDRESS = (HOST = old)))
OPERA.HOTEL.LOCAL, PMS =
  (DESCRIPTION =
    (ADDRESS_LIST = (ADDRESS = (PROTOCOL = TCP)(HOST = opera-db)(PORT = 1526)))
    (CONNECT_DATA = (SERVICE_NAME = opera.hotel.local))
  )
`,
  );
  const wanted = ['opera-db', 1526, 'tcp', 'service', 'opera.hotel.local'];
  expect([read('opera', folder), read('Opera.Hotel.Local', folder), read('pms', folder), read('OTHER', folder)]).toEqual([
    wanted,
    wanted,
    wanted,
    ['elsewhere', 1521, 'tcp', 'sid', 'X'],
  ]);
});

it('says in words why an address is none', () => {
  writeFileSync(join(folder, 'tnsnames.ora'), 'A = (DESCRIPTION = (ADDRESS = (HOST = x)))');
  const why = (text: string, tns?: string) => {
    try {
      oracleAddress(text, tns);
      return 'read';
    } catch (error) {
      return error instanceof Fault ? [error.code, error.detail.detail?.replace(folder, 'FOLDER')] : error;
    }
  };
  expect([
    why('opera-db:1521'),
    why('OPERA'),
    why('OPERA', folder),
    why('OPERA', join(folder, 'nowhere')),
    why('A', folder),
    why('(DESCRIPTION=(CONNECT_DATA=(SID=X)))'),
    why('opera-db:99999/OPERA'),
    why('what is this'),
    why('jdbc:oracle:thin:scott/tiger@opera-db:1521/OPERA'),
    why('(DESCRIPTION=(ADDRESS=(PROTOCOL=TCPS)(HOST=a)(PORT=1))(ADDRESS=(PROTOCOL=TCP)(HOST=b)(PORT=2))(CONNECT_DATA=(SID=X)))'),
  ]).toEqual([
    ['oracle-address', 'the name of the service behind opera-db:1521 is missing: opera-db:1521/SERVICE'],
    ['oracle-address', 'OPERA is an alias: name the folder in which its tnsnames.ora lies, or write host:1521/SERVICE'],
    ['oracle-address', 'FOLDER/tnsnames.ora has no alias OPERA'],
    ['oracle-address', 'FOLDER/nowhere/tnsnames.ora cannot be read'],
    ['oracle-address', 'it names neither SERVICE_NAME nor SID'],
    ['oracle-address', 'it names no HOST'],
    ['oracle-address', '99999 is no port'],
    ['oracle-address', 'it is none of the forms host:1521/SERVICE, host:1521:SID, an alias, or a text in brackets'],
    ['oracle-address', 'it holds a user name or a password before the @: leave them out, they have fields of their own'],
    ['oracle-address', 'some of its addresses have TLS and others not'],
  ]);
});

it('puts a descriptor together anew, with all its addresses and without switches against the check of the certificate', () => {
  const given =
    '(DESCRIPTION=(ADDRESS_LIST=(ADDRESS=(PROTOCOL=tcps)(HOST=a)(PORT=1))(ADDRESS=(PROTOCOL=tcps)(HOST=b)(PORT=2)))(CONNECT_DATA=(SERVICE_NAME=S))(SECURITY=(SSL_SERVER_DN_MATCH=NO)))';
  expect(oracleAddress(given).connectText).toBe(
    '(DESCRIPTION=(ADDRESS_LIST=(ADDRESS=(PROTOCOL=TCPS)(HOST=a)(PORT=1))(ADDRESS=(PROTOCOL=TCPS)(HOST=b)(PORT=2)))(CONNECT_DATA=(SERVICE_NAME=S)))',
  );
});
