import { Fault } from '../../../../contract/faults.ts';
import { policies } from '../../../resilience/policies.ts';
import type { OracleAddress } from './address.ts';
import type { OracleError } from './driver.ts';

/** What was asked when an error came, in words for people. */
export type Asking = { readonly address: OracleAddress; readonly user: string; readonly doing: string; readonly place?: string };

/** Errors after which the line is as good as before. */
const linesStay = new Set(['ORA-00942', 'ORA-01031', 'ORA-00904', 'ORA-00933', 'ORA-01555', 'ORA-01722', 'ORA-01013']);

export function breaksTheLine({ code }: OracleError): boolean {
  return !linesStay.has(code);
}

/**
 * Give an error of Oracle or its driver its name. Of its words nothing is repeated but numbers and names: they may hold what a guest wrote.
 * @source the driver's errors as measured (../shared "What the driver shows"), Oracle "Database Error Messages"
 */
export function oracleFault(error: OracleError, { address, user, doing, place }: Asking): Fault {
  const { shown: host, name } = address;
  const because = { cause: new Error(`${error.code}`) };
  const login = (detail: string) => new Fault('source-login', { host, user, detail }, because);
  switch (error.code) {
    case 'ORA-01017':
      return login('ORA-01017: user name or password');
    case 'ORA-28000':
      return login('ORA-28000: the account is locked');
    case 'ORA-28001':
      return login('ORA-28001: the password has run out');
    case 'ORA-01045':
      return new Fault('source-rights', { host, user, place: 'anything: CREATE SESSION is missing (ORA-01045)' }, because);
    case 'NJS-518':
    case 'ORA-12514':
      return new Fault('oracle-service', { host, kind: 'service', name, code: 'ORA-12514' }, because);
    case 'NJS-519':
    case 'ORA-12505':
      return new Fault('oracle-service', { host, kind: 'SID', name, code: 'ORA-12505' }, because);
    case 'ORA-12154':
    case 'NJS-516':
    case 'NJS-517':
    case 'NJS-520':
      return new Fault('oracle-address', { detail: `the alias cannot be found (${error.code})` }, because);
    case 'NJS-503':
    case 'ORA-12541':
      return new Fault('source-unreachable', { host, detail: `nothing listens there (${kindOfRefusal(error)})` }, because);
    case 'NJS-530':
    case 'ORA-12545':
      return new Fault('source-unreachable', { host, detail: 'there is no server of that name' }, because);
    case 'NJS-510':
    case 'ORA-12170':
      return new Fault('source-timeout', { host, seconds: String(policies.connectTimeoutMs / 1000) }, because);
    case 'NJS-123':
    case 'ORA-03136':
      return new Fault('source-timeout', { host, seconds: String(policies.statementTimeoutMs / 1000) }, because);
    case 'NJS-138':
      return new Fault('oracle-too-old', { host, user, detail: 'it is older than Oracle 12.1 (NJS-138)' }, because);
    case 'NJS-116':
      return new Fault('oracle-verifier', { host, user }, because);
    case 'NJS-505':
    case 'NJS-506':
    case 'NJS-507':
    case 'NJS-508':
      return tlsFault(error, host, because);
    case 'NJS-533':
    case 'ORA-12660':
      return new Fault('oracle-too-old', { host, user, detail: `it demands Oracle's own encryption (${error.code})` }, because);
    case 'ORA-00942':
      return new Fault('source-place-missing', { host, user, place: `${place ?? 'table'} (ORA-00942)` }, because);
    case 'ORA-01031':
      return new Fault('source-rights', { host, user, place: `${place ?? 'it'} (ORA-01031)` }, because);
    case 'ORA-00904':
      return new Fault('source-columns', { host, table: place ?? 'a table', detail: 'a column is missing (ORA-00904)' }, because);
    case 'ORA-01033':
    case 'ORA-01034':
    case 'ORA-01089':
    case 'ORA-01090':
    case 'ORA-12528':
      return new Fault('source-unreachable', { host, detail: `the database is being started or stopped (${error.code})` }, because);
    case 'ORA-00018':
    case 'ORA-00020':
    case 'ORA-02391':
    case 'ORA-12516':
    case 'ORA-12518':
    case 'ORA-12520':
      return new Fault('source-unreachable', { host, detail: `the database takes no more sessions (${error.code})` }, because);
    case 'ORA-00028':
    case 'ORA-01012':
    case 'ORA-02396':
      return new Fault('source-unreachable', { host, detail: `the session was ended there (${error.code})` }, because);
    case 'NJS-500':
    case 'NJS-501':
    case 'NJS-521':
    case 'ORA-03113':
    case 'ORA-03114':
    case 'ORA-03135':
      return new Fault('source-unreachable', { host, detail: `the line broke (${error.code})` }, because);
    default:
      return new Fault('source-error', { host, code: error.code, doing }, because);
  }
}

function kindOfRefusal({ message }: OracleError): string {
  return /ECONNREFUSED/.test(message) ? 'ECONNREFUSED' : (/\b(E[A-Z]{4,})\b/.exec(message)?.[1] ?? 'ORA-12541');
}

function tlsFault({ message, code }: OracleError, host: string, because: { readonly cause: Error }): Fault {
  if (/expired/i.test(message)) return new Fault('tls-expired', { host, date: 'an earlier day' }, because);
  if (code === 'NJS-507' || code === 'NJS-508' || /NJS-50[78]|match/i.test(message)) return new Fault('tls-wrong-host', { host }, because);
  if (/issuer|self.signed|verify/i.test(message)) return new Fault('tls-untrusted', { host }, because);
  return new Fault('tls-failed', { host, reason: code }, because);
}
