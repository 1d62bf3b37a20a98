import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../../../contract/faults.ts';

/**
 * Where an Oracle database is, however the hotel has written it down: `host:1521/SERVICE`, `host:1521:SID`, `tcps://host:2484/SERVICE`, the
 * JDBC text of another program, a descriptor in brackets, or an alias of a tnsnames.ora.
 */
export type OracleAddress = {
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
  /** What is asked for there: a service, or the older SID of one instance. */
  readonly kind: 'service' | 'sid';
  readonly name: string;
  /** What the driver is given. */
  readonly connectText: string;
  /** How it is shown: `host:1521`. */
  readonly shown: string;
};

const defaultPort = { tcp: 1521, tcps: 2484 } as const;
const mostTnsBytes = 1024 * 1024;

/**
 * Read an address.
 * @param tnsFolder where tnsnames.ora lies; needed for an alias alone.
 * @throws {Fault} `oracle-address` when it cannot be read, or the alias is not there.
 */
export function oracleAddress(text: string, tnsFolder?: string): OracleAddress {
  const jdbc = /^jdbc:oracle:(?:thin|oci8?):([^@(]*)@/i.exec(text.trim());
  // Settings are shown and written to exports; a password has no place in them.
  if (jdbc?.[1]) throw unreadable('it holds a user name or a password before the @: leave them out, they have fields of their own');
  const given = text.trim().slice(jdbc?.[0].length ?? 0);
  if (given.startsWith('(')) return fromDescriptor(given);
  const easy = fromEasyConnect(given);
  if (easy) return easy;
  if (/^[A-Za-z][\w.$#-]*$/.test(given)) return fromDescriptor(aliasOf(given, tnsFolder));
  throw unreadable('it is none of the forms host:1521/SERVICE, host:1521:SID, an alias, or a text in brackets');
}

function unreadable(detail: string): Fault {
  return new Fault('oracle-address', { detail });
}

const easyShape =
  /^(?:(tcps?):)?(?:\/\/)?(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9_.-]+)(?::(\d{1,5}))?(?:([/:])([A-Za-z0-9_.$#-]+))(?::(?:dedicated|shared|pooled))?(?:\?.*)?$/i;

/** `[tcps://]host[:port]/service`, or `host:port:sid` as older programs write it. */
function fromEasyConnect(text: string): OracleAddress | null {
  const parts = easyShape.exec(text);
  if (!parts) return null;
  const [, protocol = 'tcp', host = '', port, sign, name = ''] = parts;
  // host:1521 alone names no database.
  if (sign === ':' && port === undefined)
    throw unreadable(`the name of the service behind ${host}:${name} is missing: ${host}:${name}/SERVICE`);
  const secure = protocol.toLowerCase() === 'tcps';
  return addressOf({
    host: host.replace(/^\[|\]$/g, ''),
    port: port === undefined ? (secure ? defaultPort.tcps : defaultPort.tcp) : Number(port),
    isEncrypted: secure,
    kind: sign === '/' ? 'service' : 'sid',
    name,
  });
}

/**
 * `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=…)(PORT=…))(CONNECT_DATA=(SERVICE_NAME=…)))`: the first address is shown, all are tried. It is
 * put together anew from what was understood, so that nothing in it can switch off what is checked.
 */
function fromDescriptor(text: string): OracleAddress {
  const value = (name: string, within = text) => new RegExp(`\\(\\s*${name}\\s*=\\s*([^()\\s]+)\\s*\\)`, 'i').exec(within)?.[1];
  const addresses = Array.from(text.matchAll(/\(\s*ADDRESS\s*=\s*((?:\([^()]*\)\s*)+)\)/gi), ([, inner = '']) => {
    const isEncrypted = value('PROTOCOL', inner)?.toLowerCase() === 'tcps';
    return {
      host: value('HOST', inner) ?? '',
      port: Number(value('PORT', inner) ?? defaultPort[isEncrypted ? 'tcps' : 'tcp']),
      isEncrypted,
    };
  }).filter(({ host }) => host !== '');
  const [first] = addresses;
  if (!first) throw unreadable('it names no HOST');
  if (addresses.some(({ isEncrypted }) => isEncrypted !== first.isEncrypted))
    throw unreadable('some of its addresses have TLS and others not');
  const service = value('SERVICE_NAME');
  const name = service ?? value('SID');
  if (!name) throw unreadable('it names neither SERVICE_NAME nor SID');
  const each = addresses.map((one) => addressOf({ ...one, kind: service ? 'service' : 'sid', name }));
  const [shown = each[0]] = each;
  if (each.length === 1 || !shown) return shown as OracleAddress;
  const list = addresses.map(({ host, port, isEncrypted }) => addressText(host, port, isEncrypted)).join('');
  return { ...shown, connectText: `(DESCRIPTION=(ADDRESS_LIST=${list})${dataText(shown.kind, name)})` };
}

function addressText(host: string, port: number, isEncrypted: boolean): string {
  return `(ADDRESS=(PROTOCOL=${isEncrypted ? 'TCPS' : 'TCP'})(HOST=${host})(PORT=${port}))`;
}

function dataText(kind: OracleAddress['kind'], name: string): string {
  return `(CONNECT_DATA=(${kind === 'service' ? 'SERVICE_NAME' : 'SID'}=${name}))`;
}

function addressOf(of: Omit<OracleAddress, 'connectText' | 'shown'>): OracleAddress {
  const { host, port, isEncrypted, kind, name } = of;
  if (port < 1 || port > 65_535) throw unreadable(`${port} is no port`);
  const connectText = `(DESCRIPTION=${addressText(host, port, isEncrypted)}${dataText(kind, name)})`;
  return { ...of, connectText, shown: `${host}:${port}` };
}

/** Find an alias in tnsnames.ora. Its name counts without regard to case, and without the domain that a client adds. */
function aliasOf(alias: string, folder: string | undefined): string {
  if (!folder) throw unreadable(`${alias} is an alias: name the folder in which its tnsnames.ora lies, or write host:1521/SERVICE`);
  const file = join(folder, 'tnsnames.ora');
  let text: string;
  try {
    text = readFileSync(file, 'utf8').slice(0, mostTnsBytes);
  } catch (error) {
    throw new Fault('oracle-address', { detail: `${file} cannot be read` }, { cause: error });
  }
  const plain = text.replace(/#.*$/gm, '');
  const wanted = alias.toLowerCase();
  for (const [, names = '', at] of entriesOf(plain)) {
    const all = names.split(',').map((name) => name.trim().toLowerCase());
    if (all.some((name) => name === wanted || name.split('.')[0] === wanted)) return at;
  }
  throw unreadable(`${file} has no alias ${alias}`);
}

/** The entries of a tnsnames.ora: names, and the bracketed text behind them. */
function* entriesOf(text: string): Generator<readonly [whole: string, names: string, descriptor: string]> {
  const head = /(?:^|\n)\s*([A-Za-z][\w.$#,\s-]*?)\s*=\s*(?=\()/g;
  for (let found = head.exec(text); found; found = head.exec(text)) {
    let depth = 0;
    let end = head.lastIndex;
    for (; end < text.length; end++) {
      if (text[end] === '(') depth++;
      else if (text[end] === ')' && --depth === 0) break;
    }
    yield [found[0], found[1] ?? '', text.slice(head.lastIndex, end + 1)];
    head.lastIndex = end + 1;
  }
}
