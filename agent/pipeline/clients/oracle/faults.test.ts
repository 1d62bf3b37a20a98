import { expect, it } from 'vitest';
import { oracleAddress } from './address.ts';
import { breaksTheLine, oracleFault } from './faults.ts';

const asking = { address: oracleAddress('opera-db:1521/OPERA'), user: 'READER', doing: 'reading reservations', place: 'RESERVATION_NAME' };

it.each([
  ['ORA-01017', '', 'source-login'],
  ['ORA-28000', '', 'source-login'],
  ['ORA-28001', '', 'source-login'],
  ['ORA-01045', '', 'source-rights'],
  ['ORA-12514', '', 'oracle-service'],
  ['NJS-518', '', 'oracle-service'],
  ['ORA-12505', '', 'oracle-service'],
  ['NJS-519', '', 'oracle-service'],
  ['ORA-12154', '', 'oracle-address'],
  ['NJS-516', '', 'oracle-address'],
  ['NJS-517', '', 'oracle-address'],
  ['ORA-12541', '', 'source-unreachable'],
  ['NJS-503', 'connect ECONNREFUSED 10.0.0.1:1521', 'source-unreachable'],
  ['NJS-530', '', 'source-unreachable'],
  ['NJS-510', '', 'source-timeout'],
  ['ORA-12170', '', 'source-timeout'],
  ['NJS-123', '', 'source-timeout'],
  ['NJS-138', '', 'oracle-too-old'],
  ['NJS-533', '', 'oracle-too-old'],
  ['NJS-116', '', 'oracle-verifier'],
  ['NJS-506', 'NJS-506: TLS certificate has expired', 'tls-expired'],
  ['NJS-506', 'NJS-506: NJS-508: the host does not match', 'tls-wrong-host'],
  ['NJS-506', 'NJS-506: unable to get local issuer certificate', 'tls-untrusted'],
  ['NJS-505', 'NJS-505: no wallet', 'tls-failed'],
  ['ORA-00942', '', 'source-place-missing'],
  ['ORA-01031', '', 'source-rights'],
  ['ORA-00904', '', 'source-columns'],
  ['ORA-03113', '', 'source-unreachable'],
  ['ORA-03135', '', 'source-unreachable'],
  ['NJS-500', '', 'source-unreachable'],
  ['NJS-521', '', 'source-unreachable'],
  ['ORA-01555', '', 'source-error'],
  ['ORA-00028', '', 'source-unreachable'],
  ['ORA-01034', '', 'source-unreachable'],
  ['ORA-00020', '', 'source-unreachable'],
  ['ORA-12516', '', 'source-unreachable'],
  ['ORA-01013', '', 'source-error'],
  ['unknown', '', 'source-error'],
])('gives %s %s the name %s', (code, message, wanted) => {
  expect(oracleFault({ code, message }, asking).code).toBe(wanted);
});

it('repeats of an error no more than its number: its words may hold what a guest wrote', () => {
  const words = 'ORA-01722: invalid number near Brandt, Jürgen';
  const fault = oracleFault({ code: 'ORA-01722', message: words }, asking);
  expect([
    JSON.stringify(fault.detail).includes('Brandt'),
    fault.message.includes('Brandt'),
    String((fault.cause as Error).message),
  ]).toEqual([false, false, 'ORA-01722']);
});

it('keeps a line after what says something of the question, and lets go of it after anything else', () => {
  const codes = ['ORA-00942', 'ORA-01555', 'ORA-01013', 'ORA-03113', 'NJS-500', 'NJS-123', 'unknown'];
  expect(codes.map((code) => breaksTheLine({ code, message: '' }))).toEqual([false, false, false, true, true, true, true]);
});
